"""A coupling without delay in its network: checked, and its entries made."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from .. import _check
from ..couplings import Coupling
from . import values
from .connections import AllToAll, Explicit, OneToOne
from .distributions import Distribution
from .plan import ProjectionPlan
from .population import Group, Population
from .projection import ends_of, rule_of, weight_of


class EntriesByTarget(NamedTuple):
    """Those of the target i, its number in the whole population, are ``begin[i]`` to ``begin[i + 1]``, by sender."""

    begin: np.ndarray  # (post + 1,) int64
    pre: np.ndarray  # (entries,) uint32: numbers in the whole population
    weight: np.ndarray  # (entries,), or (1,): one for all


class NetworkCoupling:
    """A `Coupling` of populations, or of views of them: what it says, checked.

    It has what a `Projection` has, so that a `ProjectionPlan` can make its entries.

    Attributes
    ----------
    declared : Coupling
        As it was given.
    both_ways : bool
        Whether it acts from `post` to `pre` as well, with the same entries: where it is symmetric, and the two ends
        have no neuron in common.
    """

    delay, stored, autapses, multapses = 1.0, True, True, True  # there is no delay; a plan wants one

    def __init__(self, declared: Coupling) -> None:
        self.declared, self.kind = declared, declared.kind
        self.pre, self.post = _end("pre", declared.pre), _end("post", declared.post)
        if self.kind.size > 1:
            raise ValueError(
                f"a coupling in a network has one kind for all neurons, but {self.kind!r} has {self.kind.size} values "
                "of a parameter: give numbers, and make a coupling for each group of neurons"
            )
        self.state_of(self.pre)
        self.rule = rule_of(declared.connections, len(self.pre), len(self.post))
        self.rule.check(self.ends, self.autapses, self.multapses)
        self.weight = values.checked("weight", weight_of(self.rule, declared.weight), self.rule, self.ends)
        self.both_ways = declared.symmetric and self._is_between_two()
        if self.both_ways:
            self.state_of(self.post)
        elif declared.symmetric:
            self._check_symmetric()

    @functools.cached_property
    def ends(self) -> Any:
        """The members of both ends in ascending order."""
        return ends_of(self.pre, self.post)

    @property
    def mean_synapses(self) -> float:
        """The expected number of entries: the number itself where the rule fixes it."""
        return self.rule.mean_synapses(self.ends, True)

    @property
    def is_mean_field(self) -> bool:
        """Whether all that counts is the mean of what is sent."""
        return isinstance(self.rule, AllToAll) and isinstance(self.weight, float) and self.kind.linear

    def entries(self, plan: ProjectionPlan) -> EntriesByTarget:
        """All entries."""
        rows = plan.rows(0, self.ends.n_post)
        pre = np.repeat(np.arange(self.ends.n_pre, dtype=np.uint32), np.diff(rows.indptr))
        return _by_target(pre, rows.target, rows.weight, self.ends.n_post, self.weight)

    def state_of(self, sender: Group) -> int:
        """Which of its states is read."""
        names = list(sender.population.model.states)  # type: ignore[attr-defined]
        if self.kind.reads is None:
            return 0
        return names.index(_check.known(f"what {self.kind!r} reads, a state of the sender,", self.kind.reads, names))

    def _is_between_two(self) -> bool:
        """Whether the ends have no neuron in common; ValueError where they have some, and are not the same."""
        if not self.ends.same or not np.intersect1d(self.ends.pre, self.ends.post).size:
            return True
        if not np.array_equal(self.ends.pre, self.ends.post):
            raise ValueError(
                "the ends of a symmetric coupling must be the same neurons, or have none in common; "
                f"got {self.pre!r} and {self.post!r}: give symmetric=False, and both directions"
            )
        return False

    def _check_symmetric(self) -> None:
        """ValueError where a weight is not that of the other direction."""
        drawn = not isinstance(self.rule, AllToAll | Explicit | OneToOne) or isinstance(self.weight, Distribution)
        if drawn:
            raise ValueError(
                f"{self.kind!r} is symmetric, and {self.rule!r} draws each direction on its own: give a symmetric "
                "matrix of weights, or symmetric=False"
            )
        if self.is_mean_field:
            return
        found = self.entries(ProjectionPlan(self, 0, 0))
        post = np.repeat(np.arange(self.ends.n_post), np.diff(found.begin))
        self.check_same(found.pre.astype(np.int64), post, np.broadcast_to(found.weight, post.shape))

    def check_same(self, pre: np.ndarray, post: np.ndarray, weight: np.ndarray) -> None:
        """ValueError where the weights between two neurons, which have numbers, are not those of the other direction.

        Where the coupling is not symmetric, or acts both ways anyhow, all are allowed.
        """
        if self.both_ways or not self.declared.symmetric:
            return
        n = self.ends.n_post
        here, there = (_summed(a * n + b, weight) for a, b in ((pre, post), (post, pre)))
        both = np.union1d(here[0], there[0])
        forth, back = (_looked_up(both, *one) for one in (here, there))
        bad = np.flatnonzero(forth != back)
        if bad.size:
            i, j = divmod(int(both[bad[0]]), n)
            raise ValueError(
                f"{self.kind!r} is symmetric, but its weight from {i} to {j} is {forth[bad[0]]:g}, and that from {j} "
                f"to {i} {back[bad[0]]:g}: give the same, or symmetric=False"
            )

    def __repr__(self) -> str:
        return f"Coupling({len(self.pre)} to {len(self.post)}, {self.kind!r}, {self.rule!r})"


def _end(name: str, given: Any) -> Group:
    if not isinstance(given, Group) or not isinstance(given.population, Population):
        hint = "; names of cells are for a Circuit" if isinstance(given, str) else ""
        raise TypeError(f"{name} must be a Population or a view of one; got {_check.shown(given)}{hint}")
    model = given.population.model
    if model.resets():
        raise ValueError(
            f"{name} must be neurons that do not reset, since a jump inside a step would act on others at once; "
            f"got {type(model).__name__}"
        )
    return given


def _by_target(pre: np.ndarray, post: np.ndarray, weight: Any, n: int, shared: Any) -> EntriesByTarget:
    order = np.argsort(post, kind="stable")
    begin = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(post, minlength=n), out=begin[1:])
    values = np.array([shared]) if weight is None else weight[order].astype(np.float64)
    return EntriesByTarget(begin, pre[order].astype(np.uint32), values)


def turned(entries: EntriesByTarget, n: int) -> EntriesByTarget:
    """The entries from the targets to the `n` senders."""
    post = np.repeat(np.arange(entries.begin.size - 1), np.diff(entries.begin))
    shared = entries.weight.size != post.size
    return _by_target(post, entries.pre, None if shared else entries.weight, n, entries.weight[0] if shared else None)


def _summed(key: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each key once, in ascending order, with the sum of its weights."""
    found, place = np.unique(key, return_inverse=True)
    return found, np.bincount(place, weight, found.size)


def _looked_up(keys: np.ndarray, known: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The weights of keys; 0 where one is not known."""
    out = np.zeros(keys.size)
    out[np.searchsorted(keys, known)] = weight
    return out
