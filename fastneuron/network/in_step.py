"""Populations coupled without delay: all of their neurons go through a step together, stage by stage.

A stage is a pass over all blocks.  Each sees what all neurons send at this stage, works out its own next, and sends
there; then the threads meet.  So every stage of every neuron sees the others at that stage, and the method keeps its
order.  Between two passes a block is kept in memory of the L2 cache: its states are worked on where they are.

The spikes of a step are looked for in the pass behind it, since what acts on a neuron at the step's end is known there:
the first stage of the next step, or a last pass of the epoch.
"""

from typing import Any, NamedTuple

from .._integrators.block import make_block
from .._integrators.fixed_step import (
    Members,
    Workspace,
    end_step,
    first_not_finite,
    load_state,
    make_workspace,
    show_inputs,
    store_state,
)
from .._integrators.problem import are_alike, set_constants
from .._integrators.samples import TILE, Tile, flush_samples, take_sample
from .._integrators.stages import copy_state, take_stage
from .._integrators.statistics import observe
from .._integrators.watch import beginning_at
from .._kernel.addresses import read_numbers, write_numbers
from .._kernel.jit import for_tuples, generic, helper, inline, kernel
from .._kernel.lanes import local, width
from .._kernel.stack import arrays_but, view_at
from .._kernel.team import meet
from ..inputs import port
from .coupling_currents import add_up, collect, send
from .epochs import CoupledNeurons

SEND = -1  # in place of a stage: send, from the state there is
OPENS, WITHIN, CLOSES = range(3)  # where a pass is in its epoch


class Pass(NamedTuple):
    """A pass over all blocks."""

    number: int  # the step
    stage: int  # of it
    place: int  # in the epoch
    half: int  # of what is sent, which is read; the other is written
    member: int
    dt: float


@generic
def _arrays_of_rooms(rooms):
    return ()


@for_tuples(_arrays_of_rooms)
def _arrays_of_each_room(rooms):
    return arrays_but(rooms[0], ("constants", "passing")) + _arrays_of_rooms(rooms[1:])


@inline
def _workspace_in(kept, number, space):
    """The arrays of a method for a block where they are kept, each like that in `space`, and where the rest is."""
    end = space.start.size
    scratch = end + space.end.size
    return Workspace(
        view_at(kept, number, 0, space.start),
        view_at(kept, number, end, space.end),
        view_at(kept, number, scratch, space.scratch),
    ), scratch + space.scratch.size


@generic
def _count_numbers(arrays):
    return 0


@for_tuples(_count_numbers)
def _count_numbers_of_each(arrays):
    return arrays[0].size + _count_numbers(arrays[1:])


@generic
def _read_all(arrays, kept, number, first):
    return None


@for_tuples(_read_all)
def _read_each(arrays, kept, number, first):
    read_numbers(kept, number, first, arrays[0])
    _read_all(arrays[1:], kept, number, first + arrays[0].size)


@generic
def _write_all(arrays, kept, number, first):
    return None


@for_tuples(_write_all)
def _write_each(arrays, kept, number, first):
    write_numbers(kept, number, first, arrays[0])
    _write_all(arrays[1:], kept, number, first + arrays[0].size)


@kernel
def count_kept(method, lanes, neurons):
    """How many numbers of a block are kept from pass to pass."""
    block = make_block(lanes, neurons, port.FIXED_STEPS)
    space = make_workspace(method, neurons, lanes)
    return _count_numbers((space.start, space.end, space.scratch)) + _count_numbers(_arrays_of_rooms(block.rooms))


@inline
def _take_sample_in_step(cells, block, space, members, traced, number):
    """Take the sample at the begin of step `number`, if there is one; where the next block's neurons are in Traces."""
    traces = cells.traces
    if number % traces.every != 0:
        return traced
    sample = number // traces.every
    show_inputs(block, space)
    observe(cells.statistics, space.end, members.low, members.count, sample)
    begin = traced
    while traced < traces.neuron.size and traces.neuron[traced] < members.low + members.count:
        traced += 1
    end = sample - traces.begin + 1
    if begin < traced and end <= traces.out.shape[2]:  # the last of a chunk is the first of the next
        tile = Tile(local(cells.neurons.variables_type, TILE, cells.lanes, 0.0), members.low, begin, traced)
        flush_samples(tile, take_sample(tile, 0, cells.neurons.variables_type, space.end, traces, end), traces, end)
    return traced


