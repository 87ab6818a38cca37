"""A population at work: its neurons spread over threads in units of whole blocks, through chunks of time.

Unit i of chunk k begins once units 0 to i of chunk k - 1, and all of the chunks before that, have ended: that is the
`lag` of one chunk's units.  So no thread waits at the end of a chunk, and no more than two chunks are under way.
"""

from __future__ import annotations

import functools
import itertools
import math
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from .._integrators import Chunk, Problem, Traces, take_sample_of_all
from .._kernel import threads as _threads
from .._kernel.cache_lines import zeros_on_lines
from ..inputs.current import sample_current
from ..inputs.port import arrays_of
from ..models.validation import explain
from .labels import in_order
from .recipe import Recipe
from .summary import SUMMED, Summary

UNIT = 2_000_000  # neuron-steps, of which a neuron takes some 20 a ms
SMALL_UNIT = 50_000  # neuron-steps: below, what Python does for a unit, some 70 us, costs more than even ends save
WORTH_A_THREAD = 200_000  # neuron-steps: below, starting a thread costs more than it saves
STEPS_PER_MS = 20
SUMMARY = "summary."  # what the arrays of a summary are called in a snapshot begins with it
SUMMED_ARRAYS = {f"{SUMMARY}{name}" for name in SUMMED}


class ChunkResult(NamedTuple):
    """What comes of a chunk."""

    samples: np.ndarray  # (states, rows, k)
    spike_label: np.ndarray  # see `labels`; in order of neuron, then time
    spike_time: np.ndarray  # ms; with sensitivities, the derivatives of each behind it
    snapshot: dict[str, np.ndarray]  # all that the population needs to go on from there
    release: Callable[[], None]  # to be called if the room of the samples may be filled again


