"""A neuron alone, on its way to its next spike: by steps that are divided until they are exact.

An upstroke reaches infinity in finite time, and no division is fine enough for its end.  Where a model says that it is
steep, a height takes the place of V that rises evenly there, -exp((begin - V) / scale), and is 0 at infinity.  Where
infinity is near, the height takes the place of time besides: what is integrated is the time by the height, up to that
of the threshold.  A spike of `AdaptiveExponential` took 37 us by V alone, and takes 6.3 so.
"""

import math
from typing import Any, NamedTuple

from .. import models
from .._kernel.elementary import exp, log_alone
from .._kernel.jit import generic, inline, specialises
from .._kernel.lanes import axpy, take
from ..inputs import port
from .block import derivative
from .controller import exp2_rough, log2_rough
from .spikes import crossing, hermite
from .tsit5 import ERROR, STAGES

TRIES = 10_000  # steps on the way
EXACT = 1e-11  # error of a step, relative to V
EXACT_PART = 1e-9  # and of the time, where V takes its place, in steps of the method
EXACT_HEIGHT = 1e-8  # error of a step in a height
EXACT_PART_BY_HEIGHT = 1e-6  # and of the time by it, as estimated: it is 6e-8
LANDED = 1e-5  # so near the end of the step, in steps, a line leads there
NEAR = 0.4  # the height takes the place of time where less than this part of it would be left
FIRST = 0.15  # part of the height that is tried first then
FLAT = 5.0  # times its scale that a height has then: the time is a polynomial in it, and nothing sharp at its end

A = tuple(tuple(row.get(j, 0.0) for j in range(6)) for row in STAGES)
E = tuple(ERROR.get(j, 0.0) for j in range(7))


class Lane(NamedTuple):
    """A neuron in a step."""

    block: Any
    lane: int
    number: float  # of the step
    dt: float  # its length, ms
    threshold: float
    stage: int  # as inputs are asked


@inline
def moment(time, states):
    """A time, as a fraction of the step, with the states then."""
    return (time, *states)  # a function, since Numba takes no star in a loop


@inline
def _with(y, V):
    """A moment with another voltage."""
    return (y[0], V, *y[2:])


@generic
def height(shape, V):
    """The height at a voltage; here, the voltage."""
    return V


@generic
def voltage(shape, height):
    """The voltage at a height, and how much higher it is there for each mV; here, the height itself."""
    return height, 1.0


@generic
def reshaped(shape, V, factor):
    """The shape that begins at a voltage, its scale being a factor longer; here, the same."""
    return shape


@generic
def tolerances(shape, height, threshold):
    """What error of the time, where the height takes its place, and of the height is allowed in a step."""
    return EXACT_PART, EXACT * (abs(height) + abs(threshold))


@generic
def first_rise(shape, one, y, rates, left, refused):
    """How far to rise at first, the height being in the place of time; 0 where time does better.

    Here, where V, as it grows now, reaches infinity in what is `left` of the step, and a step has been refused.
    """
    if not refused or rates[1] <= 0.0:
        return 0.0
    nudge = 1e-6 * (abs(y[1]) + abs(one.threshold))
    growth = (_rates(one, shape, _with(y, y[1] + nudge), False)[1] - rates[1]) / nudge
    return 0.3 * rates[1] / growth if growth * left > 1.0 else 0.0


def _height(shape, V):
    return -exp((shape.begin - V) * shape.per_scale)


def _voltage(shape, height):
    V = shape.begin - shape.scale * log_alone(-height)
    return V if height < 0.0 else math.nan, -height * shape.per_scale


def _reshaped(shape, V, factor):
    return _height_on(V, factor * shape.scale, shape.exact)


def _tolerances(shape, height, threshold):
    return shape.exact * EXACT_PART_BY_HEIGHT, shape.exact * EXACT_HEIGHT * (1.0 + abs(height))


