"""Spikes that reset, by an adaptive method: each is a stop, the end of a step that would have gone on.

The time is that at which the continuous extension rises through the threshold, so it is as exact as the method; the
step begins anew from the states behind the reset, and its length from how far V is from the threshold.  An upstroke to
infinity, whose steps would shrink to nothing, is gone through by `to_spike`.
"""

import math

from .. import models
from .._kernel.jit import generic, inline, specialises
from .._kernel.lanes import axpy, fma, put, take
from ..inputs import port
from .controller import ACCEPTED, DEFERRED, FASTEST, HURRY, SHORTEST
from .dense_output import extension, find_spike, keep_sample, list_jump, spike_part
from .spike_lists import list_at
from .spikes import polynomial
from .to_spike import Lane, moment, to_spike

REACH = 0.1  # ms, up to which it goes: what is behind has no part in the bits
UNIT = 1e-3  # ms, the unit of its times: it is exact to 1e-7 of it
PART = 0.1  # of the way to the threshold, for the first step after a spike
SOONEST = 1e-9  # ms from a spike to the next: sooner, and there is no end to them
ANEW = math.inf  # as the length of a step: to be chosen

NOT_RISEN, RISEN, TOO_FAR = range(3)  # not risen: not steep; too far: up to the limit, left for the next chunk


@inline
def threshold_of(block, lane, given):
    """The threshold of a lane, mV."""
    return models.threshold(block.model_type, take(block.constants_type, block.constants, lane), given)


@inline
def fire(block, work, lane, t, out, spikes, spiked):
    """A spike at t of the states in a lane of `out`, which are then those after it; how many are then listed."""
    constants = take(block.constants_type, block.constants, lane)
    after = models.reset(block.model_type, take(block.state_type, out, lane), constants)
    after = axpy(1.0, after, block.state_type)  # to their type
    put(out, lane, after)
    port.take_spike_at(block.sources, block.rooms, lane, t, after[0])
    work.pace.step[lane], work.pace.previous_error[lane], work.pace.largest_factor[lane] = ANEW, 0.0, FASTEST
    return list_at(spikes, spiked, work.neuron_in[lane], t)


@generic
def cut_at_spike(model_type, tableau, block, work, lane, limit, spikes, spiked):
    """Find the spike in the step of a lane: without a reset it is listed; with one, the step then ends there.

    Returns at which fraction of the step it has ended so, or -1, and how many spikes are listed.
    """


@generic
def fire_in_step(model_type, tableau, block, work, lane, part, spikes, spiked):
    """Let the spike at which a step has been cut act; how many are then listed."""
    return spiked


@generic
def jump(model_type, block, work, lane, before, t, spikes, spiked):
    """List the spike of a lane whose states have jumped to those in ``work.start``; how many are then listed."""


@generic
def rise(model_type, block, work, lane, span, spikes, spiked, samples):
    """Take a lane in an upstroke to its spike, or to its stop: NOT_RISEN, RISEN or TOO_FAR; how many are listed."""


@generic
def step_anew(model_type, block, work, lane, spikes):
    """Choose the first step after a spike."""


@specialises(cut_at_spike)
def _cut_at_spike(model_type, tableau, block, work, lane, limit, spikes, spiked):
    return _cut if models.resets(model_type) else _list_in_step


@specialises(fire_in_step)
def _fire_in_step(model_type, tableau, block, work, lane, part, spikes, spiked):
    if models.resets(model_type):
        return _fire_where_cut
    return lambda model_type, tableau, block, work, lane, part, spikes, spiked: spiked


@specialises(jump)
def _jump(model_type, block, work, lane, before, t, spikes, spiked):
    return _fire_by_jump if models.resets(model_type) else _list_jump


@specialises(rise)
def _rise(model_type, block, work, lane, span, spikes, spiked, samples):
    if models.can_be_steep(model_type):
        return _rise_if_steep
    return lambda model_type, block, work, lane, span, spikes, spiked, samples: (NOT_RISEN, spiked)


