"""What comes out of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .._check import known


class Spikes:
    """The spikes of a population, ordered by neuron, then time.

    Attributes
    ----------
    neuron : (m,) int64
        Index of the neuron.
    time : (m,) float64
        When its voltage rose through the threshold, ms; resolved inside the step.
    """

    def __init__(self, neuron: np.ndarray, time: np.ndarray) -> None:
        self._columns = neuron, time

    @classmethod
    def later(cls, load: Callable[[], tuple[np.ndarray, np.ndarray]]) -> Spikes:
        """Spikes that are loaded when they are first asked for."""
        spikes = cls.__new__(cls)
        spikes._load = load  # type: ignore[attr-defined]
        return spikes

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        return self._load()  # type: ignore[attr-defined]

    @property
    def neuron(self) -> np.ndarray:
        return self._columns[0]

    @property
    def time(self) -> np.ndarray:
        return self._columns[1]

    def __len__(self) -> int:
        return self.time.size

    def __getitem__(self, neuron: int) -> np.ndarray:
        """The spike times of one neuron, ms."""
        low, high = np.searchsorted(self.neuron, [neuron, neuron + 1])
        return self.time[low:high]

    def __repr__(self) -> str:
        return f"<{len(self)} spikes>"


@dataclass(frozen=True)
class Run:
    """The result of a simulation of `n` neurons.

    Attributes
    ----------
    model : Model
        What was simulated.
    duration, dt : float
        ms.
    spike_count : (n,) int64
        Number of spikes of each neuron.
    spikes : Spikes
        Which neuron spiked when.
    state : dict of (n,) float64
        Each state at the end; as `initial` of another run it goes on from there.
    time : (samples,) float64
        Times of the recorded samples, ms: 0, every * dt, ...
    neurons : (m,) int64
        Which neurons were recorded, in the order of the rows of ``run["V"]``.
    summary : dict of ndarray
        What `summary` of `simulate` asked for, by name.
    path : Path, optional
        The store that the run is in; what it recorded is then read from there piece by piece.
    """

    model: Any
    duration: float
    dt: float
    spike_count: np.ndarray
    spikes: Spikes
    state: Mapping[str, np.ndarray]
    time: np.ndarray
    neurons: np.ndarray
    traces: Mapping[str, Any] = field(repr=False)
    summary: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    path: Path | None = None

    @property
    def n(self) -> int:
        """The number of neurons."""
        return self.spike_count.size

    @property
    def rate(self) -> np.ndarray:
        """Mean firing rate of each neuron, (n,), Hz."""
        return self.spike_count * (1000.0 / self.duration) if self.duration else np.zeros(self.n)

    def __getitem__(self, state: str) -> np.ndarray:
        """The recorded samples of one state, (m, samples): an array, or the zarr array of a run that is on disk."""
        if not self.traces:
            raise KeyError(f"no state was recorded; ask for it with simulate(..., record={state!r})")
        return self.traces[known("a recorded state", state, self.traces)]

    def columns(self) -> Iterator[tuple[str, str, np.ndarray, str]]:
        """Name, dimension, values and units of all but the samples and the spikes."""
        units = self.model.units
        each = "neuron" if self.neurons.size in (0, self.n) else "every_neuron"
        yield "spike_count", each, self.spike_count, ""
        for name, value in self.state.items():
            yield f"final.{name}", each, value, units.get(name, "")
        for name, value in self.summary.items():
            population, _, what = name.removeprefix("population.").rpartition(".")
            if name == "population.rate":
                yield name, "bin", value, "Hz"
            elif name.startswith("population."):
                yield name, "sample", value, units.get(population, "")
            elif what in ("first", "mean") and population in ("spike", "isi"):
                yield name, each, value, "ms"
            else:
                unit = units.get(population, "")
                yield name, each, value, f"({unit})^2" if what == "var" and unit else unit

    def to_xarray(self) -> Any:
        """The run as an xarray Dataset (extra ``zarr``).

        Samples have the dimensions ("neuron", "time"), or ("recorded_neuron", "time") where only some neurons were
        recorded; units are attributes.  A run that is on disk stays there until its values are asked for.

        Examples
        --------
        >>> import fastneuron as fn
        >>> run = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=[80.0, 100.0], record="V", every=20)
        >>> run.to_xarray().V.sel(neuron=1, time=slice(10, 12)).values.round(1)
        array([-26.5, -23.8, -20.8])
        """
        try:
            import xarray
        except ImportError:
            raise ImportError("to_xarray needs xarray: pip install 'fastneuron[zarr]'") from None
        if self.path is not None:
            return xarray.open_zarr(self.path)
        units = self.model.units
        row = "neuron" if self.neurons.size == self.n else "recorded_neuron"
        coordinates = {row: self.neurons, "time": ("time", self.time, {"units": "ms"})} if self.traces else {}
        found: dict[str, Any] = {
            name: ((row, "time"), values, {"units": units.get(name, "")}) for name, values in self.traces.items()
        }
        found |= {name: (dim, values, {"units": unit} if unit else {}) for name, dim, values, unit in self.columns()}
        found["spike_neuron"] = "spike", self.spikes.neuron
        found["spike_time"] = "spike", self.spikes.time, {"units": "ms"}
        return xarray.Dataset(found, coordinates)

    def to_neo(self) -> Any:
        """The spikes as a neo Segment, one SpikeTrain per neuron, for elephant and its like (extra ``neo``).

        Examples
        --------
        >>> import fastneuron as fn
        >>> segment = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=[80.0, 100.0]).to_neo()
        >>> [len(train) for train in segment.spiketrains]
        [1, 3]
        """
        try:
            import neo
        except ImportError:
            raise ImportError("to_neo needs neo: pip install 'fastneuron[neo]'") from None
        segment = neo.Segment(name=type(self.model).__name__)
        edges = np.searchsorted(self.spikes.neuron, np.arange(self.n + 1))
        for i in range(self.n):
            times = self.spikes.time[edges[i] : edges[i + 1]]
            segment.spiketrains.append(neo.SpikeTrain(times, units="ms", t_stop=self.duration, neuron=i))
        return segment

    def __repr__(self) -> str:
        recorded = f", recorded {', '.join(self.traces)} of {self.neurons.size}" if self.traces else ""
        return (
            f"<Run of {self.n} {type(self.model).__name__} neurons for {self.duration:g} ms: "
            f"{len(self.spikes)} spikes{recorded}>"
        )