def _first_rise(shape, one, y, rates, left, refused):
    """A part of the way to infinity, where the line through the height comes near that."""
    return FIRST * -y[1] if y[1] + rates[1] * left >= NEAR * y[1] else 0.0


class Height(NamedTuple):
    """A height of -1 at the voltage `begin`, and of an e-th of it after each `scale`, mV."""

    begin: float
    scale: float
    per_scale: float
    exact: float  # 1, or what makes up for a scale that is only about right

    height = _height
    voltage = _voltage
    reshaped = _reshaped
    tolerances = _tolerances
    first_rise = _first_rise


@inline
def _height_on(V, scale, exact):
    return Height(V, scale, 1.0 / scale, exact)


@generic
def shape_of(model_type, one, y):
    """What takes the place of V: for a model that is steep somewhere, a height; else nothing."""


@specialises(shape_of)
def _shape_of(model_type, one, y):
    return _height_from if models.can_be_steep(model_type) else lambda model_type, one, y: ()


def _height_from(model_type, one, y):
    """The height from V on; its scale is that by which the rate of V grows at the threshold, or as near as it does."""
    top = one.threshold
    for _ in range(60):
        nudge = 1e-4 * (1.0 + abs(top))
        above, below = _rate_alone(one, _with(y, top)[1:]), _rate_alone(one, _with(y, top - nudge)[1:])
        scale = 0.5 * nudge * (above + below) / (above - below)
        if (above > 0.0) & (scale > 0.0) & (scale < 1e3 * (1.0 + abs(top))):
            return _height_on(y[1], scale, 1.0 if 4.0 * scale < one.threshold - y[1] else 1e-3)
        top -= 0.5 * (top - y[1])
    return _height_on(y[1], 1.0 + abs(one.threshold), 1e-3)


@inline
def _rate_alone(one, state):
    """How fast V changes without any input, mV/ms: this is in flight while what has inputs is."""
    block = one.block
    constants = take(block.constants_type, block.constants, one.lane)
    gates = models.gates(block.model_type, models.voltage(block.model_type, state), constants)
    return models.derivative(block.model_type, state, 0.0, constants, gates)[0]


@inline
def to_spike(one, y, end):
    """Go on to the threshold or to the fraction `end` of the step; where that is, and whether it is the threshold."""
    shape = shape_of(one.block.model_type, one, y)
    y = _with(y, height(shape, y[1]))
    top = height(shape, one.threshold)
    rates = _rates(one, shape, y, False)
    size = end - y[0]
    exchanged, refused, landing = False, False, False
    for _ in range(TRIES):
        if not exchanged and y[1] < top:
            rise = first_rise(shape, one, y, rates, end - y[0], refused)
            if rise > 0.0:
                exchanged = True
                V = voltage(shape, y[1])[0]
                shape = reshaped(shape, V, FLAT)
                y, top = _with(y, height(shape, V)), height(shape, one.threshold)
                rates = _rates(one, shape, y, True)
                size = min(rise, top - y[1])
        new, after, error = _step(one, shape, y, rates, size, exchanged)
        allowed = tolerances(shape, y[1], one.threshold)
        wrong = abs(error[0]) / allowed[0] if exchanged else abs(error[1]) / allowed[1]
        if exchanged and not (rates[0] > 0.0) & (after[0] > 0.0):
            wrong = math.inf
        refused = not wrong <= 1.0
        if refused:
            size, landing = size * _growth(wrong), False
        elif exchanged and landing and abs(end - new[0]) > LANDED:
            size += (end - new[0]) / after[0]
        elif exchanged and landing:
            found = axpy((end - new[0]) / after[0], after, new)
            return moment(end, _with(found, voltage(shape, found[1])[0])[1:]), False
        elif exchanged and new[0] > end:
            size, landing = size * _part_to(y[0], new[0], rates[0] * size, after[0] * size, end), True
        elif exchanged:
            if size >= top - y[1]:
                return _with(new, one.threshold), True
            y, rates = new, after
            size = min(size * _growth(wrong), top - y[1])
        else:
            if size >= end - y[0]:
                new = moment(end, new[1:])
            if y[1] < top <= new[1]:
                found = _crossing_of(y, new, rates, after, size, top)
                return _with(found, voltage(shape, found[1])[0]), True
            if new[0] >= end:
                return _with(new, voltage(shape, new[1])[0]), False
            y, rates = new, after
            size = min(size * _growth(wrong), end - y[0])
    return _with(y, math.nan), False


