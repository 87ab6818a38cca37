"""A small part of a population, tried out for a short while: how long a run will take, and how often it will spike."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from .execute import Memory, execute
from .recipe import Recipe
from .run import Run

STEPS = 20_000_000  # neuron-steps: some tenths of a second
NEURONS = 4096


def trial(recipe: Recipe, threads: int) -> tuple[float, float]:
    """Seconds and spikes of the whole, from those of a part of it."""
    size = min(recipe.n, NEURONS)
    low = (recipe.n - size) // 2  # from the middle: values that rise from neuron to neuron are average there
    some = recipe.part(low, low + size)
    steps = min(max(STEPS // some.n, 1), recipe.duration / recipe.dt)
    part = dataclasses.replace(some, duration=min(round(steps) * recipe.dt, recipe.duration))
    if not part.duration:
        return 0.0, 0.0
    _run(dataclasses.replace(part, duration=min(recipe.dt, recipe.duration)), threads)  # compiles
    begin = time.perf_counter()
    run = _run(part, threads)
    elapsed = time.perf_counter() - begin
    times = recipe.n * recipe.duration / (part.n * part.duration)
    return elapsed * times, float(run.spike_count.sum()) * times


def spikes_of(recipe: Recipe, threads: int) -> float:
    """About how many spikes there will be; 0 where the trial ends in an error, which the run will tell better."""
    bare = dataclasses.replace(recipe, record=(), neurons=np.empty(0, np.int64), summary=(), spike_times=False)
    try:
        return trial(bare, threads)[1]
    except FloatingPointError:
        return 0.0


def _run(recipe: Recipe, threads: int) -> Run:
    return execute(Memory(recipe), threads, None, lambda done: None)
