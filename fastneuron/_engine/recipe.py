"""What is to be simulated: all that decides the bits of a run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._integrators import METHODS, Chunk, Method
from ..inputs.current import Current
from ..inputs.noise import Noise
from ..models import Model
from ..models.watched import Threshold, Watched, watched
from . import summary as summaries
from .frozen import of_fields
from .recorded import units_of
from .sensitivity import Sensitivity

if TYPE_CHECKING:
    from ..receptors import Receptor


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that decides the bits of a run; nothing in it is changed by the run.

    Attributes
    ----------
    n : int
        The number of neurons.
    initial : dict of () or (n,) ndarray
        Where each state starts, by name: one value for all neurons, or one for each.
    dtype : dtype
        Of the states.
    record : tuple of str
        What to sample: states, conductances, and behind them `recorded.CURRENT` if it is asked for.
    neurons : (m,) ndarray
        Which neurons to sample, in the order of the rows.
    interval : float
        Time between samples, ms.
    first_neuron : int
        Where this population stands in a larger one, of which it is a part.
    receptors : dict of Receptor
        In a network: what synapses open, by name.
    threshold : float or dict of float
        Of the voltage, or of each state that spikes, where that is not the voltage alone, mV.
    refractory : float or dict of float
        Time after a spike in which crossings do not count, ms; of all states that spike, or of each.
    tolerant : bool
        Whether a neuron that fails ends with NaN, in place of the run.
    after : float
        Summaries are of what happens from then on, ms.
    rearm : float or dict of float, optional
        They do not count, either, until the voltage has been below this since the spike, mV.
    sensitivity : Sensitivity, optional
        With respect to what the run is differentiated: the model is then one of variational equations.
    """

    model: Model
    current: Current
    noise: Noise | None
    seed: int
    n: int
    initial: Mapping[str, np.ndarray]
    dtype: np.dtype
    duration: float
    dt: float
    method: str
    rtol: float
    atol: np.ndarray
    threshold: Threshold
    record: tuple[str, ...]
    neurons: np.ndarray
    interval: float
    summary: tuple[str, ...]
    bin_width: float
    spike_times: bool
    first_neuron: int = 0
    receptors: Mapping[str, Receptor] = field(default_factory=dict)
    refractory: float | Mapping[str, float] = 0.0
    rearm: float | Mapping[str, float] | None = None
    after: float = 0.0
    tolerant: bool = False
    sensitivity: Sensitivity | None = None

    @property
    def inputs(self) -> tuple[Current | Noise, ...]:
        """What drives the neurons."""
        return (self.current,) if self.noise is None else (self.current, self.noise)

    @property
    def chosen(self) -> Method:
        """The method."""
        return METHODS[self.method]

    @property
    def states(self) -> list[str]:
        """The names of the states."""
        return list(self.model.states)

    @property
    def variables(self) -> list[str]:
        """The names of all that has a value at each moment: states, and the conductances of receptors."""
        return [*self.model.states, *self.receptors]

    @cached_property
    def watched(self) -> tuple[Watched, ...]:
        """The states that spike."""
        return watched(self.model, self.threshold, self.refractory, self.rearm)

    @property
    def has_own_thresholds(self) -> bool:
        """Whether the threshold is a parameter of the model."""
        return math.isnan(self.watched[0].threshold)

    @cached_property
    def spiking(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(one.state for one in self.watched)

    @property
    def sampled(self) -> list[int]:
        """The variables among what is recorded, by their numbers."""
        return [self.variables.index(name) for name in self.record if name in self.variables]

    @property
    def units(self) -> dict[str, str]:
        """The units of all that can be recorded, and of parameters, by name."""
        return units_of(self.model, self.receptors)

    @property
    def differentiated_by(self) -> tuple[str, ...]:
        """The names of that."""
        return self.sensitivity.names if self.sensitivity else ()

    @property
    def bytes_of_a_sample(self) -> int:
        """Bytes of what is recorded at one moment."""
        return len(self.record) * self.neurons.size * self.dtype.itemsize

    @cached_property
    def steps(self) -> int:
        """The number of steps, 0 with an adaptive method, whose neurons have steps of their own."""
        return 0 if self.chosen.is_adaptive else round(self.duration / self.dt)

    @cached_property
    def every(self) -> int:
        """Steps between samples, 0 with an adaptive method."""
        return 0 if self.chosen.is_adaptive else max(round(self.interval / self.dt), 1)

    @cached_property
    def samples(self) -> int:
        """The number of multiples of the interval in the run, 0 and the end included."""
        return int(self.duration / self.interval * (1 + 1e-12)) + 1

    @property
    def bins(self) -> int:
        """The number of bins in which spikes are counted."""
        return max(math.ceil((self.duration - self.after) / self.bin_width * (1 - 1e-12)), 1)

    @property
    def extent(self) -> summaries.Extent:
        """What of the run its summaries are about."""
        if not self.summary:
            return summaries.NO_EXTENT
        first = math.ceil(self.after / self.interval * (1 - 1e-12))
        return summaries.Extent(self.n, self.samples, first, self.after, self.bin_width, self.bins)

    @property
    def time(self) -> np.ndarray:
        """The times of the samples, ms, as the kernel has them."""
        return self.times(0, self.samples)

    def times(self, begin: int, end: int) -> np.ndarray:
        """Those of the samples `begin` to `end`; none where nothing is recorded."""
        if not self.record:
            return np.empty(0)
        numbers = np.arange(begin, end)
        return numbers * self.interval if self.chosen.is_adaptive else numbers * self.every * self.dt

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The neurons to sample in ascending order, and the row of each."""
        if not self.neurons.size:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        row = np.argsort(self.neurons, kind="stable")
        ascending = bool(np.all(row[1:] > row[:-1]))
        return (self.neurons if ascending else self.neurons[row]).astype(np.int64, copy=False), row

    def chunks(self, size: int, done: int = 0) -> Iterator[Chunk]:
        """The run in chunks of `size` samples, without the first `done` of them."""
        for begin in range(done * size, self.samples, size):
            end = begin + size
            last = end >= self.samples
            yield Chunk(
                first=min(begin * self.every, self.steps),
                last=self.steps if last else min(end * self.every, self.steps),
                limit=np.inf if last else end * self.interval,
                begin=begin,
                end=min(end, self.samples),
            )

    def changed(self, **changes: Any) -> Self:
        """The same but for some fields, in 2 us where `dataclasses.replace` takes 15."""
        return of_fields(type(self), **{name: x for name, x in self.__dict__.items() if name in FIELDS} | changes)

    def alike(self, **numbers: Any) -> Self:
        """The same but for numbers of its model, its current and its start: what was worked out of the rest stands."""
        return of_fields(type(self), **self.__dict__ | numbers)

    def part(self, low: int, high: int) -> Self:
        """The same for the neurons `low` to `high` alone."""
        if (low, high) == (0, self.n):
            return self
        mine = self.neurons[(low <= self.neurons) & (self.neurons < high)]
        return dataclasses.replace(
            self,
            model=self.model.part(low, high),
            current=self.current.part(low, high),
            noise=self.noise and self.noise.part(low, high),
            n=high - low,
            initial={name: value[low:high] if value.ndim else value for name, value in self.initial.items()},
            neurons=mine - low,
            first_neuron=self.first_neuron + low,
            receptors={name: receptor.part(low, high) for name, receptor in self.receptors.items()},
        )


FIELDS = frozenset(one.name for one in dataclasses.fields(Recipe))
