"""Sparse rows (CSR): dots and corrections touch only what is stored.

Gathering weights[i, j] neuron by neuron would take a cache line for each.  Here the weights of 64 bytes' worth of
neurons lie together, so that one load serves them all: element (g R + j, lane) belongs to input j of neuron
g lanes + lane.
"""

import numpy as np

from .._jit import bare_inline, bare_kernel
from .._vectors import BYTES, load, muladd, plus, splat, store, zeros
from .presentation import correct
from .rows import aligned


def packed(weights):
    """The weights (S, R) as this kernel wants them, padded with neurons of no weight."""
    S, R = weights.shape
    lanes = BYTES // weights.itemsize
    room = np.zeros((-(-S // lanes) * lanes, R), weights.dtype)
    room[:S] = weights
    return aligned(room.reshape(-1, lanes, R).transpose(0, 2, 1).reshape(-1, lanes))


def unpacked(W, S):
    """The weights (S, R) back from `packed`."""
    lanes = W.shape[1]
    groups = -(-S // lanes)
    return np.ascontiguousarray(W.reshape(groups, -1, lanes).transpose(0, 2, 1).reshape(groups * lanes, -1)[:S])


@bare_kernel
def present_sparse(rule, samples, layer, log, inputs, room):
    """Present rows in order; the place in `order` of the first whose net input is not finite, or -1.

    `inputs` is R; `room` (2, lanes) is for the net inputs of a group of neurons, and its corrections.
    """
    X, order, W, active = samples.X, samples.order, layer.W, layer.active
    lanes = BYTES // W.itemsize
    failed = -1
    first = 0
    while first < active.size:  # all rows to one group, then to the next: neurons are independent, and caches small
        group = active[first] // lanes
        last = first
        while last < active.size and active[last] // lanes == group:
            last += 1
        for place in range(order.size):
            row = order[place]
            _dots(X, row, W, group * inputs, room, 0, 0)
            store(room, 1, 0, zeros(W))
            corrected, finite = False, True
            for a in range(first, last):
                neuron = active[a]
                n = room[0, neuron - group * lanes] + layer.b[neuron]
                finite &= np.isfinite(n)
                change = correct(rule, samples, layer, log, place, neuron, n)
                room[1, neuron - group * lanes] = change
                corrected |= change != 0
            if not finite:
                failed = place if failed < 0 else min(failed, place)
                break
            if corrected:
                _add(X, row, W, group * inputs, room)
        first = last
    return failed


@bare_inline
def _add(X, row, W, base, room):
    """Correct all neurons of a group at once; those with a correction of 0 stay as they are."""
    changes = load(room, 1, 0)
    for k in range(X.indptr[row], X.indptr[row + 1]):
        at = base + X.indices[k]
        store(W, at, 0, muladd(changes, splat(W, X.data[k]), load(W, at, 0)))


@bare_kernel
def net_input_sparse(X, W, b, inputs, out):
    """X W' + b, the bits that training sees; `out` (n, padded S).  Whether all of it is finite."""
    lanes = BYTES // W.itemsize
    finite = True
    for row in range(out.shape[0]):
        for group in range(out.shape[1] // lanes):
            _dots(X, row, W, group * inputs, out, group * lanes, row)
        for p in range(b.size):
            out[row, p] += b[p]
            finite &= np.isfinite(out[row, p])
    return finite


@bare_inline
def _dots(X, row, W, base, out, column, to):
    """The dots of a row with a group of neurons, laid down at ``out[to, column:]``: in four chains."""
    first, last = X.indptr[row], X.indptr[row + 1]
    c0, c1, c2, c3 = zeros(W), zeros(W), zeros(W), zeros(W)
    fours = first + (last - first) // 4 * 4
    for k in range(first, fours, 4):
        c0 = muladd(splat(W, X.data[k]), load(W, base + X.indices[k], 0), c0)
        c1 = muladd(splat(W, X.data[k + 1]), load(W, base + X.indices[k + 1], 0), c1)
        c2 = muladd(splat(W, X.data[k + 2]), load(W, base + X.indices[k + 2], 0), c2)
        c3 = muladd(splat(W, X.data[k + 3]), load(W, base + X.indices[k + 3], 0), c3)
    for k in range(fours, last):
        c0 = muladd(splat(W, X.data[k]), load(W, base + X.indices[k], 0), c0)
    store(out, to, column, plus(plus(c0, c1), plus(c2, c3)))
