"""The figures of what `peers` found."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot, ticker

from . import page

SAME = ("model", "n", "ours_threads")  # of the rows of one panel
OURS, THEIRS = "#0072B2", "#9A9A9A"
STYLE = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "savefig.dpi": 200}


def _shown(found: dict[str, Any], task: str) -> list[dict[str, Any]]:
    """The rows to draw: those of the README; their noise stands in its tables."""
    return [
        row for row in found["rows"] if row["task"] == task and (page.shown(row) or (found["quick"] and "rate" in row))
    ]


def _bars(ax: Any, bars: dict[str, float], title: str) -> None:
    names = sorted(bars, key=bars.__getitem__)
    colours = [OURS if name.startswith("fastneuron") else THEIRS for name in names]
    drawn = ax.barh(names, [bars[name] for name in names], color=colours, height=0.72)
    ax.bar_label(drawn, fmt="{:.3g}", padding=3, fontsize="small")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.14, y=0.02)
    ax.set_title(title, fontsize="medium", loc="left")


def throughput(found: dict[str, Any], path: Path) -> None:
    """Neuron-steps per second: a panel for each model and number of threads."""
    rows = [row for row in _shown(found, "Population") if not row["every"] and row["slopes"]]
    sizes = [row["n"] for row in rows if row["n"] <= 10_000]
    panels: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["n"] == max(sizes):
            threads = f"{row['ours_threads']} threads" if row["ours_threads"] > 1 else "one thread"
            bars = panels.setdefault(f"{page.MODELS[row['model']]}, {row['n']:,} neurons, {threads}", {})
            alike = [other["ours_rate"] for other in rows if all(other[key] == row[key] for key in SAME)]
            bars["fastneuron"] = median(alike) / 1e6
            if row["name"] != "fastneuron":
                bars[row["name"]] = row["rate"] / 1e6
    if not panels:
        return
    heights = [len(bars) + 0.6 for bars in panels.values()]
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            len(panels),
            figsize=(5.4, 0.24 * sum(heights) + 0.3 * len(panels) + 0.3),
            height_ratios=heights,
            layout="constrained",
            sharex=True,
            squeeze=False,
        )
        for ax, (title, bars) in zip(axes[:, 0], panels.items(), strict=True):
            _bars(ax, bars, title)
        axes[-1, 0].set_xlabel("Million neuron-steps per second (RK4, float64)")
        figure.savefig(path)
        pyplot.close(figure)


def layers(found: dict[str, Any], path: Path) -> None:
    """How many times as fast as each rival perceptrons and their layers are."""
    rows = _shown(found, "Training") + _shown(found, "Network")
    if not rows:
        return
    with pyplot.rc_context(STYLE):
        figure, ax = pyplot.subplots(figsize=(6.4, 0.24 * len(rows) + 0.6), layout="constrained")
        names = [f"{_short(row)} against {row['name']}" for row in rows][::-1]
        ratios = [row["ratio"] for row in rows][::-1]
        spans = [row["ratio"] * row["spread"] for row in rows][::-1]
        ax.axvline(1, color="#444444", linewidth=1.0)
        ax.errorbar(ratios, range(len(rows)), xerr=spans, fmt="o", markersize=4, color=OURS, elinewidth=1.2)
        ax.set_yticks(range(len(rows)), names)
        ax.tick_params(axis="y", length=0)
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter("{x:g}x")
        ax.xaxis.set_minor_locator(ticker.NullLocator())
        ax.margins(x=0.08)
        ax.set_xlabel("How many times as fast fastneuron is")
        ax.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        ax.set_axisbelow(True)
        figure.savefig(path)
        pyplot.close(figure)


def _short(row: dict[str, Any]) -> str:
    threads = f", {row['ours_threads']} threads" if row["ours_threads"] > 1 else ""
    if row["task"] == "Training":
        return f"10 perceptrons, {row['dtype']}{threads}"
    nets = f"{row['nets']} x " if row["nets"] > 1 else ""
    return f"{nets}{'-'.join(map(str, row['layers']))}{threads}"
