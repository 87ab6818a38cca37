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
from .wiring import BATCH, CONNECT, Drawn, Ends, chunks_of, keep, rank_of

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
    target, marks, mask = scratch.target, scratch.marks, np.uint64(rule.mask)
    for chunk in range(first, last):
        size = np.uint64(wiring.starts[chunk + 1] - wiring.starts[chunk])
        mark = _new_mark(marks)
        at, counter, points = np.uint64(found), 0, 1
        while points > 0:
            for lane in range(BATCH):
                w0, w1, w2, w3 = network_words(wiring.seed, CONNECT, wiring.number, counter + lane, chunk, source)
                put(point, lane, (w0 & 0xFFFF, w0 >> 16, w1 & 0xFFFF, w1 >> 16, w2 & 0xFFFF, w2 >> 16, w3))
            if counter == 0:
                points = _number(rule, uniform_of((point[6, 0], point[6, 1])))
            for i in range(min(points, A_BATCH)):
                rank = np.uint64(point[i >> 3, i & 7]) & mask
                new = np.uint64(marks[rank] != mark)
                marks[rank] = mark
                target[at] = rank
                at += new
            points -= A_BATCH
            counter += BATCH
        if rule.others:
            at = np.uint64(found)
            for rank in range(size):
                target[at] = rank
                at += np.uint64(marks[rank] != mark)
        elif size <= mask:
            end, at = at, np.uint64(found)
            for i in range(np.uint64(found), end):
                target[at] = target[i]
                at += np.uint64(np.uint64(target[i]) < size)
        found = keep(wiring, source, own, Drawn(chunk, found, int(at) - found), low, high, scratch)
    return found


@inline
def _new_mark(marks):
    """A mark that no place has; the last one used is at the end.  Where there are none left, all places are wiped."""
    last = marks.size - 1
    if marks[last] == 255:
        for i in range(marks.size):
            marks[i] = 0
    marks[last] += 1
    return marks[last]


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
        """One for each place in a chunk, and the last one used."""
        return plan.wiring.rule.mask + 2

    def compiled(self, plan: Any) -> Points:
        """The distribution of the number of points in a chunk."""
        places = 1 << int(np.diff(plan.starts).max() - 1).bit_length()
        others = self.p > 0.5
        mean = places * -(math.log(self.p) if others else math.log1p(-self.p))
        probability, total = math.exp(-mean), 0.0
        at_most: list[float] = []
        while total < 1 and (probability > 0 or len(at_most) <= mean):
            total += probability
            at_most.append(total)
            probability *= mean / len(at_most)
        at_most[-1] = np.inf  # rounding leaves less than 1e-15
        guide = np.searchsorted(at_most, np.arange(GUIDE) / GUIDE, side="right")
        return Points(np.array(at_most), guide, places - 1, others)
