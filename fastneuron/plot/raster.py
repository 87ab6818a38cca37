"""The raster: which neuron spiked when."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check, _figures
from .._engine.network_run import NetworkRun
from .._engine.run import Run
from .._figures import COLOURS, GREY, axes, draw_spikes, evenly, say_how_many
from ._axes import named, show_all_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def raster(run: Run | NetworkRun, ax: Axes | None = None, neurons: int = 100) -> Axes:
    """Spike times, one row per neuron, each state that spikes in a colour; of a network, by population as `network`.

    Parameters
    ----------
    run : Run or NetworkRun
        What `simulate` returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    neurons : int, default 100
        The most rows to draw; of a larger population, as many evenly spaced neurons, and the figure says so.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=np.linspace(80, 130, 400))
    >>> ax = plot.raster(run)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Time (ms)', 'Neuron')
    """
    ax = axes(ax, (5.0, 3.2))
    most = _check.whole("neurons", neurons, 1)
    if isinstance(run, NetworkRun):
        return _raster_by_population(run, ax, most)
    shown = evenly(run.n, most)
    _figures.draw_spikes_by_state(ax, run.spikes, shown)
    ax.yaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # type: ignore[call-arg]
    ax.yaxis.set_major_formatter("{x:,.0f}")
    margin = 0.7 * run.n / shown.size
    ax.set_ylim(-margin, run.n - 1 + margin)
    show_all_of(ax, run)
    ax.set(xlabel=named(run, "Time", "time", "ms"), ylabel="Neuron")
    say_how_many(ax, shown.size, run.n)
    return ax


def _raster_by_population(run: NetworkRun, ax: Any, most: int) -> Any:
    """Populations above each other, the first below; the small ones have room for their names."""
    sizes = np.array([part.n for part in run.values()])
    heights = np.maximum(sizes / sizes.sum(), min(0.12, 0.7 / sizes.size))
    tops = np.cumsum(heights / heights.sum())
    rows = 0
    for colour, part, low, top in zip(itertools.cycle(COLOURS), run.values(), [0.0, *tops], tops, strict=False):
        shown = evenly(part.n, max(int(most * (top - low)), 1))
        rank = np.searchsorted(shown, part.spikes.neuron)
        kept = shown[np.minimum(rank, shown.size - 1)] == part.spikes.neuron
        row = (top - low) / shown.size
        draw_spikes(ax, part.spikes.time[kept], low + (rank[kept] + 0.5) * row, row, colour)
        rows += shown.size
        if low:
            ax.axhline(low, color=GREY, linewidth=0.4)
    ax.set_yticks((tops + np.append(0.0, tops[:-1])) / 2, list(run))
    ax.tick_params(axis="y", length=0)
    for colour, label in zip(itertools.cycle(COLOURS), ax.get_yticklabels(), strict=False):
        label.set_color(colour)
    ax.set_ylim(0, 1)
    show_all_of(ax, run)
    ax.set_xlabel("Time (ms)")
    say_how_many(ax, rows, int(sizes.sum()))
    return ax
