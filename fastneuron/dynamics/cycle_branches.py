"""Branches of cycles, by continuation, and how they end.

A cycle is a number of states, its nodes, at even parts of its period, each of which the flow takes to the next
(multiple shooting: Ascher, Mattheij & Russell 1995, Numerical Solution of Boundary Value Problems, section 4.3), so
that it may be as unstable as it likes.  The phase is kept by the integral condition of Doedel (1981, Congr Numer
30:265).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .cycles import solved
from .equilibria import Family
from .flow import Flow
from .jacobian import linear, points
from .lyapunov import critical

NODES = 20  # of cycles that may be unstable
FEW = 4  # of stable ones
FIRST, SMALLEST, LARGEST = 0.01, 1e-5, 0.1  # steps along a branch, in units of `scale`
TURN = 0.3  # of a branch from one point to the next, rad
MOST_POINTS = 400
CORRECTIONS = 6
MET = 1e-9  # the last correction
FOLD_STEPS = 10
STILL = 1e-11  # a step of the value, by which only the period grows: near a homoclinic orbit
LONG = 40.0  # times the period at the Hopf point: there a branch ends


class Branch(NamedTuple):
    """Cycles of a neuron, in their order along a branch."""

    neuron: int
    start: int  # at which of the Hopf points, or cycles, it begins
    state: np.ndarray  # (k, nodes, D)
    period: np.ndarray  # (k,)
    value: np.ndarray  # (k,), of the parameter
    folds: list[tuple[float, float, np.ndarray]]  # value, period and states, (nodes, D), of each fold
    end: str  # "bound", "Hopf", "fold", "period" where it grows without bound, or "lost"


class _Point(NamedTuple):
    """A cycle on a branch."""

    y: np.ndarray
    tangent: np.ndarray  # of the branch
    speed: np.ndarray  # of the states at the nodes


class _Branches(NamedTuple):
    """What is being continued: y (m, nodes D + 2) is states, log of the period and value, in units of `scale`."""

    family: Family
    neuron: np.ndarray
    scale: np.ndarray  # (m, nodes D + 2)
    D: int
    folds: bool  # whether to go on behind them


@np.errstate(all="ignore")  # what is not finite is not met
def branches(
    family: Family, neuron: np.ndarray, state: np.ndarray, value: np.ndarray, reach: np.ndarray
) -> list[Branch]:
    """The branches that begin at Hopf points (D, m) of neurons; `reach`, (m, D), is the size of each state."""
    m, D = neuron.size, len(state)
    if not m:
        return []
    scale = np.column_stack(  # so that the norm of states is their root mean square
        [np.tile(reach * np.sqrt(NODES), NODES), np.ones(m), np.full(m, family.high - family.low)]
    )
    whole = _Branches(family, neuron, scale, D, True)
    return _followed(whole, *_beginning(family, neuron, state, value, scale))


@np.errstate(all="ignore")
def descents(
    family: Family, neuron: np.ndarray, flow: Flow, state: np.ndarray, period: np.ndarray, reach: np.ndarray, unit: Any
) -> list[Branch]:
    """The branches from the stable cycles of a flow, through states (D, m), to lower currents, each to its first fold.

    `reach`, (m, D), is the size of each state, `unit`, (m,), that of the currents.
    """
    m, D = period.size, len(state)
    nodes = np.moveaxis(flow.orbit(state, period, FEW), 0, 2)
    scale = np.column_stack([np.tile(reach * np.sqrt(FEW), FEW), np.ones(m), unit])
    whole = _Branches(family, neuron, scale, D, False)
    y = np.column_stack([nodes.reshape(m, -1), np.log(period), flow.current]) / scale
    many = flow.of(np.repeat(np.arange(m), FEW))
    speed = linear(many.model, points(many.model, nodes.reshape(-1, D).T, many.current)).derivative
    down = np.zeros_like(y)
    down[:, -1] = -1.0
    y, tangent, across, _ = _corrected(whole, y, down, speed.reshape(m, -1) / scale[:, :-2])
    return _followed(whole, y, -tangent * np.sign(tangent[:, -1:]), across)


def _followed(whole: _Branches, start: np.ndarray, tangent: np.ndarray, across: np.ndarray) -> list[Branch]:
    """The branches from their beginnings, (m, nodes D + 2), the directions there, and the speed of the nodes."""
    m, D, scale = len(start), whole.D, whole.scale
    paths = [[_Point(start[k], tangent[k], across[k])] for k in range(m)]
    size, ends, going = np.full(m, FIRST), np.full(m, "lost", object), np.arange(m)
    for _ in range(MOST_POINTS):
        if not going.size:
            break
        y, tangent, across = (np.array([paths[k][-1][part] for k in going]) for part in range(3))
        ahead = y + size[going, np.newaxis] * tangent
        new, turned, speed, met = _corrected(_part(whole, going), ahead, tangent, across)
        met &= ((turned * tangent).sum(axis=1) > np.cos(TURN)) | (size[going] <= FIRST)
        size[going] = np.where(met, np.minimum(1.4 * size[going], LARGEST), 0.4 * size[going])
        for place in np.flatnonzero(met):
            k, path = going[place], paths[going[place]]
            path.append(_Point(new[place], turned[place], speed[place]))
            if whole.folds:  # from a Hopf point, of small cycles
                size[k] = min(size[k], 0.3 * np.linalg.norm(_wave(path[-1].y, D)) + 0.5 * FIRST)
            ends[k] = _end(path, whole, k)
        for k in going[~met & (size[going] <= SMALLEST)]:
            ends[k] = "period" if paths[k][-1].y[-2] > start[k, -2] + 1.0 else "lost"
        going = going[(ends[going] == "lost") & (size[going] > SMALLEST)]
    _end_at_the_bounds(whole, paths, ends)
    folds = _folds(whole, paths)
    made = []
    for k in range(m):
        path = np.array([point.y for point in paths[k]]) * scale[k]
        states = path[:, :-2].reshape(len(path), -1, D)
        made.append(Branch(int(whole.neuron[k]), k, states, np.exp(path[:, -2]), path[:, -1], folds[k], str(ends[k])))
    return made


def _part(whole: _Branches, which: np.ndarray) -> _Branches:
    return whole._replace(neuron=whole.neuron[which], scale=whole.scale[which])


def _wave(y: np.ndarray, D: int) -> np.ndarray:
    """How the nodes (nodes, D) of a cycle differ from their mean."""
    nodes = y[:-2].reshape(-1, D)
    return nodes - nodes.mean(axis=0)


def _end(path: list[_Point], whole: _Branches, k: int) -> str:
    """How a branch ends with its last cycle, "lost" where it goes on."""
    value = path[-1].y[-1] * whole.scale[k, -1]
    if len(path) > 3 and (_wave(path[-1].y, whole.D) * _wave(path[-2].y, whole.D)).sum() < 0.0:  # through a point
        path.pop()
        return "Hopf"
    if not whole.folds and path[-1].tangent[-1] * path[-2].tangent[-1] < 0.0:
        return "fold"
    step = path[-1].y - path[-2].y
    stands = path[-1].y[-2] > path[0].y[-2] + 1.0 and abs(step[-1]) < STILL < step[-2]
    if stands or path[-1].y[-2] > path[0].y[-2] + np.log(LONG):
        return "period"
    return "bound" if value < whole.family.low or value > whole.family.high else "lost"


def _beginning(
    family: Family, neuron: np.ndarray, state: np.ndarray, value: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At Hopf points: y, the direction in which cycles grow, and the speed of the nodes."""
    model, current = family.at(neuron, value)
    omega, q = critical(linear(model, points(model, state, current)).jacobian)
    turn = np.exp(2j * np.pi * np.arange(NODES) / NODES)
    wave = (turn[:, np.newaxis] * q[:, np.newaxis]).reshape(len(q), -1) / scale[:, :-2]
    tangent = np.column_stack([wave.real, np.zeros((len(q), 2))])
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    y = np.column_stack([np.tile(state.T, NODES), np.log(2 * np.pi / omega), value]) / scale
    return y, tangent, -wave.imag


