"""Couplings as an input of the kernels: what neurons send at each stage of a step, and the current that others have.

What is sent stands in two halves: a stage reads one while its neurons, where they are at the next, write the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._kernel.addresses import number_at, write_numbers
from .._kernel.columns import Columns, read
from .._kernel.jit import for_tuples, generic, inline
from .._kernel.lanes import fma, local, width
from .._kernel.simd import lanes as vector_lanes
from .._kernel.simd import load, muladd, total, zeros
from ..couplings import coupling_current, prepare_coupling, sent
from ..inputs.port import BEGIN


class Sender(NamedTuple):
    """A population as one of its couplings sees it."""

    kind: Any  # the parameters
    state: int  # which of its states is read
    sent: Any  # (2, n): n is rounded up to whole blocks


@generic
def send(senders, lanes, states, low, half):
    """Work out what the neurons of a block, the first being `low`, send where they stand, into a half."""


@for_tuples(send)
def _send_each(senders, lanes, states, low, half):
    _send(senders[0], lanes, states, low, half)
    send(senders[1:], lanes, states, low, half)


@inline
def _send(sender, lanes, states, low, half):
    values, prepared = local((0.0,), 1, lanes, 0.0), prepare_coupling(sender.kind)
    for lane in range(width(lanes)):
        values[0, lane] = sent(sender.kind, states[sender.state, lane], prepared)
    write_numbers(sender.sent, half, low, values)


@generic
def add_up(source, half, member):
    """Put what all neurons have sent into the sums of a member of the team, where a coupling wants it."""


@for_tuples(add_up)
def _add_up_each(sources, half, member):
    add_up(sources[0], half, member)
    add_up(sources[1:], half, member)


@generic
def collect(source, room, members, states, seen):
    """Work out the current that neurons have from a coupling, where all now stand; here, none.

    `seen` is the half in which the others are seen, and the member of the team.
    """


@for_tuples(collect)
def _collect_each(sources, rooms, members, states, seen):
    collect(sources[0], rooms[0], members, states, seen)
    collect(sources[1:], rooms[1:], members, states, seen)


class CouplingRoom(NamedTuple):
    """What a block has of a coupling."""

    constants: Any  # (constant, lane)
    begin: Any  # (1, lane): the current at the begin of the step, uA/cm^2
    passing: Any  # (1, lane): at the stage that is under way


def _begin_step(source, room, low, number, dt):
    for lane in range(room.begin.shape[1]):
        room.begin[0, lane] = room.passing[0, lane]


def _add_current(source, room, lane, V, t, stage, total):
    return total + (room.begin[0, lane] if stage == BEGIN else room.passing[0, lane])


def _room(source, lanes, zero, times):
    return CouplingRoom(local((), 1, lanes, 0.0), local((0.0,), 1, lanes, 0.0), local((0.0,), 1, lanes, 0.0))


# four sums: one would wait four cycles for each addition
def _collect_entries(source, room, members, states, seen):
    begin, there = source.begin, source.sent + 8 * source.n * seen[0]
    prepared = prepare_coupling(source.kind)
    for lane in range(room.passing.shape[1]):
        neuron = members.low + min(lane, members.count - 1)
        V = states[0, lane]
        k, last = number_at(begin, neuron, 0), number_at(begin, neuron + 1, 0)
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        while k + 4 <= last:
            a = _add_entry(source, prepared, V, there, k, a)
            b = _add_entry(source, prepared, V, there, k + 1, b)
            c = _add_entry(source, prepared, V, there, k + 2, c)
            d = _add_entry(source, prepared, V, there, k + 3, d)
            k += 4
        while k < last:
            a = _add_entry(source, prepared, V, there, k, a)
            k += 1
        room.passing[0, lane] = (a + b) + (c + d)


@inline
def _add_entry(source, prepared, V, there, k, sum):
    x = number_at(there, number_at(source.pre, k, np.uint32(0)), 0.0)
    return fma(number_at(source.weight, k * source.each, 0.0), coupling_current(source.kind, V, x, prepared), sum)


class Entries(NamedTuple):
    """A coupling of single neurons: for each receiver its senders and weights, in ascending order of the senders.

    Its arrays are given by their addresses: an array's index may be negative, and asking that costs.
    """

    kind: Any  # the parameters
    begin: int  # (receivers + 1,) int64
    pre: int  # (entries,) uint32
    weight: int  # (entries,), or one for all
    each: int  # 1, or 0: one for all
    sent: int  # (2, n)
    n: int

    room = _room
    begin_step = _begin_step
    add_current = _add_current
    collect = _collect_entries

    def arrays(self) -> dict[str, np.ndarray]:
        """Nothing goes on."""
        return {}


def _room_with_gain(source, lanes, zero, times):
    return CouplingRoom(local((0.0,), 1, lanes, 0.0), local((0.0,), 1, lanes, 0.0), local((0.0,), 1, lanes, 0.0))


def _prepare_gain(source, room, lane, neuron, dt):
    read(source.columns, room.constants, lane, neuron)


def _add_up(source, half, member):
    sums = zeros(0.0)
    for j in range(0, source.among.shape[1], vector_lanes(0.0)):
        sums = muladd(load(source.among, 0, j, 0.0), load(source.sent, half, j, 0.0), sums)
    source.means[member, 0] = total(sums) / source.senders


def _collect_mean(source, room, members, states, seen):
    mean, prepared = source.means[seen[1], 0], prepare_coupling(source.kind)
    for lane in range(room.passing.shape[1]):
        current = coupling_current(source.kind, states[0, lane], mean, prepared)
        room.passing[0, lane] = room.constants[0, lane] * current


class MeanField(NamedTuple):
    """A coupling of all to all with one weight, of a kind that is linear in what is sent: all that counts is its mean.

    The sum is in an order that depends on nothing.
    """

    kind: Any  # the parameters
    columns: Columns  # the weight times the number of senders; 0 for whom it does not reach
    among: np.ndarray  # (1, n): 1 for a sender, else 0
    senders: float  # their number
    sent: np.ndarray  # (2, n)
    means: np.ndarray  # (members of the team, a cache line)

    room = _room_with_gain
    prepare = _prepare_gain
    begin_step = _begin_step
    add_current = _add_current
    add_up = _add_up
    collect = _collect_mean

    def arrays(self) -> dict[str, np.ndarray]:
        """Nothing goes on."""
        return {}
