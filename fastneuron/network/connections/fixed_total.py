"""A number of synapses in all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _check
from ..._kernel.counts import binomial, hypergeometric
from ..._kernel.jit import bare_kernel
from ..._kernel.random import LOW
from .fixed_out_degree import Degrees
from .rule import Rule, pairs
from .wiring import SPLIT, Ends


@bare_kernel
def split_total(total, cells, distinct, seed, number, degree, stack):
    """How many of `total` synapses each source has: `cells` (pre + 1,) are the pairs of all sources before it."""
    stack[0, 0], stack[1, 0], stack[2, 0] = 0, cells.size - 1, total
    depth = 1
    while depth > 0:
        depth -= 1
        begin, end, count = stack[0, depth], stack[1, depth], stack[2, depth]
        if end - begin == 1:
            degree[begin] = count
            continue
        middle = (begin + end) // 2
        left, right = cells[middle] - cells[begin], cells[end] - cells[middle]
        if distinct:
            before = hypergeometric(count, left, right, seed, SPLIT, number, end - begin, begin, LOW)
        else:
            before = binomial(count, left, right, seed, SPLIT, number, end - begin, begin, LOW)
        stack[0, depth], stack[1, depth], stack[2, depth] = middle, end, count - before
        stack[0, depth + 1], stack[1, depth + 1], stack[2, depth + 1] = begin, middle, before
        depth += 2


class FixedTotal(Rule):
    """`number` synapses in all, each between a source and a target drawn among all on its own.

    How many each source has is drawn by halving the sources, exactly, by inversion; what follows is as in
    `FixedOutDegree`.  With ``multapses=False`` all sets of so many different pairs are equally likely.

    Parameters
    ----------
    number : int
        0 or more, at most the number of pairs.
    """

    by_source = True

    def __init__(self, number: int) -> None:
        self.number = _check.whole("number", number, 0)

    def check(self, ends: Ends, autapses: bool) -> None:
        """No more than there are pairs."""
        if self.number > (possible := pairs(ends, autapses)):
            raise ValueError(f"number must be at most the number of pairs, {possible}; got {self.number}")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """As given."""
        return float(self.number)

    def compiled(self, plan: Any) -> Degrees:
        """As fixed out-degrees."""
        ends, multapses = plan.ends, plan.projection.multapses
        cells = np.full(ends.pre.size + 1, ends.post.size, np.int64)
        cells[0] = 0
        if ends.same and not plan.projection.autapses:
            cells[1:] -= np.isin(ends.pre, ends.post)
        degree = np.zeros(ends.pre.size, np.int64)
        split_total(
            self.number, np.cumsum(cells), not multapses, plan.seed, plan.number, degree, np.empty((3, 128), np.int64)
        )
        return Degrees(degree, not multapses)

    def longest_row(self, compiled: Degrees, members: int) -> int:
        """The largest degree."""
        return int(np.max(compiled.degree))
