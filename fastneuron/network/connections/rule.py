"""What a rule of connection is.

A synapse is a function of the seed, the number of its projection, its source and a fixed chunk of targets; or, where
a rule is of in-degrees, of its target.  So any range of targets can be made alone, by anybody, early or at a spike.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar

import numpy as np

from . import rows
from .wiring import Ends

SMALLEST_CHUNK, LARGEST_CHUNK = 64, 16384  # targets
A_CHUNK = 22  # synapses: below, the begin of a chunk costs; above, small ranges make much in vain


class Rule:
    """Base class of the rules."""

    by_source: ClassVar[bool] = False  # has a compiled row, so that synapses can be made anew at every spike

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """Raise where the rule does not fit these populations."""

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """The expected number of synapses: the number itself where the rule fixes it."""
        raise NotImplementedError

    def probability(self, ends: Ends) -> float:
        """About how many synapses there are per pair."""
        return self.mean_synapses(ends, True) / (len(ends.pre) * len(ends.post))

    def compiled(self, plan: Any) -> Any:
        """The rule of a `ProjectionPlan` for kernels: a NamedTuple, whose type says which."""
        raise NotImplementedError

    def longest_row(self, compiled: Any, members: int) -> int:
        """At most so many synapses go from a source to so many members."""
        return members

    def chunks_split(self, plan: Any) -> int:
        """The number of chunks among which a row is split, if it is."""
        return 0

    def marks(self, plan: Any) -> int:
        """How many bytes the making of rows wants, zeros at first."""
        return 0

    def bits(self, plan: Any) -> int:
        """How many numbers of 64 bits the making of a row wants."""
        return 0

    def make(self, plan: Any, low: int, high: int) -> Generator[None, None, rows.Rows]:
        """The rows of targets low to high; every ``yield`` is a moment at which it may be left."""
        return rows.by_source(plan, low, high)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({fields})"


def pairs(ends: Ends, autapses: bool) -> int:
    """The number of pairs that may be connected."""
    both = np.intersect1d(ends.pre, ends.post, assume_unique=True).size if ends.same and not autapses else 0
    return len(ends.pre) * len(ends.post) - both


def chunk_size(probability: float) -> int:
    """The targets of a chunk: a power of two."""
    wanted = A_CHUNK / max(probability, A_CHUNK / LARGEST_CHUNK)
    return int(min(max(2 ** np.ceil(np.log2(wanted)), SMALLEST_CHUNK), LARGEST_CHUNK))
