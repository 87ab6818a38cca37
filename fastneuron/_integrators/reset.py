"""Spikes that reset: the step in which a neuron fires, or is let go, or moves too fast is taken once more, in its lane.

There the neuron goes from the begin of the step, or from its last reset, to its next spike or to the end of the step,
by steps of order 4 that are divided until they are exact.  An exponential upstroke reaches infinity in finite time, and
no division is fine enough for its end; there V takes the place of time: what is integrated is dt/dV, which falls to 0.
"""

import math
from typing import Any, NamedTuple

from .. import models
from .._kernel.jit import bare_inline, bare_outlined, noinline
from .._kernel.lanes import axpy, put, take, width
from ..inputs import port
from .block import derivative
from .problem import MOST
from .spike_lists import list_spike
from .spikes import crossing, hermite

TRIES = 10_000  # divided steps of a lane in a step
EXACT = 1e-11  # error of a divided step, relative to V
EXACT_PART = 1e-9  # and of the time, where V takes its place: in steps, before it is extrapolated


class Lane(NamedTuple):
    """A neuron in a step that is taken once more."""

    block: Any
    lane: int
    number: int  # of the step
    dt: float
    threshold: float


@bare_inline
def _moment(time, states):
    """A time, as a fraction of the step, with the states then."""
    return (time, *states)  # a function, since Numba takes no star in a loop


@bare_inline
def reset_spikes(block, space, members, number, dt, spikes, spiked):
    """List the spikes of step `number`, and put what comes after them into `space.end`; how many are then listed."""
    odd = 0
    for lane in range(width(block.lanes)):
        odd |= _is_odd(block, space, lane, number, spikes.threshold)
    if odd:
        for lane in range(members.count):
            if _is_odd(block, space, lane, number, spikes.threshold):
                constants = take(block.constants_type, block.constants, lane)
                threshold = models.threshold(block.model_type, constants, spikes.threshold)
                one = Lane(block, lane, number, dt, threshold)
                spiked = _take_again(one, space.start, space.end, members.low + lane, spikes, spiked)
    return spiked


@bare_inline
def _is_odd(block, space, lane, number, given):
    """Whether the step of a lane is more than one of its method: no comparison with NaN may hide that."""
    before, after = space.start[0, lane], space.end[0, lane]
    constants = take(block.constants_type, block.constants, lane)
    threshold = models.threshold(block.model_type, constants, given)
    fired = (before < threshold) & ((after >= threshold) | (after != after))
    fast = models.is_steep(block.model_type, before, constants) | models.is_steep(block.model_type, after, constants)
    return fired | fast | port.is_let_go(block.sources, block.rooms, lane, number)


@bare_outlined
def _take_again(one, start, end, neuron, spikes, spiked):
    """The step of a lane, with its spikes; how many are then listed."""
    noinline()
    block, lane = one.block, one.lane
    constants = take(block.constants_type, block.constants, lane)
    y = _moment(0.0, take(block.state_type, start, lane))  # the time, as a fraction of the step, then the states
    for _ in range(MOST):
        until = port.held_until(block.sources, block.rooms, lane, one.number)
        if until > y[0]:
            if len(y) > 2:  # states beside the voltage go on
                port.hold(block.sources, block.rooms, lane, True)
                y, _ = _runge_kutta(one, y, _rates(one, y, False), until - y[0], False)
            y = _moment(until, y[1:])
        if y[0] >= 1.0:
            put(end, lane, y[1:])
            return spiked
        port.hold(block.sources, block.rooms, lane, False)
        y, fired = _to_spike(one, y)
        if not fired:
            put(end, lane, y[1:])
            return spiked
        spiked = list_spike(spikes, spiked, neuron, one.number, y[0], one.dt)
        after = models.reset(block.model_type, y[1:], constants)
        y = _moment(y[0], axpy(1.0, after, block.state_type))  # to their type
        port.take_spike(block.sources, block.rooms, lane, one.number, y[0])
    put(end, lane, _moment(math.nan, y[2:]))
    return spiked


