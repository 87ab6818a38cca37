"""The time of a spike inside a step: where a polynomial through it rises through the threshold."""

import numpy as np

from .._kernel.jit import generic, inline
from .._kernel.lanes import fma
from .._kernel.scalars import narrowed
from .spike_lists import element, list_spike, row_of


@inline
def polynomial(start, coefficients, x):
    """``start + coefficients[0] x + coefficients[1] x**2 + ...``."""
    s = 0.0
    for p in range(len(coefficients) - 1, -1, -1):
        s = fma(s, x, coefficients[p])
    return fma(s, x, start)


@inline
def crossing(start, coefficients, low, high):
    """Where between `low` and `high` the polynomial rises through 0, given that it is below 0 at `low`, not at `high`.

    The Illinois variant of the secant method inside a shrinking bracket (Dowell & Jarratt 1971).
    """
    f_low, f_high = polynomial(start, coefficients, low), polynomial(start, coefficients, high)
    x = high
    for _ in range(100):
        before = x
        x = (low * f_high - high * f_low) / (f_high - f_low)
        if not low < x < high:
            x = 0.5 * (low + high)
        f = polynomial(start, coefficients, x)
        if f < 0.0:
            low, f_low, f_high = x, f, (0.5 * f_high if before < x else f_high)
        else:
            high, f_high, f_low = x, f, (0.5 * f_low if before > x else f_low)
        if f == 0.0 or high - low < 1e-15 or abs(x - before) < 1e-15:
            break
    return x


@inline
def hermite(V0, V1, slope0, slope1):
    """The coefficients of the cubic through two values with two slopes, per step."""
    rise = V1 - V0
    return slope0, 3.0 * rise - 2.0 * slope0 - slope1, slope0 + slope1 - 2.0 * rise


@generic
def crosses(spikes, start, end, lane):
    """Whether a lane has risen through the threshold in a step from `start` to `end`."""
    d = len(row_of(spikes))
    threshold = narrowed(start[d, lane], spikes.threshold)
    return (start[d, lane] < threshold) & (end[d, lane] >= threshold)


@generic
def has_crossed(spikes, start, end, lane):
    """The same for a loop that branches: so its code is what it was, and the registers of the steps are, too."""
    d = len(row_of(spikes))
    threshold = narrowed(start[d, lane], spikes.threshold)
    return start[d, lane] < threshold and end[d, lane] >= threshold


@generic
def list_crossing(spikes, space, lane, slopes, neuron, at, spiked):
    """List the spike of a lane that has crossed in the step `at`, (number, dt); how many are then listed.

    `slopes` are the derivatives of its states at the begin and the end.
    """
    row, (number, dt) = row_of(spikes), at
    start, end = space.start[len(row), lane], space.end[len(row), lane]
    threshold = np.float64(narrowed(start, spikes.threshold))
    rise, rise_at_end = element(row, slopes[0]) * dt, element(row, slopes[1]) * dt
    below, above = start - threshold, end - threshold
    part = crossing(below, hermite(below, above, rise, rise_at_end), 0.0, 1.0)
    return list_spike(spikes, spiked, neuron, number, part, dt)
