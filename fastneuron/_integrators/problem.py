"""What a method is asked to do: the arrays of a population, as the kernels want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .._kernel.columns import columns
from .._kernel.entry import Entry
from .._kernel.jit import generic
from .._kernel.lanes import choose_lanes, width
from ..inputs.current import Constant, Current, WaveformSource
from ..inputs.per_cell import CellSource
from ..models.validation import undefined_term
from ..models.watched import Watched
from .block import prepare
from .refractory import refractory_sources
from .spike_lists import ChoosyBuffer, SpikeBuffer
from .spike_slopes import SensitiveBuffer
from .watch import Watch, watches

NOBODY_COUNTS, NOBODY_IS_ARMED = np.empty(0), np.empty(0, np.bool_)
MOST = 5  # spikes of a neuron with a reset in a step; one that has more is lost


@generic
def set_constants(neurons, block, members, dt):
    """Give a block the constants of its members, which repeat the last of them in the lanes past it."""


@generic
def are_alike(neurons):
    """Whether all blocks of these neurons have the same constants, and a block may keep those of the one before it."""
    return False


def _prepare_all(neurons, block, members, dt):
    for lane in range(width(block.lanes)):
        prepare(block, neurons, lane, members.low + min(lane, members.count - 1), dt)


class Neurons(NamedTuple):
    """A population as a kernel wants it.  A type is a tuple that is never read: its own type says what a lane is."""

    model_type: Any  # its parameters
    state_type: Any
    variables_type: Any  # states, and what inputs show beside them
    columns: Any  # the parameters
    sources: Any  # what drives it
    state: Any  # (variables, n)
    clock: Any = None  # where each neuron is in time, with an adaptive method

    set_constants = _prepare_all


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
    previous_error: Any  # (n,) log2 of that of the last accepted step, relative to the tolerance
    largest_factor: Any  # (n,) how much it may grow: not at all after a step that was refused
    sample: Any  # (n,) the number of the next sample
    reached: Any  # (n,) the limit of the last chunk it has taken part in, ms
    cut: Any  # (n,) 1 where a step has been tried that ends where the run does, or an epoch, and so may be cut short


class Traces(NamedTuple):
    """Where samples go: states `which` of the (sorted) neurons, at multiples of an interval, into rows of `out`.

    What of `out` is behind that of these states is not the kernels'.
    """

    which: Any  # (states,) int64
    neuron: Any  # (m,) int64, ascending
    row: Any  # (m,) int64
    every: int  # steps, of fixed-step methods
    interval: float  # ms
    begin: int  # the number of the first sample in `out`
    out: Any  # (at least states, m, samples)


def take_sample_of_all(traces: Traces, state: np.ndarray, low: int, high: int, place: int) -> None:
    """Take a sample of the neurons `low` to `high` as they stand; `place` is its place in `out`."""
    mine = slice(*np.searchsorted(traces.neuron, (low, high)))
    values = state[np.ix_(traces.which, traces.neuron[mine])]
    traces.out[: traces.which.size, traces.row[mine], place] = values


def most_spikes(model: Any, steps: int, watched: int = 1) -> int:
    """As many as a neuron may have in some steps: without a reset, a crossing of a state takes two."""
    return MOST * steps if model.resets() else (steps // 2 + 1) * watched


@dataclass
class Problem:
    """A population, where it stands, and how it is to go on.

    Attributes
    ----------
    inputs : tuple of Current or Noise
        What drives the neurons; their currents are added in this order.
    state : (D, n) ndarray
        Changed in place.
    duration, dt : float
        ms; `dt` is the step, or the first one an adaptive method tries, or 0.
    """

    model: Any
    inputs: tuple[Any, ...]
    state: np.ndarray
    duration: float
    dt: float
    watched: tuple[Watched, ...]
    rtol: float = 0.0
    atol: np.ndarray = field(default_factory=lambda: np.zeros(0))
    seed: int = 0
    first_neuron: int = 0  # its index in the whole population, of which this may be a part
    clock: Clock | None = None
    statistics: Any = None
    tolerant: bool = False  # whether neurons that fail end with NaN, in place of the run
    directions: int = 0  # along which the model, of variational equations, has derivatives
    entry: Entry | None = None  # into the kernel, where it is called again and again

    def __post_init__(self) -> None:
        self.n = self.state.shape[1]
        self.lanes = choose_lanes(self.n, self.state.itemsize, self.model.voltages is not None)
        self.columns = columns(list(self.model.parameters.values()), self.n)
        each = self.n if len(self.watched) == 1 else (len(self.watched), self.n)
        self.spike_count = np.zeros(each, np.int64)
        self.is_choosy = any(one.refractory > 0 or one.rearm is not None for one in self.watched)
        self.counted = np.full(each, -np.inf) if self.is_choosy else NOBODY_COUNTS
        self.armed = np.ones(each, np.bool_) if self.is_choosy else NOBODY_IS_ARMED
        self.sources: tuple[Any, ...] = ()
        for given in self.inputs:
            self.sources += given.sources(self.n, self.seed, self.first_neuron)
        self.sources += refractory_sources(self.model, self.n)

    @cached_property
    def neurons(self) -> Neurons:
        """The arrays, which are those of the problem."""
        state_type = (self.state.dtype.type(0),) * len(self.state)
        types = self.model.kernel_type(), state_type, state_type
        return Neurons(*types, self.columns, self.sources, self.state, self.clock)

    def drive_by(self, current: Current) -> None:
        """Let another current act from here on; numbers for numbers are put in their place."""
        old, self.inputs = self.inputs[0], (current, *self.inputs[1:])
        if type(current) is type(old) is Constant and current.size == old.size:
            self.sources[0].columns.values[...] = current.amplitude
            return
        values = list(current.parameters.values())
        are_numbers = {*map(type, values), *map(type, vars(old).values())} == {float}  # no parts, no samples
        if type(current) is type(old) and are_numbers and current.kernel_type() is self.sources[0].type:
            self.sources[0].columns.values[:] = values
            return
        others = tuple(source for source in self.sources if not isinstance(source, WaveformSource | CellSource))
        self._rely_on(current.sources(self.n, self.seed, self.first_neuron) + others)

    def change_to(self, model: Any) -> None:
        """Let the neurons have other parameters from here on; numbers for numbers are put in their place."""
        values, is_alike = list(model.parameters.values()), model.kernel_type() is self.neurons.model_type
        self.model = model
        if is_alike and {*map(type, values)} == {float} and self.columns.values.size == len(values):
            self.columns.values[:] = values
        else:
            self.columns = columns(values, self.n)
            self._rely_on(self.sources, is_alike)
        for new in refractory_sources(model, self.n):  # it stands behind all others
            *others, held = self.sources
            self._rely_on((*others, held._replace(columns=new.columns)), is_alike)

    def _rely_on(self, sources: tuple[Any, ...], are_alike: bool = False) -> None:
        """Let the kernels have other sources, or the same; whether all types are what they were."""
        self.sources = sources
        self.__dict__.pop("neurons", None)
        if self.entry is not None and not are_alike:
            self.entry = Entry()

    def behind(self, others: tuple[Any, ...]) -> tuple[Any, ...]:
        """Its sources and others, but that of a refractory time, which stops all of them, behind them."""
        last = refractory_sources(self.model, self.n)
        mine = self.sources[: len(self.sources) - len(last)]
        return mine + others + self.sources[len(mine) :]

    def undefined_term(self, neuron: int, t: float) -> str:
        """The term of a neuron's derivative that is not finite where it stands, in words, or ""."""
        currents = [given for given in self.inputs if isinstance(given, Current)]
        total = sum(given.at(t, neuron) for given in currents)
        return undefined_term(self.model, neuron, self.state[:, neuron], total)

    def call(self, kernel: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What its kernel makes of these; with an entry, their types never change but that of the last, statistics."""
        if self.entry is None or arguments[-1] is not None:
            return kernel(*arguments)
        return self.entry.call(kernel, *arguments)

    def buffer(self, room: int) -> Any:
        """An empty list for that many spikes."""
        if self.directions:
            times = np.empty((room, 1 + self.directions))
            return SensitiveBuffer(self.watched[0].threshold, self.spike_count, np.empty(room, np.int64), times)
        lists = np.empty(room, np.int64), np.empty(room)
        if self.watches_voltage and not self.is_choosy:
            return SpikeBuffer(self.watched[0].threshold, self.spike_count, *lists)

        def listed(one: Watched, number: int, count: np.ndarray, counted: np.ndarray, armed: np.ndarray) -> Any:
            plain = SpikeBuffer(one.threshold, count, *lists)
            return ChoosyBuffer(*plain, one.refractory, one.arming, counted, armed) if self.is_choosy else plain

        return self.watching(listed, *lists)

    def watching(self, listed: Callable[..., Any], *lists: np.ndarray) -> Any:
        """One list of all spikes, `lists` for their neurons and times, from what makes that of a state.

        It is told the state, its number among those that spike, and where to count its spikes, when each neuron's last
        was, and whether it is armed.
        """
        if self.watches_voltage:
            return listed(self.watched[0], 0, self.spike_count, self.counted, self.armed)
        arrays = self.spike_count, self.counted, self.armed
        many = len(self.watched)
        rows = [[array if many == 1 or not array.size else array[which] for array in arrays] for which in range(many)]
        return watches(
            [
                Watch((0,) * one.row, which, many, one.threshold, listed(one, which, *row), *lists)
                for which, (one, row) in enumerate(zip(self.watched, rows, strict=True))
            ]
        )

    @cached_property
    def watches_voltage(self) -> bool:
        """Whether nothing spikes but the first state."""
        return len(self.watched) == 1 and self.watched[0].row == 0
