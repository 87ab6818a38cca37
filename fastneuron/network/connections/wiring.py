"""A projection as kernels see it, and the parts of which compiled rules are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._kernel.jit import generic, inline, inline_ast

CONNECT, SPLIT, WEIGHT, DELAY = 2, 3, 4, 5  # kinds of random numbers; 0 and 1 are noise, from 6 on sources
BATCH = 8  # counters at once: a vector of 64-bit words
SLACK = 8 * BATCH  # entries of a scratch array beyond the longest row that may be written


class Ends(NamedTuple):
    """Who can be connected: members of both populations in ascending order."""

    pre: np.ndarray
    post: np.ndarray
    pre_order: np.ndarray  # where each of them stands in its view
    post_order: np.ndarray
    n_pre: int  # neurons of the whole populations
    n_post: int
    same: bool  # both are parts of one population


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


class Scratch(NamedTuple):
    """Room for one row of a range of targets; a weight or delay is None where one serves all."""

    target: Any  # int64
    weight: Any
    delay: Any
    marks: Any  # (k,) uint8, zeros at first
    bits: Any  # (k,) int64
    splits: Any  # (rows, 1 + chunks) int32: 1 + a source, its synapses in each chunk; a row alone is of a range
    turn: Any  # (1,) int64: which of the rows is for this source, modulo their number
    counting: bool  # targets are enough


class Drawn(NamedTuple):
    """Ranks within a chunk of targets: `count` entries of the scratch's targets, from `found` on."""

    chunk: Any
    found: Any
    count: Any


class Synapse(NamedTuple):
    """Which synapse: the three numbers that its weight and delay are drawn with, and the ranks of its two ends."""

    first: Any
    second: Any
    third: Any
    i: Any
    j: Any


@generic
def row(rule, wiring, source, low, high, scratch):
    """Put the synapses of a source on targets low to high into `scratch`; returns how many.

    ``scratch.target`` gets each target less `low`; weights and delays, unless None, what belongs to it.
    """


@inline_ast
def make_row(wiring, source, low, high, scratch):
    """Put the synapses of a source, by its number in the whole population, on targets low to high into `scratch`.

    Returns how many; `scratch` is as `ProjectionPlan.scratch` makes it, for this or a longer range.
    """
    if wiring.pre_rank[source] < 0:
        return 0
    return row(wiring.rule, wiring, source, low, high, scratch)


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


@inline_ast
def keep(wiring, source, own, drawn, low, high, scratch):
    """Turn the ranks drawn into targets of the range; returns how many targets there are now."""
    chunk, found, count = drawn
    target, weight, delay = scratch.target, scratch.weight, scratch.delay
    begin, end = wiring.starts[chunk], wiring.starts[chunk + 1]
    if not scratch.counting:
        set_values(wiring.weight, wiring, WEIGHT, source, drawn, target, weight)
        set_values(wiring.delay, wiring, DELAY, source, drawn, target, delay)
    inside = low <= chunk * wiring.chunk and (chunk + 1) * wiring.chunk <= high
    if inside and wiring.contiguous and not begin <= own < end:
        shift = wiring.post[0] + begin - low
        for i in range(np.uint64(found), np.uint64(found + count)):  # with signed numbers it does not pack
            target[i] += shift
        return found + count
    kept = found
    for i in range(found, found + count):
        rank = begin + target[i]
        neuron = wiring.post[rank]
        if low <= neuron < high and rank != own:
            target[kept] = neuron - low
            move(weight, i, kept)
            move(delay, i, kept)
            kept += 1
    return kept


@inline_ast
def set_values(law, wiring, kind, source, drawn, rank, out):
    """Weights or delays of the synapses drawn, `rank` being in the chunk."""
    chunk, found, count = drawn
    i, begin = wiring.pre_rank[source], wiring.starts[chunk]
    for k in range(count):
        set_value(law, wiring, kind, Synapse(k, chunk, source, i, begin + rank[found + k]), out, found + k)


@generic
def set_value(law, wiring, kind, synapse, out, at):
    """Put the weight or delay of a synapse into out[at].

    Nothing, where the law is None.
    """


def _look_up(law, wiring, kind, synapse, out, at):
    values = law.values
    out[at] = values[synapse.i if values.shape[0] > 1 else 0, synapse.j if values.shape[1] > 1 else 0]


class Table(NamedTuple):
    """Weights or delays by source and target, of which either may be one for all: (1 or pre, 1 or post)."""

    values: Any
    set_value = _look_up


@inline
def move(values, old, new):
    """A value to another place, if there are any."""
    if values is not None:
        values[new] = values[old]


@inline
def copy(values, first, count, out, begin):
    """`count` values from `first` on to `begin`, if there are any."""
    if out is not None:
        for i in range(count):
            out[begin + i] = values[first + i]
