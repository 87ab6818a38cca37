"""Rows of inputs inside a kernel: dense ones are gathered, sparse ones meet the first layer's weights as they are.

A sparse product adds the terms of a dense one that are not zero, in the same order: its bits are those of the small
products of `matmul`.  The generic functions below are for dense rows; `Sparse` has its own.
"""

from typing import Any, NamedTuple

from .._kernel.jit import generic, noinline, outlined
from .._kernel.lanes import fma


@outlined
def _product(X, order, low, weights, bias, z):
    noinline()
    for i in range(z.shape[0]):
        row = order[low + i] if order.size else low + i
        for j in range(z.shape[1]):
            z[i, j] = bias[j]
        for k in range(X.starts[row], X.starts[row + 1]):
            value, column = X.values[k], X.columns[k]
            for j in range(z.shape[1]):
                z[i, j] = fma(value, weights[column, j], z[i, j])


@outlined
def _gradient(X, order, low, delta, of_weights):
    noinline()
    of_weights[:] = 0
    for i in range(delta.shape[0]):
        row = order[low + i]
        for k in range(X.starts[row], X.starts[row + 1]):
            value, column = X.values[k], X.columns[k]
            for j in range(delta.shape[1]):
                of_weights[column, j] = fma(value, delta[i, j], of_weights[column, j])


class Sparse(NamedTuple):
    """Rows in SciPy's CSR format, columns sorted and none twice."""

    values: Any  # (stored,)
    columns: Any  # (stored,)
    starts: Any  # (n + 1,)
    width: int  # columns

    @staticmethod
    def length(X):
        """Rows."""
        return X.starts.size - 1

    @staticmethod
    def room(X):
        """None: rows are not laid into the work space."""
        return 0

    @staticmethod
    def gather(X, order, low, high, out):
        """Nothing is gathered."""

    @staticmethod
    def first_product(X, order, low, weights, bias, z):
        """``z = bias + X[order[low:]] @ weights``; an empty order is that of X."""
        _product(X, order, low, weights, bias, z)
        return True

    @staticmethod
    def first_gradient(X, order, low, delta, of_weights):
        """``of_weights = X[order[low:]].T @ delta``."""
        _gradient(X, order, low, delta, of_weights)
        return True

    @staticmethod
    def lay_finite(X, low, high, out):
        """All are finite, and none is laid."""
        return -1


@generic
def length(X):
    """The number of rows."""
    return X.shape[0]


@generic
def room(X):
    """How many numbers of a row the work space holds."""
    return X.shape[1]


@generic
def gather(X, order, low, high, out):
    """Rows order[low:high], laid one after the other into `out`."""
    width = X.shape[1]
    for i in range(low, high):
        row = order[i]
        for j in range(width):
            out[(i - low) * width + j] = X[row, j]


@generic
def first_product(X, order, low, weights, bias, z):
    """False: the first layer is as the others."""
    return False


@generic
def first_gradient(X, order, low, delta, of_weights):
    """False: the first layer is as the others."""
    return False


@generic
def lay_finite(X, low, high, out):
    """Rows low to high, laid into `out`; the first that is not finite, or -1."""
    for i in range(low, high):
        bad = 0
        for j in range(X.shape[1]):
            out[(i - low) * X.shape[1] + j] = X[i, j]
            bad |= X[i, j] - X[i, j] != 0
        if bad:
            return i
    return -1
