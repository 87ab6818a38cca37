"""The raster of a network above its rates."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from .. import _check
from .._engine.network_run import NetworkRun
from .._figures import COLOURS, GREY, pyplot, tidy
from ._axes import NICE_LENGTHS
from .raster import raster

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def network(run: NetworkRun, bin_width: float | None = None, neurons: int = 200) -> Figure:
    """The raster of a network by population, sources too, and below it their mean rates in time.

    Parameters
    ----------
    run : NetworkRun
        What `simulate` returned.
    bin_width : float, optional
        In which spikes are counted, ms; about a hundredth of the run by default.
    neurons : int, default 200
        The most rows to draw; of a larger network, as many evenly spaced neurons, and the figure says so.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> cells = fn.Population(fn.MorrisLecar.hopf(), 40, current=np.linspace(80, 130, 40))
    >>> figure = plot.network(fn.simulate(fn.Network({"cells": cells}), duration=500.0))
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['', 'Rate (Hz)']
    """
    if not isinstance(run, NetworkRun):
        raise TypeError(f"run must be a NetworkRun; got {_check.shown(run)}; of a population, see raster")
    wanted = "a positive number of ms"
    width = _bin_width(run) if bin_width is None else _check.number("bin_width", bin_width, wanted, lambda x: x > 0)
    figure, (top, bottom) = pyplot().subplots(
        2, 1, figsize=(4.0, 3.0), height_ratios=[2.4, 1], layout="constrained", dpi=200, sharex=True
    )
    for ax in (top, bottom):
        tidy(ax)
    figure.draw_without_rendering()  # only then are the axes as high as they will be
    raster(run, top, neurons)
    top.set_xlabel("")
    edges = np.append(np.arange(run.begin, run.end, width), run.end)
    for colour, part in zip(itertools.cycle(COLOURS), run.values(), strict=False):
        count, _ = np.histogram(part.spikes.time, edges)
        bottom.stairs(1000.0 * count / (part.n * np.diff(edges)), edges, baseline=None, color=colour, linewidth=0.9)
    bottom.set(xlabel="Time (ms)", ylabel="Rate (Hz)", ylim=(0, None))
    bottom.set_title(f"in bins of {width:g} ms", fontsize="small", color=GREY, loc="right", pad=2)
    return figure


def _bin_width(run: NetworkRun) -> float:
    return float(NICE_LENGTHS[np.searchsorted(NICE_LENGTHS, run.duration / 100, side="right") - 1])
