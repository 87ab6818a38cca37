"""Spikes that reset: the step in which a neuron fires, or is let go, or is steep is taken once more, in its lane."""

import math

from .. import models
from .._kernel.jit import inline
from .._kernel.lanes import axpy, local, put, take, width
from ..inputs import port
from .problem import MOST
from .spike_lists import list_spike
from .to_spike import Lane, moment, to_spike


@inline
def reset_spikes(block, space, members, number, dt, spikes, spiked):
    """List the spikes of step `number`, and put what comes after them into `space.end`; how many are then listed."""
    odd = local((0,), 1, block.lanes, 0)
    any_odd = 0
    for lane in range(width(block.lanes)):
        odd[0, lane] = _is_odd(block, space, lane, number, spikes.threshold)
        any_odd |= odd[0, lane]
    if any_odd:
        for lane in range(members.count):
            if odd[0, lane]:
                constants = take(block.constants_type, block.constants, lane)
                threshold = models.threshold(block.model_type, constants, spikes.threshold)
                one = Lane(block, lane, number, dt, threshold, port.WITHIN)
                spiked = _take_again(one, space.start, space.end, members.low + lane, spikes, spiked)
    return spiked


@inline
def _is_odd(block, space, lane, number, given):
    """Whether the step of a lane is more than one of its method: no comparison with NaN may hide that."""
    before, after = space.start[0, lane], space.end[0, lane]
    constants = take(block.constants_type, block.constants, lane)
    threshold = models.threshold(block.model_type, constants, given)
    fired = (before < threshold) & ((after >= threshold) | (after != after))
    fast = models.is_steep(block.model_type, before, constants) | models.is_steep(block.model_type, after, constants)
    return fired | fast | port.is_let_go(block.sources, block.rooms, lane, number)


@inline
def _take_again(one, start, end, neuron, spikes, spiked):
    """The step of a lane, with its spikes; how many are then listed."""
    block, lane = one.block, one.lane
    constants = take(block.constants_type, block.constants, lane)
    y = moment(0.0, take(block.state_type, start, lane))  # the time, as a fraction of the step, then the states
    here = 0
    while here < MOST:
        until = min(port.held_until(block.sources, block.rooms, lane, one.number), 1.0)
        held = until > y[0]
        stop = until if held else 1.0
        fired = False
        if held and len(y) == 2:
            y = moment(stop, y[1:])
        else:  # where the voltage is held, the states beside it go on
            port.hold(block.sources, block.rooms, lane, held)
            y, fired = to_spike(one, y, stop)
        if fired:
            here += 1
            spiked = list_spike(spikes, spiked, neuron, one.number, y[0], one.dt)
            after = models.reset(block.model_type, y[1:], constants)
            y = moment(y[0], axpy(1.0, after, block.state_type))  # to their type
            port.take_spike(block.sources, block.rooms, lane, one.number, y[0])
        elif stop >= 1.0:
            port.hold(block.sources, block.rooms, lane, False)
            put(end, lane, y[1:])
            return spiked
    put(end, lane, moment(math.nan, y[2:]))
    return spiked
