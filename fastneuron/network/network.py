"""Networks: populations by name, and the projections and couplings between them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import _check, _html
from .._kernel import threads
from ..couplings import Coupling
from .coupling import NetworkCoupling
from .plan import ProjectionPlan
from .population import Group, Population
from .projection import Projection
from .sources import Source

MOST = 2**16  # projections, and sources: a number is half a word of random numbers' counters
A_RANGE = 2**14  # targets whose synapses are made at once


class Connections(NamedTuple):
    """The synapses of a projection, ordered by source, then as they act; indices are those of its two ends.

    A weight or delay is a float where one serves all.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: float | np.ndarray
    delay: float | np.ndarray


class Degrees(NamedTuple):
    """How many synapses each source has, and each target."""

    out: np.ndarray
    into: np.ndarray


class Network:
    """Populations and the projections between them.

    Parameters
    ----------
    populations : dict of str to Population, PoissonSource or SpikeSource
        By the names under which results are found.
    projections : sequence of Projection and Coupling
        Between these populations and views of them: synapses, whose spikes arrive after a delay, and couplings without
        one.  The latter stand in `couplings`, and have numbers of their own.
    seed : int, default 0
        Of all that is drawn: connections, weights, delays, Poisson trains.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed, or a projection has an end that is not among the populations.

    Examples
    --------
    >>> import fastneuron as fn
    >>> cells = fn.Population(fn.TraubMiles.cobahh(), 100, receptors={"exc": object()})
    >>> net = fn.Network({"cells": cells}, [fn.Projection(cells, cells, "exc", fn.FixedOutDegree(10))])
    >>> net.degrees(0).out.max()
    np.int64(10)
    """

    def __init__(
        self, populations: Mapping[str, Group], projections: Iterable[Projection | Coupling] = (), seed: int = 0
    ) -> None:
        self.populations = _populations(populations)
        self.projections, self.couplings = _projections(projections)
        self.seed = _check.whole("seed", seed, 0, 2**64 - 1)
        members = list(self.populations.values())
        for what, links in (("projection", self.projections), ("coupling", self.couplings)):
            for (k, link), end in itertools.product(enumerate(links), ("pre", "post")):
                group = getattr(link, end).population
                if not any(group is member for member in members):
                    raise ValueError(
                        f"the {end} of {what} {k} is not in the network: {group!r} is none of "
                        f"{', '.join(map(repr, self.populations))}"
                    )

    @property
    def n(self) -> int:
        """The number of neurons, sources not counted."""
        return sum(group.n for group in self.populations.values() if isinstance(group, Population))

    def name_of(self, group: Group) -> str:
        """The name of a population, or of what a view is a part of."""
        return next(name for name, member in self.populations.items() if member is group.population)

    def plan(self, projection: Projection | Coupling | int) -> ProjectionPlan:
        """How the synapses of a projection, or the entries of a coupling, are made."""
        number = self.number_of(projection)
        behind = number - len(self.projections)
        return self._plans[number] if behind < 0 else self._coupling_plans[behind]

    def source_spikes(self, name: str, duration: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """The spikes of a source in a run of that duration (ms): which of its trains, and when, ms."""
        source = self.populations[_check.known("name", name, self.populations)]
        if not isinstance(source, Source):
            raise TypeError(f"{name!r} must be the name of a source; got {source!r}")
        return source.spikes(_check.steps(duration, dt), dt, self.seed, list(self.populations).index(name))

    def check_delays(self, dt: float) -> None:
        """ValueError where a delay is below dt."""
        for k, projection in enumerate(self.projections):
            shortest = projection.delays[0]
            if shortest < dt:
                raise ValueError(
                    f"the delay of projection {k} must be at least dt = {dt:g} ms; got {shortest:g}: "
                    f"make the delay longer, or dt at most {shortest:g}"
                )

    def connections(self, projection: Projection | Coupling | int, sparse: bool = False) -> Any:
        """Every synapse of a projection, or every pair that a coupling couples.

        Parameters
        ----------
        projection : Projection, Coupling or int
            Which, itself or its number; couplings are numbered after the projections.  Of a coupling that acts both
            ways, those from `pre` to `post`; its delay is of no meaning.
        sparse : bool, default False
            Whether to return the weights as a ``scipy.sparse.coo_array`` of shape (pre, post), in which synapses
            between the same two neurons stay apart.

        Returns
        -------
        Connections or scipy.sparse.coo_array
            Arrays pre, post, weight, delay, or the matrix.
        """
        _check.flag("sparse", sparse)
        plan = self.plan(projection)
        found = _gathered(plan)
        if not sparse:
            return found
        from scipy.sparse import coo_array  # here: it takes as long to import as the rest of the package

        weight = np.broadcast_to(found.weight, found.pre.shape)
        return coo_array((weight, (found.pre, found.post)), shape=(plan.ends.pre.size, plan.ends.post.size))

    def degrees(self, projection: Projection | Coupling | int) -> Degrees:
        """How many synapses each source and each target of a projection has; synapses are counted, not kept.

        Parameters
        ----------
        projection : Projection, Coupling or int
            Which, itself or its number.

        Returns
        -------
        Degrees
            ``out`` (pre,) and ``into`` (post,), in the order of the two ends.
        """
        plan = self.plan(projection)
        out, into = np.zeros(plan.ends.n_pre, np.int64), np.zeros(plan.ends.n_post, np.int64)
        for low, high in _ranges(plan):
            rows = plan.rows(low, high)
            out += np.diff(rows.indptr)
            into[low:high] += np.bincount(rows.target, minlength=high - low)
        return Degrees(out[plan.projection.pre.indices], into[plan.projection.post.indices])

    @functools.cached_property
    def _plans(self) -> list[ProjectionPlan]:
        return [ProjectionPlan(projection, self.seed, k) for k, projection in enumerate(self.projections)]

    @functools.cached_property
    def _coupling_plans(self) -> list[ProjectionPlan]:
        # numbered from the other end, so that neither changes what is drawn for the other
        return [ProjectionPlan(one, self.seed, MOST - 1 - k) for k, one in enumerate(self.couplings)]

    def number_of(self, projection: Projection | Coupling | int) -> int:
        """The number of a projection, or behind them of a coupling, given itself or its number."""
        links = [*self.projections, *(coupling.declared for coupling in self.couplings)]
        for k, one in enumerate(links):
            if one is projection:
                return k
        if isinstance(projection, Projection | Coupling):
            what = type(projection).__name__.lower()
            raise ValueError(f"the {what} is not in the network: {projection!r}")
        return _check.whole("projection", projection, 0, len(links) - 1)

    def __reduce__(self) -> Any:  # without the plans that have been made
        return Network, (self.populations, (*self.projections, *(one.declared for one in self.couplings)), self.seed)

    def _repr_html_(self) -> str:
        rows = [
            (name, repr(group), ", ".join(getattr(group, "receptors", ()))) for name, group in self.populations.items()
        ]
        rows += [(self._arrow(one), f"{one.receptor}: {one.rule!r}", one.strength) for one in self.projections]
        rows += [(self._arrow(one), repr(one.kind), repr(one.rule)) for one in self.couplings]
        return _html.table(f"Network of {self.n:,} neurons, seed {self.seed}", rows)

    def _arrow(self, link: Projection | NetworkCoupling) -> str:
        """From where to where a link goes."""
        pre, post = (
            self.name_of(end) if end.population is end else f"{len(end):,} of {self.name_of(end)}"
            for end in (link.pre, link.post)
        )
        return f"{pre} {'↔' if getattr(link, 'both_ways', False) else '→'} {post}"

    def __repr__(self) -> str:
        parts = ", ".join(f"{name!r}: {group!r}" for name, group in self.populations.items())
        couplings = f", {len(self.couplings)} couplings" if self.couplings else ""
        return f"Network({{{parts}}}, {len(self.projections)} projections{couplings}, seed={self.seed})"


def _populations(given: Mapping[str, Group]) -> dict[str, Group]:
    example = "{'cells': fn.Population(...)}"
    if not isinstance(given, Mapping) or not given:
        raise TypeError(f"populations must map names to populations, as in {example}; got {_check.shown(given)}")
    for name, group in given.items():
        if not isinstance(name, str) or not name or "/" in name:
            raise TypeError(f"the name of a population must be a text without '/'; got {_check.shown(name)}")
        if not isinstance(group, Group) or group.population is not group:
            hint = "; views are for projections" if isinstance(group, Group) else ""
            raise TypeError(
                f"populations[{name!r}] must be a Population, a PoissonSource or a SpikeSource; "
                f"got {_check.shown(group)}{hint}"
            )
    seen: list[Group] = []
    for name, group in given.items():
        if any(group is other for other in seen):
            raise ValueError(f"populations must be different from each other; got one twice, as {name!r} too")
        seen.append(group)
    if len(given) > MOST:
        raise ValueError(f"populations must be at most {MOST}; got {len(given)}")
    return dict(given)


def _projections(given: Iterable[Projection | Coupling]) -> tuple[tuple[Projection, ...], tuple[NetworkCoupling, ...]]:
    """The projections and the couplings."""
    if isinstance(given, Projection | Coupling) or not isinstance(given, Iterable):
        raise TypeError(f"projections must be a sequence of Projections, as in [fn.Projection(...)]; got {given!r}")
    projections, couplings = [], []
    for k, link in enumerate(given):
        if isinstance(link, Projection):
            projections.append(link)
        elif isinstance(link, Coupling):
            try:
                couplings.append(NetworkCoupling(link))
            except (TypeError, ValueError) as error:
                raise type(error)(f"projections[{k}]: {error}") from None
        else:
            raise TypeError(f"projections[{k}] must be a Projection or a Coupling; got {_check.shown(link)}")
    if len(projections) + len(couplings) > MOST:
        raise ValueError(f"projections must be at most {MOST}; got {len(projections) + len(couplings)}")
    return tuple(projections), tuple(couplings)


def _ranges(plan: ProjectionPlan) -> list[tuple[int, int]]:
    n = plan.ends.n_post
    return [(low, min(low + A_RANGE, n)) for low in range(0, n, A_RANGE)]


def _gathered(plan: ProjectionPlan) -> Connections:
    """All synapses of a projection, made range by range on all threads."""
    ranges = _ranges(plan)
    parts = threads.spread(lambda limits: plan.make(*limits), ranges, threads.available())
    source = np.concatenate([np.repeat(np.arange(plan.ends.n_pre), np.diff(rows.indptr)) for rows in parts])
    target = np.concatenate([rows.target + np.int64(low) for (low, _), rows in zip(ranges, parts, strict=True)])
    weight, delay = (
        getattr(plan.projection, name)
        if getattr(plan, f"{name}_type") is None
        else np.concatenate([getattr(rows, name) for rows in parts])
        for name in ("weight", "delay")
    )
    keys = (source,) if isinstance(delay, float) else (delay, source)
    order = np.lexsort(keys)
    place = [np.empty(n, np.int64) for n in (plan.ends.n_pre, plan.ends.n_post)]
    for here, end in zip(place, (plan.projection.pre, plan.projection.post), strict=True):
        here[end.indices] = np.arange(len(end))
    return Connections(
        place[0][source[order]],
        place[1][target[order]],
        weight if isinstance(weight, float) else weight[order],
        delay if isinstance(delay, float) else delay[order],
    )
