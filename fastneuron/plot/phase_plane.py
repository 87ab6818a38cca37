"""The phase plane of two states: nullclines, directions, and what the flow leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _check
from .._engine.run import Run
from .._figures import BLUE, COLOURS, VERMILION, axes, labelled, pyplot, tidy
from .._units import plain
from ..dynamics.arguments import some_of
from ..dynamics.plane import Portrait, ends_of_axes, field
from ..dynamics.plane import portrait as portrait_of
from ..inputs.current import Current
from ..models import Model
from ._axes import amplitude_of, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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


def phase_plane(
    run: Run | Model,
    neuron: int = 0,
    current: npt.ArrayLike | Current | None = None,
    ax: Axes | None = None,
    window: tuple[tuple[float, float], tuple[float, float]] | None = None,
    portrait: bool | None = None,
) -> Axes | Figure:
    """The phase plane of one neuron of a model with two states: nullclines, directions, and what the flow leads to.

    Of a model: its fixed points by kind, stable ones filled, saddles half; the separatrices of saddles and their
    unstable manifolds; cycles, unstable ones dashed.  Of a run: the path of the neuron.

    Parameters
    ----------
    run : Run or Model
        What ``simulate(..., record=("V", "N"))`` returned, or a model.
    neuron : int, default 0
        Which of the recorded neurons, or of the model's, by its index in the population.
    current : float or (n,) array_like, optional
        The current of the nullclines, uA/cm^2; by default what was injected, at the end of the run if it was a function
        of time.  Of a model 0; several are panels of a Figure, which is returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    window : ((float, float), (float, float)), optional
        The ends of both axes.
    portrait : bool, optional
        Whether to find fixed points, separatrices and cycles: by default of a model, not of a run.

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=100.0, record=("V", "N"))
    >>> ax = plot.phase_plane(run)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('V (mV)', 'N')
    >>> figure = plot.phase_plane(fn.MorrisLecar.snic(), current=[30.0, 60.0])
    >>> [ax.get_title() for ax in figure.axes]
    ['30 uA/cm^2', '60 uA/cm^2']
    """
    if not isinstance(run, Run | Model):
        raise TypeError(f"run must be a Run or a Model; got {_check.shown(run)}")
    model = run.model if isinstance(run, Run) else run
    names = list(model.states)
    if len(names) != 2:
        raise ValueError(f"a phase plane has two states; {type(model).__name__} has {', '.join(names)}")
    neuron = _check.whole("neuron", neuron, 0, model.size - 1 if model.size > 1 else None)
    amplitude, alone = _currents_of(run, neuron, current), some_of(model, neuron)
    if amplitude.size > 1:
        if ax is not None:
            raise ValueError(f"ax must not be given with several currents, which are panels; got {amplitude.size}")
        return _panels(alone, amplitude, window, model.units.get("current", "uA/cm^2"))
    path = None
    if isinstance(run, Run):
        row = rows_of(run, names[0], [neuron], 1)[0]
        path = np.array([run[name][row] for name in names])
    found = portrait_of(alone, amplitude[0]) if (path is None if portrait is None else portrait) else None
    ax = axes(ax, (3.6, 3.2) if found is None else (4.0, 3.0))
    return _plane(ax, alone, amplitude[0], window, found, path, f"neuron {neuron:,}")


def _currents_of(run: Any, neuron: int, current: Any) -> np.ndarray:
    """The current of the neuron of a run, at its end, or those at which a model is to be drawn, (k,)."""
    if not isinstance(run, Run):
        given = plain("current", 0.0 if current is None else current, run.units.get("current", "uA/cm^2"))
        return _check.numbers("current", given).ravel()
    amplitude, waveform = amplitude_of(run, current), run.current if current is None else current
    if amplitude is None and isinstance(waveform, Current):
        amplitude = np.ravel(waveform(run.end))
    amplitude = np.ravel(np.asarray(amplitude))
    return amplitude[[neuron if amplitude.size > 1 else 0]]


def _plane(
    ax: Any, model: Model, current: Any, window: Any, found: Portrait | None, path: np.ndarray | None, label: str
) -> Any:
    """Draw the phase plane of one neuron, with its portrait and a path (2, k) where they are given."""
    extent = [part for part in (None if found is None else found.extent(), path) if part is not None]
    _nullclines(ax, model, current, ends_of_axes(window, np.concatenate([np.empty((2, 0)), *extent], axis=1)))
    if found is not None:
        _draw(ax, found)
    if path is not None:
        ax.plot(*path, color="black", linewidth=0.9, label=label)
        ax.plot(*path[:, :1], "o", color="black", markersize=3.5)
    x, y = (labelled(name, model.units.get(name, "")) for name in model.states)
    ax.set(xlabel=x, ylabel=y)
    style: dict[str, Any] = {"frameon": False, "fontsize": "small", "ncols": 3, "handlelength": 2.2}
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), **style)
    return ax


def _panels(model: Model, currents: np.ndarray, window: Any, unit: str) -> Figure:
    """A figure with the phase planes of one neuron at some currents, side by side, in one window."""
    found = [portrait_of(model, current) for current in currents]
    shown = ends_of_axes(window, np.concatenate([one.extent() for one in found], axis=1))
    columns = 2 if len(found) == 4 else min(len(found), 3)
    rows = -(-len(found) // columns)
    size = (0.4 + 2.3 * columns, 0.8 + 2.0 * rows)
    figure, axes = pyplot().subplots(
        rows, columns, figsize=size, layout="constrained", dpi=200, sharex=True, sharey=True, squeeze=False
    )
    figure.draw_without_rendering()  # only then are the axes as large as they will be
    entries: dict[str, Any] = {}
    for place, (ax, one, current) in enumerate(zip(axes.flat, found, currents, strict=False)):
        tidy(ax)
        _nullclines(ax, model, current, shown)
        _draw(ax, one)
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


def _nullclines(ax: Any, model: Model, current: Any, window: np.ndarray) -> None:
    """Draw the nullclines and the directions of one neuron into a window, ((low, high), (low, high))."""
    names = list(model.states)
    (left, right), (bottom, top) = window
    across, up = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
    for change, name, colour, style in zip(
        field(model, current, across, up), names, (VERMILION, BLUE), ("--", "-."), strict=True
    ):
        ax.contour(across, up, change, levels=[0], colors=colour, linestyles=style, linewidths=1.2)
        ax.plot([], [], color=colour, linestyle=style, linewidth=1.2, label=f"d{name}/dt = 0")
    across, up = np.linspace(left, right, 2 * ARROWS[0] + 1)[1::2], np.linspace(bottom, top, 2 * ARROWS[1] + 1)[1::2]
    box = ax.get_window_extent()
    changes = field(model, current, across, up)
    x, y = (
        change / np.ptp(ends) * length
        for change, ends, length in zip(changes, window, (box.width, box.height), strict=True)
    )
    size = np.hypot(x, y)
    size[size == 0] = 1.0
    ax.set(xlim=window[0], ylim=window[1])
    ax.quiver(across, up, x / size, y / size, color=LIGHT, pivot="mid", scale=26, width=0.0035, headwidth=4, zorder=0.5)


def _draw(ax: Any, found: Portrait) -> None:
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
