"""What the phase plane of two states has in it: fixed points, separatrices, cycles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import _check
from .._simulate import simulate
from ..models import Model
from .fixed_points import FixedPoints, fixed_points
from .flow import Flow
from .jacobian import linear, points
from .steady import steady_states

JUMPS = (0.01, 0.03, 0.1, 0.3, 0.8)  # of the size of `steady`, from fixed points: where runs for cycles start
LONG, LONGEST = 30.0, 20_000.0  # relaxation times of such a run, and ms at most
SAMPLES = 20_000
CLOSED, LEAST = 1e-3, 0.01  # of these: how close an orbit that is a cycle comes to itself, and how large it is
LEAP = 0.3  # of these, between two samples of a path that has left the window
LOOSE = {"rtol": 1e-9, "atol": 1e-10}


class Portrait(NamedTuple):
    """What there is at one current; a path is (2, k)."""

    fixed: FixedPoints
    separatrices: list[np.ndarray]  # the stable manifolds of saddles
    manifolds: list[np.ndarray]  # the unstable ones
    cycles: list[tuple[np.ndarray, bool]]  # and whether they are stable
    steady: np.ndarray  # around the fixed points, where the second state stands still

    def extent(self) -> np.ndarray:
        """What a window has to show, (2, k)."""
        at = np.array([*self.fixed.state.values()])
        paths = [at, *self.manifolds, *(cycle for cycle, _ in self.cycles)]
        if len(paths) == 1:
            paths.append(self.steady)
        found = np.concatenate(paths, axis=1)
        return found[:, np.isfinite(found).all(axis=0)]


def portrait(model: Model, current: float) -> Portrait:
    """That of one neuron."""
    fixed = fixed_points(model, current)
    flow, at = Flow(model, np.array([current])), np.array([*fixed.state.values()])
    steady = _steady(model, at[0], current)
    sizes = np.maximum(np.ptp(steady, axis=1), 1e-6)
    separatrices, manifolds = [], []
    for k in np.flatnonzero(fixed.kind == "saddle"):
        look = points(model, at[:, k : k + 1], flow.current)
        rates, directions = np.linalg.eig(linear(model, look).jacobian[0])
        for rate, direction in zip(rates.real, directions.real.T, strict=True):
            away = 1e-4 * direction / np.linalg.norm(direction / sizes)
            start = at[:, k, np.newaxis] + away[:, np.newaxis] * [1.0, -1.0]
            for path in _paths(flow, start, np.full(2, LONG / rate)):
                with np.errstate(invalid="ignore"):  # a path that has left may be infinite
                    leaps = (~(abs(np.diff(path)) < LEAP * sizes[:, np.newaxis])).any(axis=0)
                whole = path[:, : leaps.argmax() + 1 if leaps.any() else None]
                (manifolds if rate > 0 else separatrices).append(np.column_stack([at[:, k], whole]))
    return Portrait(fixed, separatrices, manifolds, _cycles(flow, fixed, at, sizes), steady)


def _steady(model: Model, V: np.ndarray, current: float) -> np.ndarray:
    """The steady states (2, k) of the second state around fixed points, as far as the threshold is, at least."""
    threshold = np.ravel(model.thresholds)[0]
    V = V if V.size else np.array([threshold])
    size = max(np.ptp(V), abs(threshold - V).max(), 0.1 * (1.0 + abs(threshold)))
    around = np.linspace(V.min() - 0.5 * size, V.max() + size, 50)
    look = points(model, np.zeros((2, around.size)), current, np.zeros(around.size))
    steady_states(look, around, look.state)
    return look.state


def _paths(flow: Flow, start: np.ndarray, time: np.ndarray) -> np.ndarray:
    """The paths (m, 2, SAMPLES) from states (2, m) through times, backwards where these are negative."""
    many = flow.of(np.zeros(time.size, np.int64))
    asked = {"record": tuple(flow.model.states), "sample_interval": 1.0 / SAMPLES, "spike_times": False}
    run = many.run(start, time, np.zeros_like(start), **asked, **LOOSE)
    return np.stack([run[name] for name in flow.model.states], axis=1)


def _cycles(flow: Flow, fixed: FixedPoints, at: np.ndarray, sizes: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """Cycles that attract runs from near fixed points, and such that repel: these attract runs backwards in time."""
    inside = np.flatnonzero(fixed.kind != "saddle")  # a cycle goes round one of these
    if not inside.size:
        return []
    rate = np.maximum(abs(fixed.eigenvalues.real[inside]).min(axis=1), LONG / LONGEST)
    lanes = np.repeat(np.arange(inside.size), 2 * len(JUMPS))
    time = (LONG / rate)[lanes] * np.tile([1.0, -1.0], lanes.size // 2)
    start = at[:, inside[lanes]].copy()
    start[0] += np.tile(np.repeat(JUMPS, 2), inside.size) * sizes[0]
    centre = at[:, inside[lanes]]
    paths = _paths(flow, start, time)
    period = (
        np.array([_lap(path, middle)[1] for path, middle in zip(paths, centre.T, strict=True)]) * abs(time) / SAMPLES
    )
    end = paths[:, :, -1].T
    some = np.flatnonzero(np.isfinite(period) & np.isfinite(end).all(axis=0))
    found: list[tuple[np.ndarray, bool]] = []
    if not some.size:
        return found
    for path, lane in zip(_paths(flow, end[:, some], 3.0 * period[some] * np.sign(time[some])), some, strict=True):
        last, length = _lap(path, centre[:, lane])
        if not np.isfinite(length):
            continue
        orbit = path[:, int(last - length) : int(last) + 1]
        apart = abs(orbit[:, -1] - orbit[:, 0]) < CLOSED * sizes + 2.0 * abs(orbit[:, 1] - orbit[:, 0])
        large = np.ptp(orbit, axis=1) / sizes > LEAST
        known = any((abs(np.ptp(orbit, axis=1) - np.ptp(other, axis=1)) < 0.01 * sizes).all() for other, _ in found)
        if apart.all() and large.all() and not known:
            found.append((np.column_stack([orbit, orbit[:, :1]]), bool(time[lane] > 0)))
    return found


def _lap(path: np.ndarray, centre: np.ndarray) -> tuple[float, float]:
    """Where a path (2, k) last goes up through the voltage of a point, and since when it went round; NaN for never."""
    above = path[0] > centre[0]
    (up,) = np.nonzero(above[1:] & ~above[:-1])
    return (float(up[-1]), float(up[-1] - up[-2])) if up.size > 1 else (np.nan, np.nan)


def ends_of_axes(window: Any, extent: np.ndarray) -> np.ndarray:
    """The window that is given, ((low, high), (low, high)), or one in which points (2, k) have room."""
    if window is None and not extent.size:
        raise ValueError("window must be given, ((low, high), (low, high)), where nothing but nullclines is drawn")
    if window is None:
        low, high = extent.min(axis=1), extent.max(axis=1)
        margin = 0.12 * np.where(high > low, high - low, [1.0, 0.1])
        return np.column_stack([low - margin, high + margin])
    shown = _check.array("window", window, float)
    if shown.shape != (2, 2) or not np.isfinite(shown).all() or not (shown[:, 0] < shown[:, 1]).all():
        raise ValueError(
            f"window must be the ends of both axes, ((low, high), (low, high)); got {_check.shown(window)}"
        )
    return shown


def field(model: Model, current: Any, across: np.ndarray, up: np.ndarray) -> list[np.ndarray]:
    """The changes of both states on a grid: one short step says them, whatever the model."""
    grid = dict(zip(model.states, (axis.ravel() for axis in np.meshgrid(across, up)), strict=True))
    step = simulate(model, duration=1e-6, dt=1e-6, current=current, initial=grid)
    return [(step.state[name] - grid[name]).reshape(up.size, across.size) for name in grid]
