"""Simulate networks: one, many, or one on many processes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _check, _progress
from ._engine import executors, network_resources
from ._engine.digest import digests
from ._engine.distributed import Nowhere, execute_together, gathered, share_of
from ._engine.execute import Sink, execute
from ._engine.network_recipe import NetworkRecipe, checked_network
from ._engine.network_run import NetworkMemory, NetworkRun
from ._engine.plan import Plan, planned
from ._engine.ranks import Ranks
from ._engine.run import Run
from ._simulate import simulate_population
from ._storage.layout import check_path
from ._storage.resume import open as open_run
from ._storage.store import Store
from .network.network import Network
from .network.population import Population


def simulate_networks(asked: Mapping[str, Any]) -> Run | NetworkRun | list[NetworkRun]:
    """What comes of the arguments of `simulate`, by name, where the model is a network, or nothing that can be run."""
    model = asked["model"]
    if asked["comm"] is not None:
        return _distributed(asked)
    if isinstance(model, Sequence) and model and all(isinstance(one, Network) for one in model):
        return _networks(asked)
    if isinstance(model, Network | Population):
        return _network(asked)
    return simulate_population(asked)


def _network(asked: Mapping[str, Any]) -> Run | NetworkRun:
    """The run of a network; of a population that is alone, its `Run`."""
    recipe = checked_network(asked)
    plan = planned(recipe, asked)
    if plan.out is not None:
        check_path(plan.out, plan.overwrite)
    network_resources.check(recipe, plan)
    with _progress.bar_of_run(plan.progress, recipe.n, recipe.duration, recipe.dt) as on_progress:
        sink = NetworkMemory(recipe) if plan.out is None else Store.create(recipe, plan)
        return execute(sink, plan.threads, None, on_progress)


def _distributed(asked: Mapping[str, Any]) -> Run | NetworkRun:
    """The same on the processes of a communicator, of which this is one."""
    with Ranks(asked["comm"]) as ranks:
        if not isinstance(asked["model"], Network | Population):
            raise ValueError(
                f"comm is for one network; got {_check.shown(asked['model'])}: neurons that do not hear each other, "
                "and many networks, are shared out by executor, for example mpi4py's MPIPoolExecutor"
            )
        recipe = checked_network(asked)
        plan = planned(recipe, asked)
        ranks.check_same(digests(recipe) | {name: asked[name] for name in ("gather", "overwrite")})
        share = share_of(recipe, ranks)
        network_resources.check(share, plan)
        sink, collect = _places(recipe, share, ranks, plan, asked["gather"])
        shown = plan.progress and ranks.rank == 0
        with _progress.bar_of_run(shown, share.n, recipe.duration, recipe.dt) as on_progress:
            run = execute_together(sink, share, ranks, plan.threads, collect, on_progress)
        ranks.agree()
        return open_run(asked["out"]) if run is None else run


def _places(
    recipe: NetworkRecipe, share: NetworkRecipe, ranks: Ranks, plan: Plan, gather: bool
) -> tuple[Sink, Callable[[Any], Any]]:
    """Where a process's share of a run goes, and what is made of each result before."""
    everywhere = plan.out is None
    collect = functools.partial(gathered, recipe, ranks, everywhere) if gather else _as_it_is
    if plan.out is None:
        return NetworkMemory(recipe if gather else share), collect
    if ranks.rank:
        return Nowhere(share, plan.chunk), collect
    check_path(plan.out, plan.overwrite)
    return Store.create(recipe, plan), collect


def _as_it_is(result: Any) -> Any:
    return result


def _networks(asked: Mapping[str, Any]) -> list[NetworkRun]:
    """The runs of several networks, in their order; all are checked before the first begins."""
    networks, executor = asked["model"], asked["executor"]
    if asked["out"] is not None or asked["shards"] is not None:
        name = "out" if asked["out"] is not None else "shards"
        raise ValueError(f"{name} is for one run; got it with {len(networks)} networks")
    recipes = [_numbered(k, {**asked, "model": network, "executor": None}) for k, network in enumerate(networks)]
    plan = planned(recipes[0], asked)
    options = {**asked, "executor": None, "progress": False, "threads": plan.threads}
    del options["model"]
    work = functools.partial(_one_of_many, options)
    runs: list[Any] = [None] * len(networks)
    some, n = recipes[0], sum(recipe.n for recipe in recipes)
    with _progress.bar_of_run(plan.progress, n, some.duration, some.dt) as on_progress:

        def take(number: int, run: NetworkRun) -> None:
            runs[number] = run
            on_progress(recipes[number].n * some.duration)

        if executor is None:
            for number, network in enumerate(networks):
                take(number, work(network))
        else:
            executors.spread(executor, work, networks, take)
    return runs


def _numbered(number: int, asked: Mapping[str, Any]) -> NetworkRecipe:
    """The recipe of one of many networks; an error names its number."""
    try:
        return checked_network(asked)
    except (TypeError, ValueError) as error:
        raise type(error)(f"network {number}: {error}") from None


def _one_of_many(options: Mapping[str, Any], network: Network) -> Any:
    return _network({"model": network, **options})
