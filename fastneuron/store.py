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
import uuid
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from . import _transcript
from .population import Outcome
from .recipe import Recipe
from .recording import Run
from .summary import results

CHUNK = 8_000_000  # bytes of samples in a chunk, at most
SPIKES = 2**17  # in a chunk
FORMAT = 1


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
    recipe : Recipe
        What is simulated; the neurons to sample in ascending order.
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
        self.recipe = _transcript.read(about["recipe"], self.group["recipe"])
        self.parts = [(low, high) for low, high in about["parts"]]
        self.size = about["size"]

    @classmethod
    def create(cls, path: str | os.PathLike[str], recipe: Recipe, parts: int, size: int) -> Store:
        """Make the store of a run that has not begun, in place of one that is there."""
        path = Path(path)
        for abandoned in path.parent.glob(f".{path.name}.*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        made = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # whole, or not there
        try:
            cls._write(made, recipe, parts, size)
            if path.exists():
                shutil.rmtree(path)
            made.rename(path)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise type(error)(error.errno, f"cannot write to {str(path)!r}: {error.strerror}") from None
        return cls(path)

    @staticmethod
    def _write(path: Path, recipe: Recipe, parts: int, size: int) -> None:
        rows = rows_in_a_chunk(recipe, parts, size)
        bounds = shared_out(recipe, parts, rows)
        text, arrays = _transcript.written(recipe)
        group = zarr().open_group(path, mode="w-")
        group.attrs["fastneuron"] = {
            "format": FORMAT,
            "versions": _transcript.versions(),
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
                    compressors=zarr().codecs.BloscCodec(cname="lz4", clevel=1, shuffle="shuffle"),
                )
        consolidate(group)

    @property
    def finished(self) -> bool:
        """Whether the whole run is there."""
        return self.about["finished"]

    def write(self, part: int, number: int, outcome: Outcome) -> None:
        """Stretch `number` of a part: its samples, its spikes, and a checkpoint at its end."""
        samples, neuron, time, carry = outcome
        begin = number * self.size
        low, high = np.searchsorted(self.recipe.neurons, self.parts[part])
        try:
            if high > low:
                for name, values in zip(self.recipe.record, samples, strict=True):
                    # a chunk without samples does not come, so that none is searched for one
                    _write_chunks(self.group[name].with_config({"write_empty_chunks": True}), low, begin, values)
            if neuron.size:
                _save(self._spikes(part, number), neuron=neuron + self.parts[part][0], time=time)
            _save(self.path / "progress" / f"{part}.npz", stretches=np.int64(number + 1), **carry)
        except OSError as error:
            message = f"cannot write to {str(self.path)!r}: {error.strerror}; what was written before is whole"
            message += ", and fn.resume() goes on from there"
            raise type(error)(error.errno, message) from None

    def checkpoint(self, part: int) -> dict[str, np.ndarray]:
        """What a part needs to go on; `stretches` is the number of those that are done."""
        try:
            with np.load(self.path / "progress" / f"{part}.npz") as found:
                return dict(found)
        except FileNotFoundError:
            return {"stretches": np.zeros((), np.int64)}

    def spikes(self, part: int, stretches: int) -> Any:
        """The neurons and times of a part's spikes, a stretch at a time."""
        for number in range(stretches):
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
            self._join_spikes([int(self.checkpoint(part)["stretches"]) for part in range(len(self.parts))])
        self.about = self.about | {"finished": True}
        self.group = consolidate(self.group)
        self.group.attrs["fastneuron"] = self.about  # one file has both: what is finished can be read
        del self.group["progress"]

    def _join_spikes(self, stretches: list[int]) -> None:
        """One list, by part, stretch, neuron and time; no more than some chunks of it are in memory."""
        arrays = [
            self.group.create_array(
                name, shape=(0,), chunks=(SPIKES,), dtype=dtype, dimension_names=("spike",), overwrite=True,
                attributes={"units": units} if units else None,
            )
            for name, dtype, units in (("spike_neuron", "i8", ""), ("spike_time", "f8", "ms"))
        ]  # fmt: skip
        waiting: list[Any] = [(np.empty(0, np.int64), np.empty(0))]
        for part, count in enumerate(stretches):
            for piece in self.spikes(part, count):
                waiting.append(piece)
                if sum(neuron.size for neuron, _ in waiting) >= 8 * SPIKES:
                    waiting = [_append(arrays, waiting, whole=True)]
        _append(arrays, waiting, whole=False)


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
        name, shape=value.shape, dtype=value.dtype, dimension_names=dimensions, overwrite=True,
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


def _write_chunks(array: Any, row: int, column: int, values: np.ndarray) -> None:
    """Samples from (row, column) on, a chunk at a time: zarr takes a whole chunk as it is, and copies several first."""
    rows = array.chunks[0]
    for first in range(0, len(values), rows):
        piece = values[first : first + rows]
        array[row + first : row + first + len(piece), column : column + piece.shape[1]] = piece


def _append(arrays: list[Any], pieces: list[Any], whole: bool) -> list[np.ndarray]:
    """Append lists of spikes, as far as they fill chunks if `whole`; the rest."""
    columns = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    end = columns[0].size // SPIKES * SPIKES if whole else columns[0].size
    for array, column in zip(arrays, columns, strict=True):
        array.append(column[:end])
    return [column[end:] for column in columns]


def _save(path: Path, **arrays: Any) -> None:
    """Write a file whole or not at all."""
    partial = path.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with open(partial, "wb") as file:
            np.savez(file, **arrays)
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
