"""Currents as functions of time (ms), as their definitions have them; each with the times at which it is not smooth."""

from bisect import bisect_right
from math import pi, sin

import numpy as np


def of_neuron(current, i, duration):
    """The current of neuron `i`: a function of t, and its edges up to `duration`."""
    kind = type(current).__name__
    if kind == "Sum":
        parts = [of_neuron(part, i, duration) for part in current.parts]
        return lambda t: sum(value(t) for value, _ in parts), [edge for _, edges in parts for edge in edges]
    if kind not in KINDS:
        raise NotImplementedError(f"there is no reference for {kind}; there is for {', '.join(KINDS)}, and their sums")
    p = {name: float(value[i] if np.ndim(value) and np.size(value) > 1 else np.ravel(value)[0])
         for name, value in current.parameters.items()}  # fmt: skip
    return KINDS[kind](duration=duration, table=getattr(current, "table", None), **p)


def constant(amplitude, **_):
    """Always the same."""
    return lambda t: amplitude, []


def step(amplitude, start, stop, **_):
    """On from start to stop."""
    return lambda t: amplitude if start <= t < stop else 0.0, [start, stop]


def ramp(low, high, start, stop, **_):
    """Evenly from low to high."""
    return lambda t: float(np.interp(t, [start, stop], [low, high])), [start, stop]


def sine(amplitude, frequency, phase, **_):
    """The frequency is in Hz, the phase in turns."""
    return lambda t: amplitude * sin(2 * pi * (frequency * t / 1000 + phase)), []


def chirp(amplitude, low, high, start, stop, **_):
    """The phase is the integral of a frequency that goes evenly from low to high."""

    def value(t):
        if not start <= t < stop:
            return 0.0
        seconds, whole = (t - start) / 1000, (stop - start) / 1000
        return amplitude * sin(2 * pi * (low * seconds + (high - low) * seconds**2 / (2 * whole)))

    return value, [start, stop]


def pulses(amplitude, period, width, start, count, duration, **_):
    """Pulse k is on from start + k period for its width."""
    number = int(min(count, max(duration - start, 0) // period + 1))
    begins = [start + k * period for k in range(number)]

    def value(t):
        k = bisect_right(begins, t) - 1  # by the very times that are edges
        return amplitude if k >= 0 and t < begins[k] + width else 0.0

    return value, [*begins, *(begin + width for begin in begins)]


def samples(first, last, interval, held, table, duration, **_):
    """Straight lines between the samples, or steps."""
    row = table[int(first) : int(first + last) + 1]
    times = np.arange(row.size) * interval
    if held:
        return lambda t: float(row[max(np.searchsorted(times, t, side="right") - 1, 0)]), times
    return lambda t: float(np.interp(t, times, row)), times


KINDS = {
    "Constant": constant,
    "Step": step,
    "Ramp": ramp,
    "Sine": sine,
    "Chirp": chirp,
    "Pulses": pulses,
    "Samples": samples,
}
