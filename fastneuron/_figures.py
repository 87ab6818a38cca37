"""What all figures share: their axes, colours, and how spikes are drawn (needs matplotlib).

Colours are Okabe and Ito's, which the colour-blind can tell apart.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#666666"
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of populations, in their order


def pyplot() -> Any:
    """The library, or what to install."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("fastneuron.plot needs matplotlib: pip install matplotlib") from None
    return pyplot


def axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes that are given, or those of a new figure of this size, inches."""
    if ax is not None:
        return ax
    _, ax = pyplot().subplots(figsize=size, layout="constrained", dpi=200)
    tidy(ax)
    return ax


def tidy(ax: Any) -> None:
    """No frame where there is no axis."""
    ax.spines[["top", "right"]].set_visible(False)


def evenly(n: int, most: int) -> np.ndarray:
    """At most so many of n indices, the first and the last among them."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)


def draw_spikes(ax: Any, time: np.ndarray, y: np.ndarray, row: float, colour: str) -> None:
    """Spikes in rows that are this part of the height of the axes."""
    points = 72 * ax.get_window_extent().height / ax.get_figure(root=True).dpi * row
    ax.plot(
        time,
        y,
        linestyle="none",
        marker="|",
        markersize=float(np.clip(0.8 * points, 1.0, 12.0)),
        markeredgewidth=0.7,
        color=colour,
        rasterized=time.size > 20_000,
    )


def draw_spikes_by_state(ax: Any, spikes: Any, neurons: np.ndarray) -> None:
    """The spikes of some neurons, in black; where several states spike, each in a colour, which a legend tells."""
    several = len(spikes.states) > 1
    for colour, state in zip(itertools.cycle(COLOURS) if several else ["black"], spikes.states, strict=False):
        mine = spikes[state]
        kept = np.isin(mine.neuron, neurons)
        draw_spikes(ax, mine.time[kept], mine.neuron[kept], 1 / neurons.size, colour)
    if several:
        lines, place = ax.lines[-len(spikes.states) :], {"loc": "lower left", "bbox_to_anchor": (0, 1)}
        ax.legend(lines, spikes.states, frameon=False, fontsize="small", ncols=4, **place)


def say_how_many(ax: Any, shown: int, n: int) -> None:
    """Above the axes, where some stand for all."""
    if shown < n:
        ax.set_title(f"{shown:,} of {n:,} neurons, evenly spaced", fontsize="small", color=GREY, loc="right")


def labelled(name: str, unit: str) -> str:
    """A quantity with its unit, as an axis says it: without one where it has no dimension."""
    return f"{name} ({unit})" if unit not in ("", "1") else name
