"""The weights of a network's synapses and couplings while it is at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from ..couplings import Coupling
from ..network.connections.rows import Rows
from ..network.coupling import NetworkCoupling
from ..network.coupling_sources import Way
from ..network.delivery import SHARED_WEIGHT
from ..network.network import Network
from ..network.projection import Projection
from .coupled import Coupled
from .network_scheduler import NetworkAtWork


class Weights:
    """The weights of each projection, in the unit of its receptor, and of each coupling; by itself or its number.

    ``weights[0]`` is a number where all synapses of the projection have the same; else a copy of theirs, in the order
    of ``network.connections(0)``.  ``weights[0] = values`` sets them, for all spikes that arrive from then on.
    Couplings are numbered after the projections; one that acts both ways has the same weights for both.

    Attributes
    ----------
    changed : dict of float or ndarray
        Those that have been set, by number.
    network : Network
        The network whose they are.
    """

    def __init__(self, work: NetworkAtWork) -> None:
        self._work = work
        self._orders: dict[int, np.ndarray] = {}
        self.changed: dict[int, Any] = {}

    @property
    def network(self) -> Network:
        """The network whose they are."""
        return self._work.recipe.network

    def __len__(self) -> int:
        return len(self.network.projections) + len(self.network.couplings)

    def __iter__(self) -> Iterator[float | np.ndarray]:
        return map(self.__getitem__, range(len(self)))

    def _repr_html_(self) -> str:
        links: list[Any] = [*self.network.projections, *self.network.couplings]
        rows = ((k, repr(one), _html.value(self.changed.get(k, one.weight))) for k, one in enumerate(links))
        return _html.table("Weights", rows)

    def __repr__(self) -> str:
        couplings = f" and {len(self.network.couplings)} couplings" if self.network.couplings else ""
        return f"<Weights of {len(self.network.projections)} projections{couplings}>"

    def __getitem__(self, projection: Projection | Coupling | int) -> float | np.ndarray:
        number = self.network.number_of(projection)
        if (coupling := self._coupling(number)) is not None:
            if isinstance(coupling.weight, float):
                return float(self.changed.get(number, coupling.weight))
            return self._ways(number)[0][1].taken(*self._pairs(number, coupling))
        routes = self._work.wired.routes
        if self._is_shared(number):
            return float(routes.numbers[number, SHARED_WEIGHT])
        if not (rows := self._rows(number)):
            raise ValueError(f"weights of projection {number} are made anew at every spike: they stand nowhere")
        return np.concatenate([part.weight for part in rows])[self._order(number)]

    def __setitem__(self, projection: Projection | Coupling | int, value: npt.ArrayLike) -> None:
        number = self.network.number_of(projection)
        name = f"weights[{number}]"
        given = _check.numbers(name, value)
        if (coupling := self._coupling(number)) is not None:
            self._couple(number, coupling, given)
            self.changed[number] = given.copy()
            return
        _check.satisfies(name, given, lambda x: np.abs(x) <= np.finfo(np.float32).max, "finite in float32", "index")
        if self._is_shared(number):
            if given.ndim:
                raise ValueError(
                    f"weights[{number}] must be a number, as the projection was made with one for all synapses; got "
                    f"{given.size} values: make it with an array of weights"
                )
            self._work.wired.routes.numbers[number, SHARED_WEIGHT] = given
        else:
            self._put(number, given)
        self.changed[number] = given.copy()

    def _put(self, number: int, given: np.ndarray) -> None:
        """Lay weights down where the synapses are."""
        rows = self._rows(number)
        if not rows:
            raise ValueError(f"weights of projection {number} are made anew at every spike, and cannot be set")
        sizes = [part.target.size for part in rows]
        if given.ndim and given.size != sum(sizes):
            raise ValueError(
                f"weights[{number}] must be a number or one for each of the {sum(sizes)} synapses; got {given.size}"
            )
        flat = np.empty(sum(sizes), rows[0].weight.dtype)  # type: ignore[union-attr]
        flat[self._order(number)] = given
        for part, values in zip(rows, np.split(flat, np.cumsum(sizes)[:-1]), strict=True):
            part.weight[...] = values  # type: ignore[index]

    def _couple(self, number: int, coupling: NetworkCoupling, given: np.ndarray) -> None:
        """Let a coupling have other weights."""
        pre, post = (np.empty(0, np.int64),) * 2 if coupling.is_mean_field else self._pairs(number, coupling)
        if given.ndim and isinstance(coupling.weight, float):
            raise ValueError(
                f"weights[{number}] must be a number, as the coupling was made with one for all; got {given.size} "
                "values: make it with an array of weights"
            )
        if given.ndim and given.size != pre.size:
            raise ValueError(
                f"weights[{number}] must be a number or one for each of the {pre.size} pairs; got {given.size}"
            )
        coupling.check_same(pre, post, np.broadcast_to(given, pre.shape))
        for (cell, way), pair in zip(self._ways(number), [(pre, post), (post, pre)], strict=False):
            way.put(given, coupling, *pair)
            cell.renew()  # the gains of a mean field are among the constants of its neurons

    def _coupling(self, number: int) -> NetworkCoupling | None:
        """The coupling that has a number, if one has."""
        behind = number - len(self.network.projections)
        return None if behind < 0 else self.network.couplings[behind]

    def _ways(self, number: int) -> list[tuple[Coupled, Way]]:
        """The directions in which a coupling acts, that from `pre` to `post` first, each with its receivers."""
        ways = [(cell, way) for cell in self._work.cells.values() for way in cell.in_step.ways if way.number == number]
        coupling = self._coupling(number)
        return sorted(ways, key=lambda one: one[1].pre is not coupling.pre)  # type: ignore[union-attr]

    def _pairs(self, number: int, coupling: NetworkCoupling) -> tuple[np.ndarray, np.ndarray]:
        """Senders and receivers by their numbers in their populations, in the order of ``network.connections``."""
        found = self.network.connections(number)
        return coupling.pre.indices[found.pre], coupling.post.indices[found.post]

    def _is_shared(self, number: int) -> bool:
        return isinstance(self._work.recipe.network.projections[number].weight, float)

    def _rows(self, number: int) -> Sequence[Rows]:
        """The synapses of a projection, range by range; none where they are made anew."""
        wired = self._work.wired
        return [rows for rows, (_, k) in zip(wired.rows, wired.places, strict=True) if k == number]

    def _order(self, number: int) -> np.ndarray:
        """Where each synapse stands among those of all ranges, in the order of ``network.connections``."""
        if number not in self._orders:
            rows, plan = self._rows(number), self._work.recipe.network.plan(number)
            if self._work.recipe.delivery == "grid" and rows[0].delay is not None:  # which rounds delays
                limits = [self._work.places[r] for r, k in self._work.wired.places if k == number]
                rows = [plan.rows(place.low, place.high) for place in limits]
            sources = [np.repeat(np.arange(part.indptr.size - 1), np.diff(part.indptr)) for part in rows]
            keys = [np.concatenate(sources)]
            if rows[0].delay is not None:
                keys.insert(0, np.concatenate([part.delay for part in rows]))
            self._orders[number] = np.lexsort(keys)
        return self._orders[number]
