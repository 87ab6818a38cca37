"""The best linear layer, in closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import _check
from .layer import Perceptron


def least_squares_layer(X: npt.ArrayLike, T: npt.ArrayLike, ridge: float = 0.0) -> tuple[Perceptron, int]:
    """The linear layer with the smallest sum of squared errors, in closed form.

    What rule ``"lms"`` approaches with a small learning rate.

    Parameters
    ----------
    X : (n, R) array_like
        Inputs.
    T : (n, S) or (n,) array_like
        Targets, any numbers; (n,) for a single neuron.
    ridge : float, default 0
        Adds `ridge` times the sum of the squared weights, the bias not among them, to what is made small.

    Returns
    -------
    layer : Perceptron
        With transfer ``"linear"``; in float32 if both X and T are.
    rank : int
        Of the rows with a 1 appended (for ``ridge > 0`` always R + 1).  Where it is below R + 1, many layers do
        equally well, and this is the one of least norm.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.
    FloatingPointError
        If the solution overflows.

    Notes
    -----
    By singular value decomposition (LAPACK gelsd), which tells the rank; singular values below eps max(n, R + 1) times
    the largest count as zero.  The normal equations, and their squared condition number, are never formed.

    Examples
    --------
    >>> import fastneuron as fn
    >>> layer, rank = fn.least_squares_layer([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> layer.weights.round(12), layer.bias.round(12), rank
    (array([[2.]]), array([1.]), 2)
    """
    rows = _check.array("X", X)
    ridge = _check.number("ridge", ridge, "a number, 0 or more", lambda x: x >= 0)
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"X must have shape (n, R), at least one of each; got {rows.shape}")
    given = _check.array("T", T)
    S = given.shape[1] if given.ndim == 2 else 1
    targets = _check.targets("T", given, len(rows), max(S, 1), labels=False)
    _check.finite("X", rows)
    dtype = np.float32 if rows.dtype == targets.dtype == np.float32 else np.float64
    n, R = rows.shape
    a = np.ones((n + (R if ridge else 0), R + 1), dtype)
    a[:n, :R] = rows
    y = np.zeros((len(a), S), dtype)
    y[:n] = targets
    if ridge:
        a[n:] = np.sqrt(ridge) * np.eye(R, R + 1)
    import scipy.linalg  # here: it takes longer to import than the rest of the package

    with np.errstate(over="ignore", invalid="ignore"):
        solution, _, rank, _ = scipy.linalg.lstsq(a, y, cond=np.finfo(dtype).eps * max(a.shape), lapack_driver="gelsd")
    if not np.isfinite(solution).all():
        raise FloatingPointError("the solution is not finite: scale X or T")
    layer = Perceptron(R, S, "linear", dtype)
    layer.weights, layer.bias = solution[:R].T, solution[R]
    return layer, int(rank)
