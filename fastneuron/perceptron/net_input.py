"""Net inputs: by the kernels of dense or of sparse rows, or by BLAS, on as many threads as pay."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _check
from .._kernel import threads as _threads
from .._kernel.worker_pool import NO_WORKERS, with_workers
from . import dense, sparse
from .data import LayerType, contiguous, csr, raise_nonfinite
from .dots import Sparse, aligned, readable, shape_of_this_machine
from .selection import Votes
from .update import PresentedRows

ZERO = {np.dtype(kind): np.zeros((), kind) for kind in (np.float64, np.float32)}  # Python's takes 0.3 us to convert
LARGE = 24  # rows and neurons: from there on a BLAS is faster than dots in registers (1.6x at 100, 2x at 1,000)
MANY = 24  # rows: from there on it pays to have a copy of the weights on cache lines of their own
WORTH_A_THREAD = 5_000_000  # bytes of rows or products of float64, 0.2 ms: below, a thread costs more than it saves
CALL = 2**30  # the same, 40 ms: between one kernel call and the next, Ctrl-C is heard
SHAPE = shape_of_this_machine()  # of the tiles of dots


def net_input(X: Any, weights: np.ndarray, bias: np.ndarray, threads: int | None) -> np.ndarray:
    """W x + b of one row (R,) or of many (n, R), after a check of everything."""
    if threads is not None:
        _check.threads(threads)
    inputs, dtype = weights.shape[1], weights.dtype
    rows = X
    if type(X) is not np.ndarray or X.dtype.kind not in "fiub":
        if _check.is_sparse(X):
            return _of_sparse_matrix(X, weights, bias, threads)
        rows = _check.array("X", X)
    blas = len(bias) >= LARGE
    if rows.ndim != 2 or len(rows) < MANY or blas or not readable(rows, dtype):
        rows = np.ascontiguousarray(rows) if rows.dtype == dtype else contiguous(rows, dtype)
    one = rows.ndim == 1
    if one:
        rows = rows.reshape(1, -1)
    if rows.ndim != 2 or rows.shape[1] != inputs:
        raise ValueError(f"X must have shape ({inputs},) or (n, {inputs}); got {np.shape(X)}")
    n = np.empty((len(rows), len(bias)), dtype)
    if blas and len(rows) >= LARGE:
        with np.errstate(all="ignore"):
            np.matmul(rows, weights.T, out=n)
            n += bias
        finite = bool(np.isfinite(n).all())
    else:
        finite = _of_dense_rows(rows, weights, bias, n, threads)
    if not finite:
        _raise_nonfinite(rows, n)
    return n[0] if one else n


def of_samples(samples: PresentedRows, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Net inputs (n, S) of rows that have been checked, on this thread alone."""
    if isinstance(samples.X, Sparse):
        return _of_sparse_rows(samples.X, weights, bias, 1)[0]
    out = np.empty((len(samples.T), len(bias)), weights.dtype)
    _of_dense_rows(samples.X, weights, bias, out, 1)
    return out


def _of_sparse_matrix(X: Any, weights: np.ndarray, bias: np.ndarray, threads: int | None) -> np.ndarray:
    """Net inputs (n, S), after a check of everything."""
    rows = csr(X, LayerType(weights.shape[1], len(bias), "linear", weights.dtype))
    n, finite = _of_sparse_rows(rows, weights, bias, threads)
    if not finite:
        _raise_nonfinite(X, n)
    return n


def _of_sparse_rows(
    rows: Sparse, weights: np.ndarray, bias: np.ndarray, threads: int | None
) -> tuple[np.ndarray, bool]:
    """Net inputs (n, S), and whether all are finite."""
    n = sparse.net_input(rows, weights, bias, _worth(threads, rows.data.size * len(bias) * 8))
    return n, bool(np.isfinite(n).all())


def _of_dense_rows(
    rows: np.ndarray, weights: np.ndarray, bias: np.ndarray, out: np.ndarray, threads: int | None
) -> bool:
    """Put net inputs to `out`, the rows split over threads; return whether all are finite."""
    if len(rows) < MANY:
        return dense.net_input(rows, weights, bias, SHAPE, NO_WORKERS, out)
    if len(weights) > 1:
        weights = aligned(weights)
    work = max(rows.nbytes, out.nbytes // 8 * rows.shape[1])  # few neurons wait for the rows' bytes
    threads, at_once = _worth(threads, work), -(-len(rows) * CALL // max(work, 1))

    def net_input_from(begin: int) -> bool:
        some = slice(begin, begin + at_once)
        return with_workers(threads, lambda slots: dense.net_input(rows[some], weights, bias, SHAPE, slots, out[some]))

    return all(map(net_input_from, range(0, len(rows), at_once)))


def _worth(threads: int | None, work: int) -> int:
    """So many threads, which have been checked, or fewer for little work."""
    return min(threads or _threads.available(), 1 + work // WORTH_A_THREAD)


def _raise_nonfinite(X: Any, n: np.ndarray) -> None:
    """Say what is wrong about the first row whose net input is not finite."""
    row = int(np.flatnonzero(~np.isfinite(n).all(axis=1))[0])
    values = X.tocsr()[[row]].toarray()[0] if _check.is_sparse(X) else X[row]
    raise_nonfinite(row, contiguous(values, n.dtype))


def ballots(X: Any, votes: Votes, S: int, threads: int | None) -> np.ndarray:
    """The mean vote (S,) or (n, S) of the voters of each of S neurons."""
    means = []
    for i in range(S):
        own = slice(*np.searchsorted(votes.neuron, [i, i + 1]))
        n, count = net_input(X, votes.weights[own], votes.bias[own], threads), votes.count[own]
        means.append(np.where(n >= 0, count, -count).sum(axis=-1) / count.sum())
    return np.stack(means, axis=-1).astype(votes.weights.dtype)


def transferred(n: np.ndarray, transfer: str) -> np.ndarray:
    """f(n)."""
    if transfer == "linear":
        return n
    y = (n >= ZERO[n.dtype]).astype(n.dtype)
    if transfer == "hardlims":
        y += y
        y -= 1
    return y
