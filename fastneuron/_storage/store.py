"""A run on disk: a zarr store that plain xarray opens, and beside it, until the run is finished, how far it is.

Each part of the population (the whole, unless an executor shares it out) writes its own chunks of the samples, its
spikes stretch by stretch, and a checkpoint after each stretch.  Files are written under another name and moved into
place, so that whatever the moment of death, what is there is whole; what a checkpoint does not vouch for is written
again.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .._engine.recipe import Recipe
from .._engine.run import Run
from .._engine.scheduler import Outcome
from .._engine.summary import results
from . import serialization

CHUNK = 16_000_000  # bytes of samples in a chunk, at most
SPIKES = 2**17  # in a chunk
RAW = None  # no compressor: lz4, of shuffled bytes, saves a third of the room and takes 6 % of the time of a run
FORMAT = 2  # 1 compressed its samples: no run may go on with chunks of both kinds


def zarr() -> Any:
    """The library, or what to install."""
    try:
        import xarray  # noqa: F401, to fail before the run, not after
        import zarr
    except ImportError:
        raise ImportError("out= needs zarr and xarray: pip install 'fastneuron[zarr]'") from None
    return zarr


class Store:
    """A run on disk.

    Attributes
    ----------
    path : Path
        Its folder.
    parts : list of (int, int)
        The neurons of each part.
    size : int
        Samples in a stretch.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.group = zarr().open_group(self.path, mode="r+")
            about = self.group.attrs["fastneuron"]
        except (FileNotFoundError, KeyError, json.JSONDecodeError):
            raise FileNotFoundError(f"no run of fastneuron in {str(self.path)!r}") from None
        if about["format"] != FORMAT:
            raise ValueError(f"{str(self.path)!r} is of format {about['format']}; this version reads {FORMAT}")
        self.about = about
        self.parts = [(low, high) for low, high in about["parts"]]
        self.size = about["size"]

    @classmethod
    def create(cls, path: str | os.PathLike[str], recipe: Recipe, parts: int, size: int) -> Store:
        """Make the store of a run that has not begun, in place of one that is there."""
        path = Path(path)
        for abandoned in path.parent.glob(f".{path.name}.*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        made, old = (path.with_name(f".{path.name}.{uuid.uuid4().hex}") for _ in range(2))  # whole, or not there
        try:
            cls._write(made, recipe, parts, size)
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

    @staticmethod
    def _write(path: Path, recipe: Recipe, parts: int, size: int) -> None:
        rows = rows_in_a_chunk(recipe, parts, size)
        bounds = shared_out(recipe, parts, rows)
        text, arrays = serialization.written(recipe)
        group = zarr().open_group(path, mode="w-")
        group.attrs["fastneuron"] = {
            "format": FORMAT,
            "versions": serialization.versions(),
            "recipe": text,
            "parts": [list(map(int, bound)) for bound in bounds],
            "size": size,
            "finished": False,
        }
        kept = group.create_group("recipe")
        for name, value in arrays.items():
            put(kept, name, value, [f"{name}_{axis}" for axis in range(np.ndim(value))])
        group.create_group("progress")
        if recipe.record:
            neuron = "neuron" if recipe.neurons.size == recipe.n else "recorded_neuron"
            put(group, neuron, recipe.neurons, [neuron])
            put(group, "time", recipe.time, ["time"], "ms")
            for name in recipe.record:
                group.create_array(
                    name,
                    shape=(recipe.neurons.size, recipe.samples),
                    chunks=(max(min(rows, recipe.neurons.size), 1), min(size, recipe.samples)),
                    dtype=recipe.state.dtype,
                    fill_value=np.nan,
                    dimension_names=(neuron, "time"),
                    attributes={"units": recipe.model.units.get(name, "")},
                    compressors=RAW,
                )
        consolidate(group)

    @cached_property
    def recipe(self) -> Recipe:
        """What is simulated; the neurons to sample in ascending order."""
        return serialization.read(self.about["recipe"], self.group["recipe"])

    @property
    def finished(self) -> bool:
        """Whether the whole run is there."""
        return self.about["finished"]

    def write(self, part: int, number: int, outcome: Outcome) -> None:
        """Stretch `number` of a part: its samples, its spikes, and a checkpoint at its end."""
        samples, neuron, time, carry, _ = outcome
        begin = number * self.size
        low, high = np.searchsorted(self.recipe.neurons, self.parts[part])
        try:
            if high > low:
                for name, values in zip(self.recipe.record, samples, strict=True):
                    _write_chunks(self.path / name, self.group[name], low, begin, values)
            if neuron.size:
                _save(self._spikes(part, number), neuron=neuron + self.parts[part][0], time=time)
            _save(self.path / "progress" / f"{part}.npz", stretches=np.int64(number + 1), **carry)
        except OSError as error:
            message = f"cannot write to {str(self.path)!r}: {error.strerror}; what was written before is whole"
            message += ", and fn.resume() goes on from there"
            raise type(error)(error.errno, message) from None

    def tidy(self) -> None:
        """Remove what a death has left half written."""
        for partial in self.path.rglob("*.partial"):
            partial.unlink()

    def checkpoint(self, part: int) -> dict[str, np.ndarray]:
        """What a part needs to go on; `stretches` is the number of those that are done."""
        try:
            with np.load(self.path / "progress" / f"{part}.npz") as found:
                return dict(found)
        except FileNotFoundError:
            return {"stretches": np.zeros((), np.int64)}

    def spikes(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The neurons and times of the spikes of an unfinished run, a stretch of a part at a time."""
        for part in range(len(self.parts)):
            for number in range(int(self.checkpoint(part)["stretches"])):
                if self._spikes(part, number).exists():
                    with np.load(self._spikes(part, number)) as found:
                        yield found["neuron"], found["time"]

    def _spikes(self, part: int, number: int) -> Path:
        return self.path / "progress" / f"{part}-{number}.npz"

    def finish(self, run: Run) -> None:
        """Put the results of the whole run in place, and what the parts have left behind together."""
        for name, dimension, values, units in run.columns():
            put(self.group, name, values, [dimension], units)
        if self.recipe.spike_times:
            self._join_spikes(int(run.spike_count.sum()))
        self.about = self.about | {"finished": True}
        self.group = consolidate(self.group)
        self.group.attrs["fastneuron"] = self.about  # one file has both: what is finished can be read
        del self.group["progress"]

    def _join_spikes(self, total: int) -> None:
        """One list, by part, stretch, neuron and time; no more than some chunks of it are in memory."""
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


def summaries(recipe: Recipe, carried: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The summaries of the whole population, from what its parts carry."""
    prefix = "summary."
    parts = [{k.removeprefix(prefix): v for k, v in carry.items() if k.startswith(prefix)} for carry in carried]
    return results(recipe.summary, list(recipe.model.states), parts, (recipe.samples, recipe.n, recipe.bin_width))


def shared_out(recipe: Recipe, parts: int, chunk: int = 1) -> list[tuple[int, int]]:
    """Bounds of about equal parts of the population, that share no chunk of so many rows of samples."""
    n, rows = recipe.n, np.sort(recipe.neurons)
    parts = min(parts, n)
    bounds = {0, n}
    for part in range(1, parts):
        bound = part * n // parts
        row = int(np.searchsorted(rows, bound))
        if row < rows.size and row % chunk:
            row = min((row + chunk // 2) // chunk * chunk, rows.size)
            bound = int(rows[row]) if row < rows.size else int(rows[-1]) + 1
        bounds.add(bound)
    edges = sorted(bounds)
    return list(itertools.pairwise(edges))


def rows_in_a_chunk(recipe: Recipe, parts: int, size: int) -> int:
    """So many that a part has whole chunks of about equal size, none too large."""
    most = max(CHUNK // (size * recipe.state.itemsize), 1)
    share = max(-(-recipe.neurons.size // min(parts, recipe.n)), 1)
    return -(-share // -(-share // most))


def put(group: Any, name: str, value: Any, dimensions: list[str], units: str = "") -> None:
    """An array in a group, in place of one of this name."""
    value = np.asarray(value)
    array = group.create_array(
        name, shape=value.shape, dtype=value.dtype, dimension_names=dimensions, overwrite=True, compressors=RAW,
        attributes={"units": units} if units else None,
    )  # fmt: skip
    array[...] = value


def consolidate(group: Any) -> Any:
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
