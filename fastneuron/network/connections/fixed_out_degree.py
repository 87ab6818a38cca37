"""The same number of synapses from every source."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._kernel.jit import inline
from ..._kernel.lanes import Lanes64, local
from ..._kernel.random import Counter
from . import degrees
from .draws import BITS, choice_of, part, ranks
from .rule import LARGEST_CHUNK, Rule
from .wiring import CONNECT, SPLIT, Drawn, Ends, chunks_of, keep, rank_of


@inline
def _before(rule, wiring, source, begin, middle, end, own, count):
    """How many of `count` synapses on the chunks begin to end are before the chunk `middle`."""
    starts = wiring.starts
    left = starts[middle] - starts[begin] - (starts[begin] <= own < starts[middle])
    right = starts[end] - starts[middle] - (starts[middle] <= own < starts[end])
    width = (end - begin) * BITS
    return part(rule.choice, count, left, right, Counter(wiring.seed, SPLIT, wiring.number, width, begin, source))


@inline
def _split(rule, wiring, source, own, first, last, counts):
    """How many synapses a source has in each of the chunks first to last, into ``counts[1 + chunk]``."""
    counts[1 + first : 1 + last] = 0
    degree = rule.degree[wiring.pre_rank[source] if rule.degree.size > 1 else 0]
    stack = local((0, 0, 0), 1, Lanes64(), 0)  # parts of the chunks, begin, end and synapses: halved down to one
    stack[0, 0], stack[1, 0], stack[2, 0] = 0, wiring.starts.size - 1, degree
    depth = 1
    while depth > 0:
        depth -= 1
        begin, end, count = stack[0, depth], stack[1, depth], stack[2, depth]
        if end <= first or last <= begin or count == 0:
            continue
        if end - begin == 1:
            counts[1 + begin] = count
            continue
        half = 1
        while 2 * half < end - begin:
            half *= 2
        middle = begin + half  # a power of two, so that most parts are of two equal ones
        before = _before(rule, wiring, source, begin, middle, end, own, count)
        stack[0, depth], stack[1, depth], stack[2, depth] = middle, end, count - before
        stack[0, depth + 1], stack[1, depth + 1], stack[2, depth + 1] = begin, middle, before
        depth += 2


@inline
def _counts(rule, wiring, source, own, first, last, scratch):
    """The row of ``scratch.splits`` that has the source's synapses in the chunks first to last."""
    splits = scratch.splits
    if splits.shape[0] == 1:
        _split(rule, wiring, source, own, first, last, splits[0])
        return 0
    row = scratch.turn[0] % splits.shape[0]
    if splits[row, 0] != 1 + source:  # one range after the other makes its part of a row that is split once
        _split(rule, wiring, source, own, 0, wiring.starts.size - 1, splits[row])
        splits[row, 0] = 1 + source
    return row


@inline
def _drawn(rule, wiring, source, low, high, scratch):
    """The synapses of a source."""
    own, found = rank_of(wiring, source), 0
    first, last = chunks_of(wiring, low, high)
    row = _counts(rule, wiring, source, own, first, last, scratch)
    for chunk in range(first, last):
        begin, end, count = wiring.starts[chunk], wiring.starts[chunk + 1], np.int64(scratch.splits[row, 1 + chunk])
        if count == 0:
            continue
        skipped = own - begin if begin <= own < end else -1
        counter = Counter(wiring.seed, CONNECT, wiring.number, 0, chunk, source)
        ranks(rule.choice, counter, end - begin, skipped, found, count, scratch.target, scratch.bits)
        found = keep(wiring, source, own, Drawn(chunk, found, count), low, high, scratch)
    return found


def _row(rule, wiring, source, low, high, scratch):
    return _drawn(rule, wiring, source, low, high, scratch)


class OutDegrees(NamedTuple):
    """For kernels."""

    degree: Any  # of each source, or of all
    choice: Any  # with or without replacement
    row = _row


class OfOutDegrees(Rule):
    """Base class of the rules whose compiled form is `OutDegrees`: a row is split among all chunks of targets."""

    by_source = True

    def bits(self, plan: Any) -> int:
        """A bit for each target of a chunk."""
        return LARGEST_CHUNK // 64

    def chunks_split(self, plan: Any) -> int:
        """All of them."""
        return int(plan.starts.size) - 1

    def longest_row(self, compiled: OutDegrees, members: int) -> int:
        """The largest degree."""
        return int(np.max(compiled.degree))


class FixedOutDegree(OfOutDegrees):
    """From every source `degree` synapses, each to a target drawn among all on its own.

    How many fall into each chunk of targets is drawn by halving: exact, by counting random bits or by inversion.  With
    ``multapses=False`` the targets of a source are different, and all sets of them are equally likely.

    Parameters
    ----------
    degree : int or (pre,) array_like of int
        0 or more; with ``multapses=False`` at most the number of targets, else above it too.
    """

    def __init__(self, degree: int | npt.ArrayLike) -> None:
        self.degree = degrees.checked(degree)

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """One degree for each source, for which there are targets."""
        others = len(ends.post) - degrees.excluded(ends, autapses)
        degrees.check(self.degree, len(ends.pre), others, multapses, "sources", "targets")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """As many as there are."""
        return float(np.broadcast_to(self.degree, len(ends.pre)).sum())

    def compiled(self, plan: Any) -> OutDegrees:
        """The degrees in ascending order of the sources."""
        return OutDegrees(degrees.in_order(self.degree, plan.ends.pre_order), choice_of(plan.projection))
