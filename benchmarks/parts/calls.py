"""What a call costs beside its kernel: CPU time of calls that are over in no time."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import thread_time_ns
from typing import Any

import numpy as np

import fastneuron as fn

from ..asked import Asked

WINDOWS, CALLS = 12, 60  # of a round, of a window

TASKS = {  # name: (setup, statement)
    "a model": ("", "fn.MorrisLecar.hopf()"),
    "`simulate`, one neuron, 10 ms": ("", "fn.simulate(model, 10.0, current=100.0)"),
    "`simulate`, one neuron, one step": ("", "fn.simulate(model, 0.05, current=100.0)"),
    "`sim.run`, one neuron, one step": ("sim = fn.Simulation(model, current=100.0)", "sim.run(0.05)"),
    "the same in a closed loop": (
        "sim = fn.Simulation(model, current=100.0)",
        "sim.run(0.05); sim.current = 90.0 - 4.0 * (sim.state['V'][0] + 40.0)",
    ),
    "200 steps of the kernel alone": (
        "sim = fn.Simulation(model, current=100.0); sim.run(0.05); sim.run(0.05)\n"
        "problem, traces = sim._work.work.problem, sim._work.work.traces\n"
        "from fastneuron._integrators.fixed_step import Span, integrate\n"
        "span, tag = Span(0, 1, 2, 202, 0, False, False), sim._work.recipe.chosen.tag\n"
        "given = tag, problem.lanes, problem.neurons, span, 0.05, problem.buffer(200), traces, None",
        "problem.entry.call(integrate, *given)",
    ),
    "`Perceptron.forward`, one row": (
        "layer, row = fn.Perceptron(784, 10), np.zeros(784)",
        "layer.forward(row)",
    ),
    "`MLP.predict`, one row": (
        "net, row = fn.MLP([64, 32, 10], output='softmax', loss='cross_entropy'), np.zeros((1, 64))",
        "net.predict(row)",
    ),
}


def measure(asked: Asked) -> dict[str, Any]:
    """Microseconds of each, the least of all windows; the noise is that of the least of a round."""
    rounds, windows, calls = (1, 1, 2) if asked.quick else (6, WINDOWS, CALLS)
    works = {name: _work(*task, calls) for name, task in TASKS.items()}
    least: dict[str, list[float]] = {name: [] for name in TASKS}
    for _ in range(rounds):
        for name, work in works.items():
            least[name].append(min(work() for _ in range(windows)))
    rows = []
    for name, times in least.items():
        low, middle, high = statistics.quantiles(times, n=4, method="inclusive") if rounds > 1 else times * 3
        rows.append({"file": "fastneuron", "what": name, "us": min(times), "floor": (high - low) / 2 / middle})
    return {"rows": rows, "missing": {}}


def _work(setup: str, statement: str, calls: int) -> Callable[[], float]:
    """A function that does it so many times and returns the microseconds that one took."""
    scope = {"fn": fn, "np": np, "model": fn.MorrisLecar.hopf()}
    exec(setup, scope)
    exec(f"def work():\n    for _ in range({calls}):\n        {statement}", scope)
    work: Any = scope["work"]
    work()

    def timed() -> float:
        begin = thread_time_ns()
        work()
        return (thread_time_ns() - begin) / calls / 1e3

    return timed


def page(found: dict[str, Any]) -> list[str]:
    """The table."""
    return [
        "CPU time, the least of some windows of 60 calls.",
        "",
        "| a call | us | noise |",
        "|---|--:|--:|",
        *(f"| {row['what']} | {row['us']:.1f} | {_noise(row)} |" for row in found["rows"]),
    ]


def _noise(row: dict[str, Any]) -> str:
    return "" if row["floor"] is None else f"{row['floor']:.1%}"
