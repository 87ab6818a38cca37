"""A population at work: its neurons spread over threads in units of whole blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba.core.errors import NumbaError

from . import _threads
from .integrators import Problem, Stretch
from .models.rehearsal import explain
from .recipe import Recipe
from .summary import Summary

UNIT = 2_000_000  # neuron-steps, of which a neuron takes some 20 a ms
WORTH_A_THREAD = 200_000  # neuron-steps: below, starting a thread costs more than it saves
STEPS_PER_MS = 20


def advance(
    recipe: Recipe, problem: Problem, stretch: Stretch, summary: Summary, threads: int, tick: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Take the population through a stretch; the neurons and times of its spikes, ordered by neuron, then time.

    The samples are then in ``problem.traces.out``.  `tick` is called with each number of neuron-ms done.
    """
    method = recipe.chosen
    problem.traces = recipe.traces(stretch)
    if not (method.is_adaptive and stretch.begin):  # there each neuron is at a time of its own
        for samples, d in zip(problem.traces.out, problem.traces.which, strict=True):
            samples[problem.traces.row, 0] = problem.state[d, problem.traces.neuron]
    work = problem.n * min(problem.duration, problem.dt * (stretch.last - stretch.first)) * STEPS_PER_MS

    def unit(bounds):
        spikes = []
        own = summary.own(stretch.begin, stretch.end)

        def take(neuron, time):
            summary.take_spikes(neuron, time, recipe.bin_width)
            if recipe.spike_times:
                spikes.append((neuron, time))

        for done in method.advance(method.tag, problem, stretch, *bounds, own, take):
            tick(done)
            yield
        summary.add(own)
        return _in_order(spikes)

    bounds = _units(problem.n, problem.lanes.lanes, work, threads)
    try:
        parts = _threads.spread(unit, bounds, threads if work > WORTH_A_THREAD else 1)
    except NumbaError as error:
        raise explain(recipe.model, error) from None
    return _joined(parts)


def _units(n: int, lanes: int, work: float, threads: int) -> list[tuple[int, int]]:
    """Ranges of whole blocks: about a unit of work each, and at least eight a thread, to even out their ends."""
    blocks = -(-n // lanes)
    count = max(int(work // UNIT) + 1, 8 * threads)
    size = -(-blocks // (-(-count // threads) * threads)) * lanes
    return [(low, min(low + size, n)) for low in range(0, n, size)]


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    neuron, time = zip(*parts, strict=True) if parts else ([np.empty(0, np.int64)], [np.empty(0)])
    return np.concatenate(neuron), np.concatenate(time)


def _in_order(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """A unit's spikes by neuron; the sort is stable, and they come in order of time."""
    neuron, time = _joined(parts)
    order = np.argsort(neuron, kind="stable")
    return neuron[order], time[order]
