"""Runs on disk: open one, go on with one."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

from .. import _check, _progress
from .._engine import executors
from .._engine.run import Run, Spikes
from . import serialization
from .checkpointing import advance_part
from .store import Store, summaries


def open(path: str | os.PathLike[str]) -> Run:
    """A run that is on disk.

    Its samples stay there: ``run["V"]`` is a zarr array, of which ``run["V"][5, :100]`` reads a part.  Its spikes are
    read when they are first asked for.

    Parameters
    ----------
    path : path
        What was given as `out`.

    Returns
    -------
    Run
        Of a run that has not been finished, the part that has: `duration` is how far it came, and `state` and `summary`
        are empty.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no run, or one of another format, or of a model that has changed since.
    """
    return opened(Store(_check.path("path", path)))


def opened(store: Store) -> Run:
    """The run in a store, as far as it has come."""
    recipe, group = store.recipe, store.group
    common: dict[str, Any] = {"model": recipe.model, "dt": recipe.dt, "neurons": recipe.neurons, "path": store.path}
    traces = {name: group[name] for name in recipe.record}
    if store.finished:
        return Run(
            **common,
            duration=recipe.duration,
            spike_count=group["spike_count"][...],
            spikes=Spikes.later(functools.partial(_spikes, store.path)),
            state={name: group[f"final.{name}"][...] for name in recipe.model.states},
            time=recipe.time,
            traces=traces,
            summary={name: group[name][...] for name in recipe.summary},
        )
    found = [store.checkpoint(part) for part in range(len(store.parts))]
    samples = min(min(int(part["stretches"]) for part in found) * store.size, recipe.samples)
    counts = [
        part.get("spike_count", np.zeros(high - low, np.int64))
        for part, (low, high) in zip(found, store.parts, strict=True)
    ]
    return Run(
        **common,
        duration=min(samples * recipe.interval, recipe.duration),
        spike_count=np.concatenate(counts),
        spikes=Spikes.later(functools.partial(_spikes, store.path)),
        state={},
        time=recipe.time[:samples],
        traces={name: array[:, :samples] for name, array in traces.items()},
    )


def resume(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    progress: bool = False,
    executor: executors.Executor | None = None,
) -> Run:
    """Go on with a run from its last checkpoint, whatever ended it; the bits are those of a run that nothing ended.

    Parameters
    ----------
    path : path
        What was given as `out`.
    threads, progress, executor
        As in `simulate`; they need not be those that the run began with.

    Returns
    -------
    Run
        The whole run; at once, if it was finished.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no run, or it was begun by another version of fastneuron, or its model has changed since.
    """
    store = Store(_check.path("path", path))
    _check.flag("progress", progress)
    if not store.finished:
        # not Numba's or NumPy's: every fused multiply-add is written down and no formula calls a library, so that the
        # bits are those of the package's own sources whatever compiles them; the initial state is in the store
        theirs, ours = store.about["versions"]["fastneuron"], serialization.versions()["fastneuron"]
        if theirs != ours:
            raise ValueError(
                f"the run in {str(path)!r} was begun by fastneuron {theirs} and can go on with no other; this is {ours}"
            )
        threads = executors.threads_each(threads, executor)
        store.tidy()
        complete(store, threads, progress, executor)
    return opened(store)


def complete(store: Store, threads: int, progress: bool, executor: executors.Executor | None) -> None:
    """Take all parts of a store to the end, and finish it."""
    recipe = store.recipe
    with _progress.bar_of_run(progress, recipe.n, recipe.duration, recipe.dt) as tick:
        if executor is None:
            for part in range(len(store.parts)):
                advance_part(store, part, threads, tick)
        else:
            work = functools.partial(_part, store.path, threads=threads)
            executors.spread(executor, work, range(len(store.parts)), store.parts, recipe.duration, tick)
    found = [store.checkpoint(part) for part in range(len(store.parts))]
    state = np.concatenate([part["state"] for part in found], axis=1)
    store.finish(
        Run(
            model=recipe.model,
            duration=recipe.duration,
            dt=recipe.dt,
            spike_count=np.concatenate([part["spike_count"] for part in found]),
            spikes=Spikes(np.empty(0, np.int64), np.empty(0)),
            state=dict(zip(recipe.model.states, state, strict=True)),
            time=recipe.time,
            neurons=recipe.neurons,
            traces={},
            summary=summaries(recipe, found),
        )
    )


def _part(path: str | os.PathLike[str], part: int, threads: int) -> None:
    advance_part(Store(path), part, threads, lambda *done: None)


def _spikes(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """All spikes of a stored run by neuron, then time; the sort is stable, and they come in order of time."""
    store = Store(path)
    if not store.recipe.spike_times:
        return np.empty(0, np.int64), np.empty(0)
    if store.finished:
        neuron, time = store.group["spike_neuron"][...], store.group["spike_time"][...]
    else:
        nothing = np.empty(0, np.int64), np.empty(0)
        neuron, time = (np.concatenate(column) for column in zip(nothing, *store.spikes(), strict=True))
    order = np.argsort(neuron, kind="stable")
    return neuron[order], time[order]
