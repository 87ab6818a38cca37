"""What comes out of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._check import known


@dataclass(frozen=True)
class Spikes:
    """The spikes of a population, ordered by neuron, then time.

    Attributes
    ----------
    neuron : (m,) int64
        Index of the neuron.
    time : (m,) float64
        When its voltage rose through the threshold, ms; resolved inside the step.
    """

    neuron: np.ndarray
    time: np.ndarray

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
    """

    model: Any
    duration: float
    dt: float
    spike_count: np.ndarray
    spikes: Spikes
    state: Mapping[str, np.ndarray]
    time: np.ndarray
    neurons: np.ndarray
    traces: Mapping[str, np.ndarray] = field(repr=False)
    summary: Mapping[str, np.ndarray] = field(repr=False)

    @property
    def n(self) -> int:
        """The number of neurons."""
        return self.spike_count.size

    @property
    def rate(self) -> np.ndarray:
        """Mean firing rate of each neuron, (n,), Hz."""
        return self.spike_count * (1000.0 / self.duration) if self.duration else np.zeros(self.n)

    def __getitem__(self, state: str) -> np.ndarray:
        """The recorded samples of one state, (m, samples)."""
        if not self.traces:
            raise KeyError(f"no state was recorded; ask for it with simulate(..., record={state!r})")
        return self.traces[known("a recorded state", state, self.traces)]

    def __repr__(self) -> str:
        recorded = f", recorded {', '.join(self.traces)} of {self.neurons.size}" if self.traces else ""
        return (
            f"<Run of {self.n} {type(self.model).__name__} neurons for {self.duration:g} ms: "
            f"{len(self.spikes)} spikes{recorded}>"
        )
