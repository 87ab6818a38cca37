"""What comes out of a network's run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import _html
from .._check import known
from .._integrators import Chunk
from .execute import MemoryShard, Totals, run_of, totals
from .network_chunk import NetworkResult
from .network_recipe import NetworkRecipe, SourceRecipe
from .recipe import Recipe
from .run import Run, neo_library, neo_segment
from .spikes import Spikes


@dataclass(frozen=True, eq=False)
class SourceRun:
    """The spikes of a source in a network's run.

    Attributes
    ----------
    n : int
        The number of trains.
    duration : float
        ms.
    spike_count : (n,) int64
        The number of spikes of each train.
    spikes : Spikes
        Which train had a spike when.
    spike_times : bool
        Whether the time of every spike was kept.
    path : Path, optional
        The store that the run is in, and the name of its `group` there.
    begin : float
        When it began, ms, as `Run.begin`.
    """

    n: int
    duration: float
    spike_count: np.ndarray
    spikes: Spikes
    spike_times: bool = True
    path: Path | None = None
    group: str = ""
    begin: float = 0.0

    @property
    def end(self) -> float:
        """When it ended, ms."""
        return self.begin + self.duration

    @property
    def rate(self) -> np.ndarray:
        """The mean rate of each train, (n,), Hz."""
        return self.spike_count * (1000.0 / self.duration) if self.duration else np.zeros(self.n)

    def __repr__(self) -> str:
        return f"<SourceRun of {self.n} trains for {self.duration:g} ms: {self.spike_count.sum()} spikes>"

    def _repr_html_(self) -> str:
        rows = [
            ("trains", f"{self.n:,}"),
            ("duration", f"{self.duration:g} ms"),
            ("spikes", f"{self.spike_count.sum():,}"),
        ]
        return _html.table("SourceRun", [*rows, ("rate", f"{_mean_rate(self):.3g} Hz")])

    def to_xarray(self) -> Any:
        """The spikes as an xarray Dataset, as those of a `Run`; needs xarray."""
        xarray = _xarray()
        if self.path is not None:
            return xarray.open_zarr(self.path, group=self.group)
        found: dict[str, Any] = {"spike_count": ("neuron", self.spike_count)}
        if self.spike_times:
            found["spike_neuron"] = "spike", self.spikes.neuron
            found["spike_time"] = "spike", self.spikes.time, {"units": "ms"}
        return xarray.Dataset(found)

    def to_neo(self) -> Any:
        """The spikes as a neo Segment, one SpikeTrain each; needs neo."""
        return neo_segment("source", self.spikes, self.begin, self.end)


class NetworkRun(Mapping[str, Run]):
    """The result of a network's simulation: a `Run` for each population, by name, and a `SourceRun` for each source.

    Attributes
    ----------
    populations : dict of Run
        Those of neurons alone.
    sources : dict of SourceRun
        Those of sources.
    duration, dt : float
        ms.
    begin, end : float
        When it began and ended, ms, as `Run.begin`.
    path : Path, optional
        The store that the run is in.
    low : dict of int
        Of a run that was left where it is on several processes: the number in the whole population of the first neuron
        that is here, for each population of which some are.  Empty where the run is whole.
    """

    def __init__(
        self,
        populations: Mapping[str, Run],
        sources: Mapping[str, SourceRun],
        duration: float,
        dt: float,
        path: Path | None = None,
        low: Mapping[str, int] | None = None,
    ) -> None:
        self.populations, self.sources = dict(populations), dict(sources)
        self.duration, self.dt, self.path = duration, dt, path
        self.low = {name: first for name, first in (low or {}).items() if name in self.populations}

    @property
    def begin(self) -> float:
        """When it began, ms."""
        return next((part.begin for part in self.populations.values()), 0.0)

    @property
    def end(self) -> float:
        """When it ended, ms."""
        return self.begin + self.duration

    def __getitem__(self, name: str) -> Run:
        everything = {**self.populations, **self.sources}
        return everything[known("a population of this run", name, everything)]  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        yield from self.populations
        yield from self.sources

    def __len__(self) -> int:
        return len(self.populations) + len(self.sources)

    def to_xarray(self) -> Any:
        """The run as an xarray DataTree, with a Dataset for each population and each source; needs xarray.

        A run that is on disk stays there until its values are asked for.

        Examples
        --------
        >>> import fastneuron as fn
        >>> cells = fn.Population(fn.MorrisLecar.hopf(), 2, current=[80.0, 100.0])
        >>> fn.simulate(fn.Network({"cells": cells}), 100.0).to_xarray()["cells"].spike_count.values
        array([1, 1])
        """
        return _xarray().DataTree.from_dict({name: part.to_xarray() for name, part in self.items()})

    def to_neo(self) -> Any:
        """The spikes as a neo Block, of one Segment, with a Group of SpikeTrains for each population; needs neo.

        Examples
        --------
        >>> import fastneuron as fn
        >>> cells = fn.Population(fn.MorrisLecar.hopf(), 2, current=[80.0, 100.0])
        >>> block = fn.simulate(fn.Network({"cells": cells}), 100.0).to_neo()
        >>> [(group.name, len(group.spiketrains)) for group in block.groups]
        [('cells', 2)]
        """
        neo = neo_library()
        block, segment = neo.Block(), neo.Segment()
        block.segments.append(segment)
        for name, part in self.items():
            trains = list(part.to_neo().spiketrains)
            for train in trains:
                train.annotate(population=name)
            segment.spiketrains.extend(trains)
            block.groups.append(neo.Group(trains, name=name))
        return block

    def _repr_html_(self) -> str:
        heads = ("", "model", "neurons", "spikes", "rate", "recorded")
        rows = (
            (
                name,
                type(part.model).__name__ if name in self.populations else "source",
                f"{part.n:,}",
                f"{part.spike_count.sum():,}",
                f"{_mean_rate(part):.3g} Hz",
                ", ".join(getattr(part, "traces", ())) or "nothing",
            )
            for name, part in self.items()
        )
        return _html.table(f"NetworkRun for {self.duration:g} ms, {self.path or 'in memory'}", rows, heads)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name!r}: {part.spike_count.sum()} spikes of {part.n}" for name, part in self.items())
        return f"<NetworkRun for {self.duration:g} ms: {parts}>"


def _mean_rate(part: Run | SourceRun) -> float:
    """The mean rate of its neurons or trains, Hz; NaN where there are none."""
    return float(part.rate.mean()) if part.n else math.nan


class NetworkMemory:
    """The sink of a network's run that stays in memory: one shard, and all of its run is one chunk."""

    def __init__(self, recipe: NetworkRecipe) -> None:
        self.recipe = recipe
        self.bounds = [(0, recipe.n)]
        self.shards = [MemoryShard(recipe)]

    def writing(self) -> AbstractContextManager[None]:
        """Nobody else has this memory."""
        return nullcontext()

    def take(self, number: int, outcome: NetworkResult) -> None:
        """Keep what came of the only shard."""
        self._outcome = outcome

    def run(self) -> Run | NetworkRun:
        """The run in memory."""
        return run_of_result(self.recipe, self._outcome)


