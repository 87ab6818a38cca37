"""The same number of synapses onto every target."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._kernel.jit import inline, kernel
from ..._kernel.random import Counter
from . import degrees
from .draws import choice_of, ranks
from .rows import CALL, Rows, room_for, spans
from .rule import Rule
from .wiring import CONNECT, DELAY, SLACK, WEIGHT, Ends, Synapse, set_value


class Sources(NamedTuple):
    """For kernels."""

    pre: Any  # members
    degree: Any  # of each target, or of all
    choice: Any  # with or without replacement


@inline
def _ranks(wiring, j, out, bits):
    """The ranks of the sources of the target of rank j; returns how many."""
    rule, target = wiring.rule, wiring.post[j]
    count, own = rule.degree[j if rule.degree.size > 1 else 0], -1
    if not wiring.autapses:
        own = wiring.pre_rank[target] if target < wiring.pre_rank.size else -1
    counter = Counter(wiring.seed, CONNECT, wiring.number, 0, 0, target)
    ranks(rule.choice, counter, rule.pre.size, own, 0, count, out, bits)
    return count


@kernel
def count_sources(wiring, first, last, out, bits, counts):
    """Add up the synapses from each source to the targets of ranks first to last, one place ahead."""
    for j in range(first, last):
        for k in range(_ranks(wiring, j, out, bits)):
            counts[wiring.rule.pre[out[k]] + 1] += 1


@kernel
def fill_sources(wiring, first, last, low, out, bits, place, rows):
    """Lay down these synapses, each at the place of its source, which moves on."""
    for j in range(first, last):
        for k in range(_ranks(wiring, j, out, bits)):
            source = wiring.rule.pre[out[k]]
            at = place[source]
            place[source] = at + 1
            rows.target[at] = wiring.post[j] - low
            synapse = Synapse(k, 0, wiring.post[j], out[k], j)
            set_value(wiring.weight, wiring, WEIGHT, synapse, rows.weight, at)
            set_value(wiring.delay, wiring, DELAY, synapse, rows.delay, at)


class FixedInDegree(Rule):
    """Onto every target `degree` synapses, each from a source drawn among all on its own.

    With ``multapses=False`` the sources of a target are different, and all sets of them are equally likely.

    Parameters
    ----------
    degree : int or (post,) array_like of int
        0 or more; with ``multapses=False`` at most the number of sources, else above it too.
    """

    def __init__(self, degree: int | npt.ArrayLike) -> None:
        self.degree = degrees.checked(degree)

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """One degree for each target, for which there are sources."""
        others = len(ends.pre) - degrees.excluded(ends, autapses)
        degrees.check(self.degree, len(ends.post), others, multapses, "targets", "sources")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """As many as there are."""
        return float(np.broadcast_to(self.degree, len(ends.post)).sum())

    def compiled(self, plan: Any) -> Sources:
        """The degrees in ascending order of the targets."""
        degree = degrees.in_order(self.degree, plan.ends.post_order)
        return Sources(plan.ends.pre, degree, choice_of(plan.projection))

    def make(self, plan: Any, low: int, high: int) -> Generator[None, None, Rows]:
        """The rows of a range: the sources of each target are drawn twice, to count and to lay down."""
        wiring, longest = plan.wiring, int(np.max(plan.wiring.rule.degree))
        out = np.empty(longest + SLACK, np.int64)
        bits = np.empty(plan.ends.pre.size // 64 + 1, np.int64)
        first, last = np.searchsorted(plan.ends.post, [low, high])
        indptr = np.zeros(plan.ends.n_pre + 1, np.int64)
        for begin, end in spans(first, last, max(CALL // max(longest, 1), 1)):
            count_sources(wiring, begin, end, out, bits, indptr)
            yield
        np.cumsum(indptr, out=indptr)
        rows = room_for(plan, indptr, high - low)
        place = indptr[:-1].copy()
        for begin, end in spans(first, last, max(CALL // max(longest, 1), 1)):
            fill_sources(wiring, begin, end, low, out, bits, place, rows)
            yield
        return rows
