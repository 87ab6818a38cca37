"""A population at work: its neurons spread over threads in units of whole blocks, through stretches of time."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from .._integrators import Problem, Stretch
from .._kernel import threads as _threads
from ..models.validation import explain
from .recipe import Recipe
from .summary import SUMMED, Summary

UNIT = 2_000_000  # neuron-steps, of which a neuron takes some 20 a ms
WORTH_A_THREAD = 200_000  # neuron-steps: below, starting a thread costs more than it saves
STEPS_PER_MS = 20
_SUMMED = {f"summary.{name}" for name in SUMMED}


class Outcome(NamedTuple):
    """What comes of a stretch."""

    samples: np.ndarray  # (states, rows, k)
    spike_neuron: np.ndarray  # in order of neuron, then time
    spike_time: np.ndarray  # ms
    carry: dict[str, np.ndarray]  # all that the population needs to go on from there
    release: Callable[[], None]  # to be called if the room of the samples may be filled again


def carried(problem: Problem, summary: Summary) -> dict[str, np.ndarray]:
    """Every array that a population changes as it goes on; the last axis is its neurons, but for what is summed."""
    arrays = {"state": problem.state, "spike_count": problem.spike_count}
    if problem.noise_source is not None:
        arrays["noise"] = problem.noise_source.state
    if problem.clock is not None:
        arrays |= {f"clock.{name}": array for name, array in problem.clock._asdict().items()}
    return arrays | {f"summary.{name}": array for name, array in summary.arrays.items()}


def advance(
    recipe: Recipe,
    problem: Problem,
    summary: Summary,
    stretches: Sequence[Stretch],
    threads: int,
    tick: Callable[[float], None],
    take: Callable[[Outcome], None],
) -> None:
    """Take the population through stretches, all but the last equally long; `take` gets the outcome of each, in order.

    A stretch is begun while the last units of the one before are still at work: waiting for them at the end of
    each took 3 % of a run of 10,000 neurons.  `tick` is called with each number of neuron-ms done.
    """
    if not stretches:
        return
    work = problem.n * min(problem.duration, problem.dt * (stretches[0].last - stretches[0].first)) * STEPS_PER_MS
    if work <= WORTH_A_THREAD:
        threads = 1
    bounds = _units(problem.n, problem.lanes.lanes, work, threads)
    legs: dict[int, _Leg] = {}
    opening = threading.Lock()
    spare: list[np.ndarray] = []  # fresh memory takes longer to get than to fill

    def unit(place: tuple[int, int]) -> Generator[None, None, None]:
        number, index = place
        with opening:
            if number not in legs:
                legs[number] = _Leg(recipe, problem, summary, stretches[number], len(bounds), spare)
        outcome = yield from legs[number].advance(index, *bounds[index], tick)
        if outcome is not None:
            del legs[number]
            take(outcome)

    places = list(itertools.product(range(len(stretches)), range(len(bounds))))
    try:
        _threads.spread(unit, places, min(threads, len(bounds)), lag=len(bounds))
    except NumbaError as error:
        raise explain(recipe.model, error) from None


class _Leg:
    """A stretch under way, and what has come of it so far."""

    def __init__(
        self,
        recipe: Recipe,
        problem: Problem,
        summary: Summary,
        stretch: Stretch,
        units: int,
        spare: list[np.ndarray],
    ) -> None:
        self.recipe, self.problem, self.summary, self.stretch = recipe, problem, summary, stretch
        self.traces = recipe.traces(stretch, spare.pop() if spare else None)
        self.release = functools.partial(spare.append, self.traces.out)
        self.spikes: list[Any] = [None] * units
        self.sums = summary.sums(stretch.begin, stretch.end)
        self.lock = threading.Lock()
        self.now = carried(problem, summary)
        # a unit that is done goes on with the next stretch, if there is one, so what it has come to in this is copied
        last = stretch.limit == np.inf
        self.then = self.now if last else {name: np.empty_like(array) for name, array in self.now.items()}

    def advance(
        self, index: int, low: int, high: int, tick: Callable[[float], None]
    ) -> Generator[None, None, Outcome | None]:
        """Take unit `index`, the neurons `low` to `high`, through it; the last unit to end has the outcome."""
        traces, method = self.traces, self.recipe.chosen
        if not (method.is_adaptive and self.stretch.begin):  # there each neuron is at a time of its own
            mine = slice(*np.searchsorted(traces.neuron, (low, high)))
            traces.out[:, traces.row[mine], 0] = self.problem.state[np.ix_(traces.which, traces.neuron[mine])]
        sums = self.summary.sums(self.stretch.begin, self.stretch.end)
        spikes = []

        def take_spikes(neuron: np.ndarray, time: np.ndarray) -> None:
            self.summary.take_spikes(sums, neuron, time, self.recipe.bin_width)
            if self.recipe.spike_times:
                spikes.append((neuron, time))

        for done in method.advance(
            method.tag, self.problem, traces, self.stretch, low, high, sums.statistics, take_spikes
        ):
            tick(done)
            yield
        if self.then is not self.now:
            for name in self.now.keys() - _SUMMED:
                self.then[name][..., low:high] = self.now[name][..., low:high]
        in_order = _in_order(spikes)
        with self.lock:
            self.sums.add(sums)
            self.spikes[index] = in_order
            if None in self.spikes:
                return None
        self.summary.add(self.sums)
        if self.then is not self.now:
            for name in _SUMMED:
                self.then[name][...] = self.now[name]
        return Outcome(traces.out, *_joined(self.spikes), self.then, self.release)


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
