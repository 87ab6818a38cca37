"""Error against time for networks: spikes at their own time, spikes on the grid, gap junctions; Brian2 and NEST.

One thread.  The error is the median over the neurons of that of V, early: after 10 ms of COBAHH (`tasks.Cobahh`), in
which errors have not yet grown as they do in a chaotic network, and after 50 ms with gap junctions
(`tasks.GapJunctions`), for which Brian2 has summed variables, worked out at the begin of a step.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..asked import Asked
from ..paired import paired
from ..roster import RETUNED
from ..tasks import Cobahh, GapJunctions
from ..worker import Missing, Worker
from .rows import TRUTH, answer

YARDSTICK = {"method": "rk4", "dt": 0.05}
FLAGS = {"flags": RETUNED.split()}


class Solver(NamedTuple):
    """Who, how, and at which steps (ms), the longest that it is stable at first."""

    name: str
    contender: str
    steps: tuple[float, ...]
    options: dict[str, Any]
    truth: dict[str, Any] = {}  # its own finest run, where its spikes are something else


NETWORKS = {
    "COBAHH": (
        Solver("fastneuron rk4", "fastneuron", (0.05, 0.025, 0.0125), {"method": "rk4"}),
        Solver("fastneuron heun", "fastneuron", (0.025, 0.0125, 0.00625), {"method": "heun"}),
        Solver("fastneuron staggered", "fastneuron", (0.1, 0.05, 0.025, 0.0125), {"method": "staggered"}),
        Solver("fastneuron rk4, on the grid", "fastneuron", (0.05, 0.0125), {"method": "rk4", "delivery": "grid"}),
        Solver("Brian2, retuned, RK4", "brian2", (0.05, 0.0125), {"method": "rk4", **FLAGS}),
        Solver("Brian2, retuned, exponential Euler", "brian2", (0.1,), {"method": "exponential_euler", **FLAGS}),
        Solver("NEST", "nest", (0.1, 0.025), {}, {"dt": 0.01}),  # a spike is the peak of V, not a crossing
    ),
    "gap junctions": (
        Solver("fastneuron rk4", "fastneuron", (0.4, 0.2, 0.1, 0.05), {"method": "rk4"}),
        Solver("fastneuron heun", "fastneuron", (0.2, 0.1, 0.05), {"method": "heun"}),
        Solver("Brian2, retuned, RK4", "brian2", (0.05, 0.0125), {"method": "rk4", **FLAGS}),
    ),
}


def measure(asked: Asked) -> dict[str, Any]:
    """Everybody at every step, each timed in turns with our rk4 at 0.05 ms."""
    rows: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    tasks = {"COBAHH": Cobahh(100.0), "gap junctions": GapJunctions(250.0)}
    if asked.quick:
        tasks = {"COBAHH": Cobahh(20.0, 100)}
    for network, task in tasks.items():
        with Worker("fastneuron", 1) as ours:
            truth = answer(ours, task.early, TRUTH)
            ours.prepare(task, YARDSTICK)
            solvers = [one for one in NETWORKS[network] if asked.wants(one.contender)]
            for solver in solvers[:1] if asked.quick else solvers:
                asked.tell(f"{network}: {solver.name}")
                with Worker(solver.contender, 1, asked.python(solver.contender)) as worker:
                    try:
                        for row in _curve(solver, task, ours, worker, truth, asked.quick):
                            rows.append({"network": network, "name": solver.name, "file": solver.contender, **row})
                    except Missing as problem:
                        missing[solver.contender] = str(problem)
    return {"rows": rows, "missing": missing}


def _curve(solver: Solver, task: Any, ours: Worker, worker: Worker, truth: np.ndarray, quick: bool) -> Any:
    """A row for each step of one solver."""
    if solver.truth:
        truth = answer(worker, task.early, solver.truth)
    for dt in solver.steps[: 1 if quick else None]:
        options = {**solver.options, "dt": dt}
        error = np.abs(answer(worker, task.early, options) - truth)
        worker.prepare(task, options)
        timing = paired(ours, worker, 1 if quick else 2, 0.0)
        yield {
            "dt": dt,
            "relative_time": timing.ratio,
            "floor": timing.floor,
            "seconds": timing.b * 1000.0 / task.duration,
            "median_mV": float(np.median(error)),
            "largest_mV": float(error.max()),
        }


def _gain(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """How many times as fast the fastest of ours is that is at least as exact; nothing for ours, and for NEST."""
    if row["file"] in ("fastneuron", "nest"):
        return ""
    ours = [one for one in rows if (one["file"], one["network"]) == ("fastneuron", row["network"])]
    times = [one["relative_time"] for one in ours if one["median_mV"] <= row["median_mV"]]
    return f"{row['relative_time'] / min(times):.1f}x" if times else ""


def page(found: dict[str, Any]) -> list[str]:
    """A table for each network."""
    lines = [
        "One thread: errors of V after 10 ms of COBAHH (4,000 neurons) and after 50 ms of 1,000 neurons with gap",
        "junctions, what a second takes, and time in units of what rk4 at 0.05 ms takes in the same rounds; last, how",
        "many times as fast the fastest of ours is that is at least as exact.  NEST's errors are against itself at",
        "0.01 ms, since its spikes are peaks of V and its network another.",
    ]
    for network, group in itertools.groupby(sorted(found["rows"], key=_network), _network):
        lines += ["", f"| {network} | step | time | A/A | a second takes | median error | largest | ours, as exact |"]
        lines += ["|---|--:|--:|--:|--:|--:|--:|--:|"]
        for row in group:
            lines.append(
                f"| {row['name']} | {row['dt']:g} ms | {row['relative_time']:.3g} | {row['floor']:.1%} | "
                f"{row['seconds']:.3g} s | {row['median_mV']:.1e} mV | {row['largest_mV']:.1e} mV | "
                f"{_gain(row, found['rows'])} |"
            )
    return lines


def _network(row: dict[str, Any]) -> str:
    return str(row["network"])


STYLES = {
    "fastneuron rk4": ("#0072B2", "o", "-"),
    "fastneuron heun": ("#56B4E9", "D", "-"),
    "fastneuron staggered": ("#009E73", "s", "-"),
    "fastneuron rk4, on the grid": ("#0072B2", "o", ":"),
    "Brian2, retuned, RK4": ("#D55E00", "^", "--"),
    "Brian2, retuned, exponential Euler": ("#E69F00", "v", "--"),
    "NEST": ("#CC79A7", "P", "--"),
}


def draw(found: dict[str, Any], path: Path) -> None:
    """Median error against time, a panel for each network; the legend stands below."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    networks = sorted({row["network"] for row in found["rows"]})
    figure, axes = pyplot.subplots(1, len(networks), figsize=(7.2, 3.6), layout="constrained", squeeze=False)
    for ax, network in zip(axes[0], networks, strict=True):
        for name, (colour, marker, line) in STYLES.items():
            rows = [row for row in found["rows"] if (row["network"], row["name"]) == (network, name)]
            if rows:
                x, y = zip(*((row["seconds"], row["median_mV"]) for row in rows), strict=True)
                ax.loglog(x, y, color=colour, marker=marker, linestyle=line, markersize=4, linewidth=1.2, label=name)
        ax.set_title(network, loc="left", fontsize="medium")
        ax.set_xlabel("A second of it takes (s, one thread)")
        ax.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#dddddd", linewidth=0.5)
    axes[0, 0].set_ylabel("Median error of V (mV)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize="small", ncols=3, loc="outside lower center")
    figure.savefig(path, dpi=200)
    pyplot.close(figure)
