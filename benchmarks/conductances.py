"""Error against time of every method on Hodgkin-Huxley and Traub-Miles neurons, as the guide's page of methods has it.

``python -m benchmarks.conductances`` writes ``results/conductances.json`` and ``.md``, and the table of that page;
``--quick`` shows that it runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

import fastneuron as fn

from .asked import Asked, machine, where
from .command import measured
from .paired import paired

PAGE = Path(__file__).parents[1] / "fastneuron/guide/methods.md"
MODELS = {
    "Hodgkin-Huxley": (fn.HodgkinHuxley.squid(), 8.0, 20.0),  # and the currents of the first and the last neuron
    "Traub-Miles": (fn.TraubMiles.cobahh(), 1.0, 4.0),
}
SETTINGS = (
    ("rk4", 0.1), ("rk4", 0.05), ("rk4", 0.025), ("staggered", 0.1), ("staggered", 0.05), ("staggered", 0.025),
    ("heun", 0.05), ("heun", 0.025), ("dop853", 1e-4), ("dop853", 1e-6), ("dop853", 1e-9),
)  # fmt: skip
N, DURATION, ROUNDS = 1024, 100.0, 7  # ms
YARDSTICK, TRUTH = ("rk4", 0.05), ("dop853", 1e-12)


def run(model: str, method: str, setting: float, n: int = N) -> fn.Run:
    """A run of neurons that differ in their current, with a step in ms or a tolerance."""
    neurons, low, high = MODELS[model]
    precision = {"rtol": setting, "atol": setting} if method == "dop853" else {"dt": setting}
    current = np.linspace(low, high, n)
    return fn.simulate(neurons, DURATION, current=current, method=method, threads=1, **precision)


def error(found: fn.Run, exact: fn.Run) -> float:
    """The median error of a neuron's last spike, ms."""
    return float(np.median(np.abs(_last(found) - _last(exact))))


def _last(run: fn.Run) -> np.ndarray:
    return np.array([times[-1] for times in run.spikes])


def measure(asked: Asked) -> dict[str, Any]:
    """Every method at every setting, timed in turns with rk4 at 0.05 ms; errors are None where a neuron blows up."""
    n, rounds = (64, 1) if asked.quick else (N, ROUNDS)
    rows = []
    for model in MODELS:
        exact = run(model, *TRUTH, n)
        for setting in SETTINGS:
            row: dict[str, Any] = {"model": model, "method": setting[0], "setting": setting[1]}
            rows.append(row | {"time": None, "error": None})
            try:
                found = run(model, *setting, n)
            except FloatingPointError:
                continue
            ours, theirs = (lambda one=one: run(model, *one, n) for one in (YARDSTICK, setting))  # noqa: B023
            rows[-1] |= {
                "error": error(found, exact),
                "time": paired(ours, theirs, rounds, 0.0 if asked.quick else 0.05, process_time).ratio,
            }
            asked.tell(f"{model}, {setting[0]} {setting[1]:g}: {rows[-1]['time']:.3g}, {rows[-1]['error']:.1e} ms")
    return {"machine": machine(), "n": n, "duration": DURATION, "rows": rows}


def row_of(found: dict[str, Any], *wanted: Any) -> dict[str, Any]:
    """The row of a model, a method and a setting."""
    return next(row for row in found["rows"] if (row["model"], row["method"], row["setting"]) == wanted)


def table(found: dict[str, Any]) -> str:
    """A row for each method and setting, with the time and the error of each model."""
    lines = [
        "| method | step or tolerance | " + " | ".join(f"{model}: time | error (ms)" for model in MODELS) + " |",
        "|---|--:|" + "--:|--:|" * len(MODELS),
    ]
    for method, setting in SETTINGS:
        cells = [f"`{method}`", f"{setting:g}"]
        for model in MODELS:
            row = row_of(found, model, method, setting)
            cells += ["", "blows up"] if row["error"] is None else [f"{row['time']:.2g}", f"{row['error']:.1e}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown(found: dict[str, Any]) -> str:
    """The table, and how it was measured."""
    lines = [
        f"{found['n']:,} neurons of each model, {found['duration']:g} ms, one thread: the median error of a neuron's",
        "last spike against `dop853` at 1e-12, and the CPU time in units of what `rk4` at 0.05 ms takes in the same",
        "rounds.",
        "",
        table(found),
        "",
        where(found["machine"]),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the results."""
    found = measured("conductances", __doc__, measure, markdown)
    if found:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(
            re.sub(r"(<!-- conductances -->\n).*?\n\n", lambda it: f"{it[1]}{table(found)}\n\n", text, flags=re.S),
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
