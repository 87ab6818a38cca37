"""The kinds of current: steps, ramps, sinusoids, pulses, and measured samples."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from .. import _check
from .._kernel.elementary import sin_cos_turn
from .._kernel.jit import inline
from .._kernel.lanes import floor, nearest
from .._parameters import Parameter
from .._units import plain
from .current import Current, changes_at_edges_only

INFINITY = math.inf


@changes_at_edges_only
class Step(Current):
    """A current that is on from `start` to `stop`.

    Both may be inside a step: see `Current`.

    Parameters
    ----------
    amplitude : float or (n,) array_like
        uA/cm^2.
    start, stop : float or (n,) array_like, default 0 and inf
        ms; `stop` is not before `start`.

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.MorrisLecar.hopf(), 1000.0, current=80.0 + fn.Step(40.0, start=200.0, stop=600.0)).spike_count
    array([7])
    """

    amplitude: Parameter
    start: Parameter = 0.0
    stop: Parameter = INFINITY
    unbounded = ("start", "stop")
    ordered = ("start", "stop")
    may_be_equal = True

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """Closed on the left, open on the right."""
        return p.amplitude if reached(t, p.start, before) & (not reached(t, p.stop, before)) else 0.0

    @staticmethod
    def edge(t: Any, p: Any) -> Any:
        """On and off."""
        return p.start if t < p.start else p.stop if t < p.stop else INFINITY


class Ramp(Current):
    """A current that goes evenly from `low` at `start` to `high` at `stop`, and stays where it is outside.

    Parameters
    ----------
    low, high : float or (n,) array_like
        uA/cm^2.
    start, stop : float or (n,) array_like
        ms.
    """

    low: Parameter
    high: Parameter
    start: Parameter
    stop: Parameter
    ordered = ("start", "stop")

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """Linear between."""
        part = min(max((t - p.start) / (p.stop - p.start), 0.0), 1.0)
        return p.low + (p.high - p.low) * part

    @staticmethod
    def edge(t: Any, p: Any) -> Any:
        """The two kinks."""
        return p.start if t < p.start else p.stop if t < p.stop else INFINITY


class Sine(Current):
    """A sinusoid: ``amplitude * sin(2 pi (frequency t + phase))``.

    Parameters
    ----------
    amplitude : float or (n,) array_like
        uA/cm^2.
    frequency : float or (n,) array_like
        Hz.
    phase : float or (n,) array_like, default 0
        Turns: 0.25 makes it a cosine.
    """

    units: ClassVar = {"amplitude": "uA/cm^2", "frequency": "Hz", "phase": "1"}
    amplitude: Parameter
    frequency: Parameter
    phase: Parameter = 0.0

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """Time is in ms, frequency in Hz."""
        return p.amplitude * sine(0.001 * p.frequency * t + p.phase)


class Chirp(Current):
    """A sinusoid whose frequency goes evenly from `low` at `start` to `high` at `stop`; 0 outside.

    For the ZAP stimulus, that shows a resonance in one run.

    Parameters
    ----------
    amplitude : float or (n,) array_like
        uA/cm^2.
    low, high : float or (n,) array_like
        Hz.
    start, stop : float or (n,) array_like
        ms.
    """

    units: ClassVar = Current.units | {"low": "Hz", "high": "Hz"}
    amplitude: Parameter
    low: Parameter
    high: Parameter
    start: Parameter
    stop: Parameter
    ordered = ("start", "stop")

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """The phase is the integral of the frequency."""
        s = t - p.start
        turns = 0.001 * s * (p.low + 0.5 * (p.high - p.low) * s / (p.stop - p.start))
        on = reached(t, p.start, before) & (not reached(t, p.stop, before))
        return p.amplitude * sine(turns) if on else 0.0

    @staticmethod
    def edge(t: Any, p: Any) -> Any:
        """On and off."""
        return p.start if t < p.start else p.stop if t < p.stop else INFINITY


@changes_at_edges_only
class Pulses(Current):
    """Rectangular pulses of length `width` that begin at `start`, `start` + `period`, ...

    Parameters
    ----------
    amplitude : float or (n,) array_like
        uA/cm^2.
    period, width : float or (n,) array_like
        ms, positive, `width` at most `period`.
    start : float or (n,) array_like, default 0
        ms.
    count : float or (n,) array_like, default inf
        Number of pulses; whole.
    """

    amplitude: Parameter
    period: Parameter
    width: Parameter
    start: Parameter = 0.0
    count: Parameter = INFINITY
    positive = ("period", "width")
    nonnegative = ("count",)
    unbounded = ("count",)
    whole = ("count",)
    ordered = ("width", "period")
    may_be_equal = True

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """On where the time since the last pulse's begin is below the width."""
        k = min(max(floor((t - p.start) / p.period), -1.0), p.count)
        # rounding may have put t beside its pulse: the exact begin of the next decides
        k = k + 1.0 if (k + 1.0 < p.count) & reached(t, p.start + (k + 1.0) * p.period, before) else k
        k = k - 1.0 if not reached(t, p.start + k * p.period, before) else k
        on = (k >= 0.0) & (k < p.count) & (not reached(t, p.start + k * p.period + p.width, before))
        return p.amplitude if on else 0.0

    @staticmethod
    def edge(t: Any, p: Any) -> Any:
        """The next begin or end."""
        k = max(floor((t - p.start) / p.period) - 1.0, 0.0)
        for _ in range(4):
            begin = p.start + k * p.period
            if k >= p.count:
                break
            if t < begin:
                return begin
            if t < begin + p.width:
                return begin + p.width
            k += 1.0
        return INFINITY


