"""What comes out of a network's run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._check import known
from .execute import run_of, totals
from .network_recipe import NetworkRecipe
from .network_scheduler import NetworkAtWork, NetworkResult
from .run import Run, Spikes


@dataclass(frozen=True)
class SourceRun:
    """The spikes of a source in a network's run.

    Attributes
    ----------
    n : int
        The number of trains.
    duration : float
        ms.
    spikes : Spikes
        Which train had a spike when.
    """

    n: int
    duration: float
    spikes: Spikes

    @property
    def spike_count(self) -> np.ndarray:
        """The number of spikes of each train, (n,)."""
        return np.bincount(self.spikes.neuron, minlength=self.n)

    @property
    def rate(self) -> np.ndarray:
        """The mean rate of each train, (n,), Hz."""
        return self.spike_count * (1000.0 / self.duration) if self.duration else np.zeros(self.n)


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
    path : Path, optional
        The store that the run is in.
    """

    def __init__(
        self,
        populations: Mapping[str, Run],
        sources: Mapping[str, SourceRun],
        duration: float,
        dt: float,
        path: Path | None = None,
    ) -> None:
        self.populations, self.sources = dict(populations), dict(sources)
        self.duration, self.dt, self.path = duration, dt, path

    def __getitem__(self, name: str) -> Run:
        everything = {**self.populations, **self.sources}
        return everything[known("a population of this run", name, everything)]  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        yield from self.populations
        yield from self.sources

    def __len__(self) -> int:
        return len(self.populations) + len(self.sources)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name!r}: {part.spikes.time.size} spikes of {part.n}" for name, part in self.items())
        return f"<NetworkRun for {self.duration:g} ms: {parts}>"


def run_network(recipe: NetworkRecipe, threads: int, on_progress: Callable[[float], None]) -> NetworkRun:
    """Carry out a network's run in memory: it is one chunk."""
    found: list[NetworkResult] = []
    NetworkAtWork(recipe, threads).advance(recipe.chunks(recipe.samples), on_progress, found.append)
    (result,) = found
    populations = {}
    for name, part in recipe.parts.items():
        mine = result.parts[name]
        traces = dict(zip(part.record, mine.samples, strict=True))
        spikes = Spikes(mine.spike_neuron, mine.spike_time)
        populations[name] = run_of(part, totals(part, [mine.snapshot]), spikes, traces)
    sources = {
        name: SourceRun(recipe.network.populations[name].n, recipe.duration, Spikes(*spikes))
        for name, spikes in result.sources.items()
    }
    return NetworkRun(populations, sources, recipe.duration, recipe.dt)
