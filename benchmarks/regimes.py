"""The four regimes of Brunel (2000), figure 8: rates and variation of intervals beside NEST's and the theory's.

Of ten networks each, since in the fast regime the rhythm comes and goes, and with it the variation of intervals.
``python -m benchmarks.regimes --python nest=PATH`` writes ``results/regimes.json`` and ``.md``; ``--quick`` shows that
it runs, with what there is.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx

from fastneuron._kernel import threads as _threads

from .asked import Asked, machine, spread
from .command import measured
from .tasks import CELL, Brunel
from .worker import Missing, Worker


class Regime(NamedTuple):
    """Inhibition over excitation, the input's rate, and a run, ms, that has some intervals of most neurons."""

    g: float
    eta: float
    duration: float


N, NETWORKS = 12_500, 10
REGIMES = {
    "SR": Regime(3.0, 2.0, 150.0),
    "SI fast": Regime(6.0, 4.0, 300.0),
    "AI": Regime(5.0, 2.0, 300.0),
    "SI slow": Regime(4.5, 0.9, 1500.0),
}
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


def measure(python: str, networks: int, n: int, shorter: float = 1.0) -> dict[str, Any]:
    """Rate (Hz) and variation of each network in each regime, with each kind of synapse, by each program."""
    durations = {name: regime.duration / shorter for name, regime in REGIMES.items()}
    found: dict[str, Any] = {"machine": machine(), "durations": durations, "n": n, "programs": {}, "missing": {}}
    for program in ("nest", "fastneuron"):
        with Worker(program, _threads.available(), python if program == "nest" else sys.executable) as worker:
            try:
                version = worker.version()
                rows: dict[str, list[list[float]]] = {}
                for synapse in SYNAPSES:
                    for name, (g, eta, _) in REGIMES.items():
                        tasks = [Brunel(durations[name], synapse, g, eta, n, seed) for seed in range(networks)]
                        rows[f"{name}, {synapse}"] = [_answer(worker, task) for task in tasks]
                        print(program, name, synapse, *rows[f"{name}, {synapse}"], flush=True)
                found["programs"][version] = rows
            except Missing as problem:
                found["missing"][program] = str(problem)
    return found


def _answer(worker: Worker, task: Brunel) -> list[float]:
    worker.prepare(task, {"dt": 0.1})
    return worker.answer().tolist()


def markdown(found: dict[str, Any]) -> str:
    """A line for each regime and kind of synapse."""
    programs = found["programs"]
    networks = max(len(rows) for of in programs.values() for rows in of.values())
    lines = [
        f"Brunel (2000), {found['n']:,} neurons, dt 0.1 ms, a run's first fifth does not count: rate, and the mean",
        "coefficient of variation of the intervals; their mean and standard deviation over networks, of which there",
        f"are {networks}.  The theory is for asynchronous neurons.",
        "",
        f"| regime, synapses | ms | {' | '.join(programs)} | mean field |",
        "|---|--:|" + "--:|" * (len(programs) + 1),
    ]
    for synapse in SYNAPSES:
        for name, (g, eta, _) in REGIMES.items():
            if any(f"{name}, {synapse}" not in of for of in programs.values()):
                continue
            theory = f"{mean_field(Brunel(0.0, synapse, g, eta, found['n'])):.1f} Hz" if synapse == "delta" else ""
            values = [_told(of[f"{name}, {synapse}"]) for of in programs.values()]
            lines.append(f"| {name}, {synapse} | {found['durations'][name]:g} | {' | '.join([*values, theory])} |")
    return "\n".join([*lines, *(f"- {name}: not measured: {why}" for name, why in found["missing"].items())]) + "\n"


def _told(rows: list[list[float]]) -> str:
    rate, cv = np.transpose(rows)
    return f"{spread(rate, 1)} Hz, {spread(cv, 2)}"


def _measure(asked: Asked) -> dict[str, Any]:
    return measure(asked.python("nest"), *((1, 500, 15.0) if asked.quick else (NETWORKS, N)))


if __name__ == "__main__":
    measured("regimes", __doc__, _measure, markdown)
