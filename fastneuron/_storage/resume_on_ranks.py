"""A stored run of a network that goes on on several processes."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import _check, _progress
from .._engine import executors, network_resources
from .._engine.digest import digests
from .._engine.distributed import Nowhere, execute_together, gathered, share_of, share_of_snapshot
from .._engine.network_recipe import NO_EXECUTOR, NetworkRecipe
from .._engine.network_run import NetworkRun
from .._engine.plan import Plan
from .._engine.ranks import Ranks
from .._engine.run import Run
from . import extend, parametrised, serialization
from .store import Store


def resume_on_ranks(
    comm: Any, path: str | os.PathLike[str], duration: Any, models: Iterable[type], **given: Any
) -> Run | NetworkRun:
    """Go on with a run on all processes of a communicator, of which this is one; the first alone writes."""
    with Ranks(comm) as ranks:
        store = Store(_check.path("path", path), parametrised.given_classes(models))
        progress = _check.flag("progress", given["progress"])
        if given["executor"] is not None:
            raise ValueError(NO_EXECUTOR)
        longer = None if duration is None else extend.checked(store, duration)
        recipe = longer or store.recipe
        if not isinstance(recipe, NetworkRecipe):
            raise ValueError(
                f"comm is for one network; the neurons in {str(path)!r} do not hear each other, and are shared out by "
                "executor, for example mpi4py's MPIPoolExecutor"
            )
        ranks.check_same(digests(recipe) | {"the run": store.about["id"], "its end": store.finished})
        if store.finished and longer is None:
            if ranks.rank == 0:
                store.tidy()
            ranks.agree()
            return store.opened()
        serialization.check_sources(store.about["versions"], str(path))
        share = share_of(recipe, ranks)
        threads = executors.threads_each(given["threads"], None, together=True)
        plan = Plan(threads, None, 1, progress, store.path, False, store.chunk)
        network_resources.check_memory(share, plan)

        def reached() -> tuple[int, Mapping[str, np.ndarray]]:
            ranks.agree()  # the first has made the store what the run goes on with
            done, snapshot = Store(store.path, store.classes).checkpoint(0)
            return done, share_of_snapshot(recipe, ranks, snapshot)

        sink: Any = Nowhere(share, store.chunk) if ranks.rank else extend.locked(store, longer)
        collect = functools.partial(gathered, recipe, ranks, False)
        with _progress.bar_of_run(progress and not ranks.rank, share.n, recipe.duration, recipe.dt) as on_progress:
            run = execute_together(sink, share, ranks, threads, collect, on_progress, reached)
        ranks.agree()
        return Store(store.path, store.classes).opened() if run is None else run
