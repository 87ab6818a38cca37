"""A population shared out to the workers of an executor: processes, a Dask cluster, MPI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, BrokenExecutor, Future, wait
from typing import Any, Protocol

from .. import _check
from .._kernel import threads as _threads


class Executor(Protocol):
    """Any executor of `concurrent.futures`, Dask's and mpi4py's included."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Begin a call; a future."""


def threads_each(threads: int | None, executor: Any) -> int:
    """How many threads each worker has: one of an executor's, that takes work, or else all the cores."""
    wanted = None if threads is None else _check.whole("threads", threads, 1)
    if executor is not None:
        _check_executor(executor)
        return wanted or 1  # a worker's machine bounds them
    return _threads.bounded(wanted or _threads.available())


def workers(executor: Any) -> int:
    """How many workers an executor says it has: mpi4py's in `num_workers`, the standard library's in `_max_workers`."""
    counts = (getattr(executor, name, None) for name in ("num_workers", "_max_workers"))
    return next((count for count in counts if isinstance(count, int) and count > 0), 1)


def _check_executor(executor: Any) -> None:
    if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must be a concurrent.futures.Executor; got {_check.shown(executor)}")
    try:
        executor.submit(int).result()
    except (RuntimeError, BrokenExecutor) as error:
        raise ValueError(f"executor takes no work: {error}") from None


def spread(
    executor: Executor,
    work: Callable[[Any], Any],
    items: Iterable[Any],
    parts: Sequence[tuple[int, int]],
    duration: float,
    tick: Callable[[float], None],
) -> list[Any]:
    """``[work(item) for item in items]`` on the executor; `tick` hears of each part of the population that is done."""
    futures: list[Future[Any]] = [executor.submit(work, item) for item in items]
    sizes = dict(zip(map(id, futures), (high - low for low, high in parts), strict=True))
    try:
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
                tick(sizes[id(future)] * duration)
        return [future.result() for future in futures]
    except BrokenExecutor as error:
        error.add_note("A worker died.  A run with out= has kept what was done; resume() goes on with it.")
        raise
    finally:
        for future in futures:
            future.cancel()
