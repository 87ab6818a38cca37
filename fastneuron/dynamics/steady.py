"""Where all states but the voltage stand still, as a function of the voltage: each has one steady state."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import models
from .._kernel.jit import allocating_kernel, inline, inline_ast
from .._kernel.lanes import take
from .jacobian import parameters_of, slopes

HALVINGS = 100


@inline
def solve(matrix, rhs):
    """Solve ``matrix x = rhs`` in place, by elimination with pivots; both are lost, x is in `rhs`, (rows, columns)."""
    rows = matrix.shape[0]
    for k in range(rows):
        best = k
        for i in range(k + 1, rows):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        for j in range(rows):
            matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
        for j in range(rhs.shape[1]):
            rhs[k, j], rhs[best, j] = rhs[best, j], rhs[k, j]
        for i in range(rows):
            if i != k:
                factor = matrix[i, k] / matrix[k, k]
                for j in range(rows):
                    matrix[i, j] -= factor * matrix[k, j]
                for j in range(rhs.shape[1]):
                    rhs[i, j] -= factor * rhs[k, j]
    for k in range(rows):
        for j in range(rhs.shape[1]):
            rhs[k, j] /= matrix[k, k]


class Room(NamedTuple):
    """Arrays to work in."""

    state: Any  # (D, 1)
    matrix: Any  # (D - 1, D - 1): of the rates of the other states by these
    column: Any  # (D - 1, 1)
    coupling: Any  # (D - 1,): of dV/dt by the other states


@inline_ast
def make_room(D):
    """Room for a model of D states."""
    return Room(np.empty((D, 1)), np.empty((D - 1, D - 1)), np.empty((D - 1, 1)), np.empty(D - 1))


@inline
def linearise(points, current, prepared, room):
    """Put into the room the derivatives by the other states, at its state; return the rates and theirs by V."""
    state = take(points.state_type, room.state, 0)
    for k in range(1, len(state)):
        _, slope = slopes(points.model_type, state, current, prepared, k)
        room.coupling[k - 1] = slope[0]
        for d in range(1, len(state)):
            room.matrix[d - 1, k - 1] = slope[d]
    return slopes(points.model_type, state, current, prepared, 0)


@inline
def steady(points, current, prepared, V, room):
    """Put into the room the steady state of all but V.

    Returns dV/dt there, its derivative by V along these states, and what is left of the rates of the other states, as
    part of what they are where these are 0: nothing, where they are linear.
    """
    room.state[0, 0] = V
    for d in range(1, room.state.shape[0]):
        room.state[d, 0] = 0.0
    rate, _ = linearise(points, current, prepared, room)
    scale = 0.0
    for d in range(1, len(rate)):
        room.column[d - 1, 0] = -rate[d]
        scale = max(scale, abs(rate[d]))
    solve(room.matrix, room.column)
    for d in range(1, len(rate)):
        room.state[d, 0] = room.column[d - 1, 0]
    rate, by_V = linearise(points, current, prepared, room)
    left = 0.0
    for d in range(1, len(rate)):
        room.column[d - 1, 0] = -by_V[d]
        left = max(left, abs(rate[d]))
    solve(room.matrix, room.column)
    total = by_V[0]
    for d in range(1, len(rate)):
        total += room.coupling[d - 1] * room.column[d - 1, 0]
    return rate[0], total, left / scale if scale > 0.0 else left


@inline
def root(points, current, prepared, low, high, rising, room):
    """The V between `low` and `high` at which dV/dt is 0, by Newton's method, or halving where that leaves them."""
    V = 0.5 * (low + high)
    for _ in range(HALVINGS):
        rate, slope, _ = steady(points, current, prepared, V, room)
        if (rate > 0.0) == rising:
            high = V
        else:
            low = V
        next_V = V - rate / slope
        if not low < next_V < high:
            next_V = 0.5 * (low + high)
        if abs(next_V - V) <= 4e-16 * abs(V) or rate == 0.0:
            break
        V = next_V
    return V


@inline
def extremum(points, current, prepared, low, high, rising, room):
    """The V between `low` and `high` at which the derivative of dV/dt changes its sign, by halving."""
    for _ in range(60):
        V = 0.5 * (low + high)
        _, slope, _ = steady(points, current, prepared, V, room)
        if (slope > 0.0) == rising:
            high = V
        else:
            low = V
    return 0.5 * (low + high)


@allocating_kernel
def walk(points, grid, first, last, out, count, left):
    """Put into `out`, (n, most), the V of all fixed points of the neurons `first` to `last`, and how many into `count`.

    `left` gets the largest that `steady` returns of a neuron.  An extremum between two points of the grid is looked at
    as well: a pair of fixed points near a fold is not lost.
    """
    room = make_room(len(points.state_type))
    for neuron in range(first, last):
        current = points.current[neuron]
        prepared = models.prepare(parameters_of(points, points.neuron[neuron]))
        found, low, f_low, s_low = 0, grid[0], np.nan, np.nan
        for high in grid:
            f_high, s_high, rest = steady(points, current, prepared, high, room)
            left[neuron] = max(left[neuron], rest)
            if f_low * f_high <= 0.0 and f_low != 0.0:
                if found < out.shape[1]:
                    out[neuron, found] = root(points, current, prepared, low, high, f_high >= f_low, room)
                found += 1
            elif s_low * s_high < 0.0 and (s_high > 0.0) == (f_high > 0.0):  # towards 0, and away again
                between = extremum(points, current, prepared, low, high, s_high > 0.0, room)
                f_between, _, _ = steady(points, current, prepared, between, room)
                if f_between * f_high < 0.0:
                    if found + 1 < out.shape[1]:
                        out[neuron, found] = root(points, current, prepared, low, between, f_between > f_low, room)
                        out[neuron, found + 1] = root(
                            points, current, prepared, between, high, f_high > f_between, room
                        )
                    found += 2
            low, f_low, s_low = high, f_high, s_high
        count[neuron] = found


@allocating_kernel
def steady_states(points, V, out):
    """Put into `out`, (D, m), the steady states at the voltages V."""
    room = make_room(len(points.state_type))
    for m in range(V.size):
        prepared = models.prepare(parameters_of(points, points.neuron[m]))
        steady(points, points.current[m], prepared, V[m], room)
        for d in range(out.shape[0]):  # a slice takes 2 s to compile
            out[d, m] = room.state[d, 0]
