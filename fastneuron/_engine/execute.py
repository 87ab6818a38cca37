"""The one way from a recipe to a run: its shards go on, chunk by chunk, each from where it stands, into a sink.

A sink is where a run goes: memory, or a store.  It has shards, which may be sent to other processes; a network is one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from .._integrators import Chunk, Problem
from . import executors, scheduler
from .executors import Executor
from .frozen import of_fields
from .labels import label_of
from .recipe import Recipe
from .run import FinalState, Run
from .scheduler import SUMMARY, ChunkResult, PopulationAtWork
from .sensitivity import split
from .spikes import Spikes
from .summary import results

if TYPE_CHECKING:
    from .network_recipe import NetworkRecipe

TOTALS = ("state", "spike_count", SUMMARY)  # what the names of arrays begin with that say what came of a run


class Shard(Protocol):
    """A part of a population, or a network, on its way to a sink."""

    @property
    def recipe(self) -> Recipe | NetworkRecipe:
        """What is simulated."""

    @property
    def chunk(self) -> int:
        """Samples in a chunk."""

    def checkpoint(self) -> tuple[int, Mapping[str, np.ndarray]]:
        """How many chunks are done, and the snapshot at their end, if any is."""

    def results(self, done: int) -> AbstractContextManager[Callable[[Any], None]]:
        """What to call with the result of each chunk from number `done` on; at its end, all are where they belong."""

    def outcome(self) -> Any:
        """What the sink is to take, once all chunks are done."""


class Sink(Protocol):
    """Where a run goes."""

    @property
    def recipe(self) -> Recipe | NetworkRecipe:
        """What is simulated."""

    @property
    def bounds(self) -> Sequence[tuple[int, int]]:
        """The neurons of each shard."""

    @property
    def shards(self) -> Sequence[Shard]:
        """The shards, in order of neuron."""

    def writing(self) -> AbstractContextManager[None]:
        """For as long as the run goes on."""

    def take(self, number: int, outcome: Any) -> None:
        """Take what came of a shard."""

    def run(self) -> Any:
        """The run, once all shards are done."""


def execute(sink: Sink, threads: int, executor: Executor | None, on_progress: Callable[..., None]) -> Any:
    """Take every shard to its end, here or on an executor's workers; the run that comes of it."""

    def take(number: int, outcome: Any) -> None:
        low, high = sink.bounds[number]
        sink.take(number, outcome)
        on_progress((high - low) * sink.recipe.duration)

    with sink.writing():
        if executor is None:
            for number, shard in enumerate(sink.shards):
                sink.take(number, advance(shard, threads, on_progress))
        else:
            executors.spread(executor, functools.partial(advance, threads=threads), sink.shards, take)
        return sink.run()


def advance(shard: Shard, threads: int, on_progress: Callable[..., None] = lambda *done: None) -> Any:
    """Take a shard from where it stands to its end; what the sink is to take."""
    recipe = shard.recipe
    work = _at_work(recipe, threads)
    done, snapshot = shard.checkpoint()
    if done:
        work.go_back_to(snapshot)
        on_progress(recipe.n * min(done * shard.chunk * recipe.interval, recipe.duration), False)
    chunks = recipe.chunks(shard.chunk, done)
    with shard.results(done) as on_result:
        if isinstance(work, PopulationAtWork):
            scheduler.advance(work, chunks, threads, on_progress, on_result)
        else:
            work.advance(chunks, on_progress, on_result)
    return shard.outcome()


def _at_work(recipe: Recipe | NetworkRecipe, threads: int) -> Any:
    """A population or a network at its begin."""
    if isinstance(recipe, Recipe):
        return PopulationAtWork(recipe)
    from .own_steps import at_work  # here: networks take as long to import as the rest of the package

    return at_work(recipe, threads)


class Memory:
    """The sink of a run that stays in memory."""

    def __init__(self, recipe: Recipe, shards: int = 1) -> None:
        self.recipe = recipe
        self.bounds = executors.partition(recipe.n, recipe.neurons, shards)
        self.shards = [MemoryShard(recipe.part(low, high)) for low, high in self.bounds]
        self._outcomes: list[ChunkResult | None] = [None] * len(self.shards)
        self._samples: np.ndarray | None = None

    def writing(self) -> AbstractContextManager[None]:
        """Nobody else has this memory."""
        return nullcontext()

    def take(self, number: int, outcome: ChunkResult) -> None:
        """Copy the samples of a shard to their rows as soon as they come, so that few are in memory twice."""
        low, high = self.bounds[number]
        if len(self.shards) == 1:
            self._samples = outcome.samples
        else:
            if self._samples is None:
                self._samples = np.empty((len(self.recipe.record), *self._shape), self.recipe.dtype)
            rows = (low <= self.recipe.neurons) & (self.recipe.neurons < high)
            self._samples[:, rows] = outcome.samples
        if low:
            outcome.spike_label[...] += label_of(low, 0, len(self.recipe.watched))
        self._outcomes[number] = ChunkResult(np.empty(0), *outcome[1:])

    @property
    def _shape(self) -> tuple[int, int]:
        return self.recipe.neurons.size, self.recipe.samples

    def run(self) -> Run:
        """The run in memory."""
        outcomes = [outcome for outcome in self._outcomes if outcome is not None]
        label = _joined([outcome.spike_label for outcome in outcomes])
        times = [outcome.spike_time for outcome in outcomes]
        time, slopes = split(times[0] if len(times) == 1 else np.concatenate(times), self.recipe.differentiated_by)
        spikes = Spikes(label, time, self.recipe.n, self.recipe.spiking)
        traces = dict(zip(self.recipe.record, () if self._samples is None else self._samples, strict=True))
        found = totals(self.recipe, [outcome.snapshot for outcome in outcomes])
        run, sensitivity = run_of(self.recipe, found, spikes, traces), self.recipe.sensitivity
        return run if sensitivity is None else replace(run, model=sensitivity.model, sensitivities=slopes)


