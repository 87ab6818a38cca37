"""A run on disk: a zarr store that plain xarray opens, and beside it, until the run is finished, how far it is.

Each shard of the population (the whole, unless an executor shares it out) writes its own chunks of the samples, its
spikes chunk by chunk, and a checkpoint after each chunk.  Files are written under another name and moved into place, so
that whatever the moment of death, what is there is whole; what a checkpoint does not vouch for is written again.
Nobody else may write while a run does (`lock`), and what is read proves itself by its checksum (`about`, `arrays`).
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .. import _files
from .._engine import resources
from .._engine.execute import Totals, run_of, totals
from .._engine.plan import Plan
from .._engine.recipe import Recipe
from .._engine.run import Run, Spikes
from .._engine.scheduler import ChunkResult
from . import about, arrays, layout, serialization
from .damage import damaged, reading
from .lock import Lock

SPIKES = 2**17  # in a chunk


class Store:
    """A run on disk, and the sink of one that goes there.

    Attributes
    ----------
    path : Path
        Its folder.
    bounds : list of (int, int)
        The neurons of each shard.
    chunk : int
        Samples between two checkpoints.
    """

    def __init__(self, path: str | os.PathLike[str], classes: tuple[type, ...] = ()) -> None:
        self.path, self.classes = Path(os.path.realpath(path)), classes
        self.about = about.read(self.path)
        with reading(self.path / "zarr.json"):
            self.group = arrays.open_group(self.path)
            self.bounds = [(int(low), int(high)) for low, high in self.about["shards"]]
            self.chunk = int(self.about["chunk"])
        self._lock: Lock | None = None

    def __reduce__(self) -> Any:  # a worker is told where it is, and which classes there are
        return Store, (self.path, serialization.classes_of(self.recipe))

    @classmethod
    def create(cls, recipe: Recipe, plan: Plan) -> Store:
        """Make the store of a run that has not begun, and hold its lock."""
        path, lock = layout.create(recipe, plan)
        try:
            store = cls(path, serialization.classes_of(recipe))
        except BaseException:
            lock.release()
            raise
        store._lock = lock
        return store

    @cached_property
    def recipe(self) -> Recipe:
        """What is simulated; the neurons to sample in ascending order."""
        with reading(self.path / "zarr.json"):
            recipe = serialization.read(self.about["recipe"], self._recipe_array, self.classes)
            edges = [0, *(high for _, high in self.bounds)]
            if list(itertools.pairwise(edges)) != self.bounds or sorted(set(edges)) != edges or edges[-1] != recipe.n:
                raise ValueError(f"its shards are not those of {recipe.n} neurons")
            if not 1 <= self.chunk <= max(recipe.samples, 1):
                raise ValueError(f"a chunk of {recipe.samples} samples cannot have {self.chunk}")
        return recipe

    def _recipe_array(self, name: str) -> np.ndarray:
        return arrays.read(self.path / "recipe" / name, self.group["recipe"][name])

    @property
    def finished(self) -> bool:
        """Whether the whole run is there."""
        return self.about["finished"] is True

    @cached_property
    def shards(self) -> list[_StoredShard]:
        """The parts of the population that are not done."""
        return [] if self.finished else [_StoredShard(self, number) for number in range(len(self.bounds))]

    def lock(self) -> None:
        """Keep others from writing, and remove what a death has left; BlockingIOError if somebody writes."""
        self._lock = Lock(self._progress / layout.LOCK, layout.name_of(self.path))
        self.about = about.read(self.path)  # it may have been finished before the lock was free
        if self.finished:
            self._remove_progress()
        for partial in self.path.rglob("*.partial"):
            partial.unlink()
        shutil.rmtree(self._progress / "replaced", ignore_errors=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let others write again at the end."""
        try:
            yield
        finally:
            if self._lock is not None:
                self._lock.release()
            if self.finished:  # Windows removes nothing that is open, so the lock may be there yet
                self._remove_progress()

    def take(self, number: int, outcome: None) -> None:
        """Nothing: what a shard has come to is in the store."""

    def run(self) -> Run:
        """Put the results of all shards together, if that has not been done, and open the run."""
        if self.finished:
            return self.opened()
        snapshots = [snapshot for _, snapshot in map(self.checkpoint, range(len(self.bounds)))]
        self._finish(totals(self.recipe, snapshots))
        return self.opened()

    def opened(self) -> Run:
        """The run, as far as it has come."""
        recipe = self.recipe
        resources.check_results(recipe)
        spikes = Spikes.later(self._load_spikes, recipe.n)
        coordinates = [name for name in ("neuron", "recorded_neuron", "time") if name in self.group]
        for name in coordinates:
            arrays.check(self.path / name, self.group[name])
        if self.finished:
            with reading(self.path):
                found = Totals(
                    self._array("spike_count", recipe.n),
                    {name: self._array(f"final.{name}", recipe.n) for name in recipe.states},
                    {name: self._array(name) for name in recipe.summary},
                )
                self._check_spikes(int(found.spike_count.sum()))
                traces = {name: self._samples(name, recipe.samples) for name in recipe.record}
            return run_of(recipe, found, spikes, traces, path=self.path)
        reached = [self.checkpoint(number) for number in range(len(self.bounds))]
        samples = min(min(done for done, _ in reached) * self.chunk, recipe.samples)
        counts = [
            snapshot["spike_count"] if done else np.zeros(high - low, np.int64)
            for (done, snapshot), (low, high) in zip(reached, self.bounds, strict=True)
        ]
        with reading(self.path):
            traces = {name: self._samples(name, samples) for name in recipe.record}
        duration = min(samples * recipe.interval, recipe.duration)
        return run_of(recipe, Totals(np.concatenate(counts), {}, {}), spikes, traces, duration, self.path)

    def _array(self, name: str, *shape: int) -> np.ndarray:
        """An array that the run has come to, of this shape if one is given."""
        array = self.group[name]
        if shape and array.shape != shape:
            raise ValueError(f"{name} has the shape {array.shape} in place of {shape}")
        return arrays.read(self.path / name, array)

    def _samples(self, name: str, samples: int) -> Any:
        """The first samples of a state, which stay on the disk; ValueError if they are not all there."""
        recipe, array = self.recipe, self.group[name]
        shape = recipe.neurons.size, recipe.samples
        if array.shape != shape or array.dtype != recipe.dtype:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape} in place of {recipe.dtype}, {shape}")
        arrays.check(self.path / name, array, samples)
        return arrays.columns(array, samples)

    def _check_spikes(self, total: int) -> None:
        if not self.recipe.spike_times:
            return
        for name in ("spike_neuron", "spike_time"):
            if self.group[name].shape != (total,):
                raise ValueError(f"{name} has the shape {self.group[name].shape}, but {total} spikes were counted")
            arrays.check(self.path / name, self.group[name])

    def write(self, shard: int, number: int, result: ChunkResult) -> None:
        """Chunk `number` of a shard: its samples, its spikes, and a checkpoint at its end."""
        first, last = self.bounds[shard]
        low, high = np.searchsorted(self.recipe.neurons, (first, last))
        try:
            if high > low:
                for name, values in zip(self.recipe.record, result.samples, strict=True):
                    arrays.write(self.path / name, self.group[name], values, (low, number * self.chunk))
            if result.spike_neuron.size:
                spikes = {"neuron": result.spike_neuron + first, "time": result.spike_time}
                self._save(f"{shard}-{number}.npz", **spikes)
            self._save(f"{shard}.npz", chunks=np.int64(number + 1), **result.snapshot)
        except OSError as error:
            message = f"cannot write to {str(self.path)!r}: {error.strerror}; what was written before is whole"
            message += ", and fn.resume() goes on from there"
            raise type(error)(error.errno, message) from None

    def checkpoint(self, shard: int) -> tuple[int, Mapping[str, np.ndarray]]:
        """How many chunks of a shard are done, and the snapshot at their end."""
        try:
            snapshot = self._load(f"{shard}.npz")
        except FileNotFoundError:
            return 0, {}
        with reading(self._progress / f"{shard}.npz"):
            done = int(snapshot.pop("chunks"))
            low, high = self.bounds[shard]
            if not 1 <= done <= -(-self.recipe.samples // self.chunk):
                raise ValueError(f"there is no chunk {done}")
            if snapshot["spike_count"].shape != (high - low,):
                raise ValueError(f"it is not of {high - low} neurons")
        return done, snapshot

    def spikes(self, shard: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The neurons and times of the spikes of a shard of an unfinished run, a chunk at a time."""
        for number in range(self.checkpoint(shard)[0]):
            name = f"{shard}-{number}.npz"
            if (self._progress / name).exists():
                with reading(self._progress / name):
                    found = self._load(name)
                    yield found["neuron"], found["time"]

    def tidy(self) -> None:
        """Remove what has been left of the progress of a run that is finished."""
        if self._progress.is_dir():
            self.lock()
            with self.writing():
                pass

    @property
    def _progress(self) -> Path:
        return self.path / layout.PROGRESS

    def _remove_progress(self) -> None:
        shutil.rmtree(self._progress, ignore_errors=True)

    def _save(self, name: str, **values: Any) -> None:
        """Write arrays to a file of the progress, whole or not at all."""
        with _files.whole_file(self._progress / name) as file:
            np.savez(file, allow_pickle=False, run=self.about["id"], **values)

    def _load(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of a file of the progress; ValueError if it is damaged, or of another run."""
        path = self._progress / name
        with reading(path), open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            values = dict(found)
            if str(values.pop("run")) != self.about["id"]:
                raise ValueError("it is of another run")
        return values

    def _load_spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """All spikes by neuron, then time; the sort is stable, and they come in order of time."""
        store = Store(self.path, serialization.classes_of(self.recipe))  # it may have been finished since
        if store.about["id"] != self.about["id"]:
            raise ValueError(f"{layout.name_of(self.path)} has been replaced by another")
        if not store.recipe.spike_times:
            return np.empty(0, np.int64), np.empty(0)
        if store.finished:
            neuron, time = store._array("spike_neuron"), store._array("spike_time")
        else:
            nothing = np.empty(0, np.int64), np.empty(0)
            pieces = (piece for shard in range(len(store.bounds)) for piece in store.spikes(shard))
            neuron, time = (np.concatenate(column) for column in zip(nothing, *pieces, strict=True))
        order = np.argsort(neuron, kind="stable")
        return neuron[order], time[order]

    def _finish(self, found: Totals) -> None:
        """Put the results of the whole run in place, and what the shards have left behind together."""
        run = run_of(self.recipe, found, Spikes(np.empty(0, np.int64), np.empty(0)), {})
        group = arrays.open_group(self.path, "r+", consolidated=False)
        for name, dimension, values, units in run.columns():
            arrays.put(group, self.path, name, values, [dimension], units or None)
        if self.recipe.spike_times:
            self._join_spikes(group, int(found.spike_count.sum()))
        finished = self.about | {"finished": True}
        about.write(self.path, finished)
        self.about = finished
        self.group = arrays.open_group(self.path)
        self._remove_progress()

    def _join_spikes(self, group: Any, total: int) -> None:
        """One list, by shard, chunk, neuron and time; no more than some chunks of it are in memory."""
        chunks = (min(SPIKES, max(total, 1)),)
        lists = {
            name: arrays.create(group, name, (total,), dtype, ["spike"], units, chunks)
            for name, dtype, units in (("spike_neuron", "i8", None), ("spike_time", "f8", "ms"))
        }
        written = 0
        waiting: list[Any] = []
        for piece in itertools.chain.from_iterable(map(self.spikes, range(len(self.bounds)))):
            waiting.append(piece)
            end = written + sum(neuron.size for neuron, _ in waiting)
            whole = end if end == total else end // (8 * SPIKES) * 8 * SPIKES
            if end > total:
                written = end
                break
            if whole > written:
                columns = [np.concatenate(column) for column in zip(*waiting, strict=True)]
                for (name, array), column in zip(lists.items(), columns, strict=True):
                    arrays.write(self.path / name, array, column[: whole - written], (written,))
                waiting = [tuple(column[whole - written :] for column in columns)]
                written = whole
        if written != total:
            raise damaged(self.path, f"{total} spikes were counted, and {written} are there")


class _StoredShard:
    """A shard that writes to its store; the disk works while the kernel does."""

    def __init__(self, store: Store, number: int) -> None:
        self.store, self.number = store, number
        self.chunk = store.chunk

    @cached_property
    def recipe(self) -> Recipe:
        return self.store.recipe.part(*self.store.bounds[self.number])

    def __reduce__(self) -> Any:  # without the recipe: a worker reads its own
        return _StoredShard, (self.store, self.number)

    def checkpoint(self) -> tuple[int, Mapping[str, np.ndarray]]:
        return self.store.checkpoint(self.number)

    @contextmanager
    def results(self, done: int) -> Iterator[Callable[[ChunkResult], None]]:
        numbers = itertools.count(done)
        writing: list[Future[None]] = []
        # of the worker: whoever goes on with the run must not meet one that outlived the process that sent it
        path = self.store.path
        lock = Lock(path / layout.PROGRESS / f"{self.number}.{layout.LOCK}", layout.name_of(path))

        def write(result: ChunkResult) -> None:
            lock.check()
            self.store.write(self.number, next(numbers), result)
            result.release()

        def on_result(result: ChunkResult) -> None:
            if writing:  # no more than a chunk waits for the disk
                writing.pop().result()
            writing.append(writer.submit(write, result))

        try:
            with ThreadPoolExecutor(1, "fastneuron-writer") as writer:
                try:
                    writer.submit(int).result()
                except RuntimeError:  # the system allows no more threads
                    yield write
                    return
                yield on_result
                if writing:
                    writing.pop().result()
        finally:
            lock.release()

    def outcome(self) -> None:
        """Nothing: it is in the store."""