@helper
def _pass_range(cells, ranges, r, at):
    """Take a range through a pass; what ``ranges.spiked`` is to be."""
    neurons, lanes = cells.neurons, cells.lanes
    block, like = make_block(lanes, neurons, port.FIXED_STEPS), make_workspace(cells.method, neurons, lanes)
    held = _arrays_of_rooms(block.rooms)
    spikes, spiked, traced = beginning_at(cells.outbox, ranges.room[r]), ranges.spiked[r], ranges.traced[r]
    for low in range(ranges.low[r], ranges.high[r], width(lanes)):
        members, number = Members(low, min(width(lanes), ranges.high[r] - low)), low // width(lanes)
        if low == ranges.low[r] or not are_alike(neurons):
            set_constants(neurons, block, members, at.dt)
        space, behind = _workspace_in(cells.kept, number, like)
        if at.place == OPENS:
            load_state(block, space, members, neurons, at.number)
            copy_state(block, space.end, space.scratch)
        else:
            _read_all(held, cells.kept, number, behind)
        if at.stage != SEND:
            collect(block.sources, block.rooms, members, space.scratch, (at.half, at.member))
            if at.stage == 0:
                if at.place != OPENS:
                    spiked = end_step(block.model_type, block, space, members, (at.number - 1, at.dt), spikes, spiked)
                    traced = _take_sample_in_step(cells, block, space, members, traced, at.number)
                if at.place == CLOSES:
                    bad = first_not_finite(block.state_type, space.end, members.count)
                    if bad >= 0:
                        return -1 - (low + bad)
                    store_state(block, space, members, neurons, True)
                    continue
                copy_state(block, space.end, space.start)
                port.begin_step(block.sources, block.rooms, low, at.number, at.dt)
                _write_all(held, cells.kept, number, behind)
            take_stage(cells.method, block, space, at.stage, at.number, at.dt)
        send(cells.senders, lanes, space.scratch, low, 1 - at.half)
    return spiked


@generic
def pass_range(cells, ranges, r, at):
    """Take a range of a population through a pass; here, it is not coupled without delay."""
    return ranges.spiked[r]


def _pass(cells, ranges, r, at):
    return _pass_range(cells, ranges, r, at)


class CellsInStep(NamedTuple):
    """A population that is coupled without delay, and what its kernel needs beside it."""

    method: Any
    lanes: Any
    neurons: CoupledNeurons
    outbox: Any  # an `Outbox`, or those of several states
    traces: Any
    statistics: Any
    senders: Any  # a tuple of `coupling_currents.Sender`
    kept: Any  # (blocks, numbers): the arrays of each block

    pass_range = _pass


@generic
def pass_one(cells, which, ranges, r, at):
    """A range of population `which` of a tuple of cells through a pass."""
    return 0


@for_tuples(pass_one)
def _choose(cells, which, ranges, r, at):
    if which == 0:
        return pass_range(cells[0], ranges, r, at)
    return pass_one(cells[1:], which - 1, ranges, r, at)


@generic
def _add_up_of(cells, half, member):
    return None


@for_tuples(_add_up_of)
def _add_up_of_each(cells, half, member):
    add_up(cells[0].neurons.sources, half, member)
    _add_up_of(cells[1:], half, member)


@inline
def _pass_all(net, members, at):
    """A member's part of a pass."""
    ranges = net.ranges
    for r in range(at.member, len(ranges.low), members):
        ranges.spiked[r] = pass_one(net.cells, ranges.cells[r], ranges, r, at)


def _go_in_step(in_step, words, members, member, net, stage, first, last):
    stages = in_step.stages
    if first == stage.first:
        at = Pass(first, SEND, OPENS, 1 - (first * stages & 1), member, stage.dt)
        _pass_all(net, members, at)
        members = meet(words, members)
    passes = (last - first) * stages
    for k in range(passes + 1):
        if member >= members:
            break
        at = Pass(
            first + k // stages, k % stages, OPENS if k == 0 else CLOSES if k == passes else WITHIN,
            first * stages + k & 1, member, stage.dt,
        )  # fmt: skip
        _add_up_of(net.cells, at.half, member)
        _pass_all(net, members, at)
        if k < passes:
            members = meet(words, members)
    return members


class InStep(NamedTuple):
    """What a network has whose populations are coupled without delay."""

    stages: int  # of a step

    go_in_step = _go_in_step
