"""The first result of a process: with nothing compiled, and again; of everybody, and of what else ours compiles."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..asked import Asked
from ..roster import Contender, solvers
from ..tasks import Population
from ..worker import Missing, Worker

ROOT = Path(__file__).parents[2]
TIMES = 3  # that a process starts with nothing compiled
FIRSTS = {  # by process: what is asked for in turn, each the first of its kind; names say what is new
    "imports": {
        "`import numba`": "import numba",
        "`import fastneuron` behind it": "import fastneuron as fn",
        "... a neuron for 10 ms": "fn.simulate(fn.MorrisLecar.hopf(), 10.0, current=100.0)",
    },
    "Morris-Lecar": {
        "a population": "fn.simulate(model, 1.0, current=currents)",
        "... then a current in time": "fn.simulate(model, 1.0, current=currents + fn.Sine(1.0, 10.0))",
        "... `heun`": "fn.simulate(model, 1.0, current=currents, method='heun')",
        "... `heun` with noise": "fn.simulate(model, 1.0, current=currents, method='heun', noise=fn.WhiteNoise(1.0))",
        "... `dop853`": "fn.simulate(model, 1.0, current=currents, method='dop853')",
    },
    "COBAHH": {
        "a network, `rk4`": "fn.simulate(coupled(), 1.0)",
        "... then `staggered`": "fn.simulate(coupled(), 1.0, 0.1, method='staggered')",
    },
    "layers": {
        "`Perceptron.train`": "fn.Perceptron(64, 10).train(X, y, 1)",
        "`MLP.train`": "fn.MLP([64, 32, 10], output='softmax', loss='cross_entropy').train(X, y, epochs=1)",
    },
}
# answers with a list of seconds of CPU time
PROGRAM = """
import json, sys, time
taken = []
for line in json.loads(sys.argv[1]):
    begin = time.process_time()
    exec(line)
    taken.append(time.process_time() - begin)
print(json.dumps(taken))
"""
WHAT_THEY_STAND_ON = """
import numpy as np, fastneuron as fn
model, currents = fn.MorrisLecar.hopf(), np.linspace(80.0, 130.0, 4096)
X, y = np.random.default_rng(0).normal(size=(320, 64)), np.arange(320) % 10
def coupled():
    receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
    cells = fn.Population(fn.TraubMiles.cobahh(), 400, receptors, threshold=-20.0)
    ends = {"exc": cells[:320], "inh": cells[320:]}
    rule = fn.FixedProbability(0.1)
    synapses = [fn.Projection(pre, cells, name, rule, weight=0.03, delay=0.1) for name, pre in ends.items()]
    return fn.Network({"cells": cells}, synapses)
"""


def measure(asked: Asked) -> dict[str, Any]:
    """Rows of everybody's first result, and of ours of other kinds."""
    people = [row for who in solvers(asked) if (row := _of(who, asked))]
    kinds = [row for name in list(FIRSTS)[: 2 if asked.quick else None] for row in _kinds(name, asked)]
    return {"rows": people + kinds, "missing": {}}


def _of(who: Contender, asked: Asked) -> dict[str, Any] | None:
    """CPU time of whole processes, which end with the first result of 4,096 neurons and 20 steps."""
    asked.tell(f"{who.name}, first result")
    cold, warm = [], []
    for _ in range(1 if asked.quick else TIMES):
        with tempfile.TemporaryDirectory() as folder:
            for taken in (cold, warm):
                caches = {f"{name}_CACHE_DIR": folder for name in ("NUMBA", "JAX_COMPILATION", "HEYOKA")}
                with Worker(who.file, 1, asked.python(who.file), caches) as worker:
                    try:
                        worker.prepare(Population("morris_lecar", 4096, 20), who.options)
                    except Missing:
                        return None
                    taken.append(worker.cpu())
    return {"name": who.name, "file": who.file, **_taken(cold), "warm_s": statistics.median(warm)}


def _kinds(name: str, asked: Asked) -> list[dict[str, Any]]:
    """CPU time of each step of a process with an empty cache, and of the next process."""
    asked.tell(f"{name}, compiling")
    steps = dict(list(FIRSTS[name].items())[: 1 if asked.quick else None])
    before = ["" if name == "imports" else WHAT_THEY_STAND_ON]
    cold, warm = [], []
    for _ in range(1 if asked.quick else TIMES):
        with tempfile.TemporaryDirectory() as folder:
            for taken in (cold, warm):
                path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
                done = subprocess.run(
                    [sys.executable, "-c", PROGRAM, json.dumps(before + list(steps.values()))], check=True,
                    env={**os.environ, "PYTHONPATH": path, "NUMBA_CACHE_DIR": folder, "PYTHONDONTWRITEBYTECODE": ""},
                    stdout=subprocess.PIPE,
                )  # fmt: skip
                taken.append(json.loads(done.stdout)[1:])
    return [
        {"file": "fastneuron", "what": what, **_taken(list(times)), "warm_s": statistics.median(again)}
        for what, times, again in zip(steps, zip(*cold, strict=True), zip(*warm, strict=True), strict=True)
    ]


def _taken(seconds: list[float]) -> dict[str, float]:
    """The median, and as its noise half of what lies between the extremes."""
    middle = statistics.median(seconds)
    return {"cold_s": middle, "floor": (max(seconds) - min(seconds)) / 2 / middle}


def page(found: dict[str, Any]) -> list[str]:
    """Two tables."""
    people, kinds = ([row for row in found["rows"] if key in row] for key in ("name", "what"))
    head = "| nothing compiled | noise | compiled before |"
    return [
        "Seconds of CPU time, the median of some processes, with nothing compiled and again; the noise is half of what",
        "lies between the extremes.  Of everybody: a whole process, for 4,096 neurons and 20 steps.",
        "",
        f"| who {head}",
        "|---|--:|--:|--:|",
        *(f"| {row['name']} {_cells(row)}" for row in people),
        "",
        "Of ours: a call beyond its process, and beyond the calls above it.",
        "",
        f"| first {head}",
        "|---|--:|--:|--:|",
        *(f"| {row['what']} {_cells(row)}" for row in kinds),
    ]


def _cells(row: dict[str, Any]) -> str:
    return f"| {row['cold_s']:.2f} s | {row['floor']:.0%} | {row['warm_s']:.2f} s |"
