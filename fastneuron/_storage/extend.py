"""A stored run that is to last longer than it was: it becomes one of that duration that is not finished.

It goes on from a checkpoint before its last chunk, whose end alone depends on the duration: what comes before are the
bits of the longer run.  The file that says so (`about`) is written last; whatever the moment of death before, the store
is what it was.
"""

from __future__ import annotations

import io
import json
import shutil
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import _check, _files, _units
from .._engine.network_recipe import NetworkRecipe
from .._engine.recipe import Recipe
from .._engine.summary import of_samples
from . import about, arrays
from .damage import damaged, reading
from .store import KEPT, Store

MOST_CHUNKS = 100_000  # of a run: each is a file of each array, and a checkpoint


def checked(store: Store, duration: Any) -> Recipe | None:
    """The recipe of a longer run, None if it is no longer; ValueError where its bits cannot be those of one run."""
    recipe = store.recipe
    if isinstance(recipe, NetworkRecipe):
        raise ValueError(f"duration is for a run of one model, without synapses; got {duration!r} for a network")
    given = _units.plain("duration", duration, recipe.model.units.get("time", "ms"))
    new = _check.number("duration", given, "a number of ms")
    if new < recipe.duration:
        raise ValueError(f"duration must be at least {recipe.duration:.12g} ms, that of the run; got {duration!r}")
    if new == recipe.duration:
        return None
    if recipe.chosen.is_adaptive:
        raise ValueError(
            f"duration cannot be longer than {recipe.duration:.12g} ms with method={recipe.method!r}, whose steps the "
            f"end of the run has shortened; got {duration!r}"
        )
    _check.steps(new, recipe.dt)
    if new / min(recipe.interval, recipe.bin_width) > _check.COUNTABLE:
        raise ValueError(f"duration must be below 2**53 samples and bins; got {duration!r}")
    sampled = recipe.record or of_samples(recipe.summary)
    if sampled and round(recipe.interval / recipe.dt) == int(recipe.duration / recipe.dt) + 2:
        raise ValueError(
            f"duration cannot be longer than {recipe.duration:.12g} ms for a run without a second sample, for what "
            f"every= was is not known; got {duration!r}"
        )
    longer = replace(recipe, duration=new)
    if (chunks := -(-longer.samples // store.chunk)) > MOST_CHUNKS:
        raise ValueError(
            f"duration is too long for a run with a checkpoint every {store.chunk * recipe.interval:.12g} ms: "
            f"{duration!r} would need {chunks} of them, and at most {MOST_CHUNKS} are allowed; begin it again"
        )
    return longer


def extend(store: Store, recipe: Recipe) -> Store:
    """Make a store, whose lock is held, that of an unfinished run of a recipe: its own, but for the duration."""
    said = dict(store.about)
    if store.finished:
        said["id"] = uuid.uuid4().hex  # whoever has opened the shorter run must not read the spikes of the longer
        _begin_again(store, said["id"])
    else:
        _go_back(store)
    _lengthen(store, recipe)
    short = store.kept[""]
    stale = [
        "spike_count",
        "spike_neuron",
        "spike_time",
        *short.summary,
        *(f"final.{name}" for name in short.variables),
    ]
    stale += [f"recipe/{KEPT}{shard}" for shard in range(len(store.bounds))]
    said |= {"recipe": said["recipe"] | {"duration": recipe.duration}, "finished": False}
    about.write(store.path, said, stale)
    for name in stale:
        shutil.rmtree(store.path / name, ignore_errors=True)
    return store.again()


def _begin_again(store: Store, run: str) -> None:
    """Write the progress of a finished run as it was before its last chunk."""
    part = store.parts[""]
    chunks = store.chunks
    if chunks == 1:
        return
    snapshots = [_kept(store, shard) for shard in range(len(store.bounds))]
    store.about = store.about | {"id": run}
    for shard, snapshot in enumerate(snapshots):
        store._save(f"{shard}.npz", **snapshot)
    if not part.recipe.spike_times:
        return
    with reading(part.path):
        neuron, time = part.array("spike_neuron"), part.array("spike_time")
        count = np.concatenate([snapshot["spike_count"] for snapshot in snapshots])
        early = _numbers(neuron, count.size) < count[neuron]
    for shard, (low, high) in enumerate(store.bounds):
        mine = early & (low <= neuron) & (neuron < high)
        if mine.any():
            store._save(f"{shard}-0.npz", neuron=neuron[mine], time=time[mine])


def _kept(store: Store, shard: int) -> dict[str, np.ndarray]:
    """The checkpoint before the last chunk that a finished run has kept."""
    name = f"{KEPT}{shard}"
    path = store.path / "recipe" / name
    if name not in store.group["recipe"]:
        raise damaged(store.path, f"it has no checkpoint before its end of shard {shard}: begin it again")
    with reading(path), np.load(io.BytesIO(arrays.read(path, store.group["recipe"][name]).tobytes())) as found:
        snapshot = {key: found[key] for key in found if key != "run"}
        if int(snapshot["chunks"]) != store.chunks - 1:
            raise ValueError("it is not that before the last chunk")
    return snapshot


def _numbers(neuron: np.ndarray, n: int) -> np.ndarray:
    """The how-manieth spike of its neuron each is, from 0 on."""
    order = np.argsort(neuron, kind="stable")
    first = np.searchsorted(neuron[order], np.arange(n))
    number = np.empty(neuron.size, np.int64)
    number[order] = np.arange(neuron.size) - first[neuron[order]]
    return number


def _go_back(store: Store) -> None:
    """Let the shards of an unfinished run that have come to its end do their last chunk again."""
    for shard in range(len(store.bounds)):
        done, _ = store.checkpoint(shard)
        if done == store.chunks:
            before = store.before(shard)
            if before is None:
                (store.progress / f"{shard}.npz").unlink()
            else:
                store._save(f"{shard}.npz", **before)
            done = int(before["chunks"]) if before else 0
        for file in store.progress.glob(f"{shard}-*.npz"):
            if int(file.stem.partition("-")[2]) >= done:
                file.unlink()


def _lengthen(store: Store, recipe: Recipe) -> None:
    """Make room for more samples, and give their times; who reads no more than there were finds what was there."""
    if not recipe.record:
        return
    times, array = recipe.time, store.group["time"]
    begin = (store.parts[""].recipe.samples // array.chunks[0]) * array.chunks[0]  # type: ignore[union-attr]
    arrays.write(store.path / "time", array, times[begin:], (begin,))
    for name in ("time", *recipe.record):
        _lengthen_array(store.path / name / "zarr.json", recipe.samples)


def _lengthen_array(path: Path, samples: int) -> None:
    document = json.loads(path.read_bytes())
    document["shape"][-1] = samples
    with _files.whole_file(path) as file:
        file.write(json.dumps(document, indent=2).encode())
