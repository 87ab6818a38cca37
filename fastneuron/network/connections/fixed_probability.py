"""Each pair on its own, with one probability."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ... import _check
from ..._kernel.elementary import log
from ..._kernel.jit import inline
from ..._kernel.lanes import Lanes8, local
from ..._kernel.random import network_words
from .rule import Rule, pairs
from .wiring import BATCH, CONNECT, Ends, chunks_of, keep, rank_of


@inline
def _row(rule, wiring, source, low, high, target, weight, delay):
    own, found = rank_of(wiring, source), 0
    first, last = chunks_of(wiring, low, high)
    gap = local((0, 0, 0, 0), 1, Lanes8(), 0)
    for chunk in range(first, last):
        size = wiring.starts[chunk + 1] - wiring.starts[chunk]
        rank, count, counter = -1, 0, 0
        while rank < size:
            for lane in range(BATCH):
                words = network_words(wiring.seed, CONNECT, wiring.number, counter + lane, chunk, source)
                for k in range(4):
                    # -log(u) / -log(1 - p), rounded down, is geometric; u on a grid of 2**-32, 0 left out
                    misses = log((words[k] + 0.5) * 2.0**-32) * rule.per_miss
                    gap[k, lane] = int(min(misses, float(size)))
            counter += BATCH
            for k in range(4):
                for lane in range(BATCH):
                    rank += 1 + gap[k, lane]
                    target[found + count] = rank
                    count += rank < size
        found = keep(wiring, source, own, chunk, low, high, found, count, target, weight, delay)
    return found


class Misses(NamedTuple):
    """For kernels."""

    per_miss: float  # 1 / log(1 - p)
    row = _row


class FixedProbability(Rule):
    """Each pair is connected with the probability `p`, on its own.

    The gaps between a source's targets are drawn, each from a number of 32 bits, so a synapse costs the same whatever
    `p` is: the probability of each gap is right to 2**-32.

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

    def compiled(self, plan: Any) -> Misses:
        """The factor of a logarithm."""
        miss = math.log1p(-self.p) if self.p < 1 else -math.inf
        return Misses(1 / miss if miss else -math.inf)
