"""The kernel of a network: epoch by epoch, what is due is delivered, every range goes on alone, spikes are exchanged.

Between two exchanges neurons are independent, since an epoch is no longer than the shortest delay; so a block stays in
the L1 cache for the steps of an epoch, and `integrate_span` takes it through them as it takes neurons that are alone.
The threads of a team share out the ranges and meet inside the kernel.
"""

import math
from typing import Any, NamedTuple

from .._integrators.block import count_constants, make_block, restore_constants, save_constants
from .._integrators.fixed_step import Members, Span, integrate_span
from .._integrators.problem import are_alike, set_constants
from .._integrators.spike_lists import arm_lanes
from .._integrators.watch import beginning_at
from .._kernel.jit import for_tuples, generic, helper, kernel
from .._kernel.lanes import width
from .._kernel.team import meet
from ..inputs import port
from .anew import deliver_anew
from .delivery import Due, deliver
from .exchange import exchange
from .trains import SourceSpikes, emit


def _restore(neurons, block, members, dt):
    restore_constants(block, neurons.saved, 0 if are_alike(neurons) else members.low // width(block.lanes))


def _have_same(neurons):
    return neurons.saved.shape[0] == 1


class CoupledNeurons(NamedTuple):
    """A population of a network as a kernel wants it: `Neurons`, whose constants were worked out once."""

    model_type: Any
    state_type: Any
    variables_type: Any
    sources: Any
    state: Any  # (variables, n)
    saved: Any  # (blocks, constant, lane), or those of one block where all neurons have the same

    set_constants = _restore
    are_alike = _have_same


def _list_in_outbox(spikes, spiked, neuron, number, part, dt):
    if spikes.rearm < math.inf and not spikes.armed[neuron]:
        return spiked
    if spikes.refractory > 0.0:
        since = (number - spikes.last_step[neuron] + (part - spikes.last_part[neuron])) * dt
        if since < spikes.refractory:
            return spiked
        spikes.last_step[neuron], spikes.last_part[neuron] = number, part
    if spikes.rearm < math.inf:
        spikes.armed[neuron] = False
    spikes.count[neuron] += 1
    place = spikes.begin + spiked
    spikes.step[place], spikes.fraction[place], spikes.neuron[place] = number, part, neuron
    return spiked + 1


def _arm_lanes(spikes, row, start, end, members):
    if spikes.rearm < math.inf:
        arm_lanes(spikes, row, start, end, members)


def _beginning_at(box, begin):
    return Outbox(
        box.threshold, box.refractory, box.rearm, box.armed, box.last_step, box.last_part, box.count, box.step,
        box.fraction, box.neuron, begin,
    )  # fmt: skip


def _write_label(box, place, label):
    box.neuron[box.begin + place] = label


class Outbox(NamedTuple):
    """What a spike of a population is, and where those of an epoch go: a list, in which each range has room."""

    threshold: float  # mV
    refractory: float  # ms after a spike in which crossings do not count
    rearm: float  # mV, inf: nor do they until V has been below it since
    armed: Any  # (n,) bool: whether it has, where that is asked for
    last_step: Any  # (n,) int64: the last spike that counted, where that is asked for
    last_part: Any  # (n,)
    count: Any  # (n,) int64
    step: Any  # (room,) int64
    fraction: Any  # (room,) of the step, above 0, up to 1
    neuron: Any  # (room,) int64
    begin: int  # where the room of a range begins

    list_spike = _list_in_outbox
    arm_fallen = _arm_lanes
    beginning_at = _beginning_at
    write_label = _write_label


@generic
def take_range(cells, ranges, r, first, last, dt, shows):
    """Take a range of neurons through the steps of an epoch; what ``ranges.spiked`` is to be."""
    return 0


def _take_range(cells, ranges, r, first, last, dt, shows):
    return integrate_range(cells, ranges, r, first, last, dt, shows)


class Cells(NamedTuple):
    """A population, and what its kernel needs beside it."""

    method: Any
    lanes: Any
    neurons: CoupledNeurons
    outbox: Any  # an `Outbox`, or those of several states
    traces: Any
    statistics: Any

    take_range = _take_range


@kernel
def prepare_cells(lanes, neurons, coupled, n, dt):
    """Work out the constants of the blocks of ``coupled.saved``; the number of rows that they need.

    Nothing is worked out where there is no room for them.
    """
    block = make_block(lanes, neurons, port.FIXED_STEPS)
    saved = coupled.saved
    if saved.shape[1] == count_constants(block):
        for number in range(saved.shape[0]):
            low = number * width(lanes)
            set_constants(neurons, block, Members(low, min(width(lanes), n - low)), dt)
            save_constants(block, saved, number)
    return count_constants(block)


@helper
def integrate_range(cells, ranges, r, first, last, dt, shows):
    """Take a range of neurons through an epoch; the number of spikes, or -1 - i where neuron i is no longer finite."""
    spikes = beginning_at(cells.outbox, ranges.room[r])
    span = Span(ranges.low[r], ranges.high[r], first, last, ranges.traced[r], False, shows)
    bad, spiked = integrate_span(
        cells.method, cells.lanes, cells.neurons, span, dt, spikes, cells.traces, cells.statistics
    )
    return -1 - bad if bad >= 0 else spiked


@generic
def integrate_one(cells, which, ranges, r, first, last, dt, shows):
    """A range of population `which` of a tuple of cells through an epoch."""
    return 0


@for_tuples(integrate_one)
def _choose(cells, which, ranges, r, first, last, dt, shows):
    if which == 0:
        return take_range(cells[0], ranges, r, first, last, dt, shows)
    return integrate_one(cells[1:], which - 1, ranges, r, first, last, dt, shows)


@generic
def go_in_step(in_step, words, members, member, net, stage, first, last):
    """Take the populations of a network that are coupled without delay through an epoch; here, there are none.

    How many members of the team go on, as of `meet`.
    """
    return members


@generic
def emit_all(trains, senders, flight, first, last):
    """Put the spikes of all sources into flight; False where there was no room for them."""
    return True


@for_tuples(emit_all)
def _emit_each(trains, senders, flight, first, last):
    sender = senders[0]
    out = SourceSpikes(flight.step[sender], flight.fraction[sender], flight.source[sender])
    end = emit(trains[0], first, last, flight.count[sender], out)
    if end < 0:
        return False
    flight.count[sender] = end
    return emit_all(trains[1:], senders[1:], flight, first, last)


class Stage(NamedTuple):
    """How far a network goes in a call of the kernel."""

    first: int
    last: int
    epoch: int  # steps
    dt: float
    room: int  # spikes in flight of a population, before an epoch


class Net(NamedTuple):
    """A network, as its kernel sees it."""

    cells: Any  # a tuple of `Cells`
    trains: Any  # a tuple of sources
    senders: Any  # (sources,) int64: where they stand among the populations
    ranges: Any
    routes: Any
    anew: Any  # a tuple of projections without lists
    receivers: Any
    flight: Any
    in_step: Any = ()  # what those populations want that are coupled without delay, if there are any


@kernel
def run_epochs(words, members, member, net, stage, events):
    """Take a network through some epochs; the step that it has come to.

    All members of a team call it, each with its number, and get the same; or -1, where the others go on without one or
    the work was abandoned.  `events` (members,) counts synaptic events.  Where a neuron is no longer finite, that epoch
    ends, ``ranges.spiked`` of its range says which, and the step is its begin.
    """
    first, ranges = stage.first, net.ranges
    while first < stage.last:
        last = min(first + stage.epoch, stage.last)
        for r in range(member, len(ranges.low), members):
            due = Due(first, last, ranges.low[r], ranges.high[r], stage.dt)
            events[member] += deliver(net.routes, net.receivers, net.flight, r, due)
            events[member] += deliver_anew(net.anew, ranges.cells[r], net, r, due)
            ranges.spiked[r] = integrate_one(
                net.cells, ranges.cells[r], ranges, r, first, last, stage.dt, last == stage.last
            )
        members = go_in_step(net.in_step, words, members, member, net, stage, first, last)
        if member < members:
            members = meet(words, members)
        if member >= members:
            return -1
        full = False
        for r in range(len(ranges.low)):
            if ranges.spiked[r] < 0:
                return first
        if member == 0:
            exchange(net.cells, net.flight, ranges, first, last)
            if not emit_all(net.trains, net.senders, net.flight, first, last):
                ranges.spiked[0] = LOST
        members = meet(words, members)
        if member >= members:
            return -1
        if ranges.spiked[0] == LOST:
            return -1
        first = last
        for sender in range(len(net.flight.count)):
            full |= net.flight.count[sender] > stage.room
        if full:
            break
    return first


LOST = -(2**62)  # in place of a number of spikes: a source had more than there was room for
