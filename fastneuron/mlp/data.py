"""Inputs, targets and weights of rows, checked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _check
from .kernels import Data
from .losses import LOSSES
from .rows import Sparse

if TYPE_CHECKING:
    from .network import MLP

Array = npt.NDArray[Any]


def numbers(name: str, value: Any, dtype: np.dtype[Any]) -> Array:
    """`value` as a C-ordered array of `dtype` of a type the kernels know: writable, and no subclass of NumPy's."""
    array = np.ascontiguousarray(_check.array(name, value, dtype))
    return array if array.flags.writeable and type(array) is np.ndarray else np.array(array)


def inputs(net: MLP, X: Any, name: str = "X") -> Any:
    """X as C-ordered rows in the network's precision, or `Sparse`; dense ones are not yet known to be finite."""
    width, dtype = net._layers[0], net._dtype  # the properties would take 0.1 us of a single row's 3
    if type(X) is np.ndarray and X.dtype == dtype and X.ndim == 2 and X.flags.carray:
        rows = X
    elif _check.is_sparse(X):
        return _sparse(net, X, name)
    else:
        rows = numbers(name, X, dtype)
    if rows.ndim != 2 or rows.shape[1] != width or not len(rows):
        raise ValueError(f"{name} must have shape (n, {width}), n at least 1; got {np.shape(X)}")
    return rows


def _sparse(net: MLP, X: Any, name: str) -> Sparse:
    width = net.layers[0]
    if len(X.shape) != 2 or X.shape[1] != width or not X.shape[0]:
        raise ValueError(f"{name} must have shape (n, {width}), n at least 1; got {X.shape}")
    if net.scaling is not None or net.standardize:
        raise ValueError(f"{name} must be dense where standardize=True: a shifted sparse matrix is not sparse")
    rows = X.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    values = numbers(name, rows.data, net.dtype)
    starts = rows.indptr.astype(np.int64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        row = int(np.searchsorted(starts, bad[0], "right")) - 1
        at = _check.place((row, rows.indices[bad[0]]), "row")
        raise ValueError(f"{name} must be finite; got {values[bad[0]]}{at}")
    return Sparse(values, rows.indices.astype(np.int64), starts, width)


def length(rows: Any) -> int:
    """The number of rows."""
    return rows.starts.size - 1 if isinstance(rows, Sparse) else len(rows)


def some(data: Data, chosen: Array | None) -> Data:
    """Those rows of the data."""
    if chosen is None:
        return data
    X = data.X
    if isinstance(X, Sparse):
        counts = np.diff(X.starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)])
        places = np.repeat(X.starts[chosen] - starts[:-1], counts) + np.arange(starts[-1])
        rows: Any = Sparse(X.values[places], X.columns[places], starts, X.width)
    else:
        rows = X[chosen]
    return Data(rows, data.T[chosen], data.weight[chosen])


def targets(net: MLP, T: Any, n: int, name: str = "T") -> Array:
    """T as targets (n, n_out); class labels as rows of one 1 and else 0."""
    outputs, classifies = net.layers[-1], net.output in ("sigmoid", "softmax")
    found = _check.targets(name, T, n, outputs, labels=classifies)
    if found.ndim == 1:
        indicators = np.zeros((n, outputs), net.dtype)
        indicators[np.arange(n), found] = 1
        return indicators
    found = numbers(name, found, net.dtype)
    _check.finite(name, found)  # float32 has made some infinite
    wanted = LOSSES[net.loss_name].targets
    low, high = {"finite": (-np.inf, np.inf), "0 or more": (0, np.inf), "from 0 to 1": (0, 1)}[wanted]
    _check.satisfies(name, found, lambda t: (t >= low) & (t <= high), f"{wanted} for {net.loss_name}", "row")
    return found


def sample_weights(net: MLP, sample_weight: Any, n: int) -> Array:
    """The weight of each row, 1 where none is given."""
    if sample_weight is None:
        return np.ones(n, net.dtype)
    return numbers("sample_weight", _check.sample_weight(sample_weight, n, net.dtype), net.dtype)


def checked(net: MLP, X: Any, T: Any, sample_weight: Any = None, prefix: str = "") -> Data:
    """The data as given; standardising is left to `MLP`."""
    rows = inputs(net, X, f"{prefix}X")
    if not isinstance(rows, Sparse):
        _check.finite(f"{prefix}X", rows)
    n = length(rows)
    return Data(rows, targets(net, T, n, f"{prefix}T"), sample_weights(net, sample_weight, n))
