"""Edges of a current, its jumps and kinks, that fall inside a step of fixed length.

In such a step the stages see the straight line that has the current's integral and its first moment: with
m_k = integral of s**k I(s) ds over the step, s from 0 to 1,

    4 m_0 - 6 m_1 at the begin,    m_0 in the middle,    6 m_1 - 2 m_0 at the end

So the charge is that of the current, to rounding, and every term of a method that is linear in the current is right up
to dt**2: RK4 keeps order 3, the others their own (with edges moved to the grid: order 1).  Where an edge is at a whole
step, up to rounding, the stages see the current itself.

What changes at its edges only is worked out in the step behind each, and kept.
"""

import math
from typing import Any, NamedTuple

from .._kernel.jit import generic, helper, inline, specialises
from .._kernel.lanes import put, take
from .._parameters import formula
from .port import END, WITHIN

SLACK = 1e-13  # of a time: what rounding may put between an edge and the step it belongs to
GAUSS = ((0.5 - math.sqrt(0.15), 5 / 18), (0.5, 8 / 18), (0.5 + math.sqrt(0.15), 5 / 18))  # exact up to t**5


@generic
def value(waveform, t, before, table):
    """Return the current of a lane at time t (ms), or just before it."""


@generic
def edge(waveform, t):
    """Return the first time after t at which the current of a lane is not smooth."""


@specialises(value)
def _value(waveform, t, before, table):
    function = formula(waveform, "value")
    return lambda waveform, t, before, table: function(t, before, table, waveform)


@specialises(edge)
def _edge(waveform, t):
    function = formula(waveform, "edge")
    return lambda waveform, t: function(t, waveform)


@inline
def edge_behind(waveform, t):
    """The first edge after t that is not at t up to rounding."""
    after = edge(waveform, t)
    while after <= t + SLACK * t:
        before, after = after, edge(waveform, after)
        if not after > before:  # a formula that gives no later one
            return math.inf
    return after


@helper
def line_through(waveform, table, t, t_end, first):
    """The line with a current's integral and first moment over a step, whose first edge is given.

    Its values at the begin, in the middle, and at the end.
    """
    m0 = m1 = 0.0
    begin, end = t, first
    while begin < t_end:
        end = min(end, t_end)
        for node, weight in GAUSS:
            x = begin + node * (end - begin)
            current = weight * (end - begin) / (t_end - t) * value(waveform, x, False, table)
            m0 += current
            m1 += current * ((x - t) / (t_end - t))
        begin, end = end, edge(waveform, end)
        if not end > begin:
            end = t_end
    return 4.0 * m0 - 6.0 * m1, m0, 6.0 * m1 - 2.0 * m0


@generic
def begin_in(room, source, number, dt):
    """Get the room of a current ready for the step `number`; one that is asked at any time needs nothing."""


@generic
def current_in(room, source, lane, t, stage):
    """The current of a lane, uA/cm^2; by its formula, if it may be asked for at any time."""
    return value(take(source.type, room.constants, lane), t, stage == END, source.table)


@generic
def load_in(room, lane):
    """A neuron takes a lane."""


def _begin_stages(room, source, number, dt):
    t, t_end = number * dt, (number + 1) * dt
    for lane in range(room.stages.shape[1]):
        _evaluate(room, source, lane, t, t_end, dt)
    _bend_where_due(room, source, t, t_end, dt)


def _begin_kept_stages(room, source, number, dt):
    _bend_where_due(room, source, number * dt, (number + 1) * dt, dt)


@inline  # to count references to the arrays of the source took 17 % of a step
def _bend_where_due(room, source, t, t_end, dt):
    """Work out anew the stages of the lanes whose next edge is in the step, or to be looked for."""
    if room.soonest[0, 0] < t_end - SLACK * t_end:
        _look(room, source, t, t_end, dt)


@helper
def _look(room, source, t, t_end, dt):
    """Look at each lane; find the next edge of all."""
    soon, soonest = t_end - SLACK * t_end, math.inf
    for lane in range(room.stages.shape[1]):
        if lane and source.shared:
            put(room.stages, lane, take((0.0, 0.0, 0.0), room.stages, 0))
            room.edge[0, lane] = room.edge[0, 0]
        elif room.edge[0, lane] < soon:
            _evaluate(room, source, lane, t, t_end, dt)
            _bend(room, source, lane, t, t_end, soon)
        soonest = min(soonest, room.edge[0, lane])
    room.soonest[0, 0] = soonest


@inline
def _evaluate(room, source, lane, t, t_end, dt):
    """Let the stages of a lane see the current itself."""
    mine = take(source.type, room.constants, lane)
    put(room.stages, lane, (value(mine, t, False, source.table), value(mine, t + 0.5 * dt, False, source.table),
                            value(mine, t_end, True, source.table)))  # fmt: skip


@inline
def _bend(room, source, lane, t, t_end, soon):
    """If there is an edge in the step, let the stages of a lane see the line; the step behind it looks for the next."""
    mine = take(source.type, room.constants, lane)
    first = edge_behind(mine, t)
    if first < soon:
        put(room.stages, lane, line_through(mine, source.table, t, t_end, first))
        first = -math.inf
    room.edge[0, lane] = first


def _stage_of(room, source, lane, t, stage):
    if stage == WITHIN:
        return value(take(source.type, room.constants, lane), t, False, source.table)
    return room.stages[stage, lane]


def _look_for_edge(room, lane):
    room.edge[0, lane] = room.soonest[0, 0] = -math.inf


class SteppedRoom(NamedTuple):
    """The current of a block that takes steps of fixed length, if it has edges."""

    constants: Any  # (parameter, lane)
    stages: Any  # (3, lane): the current at the begin, in the middle, at the end of the step
    edge: Any  # (1, lane): the next one behind the begin of the step, ms; -inf where it is to be looked for
    soonest: Any  # at (0, 0): the first of these

    begin_in = _begin_stages
    current_in = _stage_of
    load_in = _look_for_edge


class KeptRoom(NamedTuple):
    """The same of a current that changes at its edges only: its stages are right until the next."""

    constants: Any
    stages: Any
    edge: Any
    soonest: Any

    begin_in = _begin_kept_stages
    current_in = _stage_of
    load_in = _look_for_edge
