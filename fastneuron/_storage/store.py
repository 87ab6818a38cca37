"""A run on disk: a zarr store that plain xarray opens, and beside it, until the run is finished, how far it is.

Each shard of the population (the whole, unless an executor shares it out) writes its own chunks of the samples, its
spikes chunk by chunk, and a checkpoint after each chunk.  Files are written under another name and moved into place, so
that whatever the moment of death, what is there is whole; what a checkpoint does not vouch for is written again.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .._engine.execute import Totals, run_of, totals
from .._engine.executors import partition
from .._engine.plan import Plan
from .._engine.recipe import Recipe
from .._engine.run import Run, Spikes
from .._engine.scheduler import ChunkResult
from . import serialization

CHUNK = 16_000_000  # bytes of samples in a chunk of an array, at most
SPIKES = 2**17  # in a chunk
RAW = None  # no compressor: lz4, of shuffled bytes, saves a third of the room and takes 6 % of the time of a run
FORMAT = 3  # 1 compressed its samples, 2 named classes where they no longer are: no run may go on with both


def zarr() -> Any:
    """The library, or what to install."""
    try:
        import xarray  # noqa: F401, to fail before the run, not after
        import zarr
    except ImportError:
        raise ImportError("out= needs zarr and xarray: pip install 'fastneuron[zarr]'") from None
    return zarr


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
        self.path, self.classes = Path(path), classes
        try:
            self.group = zarr().open_group(self.path, mode="r+")
            about = self.group.attrs["fastneuron"]
        except (FileNotFoundError, KeyError, json.JSONDecodeError):
            raise FileNotFoundError(f"no run of fastneuron in {str(self.path)!r}") from None
        if about["format"] != FORMAT:
            raise ValueError(f"{str(self.path)!r} is of format {about['format']}; this version reads {FORMAT}")
        self.about = about
        self.bounds = [(low, high) for low, high in about["shards"]]
        self.chunk = about["chunk"]

    def __reduce__(self) -> Any:  # a worker is told where it is, and which classes there are
        return Store, (self.path, serialization.classes_of(self.recipe))

    @classmethod
    def create(cls, recipe: Recipe, plan: Plan) -> Store:
        """Make the store of a run that has not begun, in place of one that is there; rows are in order of neuron."""
        recipe = replace(recipe, neurons=np.sort(recipe.neurons))
        assert plan.out is not None
        path = Path(plan.out)
        for abandoned in path.parent.glob(f".{path.name}.*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        made, old = (path.with_name(f".{path.name}.{uuid.uuid4().hex}") for _ in range(2))  # whole, or not there
        try:
            _lay_out(made, recipe, plan)
            if path.exists():
                path.rename(old)
                # while the run goes on: 240 MB take some disks 55 ms
                threading.Thread(target=shutil.rmtree, args=(old, True), name="fastneuron-remover").start()
            made.rename(path)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise type(error)(error.errno, f"cannot write to {str(path)!r}: {error.strerror}") from None
        store = cls(path)
        store.recipe = recipe
        return store

    @cached_property
    def recipe(self) -> Recipe:
        """What is simulated; the neurons to sample in ascending order."""
        return serialization.read(self.about["recipe"], self.group["recipe"], self.classes)

    @property
    def finished(self) -> bool:
        """Whether the whole run is there."""
        return self.about["finished"]

    @cached_property
    def shards(self) -> list[_StoredShard]:
        """The parts of the population."""
        return [_StoredShard(self, number) for number in range(len(self.bounds))]

    def take(self, number: int, outcome: None) -> None:
        """Nothing: what a shard has come to is in the store."""

    def run(self) -> Run:
        """Put the results of all shards together, if that has not been done, and open the run."""
        if not self.finished:
            snapshots = [snapshot for _, snapshot in map(self.checkpoint, range(len(self.bounds)))]
            self._finish(totals(self.recipe, snapshots))
        return self.opened()

    def opened(self) -> Run:
        """The run, as far as it has come."""
        recipe, group = self.recipe, self.group
        traces = {name: group[name] for name in recipe.record}
        spikes = Spikes.later(self._load_spikes)
        if self.finished:
            found = Totals(
                group["spike_count"][...],
                {name: group[f"final.{name}"][...] for name in recipe.states},
                {name: group[name][...] for name in recipe.summary},
            )
            return run_of(recipe, found, spikes, traces, path=self.path)
        reached = [self.checkpoint(number) for number in range(len(self.bounds))]
        samples = min(min(done for done, _ in reached) * self.chunk, recipe.samples)
        counts = [
            snapshot.get("spike_count", np.zeros(high - low, np.int64))
            for (_, snapshot), (low, high) in zip(reached, self.bounds, strict=True)
        ]
        return run_of(
            recipe,
            Totals(np.concatenate(counts), {}, {}),
            spikes,
            {name: array[:, :samples] for name, array in traces.items()},
            duration=min(samples * recipe.interval, recipe.duration),
            path=self.path,
        )

    def write(self, shard: int, number: int, result: ChunkResult) -> None:
        """Chunk `number` of a shard: its samples, its spikes, and a checkpoint at its end."""
        first, last = self.bounds[shard]
        low, high = np.searchsorted(self.recipe.neurons, (first, last))
        try:
            if high > low:
                for name, values in zip(self.recipe.record, result.samples, strict=True):
                    _write_chunks(self.path / name, self.group[name], low, number * self.chunk, values)
            if result.spike_neuron.size:
                _save(self._spikes(shard, number), neuron=result.spike_neuron + first, time=result.spike_time)
            _save(self.path / "progress" / f"{shard}.npz", chunks=np.int64(number + 1), **result.snapshot)
        except OSError as error:
            message = f"cannot write to {str(self.path)!r}: {error.strerror}; what was written before is whole"
            message += ", and fn.resume() goes on from there"
            raise type(error)(error.errno, message) from None

    def tidy(self) -> None:
        """Remove what a death has left half written."""
        for partial in self.path.rglob("*.partial"):
            partial.unlink()

    def checkpoint(self, shard: int) -> tuple[int, Mapping[str, np.ndarray]]:
        """How many chunks of a shard are done, and the snapshot at their end."""
        try:
            with np.load(self.path / "progress" / f"{shard}.npz") as found:
                snapshot = dict(found)
        except FileNotFoundError:
            return 0, {}
        return int(snapshot.pop("chunks")), snapshot

    def spikes(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The neurons and times of the spikes of an unfinished run, a chunk of a shard at a time."""
        for shard in range(len(self.bounds)):
            for number in range(self.checkpoint(shard)[0]):
                if self._spikes(shard, number).exists():
                    with np.load(self._spikes(shard, number)) as found:
                        yield found["neuron"], found["time"]

    def _spikes(self, shard: int, number: int) -> Path:
        return self.path / "progress" / f"{shard}-{number}.npz"

    def _load_spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """All spikes by neuron, then time; the sort is stable, and they come in order of time."""
        store = Store(self.path, serialization.classes_of(self.recipe))  # it may have been finished since
        if not store.recipe.spike_times:
            return np.empty(0, np.int64), np.empty(0)
        if store.finished:
            neuron, time = store.group["spike_neuron"][...], store.group["spike_time"][...]
        else:
            nothing = np.empty(0, np.int64), np.empty(0)
            neuron, time = (np.concatenate(column) for column in zip(nothing, *store.spikes(), strict=True))
        order = np.argsort(neuron, kind="stable")
        return neuron[order], time[order]

    def _finish(self, found: Totals) -> None:
        """Put the results of the whole run in place, and what the shards have left behind together."""
        run = run_of(self.recipe, found, Spikes(np.empty(0, np.int64), np.empty(0)), {})
        for name, dimension, values, units in run.columns():
            _put(self.group, name, values, [dimension], units)
        if self.recipe.spike_times:
            self._join_spikes(int(found.spike_count.sum()))
        self.about = self.about | {"finished": True}
        self.group = _consolidate(self.group)
        self.group.attrs["fastneuron"] = self.about  # one file has both: what is finished can be read
        del self.group["progress"]

    def _join_spikes(self, total: int) -> None:
        """One list, by shard, chunk, neuron and time; no more than some chunks of it are in memory."""
        arrays = [
            self.group.create_array(
                name, shape=(total,), chunks=(SPIKES,), dtype=dtype, dimension_names=("spike",), overwrite=True,
                compressors=RAW, attributes={"units": units} if units else None,
            )
            for name, dtype, units in (("spike_neuron", "i8", ""), ("spike_time", "f8", "ms"))
        ]  # fmt: skip
        written = 0
        waiting: list[Any] = []
        for piece in self.spikes():
            waiting.append(piece)
            end = written + sum(neuron.size for neuron, _ in waiting)
            whole = end if end == total else end // (8 * SPIKES) * 8 * SPIKES
            if whole > written:
                columns = [np.concatenate(column) for column in zip(*waiting, strict=True)]
                for array, column in zip(arrays, columns, strict=True):
                    array[written:whole] = column[: whole - written]
                waiting = [tuple(column[whole - written :] for column in columns)]
                written = whole


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

        def write(result: ChunkResult) -> None:
            self.store.write(self.number, next(numbers), result)
            result.release()

        def on_result(result: ChunkResult) -> None:
            if writing:  # no more than a chunk waits for the disk
                writing.pop().result()
            writing.append(writer.submit(write, result))

        with ThreadPoolExecutor(1, "fastneuron-writer") as writer:
            try:
                writer.submit(int).result()
            except RuntimeError:  # the system allows no more threads
                yield write
                return
            yield on_result
            if writing:
                writing.pop().result()

    def outcome(self) -> None:
        """Nothing: it is in the store."""


