"""How long the next step is: an estimate of the last one's error, and a PI controller.

Hairer E, Norsett SP, Wanner G (1993). Solving Ordinary Differential Equations I, 2nd edition, section II.4; Hairer E,
Wanner G (1996), Solving Ordinary Differential Equations II, section IV.2.
"""

from typing import Any, NamedTuple

import numpy as np

from .. import models
from .._kernel.jit import generic, inline, inline_ast, specialises
from .._kernel.lanes import bits, fma, from_bits, local, width
from .._kernel.scalars import ROUNDER, scale
from .dense_output import may_spike

SAFETY, SLOWEST, FASTEST = 0.9, 1 / 3, 6.0  # as in Hairer's DOP853
LOG2_SAFETY = -0.152
SHORTEST = 1e-7  # ms: nothing in a neuron is that fast, so what needs such steps is running away
HURRY = 1e-4  # ms: where V is steep and the next step as short as this, `to_spike` goes on
NOT_FINITE = 1e300  # as the log2 of an error: the next step is as short as may be

# what has become of a step
REFUSED, ACCEPTED, DEFERRED = 0, 1, 2  # deferred: it reaches the limit, so the next chunk takes it again


class Tolerance(NamedTuple):
    """The error of a step is measured against absolute + relative * size."""

    relative: float
    absolute: Any  # (D,)


class Pace(NamedTuple):
    """Where the lanes are in time and how they go on; each an array (lane,)."""

    time: Any  # ms
    step: Any  # the next step as planned, ms
    stop: Any  # the next discontinuity, or the end of the run, ms
    length: Any  # of the step under way, ms; 0 where the lane has no neuron
    arrival: Any  # its end, ms
    previous_error: Any  # log2 of that of the last accepted step, relative to the tolerance
    largest_factor: Any  # the largest factor by which a step may grow: not at all after one that was refused
    outcome: Any  # of the step: REFUSED, ACCEPTED or DEFERRED
    dense: Any  # whether something is looked for inside the step
    sample: Any  # the number of the next sample, inf where the neuron is not sampled


