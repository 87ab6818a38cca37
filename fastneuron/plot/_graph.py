"""The graph of a circuit: cells, and what passes between them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .._figures import GREY, labelled, legend_below
from ..couplings import GapJunction, Graded
from ..models import Circuit

BEND = 0.22  # of the distance of two cells, between links of the same two
ZIGZAG = np.array([0.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 0.0])
RESISTOR = {"marker": [*zip(np.arange(ZIGZAG.size) - 3.5, 1.3 * ZIGZAG, strict=True)], "fillstyle": "none", "ms": 14}
END_MARKS = {"inhibition": "o", "excitation": "triangle", "": "arrow"}


class Link(NamedTuple):
    """A coupling in one direction, or a gap junction."""

    pre: int
    post: int
    name: str  # what the legend says
    end: str  # of END_MARKS; "gap junction" has none
    dashes: str
    weight: float
    unit: str


def draw_graph(ax: Any, model: Circuit, neuron: int, drawn: Mapping[str, Any]) -> None:
    """Cells in a ring, with their links; `drawn` are the properties of the links."""
    cells = list(model.cells)
    lying = len(cells) == 2 and ax.bbox.width > ax.bbox.height
    angle = (np.pi if lying else np.pi / 2) - 2 * np.pi * np.arange(len(cells)) / len(cells)
    places = np.column_stack([np.cos(angle), np.sin(angle)]) * (len(cells) > 1)
    radius = min(0.3, 0.55 * np.sin(np.pi / max(len(cells), 2)))
    links = _links(model, neuron)
    by_pair: dict[tuple[int, ...], list[Link]] = {}
    for link in links:
        by_pair.setdefault(tuple(sorted((link.pre, link.post))), []).append(link)
    for (low, high), group in by_pair.items():
        for number, link in enumerate(group):
            if low == high:
                path = _loop(places[low], radius, number)
            else:
                path = _curve(places[low], places[high], radius, BEND * (number - (len(group) - 1) / 2))
            _draw_link(ax, path if link.pre == low else path[::-1], link, drawn)
    for name, place in zip(cells, places, strict=True):
        _draw_cell(ax, name, place, radius, drawn["color"])
    _add_legend(ax, links, drawn)


def _links(model: Circuit, neuron: int) -> list[Link]:
    """What passes from whom to whom in one circuit of a population."""

    def one(value: Any) -> float:
        values = np.ravel(value)
        return float(values[neuron if values.size > 1 else 0])

    cells, found = list(model.cells), []
    for coupling in model.couplings:
        ends = cells.index(coupling.pre), cells.index(coupling.post)
        weight, kind = one(coupling.weight), coupling.kind
        both = coupling.symmetric and not isinstance(kind, GapJunction)
        for pre, post in [ends, ends[::-1]][: 1 + both]:
            end = ""
            if "E" in kind.names:
                threshold = np.ravel(model.cells[cells[post]].thresholds)[0]
                end = "inhibition" if one(getattr(kind, "E")) < threshold else "excitation"  # noqa: B009
            if isinstance(kind, GapJunction):
                name, end = "gap junction" if coupling.symmetric else "gap junction, one way", "gap junction"
            elif isinstance(kind, Graded):
                name = f"graded {end}"
            else:
                name = f"{end} by {kind.reads}" if end and kind.reads else end or type(kind).__name__
            dashes = "--" if kind.reads else "-"
            found.append(Link(pre, post, name, end, dashes, weight, kind.weight_units))
    return found


# shapes ---------------------------------------------------------------------------------------------------------------


def _curve(begin: np.ndarray, end: np.ndarray, radius: float, bend: float) -> np.ndarray:
    """A path (k, 2) from the rim of one cell to that of another, bent to its left."""
    along = end - begin
    middle = (begin + end) / 2 + 2 * bend * np.array([-along[1], along[0]])
    t = np.linspace(0, 1, 400)[:, np.newaxis]
    path = (1 - t) ** 2 * begin + 2 * t * (1 - t) * middle + t**2 * end
    apart = np.minimum(*(np.hypot(*(path - place).T) for place in (begin, end)))
    return path[apart > 1.25 * radius]


def _loop(place: np.ndarray, radius: float, number: int) -> np.ndarray:
    """A path (k, 2) from a cell outwards and back to itself."""
    outwards = np.arctan2(place[1], place[0]) if np.hypot(*place) else np.pi / 2
    size = radius * (0.75 + 0.35 * number)
    centre = place + (radius + 0.75 * size) * np.array([np.cos(outwards), np.sin(outwards)])
    angle = outwards + np.pi + np.linspace(0, 2 * np.pi, 400)
    path = centre + size * np.column_stack([np.cos(angle), np.sin(angle)])
    return path[np.hypot(*(path - place).T) > 1.25 * radius]


def _with_resistor(path: np.ndarray, size: float) -> np.ndarray:
    """A path with a zigzag in its middle."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = length[-1] / 2 + np.linspace(-1.5, 1.5, ZIGZAG.size) * size
    inside = np.column_stack([np.interp(at, length, x) for x in path.T])
    along = inside[-1] - inside[0]
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    zigzag = inside + size * ZIGZAG[:, np.newaxis] * across
    return np.concatenate([path[length < at[0]], zigzag, path[length > at[-1]]])


