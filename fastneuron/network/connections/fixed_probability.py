"""Each pair on its own, with one probability.

Points thrown at random, a Poisson number of them, hit each of the places they may fall on at least once with the
probability 1 - exp(-mean per place), each place on its own: which is what is wanted, exactly, and each point costs no
more than 16 random bits (gaps between targets, by logarithms, cost three times as much).  Where more than half of the
pairs are connected, what is hit are the others.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ... import _check
from ..._kernel.jit import inline
from ..._kernel.lanes import Lanes8, local, put
from ..._kernel.random import network_words, uniform_of
from .rule import Rule, pairs
from .wiring import BATCH, CONNECT, Ends, chunks_of, keep, rank_of

A_BATCH = 48  # points of a batch of words
GUIDE = 256


@inline
def _number(rule, u):
    """The Poisson number whose distribution function is the first above u."""
    k = rule.guide[int(u * GUIDE)]
    while u >= rule.at_most[k]:
        k += 1
    return k


def _row(rule, wiring, source, low, high, scratch):
    own, found = rank_of(wiring, source), 0
    first, last = chunks_of(wiring, low, high)
    point = local((0, 0, 0, 0, 0, 0, 0), 1, Lanes8(), 0)
    target, marks, mask, one = scratch.target, scratch.marks, np.uint64(rule.mask), np.uint64(1)
    for chunk in range(first, last):
        size = np.uint64(wiring.starts[chunk + 1] - wiring.starts[chunk])
        at, counter, points = np.uint64(found), 0, 1
        while points > 0:
            for lane in range(BATCH):
                w0, w1, w2, w3 = network_words(wiring.seed, CONNECT, wiring.number, counter + lane, chunk, source)
                put(point, lane, (w0 & 0xFFFF, w0 >> 16, w1 & 0xFFFF, w1 >> 16, w2 & 0xFFFF, w2 >> 16, w3))
            if counter == 0:
                points = _number(rule, uniform_of((point[6, 0], point[6, 1])))
            for i in range(min(points, A_BATCH)):
                rank = np.uint64(point[i >> 3, i & 7]) & mask
                new = np.uint64(marks[rank]) ^ one
                marks[rank] = 1
                target[at] = rank
                at += new
            points -= A_BATCH
            counter += BATCH
        if rule.others:
            at = _unmarked(marks, size, target, found)
        else:
            at = _marked(marks, size, target, found, at)
        found = keep(wiring, source, own, chunk, low, high, found, int(at) - found, scratch)
    return found


@inline
def _marked(marks, size, target, found, end):
    """Wipe the marks and leave out the ranks that are not below `size`; returns where the rest ends."""
    at = np.uint64(found)
    for i in range(np.uint64(found), end):
        rank = np.uint64(target[i])
        marks[rank] = 0
        target[at] = rank
        at += np.uint64(rank < size)
    return at


@inline
def _unmarked(marks, size, target, found):
    """Wipe the marks and put the ranks below `size` that had none at `found`; returns where they end."""
    at = np.uint64(found)
    for rank in range(size):
        target[at] = rank
        at += np.uint64(marks[rank]) ^ np.uint64(1)
    for rank in range(marks.size):
        marks[rank] = 0
    return at


class Points(NamedTuple):
    """For kernels."""

    at_most: Any  # the probability of k points or fewer in a chunk
    guide: Any  # the first k of which it is above j / GUIDE
    mask: int  # places in a chunk, a power of two, less one
    others: bool  # whether those that are not hit are connected
    row = _row


class FixedProbability(Rule):
    """Each pair is connected with the probability `p`, on its own; exactly so, and at the same cost for any `p`.

    Parameters
    ----------
    p : float
        From 0 to 1.
    """

    by_source = True

    def __init__(self, p: float) -> None:
        self.p = _check.number("p", p, "a probability, from 0 to 1", lambda x: 0 <= x <= 1)

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """Of all pairs."""
        return self.p * pairs(ends, autapses)

    def probability(self, ends: Ends) -> float:
        """As given."""
        return self.p

    def marks(self, plan: Any) -> int:
        """One for each place in a chunk."""
        return plan.wiring.rule.mask + 1

    def compiled(self, plan: Any) -> Points:
        """The distribution of the number of points in a chunk."""
        places = 1 << int(np.diff(plan.starts).max() - 1).bit_length()
        others = self.p > 0.5
        mean = places * -(math.log(self.p) if others else math.log1p(-self.p))
        probability, total, at_most = math.exp(-mean), 0.0, []
        while total < 1 and (probability > 0 or len(at_most) <= mean):
            total += probability
            at_most.append(total)
            probability *= mean / len(at_most)
        at_most[-1] = np.inf  # rounding leaves less than 1e-15
        guide = np.searchsorted(at_most, np.arange(GUIDE) / GUIDE, side="right")
        return Points(np.array(at_most), guide, places - 1, others)
