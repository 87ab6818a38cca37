"""How a run is carried out: nothing here changes its bits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent import futures
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _check
from . import executors
from .executors import Executor
from .recipe import Recipe

if TYPE_CHECKING:
    from .network_recipe import NetworkRecipe

SHARDS = 16  # of a run that is shared out
CHUNK_BYTES = 32_000_000  # of samples in a chunk of a run that goes to disk
WORTH_WRITING = 60_000_000  # neuron-steps per chunk, some tenths of a second: the last is written after the kernels
WORTH_A_CHECKPOINT = 400  # steps: of a large population, a checkpoint costs as much as some steps


class Plan(NamedTuple):
    """How a run is carried out."""

    threads: int  # of each worker
    executor: Executor | None
    shards: int
    progress: bool
    out: str | os.PathLike[str] | None
    overwrite: bool
    chunk: int  # samples between two checkpoints

    @property
    def here(self) -> int:
        """Threads of this process."""
        return self.threads if self.executor is None else 1

    @property
    def is_local(self) -> bool:
        """Whether the workers are processes of this machine."""
        return self.executor is not None and isinstance(self.executor, futures.ProcessPoolExecutor)

    @property
    def workers(self) -> int:
        """Workers that have work at once, as far as the executor says."""
        return 1 if self.executor is None else min(executors.workers(self.executor), self.shards)


def planned(recipe: Recipe | NetworkRecipe, asked: Mapping[str, Any]) -> Plan:
    """How the arguments of `simulate`, by name, say the run is to be carried out; TypeError or ValueError if wrong."""
    a = SimpleNamespace(**asked)
    _check.flag("progress", a.progress)
    _check.flag("overwrite", a.overwrite)
    if _check.flag("gather", a.gather) is False and a.comm is None:
        raise ValueError("gather=False is for runs with comm=; got it without")
    if a.out is not None and not a.gather:
        raise ValueError(f"gather=False leaves results where they are, and out puts them into one store; got {a.out!r}")
    interval = a.checkpoint_interval
    if interval is not None:
        interval = _check.number("checkpoint_interval", interval, "a positive number of ms", lambda x: x > 0)
        if a.out is None:
            raise ValueError(f"checkpoint_interval is for runs with out=; got {interval!r}")
    shards = None if a.shards is None else _check.whole("shards", a.shards, 1)
    if shards is not None and a.executor is None:
        raise ValueError(f"shards is for runs with executor=; got {shards!r}")
    if a.out is not None:
        _check.path("out", a.out)
    return Plan(
        threads=executors.threads_each(a.threads, a.executor, together=a.comm is not None),
        executor=a.executor,
        shards=1 if a.executor is None else min(shards or SHARDS, recipe.n),
        progress=a.progress,
        out=a.out,
        overwrite=a.overwrite,
        chunk=recipe.samples if a.out is None else chunk_size(recipe, interval),
    )


def chunk_size(recipe: Recipe | NetworkRecipe, checkpoint_interval: float | None) -> int:
    """Samples in a chunk: as many as the interval (ms) spans, or as keep the disk at ease, within bounded memory."""
    width = max(recipe.bytes_of_a_sample, 1)
    if checkpoint_interval is None:
        wanted = max(WORTH_WRITING / recipe.n, WORTH_A_CHECKPOINT) / max(recipe.interval / recipe.dt, 1.0)
    else:
        wanted = checkpoint_interval / recipe.interval
    size = max(1, round(min(wanted, CHUNK_BYTES // width, recipe.samples)))
    if checkpoint_interval is not None:
        return size
    return -(-recipe.samples // -(-recipe.samples // size))  # equally long, as the chunks of the last are whole on disk
