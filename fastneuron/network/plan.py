"""A projection in its network: from its declaration to its synapses; likewise a coupling."""

from __future__ import annotations

import functools
from collections.abc import Generator
from typing import Any

import numpy as np

from . import values
from .connections.rows import Rows, ordered, scratch
from .connections.rule import chunk_size
from .connections.wiring import Scratch, Wiring


class ProjectionPlan:
    """How the synapses of a projection are made, whole or in part, before a run or at a spike.

    Parameters
    ----------
    projection : Projection or NetworkCoupling
        Whose.
    seed, number : int
        Of the network, and of the projection in it.

    Attributes
    ----------
    weight_type, delay_type : dtype or None
        Of what each synapse has of its own; None where one number serves all.
    """

    def __init__(self, projection: Any, seed: int, number: int) -> None:
        self.projection, self.ends, self.rule = projection, projection.ends, projection.rule
        self.seed = seed if seed < 2**63 else seed - 2**64  # the same bits as an int64
        self.number = number
        self.weight_type, self.delay_type = values.type_of(projection.weight), values.type_of(projection.delay)

    @functools.cached_property
    def mean_synapses(self) -> float:
        """The expected number of synapses: the number itself where the rule fixes it."""
        return self.projection.mean_synapses

    @functools.cached_property
    def chunk(self) -> int:
        """Ranges that begin and end at multiples of so many targets are made without waste."""
        return chunk_size(self.rule.probability(self.ends))

    @functools.cached_property
    def starts(self) -> np.ndarray:
        """The ranks of the first members of the chunks, and the number of members."""
        chunks = -(-self.ends.n_post // self.chunk)
        return np.searchsorted(self.ends.post, np.arange(chunks + 1) * self.chunk)

    @functools.cached_property
    def wiring(self) -> Wiring:
        """What kernels see; `make_row` makes rows of it anew."""
        ends = self.ends
        rank = np.full(ends.n_pre, -1, np.int64)
        rank[ends.pre] = np.arange(ends.pre.size)
        return Wiring(
            rule=self.rule.compiled(self),
            weight=values.law_of(self.projection.weight, ends),
            delay=values.law_of(self.projection.delay, ends),
            seed=self.seed,
            number=self.number,
            pre_rank=rank,
            post=ends.post,
            starts=self.starts,
            chunk=self.chunk,
            contiguous=bool(ends.post[-1] - ends.post[0] + 1 == ends.post.size),
            autapses=self.projection.autapses or not ends.same,
        )

    def scratch(self, low: int, high: int) -> Scratch:
        """Room for one row of targets low to high."""
        return scratch(self, low, high)

    def make(self, low: int, high: int) -> Generator[None, None, Rows]:
        """The synapses on the targets low to high; every ``yield`` is a moment at which it may be left."""
        rows = yield from self.rule.make(self, low, high)
        return (yield from ordered(rows))

    def rows(self, low: int, high: int) -> Rows:
        """The same, at once."""
        steps = self.make(low, high)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value