@inline
def _growth(wrong):
    """How much longer the next step may be after one that was so wrong; 1 is what is allowed."""
    return min(max(0.9 * exp2_rough(-0.2 * log2_rough(max(wrong, 1e-6))), 0.1), 4.0) if wrong < 1e30 else 0.1


@inline
def _part_to(before, after, slope, slope_after, wanted):
    """At which part of a step the cubic through its ends, which rises, has a value."""
    below, above = before - wanted, after - wanted
    return crossing(below, hermite(below, above, slope, slope_after), 0.0, 1.0)


@inline
def _crossing_of(y, new, rates, after, size, top):
    """Where a step rises through a height, by the cubic through its ends."""
    x = _part_to(y[1], new[1], rates[1] * size, after[1] * size, top)
    away = 1.0 - x
    found = axpy(x * x * (3.0 - 2.0 * x), new, axpy(away * away * (1.0 + 2.0 * x), y, axpy(-1.0, y, y)))
    found = axpy(x * away * away * size, rates, found)
    return axpy(-x * x * away * size, after, found)


@inline
def _step(one, shape, y, k1, h, exchanged):
    """A step of order 5 from `y`, whose rates are `k1`: its end, the rates there, and the error (Tsitouras 2011)."""
    k2 = _rates(one, shape, axpy(h * A[1][0], k1, y), exchanged)
    k3 = _rates(one, shape, axpy(h * A[2][1], k2, axpy(h * A[2][0], k1, y)), exchanged)
    z = axpy(h * A[3][1], k2, axpy(h * A[3][0], k1, y))
    k4 = _rates(one, shape, axpy(h * A[3][2], k3, z), exchanged)
    z = axpy(h * A[4][2], k3, axpy(h * A[4][1], k2, axpy(h * A[4][0], k1, y)))
    k5 = _rates(one, shape, axpy(h * A[4][3], k4, z), exchanged)
    z = axpy(h * A[5][2], k3, axpy(h * A[5][1], k2, axpy(h * A[5][0], k1, y)))
    k6 = _rates(one, shape, axpy(h * A[5][4], k5, axpy(h * A[5][3], k4, z)), exchanged)
    z = axpy(h * A[6][2], k3, axpy(h * A[6][1], k2, axpy(h * A[6][0], k1, y)))
    new = axpy(h * A[6][5], k6, axpy(h * A[6][4], k5, axpy(h * A[6][3], k4, z)))
    k7 = _rates(one, shape, new, exchanged)
    error = axpy(h * E[2], k3, axpy(h * E[1], k2, axpy(h * E[0], k1, axpy(-1.0, y, y))))
    return new, k7, axpy(h * E[6], k7, axpy(h * E[5], k6, axpy(h * E[4], k5, axpy(h * E[3], k4, error))))


@inline
def _rates(one, shape, y, exchanged):
    """How fast time, height and the other states change, per step, or by the height where that is in time's place."""
    block = one.block
    V, slope = voltage(shape, y[1])
    port.place(block.sources, block.rooms, one.lane, y[0])
    slopes = derivative(block, one.lane, _with(y, V)[1:], (one.number + y[0]) * one.dt, one.stage)
    rise = slopes[0] * slope
    scale, part = one.dt, 1.0
    if exchanged:  # two divisions side by side, none behind the other
        scale, part = 1.0 / rise, 1.0 / (rise * one.dt)
    return moment(part, axpy(scale, moment(rise, slopes[1:]), block.state_type))
