"""A circuit: the voltages of its cells, and who acts on whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._engine.run import Run
from .._figures import (
    COLOURS,
    GREY,
    SIZE,
    STYLES,
    axes,
    by_name,
    check_axes,
    legend_below,
    pyplot,
    styled,
    tidy,
    turn,
)
from ..models import Circuit
from ._graph import draw_graph
from ._runs import named, rows_of, show_all_of
from .traces import BAR, stack

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VOLTAGE = "voltage"  # by which the lines are found again


def circuit(
    run: Run | Circuit,
    neuron: int = 0,
    ax: Axes | tuple[Axes, Axes] | None = None,
    graph: bool | None = None,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Axes | Figure:
    """The voltages of a circuit's cells above each other, with thresholds and spikes; or who acts on whom; or both.

    In the graph a synapse that inhibits (whose reversal potential is below the threshold of the cell that it reaches)
    ends in a circle, one that excites in a triangle, a gap junction is a resistor; numbers are weights.

    Parameters
    ----------
    run : Run or Circuit
        What ``simulate(circuit, ..., record=("A.V", "B.V"))`` returned; or the circuit, of which the graph is drawn.
    neuron : int, default 0
        Which circuit, by its index in the population.
    ax : matplotlib Axes, or two of them, optional
        Where to draw; with the graph beside voltages, those of the graph and of the voltages.
    graph : bool, optional
        Whether to draw the graph: by default of a circuit, not of a run.
    color : matplotlib color or dict, optional
        Of the voltages: one, or by the name of the cell; of a circuit, one for all of it.
    label : str, optional
        What the legend calls the voltages.
    **style
        Of the voltages, or of a circuit's links: any property of a matplotlib ``Line2D``.

    Returns
    -------
    matplotlib Axes, or Figure where there are two

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> pair = fn.Circuit.half_centre()
    >>> start = {"A.V": 20.0, "B.V": -40.0}
    >>> run = fn.simulate(pair, 4000.0, dt=0.1, current=0.8, initial=start, record=("A.V", "B.V"), every=10)
    >>> ax = plot.circuit(run, color={"A": "C3"})
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['A', 'B']
    >>> len(plot.circuit(run, graph=True).axes)
    2
    >>> graph = plot.circuit(pair)
    """
    model = run.model if isinstance(run, Run) else run
    if not isinstance(model, Circuit):
        raise TypeError(f"run must be a Circuit, or a Run of one; got {_check.shown(run)}")
    neuron = _check.whole("neuron", neuron, 0, model.size - 1 if model.size > 1 else None)
    if graph is not None:
        _check.flag("graph", graph)
    if not isinstance(run, Run):
        check_axes(ax)
        drawn = styled("line", style, {"color": "black", "linewidth": 1.2}, color)
        ax = axes(ax)  # type: ignore[arg-type]
        draw_graph(ax, model, neuron, drawn)
        return ax
    check_axes(ax, 2 if graph else 1)
    voltages = _voltages(run, model, neuron)
    colours = by_name("color", color, model.cells)
    there: Any = ax[1] if graph and ax is not None else ax  # type: ignore[index]
    before = 0 if there is None else sum(line.get_gid() == VOLTAGE for line in there.lines) // len(voltages)
    usual = {"color": turn(("black", *COLOURS), before), "linestyle": turn(STYLES, before), "linewidth": 0.9}
    drawn_by_cell = [styled("line", style, usual, colours[cell]) | {"gid": VOLTAGE} for cell in voltages]
    drawn_by_cell[0] |= {} if label is None else {"label": label}
    places = None
    if graph:
        places, there = _new_axes() if ax is None else tuple(ax)  # type: ignore[arg-type]
        draw_graph(places, model, neuron, {"color": "black", "linewidth": 1.2})
    there = axes(there)
    _draw_voltages(there, run, neuron, voltages, drawn_by_cell)
    return there if places is None else places.figure.figure


def _new_axes() -> Any:
    shape: dict[str, Any] = {"figsize": (1.6 * SIZE[0], SIZE[1]), "width_ratios": [1, 2.2], "layout": "constrained"}
    _, both = pyplot().subplots(1, 2, dpi=200, **shape)
    for ax in both:
        tidy(ax)
    return both


def _voltages(run: Run, model: Circuit, neuron: int) -> dict[str, tuple[str, np.ndarray]]:
    """The name and the samples of each voltage that was recorded, by cell."""
    states = {cell: f"{cell}.{next(iter(kind.states))}" for cell, kind in model.cells.items()}
    recorded = [cell for cell, state in states.items() if state in run.traces]
    for cell in recorded or list(states)[:1]:
        row = rows_of(run, states[cell], [neuron], 1)[0]  # which says what is missing
    return {cell: (states[cell], np.asarray(run[states[cell]][row])) for cell in recorded}


def _draw_voltages(
    ax: Any, run: Run, neuron: int, voltages: Mapping[str, tuple[str, np.ndarray]], drawn: list[dict[str, Any]]
) -> None:
    """The voltages of the cells in a stack, their thresholds, and marks at their spikes above."""
    samples = np.stack([values for _, values in voltages.values()])
    again = any(line.get_label() == BAR for line in ax.lines)
    states = [state for state, _ in voltages.values()]
    apart = stack(ax, run.time, samples, list(voltages), run.units.get(states[0], ""), drawn)
    known = samples[np.isfinite(samples)]
    top = (known.max() if known.size else 0.0) + 0.06 * apart
    for place, (state, look) in enumerate(zip(states, drawn, strict=True)):
        level, own = _threshold(run, state, neuron) + place * apart, {"label": None if place or again else "threshold"}
        ax.plot([run.begin, run.end], [level, level], ":", color=GREY, linewidth=0.8, zorder=1, **own)
        if run.spike_times and state in run.spikes.states:
            mine = run.spikes[state]
            time = mine.time[mine.neuron == neuron]
            mark: dict[str, Any] = {"marker": "|", "markersize": 4, "linestyle": "none", "color": look["color"]}
            own = {"label": None if place or again else "spike"}
            ax.plot(time, np.full(time.size, top + place * apart), **mark, **own)
    show_all_of(ax, run, again)
    ax.set_ylim(ax.get_ylim()[0], max(ax.get_ylim()[1], top + (len(states) - 0.9) * apart))
    ax.set(xlabel=named(run, "Time", "time", "ms"), ylabel="V, by cell")
    legend_below(ax)


def _threshold(run: Run, state: str, neuron: int) -> float:
    """Where the spikes of a state are counted, NaN where they are not."""
    level = run.threshold.get(state, np.nan) if isinstance(run.threshold, Mapping) else run.threshold
    level = np.ravel(level)
    return float(level[neuron if level.size > 1 else 0])
