"""The folder of a run that has not begun: made beside its place, and moved there once it is whole.

Nothing is ever removed but what a run has made: the store that is replaced, if all in it is a store's, and what this
process could not finish.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import _files
from .._engine.executors import partition
from .._engine.network_recipe import NetworkRecipe
from .._engine.plan import Plan
from .._engine.recipe import Recipe
from . import about, arrays, network_serialization, part, serialization
from .beside import new_folder
from .lock import Lock

PROGRESS = "progress"  # the folder of all that is there until the run is finished
LOCK = "lock"  # there


def check_path(path: str | os.PathLike[str], overwrite: bool) -> None:
    """OSError if no store can be made there, FileExistsError if something is there, unless it is a run to overwrite."""
    arrays.zarr()
    place = Path(os.path.realpath(path))
    if not place.parent.is_dir() or not os.access(place.parent, os.W_OK):
        raise OSError(f"out must be in a folder that can be written to; got {str(path)!r}")
    if not place.exists():
        return
    if not overwrite:
        raise FileExistsError(f"out={str(path)!r} exists already; overwrite=True replaces it, resume() goes on with it")
    if reason := about.is_foreign(place):
        raise FileExistsError(f"out={str(path)!r} exists and is {reason}, so it is not overwritten")


def create(recipe: Recipe | NetworkRecipe, plan: Plan) -> tuple[Path, Lock]:
    """Make the store of a run that has not begun, in place of one that is there; its folder, and its lock."""
    assert plan.out is not None
    path = Path(os.path.realpath(plan.out))
    made = new_folder(path)
    try:
        _lay_out(made, recipe, plan)
        lock = Lock(made / PROGRESS / LOCK, name_of(path))
        try:
            _move(made, path, plan.overwrite)
        except BaseException:
            lock.release()
            raise
    except BaseException as error:
        shutil.rmtree(made, ignore_errors=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise type(error)(error.errno, f"cannot write to {str(path)!r}: {error.strerror}") from None
        raise
    lock.path = path / PROGRESS / LOCK
    return path, lock


def name_of(path: Path) -> str:
    """What a store is called in messages."""
    return f"the run in {str(path)!r}"


def _move(made: Path, path: Path, overwrite: bool) -> None:
    """Move a store to its place, where another may be."""
    if not (overwrite and path.exists()):
        try:
            made.rename(path)  # onto nothing
        except OSError:
            if not path.exists():
                raise
            raise FileExistsError(f"out={str(path)!r} has come into being just now") from None
        _files.sync_folder(path.parent)
        return
    progress = path / PROGRESS
    locks = [progress / LOCK, *progress.glob(f"*.{LOCK}")] if progress.is_dir() else []
    held = [Lock(file, name_of(path)) for file in locks]
    try:
        _files.exchange(made, path)
    finally:
        for lock in held:
            lock.release()
    old = path / PROGRESS / "replaced"  # whoever finishes the run removes it, if this process does not come to that
    made.rename(old)
    _files.sync_folder(path.parent)
    try:  # while the run goes on: 240 MB take some disks 55 ms
        threading.Thread(target=shutil.rmtree, args=(old, True), name="fastneuron-remover").start()
    except RuntimeError:  # the system allows no more threads
        shutil.rmtree(old, True)


def _lay_out(path: Path, recipe: Recipe | NetworkRecipe, plan: Plan) -> None:
    """Make the folder; rows of samples are in order of neuron."""
    recipe = _in_order(recipe)
    text, values = network_serialization.written(recipe)
    group = arrays.open_group(path, "w-", consolidated=False)
    arrays.make_folders(path / PROGRESS)
    kept = group.create_group("recipe")
    for name, value in values.items():
        arrays.put(kept, path / "recipe", name, value, [f"{name}_{axis}" for axis in range(np.ndim(value))])
    if isinstance(recipe, Recipe):
        bounds = partition(recipe.n, recipe.neurons, plan.shards, part.rows_in_a_chunk(recipe, plan))
        part.lay_out(path, group, recipe, plan)
    else:
        bounds = [(0, recipe.n)]
        for name, own in recipe.everything.items():
            inner = group if recipe.alone else group.create_group(name)
            if isinstance(own, Recipe):
                part.lay_out(path if recipe.alone else path / name, inner, own, plan)
    about.write(
        path,
        {
            "format": about.OF_STATES if _watches_states(recipe) else about.FORMAT,
            "id": uuid.uuid4().hex,
            "versions": serialization.versions(),
            "recipe": text,
            "shards": [list(map(int, bound)) for bound in bounds],
            "chunk": plan.chunk,
            "finished": False,
        },
    )


def _watches_states(recipe: Recipe | NetworkRecipe) -> bool:
    """Whether something else than the voltage alone spikes."""
    parts = [recipe] if isinstance(recipe, Recipe) else recipe.parts.values()
    return any(isinstance(part.threshold, Mapping) for part in parts)


def _in_order(recipe: Recipe | NetworkRecipe) -> Any:
    """The same with the neurons to sample in ascending order."""
    if isinstance(recipe, Recipe):
        return replace(recipe, neurons=np.sort(recipe.neurons))
    return replace(recipe, parts={name: _in_order(own) for name, own in recipe.parts.items()})
