"""A number of synapses in all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _check
from ..._kernel.jit import kernel
from ..._kernel.random import LOW, Counter
from . import degrees
from .draws import BITS, choice_of, part
from .fixed_out_degree import OfOutDegrees, OutDegrees
from .rule import pairs
from .wiring import SPLIT, Ends


@kernel
def split_total(choice, total, cells, seed, number, degree, stack):
    """How many of `total` synapses each source has: `cells` (pre + 1,) are the pairs of all sources before it."""
    stack[0, 0], stack[1, 0], stack[2, 0], stack[3, 0] = 0, cells.size - 1, total, 0
    depth = 1
    while depth > 0:
        depth -= 1
        begin, end, count, level = stack[0, depth], stack[1, depth], stack[2, depth], stack[3, depth]
        if end - begin == 1:
            degree[begin] = count
            continue
        middle = (begin + end) // 2
        left, right = cells[middle] - cells[begin], cells[end] - cells[middle]
        counter = Counter(seed, SPLIT, number, level * BITS, begin, LOW)  # LOW is no source
        before = part(choice, count, left, right, counter)
        stack[0, depth], stack[1, depth], stack[2, depth], stack[3, depth] = middle, end, count - before, level + 1
        depth += 1
        stack[0, depth], stack[1, depth], stack[2, depth], stack[3, depth] = begin, middle, before, level + 1
        depth += 1


class FixedTotal(OfOutDegrees):
    """`number` synapses in all, each between a source and a target drawn among all on its own.

    How many each source has is drawn by halving the sources, exactly, by inversion; what follows is as in
    `FixedOutDegree`.  With ``multapses=False`` all sets of so many different pairs are equally likely.

    Parameters
    ----------
    number : int
        0 or more; with ``multapses=False`` at most the number of pairs, else above it too.
    """

    def __init__(self, number: int) -> None:
        self.number = _check.whole("number", number, 0)

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """No more than there are pairs for."""
        degrees.check_room("number", self.number, pairs(ends, autapses), multapses, "pairs")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """As given."""
        return float(self.number)

    def compiled(self, plan: Any) -> OutDegrees:
        """As fixed out-degrees."""
        ends, choice = plan.ends, choice_of(plan.projection)
        cells = np.full(ends.pre.size + 1, ends.post.size, np.int64)
        cells[0] = 0
        if ends.same and not plan.projection.autapses:
            cells[1:] -= np.isin(ends.pre, ends.post)
        degree = np.zeros(ends.pre.size, np.int64)
        split_total(choice, self.number, np.cumsum(cells), plan.seed, plan.number, degree, np.empty((4, 128), np.int64))
        return OutDegrees(degree, choice)
