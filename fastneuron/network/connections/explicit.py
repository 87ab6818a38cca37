"""Synapses given one by one."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np

from ... import _check
from ..._kernel.jit import kernel
from ..._kernel.random import Counter
from ..distributions import Distribution
from ..laws import draw
from .rows import CALL, Rows, room_for, spans
from .rule import Rule
from .wiring import DELAY, WEIGHT, Ends, copy


class Lists(NamedTuple):
    """All synapses, ordered by source, then target, then as given; all numbers are of whole populations."""

    indptr: Any
    target: Any
    weight: Any
    delay: Any


@kernel
def bounds(lists, low, high, first, indptr):
    """Where the targets of each source begin that are low or above, and how many are below high, one place ahead."""
    for source in range(first.size):
        end = lists.indptr[source + 1]
        begin = lists.indptr[source]
        begin += np.searchsorted(lists.target[begin:end], low)
        first[source] = begin
        indptr[source + 1] = np.searchsorted(lists.target[begin:end], high)


@kernel
def select(lists, low, first, rows, begin, end):
    """Copy what is in the range, of the sources begin to end."""
    for source in range(begin, end):
        at, count = rows.indptr[source], rows.indptr[source + 1] - rows.indptr[source]
        for i in range(count):
            rows.target[at + i] = lists.target[first[source] + i] - low
        copy(lists.weight, first[source], count, rows.weight, at)
        copy(lists.delay, first[source], count, rows.delay, at)


@kernel
def draw_each(law, seed, kind, number, first, out):
    """The value of each synapse, by its place among those given."""
    for i in range(out.size):
        out[i] = draw(law, Counter(seed, kind, number, first + i, (first + i) >> 32, 0))


class Explicit(Rule):
    """The synapses pre[k] to post[k].

    Parameters
    ----------
    pre, post : (m,) array_like of int
        Indices in the two ends of the projection.
    weight : (m,) array, optional
        The values of the sparse matrix that they are from.
    """

    def __init__(self, pre: Any, post: Any, weight: np.ndarray | None = None) -> None:
        self.pre, self.post = _indices("pre", pre), _indices("post", post)
        if self.pre.size != self.post.size:
            raise ValueError(f"pre and post must be of one length; got {self.pre.size} and {self.post.size} synapses")
        self.weight = weight

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """Indices within the two ends."""
        for name, given, n in (("pre", self.pre, ends.pre.size), ("post", self.post, ends.post.size)):
            bad = np.flatnonzero((given < 0) | (given >= n))
            if bad.size:
                raise ValueError(f"{name} must be indices from 0 to {n - 1}; got {given[bad[0]]} at synapse {bad[0]}")

    def check_flags(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """ValueError where there is a synapse that the flags rule out."""
        pre, post = self._neurons(ends)
        if ends.same and not autapses and (bad := np.flatnonzero(pre == post)).size:
            raise ValueError(f"autapses is False, but synapse {bad[0]} connects neuron {pre[bad[0]]} to itself")
        if not multapses:
            order = np.lexsort((post, pre))
            twice = np.flatnonzero((np.diff(pre[order]) == 0) & (np.diff(post[order]) == 0))
            if twice.size:
                k = order[twice[0]]
                raise ValueError(f"multapses is False, but more than one synapse goes from {pre[k]} to {post[k]}")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """As many as given."""
        return float(self.pre.size)

    def compiled(self, plan: Any) -> Lists:
        """The synapses in order."""
        pre, post = self._neurons(plan.ends)
        order = np.lexsort((post, pre))  # stable: what is given twice stays in its order
        indptr = np.zeros(plan.ends.n_pre + 1, np.int64)
        np.cumsum(np.bincount(pre, minlength=plan.ends.n_pre), out=indptr[1:])
        values = [
            self._values(plan, given, kind, dtype)
            for given, kind, dtype in (
                (plan.projection.weight, WEIGHT, plan.weight_type),
                (plan.projection.delay, DELAY, plan.delay_type),
            )
        ]
        return Lists(
            indptr, post[order].astype(np.uint32), *(None if value is None else value[order] for value in values)
        )

    def make(self, plan: Any, low: int, high: int) -> Generator[None, None, Rows]:
        """The part of each row that is in the range."""
        lists = plan.wiring.rule
        indptr, first = np.zeros(plan.ends.n_pre + 1, np.int64), np.empty(plan.ends.n_pre, np.int64)
        bounds(lists, low, high, first, indptr)
        yield
        rows = room_for(plan, np.cumsum(indptr, out=indptr), high - low)
        size = max(int(CALL * plan.ends.n_pre / max(indptr[-1], 1)), 1)
        for begin, end in spans(0, plan.ends.n_pre, size):
            select(lists, low, first, rows, begin, end)
            yield
        return rows

    def _neurons(self, ends: Ends) -> tuple[np.ndarray, np.ndarray]:
        """The two ends of each synapse as numbers of whole populations."""
        found = []
        for given, members, order in ((self.pre, ends.pre, ends.pre_order), (self.post, ends.post, ends.post_order)):
            neuron = np.empty(members.size, np.int64)
            neuron[order] = members
            found.append(neuron[given])
        return found[0], found[1]

    def _values(self, plan: Any, given: Any, kind: int, dtype: Any) -> np.ndarray | None:
        if dtype is None:
            return None
        if not isinstance(given, Distribution):
            return given
        drawn = np.empty(self.pre.size, dtype)
        draw_each(given.compiled(), plan.seed, kind, plan.number, 0, drawn)
        return drawn

    def __repr__(self) -> str:
        return f"<{self.pre.size} synapses>"


def _indices(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim != 1 or array.dtype.kind not in ("iu" if array.size else "iuf"):
        raise TypeError(f"{name} must be neuron indices, one per synapse; got {_check.shown(value)}")
    return array.astype(np.int64)
