"""The rows and targets of a layer: checked, and cut into chunks that a kernel can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np

from .. import _check
from . import readahead
from .dots import Sparse, readable
from .update import PresentedRows

LOW = {"hardlim": 0.0, "hardlims": -1.0, "linear": np.nan}  # the target that is not 1; NaN: any number is one
CALL = 200_000_000  # products per kernel call: about 20 ms, so that Ctrl-C and progress are prompt
COPY = 8_000_000  # bytes of rows to convert at once


class LayerType(NamedTuple):
    """What decides which rows and targets a layer takes."""

    n_inputs: int
    n_neurons: int
    transfer: str  # of LOW
    dtype: np.dtype


class RowChunk(NamedTuple):
    """Some rows of an epoch."""

    samples: PresentedRows
    rows: np.ndarray  # what they are called outside: samples.order[k] is row rows[k]
    last: bool  # of its epoch


@dataclass(frozen=True, eq=False)
class Rows:
    """All the rows, in memory or mapped from disk; gives the chunks of every epoch, the same each time it is asked."""

    X: Any  # (n, R) ndarray of any type and layout, or Sparse
    T: np.ndarray  # (n, S)
    weight: np.ndarray  # (1 or n, 1 or S)
    inputs: int
    dtype: np.dtype
    epochs: int
    seed: Any = None  # None: in order

    @property
    def resident(self) -> bool:
        """Whether a kernel can read X as it stands."""
        return isinstance(self.X, Sparse) or readable(self.X, self.dtype)

    @property
    def mapped(self) -> bool:
        """Whether a kernel that reads X reads a file."""
        return self.resident and readahead.mapped(self.X)

    @property
    def size(self) -> int:
        """The number of rows in a chunk."""
        size = CALL // max(1, self.T.shape[1] * self.inputs)
        if not self.resident:
            size = min(size, COPY // (self.inputs * self.dtype.itemsize))
        elif self.mapped:
            size = min(size, readahead.PART // (self.inputs * self.X.itemsize))
        return max(size, 96)

    def chunks(self) -> Iterator[RowChunk]:
        """The chunks of every epoch, one after another."""
        n, size = len(self.T), self.size
        random = None if self.seed is None else np.random.default_rng(self.seed)
        for _ in range(self.epochs):
            order = np.arange(n) if random is None else random.permutation(n)
            for start in range(0, n, size):
                part = order[start : start + size]
                yield RowChunk(self._samples(part, random is None), part, start + size >= n)

    def once(self) -> Iterator[PresentedRows]:
        """All the rows, in order, each exactly once."""
        n = len(self.T)
        size = n if self.resident and not self.mapped else self.size
        for start in range(0, n, size):
            yield self._taken(slice(start, start + size))

    def _samples(self, part: np.ndarray, in_order: bool) -> PresentedRows:
        if self.resident:
            return PresentedRows(self.X, self.T, self.weight, part)
        return self._taken(slice(part[0], part[-1] + 1) if in_order else part)

    def _taken(self, where: Any) -> PresentedRows:
        X: Any = self.X if isinstance(self.X, Sparse) else self.X[where]
        if not self.resident:
            X = contiguous(X, self.dtype)
        T, weight = self.T[where], self.weight[where] if len(self.weight) > 1 else self.weight
        return PresentedRows(X, np.ascontiguousarray(T), np.ascontiguousarray(weight), np.arange(len(T)))


def contiguous(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """`array` in C order and of that type; what is beyond its range becomes infinite, for a kernel to find."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype)


def rows(
    kind: LayerType,
    X: Any,
    T: Any,
    real_targets: bool = False,
    epochs: int = 1,
    sample_weight: Any = None,
    seed: Any = None,
) -> Rows:
    """The rows of a layer of that `kind`, after a check of everything but whether X is finite, which kernels see.

    `real_targets` keeps the targets as numbers, for rules that want more than their signs.  Without a `seed` rows are
    presented in order.
    """
    checked: Any
    if _check.is_sparse(X):
        n, checked = X.shape[0], csr(X, kind)
    else:
        checked = _check.array("X", X)
        if checked.ndim != 2 or checked.shape[1] != kind.n_inputs:
            raise ValueError(f"X must have shape (n, {kind.n_inputs}); got {checked.shape}")
        n = len(checked)
    if n == 0:
        raise ValueError("X must have at least one row; got none")
    weight = np.ones((1, 1))
    if sample_weight is not None:
        weight = _check.sample_weight(sample_weight, n, np.float64, kind.n_neurons).reshape(n, -1)
    return Rows(
        X=checked,
        T=targets(T, n, kind, real_targets),
        weight=np.ascontiguousarray(weight),
        inputs=kind.n_inputs,
        dtype=kind.dtype,
        epochs=epochs,
        seed=seed,
    )


