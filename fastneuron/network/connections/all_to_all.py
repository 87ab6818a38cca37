"""Every neuron to every neuron."""

from __future__ import annotations

from typing import Any, NamedTuple

from .rule import Rule, pairs
from .wiring import Drawn, Ends, chunks_of, keep, rank_of


def _row(rule, wiring, source, low, high, scratch):
    own, found = rank_of(wiring, source), 0
    first, last = chunks_of(wiring, low, high)
    for chunk in range(first, last):
        count = wiring.starts[chunk + 1] - wiring.starts[chunk]
        for i in range(count):
            scratch.target[found + i] = i
        found = keep(wiring, source, own, Drawn(chunk, found, count), low, high, scratch)
    return found


class Everybody(NamedTuple):
    """For kernels."""

    nothing: int = 0
    row = _row


class AllToAll(Rule):
    """Every neuron of `pre` to every neuron of `post`."""

    by_source = True

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """All pairs."""
        return pairs(ends, autapses)

    def compiled(self, plan: Any) -> Everybody:
        """Nothing to say."""
        return Everybody()
