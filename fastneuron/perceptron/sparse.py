"""Sparse rows (CSR): dots and corrections touch only what is stored.

Gathering weights[i, j] neuron by neuron would take a cache line for each.  Here the weights of one or two cache lines'
worth of neurons, a group, lie together, so that one walk over a row's entries serves them all: element (g R + j, p)
belongs to input j of neuron g wide + p.
"""

import numpy as np

from .._kernel.jit import inline, kernel
from .._kernel.simd import (
    BYTES,
    load,
    lowest,
    masked_muladd,
    outer,
    plus,
    side_by_side,
    splat,
    store,
    take_each,
    violates_margin,
    zero_sums,
)
from .._kernel.worker_pool import parallel_for, with_workers
from .dots import aligned
from .rules import safe_margin
from .update import correct


def group_of(S, dtype):
    """(how many neurons make a group, a tuple as long as that is in vectors): one vector, or two if S needs them.

    With one, 10 neurons would take two walks over each row: 213 instead of 185 ns to train on one of 78 entries.
    """
    lanes = BYTES // np.dtype(dtype).itemsize
    return (lanes, (0,)) if lanes >= S else (2 * lanes, (0, 0))


def packed(weights):
    """The weights (S, R) as this kernel wants them, padded with neurons of no weight."""
    S, R = weights.shape
    wide, _ = group_of(S, weights.dtype)
    padded = np.zeros((-(-S // wide) * wide, R), weights.dtype)
    padded[:S] = weights
    return aligned(padded.reshape(-1, wide, R).transpose(0, 2, 1).reshape(-1, wide))


def unpacked(W, S):
    """The weights (S, R) back from `packed`."""
    wide = W.shape[1]
    groups = -(-S // wide)
    return np.ascontiguousarray(W.reshape(groups, -1, wide).transpose(0, 2, 1).reshape(groups * wide, -1)[:S])


def present(rule, samples, layer, log, inputs):
    """Present rows of R = `inputs` in order.

    Return the place in `order` of the first that overflows or is not finite, or -1.
    """
    S = layer.b.size
    wide, vectors = group_of(S, layer.W.dtype)
    signs = np.zeros(samples.order.size * S + wide, np.int8)  # whole vectors are read, beyond the end of a row too
    signs[:-wide] = (samples.T.take(samples.order, axis=0) > 0).ravel()  # by index, six times as slow
    buffer = aligned(np.zeros((2 + -(-S // wide), wide), layer.W.dtype))
    b = buffer[2:].reshape(-1)[:S]
    b[:] = layer.b
    failed = _present(rule, samples, layer._replace(b=b), log, inputs, vectors, signs, buffer)
    layer.b[:] = b
    return failed


@kernel
def _present(rule, samples, layer, log, inputs, vectors, signs, buffer):
    """Present rows; `signs` has 1 where a target is above 0, in the order of presentation.

    `buffer` (2 + groups, wide) is for the net inputs of a group and its corrections, and has all biases.
    """
    X, order, W, active = samples.X, samples.order, layer.W, layer.active
    lanes, wide, columns = BYTES // W.itemsize, W.shape[1], side_by_side(W, vectors)
    up, down = safe_margin(rule)
    failed = -1
    first = 0
    while first < active.size:  # all rows to one group, then to the next: neurons are independent, and caches small
        group = active[first] // wide
        last, training = first, 0
        while last < active.size and active[last] // wide == group:
            training |= 1 << (active[last] - group * wide)
            last += 1
        for place in range(order.size):
            row = order[place]
            n = plus(_dots(X, row, W, group * inputs, columns), load(buffer, 2 + group, columns, W))
            wrong = training & violates_margin(n, signs, place * layer.b.size + group * wide, up, down)
            if wrong == 0:
                continue
            store(buffer, 0, columns, n)
            store(buffer, 1, columns, zero_sums(W, (0,), columns))
            corrected, finite = 0, True
            while wrong != 0:
                p = lowest(wrong)
                wrong &= wrong - 1
                change = correct(rule, samples, layer, log, place, group * wide + p, buffer[0, p])
                finite &= np.isfinite(buffer[0, p]) & np.isfinite(change)
                buffer[1, p] = change
                corrected |= (change != 0) << p
            if not finite:
                failed = place if failed < 0 else min(failed, place)
                break
            for column in range(0, wide, lanes):  # seldom both: adding to both at once takes 13 ns more for a row
                if corrected >> column & ((1 << lanes) - 1):
                    _add(X, row, W, group * inputs, column, load(buffer, 1, column, W))
        first = last
    return failed


@inline
def _add(X, row, W, base, column, changes):
    """Correct a vector of neurons at once; those with a correction of 0 stay as they are."""
    for k in range(X.indptr[row], X.indptr[row + 1]):
        (x,), j = _entry(X, k, W)
        store(W, base + j, column, masked_muladd(changes, x, load(W, base + j, column, W)))


def net_input(X, weights, bias, threads):
    """X W' + b (n, S), the bits that training sees, the rows split over threads."""
    W = packed(weights)
    (S, R), wide = weights.shape, W.shape[1]
    b = np.zeros((-(-S // wide), wide), W.dtype)
    b.reshape(-1)[:S] = bias
    out = np.empty((len(X.indptr) - 1, b.size), W.dtype)
    vectors = group_of(S, W.dtype)[1]
    with_workers(threads, lambda slots: _net_input(X, W, b, R, vectors, slots, out.reshape(-1, wide)))
    return np.ascontiguousarray(out[:, :S])


@kernel
def _net_input(X, W, b, inputs, vectors, slots, out):
    """Put X W' + b to `out`; `b` has a row for each group, and so has `out` for each row of X."""
    parallel_for(slots, _net_input_of, len(X.indptr) - 1, 1, (X, W, b, inputs, vectors, out))


@inline
def _net_input_of(begin, end, X, W, b, inputs, vectors, out):
    """The net inputs of some rows."""
    columns = side_by_side(W, vectors)
    for row in range(begin, end):
        for group in range(b.shape[0]):
            n = plus(_dots(X, row, W, group * inputs, columns), load(b, group, columns, W))
            store(out, row * b.shape[0] + group, columns, n)


@inline
def _dots(X, row, W, base, columns):
    """The dots of a row with a group of neurons: in four chains."""
    first, last = X.indptr[row], X.indptr[row + 1]
    nothing = zero_sums(W, (0,), columns)
    c0, c1, c2, c3 = nothing, nothing, nothing, nothing
    fours = first + (last - first) // 4 * 4
    for k in range(first, fours, 4):
        c0 = _dot(X, k, W, base, columns, c0)
        c1 = _dot(X, k + 1, W, base, columns, c1)
        c2 = _dot(X, k + 2, W, base, columns, c2)
        c3 = _dot(X, k + 3, W, base, columns, c3)
    for k in range(fours, last):
        c0 = _dot(X, k, W, base, columns, c0)
    return plus(plus(c0, c1), plus(c2, c3))


@inline
def _dot(X, k, W, base, columns, sums):
    x, j = _entry(X, k, W)
    return outer(x, load(W, base + j, columns, W), sums)


@inline
def _entry(X, k, W):
    """The k-th datum in every lane, and its input.

    X.data[k] would ask whether k counts from the end: 210 instead of 185 ns to train on a row of 78 entries.
    """
    return (splat(W, take_each(X.data, (k,))[0]),), take_each(X.indices, (k,))[0]
