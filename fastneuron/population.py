"""A population at work: its neurons spread over threads in units of whole blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import _threads
from .integrators import Method, Problem, Stretch
from .summary import Summary

UNIT = 2_000_000  # neuron-steps, of which a neuron takes some 20 a ms
WORTH_A_THREAD = 200_000  # neuron-steps: below, starting a thread costs more than it saves
STEPS_PER_MS = 20


def advance(
    method: Method,
    problem: Problem,
    stretch: Stretch,
    summary: Summary,
    threads: int,
    tick: Callable[[float], None],
    bin_width: float,
    listed: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Take the population through a stretch; if `listed`, the neurons and times of its spikes, by neuron, then time.

    `tick` is called with each number of neuron-ms done.
    """
    work = problem.n * min(problem.duration, problem.dt * (stretch.last - stretch.first)) * STEPS_PER_MS

    def unit(bounds):
        spikes = []
        own = summary.own(stretch.begin, stretch.end)

        def take(neuron, time):
            summary.take_spikes(neuron, time, bin_width)
            if listed:
                spikes.append((neuron, time))

        for done in method.advance(method.tag, problem, stretch, *bounds, own, take):
            tick(done)
            yield
        summary.add(own)
        return _in_order(spikes)

    bounds = _units(problem.n, problem.lanes.lanes, work, threads)
    parts = _threads.spread(unit, bounds, threads if work > WORTH_A_THREAD else 1)
    return _joined(parts)


def _units(n: int, lanes: int, work: float, threads: int) -> list[tuple[int, int]]:
    """Ranges of whole blocks: about a unit of work each, and at least four a thread, to even out their ends."""
    blocks = -(-n // lanes)
    count = max(int(work // UNIT) + 1, 4 * threads)
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
