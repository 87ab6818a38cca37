"""Error against time for neurons coupled without delay: gap junctions, beside Brian2's summed variables.

``python -m benchmarks.gap_junctions --python brian2=PATH`` writes ``gap_junctions.json`` and ``.md`` into the results.
One thread; 1,000 Morris-Lecar neurons, each with gap junctions to ten others (`benchmarks.tasks.GapJunctions`).  The
error is the median over the neurons of that of V after 50 ms, against `rk4` at a fine step; time is that of 500 ms.
Brian2 works out a summed variable at the begin of a step, so its error falls no faster than the step.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .__main__ import interpreter
from .network_precision import RESULTS, Solver
from .paired import paired
from .peers import machine
from .roster import RETUNED
from .tasks import GapJunctions
from .worker import Missing, Worker

TRUTH, YARDSTICK = {"method": "rk4", "dt": 0.0025}, {"method": "rk4", "dt": 0.05}
OURS = (
    Solver("fastneuron rk4", "fastneuron", (0.4, 0.2, 0.1, 0.05), {"method": "rk4"}),
    Solver("fastneuron heun", "fastneuron", (0.2, 0.1, 0.05), {"method": "heun"}),
)
THEIRS = (
    Solver("Brian2, RK4", "brian2", (0.05, 0.0125), {"method": "rk4", "flags": []}),
    Solver("Brian2, retuned, RK4", "brian2", (0.05, 0.0125, 0.003125), {"method": "rk4", "flags": RETUNED.split()}),
)


def compare(quick: bool, pythons: Mapping[str, str]) -> dict[str, Any]:
    """Everybody at every step, each timed in turns with our rk4 at 0.05 ms."""
    n = 100 if quick else 1000
    short, long = GapJunctions(5.0 if quick else 50.0, n), GapJunctions(5.0 if quick else 500.0, n)
    curves: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    with Worker("fastneuron", 1) as ours:
        truth = _answer(ours, short, TRUTH)
        ours.prepare(long, YARDSTICK)
        for solver in (*OURS, *THEIRS):
            with Worker(solver.contender, 1, pythons.get(solver.contender, sys.executable)) as worker:
                for dt in solver.steps[: 1 if quick else None]:
                    options = {**solver.options, "dt": dt}
                    try:
                        error = float(np.median(np.abs(_answer(worker, short, options) - truth)))
                        worker.prepare(long, options)
                    except Missing as problem:
                        missing[solver.name] = str(problem)
                        break
                    timing = paired(ours, worker, 1 if quick else 3, 0.0)
                    row = {"name": solver.name, "dt": dt, "relative_time": timing.ratio, "median_mV": error}
                    curves.append(row | {"floor": timing.floor, "cores": timing.cores})
                    print(_line(curves[-1], curves), flush=True)
    return {"machine": machine(), "quick": quick, "curves": curves, "missing": missing}


def _answer(worker: Worker, task: GapJunctions, options: dict[str, Any]) -> np.ndarray:
    worker.prepare(task, options)
    return worker.answer()


def _gain(row: dict[str, Any], curves: list[dict[str, Any]]) -> float | None:
    """How many times as fast the fastest of ours is that is at least as exact."""
    ours = [one for one in curves if one["name"].startswith("fastneuron") and one["median_mV"] <= row["median_mV"]]
    return row["relative_time"] / min(one["relative_time"] for one in ours) if ours else None


def _line(row: dict[str, Any], curves: list[dict[str, Any]]) -> str:
    gain = None if row["name"].startswith("fastneuron") else _gain(row, curves)
    told = "" if gain is None else f"{gain:.1f}x"
    return f"| {row['name']} | {row['dt']:g} ms | {row['relative_time']:.3g} | {row['median_mV']:.1e} mV | {told} |"


def markdown(found: dict[str, Any]) -> str:
    """The table."""
    it, curves = found["machine"], found["curves"]
    lines = ["*Quick run: no figure to believe.*", ""] if found["quick"] else []
    lines += [
        f"1,000 Morris-Lecar neurons, 10 gap junctions each, one thread, {it['processor']}, {it['date']}:",
        "time in units of what rk4 at 0.05 ms takes in the same rounds, and how many times as fast the fastest of ours",
        "is that is at least as exact.",
        "",
        "| method | step | time | median error of V after 50 ms | ours at most as wrong |",
        "|---|--:|--:|--:|--:|",
        *(_line(row, curves) for row in curves),
        *(f"| {name} | | not measured: {why} | | |" for name, why in found["missing"].items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gap_junctions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and short: no figure to believe, nothing stored")
    parser.add_argument("--python", nargs="+", default=[], type=interpreter, metavar="NAME=PATH",
                        help="the interpreter of a contender that has an environment of its own")  # fmt: skip
    options = parser.parse_args()
    found = compare(options.quick, dict(options.python))
    out = Path(tempfile.mkdtemp()) if options.quick else RESULTS
    (out / "gap_junctions.json").write_text(json.dumps(found, indent=1) + "\n")
    (out / "gap_junctions.md").write_text(markdown(found))
    print(markdown(found))


if __name__ == "__main__":
    main()
