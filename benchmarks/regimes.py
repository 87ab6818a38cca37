"""The four regimes of Brunel (2000), figure 8: rates and variation of intervals beside NEST's and the theory's.

``python -m benchmarks.regimes --python nest=PATH`` writes ``results/regimes.json`` and ``.md``; ``--quick`` shows that
it runs, with what there is.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx

from .asked import Asked, machine
from .command import measured
from .tasks import CELL, Brunel
from .worker import Missing, Worker

DURATION, N = 300.0, 12_500  # ms, neurons
REGIMES = {"SR": (3.0, 2.0), "SI fast": (6.0, 4.0), "AI": (5.0, 2.0), "SI slow": (4.5, 0.9)}  # g, eta
SYNAPSES = ("delta", "exponential")


def mean_field(task: Brunel) -> float:
    """The rate, Hz, at which neurons fire that get the mean and the white noise that neurons of this rate send.

    Self-consistent (Brunel 2000, section 3), for delta synapses and where neurons fire asynchronously.
    """
    tau, threshold, reset = CELL["tau"], CELL["threshold"], CELL["reset"]
    excitatory, inhibitory = task.degrees
    ratio = inhibitory / excitatory

    def fires(rate: float) -> float:
        local, outside = excitatory * rate, task.input_rate / 1000.0
        mean = task.jump * tau * ((1 - task.g * ratio) * local + outside)
        spread = task.jump * np.sqrt(tau * ((1 + task.g**2 * ratio) * local + outside))
        integral, _ = quad(lambda u: erfcx(-u), (reset - mean) / spread, (threshold - mean) / spread)
        return 1 / (CELL["refractory"] + tau * np.sqrt(np.pi) * integral)

    return 1000.0 * brentq(lambda rate: fires(rate) - rate, 1e-9, 1 / CELL["refractory"])


def measure(python: str, duration: float, n: int, programs: tuple[str, ...] = ("nest", "fastneuron")) -> dict[str, Any]:
    """Rate (Hz) and variation in each regime, with each kind of synapse, by each program."""
    found: dict[str, Any] = {"machine": machine(), "duration": duration, "n": n, "programs": {}, "missing": {}}
    for program in programs:
        with Worker(program, 1, python if program == "nest" else sys.executable) as worker:
            try:
                version = worker.version()
                rows = {}
                for synapse in SYNAPSES:
                    for name, (g, eta) in REGIMES.items():
                        worker.prepare(Brunel(duration, synapse, g, eta, n), {"dt": 0.1})
                        rows[f"{name}, {synapse}"] = worker.answer().tolist()
                        print(program, name, synapse, rows[f"{name}, {synapse}"], flush=True)
                found["programs"][version] = rows
            except Missing as problem:
                found["missing"][program] = str(problem)
    return found


def markdown(found: dict[str, Any]) -> str:
    """A line for each regime and kind of synapse."""
    programs = found["programs"]
    lines = [
        f"Brunel (2000), {found['n']:,} neurons, dt 0.1 ms, {found['duration']:g} ms of which the first fifth does not",
        "count: rate, and the mean coefficient of variation of the intervals.  The theory is for asynchronous neurons.",
        "",
        f"| regime, synapses | {' | '.join(programs)} | mean field |",
        "|---|" + "--:|" * (len(programs) + 1),
    ]
    for synapse in SYNAPSES:
        for name, (g, eta) in REGIMES.items():
            if any(f"{name}, {synapse}" not in of for of in programs.values()):
                continue
            rows = [of[f"{name}, {synapse}"] for of in programs.values()]
            theory = f"{mean_field(Brunel(0.0, synapse, g, eta, found['n'])):.1f} Hz" if synapse == "delta" else ""
            values = [f"{rate:.1f} Hz, {cv:.2f}" for rate, cv in rows]
            lines.append(f"| {name}, {synapse} | {' | '.join([*values, theory])} |")
    return "\n".join([*lines, *(f"- {name}: not measured: {why}" for name, why in found["missing"].items())]) + "\n"


def _measure(asked: Asked) -> dict[str, Any]:
    return measure(asked.python("nest"), *((20.0, 500) if asked.quick else (DURATION, N)))


if __name__ == "__main__":
    measured("regimes", __doc__, _measure, markdown)
