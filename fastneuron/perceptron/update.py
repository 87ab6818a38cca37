"""The presentation of a row to a neuron: what goes in, what is changed, what is written down."""

from typing import NamedTuple

import numpy as np

from .._kernel.jit import inline
from .dots import Sparse
from .rules import correction, log_update


class PresentedRows(NamedTuple):
    """What to present: row order[k] of X is the k-th."""

    X: np.ndarray | Sparse  # (n, R)
    T: np.ndarray  # (n, S) signs, int8; for `LeastMeanSquares` values
    weight: np.ndarray  # (1 or n, 1 or S) float64: what corrections are multiplied by
    order: np.ndarray  # (m,) int64


class Layer(NamedTuple):
    """Weights and biases, changed in place."""

    W: np.ndarray  # (S, R), or packed for sparse rows
    b: np.ndarray  # (S,)
    active: np.ndarray  # (a,) int64: the neurons in training


class Log(NamedTuple):
    """What was corrected."""

    corrections: np.ndarray  # (S,) int64, added to, like the next two
    mistakes: np.ndarray  # (S,) int64
    squared_error: np.ndarray  # (S,) float64
    change: np.ndarray  # (m, S) float64 what the row was multiplied by; of no rows if not wanted
    bias: np.ndarray  # (m, S) float64 what was added to the bias


@inline
def correct(rule, samples, layer, log, place, neuron, n):
    """Correct the bias of `neuron`, net input `n`, after the row at `place`; what to multiply the row by, often 0.

    A row of weight 0 is never wrong.
    """
    row = samples.order[place]
    t = samples.T[row, neuron]
    change, bias = correction(rule, n, t, samples.X, row)
    if bias != 0:
        weight = samples.weight[row if samples.weight.shape[0] > 1 else 0, neuron if samples.weight.shape[1] > 1 else 0]
        change, bias = layer.W.dtype.type(change * weight), layer.W.dtype.type(bias * weight)
        if weight != 0:
            layer.b[neuron] += bias
            log_update(rule, log, neuron, n, t)
            if log.change.shape[0]:
                log.change[place, neuron], log.bias[place, neuron] = change, bias
    return change
