"""A run that goes to disk as it goes on, and can go on from there."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from .integrators import Problem
from .population import advance
from .recipe import Recipe
from .store import Store
from .summary import Summary

AT_ONCE = 32_000_000  # bytes of samples in memory per stretch
WORTH_WRITING = 60_000_000  # neuron-steps per stretch, some tenths of a second: the last is written after the kernels
WORTH_A_CHECKPOINT = 400  # steps: of a large population, a checkpoint costs as much as some steps


def stretch_size(recipe: Recipe, checkpoint_interval: float | None) -> int:
    """Samples in a stretch: as many as the interval (ms) spans, or as keep the disk at ease, within bounded memory."""
    width = max(len(recipe.record) * recipe.neurons.size * recipe.state.itemsize, 1)
    if checkpoint_interval is None:
        wanted = max(WORTH_WRITING / recipe.n, WORTH_A_CHECKPOINT) / max(recipe.interval / recipe.dt, 1.0)
    else:
        wanted = checkpoint_interval / recipe.interval
    return max(1, round(min(wanted, AT_ONCE // width, recipe.samples)))


def advance_part(path: str | os.PathLike[str], part: int, threads: int, tick: Callable[..., None]) -> None:
    """Take a part of a stored run to its end, from its last checkpoint on; the disk works while the kernel does."""
    store = Store(path)
    recipe = store.recipe.part(*store.parts[part])
    problem = recipe.problem()
    summary = Summary(recipe.summary, list(recipe.model.states), recipe.state, recipe.samples, recipe.bins)
    found = store.checkpoint(part)
    done = int(found["stretches"])
    stretches = recipe.stretches(store.size)
    if done:
        for name, array in _carried(problem, summary).items():
            array[...] = found[name]
        tick(recipe.n * min(stretches[done - 1].end * recipe.interval, recipe.duration), False)
    with ThreadPoolExecutor(1, "fastneuron-writer") as writer:
        writing: Future[None] | None = None
        for number, stretch in enumerate(stretches[done:], done):
            spikes = advance(recipe, problem, stretch, summary, threads, tick)
            carry = {name: array.copy() for name, array in _carried(problem, summary).items()}
            if writing:
                writing.result()
            samples = problem.traces.out
            writing = writer.submit(store.write, part, number, stretch.begin, samples, spikes, carry)
        if writing:
            writing.result()


def _carried(problem: Problem, summary: Summary) -> dict[str, np.ndarray]:
    """Every array that a part changes as it goes on."""
    arrays = {"state": problem.state, "spike_count": problem.spike_count}
    if problem.noise_source is not None:
        arrays["noise"] = problem.noise_source.state
    if problem.clock is not None:
        arrays |= {f"clock.{name}": array for name, array in problem.clock._asdict().items()}
    return arrays | {f"summary.{name}": array for name, array in summary.arrays.items()}
