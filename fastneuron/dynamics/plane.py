"""What the phase plane of two states has in it: fixed points, separatrices and cycles; and how it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _check
from .._figures import BLUE, COLOURS, VERMILION, labelled, pyplot, tidy
from ..models import Model
from ..simulate import simulate
from .fixed_points import FixedPoints, fixed_points
from .flow import Flow
from .jacobian import linear, points
from .steady import steady_states

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREEN, PURPLE, LIGHT = COLOURS[2], COLOURS[3], "#BBBBBB"
GRID = 241  # of the nullclines
ARROWS = (16, 12)
MARKS = {  # of fixed points: filled where stable
    "stable node": ("o", "full"),
    "stable focus": ("o", "full"),
    "unstable node": ("o", "none"),
    "unstable focus": ("o", "none"),
    "saddle": ("D", "left"),
}
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


def plane(
    ax: Any, model: Model, current: Any, window: Any, found: Portrait | None, path: np.ndarray | None, label: str
) -> Any:
    """Draw the phase plane of one neuron, with its portrait and a path (2, k) where they are given."""
    extent = [part for part in (None if found is None else found.extent(), path) if part is not None]
    nullclines(ax, model, current, ends_of_axes(window, np.concatenate([np.empty((2, 0)), *extent], axis=1)))
    if found is not None:
        draw(ax, found)
    if path is not None:
        ax.plot(*path, color="black", linewidth=0.9, label=label)
        ax.plot(*path[:, :1], "o", color="black", markersize=3.5)
    x, y = (labelled(name, model.units.get(name, "")) for name in model.states)
    ax.set(xlabel=x, ylabel=y)
    style: dict[str, Any] = {"frameon": False, "fontsize": "small", "ncols": 3, "handlelength": 2.2}
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), **style)
    return ax


def panels(model: Model, currents: np.ndarray, window: Any, unit: str) -> Figure:
    """A figure with the phase planes of one neuron at some currents, side by side, in one window."""
    found = [portrait(model, current) for current in currents]
    shown = ends_of_axes(window, np.concatenate([one.extent() for one in found], axis=1))
    columns = 2 if len(found) == 4 else min(len(found), 3)
    rows = -(-len(found) // columns)
    size = (0.4 + 2.3 * columns, 0.8 + 2.0 * rows)
    figure, axes = pyplot().subplots(
        rows, columns, figsize=size, layout="constrained", dpi=200, sharex=True, sharey=True, squeeze=False
    )
    figure.draw_without_rendering()  # only then are the axes as large as they will be
    entries = {}
    for place, (ax, one, current) in enumerate(zip(axes.flat, found, currents, strict=False)):
        tidy(ax)
        nullclines(ax, model, current, shown)
        draw(ax, one)
        ax.set_title(f"{current:g} {unit}".rstrip(), fontsize="small")
        ax.tick_params(labelbottom=place + columns >= len(found))
        entries |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    for ax in axes.flat[len(found) :]:
        ax.set_axis_off()
    for name, label in zip(model.states, (figure.supxlabel, figure.supylabel), strict=True):
        label(labelled(name, model.units.get(name, "")), fontsize="medium")
    style: dict[str, Any] = {"ncols": columns + 1, "frameon": False, "fontsize": "small"}
    figure.legend(entries.values(), entries, loc="outside upper center", **style)
    return figure


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


# drawing --------------------------------------------------------------------------------------------------------------


def nullclines(ax: Any, model: Model, current: Any, window: np.ndarray) -> None:
    """Draw the nullclines and the directions of one neuron into a window, ((low, high), (low, high))."""
    names = list(model.states)
    (left, right), (bottom, top) = window
    across, up = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
    for change, name, colour, style in zip(
        _field(model, current, across, up), names, (VERMILION, BLUE), ("--", "-."), strict=True
    ):
        ax.contour(across, up, change, levels=[0], colors=colour, linestyles=style, linewidths=1.2)
        ax.plot([], [], color=colour, linestyle=style, linewidth=1.2, label=f"d{name}/dt = 0")
    across, up = np.linspace(left, right, 2 * ARROWS[0] + 1)[1::2], np.linspace(bottom, top, 2 * ARROWS[1] + 1)[1::2]
    box = ax.get_window_extent()
    changes = _field(model, current, across, up)
    x, y = (
        change / np.ptp(ends) * length
        for change, ends, length in zip(changes, window, (box.width, box.height), strict=True)
    )
    size = np.hypot(x, y)
    size[size == 0] = 1.0
    ax.set(xlim=window[0], ylim=window[1])
    ax.quiver(across, up, x / size, y / size, color=LIGHT, pivot="mid", scale=26, width=0.0035, headwidth=4, zorder=0.5)


def _field(model: Model, current: Any, across: np.ndarray, up: np.ndarray) -> list[np.ndarray]:
    """The changes of both states on a grid: one short step says them, whatever the model."""
    grid = dict(zip(model.states, (axis.ravel() for axis in np.meshgrid(across, up)), strict=True))
    step = simulate(model, duration=1e-6, dt=1e-6, current=current, initial=grid)
    return [(step.state[name] - grid[name]).reshape(up.size, across.size) for name in grid]


def draw(ax: Any, found: Portrait) -> None:
    """Draw a portrait."""
    for paths, line, label in ((found.separatrices, "-", "separatrix"), (found.manifolds, ":", "unstable manifold")):
        for k, path in enumerate(paths):
            ax.plot(*path, line, color=GREEN, linewidth=1.0, zorder=2.2, label=label if k == 0 else None)
    for stable, line, label in ((True, "-", "stable cycle"), (False, "--", "unstable cycle")):
        for k, path in enumerate(path for path, kind in found.cycles if kind == stable):
            ax.plot(*path, line, color=PURPLE, linewidth=1.6, zorder=2.5, label=label if k == 0 else None)
    at = np.array([*found.fixed.state.values()])
    for kind, (mark, fill) in MARKS.items():
        which = found.fixed.kind == kind
        if which.any():
            style: dict[str, Any] = {"color": "black", "markerfacecoloralt": "white", "markersize": 4.5}
            if fill == "none":
                style |= {"markerfacecolor": "white"}
            fill = fill.replace("none", "full")
            ax.plot(*at[:, which], mark, fillstyle=fill, zorder=4, label=kind, linestyle="none", **style)
