"""What a store keeps of one population, or of a source of spikes: the arrays of one group.

The population of a store of its own is the root of it; those of a network each have a group of their name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._engine.execute import Totals, run_of
from .._engine.labels import flags, label_of, neuron_of, state_of
from .._engine.network_recipe import SourceRecipe
from .._engine.plan import Plan
from .._engine.recipe import Recipe
from .._engine.scheduler import SUMMARY
from .._engine.spikes import Spikes
from .._engine.summary import Extent
from . import arrays
from .damage import damaged

SPIKES = 2**17  # in a chunk
STATE = "spike_state"
COORDINATES = ("neuron", "recorded_neuron", "time")
Pieces = Iterator[tuple[np.ndarray, np.ndarray]]  # spikes: their labels, when, ms


class Part:
    """A population, or a source, in a store.

    Attributes
    ----------
    recipe : Recipe or SourceRecipe
        What is kept of it.
    path : Path
        Its folder; `folder` is its name in the store.
    prefix : str
        What the names of its arrays begin with in a checkpoint.
    """

    def __init__(self, recipe: Recipe | SourceRecipe, store: Path, root: Any, folder: str, prefix: str) -> None:
        self.recipe, self.prefix, self.folder = recipe, prefix, folder
        self.path, self.group = (store / folder, root[folder]) if folder else (store, root)

    def snapshot(self, checkpoint: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Its arrays in a checkpoint, by their names."""
        return {
            name.removeprefix(self.prefix): array for name, array in checkpoint.items() if name.startswith(self.prefix)
        }

    def write(self, samples: np.ndarray, first: int, last: int, begin: int) -> None:
        """The samples of the neurons `first` to `last`, from number `begin` on."""
        if isinstance(self.recipe, SourceRecipe):
            return
        low, high = np.searchsorted(self.recipe.neurons, (first, last))
        if high > low:
            for name, values in zip(self.recipe.record, samples, strict=True):
                arrays.write(self.path / name, self.group[name], values, (low, begin))

    def check_coordinates(self) -> None:
        """ValueError where a file is not there of what says which neurons were recorded, and when."""
        for name in COORDINATES:
            if name in self.group:
                arrays.check(self.path / name, self.group[name])

    def found(self) -> Totals:
        """What a run that is finished has come to; ValueError where something is missing."""
        recipe = self.recipe
        found = Totals(
            self._counts(),
            {name: self.array(f"final.{name}", recipe.n) for name in recipe.variables},
            {name: self.array(name) for name in recipe.summary},
        )
        self._check_spikes(int(found.spike_count.sum()))
        return found

    def _counts(self) -> np.ndarray:
        """How many spikes each neuron has had: of each state, where several spike."""
        total = self.array("spike_count", self.recipe.n)
        if len(self.recipe.spiking) == 1:
            return total
        counts = np.stack([self.array(f"spike_count.{state}", self.recipe.n) for state in self.recipe.spiking])
        if not np.array_equal(counts.sum(axis=0), total):
            raise ValueError("spike_count is not the sum of those of the states that spike")
        return counts

    def counted(self, number: int) -> tuple[int, ...]:
        """The shape of the numbers of spikes of so many neurons."""
        several = len(self.recipe.spiking)
        return (number,) if several == 1 else (several, number)

    def spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """The labels and times of all spikes of a run that is finished, as they stand there."""
        neuron, time = self.array("spike_neuron"), self.array("spike_time")
        several = len(self.recipe.spiking)
        return label_of(neuron, self.array("spike_state"), several) if several > 1 else neuron, time

    def array(self, name: str, *shape: int) -> np.ndarray:
        """An array that the run has come to, of this shape if one is given."""
        array = self.group[name]
        if shape and array.shape != shape:
            raise ValueError(f"{name} has the shape {array.shape} in place of {shape}")
        return arrays.read(self.path / name, array)

    def samples(self, number: int | None = None) -> dict[str, Any]:
        """The first samples of all that is recorded, which stay on the disk; ValueError if they are not all there."""
        recipe = self.recipe
        found: dict[str, Any] = {}
        if isinstance(recipe, SourceRecipe):
            return found
        for name in recipe.record:
            array, shape = self.group[name], (recipe.neurons.size, recipe.samples)
            if array.shape != shape or array.dtype != recipe.dtype:
                raise ValueError(f"{name} is {array.dtype} of shape {array.shape} in place of {recipe.dtype}, {shape}")
            wanted = recipe.samples if number is None else number
            arrays.check(self.path / name, array, wanted)
            found[name] = arrays.columns(array, wanted)
        return found

    def _check_spikes(self, total: int) -> None:
        if not self.recipe.spike_times:
            return
        for name in ("spike_neuron", "spike_time", *([STATE] if len(self.recipe.spiking) > 1 else [])):
            if self.group[name].shape != (total,):
                raise ValueError(f"{name} has the shape {self.group[name].shape}, but {total} spikes were counted")
            arrays.check(self.path / name, self.group[name])

    def finish(self, root: Any, found: Totals, pieces: Pieces) -> None:
        """Put what the run has come to in place, and its spikes in one list."""
        group = root[self.folder] if self.folder else root
        if isinstance(self.recipe, SourceRecipe):
            arrays.put(group, self.path, "spike_count", found.spike_count, ["neuron"])
        else:
            for name, dimension, values, units in run_of(self.recipe, found, Spikes.not_kept(0), {}).columns():
                arrays.put(group, self.path, name, values, [dimension], units or None)
        if self.recipe.spike_times:
            _join_spikes(group, self.path, pieces, int(found.spike_count.sum()), self.recipe.spiking)


