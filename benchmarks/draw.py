"""The figure of what `peers` stored: how many times as fast as everybody, at everything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot, ticker

WON, LOST = "#0072B2", "#D55E00"
STYLE = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False}
GROUPS = {  # tasks of one thread
    "10,000 Morris-Lecar neurons, RK4": {"model": "morris_lecar", "n": 10_000, "every": 0, "slopes": 4},
    "10,000 Hodgkin-Huxley neurons, RK4": {"model": "hodgkin_huxley", "n": 10_000, "every": 0, "slopes": 4},
    "COBAHH, RK4": {"task": "Cobahh", "against": {"method": "rk4", "dt": 0.05}},
    "COBAHH, cheapest method": {"task": "Cobahh", "against": {"method": "staggered", "dt": 0.1}},
    "Brunel's network, delta synapses": {"task": "Brunel", "synapse": "delta"},
    "Brunel's network, exponential currents": {"task": "Brunel", "synapse": "exponential"},
    "Gap junctions, RK4": {"task": "GapJunctions"},
    "Cycles and phase responses": {"task": "Cycles"},
    "Perceptrons, exact online rule": {"task": "Training", "dtype": "float64"},
    "MLP, 64-32-10": {"task": "Network", "layers": [64, 32, 10], "nets": 1},
    "One Morris-Lecar neuron": {"task": "Population", "model": "morris_lecar", "n": 1},
}


def speeds(stored: Mapping[str, Any], path: Path) -> None:
    """A group for each task, in it a point for each rival; hollow where we are slower."""
    rows = [row for part in stored.values() for row in part["found"]["rows"] if "ratio" in row]
    rows = [row for row in rows if row["threads"] == row["ours_threads"] == 1]
    believed = [row for row in rows if row["trusted"]] or rows  # a quick run trusts none
    groups = {title: [row for row in believed if wanted.items() <= row.items()] for title, wanted in GROUPS.items()}
    groups = {title: sorted(rows, key=lambda row: row["ratio"]) for title, rows in groups.items() if rows}
    if not groups:
        return
    height = sum(len(rows) + 1.5 for rows in groups.values())
    columns: list[dict[str, list[dict[str, Any]]]] = [{}, {}]
    for title, rows in groups.items():
        filled = sum(len(rows) + 1.5 for rows in columns[0].values())
        columns[filled >= 0.45 * height][title] = rows
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(1, 2, figsize=(7.2, 0.085 * height + 0.5), layout="constrained", sharex=True)
        for ax, column in zip(axes, columns, strict=True):
            _column(ax, column)
        figure.supxlabel("How many times as fast fastneuron is, one thread each", fontsize=8)
        figure.savefig(path, dpi=200)
        pyplot.close(figure)


def _column(ax: Any, groups: dict[str, list[dict[str, Any]]]) -> None:
    """Groups one below the other, each below its title."""
    ax.axvline(1, color="#444444", linewidth=1.0)
    names, places, y = [], [], 0.0
    for title, rows in groups.items():
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        ax.text(0.0, y, title, transform=ax.get_yaxis_transform(), va="center", weight="bold", bbox=box)
        for row in rows:
            y += 1
            _point(ax, y, row)
            names.append(row["name"])
            places.append(y)
        y += 1.5
    ax.set_yticks(places, names)
    ax.set_ylim(max(y - 0.9, 1.0), -0.8)
    ax.tick_params(axis="y", length=0)
    ax.set_xscale("log")
    ax.set_xlim(0.015, 900)
    ax.xaxis.set_major_locator(ticker.LogLocator(subs=(1.0,)))
    ax.xaxis.set_major_formatter("{x:g}x")
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    ax.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def _point(ax: Any, y: float, row: dict[str, Any]) -> None:
    """A ratio with its spread, and its number on the side that is away from 1."""
    ratio = row["ratio"]
    won = ratio >= 0.995
    colour, side = (WON, 6) if won else (LOST, -6)
    span = ratio * row["spread"]
    ax.errorbar(ratio, y, xerr=span, fmt="o", ms=4, color=colour, mfc=colour if won else "white", elinewidth=1.2)
    told = f"{ratio:.2g}" if ratio < 99.5 else f"{ratio:.0f}"
    place = {"textcoords": "offset points", "va": "center", "ha": "left" if won else "right", "fontsize": 7}
    ax.annotate(told, (ratio, y), (side, 0), **place)