# drawing --------------------------------------------------------------------------------------------------------------


def _draw_link(ax: Any, path: np.ndarray, link: Link, drawn: Mapping[str, Any]) -> None:
    """A line with a mark at its end and its weight beside it."""
    look = {"linestyle": link.dashes, "solid_capstyle": "butt"} | dict(drawn)
    line = _with_resistor(path, 0.07) if link.end == "gap junction" else path
    ax.plot(*line.T, **look, zorder=1)
    along = path[-1] - path[-8]
    if link.end in END_MARKS:
        ax.plot(*path[-1], **_mark(link.end, np.degrees(np.arctan2(along[1], along[0])), drawn["color"]), zorder=3)
    middle, across = path[len(path) // 2], path[len(path) // 2 + 5] - path[len(path) // 2 - 5]
    normal = np.array([-across[1], across[0]]) / np.hypot(*across)
    bulge = normal @ (middle - (path[0] + path[-1]) / 2)  # a number stands outside of its curve
    outside = (np.sign(bulge if abs(bulge) > 1e-9 else normal @ middle) or 1.0) * normal
    spot = middle + (0.14 if link.end == "gap junction" else 0.06) * outside
    across_text = "left" if outside[0] > 0.3 else "right" if outside[0] < -0.3 else "center"
    up_text = "bottom" if outside[1] > 0.3 else "top" if outside[1] < -0.3 else "center"
    ax.text(*spot, f"{link.weight:g}", ha=across_text, va=up_text, fontsize="small", color=GREY)


def _mark(end: str, angle: float, color: Any) -> dict[str, Any]:
    """The mark at the end of a link that comes in at an angle, degrees."""
    usual: dict[str, Any] = {"color": color, "linestyle": "none", "markersize": 6}
    if END_MARKS[end] == "o":
        return usual | {"marker": "o"}
    full = {} if end == "excitation" else {"markerfacecolor": "white"}
    return usual | {"marker": (3, 0, angle - 90), "markersize": 8} | full


def _draw_cell(ax: Any, name: str, place: np.ndarray, radius: float, color: Any) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(Circle(tuple(place), radius, facecolor="white", edgecolor=color, linewidth=1.2, zorder=2))
    ax.text(*place, name, ha="center", va="center", zorder=4, fontsize="medium" if len(name) < 4 else "small")


def _add_legend(ax: Any, links: list[Link], drawn: Mapping[str, Any]) -> None:
    """What the ends of links mean; no axes, as there is nothing to measure."""
    for name, group in itertools.groupby(sorted(links, key=lambda link: link.name), lambda link: link.name):
        link = next(group)
        mark = _mark(link.end, 0.0, drawn["color"]) if link.end in END_MARKS else RESISTOR
        look = dict(drawn) | mark | {"linestyle": link.dashes if link.end in END_MARKS else "none"}
        ax.plot([], [], **look, label=labelled(name, link.unit))
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.12)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    legend_below(ax, 2)
