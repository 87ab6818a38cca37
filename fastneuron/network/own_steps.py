"""The kernel of a network whose neurons have steps of their own: each stops where a spike arrives, at its own time.

An epoch is a number of steps dt, as many as the shortest delay holds: the network and dt decide it, and nothing else.
At its end every neuron stops, since what arrives later is not known yet; so bits depend on dt, and on nothing that
divides the work.  In an epoch

    deliver         puts what arrives at a range into lists
    take_range      takes the range through it
    exchange        puts the spikes of all ranges into flight, in order

A call ends within an epoch where there is no room for arrivals or spikes, or the work is long; the next goes on there.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from .._integrators.adaptive import Sampled, Span, integrate_in_own_steps
from .._integrators.spike_lists import most_in_step
from .._integrators.watch import listing_in
from .._kernel.jit import helper, inline, kernel
from .._kernel.lanes import width
from .._kernel.team import meet
from .anew import deliver_anew
from .delivery import Due, deliver
from .epochs import emit_all, integrate_one
from .lists import clear


def _list_in_outbox(spikes, spiked, neuron, time):
    if spikes.counted.size > 0:
        if not spikes.armed[neuron] or time - spikes.counted[neuron] < spikes.refractory:
            return spiked
        spikes.armed[neuron] = spikes.rearm == math.inf
        spikes.counted[neuron] = time
    spikes.count[neuron] += 1
    spikes.neuron[spiked], spikes.time[spiked] = neuron, time
    return spiked + 1


def _arm(spikes, neuron, V):
    if spikes.rearm < math.inf and spikes.rearm > V:
        spikes.armed[neuron] = True


def _listing_in(box, neuron, time):
    return Outbox(box.threshold, box.refractory, box.rearm, box.counted, box.armed, box.count, neuron, time)


class Outbox(NamedTuple):
    """What a spike of a population is, and where those of a range in an epoch go."""

    threshold: float  # mV
    refractory: float  # ms after a spike in which crossings do not count
    rearm: float  # mV, inf: nor do they until V has been below it since
    counted: Any  # (n,) ms: when the last spike was that counted, where that is asked for
    armed: Any  # (n,) bool: whether V has been below `rearm` since then, where that is asked for
    count: Any  # (n,) int64
    neuron: Any  # (room,) int64
    time: Any  # (room,) ms

    list_at = _list_in_outbox
    arm = _arm
    listing_in = _listing_in


class Ranges(NamedTuple):
    """The neurons of all populations cut into ranges, those of a population together; and their spikes in an epoch."""

    cells: Any  # (ranges,) int64: the population, counted among those of neurons
    sender: Any  # (ranges,) int64: and among all
    low: Any  # (ranges,) int64
    high: Any  # (ranges,) int64
    spiked: Any  # (ranges,) int64: spikes so far
    failed: Any  # (ranges,) int64: the first neuron that cannot go on, or -1
    unfinished: Any  # (ranges,) int64: whether the epoch is not over
    neuron: Any  # (ranges, room) int64: of each spike, or its label
    time: Any  # (ranges, room) ms


@helper
def _integrate_range(cells, ranges, r, first, last, dt):
    end = cells.duration if last >= cells.steps else last * dt
    spikes = listing_in(cells.outbox, ranges.neuron[r], ranges.time[r])
    spiked, low, high = ranges.spiked[r], ranges.low[r], ranges.high[r]
    failed, done = -1, False
    while high > low and spiked + (most_in_step(spikes) + 1) * width(cells.lanes) <= spikes.time.size:
        span = Span(low, high, np.inf, end, False, end)
        bad, spiked, done = integrate_in_own_steps(
            cells.method, cells.lanes, cells.neurons, span, cells.tolerance, spikes, spiked,
            Sampled(cells.traces, cells.statistics),
        )  # fmt: skip
        if bad < 0:
            break
        failed = high = bad  # those before it go on: which fails first must not depend on the order of work
    ranges.failed[r] = failed
    ranges.unfinished[r] = high > low and not done
    return spiked


def _take_range(cells, ranges, r, first, last, dt, shows):
    return _integrate_range(cells, ranges, r, first, last, dt)


class CellsInOwnSteps(NamedTuple):
    """A population whose neurons have steps of their own, and what its kernel needs beside it."""

    method: Any
    lanes: Any
    neurons: Any
    tolerance: Any
    steps: int  # of the run
    duration: float  # of the run, ms
    outbox: Any  # an `Outbox` without lists, or those of several states
    traces: Any
    statistics: Any

    take_range = _take_range


class Stage(NamedTuple):
    """How far a network goes in a call of the kernel."""

    first: int
    last: int
    epoch: int  # steps
    dt: float
    begun: bool  # whether arrivals of the first epoch are in their lists
    margin: int  # spikes in flight that there must be room for beside those of neurons


@helper
def _precedes(flight, sender, s, step, source, fraction):
    """Whether spike s in flight stands before another."""
    if flight.step[sender, s] != step:
        return flight.step[sender, s] < step
    if flight.source[sender, s] != source:
        return flight.source[sender, s] < source
    return flight.fraction[sender, s] < fraction


@helper
def sort_spikes(flight, sender, begin, end):
    """Put spikes in flight in order of (step, source, fraction) (Shell 1959)."""
    gap = 1
    while 3 * gap < end - begin:
        gap = 3 * gap + 1
    while gap > 0:
        for s in range(begin + gap, end):
            step, source, fraction = flight.step[sender, s], flight.source[sender, s], flight.fraction[sender, s]
            place = s
            while place >= begin + gap and not _precedes(flight, sender, place - gap, step, source, fraction):
                flight.step[sender, place] = flight.step[sender, place - gap]
                flight.source[sender, place] = flight.source[sender, place - gap]
                flight.fraction[sender, place] = flight.fraction[sender, place - gap]
                place -= gap
            flight.step[sender, place], flight.source[sender, place] = step, source
            flight.fraction[sender, place] = fraction
        gap //= 3


@helper
def exchange(ranges, flight, first, last, dt):
    """Put the spikes of all ranges into flight, in order of (step, neuron)."""
    begin = 0
    for r in range(len(ranges.low)):
        sender = ranges.sender[r]
        if r == 0 or ranges.sender[r - 1] != sender:
            begin = flight.count[sender]
        end = flight.count[sender]
        for s in range(ranges.spiked[r]):
            t = ranges.time[r, s]
            step = min(max(int(t / dt), first), last - 1)
            flight.step[sender, end], flight.source[sender, end] = step, ranges.neuron[r, s]
            flight.fraction[sender, end] = min(max(t / dt - step, 0.0), 1.0)
            end += 1
        flight.count[sender] = end
        if r + 1 == len(ranges.low) or ranges.sender[r + 1] != sender:
            sort_spikes(flight, sender, begin, end)


@inline
def _is_over(net, stage):
    """Whether all ranges have come to the end of an epoch, and there is room for their spikes."""
    spiked, flying = stage.margin, 0
    for r in range(len(net.ranges.low)):
        if net.ranges.unfinished[r] != 0 or net.ranges.failed[r] >= 0:
            return False
        spiked += net.ranges.spiked[r]
    for sender in range(len(net.flight.count)):
        flying = max(flying, net.flight.count[sender])
    return flying + spiked <= net.flight.step.shape[1]


@helper
def _begin_epoch(members, member, net, first, last, dt):
    """Put into the lists of the ranges of a member what arrives in an epoch."""
    ranges = net.ranges
    for r in range(member, len(ranges.low), members):
        ranges.spiked[r] = 0
        clear(net.receivers, ranges.cells[r], r, ranges.low[r], ranges.high[r])
        due = Due(first, last, ranges.low[r], ranges.high[r], dt)
        deliver(net.routes, net.receivers, net.flight, r, due)
        deliver_anew(net.anew, ranges.cells[r], net, r, due)


@kernel
def run_in_own_steps(words, members, member, net, stage, progress):
    """Take a network through some epochs; the step that it has come to.

    All members of a team call it, each with its number, and get the same; or -1, where the others go on without one or
    the work was abandoned.  ``progress[0]`` tells whether a call ends within an epoch whose arrivals are in their
    lists.
    """
    first, begun, ranges = stage.first, stage.begun, net.ranges
    while first < stage.last:
        last = min(first + stage.epoch, stage.last)
        if not begun:
            _begin_epoch(members, member, net, first, last, stage.dt)
            members = meet(words, members)
            if member >= members:
                return -1
            for r in range(len(ranges.low)):
                if net.receivers.used[r] > net.receivers.places:
                    return first
        for r in range(member, len(ranges.low), members):
            ranges.spiked[r] = integrate_one(
                net.cells, ranges.cells[r], ranges, r, first, last, stage.dt, last == stage.last
            )
        members = meet(words, members)
        if member >= members:
            return -1
        if member == 0:
            progress[0] = not _is_over(net, stage)
            if progress[0] == 0:
                exchange(ranges, net.flight, first, last, stage.dt)
                if not emit_all(net.trains, net.senders, net.flight, first, last):
                    progress[0] = LOST
        members = meet(words, members)
        if member >= members:
            return -1
        if progress[0] != 0:
            return first
        first, begun = last, False
    return first


LOST = 2  # a source had more spikes than there was room for