class PopulationAtWork:
    """The arrays of a recipe's population at work, which change as it goes on; the recipe does not."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.problem = _problem(recipe)
        variables = recipe.variables
        self.summary = Summary(recipe.summary, variables, self.problem.state, recipe.extent, recipe.spiking)
        self._arrays: dict[str, np.ndarray] | None = None
        nothing = np.empty((len(recipe.record), recipe.neurons.size, 0), recipe.dtype)
        sampled = np.array(recipe.sampled, np.int64)
        self.traces = Traces(sampled, *recipe.rows, recipe.every, recipe.interval, 0, nothing)

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array that changes, by name; the last axis is the neurons, but for what is summed over them."""
        if self._arrays is None:  # they are the same from begin to end
            self._arrays = self._named()
        return dict(self._arrays)

    def _named(self) -> dict[str, np.ndarray]:
        problem = self.problem
        arrays = {"state": problem.state, "spike_count": problem.spike_count}
        arrays |= arrays_of(problem.sources)
        if problem.is_choosy:
            arrays |= {"counted": problem.counted, "armed": problem.armed}
        if problem.clock is not None:
            arrays |= {f"clock.{name}": array for name, array in problem.clock._asdict().items()}
        return arrays | {f"{SUMMARY}{name}": array for name, array in self.summary.arrays.items()}

    def begin_again(self, recipe: Recipe, begin: Mapping[str, np.ndarray]) -> None:
        """Stand at the begin of a recipe that is alike but for its numbers; the other arrays go back to `begin`."""
        arrays = self.arrays()
        for name, values in begin.items():
            arrays[name][...] = values
        for row, value in zip(self.problem.state, recipe.initial.values(), strict=True):
            row[:] = value
        self.problem.change_to(recipe.model)
        self.problem.drive_by(recipe.current)
        self.recipe = recipe

    def go_back_to(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Stand where a snapshot was taken; ValueError if it is of another run."""
        put_back(self.arrays(), snapshot)

    def room(self, chunk: Chunk, spare: list[np.ndarray]) -> Traces:
        """Where the samples of a chunk go, in memory that is to spare if there is some."""
        shape = *self.traces.out.shape[:2], chunk.end - chunk.begin
        size = math.prod(shape)
        out = spare.pop().ravel()[:size] if spare else np.empty(size, self.recipe.dtype)
        return Traces(*self.traces[:-2], chunk.begin, out.reshape(shape))

    def take_current(self, traces: Traces, low: int, high: int) -> None:
        """Sample what is injected into the neurons `low` to `high`, if it is recorded, at the times of a chunk."""
        if traces.which.size < len(self.recipe.record):
            current = self.recipe.current.part(low, high).sources(high - low, 0, 0)
            mine = slice(*np.searchsorted(traces.neuron, (low, high)))
            rows = traces.out[-1]
            times = self.recipe.times(traces.begin, traces.begin + rows.shape[1])
            sample_current(current, traces.neuron[mine] - low, traces.row[mine], times, rows)


def is_sampled_at_begin(recipe: Recipe, chunk: Chunk) -> bool:
    """Whether the first sample of a chunk is where it begins, and the state of all neurons is there."""
    if recipe.chosen.is_adaptive:  # each neuron is at a time of its own
        return chunk.begin == 0
    return chunk.first == chunk.begin * recipe.every


def put_back(arrays: Mapping[str, np.ndarray], snapshot: Mapping[str, np.ndarray]) -> None:
    """Fill arrays from those of a snapshot; ValueError if it has others."""
    if snapshot.keys() != arrays.keys():
        raise ValueError(f"the checkpoint has {', '.join(snapshot)} in place of {', '.join(arrays)}")
    for name, array in arrays.items():
        if snapshot[name].shape != array.shape or snapshot[name].dtype != array.dtype:
            raise ValueError(f"{name} of the checkpoint is {snapshot[name].dtype} of shape {snapshot[name].shape}")
        array[...] = snapshot[name]


def advance(
    population: PopulationAtWork,
    chunks: Iterable[Chunk],
    threads: int,
    on_progress: Callable[[float], None],
    on_result: Callable[[ChunkResult], None],
) -> None:
    """Take a population through chunks of its run, all but the last equally long.

    `on_result` gets the result of each chunk, in order, and `on_progress` each number of neuron-ms done.
    """
    chunks = iter(chunks)
    first = next(chunks, None)
    if first is None:
        return
    recipe, problem = population.recipe, population.problem
    work = recipe.n * _length(recipe, first) * STEPS_PER_MS
    is_last = first.limit == np.inf
    ahead = work if is_last else recipe.n * (recipe.duration - first.begin * recipe.interval) * STEPS_PER_MS
    if ahead <= WORTH_A_THREAD:
        threads = 1
    bounds = _units(recipe.n, problem.lanes.lanes, work, threads)
    every = itertools.chain([first], chunks)
    try:
        if len(bounds) == 1:
            _go_alone(population, every, on_progress, on_result)
        else:
            _share_out(population, every, bounds, threads, on_progress, on_result)
    except NumbaError as error:
        raise explain(recipe.model, error, recipe.inputs) from None


def _go_alone(
    population: PopulationAtWork,
    chunks: Iterable[Chunk],
    on_progress: Callable[..., None],
    on_result: Callable[..., None],
) -> None:
    """Take all neurons through chunks at once: a piece of a simulation takes 25 us, of which sharing out would be 3."""
    spare: list[np.ndarray] = []

    def unit(chunk: Chunk) -> Generator[None, None, None]:
        result = yield from _ChunkRun(population, chunk, 1, spare).advance(0, 0, population.recipe.n, on_progress)
        if result is not None:
            on_result(result)

    _threads.for_each(unit, chunks, 1)


def _share_out(
    population: PopulationAtWork,
    chunks: Iterable[Chunk],
    bounds: list[tuple[int, int]],
    threads: int,
    on_progress: Callable[..., None],
    on_result: Callable[..., None],
) -> None:
    """Take ranges of neurons through chunks, on several threads perhaps."""
    under_way: dict[int, _ChunkRun] = {}
    opening = threading.Lock()
    spare: list[np.ndarray] = []  # fresh memory takes longer to get than to fill

    def unit(place: tuple[int, Chunk, int]) -> Generator[None, None, None]:
        number, chunk, index = place
        with opening:
            if number not in under_way:
                under_way[number] = _ChunkRun(population, chunk, len(bounds), spare)
        result = yield from under_way[number].advance(index, *bounds[index], on_progress)
        if result is not None:
            del under_way[number]
            on_result(result)

    _threads.for_each(unit, _places(chunks, len(bounds)), min(threads, len(bounds)), lag=len(bounds))


def is_small(recipe: Recipe) -> bool:
    """Whether a run is for one thread."""
    return recipe.n * recipe.duration * STEPS_PER_MS <= WORTH_A_THREAD


def _length(recipe: Recipe, chunk: Chunk) -> float:
    """How long a chunk is, ms."""
    if recipe.chosen.is_adaptive:
        return min((chunk.end - chunk.begin) * recipe.interval, recipe.duration - chunk.begin * recipe.interval)
    return (chunk.last - chunk.first) * recipe.dt


def _places(chunks: Iterable[Chunk], units: int) -> Iterator[tuple[int, Chunk, int]]:
    """Every unit of every chunk, made as it is asked for: a long run has millions."""
    for number, chunk in enumerate(chunks):
        for index in range(units):
            yield number, chunk, index


class _ChunkRun:
    """A chunk under way, and what has come of it so far."""

    def __init__(self, population: PopulationAtWork, chunk: Chunk, units: int, spare: list[np.ndarray]) -> None:
        self.population, self.chunk = population, chunk
        self.traces = population.room(chunk, spare)
        self.release = functools.partial(spare.append, self.traces.out)
        self.spikes: list[Any] = [None] * units
        self.missing = units
        self.sums = population.summary.sums(chunk.begin, chunk.end)
        self.lock = threading.Lock()
        self.live = population.arrays()
        # a unit that is done goes on with the next chunk, if there is one, so where it stood in this is copied
        last = chunk.limit == np.inf
        self.snapshot = self.live if last else {name: np.empty_like(array) for name, array in self.live.items()}

    def advance(
        self, index: int, low: int, high: int, on_progress: Callable[[float], None]
    ) -> Generator[None, None, ChunkResult | None]:
        """Take unit `index`, the neurons `low` to `high`, through it; the last unit to end has the result."""
        population, traces = self.population, self.traces
        recipe, summary = population.recipe, population.summary
        method = recipe.chosen
        if recipe.record and is_sampled_at_begin(recipe, self.chunk):
            take_sample_of_all(traces, population.problem.state, low, high, 0)
        sums = summary.sums(self.chunk.begin, self.chunk.end)
        spikes = []

        def take_spikes(label: np.ndarray, time: np.ndarray) -> None:
            summary.take_spikes(sums, label, time if time.ndim == 1 else time[:, 0])
            if recipe.spike_times:
                spikes.append((label, time))

        for done in method.advance(
            method.tag, self.population.problem, traces, self.chunk, low, high, sums.statistics, take_spikes
        ):
            on_progress(done)
            yield
        population.take_current(traces, low, high)
        if self.snapshot is not self.live:
            for name in self.live.keys() - SUMMED_ARRAYS:
                self.snapshot[name][..., low:high] = self.live[name][..., low:high]
        listed = _in_order(spikes, len(recipe.watched), len(recipe.differentiated_by))
        with self.lock:
            self.sums.add(sums)
            self.spikes[index] = listed
            self.missing -= 1
            return None if self.missing else self._result()

    def _result(self) -> ChunkResult:
        self.population.summary.add(self.sums)
        if self.snapshot is not self.live:
            for name in SUMMED_ARRAYS:
                self.snapshot[name][...] = self.live[name]
        return ChunkResult(self.traces.out, *_emptied(self.spikes), self.snapshot, self.release)


def _problem(recipe: Recipe) -> Problem:
    """The population as the kernels want it, at its start."""
    state = zeros_on_lines((len(recipe.initial), recipe.n), recipe.dtype)
    for row, value in zip(state, recipe.initial.values(), strict=True):
        row[:] = value
    return Problem(
        model=recipe.model,
        inputs=recipe.inputs,
        state=state,
        duration=recipe.duration,
        dt=recipe.dt,
        watched=recipe.watched,
        tolerant=recipe.tolerant,
        directions=len(recipe.differentiated_by),
        rtol=recipe.rtol,
        atol=recipe.atol,
        seed=recipe.seed if recipe.seed < 2**63 else recipe.seed - 2**64,  # the same bits as an int64
        first_neuron=recipe.first_neuron,
        clock=recipe.chosen.new_clock(recipe.n, recipe.dt),
    )


def _units(n: int, lanes: int, work: float, threads: int) -> list[tuple[int, int]]:
    """Ranges of whole blocks: about a unit of work each, and if they are not small, eight a thread, for even ends."""
    if n <= lanes:
        return [(0, n)]
    blocks = -(-n // lanes)
    count = max(int(work // UNIT) + 1, min(8 * threads, int(work // SMALL_UNIT)), threads)
    size = -(-blocks // (-(-count // threads) * threads)) * lanes
    return [(low, min(low + size, n)) for low in range(0, n, size)]


def _emptied(parts: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """The spikes of all parts in one list; each part goes as it is copied, so that few are in memory twice."""
    if len(parts) == 1:
        return parts[0]
    total = sum(label.size for label, _ in parts)
    label, time = np.empty(total, np.int64), np.empty((total, *parts[0][1].shape[1:]))
    end = 0
    for index, part in enumerate(parts):
        begin, end = end, end + part[0].size
        label[begin:end], time[begin:end] = part
        parts[index] = None
    return label, time


def _in_order(
    parts: list[tuple[np.ndarray, np.ndarray]], watched: int, directions: int
) -> tuple[np.ndarray, np.ndarray]:
    """A unit's spikes by neuron, then time, where so many states are watched."""
    if not parts:
        return np.empty(0, np.int64), np.empty((0, 1 + directions) if directions else 0)
    label, time = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    return in_order(label, time, watched)
