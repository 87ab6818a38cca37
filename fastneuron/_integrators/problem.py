"""What a method is asked to do: the arrays of a population, as the kernels want them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .._kernel.lanes import choose_lanes
from ..inputs.port import Source


class Columns(NamedTuple):
    """Scalars and arrays in one vector: entry k of neuron i is ``values[first[k] + stride[k] * i]``, stride 0 or 1."""

    values: Any
    first: Any
    stride: Any
    table: Any  # samples of currents


class SpikeBuffer(NamedTuple):
    """Where spikes go: counts for the whole population, and a list."""

    count: Any  # (n,) int64
    neuron: Any  # (room,) int64
    time: Any  # (room,) float64


class Chunk(NamedTuple):
    """A chunk of a run: some of its steps, and the samples that fall into it."""

    first: int  # steps, of fixed-step methods
    last: int
    limit: float  # ms; of adaptive methods: a step that reaches it is left for the next chunk
    begin: int  # samples
    end: int


class Clock(NamedTuple):
    """The own progress of each neuron, with an adaptive method."""

    time: Any  # (n,) ms
    step: Any  # (n,) the next step, ms
    memory: Any  # (n,) log2 of the last accepted step's error
    growth: Any  # (n,) how much it may grow: not at all after a step that was refused
    sample: Any  # (n,) the number of the next sample
    reached: Any  # (n,) the limit of the last chunk it has taken part in, ms


class Traces(NamedTuple):
    """Where samples go: states `which` of the (sorted) neurons, at multiples of an interval, into rows of `out`."""

    which: Any  # (states,) int64
    neuron: Any  # (m,) int64, ascending
    row: Any  # (m,) int64
    every: int  # steps, of fixed-step methods
    interval: float  # ms
    begin: int  # the number of the first sample in `out`
    out: Any  # (states, m, samples)


@dataclass
class Problem:
    """A population, where it stands, and how it is to go on.

    Attributes
    ----------
    state : (D, n) ndarray
        Changed in place.
    duration, dt : float
        ms; `dt` is the step, or the first one an adaptive method tries, or 0.
    """

    model: Any
    current: Any
    state: np.ndarray
    duration: float
    dt: float
    threshold: float
    rtol: float = 0.0
    atol: np.ndarray = field(default_factory=lambda: np.zeros(0))
    noise: Any = None
    seed: int = 0
    first_neuron: int = 0  # its index in the whole population, of which this may be a part
    clock: Clock | None = None
    statistics: Any = None

    def __post_init__(self) -> None:
        self.n = self.state.shape[1]
        self.lanes = choose_lanes(self.n, self.state.itemsize)
        self.columns = _columns([*self.model.parameters.values(), *self.current.columns], self.n, self.current.table)
        self.spike_count = np.zeros(self.n, np.int64)
        self.noise_source = None
        if self.noise is not None:
            columns = _columns(list(self.noise.parameters.values()), self.n, np.zeros(1))
            self.noise_source = Source(self.noise.like(), columns, self.seed, self.first_neuron, np.zeros(self.n))

    @cached_property
    def likes(self) -> tuple[Any, Any, tuple[Any, ...]]:
        """Tuples whose types tell a kernel the model, the current, and the number of states."""
        return self.model.like(), self.current.like(), (self.state.dtype.type(0),) * len(self.state)

    def buffer(self, room: int) -> SpikeBuffer:
        """An empty list for that many spikes."""
        return SpikeBuffer(self.spike_count, np.empty(room, np.int64), np.empty(room))


def _columns(values: list[Any], n: int, table: np.ndarray) -> Columns:
    """Scalars take one place, arrays n: nothing is blown up."""
    arrays = [np.ravel(value) for value in values]
    sizes = np.array([array.size for array in arrays])
    first = np.cumsum(sizes) - sizes
    return Columns(np.concatenate(arrays), first, (sizes == n).astype(np.int64), table)
