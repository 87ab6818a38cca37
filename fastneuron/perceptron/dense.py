"""Dense rows: the online rule at the speed of a matrix product, bit for bit the plain loop.

Online learning looks sequential: each net input wants the weights as the row before left them.  But a neuron is seldom
wrong, so the net inputs of the next rows are taken ahead, a tile of rows and neurons at a time in registers; rows that
follow a correction are taken again.  A net input is thus always one plain dot product with the weights of its moment,
whatever was taken ahead; nothing is approximated, and there is nothing to check.

The textbook's way to the same end, a matrix product Z = X W' mended at each mistake through the Gram matrix X X', needs
that product beside it and agrees with the plain loop only up to rounding.
"""

from typing import NamedTuple

import numpy as np

from .._kernel.atomics import put
from .._kernel.jit import inline, kernel
from .._kernel.lanes import local
from .._kernel.simd import clipped_range, take_each
from .._kernel.worker_pool import LINE, parallel_for
from .dots import Place, add, add_and_dots, dot, dots, tile_of
from .rules import correction
from .update import correct


class Products(NamedTuple):
    """Which net inputs are taken: of the rows X[order[:end]] with the neurons W[active[:S]]; None: as they stand."""

    X: np.ndarray
    order: np.ndarray | None
    end: int
    W: np.ndarray
    active: np.ndarray | None
    S: int


@kernel
def present(rule, samples, layer, log, shape, net):
    """Present rows in order; return the place in `order` of the first that overflows or is not finite, or -1.

    `net` (rows of a tile, S) is a buffer for the net inputs taken ahead.
    """
    X, order, W, active = samples.X, samples.order, layer.W, layer.active
    tile, products = tile_of(shape), Products(X, order, order.size, W, active, active.size)
    for first in range(0, order.size, len(tile.rows)):
        ahead = min(len(tile.rows), order.size - first)
        _take_ahead(products, first, tile, net, clipped_range(0, tile.rows, ahead - 1))
        for a in range(active.size):
            neuron = active[a]
            for k in range(ahead):
                n = net[k, a] + layer.b[neuron]
                if not np.isfinite(n):
                    return first + k
                change = correct(rule, samples, layer, log, first + k, neuron, n)
                if change != 0:
                    if not np.isfinite(change):
                        return first + k
                    if k + 1 == ahead:
                        add(X, order[first + k], change, W, neuron)
                    else:
                        following = clipped_range(k + 1, tile.rows[:-1], ahead - 1)
                        rows = take_each(order, clipped_range(first + k + 1, tile.rows[:-1], first + ahead - 1))
                        add_and_dots(W, neuron, change, X, order[first + k], rows, Place(net, following, (a,)))
    return -1


@inline
def _take_ahead(products, first, tile, net, to_rows):
    """Take the dots of the rows from place `first` on with all neurons.

    What a tile has beyond an end repeats the last: wasted, but still faster.
    """
    rows = take_each(products.order, clipped_range(first, tile.rows, products.end - 1))
    a = 0
    while a + len(tile.neurons) <= products.S:
        _take(products, rows, first, a, tile.neurons, net, to_rows)
        a += len(tile.neurons)
    while a < products.S:
        _take(products, rows, first, a, tile.few, net, to_rows)
        a += len(tile.few)


@inline
def _take(products, rows, first, a, places, net, to_rows):
    """Take one tile of these dots.

    Meanwhile a row of the next tile is fetched, from its second on: hardware has begun the first by itself.
    """
    to_columns = clipped_range(a, places, products.S - 1)
    place = first + len(rows) + (a // len(places) + 1) % len(rows)
    upcoming = take_each(products.order, clipped_range(place, (0,), products.end - 1))[0]
    neurons = take_each(products.active, to_columns)
    dots(products.X, rows, products.W, neurons, upcoming, Place(net, to_rows, to_columns))


@kernel
def adapt(rule, x, t, low, W, b, net):
    """Put the net input of one row x (1, R) with targets t (1, S) into `net`, then correct.

    Where something is wrong nothing is changed, and the answer is not 0: 1 for a net input or a correction that is not
    finite, 2 for a target that is neither `low` nor 1 (where `low` is NaN, that is not finite).
    """
    S = W.shape[0]
    for p in range(S):
        net[p] = dot(x, 0, W, p, W) + b[p]
        if not np.isfinite(net[p]):
            return 1
        if not (t[0, p] == 1 or t[0, p] == low or (low != low and np.isfinite(t[0, p]))):
            return 2
        change, bias = correction(rule, net[p], _sign(t, p, low), x, 0)
        if not np.isfinite(change):
            return 1
    for p in range(S):
        change, bias = correction(rule, net[p], _sign(t, p, low), x, 0)
        if bias != 0:
            add(x, 0, change, W, p)
            b[p] += bias
    return 0


@inline
def _sign(t, p, low):
    """The sign of a target; where any number is one, its value."""
    return t[0, p] if low != low else t.dtype.type(1) if t[0, p] == 1 else t.dtype.type(-1)


@kernel
def net_input(X, W, b, shape, slots, out):
    """Put X W' + b, the bits that training sees, to `out`; return whether all of it is finite."""
    spoilt = local((0,), 1, LINE, len(X))
    spoilt[0, 0] = 0
    parallel_for(slots, _net_input, len(X), len(tile_of(shape).rows), (X, W, b, shape, out, spoilt))
    return spoilt[0, 0] == 0


@inline
def _net_input(begin, end, X, W, b, shape, out, spoilt):
    """The net inputs of some rows."""
    (n, S), tile = out.shape, tile_of(shape)
    products = Products(X, None, n, W, None, S)
    nothing = W.dtype.type(0)
    sum_ = nothing  # of zeros, or NaN: a branch for each would keep the loads of coming rows waiting
    for first in range(begin, end, len(tile.rows)):
        _take_ahead(products, first, tile, out, clipped_range(first, tile.rows, n - 1))
        for row in range(first, min(first + len(tile.rows), n)):
            for p in range(S):
                out[row, p] += b[p]
                sum_ += out[row, p] * nothing
    if sum_ != 0:
        put(spoilt, 0, 0, 1)
