"""What a network comes to: its synapses, their events, and the memory that it takes, by counting."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .._integrators.problem import most_spikes
from ..inputs.current import Constant
from ..network.connections import ByDistance, Explicit
from ..network.projection import Projection
from ..network.sources import PoissonSource, SpikeSource
from ..network.values import type_of
from ..receptors.kinetics import kinetics
from . import resources
from .coupled import WHOLE
from .cuts import longest_epoch, longest_range
from .network_recipe import NetworkRecipe
from .plan import Plan
from .recipe import Recipe

RATE = 10.0  # Hz, of neurons of which nobody says how often they fire
MOMENTS, TRAINS = 200, 50  # at which a rate that changes is looked at, and of how many trains at most
PER_LEAVING = 24  # bytes of a spike in an outbox
PER_LISTED = 28  # bytes that ordering a list of synapses takes for each, beside what is kept
PER_ENTRY = 12  # of a coupling: a sender, and a weight
PER_MADE_ENTRY = 48  # what ordering them takes for each, beside what is kept
TARGET, LISTED_TARGET = 2, 4  # bytes
PAIRS = 40_000_000  # bytes of distances that are looked at together


def spikes(recipe: NetworkRecipe, rate: float | Mapping[str, float]) -> dict[str, float]:
    """About how many spikes each population and source has, of neurons that fire at a rate, Hz."""
    found = {}
    for name, group in recipe.network.populations.items():
        if isinstance(group, PoissonSource):
            found[name] = group.n * _mean_rate(group, recipe.duration) * recipe.duration / 1000.0
        elif isinstance(group, SpikeSource):
            found[name] = float(np.sum(group.time < recipe.duration))
        else:
            hz = rate.get(name, RATE) if isinstance(rate, Mapping) else rate
            found[name] = group.n * hz * recipe.duration / 1000.0
    return found


def _mean_rate(source: PoissonSource, duration: float) -> float:
    """Hz: where rates change, of some trains, as a part of the highest that each can have."""
    highest = np.broadcast_to(source.highest, source.rate.size)
    firing = np.flatnonzero(highest)
    if isinstance(source.rate, Constant) or not firing.size:
        return float(highest.mean())
    some = firing[np.unique(np.linspace(0, firing.size - 1, TRAINS).astype(np.int64))]  # a train and moment take 10 us
    moments = (np.arange(MOMENTS) + 0.5) / MOMENTS * duration
    met = np.mean([[max(source.rate.at(t, i), 0.0) for t in moments] for i in some])
    return float(met / highest[some].mean() * highest.mean())


def synapses(recipe: NetworkRecipe) -> float:
    """Their expected number."""
    return sum(projection.mean_synapses for projection in recipe.network.projections)


def events(recipe: NetworkRecipe, projection: Projection, sent: Mapping[str, float]) -> float:
    """About how many spikes times synapses of a projection there are."""
    return projection.mean_synapses / projection.pre.population.n * sent[recipe.network.name_of(projection.pre)]


def memory(recipe: NetworkRecipe, plan: Plan, sent: Mapping[str, float]) -> int:
    """Bytes of memory, with so many spikes of each population and source."""
    populations, snapshot = map(sum, zip(*map(resources.population, recipe.parts.values()), strict=True))
    coupled = sum(_coupled(recipe, part, sent[name], plan.threads) for name, part in recipe.parts.items())
    standing = populations + coupled + _listed(recipe) + _in_step(recipe)
    found = sum(resources.results(part) for part in recipe.parts.values())
    threads = plan.here * resources.PER_THREAD
    kept = {name: resources.PER_SPIKE * count * recipe.spike_times for name, count in sent.items()}
    listed = sum(kept.values()) + 2 * max(kept.values())  # as they come, and those of a population put in order
    samples = float(sum(resources.samples(part) for part in recipe.parts.values()))
    if plan.out is not None:
        chunks = -(-recipe.samples // plan.chunk)
        chunk = samples * min(plan.chunk / recipe.samples, 1.0)
        going_on = min(chunks, 2.5) * chunk + min(chunks - 1, 2) * snapshot  # under way, done, being written
        working = standing + max(going_on, 2 * snapshot + found) + listed / chunks
    else:
        working = standing + samples + max(listed, sum(kept.values()) + found)
    return int(max(working, standing + _making(recipe, plan.threads))) + threads


def check(recipe: NetworkRecipe, plan: Plan) -> None:
    """MemoryError or OSError if the network cannot fit."""
    check_memory(recipe, plan)
    if plan.out is not None:
        resources.check_disk(sum(resources.samples(part) for part in recipe.parts.values()), plan.out)


def check_memory(recipe: NetworkRecipe, plan: Plan) -> None:
    """MemoryError if the network cannot fit; of its spikes, those of sources are known."""
    needed = memory(recipe, plan, spikes(recipe, 0.0))
    left = resources.memory_for(needed)
    if needed > left:
        advice = "record fewer neurons or less often, or write the run to disk with out="
        if _listed(recipe) > needed / 2:
            advice = "make synapses anew at every spike, in no memory, with stored=False"
        wanted, there = resources.readable(needed), resources.readable(left)
        raise MemoryError(f"the network needs {wanted} of memory, and {there} are left: {advice}")


def shortest_delay(recipe: NetworkRecipe, threads: int) -> int:
    """Steps, at least 1."""
    delays = [projection.delays[0] / recipe.dt for projection in recipe.network.projections]
    return max(int(min([float(longest_epoch(recipe, threads)), *delays]) + 1e-9), 1)


def _coupled(recipe: NetworkRecipe, part: Recipe, sent: float, threads: int) -> int:
    """Bytes of what a population has in a network beside its own: boxes, conductances, constants of its blocks."""
    if recipe.chosen.is_adaptive:  # of each receptor: modes, since when, the list of what arrives
        return sum(8 * part.n * (2 * len(receptor.modes) + 3) for receptor in part.receptors.values())
    slots, blocks = shortest_delay(recipe, threads), -(-part.n // WHOLE) * WHOLE
    # of the outbox what has ever been in use, all of it in a network that fires: huge pages make it resident
    total = PER_LEAVING * int(min(part.n * most_spikes(part.model, slots, len(part.watched)), sent))
    constants = len(part.model.parameters)
    differ = any(np.ndim(value) for value in part.model.parameters.values())
    for receptor in part.receptors.values():
        numbers = kinetics(receptor.part(0, 1) if receptor.size > 1 else receptor, recipe.dt)
        total += 8 * (len(numbers.gain) * part.n + slots * blocks * numbers.table.shape[2])
        constants += 4 * len(numbers.gain) + len(receptor.parameters)
        if receptor.size > 1:
            differ = True
            total += 8 * part.n * (numbers.table[0].size + 4 * len(numbers.gain) + len(receptor.parameters))
    return total + 8 * constants * blocks * differ


def entries(recipe: NetworkRecipe) -> float:
    """About how many pairs of neurons see each other at every stage, where each pair counts."""
    ways = ((1 + one.both_ways, one) for one in recipe.network.couplings if not one.is_mean_field)
    return sum(count * one.mean_synapses for count, one in ways)


def _in_step(recipe: NetworkRecipe) -> float:
    """Bytes of the entries of couplings, of what is sent, and of the blocks between two stages."""
    if not recipe.network.couplings:
        return 0.0
    numbers = sum(part.n * (3 * len(part.variables) + 8 * len(part.receptors)) for part in recipe.parts.values())
    sent = sum(2 * one.pre.population.n + one.post.population.n for one in recipe.network.couplings)
    return 8.0 * (numbers + sent) + PER_ENTRY * entries(recipe)


def _listed(recipe: NetworkRecipe) -> float:
    """Bytes of synapses that are kept, and of what their rules keep."""
    total = 0.0
    for projection in recipe.network.projections:
        own = [type_of(value) for value in (projection.weight, projection.delay)]
        each = sum(kind.itemsize for kind in own if kind is not None)
        values = projection.weight, projection.delay
        tables = [value.nbytes for value in values if isinstance(value, np.ndarray) and value.ndim == 2]
        total += sum(tables) + 8 * projection.pre.population.n
        target = recipe.parts.get(recipe.network.name_of(projection.post))
        if projection.stored and target is not None:  # of a share, on its own neurons
            ranges, part = -(-target.n // longest_range(target)), target.n / projection.post.population.n
            total += 8 * ranges * projection.pre.population.n + (TARGET + each) * part * projection.mean_synapses
        if isinstance(projection.rule, Explicit):
            total += (LISTED_TARGET + each) * projection.mean_synapses
    return total


def _making(recipe: NetworkRecipe, threads: int) -> float:
    """Bytes that the making of synapses takes for a while."""
    most = PER_MADE_ENTRY * entries(recipe)
    for projection in recipe.network.projections:
        if isinstance(projection.rule, Explicit):
            most = max(most, PER_LISTED * projection.mean_synapses)
        if isinstance(projection.rule, ByDistance):
            target = recipe.parts.get(recipe.network.name_of(projection.post))
            most_at_once = 0 if target is None else longest_range(target)
            part = min(most_at_once / projection.post.population.n, 1.0) * projection.mean_synapses
            most = max(most, threads * (PAIRS + 3 * 8 * part))
    return most