def parameter(name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """A copy of `value` as weights or a bias of that shape and type."""
    array = np.array(_check.array(name, value, dtype), order="C")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {array.shape}")
    _check.finite(name, array, "index")
    return array


def csr(X: Any, kind: LayerType) -> Sparse:
    """A SciPy sparse matrix as kernels read it: a copy only where it is of another format or type."""
    if X.ndim != 2 or X.shape[1] != kind.n_inputs:
        raise ValueError(f"X must have shape (n, {kind.n_inputs}); got {X.shape}")
    if X.dtype.kind not in "fiub":
        raise TypeError(f"X must be an array of numbers; got a matrix of {X.dtype}")
    found = X.tocsr()
    starts, entries = found.indptr, min(len(found.data), len(found.indices))
    if len(starts) != X.shape[0] + 1 or starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > entries:
        raise ValueError("X is not a valid CSR matrix: its index pointers do not grow from 0 to the number of entries")
    if found.nnz and not 0 <= found.indices.min() <= found.indices.max() < kind.n_inputs:
        raise ValueError(f"X is not a valid CSR matrix: a column index is outside 0 to {kind.n_inputs - 1}")
    if not found.has_canonical_format:
        found = found.copy()
        found.sum_duplicates()
    return Sparse(contiguous(found.data, kind.dtype), found.indices, found.indptr)


def targets(T: Any, n: int, kind: LayerType, real_targets: bool, name: str = "T") -> np.ndarray:
    """Signs (n, S) int8; with `real_targets` or of a linear layer, numbers of the layer's type."""
    S, low = kind.n_neurons, LOW[kind.transfer]
    found = _check.targets(name, T, n, S)
    if found.ndim == 1:  # classes
        signs = np.full((n, S), -1, np.int8)
        signs[np.arange(n), found] = 1
        return signs.astype(kind.dtype) if real_targets else signs
    if kind.transfer == "linear":
        values = contiguous(found, kind.dtype)
        _check.finite(name, values)
        return values
    allowed = f"{low:g} or 1, for transfer {kind.transfer!r}"
    _check.satisfies(name, found, lambda t: (t == 1) | (t == low), allowed, "row")
    return np.where(found == 1, 1, -1).astype(kind.dtype if real_targets else np.int8)


def one_target(kind: LayerType, t: Any) -> np.ndarray:
    """One row's targets (S,) of the layer's type, from an array, a number, or the number of a class."""
    S = kind.n_neurons
    given = _check.array("t", t)
    if given.ndim == 0 and S > 1:
        signs = targets(given.reshape(1), 1, kind, False, "t")[0]
        return np.where(signs > 0, 1, -1 if kind.transfer == "linear" else LOW[kind.transfer]).astype(kind.dtype)
    if given.shape not in ((S,), ()):
        either = "be a number" if S == 1 else "be the number of a class"
        raise ValueError(f"t must have shape ({S},), or {either}; got shape {given.shape}")
    return _check.array("t", given.reshape(S), kind.dtype)


def seed_of_orders(shuffle: bool, seed: Any) -> Any:
    """What makes the same orders each time it is asked; None: the order in which the rows stand."""
    _check.seed("seed", seed)
    if not shuffle:
        return None
    if seed is None:
        return np.random.SeedSequence().entropy
    if isinstance(seed, int | np.integer | np.random.SeedSequence | list | tuple | np.ndarray):
        return seed
    return int(np.random.default_rng(seed).integers(2**63))  # a generator gives other numbers each time


def check_batches(X: Any, epochs: int, **needing_all_rows: bool) -> None:
    """Raise unless X is an iterable of batches, and nothing that needs all rows at once is wanted."""
    if _check.is_sparse(X) or isinstance(X, np.ndarray) or not isinstance(X, Iterable):
        raise TypeError("T is missing: give train(X, T), or an iterable of batches (X, T) for X")
    for name, given in needing_all_rows.items():
        if given:
            raise ValueError(f"{name} needs all rows at once, and does not go with an iterable of batches")
    if isinstance(X, Iterator) and epochs > 1:
        raise ValueError(
            f"X is an iterator, good for one epoch, but epochs is {epochs}: give something that can be gone "
            "through again, such as a list, or an object whose __iter__ starts anew"
        )


def chunks_of_batches(batches: Iterable, kind: LayerType, real_targets: bool, epochs: int) -> Iterator[RowChunk]:
    """The chunks of an iterable of batches (X, T), which each epoch goes through once."""
    for _ in range(epochs):
        waiting, presented = None, 0
        for number, batch in enumerate(batches):
            if not (isinstance(batch, tuple | list) and len(batch) == 2):
                raise TypeError(f"each batch must be a pair (X, T); batch {number} is a {type(batch).__name__}")
            X, T = batch
            found = rows(kind, X, T, real_targets)
            for chunk in found.chunks():
                if waiting is not None:
                    yield waiting
                waiting = chunk._replace(rows=presented + chunk.rows, last=False)
            presented += len(found.T)
        if waiting is None:
            raise ValueError("X must give at least one batch; got none")
        yield waiting._replace(last=True)


def row_of(X: Any, row: int, inputs: int) -> np.ndarray:
    """The values (R,) of a row."""
    if not isinstance(X, Sparse):
        return X[row]
    values, stored = np.zeros(inputs, X.data.dtype), slice(X.indptr[row], X.indptr[row + 1])
    values[X.indices[stored]] = X.data[stored]
    return values


def raise_nonfinite(row: int | None, values: np.ndarray, name: str = "X") -> NoReturn:
    """Say why a net input or a correction is not finite, from the values of the row."""
    bad = np.flatnonzero(~np.isfinite(values))
    where = "" if row is None else f" in row {row}"
    if bad.size:
        raise ValueError(f"{name} must be finite; got {values[bad[0]]}{where}, column {bad[0]}")
    raise FloatingPointError(f"the net input or the correction overflows{where}: scale {name}, or slow down")