def lay_out(path: Path, group: Any, recipe: Recipe, plan: Plan) -> None:
    """Make the arrays of a population's samples; rows are in order of neuron."""
    if not recipe.record:
        return
    neuron = "neuron" if recipe.neurons.size == recipe.n else "recorded_neuron"
    arrays.put(group, path, neuron, recipe.neurons, [neuron])
    arrays.put(group, path, "time", recipe.time, ["time"], "ms")
    chunks = rows_in_a_chunk(recipe, plan), min(plan.chunk, recipe.samples)
    for name in recipe.record:
        shape, units = (recipe.neurons.size, recipe.samples), recipe.units.get(name, "")
        arrays.create(group, name, shape, recipe.dtype, (neuron, "time"), units, chunks)


def rows_in_a_chunk(recipe: Recipe, plan: Plan) -> int:
    """So many that a shard has whole chunks of about equal size, none too large."""
    most = max(arrays.CHUNK // (plan.chunk * recipe.dtype.itemsize), 1)
    share = max(-(-recipe.neurons.size // min(plan.shards, recipe.n)), 1)
    rows = -(-share // -(-share // most))
    return max(min(rows, recipe.neurons.size), 1)


def padded(snapshot: Mapping[str, np.ndarray], extent: Extent) -> dict[str, np.ndarray]:
    """What a snapshot has summed over the population, with zeros for the rest of a run that has become longer."""
    found = {}
    for name, behind, size in ((f"{SUMMARY}sums", 1, extent.samples), (f"{SUMMARY}spikes", 0, extent.bins)):
        array = snapshot.get(name, np.empty((0, 0)))
        axis = array.ndim - 1 - behind
        if 0 < array.shape[axis] < size:
            room = [(0, size - have if at == axis else 0) for at, have in enumerate(array.shape)]
            found[name] = np.pad(array, room)
    return found


def _join_spikes(group: Any, path: Path, pieces: Pieces, total: int, spiking: Sequence[str]) -> None:
    """One list, by shard, chunk, neuron and time; no more than some chunks of it are in memory."""
    chunks = (min(SPIKES, max(total, 1)),)
    lists = {
        name: arrays.create(group, name, (total,), dtype, ["spike"], units, chunks)
        for name, dtype, units in (("spike_neuron", "i8", None), ("spike_time", "f8", "ms"))
    }
    several = len(spiking)
    if several > 1:
        lists[STATE] = arrays.create(group, STATE, (total,), "i8", ["spike"], None, chunks)
        lists[STATE].attrs.update(flags(spiking))
    written = 0
    waiting: list[Any] = []
    for piece in pieces:
        waiting.append(piece)
        end = written + sum(neuron.size for neuron, _ in waiting)
        whole = end if end == total else end // (8 * SPIKES) * 8 * SPIKES
        if end > total:
            written = end
            break
        if whole > written:
            label, time = (np.concatenate(column) for column in zip(*waiting, strict=True))
            now = slice(whole - written)
            columns = neuron_of(label[now], several), time[now], state_of(label[now], several)
            for (name, array), column in zip(lists.items(), columns, strict=False):
                arrays.write(path / name, array, column, (written,))
            waiting = [(label[whole - written :], time[whole - written :])]
            written = whole
    if written != total:
        raise damaged(path, f"{total} spikes were counted, and {written} are there")
