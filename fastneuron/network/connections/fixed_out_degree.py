"""The same number of synapses from every source."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._kernel.counts import binomial, hypergeometric, ones
from ..._kernel.jit import helper, inline
from ..._kernel.lanes import Lanes64, local
from ..._kernel.random import LOW, network_words
from . import degrees
from .draws import any_ranks, different_ranks
from .rule import Rule
from .wiring import BATCH, SPLIT, Ends, chunks_of, keep, rank_of

BITS = 64  # blocks of 128 random bits, more than a split of so many synapses wants; the last is for other splits
FAIR = 1024  # synapses: up to here a fair split counts bits


@inline
def _half(wiring, source, begin, width, count):
    """How many of `count` synapses fall into the first of two equal parts: the bits that are 1."""
    found = 0
    for j in range(0, (count + 127) // 128, BATCH):
        for lane in range(BATCH):
            block = j + lane
            words = network_words(wiring.seed, SPLIT, wiring.number, width * BITS + block, begin, source)
            for k in range(4):
                wanted = min(max(count - 128 * block - 32 * k, 0), 32)
                found += ones(words[k] & (LOW >> (32 - wanted)))
    return found


@helper
def _split(rule, wiring, source, begin, middle, end, own, count):
    """How many of `count` synapses on the chunks begin to end fall before the chunk `middle`."""
    starts = wiring.starts
    left, right = starts[middle] - starts[begin], starts[end] - starts[middle]
    if not rule.distinct and left == right and count <= FAIR and not starts[begin] <= own < starts[end]:
        return _half(wiring, source, begin, end - begin, count)
    left -= starts[begin] <= own < starts[middle]
    right -= starts[middle] <= own < starts[end]
    first = (end - begin) * BITS + BITS - 1
    if rule.distinct:
        return hypergeometric(count, left, right, wiring.seed, SPLIT, wiring.number, first, begin, source)
    return binomial(count, left, right, wiring.seed, SPLIT, wiring.number, first, begin, source)


def _row(rule, wiring, source, low, high, scratch):
    own, found = rank_of(wiring, source), 0
    first, last = chunks_of(wiring, low, high)
    degree = rule.degree[wiring.pre_rank[source] if rule.degree.size > 1 else 0]
    stack = local((0, 0, 0), 1, Lanes64(), 0)  # parts of the chunks, begin, end and synapses: halved down to one
    stack[0, 0], stack[1, 0], stack[2, 0] = 0, wiring.starts.size - 1, degree
    marks = local((0, 0, 0, 0), 1, Lanes64(), 0)  # a bit for each target of the largest chunk
    depth = 1
    while depth > 0:
        depth -= 1
        begin, end, count = stack[0, depth], stack[1, depth], stack[2, depth]
        if end <= first or last <= begin or count == 0:
            continue
        if end - begin > 1:
            half = 1
            while 2 * half < end - begin:
                half *= 2
            middle = begin + half  # a power of two, so that most parts are of two equal ones
            before = _split(rule, wiring, source, begin, middle, end, own, count)
            stack[0, depth], stack[1, depth], stack[2, depth] = middle, end, count - before
            stack[0, depth + 1], stack[1, depth + 1], stack[2, depth + 1] = begin, middle, before
            depth += 2
            continue
        size = wiring.starts[end] - wiring.starts[begin]
        skipped = own - wiring.starts[begin] if wiring.starts[begin] <= own < wiring.starts[end] else -1
        if rule.distinct:
            different_ranks(
                wiring.seed, wiring.number, begin, source, size, skipped, found, count, scratch.target, marks
            )
        else:
            any_ranks(wiring.seed, wiring.number, begin, source, size, skipped, found, count, scratch.target)
        found = keep(wiring, source, own, begin, low, high, found, count, scratch)
    return found


class Degrees(NamedTuple):
    """For kernels."""

    degree: Any  # of each source, or of all
    distinct: bool
    row = _row


class FixedOutDegree(Rule):
    """From every source `degree` synapses, each to a target drawn among all on its own.

    How many fall into each chunk of targets is drawn by halving: exact, by counting random bits or by inversion.  With
    ``multapses=False`` the targets of a source are different, and all sets of them are equally likely.

    Parameters
    ----------
    degree : int or (pre,) array_like of int
        0 or more, at most the number of targets.
    """

    by_source = True

    def __init__(self, degree: int | npt.ArrayLike) -> None:
        self.degree = degrees.checked(degree)

    def check(self, ends: Ends, autapses: bool) -> None:
        """Degrees within the population, and one for each source."""
        others = len(ends.post) - degrees.excluded(ends, autapses)
        degrees.check(self.degree, len(ends.pre), others, "sources", "targets")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """As many as there are."""
        return float(np.broadcast_to(self.degree, len(ends.pre)).sum())

    def compiled(self, plan: Any) -> Degrees:
        """The degrees in ascending order of the sources."""
        return Degrees(degrees.in_order(self.degree, plan.ends.pre_order), not plan.projection.multapses)

    def longest_row(self, compiled: Degrees, members: int) -> int:
        """The largest degree."""
        return int(np.max(compiled.degree))