@specialises(step_anew)
def _step_anew(model_type, block, work, lane, spikes):
    return _choose_step if models.resets(model_type) else lambda model_type, block, work, lane, spikes: None


def _list_in_step(model_type, tableau, block, work, lane, limit, spikes, spiked):
    if work.pace.outcome[lane] != DEFERRED:
        spiked = find_spike(spikes, tableau, work, lane, work.neuron_in[lane], spiked)
    return -1.0, spiked


def _cut(model_type, tableau, block, work, lane, limit, spikes, spiked):
    pace = work.pace
    part = spike_part(0, tableau, work, lane, threshold_of(block, lane, spikes.threshold))[0]
    if part >= 0.0:
        pace.arrival[lane] = min(fma(part, pace.length[lane], pace.time[lane]), pace.arrival[lane])
        pace.outcome[lane] = ACCEPTED if pace.arrival[lane] < limit else DEFERRED
    return part, spiked


def _fire_where_cut(model_type, tableau, block, work, lane, part, spikes, spiked):
    pace, states = work.pace, len(block.state_type)
    for d in range(states):
        extension(tableau, work.k, d, states, lane, pace.length[lane], work.power)
        work.end[d, lane] = polynomial(work.start[d, lane], work.power, part)
    work.end[0, lane] = threshold_of(block, lane, spikes.threshold)
    pace.stop[lane] = pace.arrival[lane]
    return fire(block, work, lane, pace.arrival[lane], work.end, spikes, spiked)


def _list_jump(model_type, block, work, lane, before, t, spikes, spiked):
    return list_jump(spikes, before, work, lane, t, spiked)


def _fire_by_jump(model_type, block, work, lane, before, t, spikes, spiked):
    threshold = threshold_of(block, lane, spikes.threshold)
    if before[0] < threshold and work.start[0, lane] >= threshold:
        spiked = fire(block, work, lane, t, work.start, spikes, spiked)
    return spiked


def _choose_step(model_type, block, work, lane, spikes):
    pace = work.pace
    if pace.step[lane] == ANEW:
        threshold = threshold_of(block, lane, spikes.threshold)
        way = abs(threshold - work.start[0, lane]) / (abs(work.k[0, lane]) + 1e-300)  # ms
        left = pace.stop[lane] - pace.time[lane]
        pace.step[lane] = max(min(PART * way, left), SHORTEST) if way > SOONEST else 0.0


def _rise_if_steep(model_type, block, work, lane, span, spikes, spiked, samples):
    constants = take(block.constants_type, block.constants, lane)
    pace, t = work.pace, work.pace.time[lane]
    end = min(pace.stop[lane], t + REACH)
    hurries = pace.step[lane] < HURRY and models.is_steep(model_type, work.start[0, lane], constants)
    if not hurries or t >= end or pace.outcome[lane] == DEFERRED:
        return NOT_RISEN, spiked
    threshold = threshold_of(block, lane, spikes.threshold)
    if work.start[0, lane] >= threshold:
        return NOT_RISEN, spiked
    one = Lane(block, lane, t / UNIT, UNIT, threshold, port.END)
    start = moment(0.0, take(block.state_type, work.start, lane))
    sample, last = pace.sample[lane], samples.traces.begin + samples.traces.out.shape[2]
    while True:  # to each sample before it from the same start, so that samples change nothing
        due = sample * samples.traces.interval
        is_sample = due <= end and sample < last
        y, fired = to_spike(one, start, ((due if is_sample else end) - t) / UNIT)
        if not is_sample:
            break
        if fired:
            last = 0
        else:
            put(work.shown, lane, y[1:])
            keep_sample(block, work, lane, work.neuron_in[lane], due, int(sample), samples.traces, samples.statistics)
            sample += 1.0
    pace.sample[lane] = sample
    reached = min(fma(y[0], UNIT, t), end) if fired else end
    if reached >= span.limit:
        return TOO_FAR, spiked
    put(work.start, lane, y[1:])
    pace.time[lane] = reached
    if fired:
        spiked = fire(block, work, lane, reached, work.start, spikes, spiked)
    return RISEN, spiked
