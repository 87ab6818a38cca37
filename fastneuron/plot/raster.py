"""The raster: which neuron spiked when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._engine.network_run import NetworkRun, SourceRun
from .._engine.run import Run
from .._figures import (
    COLOURS,
    GREY,
    axes,
    by_name,
    check_axes,
    entry,
    evenly,
    how_many,
    legend_below,
    limit,
    styled,
    turn,
    whole_ticks,
)
from ._runs import check_run, named, show_all_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = ("|", "x", ".", "^", "+", "s")  # of states that spike, in their order
LEAST_BAND = 0.12  # of the height: a population that is small has room for its name
SMALLEST = 6.0  # letters, points
MANY = 20_000  # spikes: an image in a vector graphic


def raster(
    run: Run | NetworkRun | SourceRun,
    ax: Axes | None = None,
    neurons: int = 100,
    *,
    color: Any = None,
    label: Any = None,
    **style: Any,
) -> Axes:
    """Spike times, one row per neuron; each state that spikes by a mark of its own; of a network, by population.

    Parameters
    ----------
    run : Run, NetworkRun or SourceRun
        What `simulate` returned, or a part of it.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    neurons : int, default 100
        The most rows to draw; of a larger population, as many evenly spaced neurons, and the figure says so.
    color : matplotlib color or dict, optional
        One for all, or by the name of a state that spikes or of a population.
    label : str or dict, optional
        What a legend calls the spikes, likewise.
    **style
        Of the marks: any property of a matplotlib ``Line2D``, such as `marker`, `markersize`, `alpha`.

    Returns
    -------
    matplotlib Axes

    See Also
    --------
    network : with the rates of populations below

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=np.linspace(80, 130, 400))
    >>> ax = plot.raster(run)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Time (ms)', 'Neuron\\n100 of 400')
    """
    most = _check.whole("neurons", neurons, 1)
    check_run(run, Run, NetworkRun, SourceRun)
    check_axes(ax)
    if isinstance(run, NetworkRun):
        return _by_population(run, ax, most, by_name("color", color, run), by_name("label", label, run), style)
    states, shown = run.spikes.states, evenly(run.n, most)
    several = len(states) > 1
    colours, labels = by_name("color", color, states), by_name("label", label, states)
    if several and not isinstance(label, Mapping):
        labels = {state: entry(state, label) for state in states}
    parts = [_those_of(run.spikes[state], shown) for state in states]
    before = 0 if ax is None else len(ax.lines)
    drawn = []
    for number, state in enumerate(states, before):
        usual = {
            "color": "black" if not several and not before else turn(COLOURS, number),
            "marker": turn(MARKS, number),
        }
        drawn.append(styled("line", style, usual, colours[state], labels[state]))
    ax = axes(ax)
    for (time, neuron), properties in zip(parts, drawn, strict=True):
        draw_spikes(ax, time, neuron, 1 / shown.size, properties)
    whole_ticks(ax.yaxis, min_n_ticks=1)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    margin = 0.7 * run.n / shown.size
    limit(ax, "y", -margin, run.n - 1 + margin)
    show_all_of(ax, run, bool(before))
    ax.set(xlabel=named(run, "Time", "time", "ms"), ylabel=how_many("Neuron", shown.size, run.n))
    if several:
        legend_below(ax)
    return ax


def draw_spikes(ax: Any, time: np.ndarray, y: np.ndarray, row: float, properties: Mapping[str, Any]) -> None:
    """Spikes in rows that are this part of the height of the axes."""
    points = 72 * ax.bbox.height / ax.figure.dpi * row
    usual = {"linestyle": "none", "markeredgewidth": 0.7, "rasterized": time.size > MANY}
    size = {"markersize": float(np.clip(0.8 * points, 1.0, 12.0 if properties["marker"] == "|" else 5.0))}
    ax.plot(time, y, **usual | size | dict(properties))


def colours_of(run: NetworkRun, given: Mapping[str, Any]) -> dict[str, Any]:
    """The colour of each population, and of each source, in which all are grey unless it is said."""
    usual = {name: turn(COLOURS, k) for k, name in enumerate(run.populations)} | dict.fromkeys(run.sources, GREY)
    return {name: usual[name] if given[name] is None else given[name] for name in run}


def _those_of(spikes: Any, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The times of the spikes of some neurons, and which of them it was."""
    kept = np.isin(spikes.neuron, shown)
    return spikes.time[kept], spikes.neuron[kept]


def _heights(sizes: np.ndarray) -> np.ndarray:
    """The part of the height that each population has: by its size, but for small ones, which share the rest out."""
    least = min(LEAST_BAND, 0.8 / sizes.size)
    small = np.zeros(sizes.size, bool)
    while True:
        heights = np.where(small, least, (1.0 - least * small.sum()) * sizes / sizes[~small].sum())
        if not (more := heights < least - 1e-12).any():
            return heights
        small |= more


def _by_population(
    run: NetworkRun, ax: Any, most: int, given: Mapping[str, Any], labels: Mapping[str, Any], style: Mapping[str, Any]
) -> Any:
    """Populations above each other, the first below; the small ones have room for their names."""
    colours = colours_of(run, given)
    drawn = {name: styled("line", style, {"marker": "|"}, colours[name], labels[name]) for name in run}
    sizes = np.array([part.n for part in run.values()])
    heights = _heights(sizes)
    tops = np.cumsum(heights)
    spikes = [(part.spikes.time, part.spikes.neuron) for part in run.values()]  # which may not have been kept
    before = ax is not None and bool(ax.lines)
    ax, rows = axes(ax), 0
    for (name, part), (time, neuron), low, top in zip(run.items(), spikes, [0.0, *tops], tops, strict=False):
        shown = evenly(part.n, max(int(most * (top - low)), 1))
        rank = np.searchsorted(shown, neuron)
        kept = shown[np.minimum(rank, shown.size - 1)] == neuron
        row = (top - low) / shown.size
        draw_spikes(ax, time[kept], low + (rank[kept] + 0.5) * row, row, drawn[name])
        rows += shown.size
        if low:
            ax.axhline(low, color=GREY, linewidth=0.4)
    ax.set_yticks((tops + np.append(0.0, tops[:-1])) / 2, list(run))
    ax.tick_params(axis="y", length=0)
    least = heights.min() * ax.bbox.height / ax.figure.dpi * 72  # points
    for name, tick in zip(run, ax.get_yticklabels(), strict=True):
        tick.set(color=colours[name], fontsize=np.clip(0.8 * least, SMALLEST, tick.get_fontsize()))
    ax.set_ylim(0, 1)
    show_all_of(ax, run, before)
    ax.set(xlabel="Time (ms)", ylabel=f"{rows:,} of\n{sizes.sum():,} neurons" if rows < sizes.sum() else "")
    return ax
