"""A run that goes to disk as it goes on, and can go on from there."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from .._engine.recipe import Recipe
from .._engine.scheduler import Outcome, advance, carried
from .._engine.summary import Summary
from .store import Store

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
    size = max(1, round(min(wanted, AT_ONCE // width, recipe.samples)))
    if checkpoint_interval is not None:
        return size
    return -(-recipe.samples // -(-recipe.samples // size))  # equally long, as the chunks of the last are whole on disk


def advance_part(store: Store, part: int, threads: int, tick: Callable[..., None]) -> None:
    """Take a part of a stored run to its end, from its last checkpoint on; the disk works while the kernel does."""
    recipe = store.recipe.part(*store.parts[part])
    problem = recipe.problem()
    summary = Summary(recipe.summary, list(recipe.model.states), recipe.state, recipe.samples, recipe.bins)
    found = store.checkpoint(part)
    done = int(found["stretches"])
    stretches = recipe.stretches(store.size)
    if done:
        for name, array in carried(problem, summary).items():
            array[...] = found[name]
        tick(recipe.n * min(stretches[done - 1].end * recipe.interval, recipe.duration), False)
    numbers = itertools.count(done)
    writing: list[Future[None]] = []
    with ThreadPoolExecutor(1, "fastneuron-writer") as writer:

        def write(outcome: Outcome) -> None:
            store.write(part, next(numbers), outcome)
            outcome.release()

        def take(outcome: Outcome) -> None:
            if writing:  # no more than a stretch waits for the disk
                writing.pop().result()
            writing.append(writer.submit(write, outcome))

        advance(recipe, problem, summary, stretches[done:], threads, tick, take)
        if writing:
            writing.pop().result()
