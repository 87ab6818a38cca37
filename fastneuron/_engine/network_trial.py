"""Some neurons of a network, without its synapses, tried out for a short while: how long the network will take."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

import numpy as np

from ..network.connections import Explicit
from ..network.network import Network
from ..network.population import Group
from ..network.projection import Projection
from ..network.sources import PoissonSource, SpikeSource
from .execute import execute
from .network_recipe import NetworkRecipe, population_of
from .network_resources import entries, events
from .network_run import NetworkMemory

STEPS = 2_000_000  # neuron-steps: some hundredths of a second
NEURONS = 2048  # of each population
EVENT, LATE_EVENT, EVENT_ANEW = 4e-9, 12e-9, 4e-9  # s of one core: with one delay for all, with one each, without lists
PASS, ENTRY = 3e-9, 1e-9  # of a neuron that is coupled without delay, and of each that it sees, at a stage
MADE, WEIGHED, SORTED, LISTED = 4e-8, 4e-8, 3.5e-7, 4e-7  # for a synapse; a weight and a delay of its own; by a list


def seconds(recipe: NetworkRecipe, threads: int, sent: Mapping[str, float]) -> float:
    """Of a run: neurons as in a trial, and synapses and their events at what each takes on one core."""
    at_once = max(min(threads, recipe.n // NEURONS + 1), 1)
    delivered = 0.0
    for projection in recipe.network.projections:
        each = EVENT_ANEW if not projection.stored else EVENT if isinstance(projection.delay, float) else LATE_EVENT
        delivered += each * events(recipe, projection, sent)
    return (_alone(recipe) + delivered + _in_step(recipe)) / at_once + sum(
        map(_making, recipe.network.projections)
    ) / threads


def _in_step(recipe: NetworkRecipe) -> float:
    """Seconds of one core that neurons take beside, seeing each other at every stage."""
    if not recipe.network.couplings:
        return 0.0
    passes = recipe.duration / recipe.dt * recipe.chosen.stages
    return passes * (PASS * recipe.n + ENTRY * entries(recipe))


def _making(projection: Projection) -> float:
    """Seconds of one core for the synapses of a projection."""
    each = (
        MADE + WEIGHED * (not isinstance(projection.weight, float)) + SORTED * (not isinstance(projection.delay, float))
    )
    each += LISTED * isinstance(projection.rule, Explicit)
    return each * projection.mean_synapses * projection.stored


def _alone(recipe: NetworkRecipe) -> float:
    """Seconds of one core for the neurons and sources without synapses."""
    some = _part(recipe)
    steps = min(max(STEPS // some.n, 1), round(recipe.duration / recipe.dt))
    if not steps:
        return 0.0
    _run(some, 1)  # compiles
    begin = time.thread_time()
    _run(some, steps)
    return (time.thread_time() - begin) * recipe.n / some.n * recipe.duration / (steps * recipe.dt)


def _part(recipe: NetworkRecipe) -> NetworkRecipe:
    """The same with fewer neurons, and no synapses."""
    parts = {name: part.part(0, min(part.n, NEURONS)) for name, part in recipe.parts.items()}
    groups: dict[str, Group] = {}
    for name, group in recipe.network.populations.items():
        if name in parts:
            groups[name] = population_of(parts[name])
        elif isinstance(group, PoissonSource):
            n = min(group.n, NEURONS)
            groups[name] = PoissonSource(n, group.rate.part(0, n) if group.rate.size > 1 else group.rate)
        elif isinstance(group, SpikeSource):
            groups[name] = group
    return dataclasses.replace(recipe, network=Network(groups, (), recipe.network.seed), parts=parts)


def _run(recipe: NetworkRecipe, steps: int) -> None:
    nothing = np.empty(0, np.int64)
    duration = steps * recipe.dt
    parts = {
        name: dataclasses.replace(part, duration=duration, record=(), neurons=nothing)
        for name, part in recipe.parts.items()
    }
    shorter = dataclasses.replace(recipe, parts=parts, duration=duration)
    execute(NetworkMemory(shorter), 1, None, lambda *done: None)