class Samples(Current):
    """A measured current, sampled every `dt` ms from time 0; after the last sample it stays there.

    Parameters
    ----------
    values : (samples,) or (n, samples) array_like
        uA/cm^2: one row for all neurons, or one row per neuron.
    dt : float
        ms between samples.
    held : bool, default False
        Keep each value until the next sample, instead of going straight from one to the next.
    """

    first: Parameter  # where the row begins in the table
    last: Parameter  # index of the last sample
    interval: Parameter
    held: Parameter

    def __init__(self, values: npt.ArrayLike, dt: float, held: bool = False) -> None:
        values, dt = plain("values", values, "uA/cm^2"), plain("dt", dt, "ms")
        samples = np.atleast_1d(_check.numbers("values", values, dimensions=2, of="index"))
        interval = _check.number("dt", dt, "a positive number of ms", lambda x: x > 0)
        _check.flag("held", held)
        rows = np.arange(samples.shape[0]) * samples.shape[1] if samples.ndim == 2 else 0.0
        super().__init__(rows, samples.shape[-1] - 1.0, interval, float(held))
        object.__setattr__(self, "_table", samples.ravel())

    @property
    def table(self) -> np.ndarray:
        """The samples, row after row."""
        return self._table  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Samples) and super().__eq__(other) and np.array_equal(self.table, other.table)

    __hash__ = None  # type: ignore[assignment]

    @property
    def values(self) -> np.ndarray:
        """The samples, (samples,) or (n, samples)."""
        return self.table.reshape(self.size, -1) if np.ndim(self.first) else self.table

    def __mul__(self, factor: npt.ArrayLike) -> Samples:
        """The samples times a number, or times one for each neuron."""
        scale = _check.numbers("factor", factor)
        values = self.values * (scale[:, None] if scale.ndim else scale)
        return Samples(values, float(np.asarray(self.interval)), bool(self.held))

    def part(self, low: int, high: int) -> Self:
        """The same for the neurons `low` to `high` alone."""
        if np.ndim(self.first) == 0:
            return self
        return type(self)(self.values[low:high], self.interval, bool(self.held))  # type: ignore[arg-type]

    def __reduce__(self) -> Any:
        return Samples, (self.values, self.interval, bool(self.held))

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """Between the two samples around t."""
        k = min(max(floor(t / p.interval), 0.0), p.last)
        k = k + 1.0 if (k < p.last) & reached(t, (k + 1.0) * p.interval, before) else k
        k = k - 1.0 if (k > 0.0) & (not reached(t, k * p.interval, before)) else k
        this = table[nearest(p.first + k)]
        following = table[nearest(p.first + min(k + 1.0, p.last))]
        part = min(max(t / p.interval - k, 0.0), 1.0)
        return this if p.held != 0.0 else this + (following - this) * part

    @staticmethod
    def edge(t: Any, p: Any) -> Any:
        """Every sample is a jump or a kink."""
        k = max(floor(t / p.interval) - 1.0, 0.0)
        for _ in range(4):
            if k > p.last:
                break
            if t < k * p.interval:
                return k * p.interval
            k += 1.0
        return INFINITY


@inline
def reached(t, moment, before):
    """Whether a moment is reached: at it, or only after it if what counts is the time before.

    At it up to rounding: the seventh period of 0.1 and the seventh step of 0.1 may be some bits apart.
    """
    slack = 1e-13 * abs(t)
    return t > moment + slack if before else t >= moment - slack


@inline
def sine(turns):
    """sin(2 pi turns)."""
    return sin_cos_turn(turns - floor(turns))[0]
