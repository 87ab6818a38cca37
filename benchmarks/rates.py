"""COBAHH's rate and variation of intervals beside Brian2's at a fine step: the same ten networks.

``python -m benchmarks.rates --python brian2=PATH`` writes ``results/rates.json`` and ``.md``; ``--quick``
shows that it runs, with what there is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .asked import Asked, machine, spread
from .command import measured
from .roster import RETUNED
from .tasks import Cobahh
from .worker import Missing, Worker

PAGE = Path(__file__).parents[1] / "fastneuron/guide/networks.md"
SEEDS, DURATION = 10, 1000.0  # ms


class Program(NamedTuple):
    """Whose, and how."""

    name: str
    contender: str
    options: dict[str, Any]


BRIAN2 = Program("Brian2, RK4, dt 0.0125 ms", "brian2", {"method": "rk4", "dt": 0.0125, "flags": RETUNED.split()})
OURS = (
    Program("fastneuron, RK4, dt 0.05 ms", "fastneuron", {"method": "rk4", "dt": 0.05}),
    Program("fastneuron, staggered, dt 0.1 ms", "fastneuron", {"method": "staggered", "dt": 0.1}),
)


def measure(python: str, seeds: int, duration: float, n: int) -> dict[str, Any]:
    """Rate (Hz) and variation of each network, by each program: rows of a list for each seed."""
    found: dict[str, list[list[float]]] = {}
    missing = {}
    for program in (BRIAN2, *OURS):
        rows = []
        with Worker(program.contender, 1, python if program is BRIAN2 else sys.executable) as worker:
            try:
                version = worker.version()
                for seed in range(seeds):
                    worker.prepare(Cobahh(duration, n, seed), program.options)
                    rows.append(worker.answer().tolist())
                    print(f"{program.name}, seed {seed}: {rows[-1][0]:.2f} Hz, {rows[-1][1]:.3f}", flush=True)
            except Missing as problem:
                missing[program.name] = str(problem)
                continue
        found[f"{program.name}; {version}"] = rows
    return {"machine": machine(), "duration": duration, "n": n, "programs": found, "missing": missing}


def markdown(found: dict[str, Any]) -> str:
    """Mean and spread from seed to seed."""
    lines = [
        f"COBAHH, {found['n']:,} neurons, {found['duration']:g} ms of which the first fifth does not count; mean and",
        "standard deviation over networks, the same for all.",
        "",
        "| program | networks | rate | coefficient of variation of intervals |",
        "|---|--:|--:|--:|",
    ]
    for name, rows in found["programs"].items():
        rate, cv = np.transpose(rows)
        lines.append(f"| {name} | {len(rows)} | {spread(rate, 2)} Hz | {spread(cv, 4)} |")
    return "\n".join(lines + [f"| {name} | | not measured: {why} | |" for name, why in found["missing"].items()]) + "\n"


def sentence(found: dict[str, Any]) -> str:
    """What the guide says of it: Brian2 and our RK4."""
    brian2, ours = (
        f"{spread(rate, 1)} Hz ({spread(cv, 2)})"
        for rate, cv in (np.transpose(rows) for rows in list(found["programs"].values())[:2])
    )
    return (
        f"Ten such networks fire, after 200 ms, at {ours}; in brackets the coefficient of variation of the intervals.\n"
        f"Brian2, RK4 at a step of 0.0125 ms: {brian2} (`python -m benchmarks.rates`)."
    )


def main() -> None:
    """Measure, and write the results."""
    found = measured("rates", __doc__, _measure, markdown)
    if found and not found["missing"]:
        text = PAGE.read_text()
        PAGE.write_text(re.sub(r"(<!-- rates -->\n).*?\n\n", rf"\1{sentence(found)}\n\n", text, flags=re.S))


def _measure(asked: Asked) -> dict[str, Any]:
    return measure(asked.python("brian2"), *((1, 20.0, 100) if asked.quick else (SEEDS, DURATION, 4000)))


if __name__ == "__main__":
    main()