@inline_ast
def make_pace(lanes):
    """Room for the pace of a block's lanes; nothing in it is set."""
    return Pace(
        local((0.0,), 1, lanes, 0.0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
        local((0,), 1, lanes, 0)[0],
        local((0,), 1, lanes, 0)[0],
        local((0.0,), 1, lanes, 0.0)[0],
    )


class Scale(NamedTuple):
    """log2 of the error is the larger of ``power log2(e^2) + offset`` for the two estimates e in terms of tolerance."""

    power: Any  # (2,)
    offset: Any  # (2,)


@inline
def error_scale(tableau, tolerance):
    """The scale of a method's two estimates at a tolerance."""
    fineness = np.log2(tolerance.relative)
    (power_1, power_2), (offset_1, offset_2) = tableau.power, tableau.offset
    offsets = fma(power_1 - 1.0, fineness, offset_1), fma(power_2 - 1.0, fineness, offset_2)
    return Scale((0.5 * power_1, 0.5 * power_2), offsets)


@inline
def log2_rough(x):
    """log2 of a positive x to 2e-4: for step sizes."""
    exponent = from_bits((bits(x) >> 52) | 0x4330000000000000) - 4503599627371519.0  # 2**52 + 1023
    m = from_bits((bits(x) & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000)
    p = fma(fma(-0.07915036575315018, m, 0.6288157291848091), m, -2.081060203459175)
    return exponent + fma(fma(p, m, 4.028372766846634), m, -2.4967737679054736)


@inline
def exp2_rough(x):
    """2**x to 3e-6."""
    rounded = x + ROUNDER[0]
    r = x - (rounded - ROUNDER[0])
    p = fma(fma(0.00957009651306674, r, 0.055917859895730365), r, 0.24024744961168065)
    return scale(fma(fma(p, r, 0.6931218148156965), r, 0.9999992614055839), rounded)


@inline
def propose_steps(pace, lanes):
    """The step that each lane is to take: as long as planned, or up to its stop."""
    for lane in range(width(lanes)):
        t, h, stop = pace.time[lane], pace.step[lane], pace.stop[lane]
        arrival = stop if 1.01 * h >= stop - t else t + h
        pace.length[lane] = arrival - t  # not h: after 1,000 turns of a circle this is 50 times as near
        pace.arrival[lane] = arrival


@inline
def log2_error(scale, tolerance, state_type, work, lane):
    """log2 of a lane's error, 0 where it is the tolerance; NOT_FINITE where that cannot be told."""
    first, second = 0.0, 0.0
    D = len(state_type)  # a constant, which the shape of an array is too late
    for d in range(D):
        size = max(abs(work.start[d, lane]), abs(work.end[d, lane]))
        weight = 1.0 / fma(tolerance.relative, size, tolerance.absolute[d])
        e1, e2 = work.error[d, lane] * weight, work.error[D + d, lane] * weight
        first, second = fma(e1, e1, first), fma(e2, e2, second)
    squared = work.pace.length[lane] * work.pace.length[lane] / D
    finite = squared * (first + second) < 1e300  # not NaN, either
    size = max(fma(scale.power[0], log2_rough(max(squared * first, 1e-290)), scale.offset[0]), -33.0)
    size = max(fma(scale.power[1], log2_rough(max(squared * second, 1e-290)), scale.offset[1]), size)
    return size if finite else NOT_FINITE


@inline
def next_step(tableau, length, error, previous_error, largest_factor):
    """How long a step is to be after one of that length, ms; the errors are log2, and one above 0 is refused.

    The factor is between SLOWEST and `largest_factor`, and after a step that is refused at most SAFETY.
    """
    power_of_2 = fma(-tableau.exponent, error, fma(tableau.beta, previous_error, LOG2_SAFETY))
    factor = min(exp2_rough(min(max(power_of_2, -100.0), 100.0)), largest_factor)
    factor = factor if error <= 0.0 else min(factor, SAFETY)
    return length * max(factor, SLOWEST)


@generic
def shortest_step(model_type):
    """Steps shorter than this ask for service, ms."""


@specialises(shortest_step)
def _shortest_step(model_type):
    shortest = HURRY if models.can_be_steep(model_type) else SHORTEST
    return lambda model_type: shortest


@inline
def plan_step(tableau, scale, tolerance, block, work, limit, lane):
    """Judge the step of a lane, and plan its next; whether it asks for service."""
    pace, shortest = work.pace, shortest_step(block.model_type)
    error = log2_error(scale, tolerance, block.state_type, work, lane)
    length, planned = pace.length[lane], pace.step[lane]
    now, stop = pace.arrival[lane], pace.stop[lane]
    accepted = error <= 0.0
    deferred = accepted & (now >= limit)
    step = next_step(tableau, length, error, pace.previous_error[lane], pace.largest_factor[lane])
    step = max(step, planned) if accepted & (now >= stop) & (length < planned) else step
    pace.step[lane] = planned if deferred else step
    pace.outcome[lane] = DEFERRED if deferred else ACCEPTED if accepted else REFUSED
    pace.previous_error[lane] = error if accepted & (not deferred) else pace.previous_error[lane]
    pace.largest_factor[lane] = pace.largest_factor[lane] if deferred else FASTEST if accepted else 1.0
    return deferred | (now >= stop) | (step < max(shortest, 1e-13 * now))


@inline
def look_inside(tableau, block, work, spikes, interval, lane):
    """Whether the step of a lane, if it is good, has something inside."""
    pace = work.pace
    sampled = pace.arrival[lane] >= pace.sample[lane] * interval
    good = (pace.outcome[lane] != REFUSED) & (pace.length[lane] > 0.0)
    wanted = good & (may_spike(spikes, tableau, block, work, lane) | sampled)
    pace.dense[lane] = 1 if wanted else 0
    return wanted
