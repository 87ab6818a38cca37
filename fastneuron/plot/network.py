"""The raster of a network above its rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._engine.network_run import NetworkRun
from .._figures import SIZE, STYLES, by_name, check_axes, entry, legend_below, pyplot, styled, tidy, turn
from ._runs import NICE_LENGTHS
from .raster import colours_of, raster

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def network(
    run: NetworkRun,
    bin_width: float | None = None,
    neurons: int = 200,
    ax: tuple[Axes, Axes] | None = None,
    *,
    color: Any = None,
    label: Any = None,
    **style: Any,
) -> Figure:
    """The raster of a network by population, sources too in grey, and below it their mean rates in time.

    Parameters
    ----------
    run : NetworkRun
        What `simulate` returned.
    bin_width : float, optional
        In which spikes are counted, ms; about a hundredth of the run by default.
    neurons : int, default 200
        The most rows to draw; of a larger network, as many evenly spaced neurons, and the figure says so.
    ax : (Axes, Axes), optional
        Where to draw the raster and the rates; a new figure by default.
    color : matplotlib color or dict, optional
        One for all, or by the name of the population or source.
    label : str or dict, optional
        What the legend says behind all names, or in the place of some, by name.
    **style
        Of the marks of spikes: any property of a matplotlib ``Line2D``.

    Returns
    -------
    matplotlib Figure
        Its last two axes are those of the raster and of the rates.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> cells = fn.Population(fn.MorrisLecar.hopf(), 40, current=np.linspace(80, 130, 40))
    >>> figure = plot.network(fn.simulate(fn.Network({"cells": cells}), duration=500.0), color={"cells": "black"})
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['', 'Rate (Hz)']
    """
    if not isinstance(run, NetworkRun):
        raise TypeError(f"run must be a NetworkRun; got {_check.shown(run)}; of a population, see raster")
    wanted = "a positive number of ms"
    width = _bin_width(run) if bin_width is None else _check.number("bin_width", bin_width, wanted, lambda x: x > 0)
    check_axes(ax, 2)
    colours, said = colours_of(run, by_name("color", color, run)), by_name("label", label, run)
    names = {name: said[name] or name if isinstance(label, Mapping) else entry(name, label) for name in run}
    dashes = {name: turn(STYLES, k) for k, name in enumerate(run.populations)}
    dashes |= {name: turn(STYLES[:1:-1], k) for k, name in enumerate(run.sources)}  # from the dotted ones on
    edges = np.append(np.arange(run.begin, run.end, width), run.end)
    rates = {
        name: 1000.0 * np.histogram(part.spikes.time, edges)[0] / (part.n * np.diff(edges))
        for name, part in run.items()
    }
    for name in run:
        styled("line", style, {}, colours[name])
    top, bottom = _new_axes(len(run)) if ax is None else ax
    for name, rate in rates.items():
        looks: dict[str, Any] = {"color": colours[name], "linestyle": dashes[name], "linewidth": 1.1}
        bottom.stairs(rate, edges, baseline=None, label=names[name], **looks)
    bottom.set(xlabel=f"Time (ms); rates in bins of {width:g} ms", ylabel="Rate (Hz)", ylim=(0, None))
    legend_below(bottom)  # after which the raster has the height to which marks and names are made
    raster(run, top, neurons, color=colours, **style)
    top.set_xlabel("")
    return bottom.figure.figure


def _new_axes(parts: int) -> Any:
    """Those of a new figure, of a raster with so many parts and of rates."""
    size = (SIZE[0], SIZE[1] + 0.3 * max(parts - 6, 0))  # names have room
    shape: dict[str, Any] = {"figsize": size, "height_ratios": [2.4, 1], "layout": "constrained", "dpi": 200}
    _, both = pyplot().subplots(2, 1, sharex=True, **shape)
    for ax in both:
        tidy(ax)
    return both


def _bin_width(run: NetworkRun) -> float:
    return float(NICE_LENGTHS[np.searchsorted(NICE_LENGTHS, run.duration / 100, side="right") - 1])
