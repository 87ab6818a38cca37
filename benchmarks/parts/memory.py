"""Bytes per neuron at the peak, of everybody: the difference between a large and a small population."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..asked import Asked
from ..roster import Contender, solvers
from ..tasks import Population
from ..worker import Missing, Worker

FEW = 64  # neurons, in a process that compiles: with what that takes, a large population seems to need less than none
KINDS = {0: "nothing recorded", 1: "11 samples of V recorded"}


def measure(asked: Asked) -> dict[str, Any]:
    """Two rows for each contender, where the system tells."""
    if not Path("/proc/self/status").exists():
        return {"rows": [], "missing": {}}
    return {"rows": [row for who in solvers(asked) for row in _of(who, asked)], "missing": {}}


def _of(who: Contender, asked: Asked) -> Iterator[dict[str, Any]]:
    asked.tell(f"{who.name}, memory")
    sizes = (50_000, 100_000) if asked.quick else (500_000, 1_000_000)
    for every in KINDS:
        peaks = []
        for n in (FEW, *sizes):
            with Worker(who.file, 1, asked.python(who.file)) as worker:
                try:
                    peaks.append(worker.peak(Population("morris_lecar", n, 10, every), who.options))
                except Missing:
                    break
        if len(peaks) == 3:
            each = (peaks[2] - peaks[1]) / (sizes[1] - sizes[0])
            yield {"name": who.name, "file": who.file, "every": every, "bytes_per_neuron": each}


def page(found: dict[str, Any]) -> list[str]:
    """The table."""
    lines = ["| bytes per neuron at the peak | " + " | ".join(KINDS.values()) + " |", "|---|--:|--:|"]
    for name in dict.fromkeys(row["name"] for row in found["rows"]):
        of = {row["every"]: f"{row['bytes_per_neuron']:.0f}" for row in found["rows"] if row["name"] == name}
        lines.append(f"| {name} | " + " | ".join(of.get(every, "-") for every in KINDS) + " |")
    return lines
