"""Which crossings of the threshold are spikes, and where they are listed."""

import math
from typing import Any, NamedTuple

from .._kernel.jit import for_tuples, generic, inline


@generic
def list_spike(spikes, spiked, neuron, number, part, dt):
    """List a crossing at the fraction `part` of step `number`, if it is a spike; how many are then listed."""
    return list_at(spikes, spiked, neuron, (number + part) * dt)


@generic
def list_at(spikes, spiked, neuron, time):
    """List a crossing at a time, ms, if it is a spike, behind the `spiked` that are listed; how many are then."""
    spikes.count[neuron] += 1
    spikes.neuron[spiked] = neuron
    spikes.time[spiked] = time
    return spiked + 1


@generic
def row_of(spikes):
    """As many zeros as there are states before that whose spikes these are: the length of a tuple is a constant."""
    return ()


@generic
def element(row, values):
    """The value of that state, of a tuple of one for each."""
    return values[0]


@for_tuples(element)
def _later_element(row, values):
    return element(row[1:], values[1:])


@generic
def arm(spikes, neuron, V):
    """Let the next crossing of a neuron count if V is low enough for it; here, each counts."""


@generic
def arm_at(spikes, neuron, states, lane):
    """The same for a neuron whose states are in a lane."""
    arm(spikes, neuron, states[0, lane])


@generic
def arm_fallen(spikes, row, start, end, members):
    """The same for the lanes of a block that a step has taken from `start` to `end`."""


@generic
def most_in_step(spikes):
    """How many a lane may have in a step of an adaptive method: one inside, and one where it jumps at the end."""
    return 2


class SpikeBuffer(NamedTuple):
    """What a spike is, and where spikes go: counts for the whole population, and a list."""

    threshold: float  # mV
    count: Any  # (n,) int64
    neuron: Any  # (room,) int64
    time: Any  # (room,) float64


def _list_what_counts(spikes, spiked, neuron, time):
    if not spikes.armed[neuron] or time - spikes.counted[neuron] < spikes.refractory:
        return spiked
    spikes.armed[neuron] = spikes.rearm == math.inf
    spikes.counted[neuron] = time
    spikes.count[neuron] += 1
    spikes.neuron[spiked] = neuron
    spikes.time[spiked] = time
    return spiked + 1


def _arm(spikes, neuron, V):
    if spikes.rearm > V:
        spikes.armed[neuron] = True


@inline
def arm_lanes(spikes, row, start, end, members):
    """Arm the neurons whose V has fallen below `rearm` in a step."""
    d, fallen = len(row), 0
    for lane in range(end.shape[1]):
        fallen |= (start[d, lane] >= spikes.rearm) & (end[d, lane] < spikes.rearm)
    if fallen:
        for lane in range(members.count):
            if end[d, lane] < spikes.rearm:
                spikes.armed[members.low + lane] = True


def _arm_lanes(spikes, row, start, end, members):
    arm_lanes(spikes, row, start, end, members)


class ChoosyBuffer(NamedTuple):
    """A `SpikeBuffer` for which a crossing counts only some time after the last that did, or once V has fallen."""

    threshold: float  # mV
    count: Any  # (n,) int64
    neuron: Any  # (room,) int64
    time: Any  # (room,) float64
    refractory: float  # ms from a spike on in which no crossing counts
    rearm: float  # mV: none counts until V has been below it since the last spike; inf where that is not asked for
    counted: Any  # (n,) float64: the time of the last spike, ms
    armed: Any  # (n,) bool: whether V has been below `rearm` since then

    list_at = _list_what_counts
    arm = _arm
    arm_fallen = _arm_lanes
