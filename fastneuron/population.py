"""A population at work: its parameters and state as the kernels want them, its blocks spread over threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _threads
from ._lanes import choose_lanes
from .integrators import Columns, Span, SpikeBuffer, Traces, integrate

CALL = 2_000_000  # neuron-steps per kernel call: 20 to 40 ms, so that Ctrl-C and progress are prompt
WORTH_A_THREAD = 200_000  # neuron-steps: below, starting a thread costs more than it saves


class Population:
    """`n` neurons of one model: advances their state.

    Parameters
    ----------
    method : NamedTuple
        Selects the kernel by its type.
    model, current : Model, Current
        Each parameter a float or an (n,) array.
    state : (D, n) ndarray
        Changed in place.
    dt, threshold : float
        Step, ms; spikes are upward crossings of the threshold by the first state.
    """

    def __init__(self, method: Any, model: Any, current: Any, state: np.ndarray, dt: float, threshold: float) -> None:
        self.method = method
        self.model = model
        self.state = state
        self.dt = dt
        self.threshold = threshold
        self.n = state.shape[1]
        self.lanes = choose_lanes(self.n)
        self.columns = _columns([*model.parameters.values(), *current.columns], self.n, current.table)
        self.like = (model.like(), current.like())
        self.spike_count = np.zeros(self.n, np.int64)

    def advance(
        self, first: int, last: int, traces: Traces, threads: int, tick: Callable[[int], None]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take the steps `first` to `last`; the spikes' neurons and times, ordered by neuron, then time.

        Raises FloatingPointError at a state that is no longer finite.
        """
        units = self._units(last - first, threads)

        def work(unit):
            low, high = unit
            stride = max(1, CALL // (high - low))
            room = (high - low) * (min(stride, last - first) // 2 + 1)  # a crossing takes two steps
            buffer = SpikeBuffer(self.spike_count, np.empty(room, np.int64), np.empty(room))
            found = []
            traced = int(np.searchsorted(traces.neuron, low))
            for begin in range(first, last, stride):
                span = Span(low, high, begin, min(begin + stride, last), traced)
                bad, count = self._integrate(span, buffer, traces)
                if bad >= 0:
                    self._blame(bad, span)
                found.append((buffer.neuron[:count].copy(), buffer.time[:count].copy()))
                tick((high - low) * (span.last - begin))
                yield
            return _in_order(found)

        return _joined(_threads.spread(work, units, threads if self.n * (last - first) > WORTH_A_THREAD else 1))

    def _integrate(self, span, buffer, traces):
        model, waveform = self.like
        state_like = (0.0,) * len(self.state)
        return integrate(
            self.method, self.lanes, model, waveform, state_like, self.columns, self.state, span, self.dt,
            self.threshold, buffer, traces,
        )  # fmt: skip

    def _units(self, steps: int, threads: int) -> list[tuple[int, int]]:
        """Ranges of whole blocks: about one kernel call each, and at least four a thread, to even out their ends."""
        blocks = -(-self.n // self.lanes.lanes)
        count = max(-(-self.n * steps // CALL), 4 * threads)
        size = -(-blocks // (-(-count // threads) * threads)) * self.lanes.lanes
        return [(low, min(low + size, self.n)) for low in range(0, self.n, size)]

    def _blame(self, neuron: int, span: Span) -> None:
        """Find the step at which `neuron` ceased to be finite, by bisection, and raise."""
        room = (span.last - span.first) // 2 + 1
        buffer = SpikeBuffer(np.zeros_like(self.spike_count), np.empty(room, np.int64), np.empty(room))
        good, bad = span.first, span.last
        while bad - good > 1:
            middle = (good + bad) // 2
            failed, _ = self._integrate(Span(neuron, neuron + 1, good, middle, 0), buffer, NO_TRACES)
            good, bad = (good, middle) if failed >= 0 else (middle, bad)
        raise FloatingPointError(
            f"neuron {neuron} blew up: its state is no longer finite at t = {bad * self.dt:.12g} ms; "
            f"dt = {self.dt:g} ms is probably too large for its parameters"
        )


def _columns(values: list[Any], n: int, table: np.ndarray) -> Columns:
    """Scalars take one place, arrays n: nothing is blown up."""
    arrays = [np.ravel(value) for value in values]
    sizes = np.array([array.size for array in arrays])
    first = np.cumsum(sizes) - sizes
    return Columns(np.concatenate(arrays), first, (sizes == n).astype(np.int64), table)


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    neuron, time = zip(*parts, strict=True)
    return np.concatenate(neuron), np.concatenate(time)


def _in_order(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """A unit's spikes by neuron; the sort is stable, and they come in order of time."""
    neuron, time = _joined(parts)
    order = np.argsort(neuron, kind="stable")
    return neuron[order], time[order]


NOBODY = np.empty(0, np.int64)
NO_TRACES = Traces(NOBODY, NOBODY, NOBODY, 1, 1.0, np.empty((0, 0, 0)))
