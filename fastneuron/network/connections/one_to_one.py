"""Each neuron to its own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .rule import Rule
from .wiring import Drawn, Ends, keep


def _row(rule, wiring, source, low, high, scratch):
    rank = rule.partner[wiring.pre_rank[source]]
    neuron = wiring.post[rank]
    if neuron < low or neuron >= high or (neuron == source and not wiring.autapses):
        return 0
    chunk = neuron // wiring.chunk
    scratch.target[0] = rank - wiring.starts[chunk]
    return keep(wiring, source, -1, Drawn(chunk, 0, 1), low, high, scratch)


class Partners(NamedTuple):
    """For kernels."""

    partner: Any  # the target's rank, by the source's
    row = _row


class OneToOne(Rule):
    """The first of `pre` to the first of `post`, the second to the second, and so on; as many there as here."""

    by_source = True

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """As many targets as sources."""
        if len(ends.pre) != len(ends.post):
            raise ValueError(
                f"OneToOne needs as many neurons in post as in pre; got {len(ends.pre)} and {len(ends.post)}"
            )

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """One each."""
        if autapses or not ends.same:
            return float(len(ends.pre))
        return float(np.sum(ends.post[self._partners(ends)] != ends.pre))

    def compiled(self, plan: Any) -> Partners:
        """The partners in ascending order of the sources."""
        return Partners(self._partners(plan.ends))

    def longest_row(self, compiled: Any, members: int) -> int:
        """One."""
        return 1

    @staticmethod
    def _partners(ends: Ends) -> np.ndarray:
        rank = np.empty(ends.post.size, np.int64)
        rank[ends.post_order] = np.arange(ends.post.size)
        return rank[ends.pre_order]
