"""A projection as kernels see it, and the parts of which compiled rules are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from ..._kernel.jit import inline, specialises
from ..laws import draw

CONNECT, SPLIT, WEIGHT, DELAY = 2, 3, 4, 5  # kinds of random numbers; 0 and 1 are noise, from 6 on sources
BATCH = 8  # counters at once: a vector of 64-bit words
SLACK = 4 * BATCH  # entries of a scratch array beyond the longest row that may be written


class Ends(NamedTuple):
    """Who can be connected: members of both populations in ascending order."""

    pre: np.ndarray
    post: np.ndarray
    pre_order: np.ndarray  # where each of them stands in its view
    post_order: np.ndarray
    n_pre: int  # neurons of the whole populations
    n_post: int
    same: bool  # both are parts of one population


class Table(NamedTuple):
    """Weights or delays by source and target, of which either may be one for all: (1 or pre, 1 or post)."""

    values: Any


class Wiring(NamedTuple):
    """A projection as kernels see it."""

    rule: Any
    weight: Any  # None: one for all; a Table; or the law of a distribution
    delay: Any
    seed: int
    number: int  # of the projection in its network
    pre_rank: Any  # by source: its place among the members, or -1
    post: Any  # members
    starts: Any  # ranks of the first members of the chunks, and the end
    chunk: int  # targets in a chunk
    contiguous: bool  # the members are neighbours
    autapses: bool


def row(rule, wiring, source, low, high, target, weight, delay):
    """Generic: the synapses of a source on targets low to high; returns how many.

    `target` gets each target less `low`; `weight` and `delay`, unless None, what belongs to it.
    """


@specialises(row)
def _row(rule, wiring, source, low, high, target, weight, delay):
    function = rule.instance_class.row
    return lambda rule, wiring, source, low, high, target, weight, delay: function(
        rule, wiring, source, low, high, target, weight, delay
    )


@inline
def make_row(wiring, source, low, high, target, weight, delay):
    """The synapses of a source (its number in the whole population) on the targets low to high; returns how many."""
    if wiring.pre_rank[source] < 0:
        return 0
    return row(wiring.rule, wiring, source, low, high, target, weight, delay)


@inline
def chunks_of(wiring, low, high):
    """The first and the last chunk of a range of targets, the last not included."""
    return low // wiring.chunk, (high - 1) // wiring.chunk + 1


@inline
def rank_of(wiring, source):
    """The rank of the source among the targets that it must not connect to: its own, or -1 if there is none."""
    if wiring.autapses:
        return -1
    first, last = 0, wiring.post.size
    while first < last:
        middle = (first + last) // 2
        if wiring.post[middle] < source:
            first = middle + 1
        else:
            last = middle
    return first if first < wiring.post.size and wiring.post[first] == source else -1


@inline
def keep(wiring, source, own, chunk, low, high, found, count, target, weight, delay):
    """Turn `count` ranks in a chunk, from `found` on, into targets of the range; returns how many there are now."""
    begin = wiring.starts[chunk]
    end = wiring.starts[chunk + 1]
    set_values(wiring.weight, wiring, WEIGHT, source, chunk, found, count, target, weight)
    set_values(wiring.delay, wiring, DELAY, source, chunk, found, count, target, delay)
    inside = low <= chunk * wiring.chunk and (chunk + 1) * wiring.chunk <= high
    if inside and wiring.contiguous and not begin <= own < end:
        move = wiring.post[0] + begin - low
        for i in range(found, found + count):
            target[i] += move
        return found + count
    kept = found
    for i in range(found, found + count):
        rank = begin + target[i]
        neuron = wiring.post[rank]
        if low <= neuron < high and rank != own:
            target[kept] = neuron - low
            move_value(weight, i, kept)
            move_value(delay, i, kept)
            kept += 1
    return kept


@inline
def set_values(law, wiring, kind, source, chunk, found, count, rank, out):
    """Weights or delays of `count` synapses from `found` on, `rank` being in the chunk."""
    i, begin = wiring.pre_rank[source], wiring.starts[chunk]
    for k in range(count):
        set_value(law, wiring, kind, k, chunk, source, i, begin + rank[found + k], out, found + k)


def set_value(law, wiring, kind, first, second, third, i, j, out, at):
    """Generic: the weight or delay of a synapse, by its three numbers or the ranks of its two ends, into out[at]."""


@specialises(set_value)
def _set_value(law, wiring, kind, first, second, third, i, j, out, at):
    if isinstance(out, types.NoneType):
        return lambda law, wiring, kind, first, second, third, i, j, out, at: None
    if law.instance_class is Table:

        def look_up(law, wiring, kind, first, second, third, i, j, out, at):
            values = law.values
            out[at] = values[i if values.shape[0] > 1 else 0, j if values.shape[1] > 1 else 0]

        return look_up

    def drawn(law, wiring, kind, first, second, third, i, j, out, at):
        out[at] = draw(law, wiring.seed, kind, wiring.number, first, second, third)

    return drawn


def move_value(values, old, new):
    """Generic: a value to another place; nothing where there are none."""


@specialises(move_value)
def _move_value(values, old, new):
    if isinstance(values, types.NoneType):
        return lambda values, old, new: None

    def move(values, old, new):
        values[new] = values[old]

    return move


def copy(values, first, count, out, begin):
    """Generic: `count` values from `first` on to `begin`; nothing where there are none."""


@specialises(copy)
def _copy(values, first, count, out, begin):
    if isinstance(out, types.NoneType):
        return lambda values, first, count, out, begin: None

    def copy(values, first, count, out, begin):
        for i in range(count):
            out[begin + i] = values[first + i]

    return copy


def sort_along(values, begin, end, order):
    """Generic: values begin to end in another order; nothing where there are none."""


@specialises(sort_along)
def _sort_along(values, begin, end, order):
    if isinstance(values, types.NoneType):
        return lambda values, begin, end, order: None

    def sort(values, begin, end, order):
        values[begin:end] = values[begin:end][order]

    return sort