def _lay_out(path: Path, recipe: Recipe, plan: Plan) -> None:
    """Make the folder of a run that has not begun."""
    rows = rows_in_a_chunk(recipe, plan)
    text, arrays = serialization.written(recipe)
    group = zarr().open_group(path, mode="w-")
    group.attrs["fastneuron"] = {
        "format": FORMAT,
        "versions": serialization.versions(),
        "recipe": text,
        "shards": [list(map(int, bound)) for bound in partition(recipe.n, recipe.neurons, plan.shards, rows)],
        "chunk": plan.chunk,
        "finished": False,
    }
    kept = group.create_group("recipe")
    for name, value in arrays.items():
        _put(kept, name, value, [f"{name}_{axis}" for axis in range(np.ndim(value))])
    group.create_group("progress")
    if recipe.record:
        neuron = "neuron" if recipe.neurons.size == recipe.n else "recorded_neuron"
        _put(group, neuron, recipe.neurons, [neuron])
        _put(group, "time", recipe.time, ["time"], "ms")
        for name in recipe.record:
            group.create_array(
                name,
                shape=(recipe.neurons.size, recipe.samples),
                chunks=(max(min(rows, recipe.neurons.size), 1), min(plan.chunk, recipe.samples)),
                dtype=recipe.dtype,
                fill_value=np.nan,
                dimension_names=(neuron, "time"),
                attributes={"units": recipe.model.units.get(name, "")},
                compressors=RAW,
            )
    _consolidate(group)


