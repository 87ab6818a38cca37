"""A shard that writes to its store: the disk works while the kernel does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .._engine.network_chunk import NetworkResult
from .._engine.network_recipe import NetworkRecipe
from .._engine.recipe import Recipe
from .._engine.scheduler import ChunkResult
from . import layout
from .lock import Lock

if TYPE_CHECKING:
    from .store import Store


class StoredShard:
    """A part of the population of a store, not done yet; of a network, the whole."""

    def __init__(self, store: Store, number: int) -> None:
        self.store, self.number = store, number
        self.chunk = store.chunk

    @cached_property
    def recipe(self) -> Recipe | NetworkRecipe:
        recipe = self.store.recipe
        return recipe.part(*self.store.bounds[self.number]) if isinstance(recipe, Recipe) else recipe

    def __reduce__(self) -> Any:  # without the recipe: a worker reads its own
        return StoredShard, (self.store, self.number)

    def checkpoint(self) -> tuple[int, Mapping[str, np.ndarray]]:
        return self.store.checkpoint(self.number)

    @contextmanager
    def results(self, done: int) -> Iterator[Callable[[ChunkResult | NetworkResult], None]]:
        numbers = itertools.count(done)
        writing: list[Future[None]] = []
        # of the worker: whoever goes on with the run must not meet one that outlived the process that sent it
        path = self.store.path
        lock = Lock(path / layout.PROGRESS / f"{self.number}.{layout.LOCK}", layout.name_of(path))

        def write(result: ChunkResult | NetworkResult) -> None:
            lock.check()
            self.store.write(self.number, next(numbers), result)
            result.release()

        def on_result(result: ChunkResult | NetworkResult) -> None:
            if writing:  # no more than a chunk waits for the disk
                writing.pop().result()
            writing.append(writer.submit(write, result))

        try:
            with ThreadPoolExecutor(1, "fastneuron-writer") as writer:
                try:
                    writer.submit(int).result()
                except RuntimeError:  # the system allows no more threads
                    yield write
                    return
                yield on_result
                if writing:
                    writing.pop().result()
        finally:
            lock.release()

    def outcome(self) -> None:
        """Nothing: it is in the store."""
