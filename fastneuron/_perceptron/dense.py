"""Dense rows: the online rule at the speed of a matrix product, bit for bit the plain loop.

Online learning looks sequential: each net input wants the weights as the row before left them.  But a neuron is seldom
wrong, so the net inputs of the next three rows are taken ahead, three rows by two neurons at a time in registers; rows
that follow a correction are taken again.  A net input is thus always one plain dot product with the weights of its
moment, whatever was taken ahead; nothing is approximated, and there is nothing to check.

The textbook's way to the same end, a matrix product Z = X W' mended at each mistake through the Gram matrix X X', needs
that product beside it and agrees with the plain loop only up to rounding.
"""

import numpy as np

from .._jit import bare_inline, bare_kernel
from .presentation import correct
from .rows import add_and_dot, dot, dot_3x2
from .rules import correction

AHEAD = 3  # rows


@bare_kernel
def present(rule, samples, layer, log, net):
    """Present rows in order; the place in `order` of the first whose net input is not finite, or -1.

    `net` (S, AHEAD) is room for the net inputs taken ahead.
    """
    X, order, W, active = samples.X, samples.order, layer.W, layer.active
    for first in range(0, order.size, AHEAD):
        ahead = min(AHEAD, order.size - first)
        _take_ahead(X, order, first, ahead, W, active, net)
        for a in range(active.size):
            neuron = active[a]
            for k in range(ahead):
                n = net[a, k] + layer.b[neuron]
                if not np.isfinite(n):
                    return first + k
                change = correct(rule, samples, layer, log, first + k, neuron, n)
                if change != 0:
                    following, last = min(k + 1, ahead - 1), ahead - 1
                    mended = add_and_dot(
                        W, neuron, change, X, order[first + k], order[first + following], order[first + last]
                    )
                    if following > k:
                        net[a, following], net[a, last] = mended
    return -1


@bare_inline
def _coming(first, neuron):
    """Which row to fetch meanwhile: the next block, from its second row on; hardware has begun the first."""
    return first + AHEAD + (neuron // 2 + 1) % AHEAD


@bare_inline
def _take_ahead(X, order, first, ahead, W, active, net):
    if ahead == AHEAD:
        i, j, k = order[first], order[first + 1], order[first + 2]
        for a in range(0, active.size, 2):
            b = min(a + 1, active.size - 1)  # the last of an odd number is its own partner: half wasted, still faster
            coming = order[min(_coming(first, a), order.size - 1)]
            net[a, 0], net[b, 0], net[a, 1], net[b, 1], net[a, 2], net[b, 2] = dot_3x2(
                X, i, j, k, W, active[a], active[b], coming
            )
    else:
        for a in range(active.size):
            for place in range(ahead):
                net[a, place] = dot(X, order[first + place], W, active[a])


@bare_kernel
def adapt(rule, x, t, low, W, b, net):
    """One row x (1, R) with targets t (1, S): its net input into `net`, then the correction.

    Nothing is changed if something is wrong: 1 a net input that is not finite, 2 a target that is neither `low` nor 1
    (none is refused where `low` is NaN).
    """
    S = W.shape[0]
    for p in range(S):
        net[p] = dot(x, 0, W, p) + b[p]
        if not np.isfinite(net[p]):
            return 1
        if not (t[0, p] == 1 or t[0, p] == low or low != low):
            return 2
    for p in range(S):
        sign = t[0, p] if low != low else t.dtype.type(1) if t[0, p] == 1 else t.dtype.type(-1)
        change, bias = correction(rule, net[p], sign, x, 0)
        if bias != 0:
            add_and_dot(W, p, change, x, 0, 0, 0)
            b[p] += bias
    return 0


@bare_kernel
def net_input(X, W, b, out):
    """X W' + b, the bits that training sees; whether all of it is finite."""
    n, S = X.shape[0], W.shape[0]
    blocked = n // AHEAD * AHEAD
    spoilt = W.dtype.type(0)  # a sum of zeros, or NaN: a branch for each would keep the loads of coming rows waiting
    for i in range(0, blocked, AHEAD):
        j, k = i + 1, i + 2
        for p in range(0, S, 2):
            q = min(p + 1, S - 1)
            ip, iq, jp, jq, kp, kq = dot_3x2(X, i, j, k, W, p, q, min(_coming(i, p), n - 1))
            ip, iq, jp, jq, kp, kq = ip + b[p], iq + b[q], jp + b[p], jq + b[q], kp + b[p], kq + b[q]
            out[i, p], out[i, q], out[j, p], out[j, q], out[k, p], out[k, q] = ip, iq, jp, jq, kp, kq
            spoilt += (ip * 0 + jp * 0 + kp * 0) + (iq * 0 + jq * 0 + kq * 0)
    for row in range(blocked, n):
        for p in range(S):
            out[row, p] = dot(X, row, W, p) + b[p]
            spoilt += out[row, p] * 0
    return spoilt == 0