def rows_in_a_chunk(recipe: Recipe, plan: Plan) -> int:
    """So many that a shard has whole chunks of about equal size, none too large."""
    most = max(CHUNK // (plan.chunk * recipe.dtype.itemsize), 1)
    share = max(-(-recipe.neurons.size // min(plan.shards, recipe.n)), 1)
    return -(-share // -(-share // most))


def _put(group: Any, name: str, value: Any, dimensions: list[str], units: str = "") -> None:
    """An array in a group, in place of one of this name."""
    value = np.asarray(value)
    array = group.create_array(
        name, shape=value.shape, dtype=value.dtype, dimension_names=dimensions, overwrite=True, compressors=RAW,
        attributes={"units": units} if units else None,
    )  # fmt: skip
    array[...] = value


def _consolidate(group: Any) -> Any:
    """Gather all metadata in one place, so that xarray opens the store at once and without a word; the group anew."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr: not yet in the specification of format 3
        return zarr().consolidate_metadata(group.store)


def check_path(path: str | os.PathLike[str], overwrite: bool) -> None:
    """OSError if no store can be made there, FileExistsError if something is there, unless it is a run to overwrite."""
    zarr()
    path = Path(path)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise OSError(f"out must be in a folder that can be written to; got {str(path)!r}")
    if not path.exists():
        return
    if not overwrite:
        raise FileExistsError(f"out={str(path)!r} exists already; overwrite=True replaces it, resume() goes on with it")
    if not (path.is_dir() and (path / "zarr.json").exists()):
        raise FileExistsError(f"out={str(path)!r} exists and is no store of a run, so it is not overwritten")


def _write_chunks(folder: Path, array: Any, row: int, column: int, values: np.ndarray) -> None:
    """Samples from (row, column) on, whole chunks of an array in `folder`, as files.

    Through zarr, its event loop and its threads, a run of 10,000 neurons that keeps V every ms takes 3 % longer.
    """
    rows, columns = array.chunks
    for first in range(0, len(values), rows):
        chunk = values[first : first + rows]
        if chunk.shape != array.chunks:  # at an edge of the array
            chunk = np.full(array.chunks, np.nan, values.dtype)
            chunk[: len(values) - first, : values.shape[1]] = values[first : first + rows]
        path = folder / array.metadata.encode_chunk_key(((row + first) // rows, column // columns))
        path.parent.mkdir(parents=True, exist_ok=True)
        with _whole(path) as file:
            file.write(chunk.data)
            _to_disk(file)
            if hasattr(os, "posix_fadvise"):  # nobody reads it soon: the memory of one chunk serves for the next
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _save(path: Path, **arrays: Any) -> None:
    """Write arrays to a file, whole or not at all."""
    with _whole(path) as file:
        np.savez(file, **arrays)
        _to_disk(file)


@contextmanager
def _whole(path: Path) -> Iterator[Any]:
    """A file that takes its place only once all is written."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")  # as zarr names its own
    try:
        with open(partial, "wb") as file:
            yield file
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _to_disk(file: Any) -> None:
    """Do not go on before the disk has what has been written."""
    file.flush()
    os.fsync(file.fileno())
