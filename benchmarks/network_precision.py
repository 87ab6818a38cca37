"""Error against time for networks: spikes at their own time, spikes on the grid, Brian2 and NEST.

``python -m benchmarks.network_precision --python brian2=PATH nest=PATH`` writes ``network_precision.json``, ``.md`` and
``.png`` into the results.  One thread; COBAHH (`benchmarks.tasks.Cobahh`): the error is the median over 4,000 neurons
of that of V after 10 ms, in which errors have not yet grown as they do in a chaotic network; time is that of 200 ms.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .__main__ import interpreter
from .paired import paired
from .peers import machine
from .roster import RETUNED
from .tasks import Cobahh
from .worker import Missing, Worker

RESULTS = Path(__file__).with_name("results")
TRUTH = {"method": "rk4", "dt": 0.0025}  # halving it moves the median neuron by less than 1e-6 mV
YARDSTICK = {"method": "rk4", "dt": 0.05}
STABLE = (0.1, 0.05, 0.025)
FLAGS = {"flags": RETUNED.split()}


class Solver(NamedTuple):
    """Who, how, and at which steps (ms), the longest that it is stable at first."""

    name: str
    contender: str
    steps: tuple[float, ...]
    options: dict[str, Any]
    truth: dict[str, Any] = {}  # its own finest run, where its spikes are something else


SOLVERS = (
    Solver("fastneuron rk4", "fastneuron", (0.05, 0.025, 0.0125), {"method": "rk4"}),
    Solver("fastneuron heun", "fastneuron", (0.025, 0.0125, 0.00625), {"method": "heun"}),
    Solver("fastneuron staggered", "fastneuron", (0.1, 0.05, 0.025, 0.0125), {"method": "staggered"}),
    Solver("fastneuron rk4, on the grid", "fastneuron", (0.05, 0.025, 0.0125), {"method": "rk4", "delivery": "grid"}),
    Solver("Brian2, retuned, RK4", "brian2", (0.05, 0.025, 0.0125), {"method": "rk4", **FLAGS}),
    Solver(
        "Brian2, retuned, exponential Euler", "brian2", (0.1, 0.05, 0.025), {"method": "exponential_euler", **FLAGS}
    ),
    Solver("NEST", "nest", STABLE, {}, {"dt": 0.01}),  # a spike is the peak of V, not a crossing
)


def compare(quick: bool, pythons: Mapping[str, str]) -> dict[str, Any]:
    """Everybody at every step, each timed in turns with our rk4 at 0.05 ms."""
    n = 100 if quick else 4000
    short, long = Cobahh(10.0, n, final=True), Cobahh(20.0 if quick else 200.0, n)
    curves: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    with Worker("fastneuron", 1) as ours:
        truth = _answer(ours, short, TRUTH)
        ours.prepare(long, YARDSTICK)
        for solver in SOLVERS:
            with Worker(solver.contender, 1, pythons.get(solver.contender, sys.executable)) as worker:
                for dt in solver.steps[: 1 if quick else None]:
                    options = {**solver.options, "dt": dt}
                    try:
                        limit = _answer(worker, short, solver.truth) if solver.truth else truth
                        error = np.abs(_answer(worker, short, options) - limit)
                        worker.prepare(long, options)
                    except Missing as problem:
                        missing[solver.name] = str(problem)
                        break
                    timing = paired(ours, worker, 1 if quick else 2, 0.0)
                    curves.append(
                        {
                            "name": solver.name,
                            "dt": dt,
                            "relative_time": timing.ratio,
                            "seconds": timing.b * 1000.0 / long.duration,
                            "median_mV": float(np.median(error)),
                            "largest_mV": float(error.max()),
                        }
                    )
                    print(_line(curves[-1]), flush=True)
    return {"machine": machine(), "quick": quick, "curves": curves, "missing": missing}


def _answer(worker: Worker, task: Cobahh, options: dict[str, Any]) -> np.ndarray:
    worker.prepare(task, options)
    return worker.answer()


def _line(row: dict[str, Any]) -> str:
    return (
        f"| {row['name']} | {row['dt']:g} ms | {row['relative_time']:.3g} | {row['seconds']:.3g} s | "
        f"{row['median_mV']:.1e} mV | {row['largest_mV']:.1e} mV |"
    )


def markdown(found: dict[str, Any]) -> str:
    """The table."""
    it = found["machine"]
    lines = ["*Quick run: no figure to believe.*", ""] if found["quick"] else []
    lines += [
        f"COBAHH, 4,000 neurons, one thread, {it['processor']}, {it['date']}; errors of V after 10 ms, and the time",
        "of a second, also in units of what rk4 at 0.05 ms takes in the same rounds.  NEST's errors are against itself",
        "at 0.01 ms, since its spikes are peaks of V and its network another.",
        "",
        "| method | step | time | a second takes | median error | largest |",
        "|---|--:|--:|--:|--:|--:|",
        *map(_line, found["curves"]),
        *(f"| {name} | | not measured: {why} | | | |" for name, why in found["missing"].items()),
    ]
    return "\n".join(lines) + "\n"


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
    """Median error against time; the legend stands beside the curves."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots(figsize=(6.6, 3.3), layout="constrained", dpi=200)
    for name, (colour, marker, line) in STYLES.items():
        rows = [row for row in found["curves"] if row["name"] == name]
        if rows:
            x, y = zip(*((row["seconds"], row["median_mV"]) for row in rows), strict=True)
            ax.loglog(x, y, color=colour, marker=marker, linestyle=line, markersize=4, linewidth=1.2, label=name)
    ax.set(xlabel="One second of COBAHH takes (s, one thread)", ylabel="Median error of V after 10 ms (mV)")
    ax.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#dddddd", linewidth=0.5)
    figure.legend(frameon=False, fontsize="small", loc="outside right center")
    figure.savefig(path)
    pyplot.close(figure)


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.network_precision", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and short: no figure to believe, nothing stored")
    parser.add_argument("--python", nargs="+", default=[], type=interpreter, metavar="NAME=PATH",
                        help="the interpreter of a contender that has an environment of its own")  # fmt: skip
    options = parser.parse_args()
    found = compare(options.quick, dict(options.python))
    out = Path(tempfile.mkdtemp()) if options.quick else RESULTS
    (out / "network_precision.json").write_text(json.dumps(found, indent=1) + "\n")
    (out / "network_precision.md").write_text(markdown(found))
    if find_spec("matplotlib"):
        draw(found, out / "network_precision.png")
    print(markdown(found))


if __name__ == "__main__":
    main()
