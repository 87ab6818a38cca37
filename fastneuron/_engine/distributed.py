"""A network on several processes: which neurons each of them has, and how what came of them is put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from .coupled import whole_of
from .execute import Sink
from .labels import label_of
from .network_chunk import NetworkResult
from .network_recipe import NetworkRecipe
from .own_steps import at_work
from .ranks import Ranks
from .recipe import Recipe
from .scheduler import SUMMED_ARRAYS, ChunkResult

EVEN = 8  # blocks at least that a process has of a population that is cut at whole blocks, so that shares are even
OUTCOME = ("samples", "spike_label", "spike_time")  # of a result, beside its snapshot
Bounds = Mapping[str, tuple[int, int]]  # of each population the first neuron, and the first that is none of them


def bounds_of(recipe: NetworkRecipe, rank: int, size: int) -> Bounds:
    """The neurons that a process has; ValueError where there would be processes without any."""
    largest = max(part.n for part in recipe.parts.values())
    if size > largest:
        raise ValueError(
            f"comm has {size} ranks, but the largest population has {largest} neurons: start as many ranks at most"
        )
    found = {}
    for name, part in recipe.parts.items():
        whole = whole_of(recipe.network, name)
        whole = whole if part.n >= EVEN * whole * size else 1
        low, high = (k * (part.n // whole) // size * whole for k in (rank, rank + 1))
        found[name] = low, part.n if rank + 1 == size else high
    return found


def share_of(recipe: NetworkRecipe, ranks: Ranks) -> NetworkRecipe:
    """The share of a network that this process has; ValueError where no process can have one."""
    if recipe.network.couplings:
        raise ValueError("comm cannot be given with a Coupling, whose neurons see each other at every stage of a step")
    return recipe.share(bounds_of(recipe, ranks.rank, ranks.size))


class Nowhere:
    """The sink of a process whose results another one takes: in place of a shard, too."""

    def __init__(self, recipe: NetworkRecipe, chunk: int) -> None:
        self.recipe, self.chunk = recipe, chunk
        self.bounds, self.shards = [(0, recipe.n)], [self]

    def writing(self) -> AbstractContextManager[None]:
        """Nothing is written here."""
        return nullcontext()

    def checkpoint(self) -> tuple[int, Mapping[str, np.ndarray]]:
        """Nothing is done."""
        return 0, {}

    def results(self, done: int) -> AbstractContextManager[Callable[[Any], None]]:
        """Results are dropped."""
        return nullcontext(lambda result: None)

    def outcome(self) -> None:
        """Nothing."""

    def take(self, number: int, outcome: None) -> None:
        """Nothing."""

    def run(self) -> None:
        """There is none here."""


def execute_together(
    sink: Sink,
    share: NetworkRecipe,
    ranks: Ranks,
    threads: int,
    collect: Callable[[NetworkResult], Any],
    on_progress: Callable[..., None],
    reached: Callable[[], tuple[int, Mapping[str, np.ndarray]]] = lambda: (0, {}),
) -> Any:
    """Take a share of a network to its end, as the other processes take theirs; the run that comes of it.

    What `collect` makes of the result of each chunk goes into the sink; `reached` says how many chunks are done, and
    this share of the snapshot at their end.
    """
    with sink.writing():
        done, snapshot = reached()
        work = at_work(share, threads, ranks if ranks.size > 1 else None)  # no process writes before all have read
        (shard,) = sink.shards
        if done:
            work.go_back_to(snapshot)
            on_progress(share.n * min(done * shard.chunk * share.interval, share.duration), False)
        with shard.results(done) as on_result:
            work.advance(share.chunks(shard.chunk, done), on_progress, lambda result: on_result(collect(result)))
        sink.take(0, shard.outcome())
        return sink.run()


def share_of_snapshot(recipe: NetworkRecipe, ranks: Ranks, snapshot: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What this process goes on from, of a snapshot of the whole network.

    Sources and spikes in flight are everywhere; what is summed over a population goes to who has its first neuron.
    """
    mine = dict(snapshot)
    for name, (low, high) in bounds_of(recipe, ranks.rank, ranks.size).items():
        for key in [key for key in mine if key.startswith(f"{name}/") and not key.startswith(f"{name}/flight.")]:
            array = mine.pop(key)
            if low == high:
                continue
            if key.removeprefix(f"{name}/") in SUMMED_ARRAYS:
                mine[key] = np.zeros_like(array) if low else array
            else:
                mine[key] = array[..., low:high]
    return mine


def gathered(recipe: NetworkRecipe, ranks: Ranks, everywhere: bool, result: NetworkResult) -> NetworkResult | None:
    """The result of a chunk of the whole network, from those of all shares: at every process, or at rank 0 alone."""
    if ranks.size == 1:
        return result
    bounds = [bounds_of(recipe, rank, ranks.size) for rank in range(ranks.size)]
    parts, snapshot = dict(result.parts), dict(result.snapshot)
    for name, part in recipe.parts.items():
        mine = result.parts.get(name)
        pieces = ranks.gathered({} if mine is None else _arrays(mine), everywhere)
        whole = _whole(part, [(piece, *limits[name]) for piece, limits in zip(pieces, bounds, strict=False) if piece])
        if whole is not None:
            parts[name] = whole
            snapshot |= {f"{name}/{key}": array for key, array in whole.snapshot.items()}
    return result._replace(parts=parts, snapshot=snapshot) if everywhere or ranks.rank == 0 else None


def _arrays(result: ChunkResult) -> dict[str, np.ndarray]:
    """The arrays of a population's result by name, those of its snapshot under theirs."""
    return {**result.snapshot, **{name: getattr(result, name) for name in OUTCOME}}


def _whole(part: Recipe, pieces: Sequence[tuple[dict[str, np.ndarray], int, int]]) -> ChunkResult | None:
    """A population's result from those of some neurons each, in order; None from none."""
    if not pieces:
        return None
    some = pieces[0][0]["samples"]
    samples = np.empty((some.shape[0], part.neurons.size, some.shape[2]), some.dtype)
    for piece, low, high in pieces:
        samples[:, (low <= part.neurons) & (part.neurons < high)] = piece["samples"]
        piece["spike_label"] += label_of(low, 0, len(part.watched))
    found = {
        name: np.sum([piece[name] for piece, *_ in pieces], axis=0)
        if name in SUMMED_ARRAYS
        else np.concatenate([piece[name] for piece, *_ in pieces], axis=-1)
        for name in pieces[0][0]
        if name != "samples"
    }
    return ChunkResult(samples, found.pop("spike_label"), found.pop("spike_time"), found, _nothing)


def _nothing() -> None:
    """What there is to release of samples that are not filled again."""
