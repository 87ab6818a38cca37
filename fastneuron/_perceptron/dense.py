"""Dense rows: the online rule at the speed of a matrix product, bit for bit the plain loop.

Online learning looks sequential: each net input wants the weights as the row before left them.  But a neuron is seldom
wrong, so the net inputs of the next three rows are taken ahead, three rows by two neurons at a time in registers; rows
that follow a correction are taken again.  A net input is thus always one plain dot product with the weights of its
moment, whatever was taken ahead; nothing is approximated, and there is nothing to check.

The textbook's way to the same end, a matrix product Z = X W' mended at each mistake through the Gram matrix X X', needs
that product (as dear as a neuron for every two rows of a block), agrees with the plain loop only up to rounding, and
was measured slower at any number of neurons.
"""

from typing import NamedTuple

import numpy as np

from .._jit import bare_inline, bare_kernel
from .rows import add, dot, dot_3x2
from .rules import correction

AHEAD = 3  # rows


class Samples(NamedTuple):
    """What to present: row order[k] of X is the k-th."""

    X: np.ndarray  # (n, R), or Sparse
    T: np.ndarray  # (n, S) targets
    share: np.ndarray  # (1 or n, 1 or S) float64: what corrections are multiplied by
    order: np.ndarray  # (m,) int64


class Layer(NamedTuple):
    """Weights and biases, changed in place."""

    W: np.ndarray  # (S, R)
    b: np.ndarray  # (S,)
    active: np.ndarray  # (a,) int64: the neurons in training


class Log(NamedTuple):
    """What was corrected."""

    mistakes: np.ndarray  # (S,) int64, added to
    change: np.ndarray  # (m, S) what the row was multiplied by; of no rows if not wanted
    bias: np.ndarray  # (m, S) what was added to the bias
    net: np.ndarray


@bare_kernel
def present(rule, samples, layer, log):
    """Present rows in order; the place in `order` of the first whose net input is not finite, or -1."""
    X, order, W, active = samples.X, samples.order, layer.W, layer.active
    net = log.net
    for first in range(0, order.size, AHEAD):
        ahead = min(AHEAD, order.size - first)
        _take_ahead(X, order, first, ahead, W, active, net)
        for a in range(active.size):
            neuron = active[a]
            for k in range(ahead):
                n = net[a, k] + layer.b[neuron]
                if not np.isfinite(n):
                    return first + k
                if settle(rule, samples, layer, log, first + k, neuron, n):
                    for later in range(k + 1, ahead):
                        net[a, later] = dot(X, order[first + later], W, neuron)
    return -1


@bare_inline
def _take_ahead(X, order, first, ahead, W, active, net):
    paired = active.size // 2 * 2 if ahead == AHEAD else 0
    for a in range(0, paired, 2):
        i, j, k = order[first], order[first + 1], order[first + 2]
        (net[a, 0], net[a + 1, 0], net[a, 1], net[a + 1, 1], net[a, 2], net[a + 1, 2]) = dot_3x2(
            X, i, j, k, W, active[a], active[a + 1]
        )
    for a in range(paired, active.size):
        for k in range(ahead):
            net[a, k] = dot(X, order[first + k], W, active[a])


@bare_inline
def settle(rule, samples, layer, log, place, neuron, n):
    """Correct `neuron` after the row at `place` of the order, if its net input `n` calls for it; whether it did."""
    row = samples.order[place]
    change, bias = correction(rule, n, samples.T[row, neuron], samples.X, row)
    if bias == 0:
        return False
    share = samples.share[row % samples.share.shape[0], neuron % samples.share.shape[1]]
    change, bias = layer.W.dtype.type(change * share), layer.W.dtype.type(bias * share)
    add(layer.W, neuron, change, samples.X, row)
    layer.b[neuron] += bias
    log.mistakes[neuron] += 1
    if log.change.shape[0]:
        log.change[place, neuron], log.bias[place, neuron] = change, bias
    return True


@bare_kernel
def net_input(X, W, b, out):
    """X W' + b, the bits that training sees."""
    n, S = X.shape[0], W.shape[0]
    blocked, paired = n // 3 * 3, S // 2 * 2
    for i in range(0, blocked, 3):
        for p in range(0, paired, 2):
            ip, iq, jp, jq, kp, kq = dot_3x2(X, i, i + 1, i + 2, W, p, p + 1)
            out[i, p], out[i, p + 1] = ip + b[p], iq + b[p + 1]
            out[i + 1, p], out[i + 1, p + 1] = jp + b[p], jq + b[p + 1]
            out[i + 2, p], out[i + 2, p + 1] = kp + b[p], kq + b[p + 1]
        for p in range(paired, S):
            for row in range(i, i + 3):
                out[row, p] = dot(X, row, W, p) + b[p]
    for row in range(blocked, n):
        for p in range(S):
            out[row, p] = dot(X, row, W, p) + b[p]
