"""What all figures share: their axes, colours, styles and legends (needs matplotlib).

Colours are Okabe and Ito's, which the colour-blind can tell apart; a line style or a marker goes with each, for print.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _check

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (4.0, 3.0)  # inches
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#666666"
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of populations, in their order
STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (3, 3)))  # in the same order
MARKERS = (".", "x", "^", "+", "s", "v")
GAP = 3.0  # points between what stands at an axis and the legend below
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LEGEND: dict[str, Any] = {
    "frameon": False,
    "fontsize": 7.5,
    "handlelength": 2.2,
    "handletextpad": 0.5,
    "columnspacing": 1.2,
    "labelspacing": 0.3,
}


def pyplot() -> Any:
    """The library, or what to install."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("fastneuron.plot needs matplotlib: pip install matplotlib") from None
    return pyplot


def turn(of: Sequence[Any], number: int) -> Any:
    """The one whose turn it is; styles and marks go with other colours the second time round."""
    return of[(number + (number // len(of) if of in (STYLES, MARKERS) else 0)) % len(of)]


# axes -----------------------------------------------------------------------------------------------------------------


def whole_ticks(axis: Any, **more: Any) -> None:
    """Ticks at whole numbers, unless the axis is logarithmic or somebody has put its ticks elsewhere."""
    from matplotlib.ticker import MaxNLocator

    if isinstance(locator := axis.get_major_locator(), MaxNLocator):
        locator.set_params(integer=True, **more)


def limit(ax: Axes, which: str, low: float, high: float) -> None:
    """Set the limits of the axis "x" or "y"; a logarithmic one keeps its lower limit for one of 0 or less."""
    is_kept = low <= 0 and getattr(ax, f"get_{which}scale")() == "log"
    ax.set(**{f"{which}lim": (None if is_kept else low, high)})


def axes(ax: Axes | None, size: tuple[float, float] = SIZE) -> Axes:
    """The axes that are given, or those of a new figure of this size, inches."""
    if ax is not None:
        return ax
    _, ax = pyplot().subplots(figsize=size, layout="constrained", dpi=200)
    tidy(ax)
    return ax


def check_axes(ax: Any, count: int = 1) -> None:
    """TypeError where what is given is neither None nor so many matplotlib Axes."""
    pyplot()
    from matplotlib.axes import Axes

    given = [ax] if count == 1 else list(ax) if isinstance(ax, Iterable) else [ax]
    if ax is not None and (len(given) != count or not all(isinstance(one, Axes) for one in given)):
        wanted = "matplotlib Axes" if count == 1 else f"{count} matplotlib Axes"
        raise TypeError(f"ax must be {wanted}; got {_check.shown(ax)}")


def tidy(ax: Any) -> None:
    """No frame where there is no axis."""
    ax.spines[["top", "right"]].set_visible(False)


def labelled(name: str, unit: str) -> str:
    """A quantity with its unit, as an axis says it: without one where it has no dimension."""
    return f"{name} ({typeset(unit)})" if unit not in ("", "1") else name


def typeset(unit: str) -> str:
    """A unit as it is printed: "uA/cm^2" is "µA/cm²"."""
    raised = re.sub(r"\^(-?\d+)", lambda power: power[1].translate(RAISED), unit)
    return re.sub(r"\bu(?=[A-Za-z])", "µ", raised)


def evenly(n: int, most: int) -> np.ndarray:
    """At most so many of n indices, the first and the last among them."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)


def how_many(label: str, shown: int, n: int, what: str = "") -> str:
    """The label of an axis; where some neurons stand for all, it says how many of what."""
    return f"{label}\n{shown:,} of {n:,} {what}".rstrip() if shown < n else label


# styles ---------------------------------------------------------------------------------------------------------------


def styled(
    kind: str, given: Mapping[str, Any], usual: Mapping[str, Any], color: Any = None, label: str | None = None
) -> dict[str, Any]:
    """The properties of what is to be drawn, of a kind "line", "lines" or "patch": what is given, or else is usual.

    An artist is made of them and thrown away: so what matplotlib refuses is refused before there is a figure.
    """
    pyplot()
    from matplotlib import cbook, collections, lines, patches

    kinds: dict[str, tuple[Any, ...]] = {
        "line": (lines.Line2D, [], []),
        "lines": (collections.LineCollection, []),
        "patch": (patches.Polygon, [[0.0, 0.0]]),
    }
    artist, *empty = kinds[kind]
    named = {name: value for name, value in (("color", color), ("label", label)) if value is not None}
    found = {**usual, **cbook.normalize_kwargs(dict(given), artist), **named}
    artist(*empty, **found)
    return found


def by_name(argument: str, given: Any, names: Iterable[Any]) -> dict[Any, Any]:
    """What is given for each of these names: by name in a dict, or one for all; None for what is not said."""
    names = list(names)
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, given)
    for name in given:
        _check.known(f"a name in {argument}", str(name), map(str, names))
    return {name: given.get(name) for name in names}


def entry(name: str, label: str | None) -> str:
    """What a legend calls one of several things: its name, and what the caller calls all of them."""
    return name if label is None else f"{name}, {label}"


def legend_below(ax: Any, most: int = 4) -> None:
    """A legend below the axes, where neither data nor titles are, in as many columns as there is room for."""
    from matplotlib.transforms import ScaledTranslation

    entries = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    if not entries:
        return
    if ax.figure.figure.get_layout_engine() is not None:
        ax.figure.figure.draw_without_rendering()  # only then are the axes as wide as they will be
    below, beside = ax.xaxis.get_tightbbox(), ax.yaxis.get_tightbbox()
    depth = (ax.bbox.y0 - below.y0 if below else 0.0) * 72 / ax.figure.dpi  # points: whatever the axes' size
    shift = ax.transAxes + ScaledTranslation(0, -(depth + GAP) / 72, ax.figure.dpi_scale_trans)
    room = ax.bbox.x1 - min(ax.bbox.x0, beside.x0 if beside else np.inf)
    for columns in range(min(most, len(entries)), 0, -1):
        legend = ax.legend(entries.values(), entries, ncols=columns, borderaxespad=0.0, **LEGEND)
        width = legend.get_window_extent().width
        if width <= room:
            break
    central = width <= ax.bbox.width  # else it begins below the numbers of the other axis
    legend.set_loc("upper center" if central else "upper right")
    legend.set_bbox_to_anchor((0.5 if central else 1.0, 0.0), shift)