class MemoryShard:
    """All of its run is one chunk, whose result is what comes of it."""

    def __init__(self, recipe: Recipe | NetworkRecipe) -> None:
        self.recipe = recipe
        self.chunk = recipe.samples
        self._results: list[Any] = []

    def checkpoint(self) -> tuple[int, Mapping[str, np.ndarray]]:
        return 0, {}

    def results(self, done: int) -> AbstractContextManager[Callable[[Any], None]]:
        return nullcontext(self._results.append)

    def outcome(self) -> Any:
        (result,) = self._results
        kept = {name: array for name, array in result.snapshot.items() if name.startswith(TOTALS)}
        return result._replace(snapshot=kept, release=_nothing)


class Totals(NamedTuple):
    """What came of a run, but for its samples and spikes."""

    spike_count: np.ndarray  # (n,), or (states, n) where several spike
    state: Mapping[str, np.ndarray]
    summary: Mapping[str, np.ndarray]


def totals(recipe: Recipe, snapshots: Sequence[Mapping[str, np.ndarray]]) -> Totals:
    """What came of a run, from the last snapshots of its shards."""
    state = _joined([snapshot["state"] for snapshot in snapshots])
    summaries = [
        {name.removeprefix(SUMMARY): array for name, array in snapshot.items() if name.startswith(SUMMARY)}
        for snapshot in (snapshots if recipe.summary else ())
    ]
    return Totals(
        _joined([snapshot["spike_count"] for snapshot in snapshots]),
        dict(zip(recipe.variables, state, strict=True)),
        results(recipe.summary, recipe.variables, summaries, recipe.extent, recipe.spiking),
    )


def run_of(
    recipe: Recipe,
    found: Totals,
    spikes: Spikes,
    traces: Mapping[str, Any],
    duration: float | None = None,
    path: Path | None = None,
    group: str = "",
    piece: Chunk | None = None,
) -> Run:
    """What came of a recipe, of its first `duration` ms or of a piece, in memory or in a group of a store."""
    begin, samples = 0.0, next((trace.shape[1] for trace in traces.values()), 0)
    if piece is not None:
        begin, duration = piece.first * recipe.dt, (piece.last - piece.first) * recipe.dt
    first = piece.begin if piece else 0
    each = [found.spike_count] if found.spike_count.ndim == 1 else found.spike_count
    return of_fields(
        Run,
        model=recipe.model,
        duration=recipe.duration if duration is None else duration,
        dt=recipe.dt,
        spike_count=found.spike_count if len(each) == 1 else found.spike_count.sum(axis=0),
        spikes=spikes if recipe.spike_times else Spikes.not_kept(recipe.n, recipe.spiking),
        state=FinalState(found.state),
        time=recipe.times(first, first + samples),
        neurons=recipe.neurons,
        traces=traces,
        summary=found.summary,
        path=path,
        current=recipe.current,
        noise=recipe.noise,
        seed=recipe.seed,
        method=recipe.method,
        threshold=recipe.model.thresholds if recipe.has_own_thresholds else recipe.threshold,
        spike_times=recipe.spike_times,
        receptors=recipe.receptors,
        group=group,
        begin=begin,
        spike_counts=dict(zip(recipe.spiking, each, strict=True)),
        sensitivities={},
    )


def run_of_chunk(recipe: Recipe, problem: Problem, result: ChunkResult, piece: Chunk | None = None) -> Run:
    """The run that is over with this chunk, without summaries, or a piece of it; it stands when the problem goes on."""
    state = dict(zip(recipe.variables, problem.state.copy(), strict=True))
    spikes = Spikes(result.spike_label, result.spike_time, recipe.n, recipe.spiking)
    traces = dict(zip(recipe.record, result.samples, strict=True))
    return run_of(recipe, Totals(problem.spike_count.copy(), state, {}), spikes, traces, piece=piece)


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays one after the other along their last axis; a single one is not copied."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=-1)


def _nothing() -> None:
    """What there is to release of a chunk that has the whole run."""
