"""The synapses of one receptor as an input of the kernels: what arrives, and what it lets through."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._kernel.addresses import take_columns
from .._kernel.columns import Columns, columns, read
from .._kernel.jit import inline
from .._kernel.lanes import fma, local, put, take
from .._kernel.moments import line, parabola
from .kinetics import KICKS, M0, M1, Kinetics
from .receptor import Receptor, receptor_current

GAIN, HALF, FULL, FEED = range(4)  # the constants of a part, behind the parameters


class Inbox(NamedTuple):
    """What is to arrive: an array (slots, n, columns) of float64 by its address; n is rounded up to whole blocks.

    An array's index may be negative, and asking that cost a loop over lanes its SIMD form.
    """

    address: int
    slots: int
    n: int
    columns: tuple[float, ...]  # a zero for each


@inline
def take_arrivals(inbox, out, low, number):
    """Take what arrives in a step at the neurons from `low` on out of the inbox, into columns of lanes."""
    columns = len(inbox.columns)
    address = inbox.address + 8 * ((number % inbox.slots) * inbox.n + low) * columns
    for lane in range(0, out.shape[1], 8):
        take_columns(address + 8 * columns * lane, inbox.columns, out, lane)


class SynapseRoom(NamedTuple):
    """What a block has of a receptor."""

    arrivals: Any  # (column, lane)
    constants: Any  # (constant, lane): parameters, then four of each part
    state: Any  # (part, lane): z
    stages: Any  # (4, lane): the conductance at the begin, in the middle, at the end of the step; where it is placed


def _room(source, lanes, zero, times):
    return SynapseRoom(
        local(source.inbox.columns, 1, lanes, 0.0),
        local(source.constants, 1, lanes, 0.0),
        local(source.parts, 1, lanes, 0.0),
        local((0.0, 0.0, 0.0, 0.0), 1, lanes, 0.0),
    )


def _prepare(source, room, lane, neuron, dt):
    read(source.columns, room.constants, lane, neuron)


def _load(source, room, lane, neuron, first):
    put(room.state, lane, take(source.parts, source.state, neuron))


def _begin_step(source, room, low, number, dt):
    """Take what arrives in this step out of the inbox; what was there before decays by constant factors."""
    take_arrivals(source.inbox, room.arrivals, low, number)
    first, parts = len(source.type), len(source.parts)
    for lane in range(room.stages.shape[1]):
        m0, m1 = room.arrivals[M0, lane], room.arrivals[M1, lane]
        begin, middle, end = line(m0, m1)
        for c in range(parts):
            constant = first + 4 * c
            z = room.state[c, lane]
            after = room.constants[constant + FULL, lane] * z
            if c + 1 < parts:
                after = fma(room.constants[constant + FEED, lane], room.state[c + 1, lane], after)
            gain = room.constants[constant + GAIN, lane]
            begin = fma(gain, z, begin)
            middle = fma(room.constants[constant + HALF, lane], z, middle)
            end = fma(gain, after, end)
            room.state[c, lane] = after + room.arrivals[KICKS + c, lane]
        room.stages[0, lane] = begin
        room.stages[1, lane] = middle
        room.stages[2, lane] = end


def _add_current(source, room, lane, V, t, stage, total):
    parameters = take(source.type, room.constants, lane)
    return total + receptor_current(source.type, V, room.stages[stage, lane], parameters)


def _place(source, room, lane, part):
    """The parabola through the three stages."""
    room.stages[3, lane] = parabola(room.stages[0, lane], room.stages[1, lane], room.stages[2, lane], part)


def _store(source, room, lane, neuron):
    put(source.state, neuron, take(source.parts, room.state, lane))


def _show(source, room, out, row):
    """The conductance."""
    first = len(source.type)
    for lane in range(room.stages.shape[1]):
        g = 0.0
        for c in range(len(source.parts)):
            g = fma(room.constants[first + 4 * c + GAIN, lane], room.state[c, lane], g)
        out[row, lane] = g
    return row + 1


class SynapseSource(NamedTuple):
    """A receptor of a population, and all that its synapses have sent."""

    type: Any  # the parameters as zeros: the type selects the formula
    parts: tuple[float, ...]  # a zero for each part of the conductance
    constants: tuple[float, ...]  # a zero for each constant
    columns: Columns
    state: np.ndarray  # (parts, n)
    inbox: Inbox

    room = _room
    prepare = _prepare
    load = _load
    begin_step = _begin_step
    add_current = _add_current
    place = _place
    show = _show
    store = _store


class JumpRoom(NamedTuple):
    """What a block has of a receptor whose spikes make the voltage jump."""

    arrivals: Any  # (column, lane)
    constants: Any  # (1, lane): steps per ms
    stages: Any  # (4, lane): how fast the voltage is to rise at these stages of the step


def _jump_room(source, lanes, zero, times):
    stages = (0.0, 0.0, 0.0, 0.0)
    return JumpRoom(
        local(source.inbox.columns, 1, lanes, 0.0), local((0.0,), 1, lanes, 0.0), local(stages, 1, lanes, 0.0)
    )


def _prepare_jump(source, room, lane, neuron, dt):
    room.constants[0, lane] = 1.0 / dt


def _begin_jump(source, room, low, number, dt):
    """A jump of w at the fraction theta of the step, as a rate of rise with that integral and that centre."""
    take_arrivals(source.inbox, room.arrivals, low, number)
    for lane in range(room.stages.shape[1]):
        m0, m1, steps = room.arrivals[M0, lane], room.arrivals[M1, lane], room.constants[0, lane]
        begin, middle, end = line(m0, m1)
        room.stages[0, lane], room.stages[1, lane], room.stages[2, lane] = steps * begin, steps * middle, steps * end


def _add_jump(source, room, lane, V, t, stage, derivative):
    return (derivative[0] + room.stages[stage, lane], *derivative[1:])


def _show_nothing(source, room, out, row):
    for lane in range(room.stages.shape[1]):
        out[row, lane] = 0.0
    return row + 1


class JumpSource(NamedTuple):
    """A receptor whose spikes make the voltage jump: nothing of it goes on."""

    type: Any
    inbox: Inbox

    room = _jump_room
    prepare = _prepare_jump
    begin_step = _begin_jump
    add_to_derivative = _add_jump
    place = _place
    show = _show_nothing


def source(receptor: Receptor, numbers: Kinetics, n: int, array: np.ndarray, state: np.ndarray) -> Any:
    """A receptor as an input of the kernels, with its inbox `array` and what it goes on from in `state` (parts, n)."""
    inbox = Inbox(array.ctypes.data, *array.shape[:2], (0.0,) * array.shape[2])
    if not len(state):
        return JumpSource(receptor.kernel_type(), inbox)
    constants = [
        row if row.size == n else row[0]
        for part in zip(numbers.gain, numbers.half, numbers.full, numbers.feed, strict=True)
        for row in part
    ]
    values = columns([*receptor.parameters.values(), *constants], n)
    return SynapseSource(receptor.kernel_type(), (0.0,) * len(state), (0.0,) * len(values.first), values, state, inbox)
