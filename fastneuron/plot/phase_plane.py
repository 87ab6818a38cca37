"""The phase plane of two states: nullclines, directions, and what the flow leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _check
from .._engine.run import Run
from .._figures import (
    BLUE,
    COLOURS,
    LEGEND,
    STYLES,
    VERMILION,
    axes,
    check_axes,
    entry,
    labelled,
    legend_below,
    pyplot,
    styled,
    tidy,
    turn,
    typeset,
)
from .._units import plain
from ..dynamics.arguments import some_of
from ..dynamics.plane import Portrait, ends_of_axes, field
from ..dynamics.plane import portrait as portrait_of
from ..inputs.current import Current
from ..models import Model
from ._runs import amplitude_of, rows_of

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
PATH, DIRECTIONS = "path", "directions"  # by which they are found again, in a figure that has some


def phase_plane(
    run: Run | Model,
    neuron: int = 0,
    current: npt.ArrayLike | Current | None = None,
    ax: Axes | Sequence[Axes] | None = None,
    window: tuple[tuple[float, float], tuple[float, float]] | None = None,
    portrait: bool | None = None,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
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
    ax : matplotlib Axes, or as many as there are currents, optional
        Where to draw; a new figure by default.
    window : ((float, float), (float, float)), optional
        The ends of both axes.
    portrait : bool, optional
        Whether to find fixed points, separatrices and cycles: by default of a model, not of a run.
    color : matplotlib color, optional
        Of a run the path, of a model both nullclines, which differ by their dashes.
    label : str, optional
        What the legend calls the path, or what it says behind the names of the nullclines.
    **style
        Of the path, any property of a matplotlib ``Line2D``; of a model's nullclines, of a ``LineCollection``.

    Returns
    -------
    matplotlib Axes, or Figure where there are several

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=100.0, record=("V", "N"))
    >>> ax = plot.phase_plane(run, color="C3", label="spiking")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('V (mV)', 'N')
    >>> figure = plot.phase_plane(fn.MorrisLecar.snic(), current=[30.0, 60.0])
    >>> [ax.get_title() for ax in figure.axes]
    ['30 µA/cm²', '60 µA/cm²']
    """
    if not isinstance(run, Run | Model):
        raise TypeError(f"run must be a Run or a Model; got {_check.shown(run)}")
    model = run.model if isinstance(run, Run) else run
    names = list(model.states)
    if len(names) != 2:
        raise ValueError(f"a phase plane has two states; {type(model).__name__} has {', '.join(names)}")
    neuron = _check.whole("neuron", neuron, 0, model.size - 1 if model.size > 1 else None)
    amplitude, alone = _currents_of(run, neuron, current), some_of(model, neuron)
    check_axes(ax, amplitude.size)
    if amplitude.size > 1:
        looks = _looks(alone, styled("lines", style, {}, color), label)
        return _panels(alone, amplitude, ax, window, looks)
    path, drawn, looks = None, {}, _looks(alone, {}, None)
    if isinstance(run, Run):
        row = rows_of(run, names[0], [neuron], 1)[0]
        path = np.array([run[name][row] for name in names])
        before = 0 if ax is None else sum(line.get_gid() == PATH for line in ax.lines)  # type: ignore[union-attr]
        usual = {"color": turn(("black", *COLOURS), before), "linestyle": turn(STYLES, before), "linewidth": 0.9}
        drawn = styled("line", style, usual | {"label": f"neuron {neuron:,}"}, color, label)
    else:
        looks = _looks(alone, styled("lines", style, {}, color), label)
    found = portrait_of(alone, amplitude[0]) if (path is None if portrait is None else portrait) else None
    parts = [np.empty((2, 0)), *([] if found is None else [found.extent()]), *([] if path is None else [path])]
    if ax is not None and window is None and ax.has_data():  # type: ignore[union-attr]
        parts.append(np.array([ax.get_xlim(), ax.get_ylim()]))  # type: ignore[union-attr]
    shown = ends_of_axes(window, np.concatenate(parts, axis=1))
    ax = axes(ax)  # type: ignore[arg-type]
    _nullclines(ax, alone, amplitude[0], shown, looks)
    if found is not None:
        _draw(ax, found)
    if path is not None:
        ax.plot(*path, **drawn | {"gid": PATH})
        ax.plot(*path[:, :1], "o", color=drawn["color"], markersize=3.5)
    x, y = (labelled(name, model.units.get(name, "")) for name in names)
    ax.set(xlabel=x, ylabel=y)
    legend_below(ax, 3)
    return ax


