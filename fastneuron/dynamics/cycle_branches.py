"""Branches of cycles that begin at Hopf points, by continuation, and how they end.

A cycle is `NODES` states at even parts of its period, each of which the flow takes to the next (multiple shooting:
Ascher, Mattheij & Russell 1995, Numerical Solution of Boundary Value Problems, section 4.3), so that it may be as
unstable as it likes.  The phase is kept by the integral condition of Doedel (1981, Congr Numer 30:265).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .cycles import solved
from .equilibria import Family
from .flow import Flow
from .jacobian import linear, points

NODES = 20
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
    hopf: int  # at which of the Hopf points it begins
    state: np.ndarray  # (k, NODES, D)
    period: np.ndarray  # (k,)
    value: np.ndarray  # (k,), of the parameter
    folds: list[tuple[float, float, np.ndarray]]  # value, period and states, (NODES, D), of each fold
    end: str  # "bound", "Hopf", "period" where it grows without bound, or "lost"


class _Point(NamedTuple):
    """A cycle on a branch."""

    y: np.ndarray
    tangent: np.ndarray  # of the branch
    speed: np.ndarray  # of the states at the nodes


class _Branches(NamedTuple):
    """What is being continued: y (m, NODES D + 2) is states, log of the period and value, in units of `scale`."""

    family: Family
    neuron: np.ndarray
    scale: np.ndarray  # (m, NODES D + 2)


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
    whole = _Branches(family, neuron, scale)
    hopf, tangent, across = _beginning(family, neuron, state, value, scale)
    paths = [[_Point(hopf[k], tangent[k], across[k])] for k in range(m)]
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
            size[k] = min(size[k], 0.3 * np.linalg.norm(_wave(path[-1].y)) + 0.5 * FIRST)
            ends[k] = _end(path, scale[k], family)
        for k in going[~met & (size[going] <= SMALLEST)]:
            ends[k] = "period" if paths[k][-1].y[-2] > hopf[k, -2] + 1.0 else "lost"
        going = going[(ends[going] == "lost") & (size[going] > SMALLEST)]
    _end_at_the_bounds(whole, paths, ends)
    folds = _folds(whole, paths)
    made = []
    for k in range(m):
        path = np.array([point.y for point in paths[k]]) * scale[k]
        states = path[:, :-2].reshape(-1, NODES, D)
        made.append(Branch(int(neuron[k]), k, states, np.exp(path[:, -2]), path[:, -1], folds[k], str(ends[k])))
    return made


def _part(whole: _Branches, which: np.ndarray) -> _Branches:
    return _Branches(whole.family, whole.neuron[which], whole.scale[which])


def _wave(y: np.ndarray) -> np.ndarray:
    """How the nodes (NODES, D) of a cycle differ from their mean."""
    nodes = y[:-2].reshape(NODES, -1)
    return nodes - nodes.mean(axis=0)


def _end(path: list[_Point], scale: np.ndarray, family: Family) -> str:
    """How a branch ends with its last cycle, "lost" where it goes on."""
    value = path[-1].y[-1] * scale[-1]
    if len(path) > 3 and (_wave(path[-1].y) * _wave(path[-2].y)).sum() < 0.0:  # through a point
        path.pop()
        return "Hopf"
    step = path[-1].y - path[-2].y
    stands = path[-1].y[-2] > path[0].y[-2] + 1.0 and abs(step[-1]) < STILL < step[-2]
    if stands or path[-1].y[-2] > path[0].y[-2] + np.log(LONG):
        return "period"
    return "bound" if value < family.low or value > family.high else "lost"


def _beginning(
    family: Family, neuron: np.ndarray, state: np.ndarray, value: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At Hopf points: y, the direction in which cycles grow, and the speed of the nodes."""
    model, current = family.at(neuron, value)
    modes, vectors = np.linalg.eig(linear(model, points(model, state, current)).jacobian)
    own = np.argmin(np.where(modes.imag > 0, abs(modes.real), np.inf), axis=1)
    omega = np.take_along_axis(modes, own[:, np.newaxis], axis=1)[:, 0].imag
    q = np.take_along_axis(vectors, own[:, np.newaxis, np.newaxis], axis=2)[:, :, 0]
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
    y, guess, met, lost = y.copy(), y, np.zeros(len(y), bool), np.zeros(len(y), bool)
    for _ in range(CORRECTIONS):
        matrix, left, speed = _equations(part, y, along, across)
        left[:, -2] = (across * (y - guess)[:, :-2]).sum(axis=1)
        left[:, -1] = (along * (y - guess)).sum(axis=1)
        step = -solved(matrix, left)
        largest = abs(step).max(axis=1)
        lost |= ~(largest < 0.5)
        y = np.where((lost | met)[:, np.newaxis], y, y + np.where(np.isfinite(step), step, 0.0))
        met |= largest < MET
        if (met | lost).all():
            break
    ahead = np.zeros_like(y)
    ahead[:, -1] = 1.0
    matrix[:, -2, :-2] = speed  # so that the tangent does not depend on which phase was kept
    tangent = solved(matrix, ahead)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return y, tangent, speed, met & ~lost & np.isfinite(tangent).all(axis=1)


def _equations(
    part: _Branches, y: np.ndarray, along: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The matrix of Newton's method, how far each node is from where the flow takes the one before, and the speed."""
    m, full, size = len(y), y * part.scale, part.scale[:, :-2].reshape(len(y), NODES, -1)
    D = size.shape[2]
    path, period = np.moveaxis(full[:, :-2].reshape(m, NODES, D), 2, 0), np.exp(full[:, -2])
    model, current = part.family.at(part.neuron, full[:, -1])
    flow = Flow(model, current, part.family.parameter)
    carried = flow.between(path, period, forced=True)
    many = flow.of(np.repeat(np.arange(m), NODES))

    def speed_at(state: np.ndarray) -> np.ndarray:
        at = points(many.model, np.nan_to_num(state.reshape(D, -1)), many.current)
        return linear(many.model, at).derivative.reshape(m, NODES, D) / size

    matrix, rows = np.zeros((m, NODES * D + 2, NODES * D + 2)), np.arange(NODES * D)
    blocks = matrix[:, :-2, :-2].reshape(m, NODES, D, NODES, D)
    for k in range(NODES):
        blocks[:, k, :, k] = carried.by_state[:, k] * size[:, k, np.newaxis, :] / size[:, k, :, np.newaxis]
    matrix[:, rows, np.roll(rows, -D)] -= 1.0
    matrix[:, :-2, -2] = (speed_at(carried.state) * (period / NODES)[:, np.newaxis, np.newaxis]).reshape(m, -1)
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
        for place in range(1, len(path) - 1)
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
        found[k].append((float(one[-1]), float(np.exp(one[-2])), one[:-2].reshape(NODES, -1)))
    return found
