"""The refractory time of a model with a reset, as an input of the kernels: it holds the voltage, and lets go of it.

With a fixed step it knows in which step that is, and at which part of it; with an adaptive method, at which time, and
the voltage: what arrives before cannot make it jump.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .._kernel.columns import Columns, columns, read
from .._kernel.lanes import local

FREE, STEP, PART = range(3)  # rows of a block's room
UNTIL, HELD = STEP, PART  # with an adaptive method


class RefractoryRoom(NamedTuple):
    """What a block has of it."""

    constants: Any  # (1, lane): the refractory time, in steps or ms
    rows: Any  # (3, lane): 1 or 0 where the voltage is free or held; the step in which it is let go, and at which part


def _room(source, lanes, zero, times):
    return RefractoryRoom(local((0.0,), 1, lanes, 0.0), local((0.0, 0.0, 0.0), 1, lanes, 0.0))


def _prepare(source, room, lane, neuron, dt):
    read(source.columns, room.constants, lane, neuron)
    if dt > 0.0:
        room.constants[0, lane] /= dt


def _load(source, room, lane, neuron, first):
    room.rows[STEP, lane] = source.step[neuron]
    room.rows[PART, lane] = source.part[neuron]


def _begin_step(source, room, low, number, dt):
    for lane in range(room.rows.shape[1]):
        room.rows[FREE, lane] = 1.0 if room.rows[STEP, lane] < number else 0.0


def _add_to_derivative(source, room, lane, V, t, stage, derivative):
    return (derivative[0] * room.rows[FREE, lane], *derivative[1:])


def _is_let_go(source, room, lane, number):
    return room.rows[STEP, lane] == number


def _held_until(source, room, lane, number):
    if room.rows[STEP, lane] < number:
        return 0.0
    return room.rows[PART, lane] if room.rows[STEP, lane] == number else 1.0


def _hold(source, room, lane, held):
    room.rows[FREE, lane] = 0.0 if held else 1.0


def _take_spike(source, room, lane, number, part):
    until = part + room.constants[0, lane]
    before = math.ceil(until) - 1.0
    room.rows[STEP, lane] = number + before
    room.rows[PART, lane] = until - before


def _take_spike_at(source, room, lane, t, V):
    room.rows[UNTIL, lane] = t + room.constants[0, lane]
    room.rows[HELD, lane] = V
    room.rows[FREE, lane] = 1.0 if room.constants[0, lane] == 0.0 else 0.0


def _arrive(source, room, lane, t, state):
    free = room.rows[UNTIL, lane] <= t
    room.rows[FREE, lane] = 1.0 if free else 0.0
    return (state[0] if free else room.rows[HELD, lane], *state[1:])


def _next_discontinuity(source, room, lane, t):
    return room.rows[UNTIL, lane] if room.rows[UNTIL, lane] > t else math.inf


def _store(source, room, lane, neuron):
    source.step[neuron] = room.rows[STEP, lane]
    source.part[neuron] = room.rows[PART, lane]


class RefractorySource(NamedTuple):
    """When the voltage of each neuron is free again.  It stands behind all other inputs, which it stops."""

    columns: Columns
    step: np.ndarray  # (n,) in which it is let go, a whole number; or when, ms
    part: np.ndarray  # (n,) above 0, up to 1; or the voltage, mV

    room = _room
    prepare = _prepare
    load = _load
    begin_step = _begin_step
    add_to_derivative = _add_to_derivative
    is_let_go = _is_let_go
    held_until = _held_until
    hold = _hold
    take_spike = _take_spike
    take_spike_at = _take_spike_at
    arrive = _arrive
    next_discontinuity = _next_discontinuity
    store = _store

    def arrays(self) -> dict[str, np.ndarray]:
        """What it goes on from."""
        return {"refractory.step": self.step, "refractory.part": self.part}


def refractory_sources(model: Any, n: int) -> tuple[RefractorySource, ...]:
    """That of a model which has a refractory time, or nothing."""
    if not (model.resets() and "refractory" in model.names):
        return ()
    return (RefractorySource(columns([model.refractory], n), np.full(n, -1.0), np.ones(n)),)