@bare_inline
def _to_spike(one, y):
    """Go on to the threshold or to the end of the step; where that is, and whether it is the threshold."""
    threshold = one.threshold
    size, rise, beyond = 1.0 - y[0], 0.0, False
    rates = _rates(one, y, False)
    for _ in range(TRIES):
        if rise > 0.0:  # V in the place of time
            rise = min(rise, threshold - y[1])
            new, error = _rise(one, y, rise)
            if error <= 1.0 and new[0] <= 1.0:
                if rise >= threshold - y[1]:
                    return new, True
                y = new
                rise *= _growth(error)
            elif error <= 1.0:  # the step ends before
                rates = _rates(one, y, False)
                size, rise, beyond = 1.0 - y[0], 0.0, True
            else:
                rise *= _growth(error)
            continue
        new, last = _runge_kutta(one, y, rates, size, False)
        if size >= 1.0 - y[0]:
            new = _moment(1.0, new[1:])
        after = _rates(one, new, False)
        error = _error(rates[1], last[1], after[1]) * size / (EXACT * (abs(y[1]) + abs(threshold)))
        if error <= 1.0:
            if y[1] < threshold <= new[1]:
                return _crossing_of(y, new, rates, after, size, threshold), True
            if new[0] >= 1.0:
                return new, False
            y, rates = new, after
            size = min(size * _growth(error), 1.0 - y[0])
        else:
            size *= _growth(error)
            if y[1] < threshold and not beyond:
                rise = _first_rise(one, y, rates[1])
    return _moment(1.0, _moment(math.nan, y[2:])), False


@bare_inline
def _growth(error):
    """How much longer the next part may be; the power would be 1/5, where the error is not known as well."""
    return min(max(0.9 * max(error, 1e-6) ** -0.2, 0.1), 4.0) if error < math.inf else 0.1


@bare_inline
def _error(first, last, after):
    """About the error of a step of order 4, per step, by the rates at its begin, at its last stage, and behind it."""
    return abs(after - last) / 6.0 * min(abs(after - first) / (abs(after) + abs(first)), 1.0)


@bare_inline
def _first_rise(one, y, rate):
    """How far V may rise at first in the place of time: where it reaches infinity within the step, as it grows now."""
    nudge = 1e-6 * (abs(y[1]) + abs(one.threshold))
    growth = (_rates(one, _moment(y[0], _moment(y[1] + nudge, y[2:])), False)[1] - rate) / nudge
    return 0.3 * rate / growth if rate > 0.0 and growth * (1.0 - y[0]) > 1.0 else 0.0


@bare_inline
def _rise(one, y, rise):
    """Let V rise by so much, in two halves; when that is done, and its error, which is to be 1 at most.

    The last stage of a step of order 4 tells nothing where the rates depend on V alone.
    """
    first = _rates(one, y, True)
    once, _ = _runge_kutta(one, y, first, rise, True)
    middle, _ = _runge_kutta(one, y, first, 0.5 * rise, True)
    rates = _rates(one, middle, True)
    new, last = _runge_kutta(one, middle, rates, 0.5 * rise, True)
    best = axpy(1.0 / 15.0, axpy(-1.0, once, new), new)  # Richardson's extrapolation
    error = abs(new[0] - once[0]) / (15.0 * EXACT_PART)
    return best, error if (rates[0] > 0.0) & (last[0] > 0.0) else math.inf


@bare_inline
def _crossing_of(y, new, rates, after, size, threshold):
    """Where a divided step rises through the threshold, by the cubic through its ends."""
    below, above = y[1] - threshold, new[1] - threshold
    x = crossing(below, hermite(below, above, rates[1] * size, after[1] * size), 0.0, 1.0)
    away = 1.0 - x
    found = axpy(x * x * (3.0 - 2.0 * x), new, axpy(away * away * (1.0 + 2.0 * x), y, axpy(-1.0, y, y)))
    found = axpy(x * away * away * size, rates, found)
    return axpy(-x * x * away * size, after, found)


@bare_outlined
def _runge_kutta(one, y, first, size, exchanged):
    """A step of order 4 from `y`, whose rates are `first`; its end, and the rates of the last stage."""
    noinline()
    second = _rates_at(one, axpy(0.5 * size, first, y), exchanged)
    third = _rates_at(one, axpy(0.5 * size, second, y), exchanged)
    fourth = _rates_at(one, axpy(size, third, y), exchanged)
    half = axpy(size / 3.0, second, axpy(size / 6.0, first, y))
    return axpy(size / 6.0, fourth, axpy(size / 3.0, third, half)), fourth


@bare_outlined
def _rates(one, y, exchanged):
    """`_rates_at`, compiled once for all places that call it."""
    noinline()
    return _rates_at(one, y, exchanged)


@bare_inline
def _rates_at(one, y, exchanged):
    """How fast time and states change, per step, or per mV where V takes the place of time."""
    block = one.block
    port.place(block.sources, block.rooms, one.lane, y[0])
    slopes = derivative(block, one.lane, y[1:], (one.number + y[0]) * one.dt, port.WITHIN)
    scale = 1.0 / slopes[0] if exchanged else one.dt
    return _moment(scale / one.dt, axpy(scale, slopes, block.state_type))