def _looks(model: Model, given: Mapping[str, Any], label: str | None) -> list[dict[str, Any]]:
    """The properties of both nullclines."""
    usual = [("--", VERMILION), ("-.", BLUE)]
    return [
        {"color": colour, "linestyle": dashes, "linewidth": 1.2, "label": entry(f"d{name}/dt = 0", label)} | dict(given)
        for name, (dashes, colour) in zip(model.states, usual, strict=True)
    ]


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


def _panels(model: Model, currents: np.ndarray, given: Any, window: Any, looks: list[dict[str, Any]]) -> Figure:
    """A figure with the phase planes of one neuron at some currents, side by side, in one window."""
    found = [portrait_of(model, current) for current in currents]
    shown = ends_of_axes(window, np.concatenate([one.extent() for one in found], axis=1))
    x, y = (labelled(name, model.units.get(name, "")) for name in model.states)
    figure, axes = _new_panels(len(found)) if given is None else (None, list(given))
    entries: dict[str, Any] = {}
    for ax, one, current in zip(axes, found, currents, strict=False):
        _nullclines(ax, model, current, shown, looks)
        _draw(ax, one)
        ax.set_title(labelled_current(current, model.units.get("current", "uA/cm^2")), fontsize="small")
        if figure is None:
            ax.set(xlabel=x, ylabel=y)
            legend_below(ax, 3)
        entries |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    if figure is None:
        return axes[0].figure.figure
    figure.supxlabel(x, fontsize="medium")
    figure.supylabel(y, fontsize="medium")
    columns = min(len(found), 3) + 1
    figure.legend(entries.values(), entries, loc="outside lower center", ncols=columns, **LEGEND)
    return figure


def _new_panels(count: int) -> tuple[Any, list[Any]]:
    """A figure and its axes, which share theirs; the lowest of each column have numbers."""
    columns = 2 if count == 4 else min(count, 3)
    rows = -(-count // columns)
    size = (0.4 + 2.3 * columns, 1.0 + 2.0 * rows)
    shared = {"sharex": True, "sharey": True, "squeeze": False, "layout": "constrained", "dpi": 200}
    figure, axes = pyplot().subplots(rows, columns, figsize=size, **shared)
    for place, ax in enumerate(axes.flat):
        tidy(ax)
        ax.tick_params(labelbottom=place + columns >= count)
    for ax in axes.flat[count:]:
        ax.remove()
    return figure, list(axes.flat[:count])


def labelled_current(current: float, unit: str) -> str:
    """The title of a panel."""
    return f"{current:g} {typeset(unit) if unit != '1' else ''}".rstrip()


# drawing --------------------------------------------------------------------------------------------------------------


def _nullclines(ax: Any, model: Model, current: Any, window: np.ndarray, looks: Sequence[Mapping[str, Any]]) -> None:
    """Draw the nullclines and the directions of one neuron into a window, ((low, high), (low, high))."""
    (left, right), (bottom, top) = window
    across, up = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
    for change, look in zip(field(model, current, across, up), looks, strict=True):
        shown = {name: value for name, value in look.items() if name not in ("label", "color")}
        ax.contour(across, up, change, levels=[0]).set(edgecolor=look["color"], **shown)
        named = {name: look[name] for name in ("color", "linestyle", "linewidth", "alpha", "label") if name in look}
        ax.plot([], [], **named)
    ax.set(xlim=window[0], ylim=window[1])
    if any(part.get_gid() == DIRECTIONS for part in ax.collections):
        return
    across, up = np.linspace(left, right, 2 * ARROWS[0] + 1)[1::2], np.linspace(bottom, top, 2 * ARROWS[1] + 1)[1::2]
    x, y = field(model, current, across, up)
    size = np.hypot(x, y)
    size[size == 0] = 1.0
    arrows: dict[str, Any] = {"pivot": "mid", "scale": 26, "width": 0.0035, "headwidth": 4, "zorder": 0.5}
    ax.quiver(across, up, x / size, y / size, angles="xy", color=LIGHT, gid=DIRECTIONS, **arrows)


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
