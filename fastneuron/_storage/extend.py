"""A stored run that is to last longer than it was: it becomes one of that duration that is not finished.

It goes on from the last checkpoint that its end had no part in (`Store.is_free`), that before the last chunk but for
some runs of adaptive methods: what comes before are the bits of the longer run.  The file that says so (`about`) is
written last; whatever the moment of death before, the store is what it was.
"""

from __future__ import annotations

import io
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import _check, _files, _units
from .._engine.labels import neuron_of
from .._engine.network_recipe import NetworkRecipe
from .._engine.recipe import Recipe
from .._engine.summary import of_samples
from . import about, arrays
from .damage import damaged, reading
from .part import STATE, Part
from .store import KEPT, Store

MOST_CHUNKS = 100_000  # of a run: each is a file of each array, and a checkpoint


def checked(store: Store, duration: Any) -> Recipe | NetworkRecipe | None:
    """The recipe of a longer run, None if it is no longer; ValueError where its bits cannot be those of one run."""
    whole = store.recipe
    parts = list(whole.parts.values()) if isinstance(whole, NetworkRecipe) else [whole]
    recipe = parts[0]  # durations, steps and intervals are the same in all
    given = _units.plain("duration", duration, recipe.model.units.get("time", "ms"))
    new = _check.number("duration", given, "a number of ms")
    if new < recipe.duration:
        raise ValueError(f"duration must be at least {recipe.duration:.12g} ms, that of the run; got {duration!r}")
    if new == recipe.duration:
        return None
    if isinstance(whole, NetworkRecipe) or not recipe.chosen.is_adaptive:
        _check.steps(new, recipe.dt)
    if new / min(recipe.interval, recipe.bin_width) > _check.COUNTABLE:
        raise ValueError(f"duration must be below 2**53 samples and bins; got {duration!r}")
    sampled = any(part.record or of_samples(part.summary) for part in parts)
    if sampled and round(recipe.interval / recipe.dt) == int(recipe.duration / recipe.dt) + 2:
        raise ValueError(
            f"duration cannot be longer than {recipe.duration:.12g} ms for a run without a second sample, for what "
            f"every= was is not known; got {duration!r}"
        )
    longer = _for(whole, new)
    if (chunks := -(-longer.samples // store.chunk)) > MOST_CHUNKS:
        raise ValueError(
            f"duration is too long for a run with a checkpoint every {store.chunk * recipe.interval:.12g} ms: "
            f"{duration!r} would need {chunks} of them, and at most {MOST_CHUNKS} are allowed; begin it again"
        )
    return longer


def _for(recipe: Recipe | NetworkRecipe, duration: float) -> Any:
    """The same for so long, ms."""
    if isinstance(recipe, Recipe):
        return replace(recipe, duration=duration)
    return recipe.with_parts({name: _for(part, duration) for name, part in recipe.parts.items()}, duration)


def extend(store: Store, recipe: Recipe | NetworkRecipe) -> Store:
    """Make a store, whose lock is held, that of an unfinished run of a recipe: its own, but for the duration."""
    said = dict(store.about)
    if store.finished:
        said["id"] = uuid.uuid4().hex  # whoever has opened the shorter run must not read the spikes of the longer
        _begin_again(store, said["id"])
    else:
        _go_back(store)
    for part in store.parts.values():
        _lengthen(part, recipe.duration)
    stale = [f"recipe/{KEPT}{shard}" for shard in range(len(store.bounds))]
    for part in store.parts.values():
        found = ["spike_count", "spike_neuron", "spike_time", STATE, *part.recipe.summary]
        found += [f"spike_count.{state}" for state in part.recipe.spiking]
        found += [f"final.{name}" for name in part.recipe.variables]
        stale += [f"{part.folder}/{name}" if part.folder else name for name in found]
    said |= {"recipe": _text_for(said["recipe"], recipe.duration), "finished": False}
    about.write(store.path, said, stale)
    for name in stale:
        shutil.rmtree(store.path / name, ignore_errors=True)
    return store.again()


def locked(store: Store, longer: Recipe | NetworkRecipe | None) -> Store:
    """A store whose lock is held, of a longer run if one is given."""
    if longer is None:
        store.lock()
        return store
    store.lock_to_extend()
    try:
        return extend(store, longer)
    except BaseException:
        with store.again().writing():  # as it is now: finished, or of the longer run
            raise


def _text_for(text: dict[str, Any], duration: float) -> dict[str, Any]:
    """A recipe as it is written down, for so long, ms."""
    if "populations" not in text:
        return text | {"duration": duration} if "model" in text else text
    return text | {"populations": {name: _text_for(part, duration) for name, part in text["populations"].items()}}


def _begin_again(store: Store, run: str) -> None:
    """Write the progress of a finished run as it was when it had the checkpoints that it has kept."""
    snapshots = [_kept(store, shard) for shard in range(len(store.bounds))]
    early = [spikes for part in store.parts.values() for spikes in _early(store, part, snapshots)]
    store.about = store.about | {"id": run}
    for shard, snapshot in enumerate(snapshots):
        if snapshot is not None:
            store._save(f"{shard}.npz", **snapshot)
        mine = {name: array for number, name, array in early if number == shard}
        if mine:
            store._save(f"{shard}-0.npz", **mine)


def _early(
    store: Store, part: Part, snapshots: list[dict[str, np.ndarray] | None]
) -> Iterator[tuple[int, str, np.ndarray]]:
    """The spikes of a part before the checkpoints: of which shard, and two columns by their names."""
    if not part.recipe.spike_times:
        return
    with reading(part.path):
        label, time = part.spikes()
        neuron = neuron_of(label, len(part.recipe.spiking))
        count = np.zeros(part.counted(part.recipe.n), np.int64)
        for snapshot, (low, high) in zip(snapshots, store.bounds, strict=True):
            if snapshot is not None:  # of a network, there is one shard
                mine = slice(low, high) if len(snapshots) > 1 else slice(None)
                count[..., mine] = snapshot[f"{part.prefix}spike_count"]
        early = _numbers(label, count.size) < count.T.ravel()[label]
    for shard, (low, high) in enumerate(store.bounds):
        inside = early & (low <= neuron) & (neuron < high) if len(snapshots) > 1 else early
        if inside.any():
            for name, column in (("neuron", label), ("time", time)):
                yield shard, f"{part.prefix}{name}", column[inside]


def _kept(store: Store, shard: int) -> dict[str, np.ndarray] | None:
    """The checkpoint that a finished run has kept; None where the run has to be begun again."""
    name = f"{KEPT}{shard}"
    path = store.path / "recipe" / name
    if name not in store.group["recipe"]:
        if store.chunks == 1 or store.recipe.chosen.is_adaptive:  # whose end may have been of effect in the first
            return None
        raise damaged(store.path, f"it has no checkpoint before its end of shard {shard}: begin it again")
    with reading(path), np.load(io.BytesIO(arrays.read(path, store.group["recipe"][name]).tobytes())) as found:
        snapshot = {key: found[key] for key in found if key != "run"}
        if not store.is_free(int(snapshot["chunks"]), snapshot):
            raise ValueError("it is not one before the end")
    return snapshot


def _numbers(label: np.ndarray, labels: int) -> np.ndarray:
    """The how-manieth spike of its label each is, from 0 on."""
    order = np.argsort(label, kind="stable")
    first = np.searchsorted(label[order], np.arange(labels))
    number = np.empty(label.size, np.int64)
    number[order] = np.arange(label.size) - first[label[order]]
    return number


def _go_back(store: Store) -> None:
    """Let the shards of an unfinished run in which the end was of effect go on from where it was not."""
    for shard in range(len(store.bounds)):
        done, snapshot = store.checkpoint(shard)
        if done and not store.is_free(done, snapshot):
            before = store.before(shard)
            if before is None:
                (store.progress / f"{shard}.npz").unlink()
            else:
                store._save(f"{shard}.npz", **before)
            done = int(before["chunks"]) if before else 0
        for file in store.progress.glob(f"{shard}-*.npz"):
            if int(file.stem.partition("-")[2]) >= done:
                file.unlink()


def _lengthen(part: Part, duration: float) -> None:
    """Make room for more samples, and give their times; who reads no more than there were finds what was there."""
    recipe = part.recipe
    if not isinstance(recipe, Recipe) or not recipe.record:
        return
    longer, array = replace(recipe, duration=duration), part.group["time"]
    begin = (recipe.samples // array.chunks[0]) * array.chunks[0]
    arrays.write(part.path / "time", array, longer.time[begin:], (begin,))
    for name in ("time", *recipe.record):
        _lengthen_array(part.path / name / "zarr.json", longer.samples)


def _lengthen_array(path: Path, samples: int) -> None:
    document = json.loads(path.read_bytes())
    document["shape"][-1] = samples
    with _files.whole_file(path) as file:
        file.write(json.dumps(document, indent=2).encode())
