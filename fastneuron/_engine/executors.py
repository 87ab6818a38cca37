"""A population shared out to the workers of an executor: processes, a Dask cluster, MPI."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Any, Protocol

import numpy as np

from .. import _check
from .._kernel import threads as _threads


class Executor(Protocol):
    """Any executor of `concurrent.futures`, Dask's and mpi4py's included."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Begin a call; a future."""


def threads_each(threads: int | None, executor: Any, together: bool = False) -> int:
    """How many threads each worker has: one of an executor's, that takes work, or of a process of several that work
    together; or else all the cores.
    """
    wanted = None if threads is None else _check.whole("threads", threads, 1)
    if executor is not None:
        _check_executor(executor)
        return wanted or 1  # a worker's machine bounds them
    if wanted is None:
        return 1 if together else _threads.available()
    return _threads.bounded(wanted)


def workers(executor: Any) -> int:
    """How many workers an executor says it has: mpi4py's in `num_workers`, the standard library's in `_max_workers`."""
    counts = (getattr(executor, name, None) for name in ("num_workers", "_max_workers"))
    return next((count for count in counts if isinstance(count, int) and count > 0), 1)


class _OwnWorker(Exception):
    """A call runs on a worker of the executor that it is to use."""


def _check_executor(executor: Any) -> None:
    if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must be a concurrent.futures.Executor; got {_check.shown(executor)}")
    manager = getattr(executor, "_executor_manager_thread", None)  # a ProcessPoolExecutor's
    if manager is not None and not manager.is_alive() and not getattr(executor, "_broken", False):
        raise ValueError("executor takes no work: it belongs to the process that this one is a fork of")
    try:
        future = executor.submit(int)
        while hasattr(executor, "_threads"):  # a ThreadPoolExecutor, which lists a thread some time after its start
            if threading.current_thread() in executor._threads:
                future.cancel()
                raise _OwnWorker
            if wait([future], timeout=0.05).done:
                break
        future.result()
    except _OwnWorker:
        raise ValueError(
            "executor must be another than the one this call runs on: its workers might all wait for it"
        ) from None
    except (RuntimeError, BrokenExecutor) as error:
        raise ValueError(f"executor takes no work: {error}") from None


def partition(n: int, neurons: np.ndarray, shards: int, chunk: int = 1) -> list[tuple[int, int]]:
    """Bounds of about equal parts of n neurons, that share no chunk of so many rows of the samples of `neurons`."""
    if shards == 1:
        return [(0, n)]
    rows = np.sort(neurons)
    shards = min(shards, n)
    bounds = {0, n}
    for shard in range(1, shards):
        bound = shard * n // shards
        row = int(np.searchsorted(rows, bound))
        if row < rows.size and row % chunk:
            row = min((row + chunk // 2) // chunk * chunk, rows.size)
            bound = int(rows[row]) if row < rows.size else int(rows[-1]) + 1
        bounds.add(bound)
    return list(itertools.pairwise(sorted(bounds)))


def spread(
    executor: Executor,
    work: Callable[[Any], Any],
    items: Iterable[Any],
    on_result: Callable[[int, Any], None],
) -> None:
    """``on_result(number, work(item))`` for each of the items, in the order in which the executor has done them."""
    futures: dict[Future[Any], int] = {}
    try:
        for number, item in enumerate(items):
            futures[executor.submit(work, item)] = number
        while futures:
            done, _ = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=futures.__getitem__):
                on_result(futures.pop(future), future.result())
            del done  # results are in memory as long as their futures
    except BrokenExecutor as error:
        error.add_note("A worker died.  A run with out= has kept what was done; resume() goes on with it.")
        raise
    finally:
        for future in futures:
            future.cancel()
