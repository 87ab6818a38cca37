"""The synapses of a network as delivery wants them: in rows by source, cut by ranges of targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .._kernel import threads as _threads
from .connections.rows import Rows
from .delivery import (
    DOUBLE,
    LATEST,
    LEAVES,
    NONE,
    RECEPTOR,
    SENDER,
    SHARED_DELAY,
    SHARED_WEIGHT,
    SINGLE,
    SOONEST,
    Routes,
)
from .network import Network

KINDS = {np.dtype(np.float32): SINGLE, np.dtype(np.float64): DOUBLE}
SLACK = {NONE: 1e-9, DOUBLE: 1e-9, SINGLE: 1e-6}  # relative: a delay that is a whole number of steps but for rounding


class Range(NamedTuple):
    """Neurons `low` to `high` of a population, by its name."""

    population: str
    low: int
    high: int


class Wired(NamedTuple):
    """A network's synapses on some ranges of targets."""

    routes: Routes
    rows: list[Rows]  # whose addresses are in the routes
    synapses: int
    soonest: int  # steps between a spike and its first arrival, at least
    places: list[tuple[int, int]]  # the range and the projection of each of the rows


def wire(network: Network, ranges: Sequence[Range], receptors: Sequence[tuple[str, str]], dt: float, threads: int,
         grid: bool = False) -> Wired:  # fmt: skip
    """Make the synapses on all ranges, on several threads.

    Parameters
    ----------
    network : Network
        Whose.
    ranges : sequence of Range
        Of its populations.
    receptors : sequence of (str, str)
        Population and name of each receptor, in the order of the inboxes.
    dt : float
        Step, ms.
    threads : int
        Number of threads.
    grid : bool
        Whether spikes leave at the end of their step, and delays are rounded to whole steps.
    """
    senders = list(network.populations)
    numbers = np.zeros((len(network.projections), 7))
    kinds = np.zeros((len(network.projections), 2), np.int64)
    addresses = np.zeros((len(ranges), len(network.projections), 4), np.int64)
    places = [
        (r, k)
        for r, limits in enumerate(ranges)
        for k, projection in enumerate(network.projections)
        if network.name_of(projection.post) == limits.population and projection.stored
    ]
    made = _threads.spread(lambda place: network.plan(place[1]).make(*ranges[place[0]][1:]), places, threads)
    shortest = np.full(len(network.projections), np.inf)
    longest = np.zeros(len(network.projections))
    for (r, k), rows in zip(places, made, strict=True):
        if rows.delay is not None and rows.delay.size:
            if grid:
                rows.delay[...] = np.maximum(np.rint(rows.delay / dt), 1.0) * dt
            shortest[k], longest[k] = min(shortest[k], rows.delay.min()), max(longest[k], rows.delay.max())
        addresses[r, k] = [_address(array) for array in rows]
        kinds[k] = [NONE if array is None else KINDS[array.dtype] for array in (rows.weight, rows.delay)]
    for k, projection in enumerate(network.projections):
        if kinds[k, 1] == NONE:
            shortest[k] = longest[k] = projection.delays[0]
        low, high = (_steps(delay / dt, int(kinds[k, 1]), grid) for delay in (shortest[k], longest[k]))
        numbers[k, SENDER] = senders.index(network.name_of(projection.pre))
        target = network.name_of(projection.post), projection.receptor
        numbers[k, RECEPTOR] = receptors.index(target) if target in receptors else -1  # of neurons that are not here
        numbers[k, SHARED_WEIGHT] = projection.weight if isinstance(projection.weight, float) else 0.0
        numbers[k, SHARED_DELAY] = low if kinds[k, 1] == NONE else 0.0
        numbers[k, SOONEST], numbers[k, LATEST] = np.floor(low), np.floor(high) + 1.0
    numbers[:, LEAVES] = float(grid)
    soonest = int(numbers[:, SOONEST].min(initial=2**31))
    routes = Routes(numbers, kinds, addresses, np.zeros(addresses.shape[:2], np.int64))
    return Wired(routes, made, sum(int(rows.indptr[-1]) for rows in made), soonest, places)


def _address(array: Any) -> int:
    return 0 if array is None else array.ctypes.data


def _steps(steps: float, kind: int, grid: bool) -> float:
    """A delay in steps, whole if it is that but for rounding."""
    if not np.isfinite(steps):  # of no synapse
        return 2.0**31
    near = np.floor(steps + 0.5)
    return max(near, 1.0) if grid or abs(steps - near) <= SLACK[kind] * near else float(steps)
