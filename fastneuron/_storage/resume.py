"""Runs on disk: open one, go on with one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from .. import _check, _progress
from .._engine import executors, network_resources, resources
from .._engine.execute import execute
from .._engine.network_recipe import NO_EXECUTOR, NetworkRecipe
from .._engine.network_run import NetworkRun
from .._engine.plan import Plan
from .._engine.recipe import Recipe
from .._engine.run import Run
from . import extend, parametrised, serialization
from .resume_on_ranks import resume_on_ranks
from .store import Store


def open(path: str | os.PathLike[str], *, models: Iterable[type] = ()) -> Run | NetworkRun:
    """A run that is on disk.

    Its samples stay there: ``run["V"]`` is a zarr array, of which ``run["V"][5, :100]`` reads a part.  Its spikes are
    read when they are first asked for.

    Parameters
    ----------
    path : path
        What was given as `out`.
    models : sequence of class, optional
        Your own models, currents, noises and receptors that the run may be of.  Those that exist are found without
        being given; nothing is ever imported because a file names it.

    Returns
    -------
    Run or NetworkRun
        Of a run that has not been finished, the part that has: `duration` is how far it came, and `state` and `summary`
        are empty.  The store of a network has a group for each population and each source, by name.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no run, or one of another format, or of a model that does not exist or has changed since.
    """
    return Store(_check.path("path", path), parametrised.given_classes(models)).opened()


def resume(
    path: str | os.PathLike[str],
    *,
    duration: float | None = None,
    models: Iterable[type] = (),
    threads: int | None = None,
    progress: bool = False,
    executor: executors.Executor | None = None,
    comm: Any = None,
) -> Run | NetworkRun:
    """Go on with a run from its last checkpoint, whatever ended it; the bits are those of a run that nothing ended.

    Parameters
    ----------
    path, models
        As in `open`.
    duration : float, optional
        For how long the whole run is to last, ms, if for longer than it was to; it may be finished, and the bits are
        those of one run of that duration: a multiple of `dt`, but for an adaptive method without synapses.  It goes on
        from the last checkpoint that its old end had no part in; `after`, `bin_width` and the times between samples and
        checkpoints stay.
    threads, progress, executor
        As in `simulate`; they need not be those that the run began with.  A network has no `executor`.
    comm : communicator, optional
        Share a network out to the processes of this communicator, as in `simulate`: all of them make the same call, and
        see the store.  There may be more or fewer of them than the run began with.

    Returns
    -------
    Run or NetworkRun
        The whole run; at once, if it was finished, and no longer one is wanted.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no run, or it was begun by another version of fastneuron, or its model has changed since, or a file
        is damaged; or if `duration` is shorter than the run, or is not allowed.
    BlockingIOError
        If somebody is writing it: the run that began it, or one that goes on with it already.
    MemoryError, OSError
        If it does not fit into the memory of this machine, or onto the disk.
    """
    if comm is not None:
        given = {"threads": threads, "progress": progress, "executor": executor}
        return resume_on_ranks(comm, path, duration, models, **given)
    store = Store(_check.path("path", path), parametrised.given_classes(models))
    _check.flag("progress", progress)
    longer = None if duration is None else extend.checked(store, duration)
    if store.finished and longer is None:
        store.tidy()
        return store.opened()
    serialization.check_sources(store.about["versions"], str(path))
    return _go_on(store, longer, threads, progress, executor)


def _go_on(
    store: Store,
    longer: Recipe | NetworkRecipe | None,
    threads: int | None,
    progress: bool,
    executor: executors.Executor | None,
) -> Run | NetworkRun:
    """The whole run, of a longer recipe if one is given."""
    recipe = longer or store.recipe
    if isinstance(recipe, NetworkRecipe) and executor is not None:
        raise ValueError(NO_EXECUTOR)
    threads = executors.threads_each(threads, executor)
    plan = Plan(threads, executor, len(store.bounds), progress, store.path, False, store.chunk)
    if isinstance(recipe, NetworkRecipe):
        (network_resources.check_memory if longer is None else network_resources.check)(recipe, plan)
    else:
        (resources.check_memory if longer is None else resources.check)(recipe, plan)
    with _progress.bar_of_run(progress, recipe.n, recipe.duration, recipe.dt) as on_progress:
        return execute(extend.locked(store, longer), threads, executor, on_progress)