def run_of_result(recipe: NetworkRecipe, result: NetworkResult, piece: Chunk | None = None) -> Run | NetworkRun:
    """The run of a network, or of a piece, all of which is one chunk."""
    runs = {}
    for name, part in recipe.everything.items():
        mine = result.parts[name]
        spikes = Spikes(mine.spike_label, mine.spike_time, part.n, part.spiking)
        traces = dict(zip(part.record, mine.samples, strict=True))
        runs[name] = run_of_part(part, totals_of_part(part, [mine.snapshot]), spikes, traces, piece=piece)
    return network_run_of(runs, recipe.alone, low=recipe.low)


def totals_of_part(part: Recipe | SourceRecipe, snapshots: Sequence[Mapping[str, np.ndarray]]) -> Totals:
    """What a population or a source has come to, from the last snapshots of its shards."""
    return totals(part, snapshots) if isinstance(part, Recipe) else Totals(snapshots[0]["spike_count"], {}, {})


def run_of_part(
    part: Recipe | SourceRecipe,
    found: Totals,
    spikes: Spikes,
    traces: Mapping[str, Any],
    duration: float | None = None,
    path: Path | None = None,
    group: str = "",
    piece: Chunk | None = None,
) -> Run | SourceRun:
    """What came of a population or a source, of its first `duration` ms or of a piece, in memory or in a store."""
    if isinstance(part, Recipe):
        return run_of(part, found, spikes, traces, duration, path, group, piece)
    kept = spikes if part.spike_times else Spikes.not_kept(part.n)
    begin, reached = 0.0, part.duration if duration is None else duration
    if piece is not None:
        begin, reached = piece.first * part.dt, (piece.last - piece.first) * part.dt
    return SourceRun(part.n, reached, found.spike_count, kept, part.spike_times, path, group, begin)


def network_run_of(
    runs: Mapping[str, Run | SourceRun], alone: bool, path: Path | None = None, low: Mapping[str, int] | None = None
) -> Run | NetworkRun:
    """The run of a network, from those of its populations and sources; the `Run` of a population that is alone."""
    populations = {name: run for name, run in runs.items() if isinstance(run, Run)}
    sources = {name: run for name, run in runs.items() if isinstance(run, SourceRun)}
    some = next(iter(populations.values()))
    return some if alone else NetworkRun(populations, sources, some.duration, some.dt, path, low)


def _xarray() -> Any:
    try:
        import xarray
    except ImportError:
        raise ImportError("to_xarray needs xarray: pip install xarray") from None
    return xarray
