"""A run on disk: a zarr store that plain xarray opens, and beside it, until the run is finished, how far it is.

Each shard of a population (the whole, unless an executor shares it out) writes its own chunks of the samples, its
spikes chunk by chunk, and a checkpoint after each chunk; a network is one shard, of several parts.  Files are written
under another name and moved into place, so that whatever the moment of death, what is there is whole; what a checkpoint
does not vouch for is written again.  Nobody else may write while a run does (`lock`), and what is read proves itself by
its checksum (`about`, `arrays`).
"""

from __future__ import annotations

import functools
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .. import _files
from .._engine import resources
from .._engine.execute import Totals
from .._engine.labels import in_order, label_of
from .._engine.network_chunk import NetworkResult
from .._engine.network_recipe import NetworkRecipe, SourceRecipe
from .._engine.network_run import NetworkRun, SourceRun, network_run_of, run_of_part, totals_of_part
from .._engine.plan import Plan
from .._engine.recipe import Recipe
from .._engine.run import Run
from .._engine.scheduler import ChunkResult
from .._engine.spikes import Spikes
from . import about, arrays, layout, network_serialization
from .damage import reading
from .lock import Lock
from .part import Part, Pieces, padded
from .stored_shard import StoredShard

BEFORE = ".before.npz"  # how the name ends of the last checkpoint of a shard that is free of the end
KEPT = "checkpoint."  # what begins the names of these, in the recipe's group, of a finished run


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
        return Store, (self.path, network_serialization.classes_of(self.kept.values()))

    @classmethod
    def create(cls, recipe: Recipe | NetworkRecipe, plan: Plan) -> Store:
        """Make the store of a run that has not begun, and hold its lock."""
        path, lock = layout.create(recipe, plan)
        try:
            parts = [recipe] if isinstance(recipe, Recipe) else recipe.parts.values()
            store = cls(path, network_serialization.classes_of(parts))
        except BaseException:
            lock.release()
            raise
        store._lock = lock
        return store

    @cached_property
    def kept(self) -> dict[str, Recipe | SourceRecipe]:
        """What is kept of each population, by name; of one that is no network, by the name ""."""
        with reading(self.path / "zarr.json"):
            kept = network_serialization.read_parts(self.about["recipe"], self._recipe_array, self.classes)
            recipes = [part for part in kept.values() if isinstance(part, Recipe)]
            n, samples = sum(part.n for part in recipes), recipes[0].samples
            edges = [0, *(high for _, high in self.bounds)]
            if list(itertools.pairwise(edges)) != self.bounds or sorted(set(edges)) != edges or edges[-1] != n:
                raise ValueError(f"its shards are not those of {n} neurons")
            if ("" not in kept and len(self.bounds) > 1) or (self._alone and len(kept) > 1):
                raise ValueError("a network has one shard, and one population alone is no network")
            if not 1 <= self.chunk <= max(samples, 1):
                raise ValueError(f"a chunk of {samples} samples cannot have {self.chunk}")
        return kept

    @cached_property
    def recipe(self) -> Recipe | NetworkRecipe:
        """What is simulated; the neurons to sample in ascending order."""
        resources.check_results(self.kept.values())
        with reading(self.path / "zarr.json"):
            return network_serialization.read(self.about["recipe"], self._recipe_array, self.classes, self.kept)

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Where it is kept."""
        kept = self.kept
        with reading(self.path / "zarr.json"):
            return {
                name: Part(recipe, self.path, self.group, "" if self._alone else name, f"{name}/" if name else "")
                for name, recipe in kept.items()
            }

    @property
    def _alone(self) -> bool:
        """Whether it is a population that was simulated alone, whose arrays are at the root."""
        return self.about["recipe"].get("alone", True) is True

    def _recipe_array(self, name: str) -> np.ndarray:
        return arrays.read(self.path / "recipe" / name, self.group["recipe"][name])

    @property
    def finished(self) -> bool:
        """Whether the whole run is there."""
        return self.about["finished"] is True

    @cached_property
    def shards(self) -> list[StoredShard]:
        """The parts of the population that are not done."""
        return [] if self.finished else [StoredShard(self, number) for number in range(len(self.bounds))]

    def lock(self) -> None:
        """Keep others from writing, and remove what a death has left; BlockingIOError if somebody writes."""
        self._lock = Lock(self.progress / layout.LOCK, layout.name_of(self.path))
        self.about = about.read(self.path)  # it may have been finished before the lock was free
        if self.finished:
            self._remove_progress()
        self._sweep()

    def lock_to_extend(self) -> None:
        """The same for a run that is to last longer, finished or not; BlockingIOError, too, if it has changed."""
        arrays.make_folders(self.progress)
        self._lock = Lock(self.progress / layout.LOCK, layout.name_of(self.path))
        try:
            seen, self.about = self.about, about.read(self.path)
            if self.about != seen:
                raise BlockingIOError(f"{layout.name_of(self.path)} has been written by another in the meantime")
            if self.finished:
                for file in self.progress.glob("*.npz"):
                    file.unlink()
            self._sweep()
        except BaseException:
            with self.again().writing():
                raise

    def again(self) -> Store:
        """The same store as it now is, with the lock."""
        store = Store(self.path, self.classes)
        store._lock = self._lock
        return store

    def _sweep(self) -> None:
        """Remove what a death has left."""
        for partial in self.path.rglob("*.partial"):
            partial.unlink()
        shutil.rmtree(self.progress / "replaced", ignore_errors=True)

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

    def run(self) -> Run | NetworkRun:
        """Put the results of all shards together, if that has not been done, and open the run."""
        if not self.finished:
            checkpoints = [snapshot for _, snapshot in map(self.checkpoint, range(len(self.bounds)))]
            self._finish(
                {
                    name: totals_of_part(part.recipe, list(map(part.snapshot, checkpoints)))
                    for name, part in self.parts.items()
                }
            )
        return self.opened()

    def opened(self) -> Run | NetworkRun:
        """The run, as far as it has come."""
        resources.check_results(self.kept.values())
        with reading(self.path / "zarr.json"):  # listed synapses are there, and not read before they are wanted
            for name, array in self.group["recipe"].arrays():
                (arrays.read if name.startswith(KEPT) else arrays.check)(self.path / "recipe" / name, array)
        return network_run_of(self._finished_runs() if self.finished else self._begun_runs(), self._alone, self.path)

    def _finished_runs(self) -> dict[str, Run | SourceRun]:
        runs = {}
        for name, part in self.parts.items():
            part.check_coordinates()
            with reading(part.path):
                found, traces = part.found(), part.samples()
            runs[name] = run_of_part(part.recipe, found, self._spikes(name), traces, None, self.path, part.folder)
        return runs

    def _begun_runs(self) -> dict[str, Run | SourceRun]:
        reached = [self.checkpoint(number) for number in range(len(self.bounds))]
        runs = {}
        for name, part in self.parts.items():
            part.check_coordinates()
            counts = [
                part.snapshot(snapshot)["spike_count"]
                if done
                else np.zeros(part.counted(self._size(part, number)), np.int64)
                for number, (done, snapshot) in enumerate(reached)
            ]
            samples = min(min(done for done, _ in reached) * self.chunk, self._some.samples)
            duration = min(samples * self._some.interval, part.recipe.duration)
            with reading(part.path):
                traces = part.samples(samples)
            found = Totals(np.concatenate(counts, axis=-1), {}, {})
            runs[name] = run_of_part(part.recipe, found, self._spikes(name), traces, duration, self.path, part.folder)
        return runs

    def _size(self, part: Part, shard: int) -> int:
        """How many neurons of a part are in a shard."""
        low, high = self.bounds[shard] if len(self.bounds) > 1 else (0, part.recipe.n)
        return high - low

    @property
    def _some(self) -> Recipe:
        """The recipe of a population, which has what is the same in all."""
        return next(part for part in self.kept.values() if isinstance(part, Recipe))

    def write(self, shard: int, number: int, result: ChunkResult | NetworkResult) -> None:
        """Chunk `number` of a shard: its samples, its spikes, and a checkpoint at its end."""
        first, last = self.bounds[shard]
        results = result.parts if isinstance(result, NetworkResult) else {"": result}
        spikes: dict[str, np.ndarray] = {}
        try:
            for name, part in self.parts.items():
                mine = results[name]
                part.write(mine.samples, first, last, number * self.chunk)
                if mine.spike_label.size:
                    label = mine.spike_label + label_of(first, 0, len(part.recipe.spiking))
                    spikes |= {f"{part.prefix}neuron": label, f"{part.prefix}time": mine.spike_time}
            if spikes:
                self._save(f"{shard}-{number}.npz", **spikes)
            if number and not self.is_free(number + 1, result.snapshot):
                self._keep_before(shard, number)
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
        with reading(self.progress / f"{shard}.npz"):
            done = int(snapshot.pop("chunks"))
            if not 1 <= done <= self.chunks:
                raise ValueError(f"there is no chunk {done}")
            for part in self.parts.values():
                size = self._size(part, shard)
                if snapshot[f"{part.prefix}spike_count"].shape != part.counted(size):
                    raise ValueError(f"it is not of {size} neurons")
                if isinstance(part.recipe, Recipe):
                    longer = padded(part.snapshot(snapshot), part.recipe.extent)
                    snapshot |= {f"{part.prefix}{name}": array for name, array in longer.items()}
        return done, snapshot

    @property
    def chunks(self) -> int:
        """How many chunks the whole run has."""
        return -(-self._some.samples // self.chunk)

    def is_free(self, done: int, snapshot: Mapping[str, np.ndarray]) -> bool:
        """Whether a checkpoint behind so many chunks, in which nothing comes of the end of the run, is a longer one's.

        With an adaptive method the end may have cut a step short in an earlier chunk than the last; in a network, whose
        neurons stop at the ends of epochs, only the last epoch has another end.
        """
        ends = {f"{part.prefix}clock.time": part.recipe.duration for part in self.parts.values()}
        ends["clock.cut"] = 1.0
        early = all(np.all(snapshot[name] < end) for name, end in ends.items() if name in snapshot)
        return done < self.chunks and early

    def _keep_before(self, shard: int, done: int) -> None:
        """Keep the last free checkpoint, behind so many chunks, by another name: a longer run goes on from there."""
        if self._some.chosen.is_adaptive and not self.is_free(done, self._load(f"{shard}.npz")):
            return
        now, before = self.progress / f"{shard}.npz", self.progress / f"{shard}{BEFORE}"
        before.unlink(missing_ok=True)
        try:
            os.link(now, before)
        except OSError:  # some file systems have no links
            self._save(before.name, **self._load(now.name))

    def before(self, shard: int) -> dict[str, np.ndarray] | None:
        """The last free checkpoint of a shard, if there is one and later ones are not."""
        try:
            return self._load(f"{shard}{BEFORE}")
        except FileNotFoundError:
            return None

    def _pieces(self, name: str) -> Pieces:
        """The spikes of a part of an unfinished run, a chunk at a time."""
        neuron, time = (f"{self.parts[name].prefix}{column}" for column in ("neuron", "time"))
        for shard in range(len(self.bounds)):
            for number in range(self._done(shard)):
                file = f"{shard}-{number}.npz"
                if (self.progress / file).exists() and (found := self._load(file, neuron, time)):
                    with reading(self.progress / file):
                        yield found[neuron], found[time]

    def _done(self, shard: int) -> int:
        """How many chunks of a shard are done."""
        try:
            return int(self._load(f"{shard}.npz", "chunks")["chunks"])
        except FileNotFoundError:
            return 0

    def tidy(self) -> None:
        """Remove what has been left of the progress of a run that is finished."""
        if self.progress.is_dir():
            self.lock()
            with self.writing():
                pass

    @property
    def progress(self) -> Path:
        return self.path / layout.PROGRESS

    def _remove_progress(self) -> None:
        shutil.rmtree(self.progress, ignore_errors=True)

    def _save(self, name: str, **values: Any) -> None:
        """Write arrays to a file of the progress, whole or not at all."""
        with _files.whole_file(self.progress / name) as file:
            np.savez(file, allow_pickle=False, run=self.about["id"], **values)

    def _load(self, name: str, *wanted: str) -> dict[str, np.ndarray]:
        """The arrays of a file of the progress, or those that are wanted.  ValueError if it is no file of this run."""
        path = self.progress / name
        with reading(path), open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            if str(found["run"]) != self.about["id"]:
                raise ValueError("it is of another run")
            return {key: found[key] for key in found if key != "run" and (key in wanted or not wanted)}

    def _spikes(self, name: str) -> Spikes:
        """Those of a part, which are read when they are first asked for."""
        kept = self.kept[name]
        return Spikes.later(functools.partial(self._load_spikes, name), kept.n, kept.spiking)

    def _load_spikes(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The labels and times of all spikes, by neuron, then time."""
        classes = network_serialization.classes_of(self.kept.values())
        store = Store(self.path, classes)  # it may have been finished since
        if store.about["id"] != self.about["id"]:
            raise ValueError(f"{layout.name_of(self.path)} has been replaced by another")
        part = store.parts[name]
        if not part.recipe.spike_times:
            return np.empty(0, np.int64), np.empty(0)
        if store.finished:
            label, time = part.spikes()
        else:
            pieces = [(np.empty(0, np.int64), np.empty(0)), *store._pieces(name)]
            label, time = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return in_order(label, time, len(part.recipe.spiking))

    def _finish(self, found: Mapping[str, Totals]) -> None:
        """Put the results of the whole run in place, and what the shards have left behind together."""
        root = arrays.open_group(self.path, "r+", consolidated=False)
        for name, part in self.parts.items():
            part.finish(root, found[name], self._pieces(name))
        for shard in range(len(self.bounds)):
            if (file := self.progress / f"{shard}{BEFORE}").exists():
                name, values = f"{KEPT}{shard}", np.fromfile(file, np.int8)
                arrays.put(root["recipe"], self.path / "recipe", name, values, [f"{name}_0"])
        finished = self.about | {"finished": True}
        about.write(self.path, finished)
        self.about = finished
        self.group = arrays.open_group(self.path)
        del self.parts
        self._remove_progress()
