"""The synapses of one receptor as an input of the adaptive methods: every arrival is an end of a step.

Between two arrivals the conductance is known at any time: a `Mode` has a level z and, where its power is 1, a feed y
that raises it, and s ms after both were last set

    g(s) = sum over modes of exp(-rate s) (z + y s)

A spike of weight w adds w times the amplitude to z, or to y where the power is 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._kernel.columns import Columns, columns, read
from .._kernel.elementary import exp
from .._kernel.jit import inline
from .._kernel.lanes import fma, local, put, take
from .agenda import NOTHING, Agenda
from .receptor import Receptor, receptor_current

RATE, TO_LEVEL, TO_FEED = range(3)  # the constants of a mode, behind the parameters


class Inbox(NamedTuple):
    """The lists of a receptor in an agenda: that of neuron i is number ``first + i``."""

    agenda: Agenda
    first: int


class ArrivalRoom(NamedTuple):
    """What a block has of a receptor."""

    constants: Any  # (constant, lane): parameters, then three of each mode
    state: Any  # (2 modes + 1, lane): the level and the feed of each, and since when they are these, ms
    upcoming: Any  # (1, lane) int64: the place of the next arrival


def _room(source, lanes, zero, times):
    return ArrivalRoom(
        local(source.constants, 1, lanes, 0.0), local(source.state_type, 1, lanes, 0.0), local((0,), 1, lanes, 0)
    )


def _prepare(source, room, lane, neuron, dt):
    read(source.columns, room.constants, lane, neuron)


def _load(source, room, lane, neuron, first):
    put(room.state, lane, take(source.state_type, source.state, neuron))
    room.upcoming[0, lane] = source.inbox.agenda.first[source.inbox.first + neuron]


@inline
def _modes(source):
    """The number of modes, a constant."""
    return (len(source.state_type) - 1) // 2


@inline
def _conductance(source, room, lane, t):
    """The conductance of a lane at a time t (ms), after the last arrival and not after the next."""
    modes, first, g = _modes(source), len(source.type), 0.0
    s = t - room.state[2 * modes, lane]
    for m in range(modes):
        part = fma(s, room.state[2 * m + 1, lane], room.state[2 * m, lane])
        g = fma(exp(-room.constants[first + 3 * m + RATE, lane] * s), part, g)
    return g


def _add_current(source, room, lane, V, t, stage, total):
    g = _conductance(source, room, lane, t)
    return total + receptor_current(source.type, V, g, take(source.type, room.constants, lane))


@inline
def _take_due(inbox, upcoming, lane, t):
    """The sum of the weights that arrive at t or before, in their order; the lane goes on to the next."""
    agenda, place, total = inbox.agenda, upcoming[0, lane], 0.0
    while place != NOTHING and agenda.time[place] <= t:
        total += agenda.weight[place]
        place = agenda.following[place]
    upcoming[0, lane] = place
    return total


@inline
def _next_arrival(inbox, upcoming, lane):
    place = upcoming[0, lane]
    return inbox.agenda.time[place] if place != NOTHING else np.inf


def _arrive(source, room, lane, t, state):
    before = room.upcoming[0, lane]
    weight = _take_due(source.inbox, room.upcoming, lane, t)
    if room.upcoming[0, lane] != before:
        modes, first = _modes(source), len(source.type)
        s = t - room.state[2 * modes, lane]
        for m in range(modes):
            constant = first + 3 * m
            decay = exp(-room.constants[constant + RATE, lane] * s)
            level, feed = room.state[2 * m, lane], room.state[2 * m + 1, lane]
            room.state[2 * m, lane] = fma(
                weight, room.constants[constant + TO_LEVEL, lane], decay * fma(s, feed, level)
            )
            room.state[2 * m + 1, lane] = fma(weight, room.constants[constant + TO_FEED, lane], decay * feed)
        room.state[2 * modes, lane] = t
    return state


def _next_discontinuity(source, room, lane, t):
    return _next_arrival(source.inbox, room.upcoming, lane)


def _show_at(source, room, lane, t, out, row, column):
    """The conductance."""
    out[row, column] = _conductance(source, room, lane, t)
    return row + 1


def _store(source, room, lane, neuron):
    put(source.state, neuron, take(source.state_type, room.state, lane))
    source.inbox.agenda.first[source.inbox.first + neuron] = room.upcoming[0, lane]


class ArrivalSource(NamedTuple):
    """A receptor of a population whose neurons have steps of their own."""

    type: Any  # the parameters as zeros: the type selects the formula
    state_type: tuple[float, ...]  # a zero for each row of the state
    constants: tuple[float, ...]  # a zero for each constant
    columns: Columns
    state: np.ndarray  # (2 modes + 1, n)
    inbox: Inbox

    room = _room
    prepare = _prepare
    load = _load
    add_current = _add_current
    arrive = _arrive
    next_discontinuity = _next_discontinuity
    show_at = _show_at
    store = _store


class JumpRoom(NamedTuple):
    """What a block has of a receptor whose spikes make the voltage jump."""

    upcoming: Any  # (1, lane) int64: the place of the next arrival


def _jump_room(source, lanes, zero, times):
    return JumpRoom(local((0,), 1, lanes, 0))


def _load_jump(source, room, lane, neuron, first):
    room.upcoming[0, lane] = source.inbox.agenda.first[source.inbox.first + neuron]


def _arrive_jump(source, room, lane, t, state):
    return (state[0] + _take_due(source.inbox, room.upcoming, lane, t), *state[1:])


def _show_nothing(source, room, lane, t, out, row, column):
    out[row, column] = 0.0
    return row + 1


def _store_jump(source, room, lane, neuron):
    source.inbox.agenda.first[source.inbox.first + neuron] = room.upcoming[0, lane]


class JumpSource(NamedTuple):
    """A receptor whose spikes make the voltage jump: nothing of it goes on."""

    type: Any
    inbox: Inbox

    room = _jump_room
    load = _load_jump
    arrive = _arrive_jump
    next_discontinuity = _next_discontinuity
    show_at = _show_nothing
    store = _store_jump


def begin(receptor: Receptor, n: int, conductance: Any) -> np.ndarray:
    """The state of n neurons at time 0, where all that is left of earlier spikes is a conductance that decays."""
    modes = receptor.modes
    state = np.zeros((2 * len(modes) + 1 if modes else 0, n))
    if modes:
        state[0] = conductance
    return state


def source(receptor: Receptor, n: int, inbox: Inbox, state: np.ndarray) -> Any:
    """A receptor as an input of the adaptive methods, which goes on from `state`, an array of `begin`.

    ValueError if it has an amplitude that is not finite, or a rate that is not positive.
    """
    modes = receptor.modes
    if not modes:
        return JumpSource(receptor.kernel_type(), inbox)
    constants: list[Any] = []
    for mode in modes:
        amplitude, rate = np.asarray(mode.amplitude, float), np.asarray(mode.rate, float)
        if not (np.isfinite(amplitude).all() and np.isfinite(rate).all() and (rate > 0).all()):
            raise ValueError(f"{receptor!r} must have finite amplitudes, and time constants that are positive")
        constants += [mode.rate, *((mode.amplitude, 0.0) if mode.power == 0 else (0.0, mode.amplitude))]
    values = columns([*receptor.parameters.values(), *constants], n)
    zeros = (0.0,) * len(state), (0.0,) * len(values.first)
    return ArrivalSource(receptor.kernel_type(), *zeros, values, state, inbox)