def _corrected(
    part: _Branches, y: np.ndarray, along: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cycles near y, by Newton's method: where they meet the plane across `along`, at the phase across `across`.

    Returns them, the tangents of the branches there, the speed of the nodes, and whether they are found.
    """
    y, guess, met, open_ = y.copy(), y, np.zeros(len(y), bool), np.arange(len(y))
    matrix, speed = np.full((*y.shape, y.shape[1]), np.nan), np.zeros_like(across)
    for _ in range(CORRECTIONS):
        matrix[open_], left, speed[open_] = _equations(_part(part, open_), y[open_], along[open_], across[open_])
        left[:, -2] = (across[open_] * (y - guess)[open_, :-2]).sum(axis=1)
        left[:, -1] = (along[open_] * (y - guess)[open_]).sum(axis=1)
        step = -solved(matrix[open_], left)
        largest = abs(step).max(axis=1)
        kept = largest < 0.5
        y[open_[kept]] += step[kept]
        met[open_] = largest < MET
        open_ = open_[kept & ~met[open_]]
        if not open_.size:
            break
    ahead = np.zeros_like(y)
    ahead[:, -1] = 1.0
    matrix[:, -2, :-2] = speed  # so that the tangent does not depend on which phase was kept
    tangent = solved(matrix, ahead)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return y, tangent, speed, met & np.isfinite(tangent).all(axis=1)


def _equations(
    part: _Branches, y: np.ndarray, along: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The matrix of Newton's method, how far each node is from where the flow takes the one before, and the speed."""
    m, full, size = len(y), y * part.scale, part.scale[:, :-2].reshape(len(y), -1, part.D)
    _, nodes, D = size.shape
    path, period = np.moveaxis(full[:, :-2].reshape(size.shape), 2, 0), np.exp(full[:, -2])
    model, current = part.family.at(part.neuron, full[:, -1])
    flow = Flow(model, current, part.family.parameter)
    carried = flow.between(path, period, forced=True)
    many = flow.of(np.repeat(np.arange(m), nodes))

    def speed_at(state: np.ndarray) -> np.ndarray:
        at = points(many.model, np.nan_to_num(state.reshape(D, -1)), many.current)
        return linear(many.model, at).derivative.reshape(size.shape) / size

    matrix, rows = np.zeros((m, nodes * D + 2, nodes * D + 2)), np.arange(nodes * D)
    blocks = matrix[:, :-2, :-2].reshape(m, nodes, D, nodes, D)
    for k in range(nodes):
        blocks[:, k, :, k] = carried.by_state[:, k] * size[:, k, np.newaxis, :] / size[:, k, :, np.newaxis]
    matrix[:, rows, np.roll(rows, -D)] -= 1.0
    matrix[:, :-2, -2] = (speed_at(carried.state) * (period / nodes)[:, np.newaxis, np.newaxis]).reshape(m, -1)
    matrix[:, :-2, -1] = (carried.by_parameter / size).reshape(m, -1) * part.scale[:, -1:]
    matrix[:, -2, :-2] = across
    matrix[:, -1] = along
    left = np.zeros_like(y)
    left[:, :-2] = (np.moveaxis(carried.state - np.roll(path, -1, axis=2), 0, 2) / size).reshape(m, -1)
    return matrix, left, speed_at(path).reshape(m, -1)


def _end_at_the_bounds(whole: _Branches, paths: list[list[_Point]], ends: np.ndarray) -> None:
    """Move the last cycle of each branch, where it is outside, to the bound."""
    for k in np.flatnonzero(ends == "bound"):
        a, b = paths[k][-2], paths[k].pop()
        unit = whole.scale[k, -1]
        bound = np.clip(b.y[-1] * unit, whole.family.low, whole.family.high) / unit
        guess = a.y + (bound - a.y[-1]) / (b.y[-1] - a.y[-1]) * (b.y - a.y)
        fixed = np.zeros_like(guess)
        fixed[-1] = 1.0
        new, tangent, speed, met = _corrected(_part(whole, np.array([k])), guess[None], fixed[None], a.speed[None])
        if met[0]:
            paths[k].append(_Point(new[0], tangent[0] * np.sign(tangent[0] @ a.tangent), speed[0]))


def _folds(whole: _Branches, paths: list[list[_Point]]) -> list[list[tuple[float, float, np.ndarray]]]:
    """Where each branch turns back: the value's part of the tangent is 0, by Illinois' rule (Dowell & Jarratt 1971)."""
    found: list[list[tuple[float, float, np.ndarray]]] = [[] for _ in paths]
    where = [
        (k, place)
        for k, path in enumerate(paths)
        for place in range(len(path) - 1)
        if path[place].tangent[-1] * path[place + 1].tangent[-1] < 0.0
    ]
    if not where:
        return found
    a, b = ([paths[k][place + step] for k, place in where] for step in (0, 1))
    part = _part(whole, np.array([k for k, _ in where]))
    start, chord = np.array([p.y for p in a]), np.array([q.y - p.y for p, q in zip(a, b, strict=True)])
    across, along = np.array([p.speed for p in a]), chord / np.linalg.norm(chord, axis=1, keepdims=True)
    low, high = np.zeros(len(where)), np.ones(len(where))
    at_low, at_high = (np.array([p.tangent[-1] for p in side]) for side in (a, b))
    for _ in range(FOLD_STEPS):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        y, tangent, _, _ = _corrected(part, start + middle[:, np.newaxis] * chord, along, across)
        now = tangent[:, -1]
        same = now * at_high > 0.0
        at_low = np.where(same, 0.5 * at_low, at_high)  # `high` is always the last one found
        low = np.where(same, low, high)
        high, at_high = middle, np.where(now == 0.0, 1e-300, now)
    for (k, _), one in zip(where, y * part.scale, strict=True):
        found[k].append((float(one[-1]), float(np.exp(one[-2])), one[:-2].reshape(-1, whole.D)))
    return found
