"""A run that goes on piece by piece: each is a chunk of a run without an end, and its result stays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._integrators import Chunk
from . import network_resources, resources, scheduler
from .controls import Controls
from .execute import run_of_chunk
from .network_chunk import NetworkResult
from .network_recipe import NetworkRecipe
from .network_run import NetworkRun, run_of_result
from .network_scheduler import NetworkAtWork
from .own_steps import at_work
from .plan import Plan
from .recipe import Recipe
from .run import Run
from .scheduler import ChunkResult, PopulationAtWork
from .weights import Weights

LITTLE = 1_000_000  # bytes that a piece may take unasked: to ask takes longer than a step


class PopulationInPieces:
    """Neurons that do not hear each other, on their way."""

    def __init__(self, recipe: Recipe, plan: Plan) -> None:
        resources.check(recipe.changed(duration=recipe.dt), plan)
        self.plan, self.work = plan, PopulationAtWork(recipe)
        self.step = 0
        self.controls = {"": Controls(self.work)}

    @property
    def recipe(self) -> Recipe:
        """What is simulated, as it now stands."""
        return self.work.recipe

    def check(self, steps: int) -> None:
        """MemoryError if the run of some steps cannot fit."""
        if _needed(self.recipe, steps) > LITTLE:
            resources.check_memory(self.recipe.changed(duration=steps * self.recipe.dt), self.plan)

    def advance(self, steps: int) -> Run:
        """The run of some steps."""
        recipe, problem = self.recipe, self.work.problem
        piece = piece_of(recipe, self.step, steps)
        _arm(problem)
        problem.spike_count[...] = 0
        results: list[ChunkResult] = []
        scheduler.advance(self.work, [piece], self.plan.threads, _nothing, results.append)
        self.step = piece.last
        return run_of_chunk(recipe, problem, results[0], piece)

    def arrays(self) -> dict[str, np.ndarray]:
        """All that it goes on from, by name."""
        return self.work.arrays()

    def go_back_to(self, arrays: Mapping[str, np.ndarray], step: int) -> None:
        """Stand where it stood when it had these arrays."""
        self.work.go_back_to(arrays)
        self.step = step


class NetworkInPieces:
    """A network on its way."""

    def __init__(self, recipe: NetworkRecipe, plan: Plan) -> None:
        network_resources.check(_for(recipe, recipe.dt), plan)
        self.plan = plan
        self.work: NetworkAtWork = at_work(recipe, plan.threads)
        self.step = 0
        self.controls = {name: Controls(cell.population, cell) for name, cell in self.work.cells.items()}
        self.weights = Weights(self.work)

    @property
    def recipe(self) -> NetworkRecipe:
        """What is simulated, as it now stands."""
        return self.work.recipe.with_parts({name: cell.recipe for name, cell in self.work.cells.items()})

    def check(self, steps: int) -> None:
        """MemoryError if the run of some steps cannot fit."""
        recipe = self.work.recipe
        if sum(_needed(part, steps) for part in recipe.parts.values()) > LITTLE:
            network_resources.check(_for(recipe, steps * recipe.dt), self.plan)

    def advance(self, steps: int) -> Run | NetworkRun:
        """The run of some steps."""
        recipe = self.recipe
        piece = piece_of(next(iter(recipe.parts.values())), self.step, steps)
        for cell in self.work.cells.values():
            _arm(cell.population.problem)
            cell.population.problem.spike_count[...] = 0
        for sent in self.work.sent.values():
            sent[...] = 0
        results: list[NetworkResult] = []
        self.work.advance([piece], _nothing, results.append)
        self.step = piece.last
        return run_of_result(recipe, _kept(results[0]), piece)

    def arrays(self) -> dict[str, np.ndarray]:
        """All that it goes on from, by name."""
        return self.work.snapshot(last=True)

    def go_back_to(self, arrays: Mapping[str, np.ndarray], step: int) -> None:
        """Stand where it stood when it had these arrays."""
        self.work.go_back_to(arrays)
        self.step = step


def piece_of(recipe: Recipe, first: int, steps: int) -> Chunk:
    """So many steps as a chunk at whose end nothing is kept; its begin was sampled by the piece before, if any was."""
    every, last = recipe.every, first + steps
    return Chunk(first, last, np.inf, first // every + 1 if first else 0, last // every + 1)


def in_pieces(recipe: Recipe | NetworkRecipe, plan: Plan) -> PopulationInPieces | NetworkInPieces:
    """A recipe at its begin."""
    return NetworkInPieces(recipe, plan) if isinstance(recipe, NetworkRecipe) else PopulationInPieces(recipe, plan)


def _arm(problem: Any) -> None:
    """Let a neuron spike again whose voltage has been set below where it is armed; the others are as they were."""
    if problem.is_choosy:
        for one, armed in zip(problem.watched, np.atleast_2d(problem.armed), strict=True):
            if one.rearm is not None:
                armed |= problem.state[one.row] < one.rearm


def _needed(recipe: Recipe, steps: int) -> float:
    """Bytes of the samples of a piece, and of its spikes at the most."""
    spikes = steps * recipe.dt * recipe.n * resources.PER_SPIKE * recipe.spike_times
    return recipe.bytes_of_a_sample * steps / recipe.every + spikes


def _for(recipe: NetworkRecipe, duration: float) -> NetworkRecipe:
    """The same for so long, ms."""
    parts = {name: part.changed(duration=duration) for name, part in recipe.parts.items()}
    return recipe.with_parts(parts, duration)


def _kept(result: NetworkResult) -> NetworkResult:
    """A result that does not change when the network goes on."""
    parts = {
        name: part._replace(snapshot={key: array.copy() for key, array in part.snapshot.items()})
        for name, part in result.parts.items()
    }
    return result._replace(parts=parts)


def _nothing(*done: Any) -> None:
    """A piece shows no progress."""
