"""Derivatives of runs against runs, and cycles with their phase responses against XPPAUT's.

``python -m benchmarks.dynamics --python .venv-xpp/bin/python`` writes ``results/dynamics.md``; XPPAUT comes by
``pip install xpplab`` into an environment of its own; ``--quick`` shows that it runs.  All is CPU time, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

import fastneuron as fn

RESULTS = Path(__file__).parent / "results"
PHASES, CURRENT = 200, 100.0
FREE = {"g_Ca": (3.0, 6.0), "g_K": (5.0, 12.0), "g_L": (1.0, 3.0), "phi": (0.02, 0.08)}
# answers each line it reads, a number of neurons, with seconds of CPU time for each, the last period, and its response
XPPAUT = """
import sys, time
import numpy as np, xpplab
model = xpplab.Model.from_text('''
params iapp=100, v3=2
minf(v)=.5*(1+tanh((v+1.2)/18))
ninf(v)=.5*(1+tanh((v-v3)/30))
v'=(iapp+2*(-60-v)+8*w*(-84-v)-4.4*minf(v)*(v-120))/20
w'=.04*cosh((v-v3)/60)*(ninf(v)-w)
init v=-20,w=.1
@ TOTAL=1000,DT=.05,METH=rk4,BOUND=10000,MAXSTOR=200000
done
''')
for line in sys.stdin:
    begin = time.process_time()
    for v3 in np.linspace(2.5, 2.0, int(line)):
        model.set(v3=v3)
        found = model.phase_response(transient=1000.0)
    spent = (time.process_time() - begin) / int(line)
    print(spent, found.period, max(found["V"]), flush=True)
"""


def ratio(a: Callable[[], float], b: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """How much longer `b` takes than `a`, the median of rounds of a b b a; and the median of either."""
    first, second = [], []
    for _ in range(rounds):
        times = [a(), b(), b(), a()]
        first.append((times[0] + times[3]) / 2)
        second.append((times[1] + times[2]) / 2)
    ratios = [later / earlier for earlier, later in zip(first, second, strict=True)]
    return statistics.median(ratios), statistics.median(first), statistics.median(second)


def timed(work: Callable[[], Any]) -> Callable[[], float]:
    """The CPU seconds of a call, as a function."""
    work()

    def seconds() -> float:
        begin = process_time()
        work()
        return process_time() - begin

    return seconds


def sensitivities(rounds: int, n: int) -> list[str]:
    """What directions cost beside the run."""
    lines = ["| model | method | directions | times a run without |", "|---|---|--:|--:|"]
    current = np.linspace(90.0, 120.0, n)
    for method in ("rk4", "dop853"):
        for names in (("g_K",), ("g_K", "V3", "phi", "current")):
            options = {"current": current, "method": method, "threads": 1, "spike_times": False}

            def run(**more: Any) -> Callable[[], Any]:
                return lambda: fn.simulate(fn.MorrisLecar.hopf(), 200.0, **options, **more)  # noqa: B023

            found = ratio(timed(run()), timed(run(sensitivity=names)), rounds)[0]
            lines.append(f"| `MorrisLecar.hopf` | {method} | {len(names)} | {found:.2f} |")
    return lines


def cycles(python: str | None, rounds: int, n: int) -> list[str]:
    """Cycles, multipliers and phase responses, beside XPPAUT's cycles and phase responses."""
    model = fn.MorrisLecar.hopf(V3=np.linspace(2.5, 2.0, n))

    def ours() -> Any:
        found = fn.cycles(model, CURRENT)
        return found, fn.phase_response(found, PHASES)

    fine = fn.cycles(fn.MorrisLecar.hopf(), CURRENT)
    response = fn.phase_response(fine, 4000).gradient["V"].max()
    if python is None:
        return [f"{n:,} neurons: {timed(ours)() / n * 1e3:.3g} ms each.  XPPAUT: not measured."]
    worker = subprocess.Popen([python, "-c", XPPAUT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdin is not None
    assert worker.stdout is not None
    answer: list[float] = []

    def theirs() -> float:
        worker.stdin.write("10\n")  # type: ignore[union-attr]
        worker.stdin.flush()  # type: ignore[union-attr]
        answer[:] = map(float, worker.stdout.readline().split())  # type: ignore[union-attr]
        return answer[0]

    theirs()
    mine = timed(ours)
    times, own, other = ratio(lambda: mine() / n, theirs, rounds)
    worker.stdin.close()
    period, highest = (abs(answer[k] / value - 1) for k, value in ((1, fine.period[0]), (2, response)))
    return [
        "| who | ms a neuron | of it | error of the period | of the largest phase response |",
        "|---|--:|---|--:|--:|",
        f"| fastneuron, {n:,} | {own * 1e3:.3g} | cycle, multipliers, dT/dI, phases | < 1e-12 | < 1e-9 (tests) |",
        f"| XPPAUT, RK4 at 0.05 ms | {other * 1e3:.3g} | cycle, phases | {period:.1e} | {highest:.1e} |",
        "",
        f"{times:.3g} times as fast for each neuron.  AUTO has multipliers too, as it follows a branch: some 3 ms a",
        "point, 0.6 s a neuron where each is another.  Where AUTO and MatCont stay ahead: curves of homoclinic orbits,",
        "period doublings, delay equations.",
    ]


def fits(seeds: int) -> list[str]:
    """Four parameters of a noisy trace of 200 ms."""
    clean = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=CURRENT, record="V")["V"][0]
    truth = np.array([getattr(fn.MorrisLecar.hopf(), name) for name in FREE])
    errors, seconds = [], []
    for seed in range(seeds):
        data = clean + np.random.default_rng(seed).normal(0.0, 2.0, clean.size)
        begin = process_time()
        found = fn.fit(fn.MorrisLecar(), data, FREE, current=CURRENT, seed=seed)
        seconds.append(process_time() - begin)
        errors.append(abs(np.array([*found.parameters.values()]) / truth - 1).max())
    good = sum(error < 0.01 for error in errors)
    return [
        f"`fn.fit`, {', '.join(FREE)} of a trace of 200 ms with 2 mV of noise at each of 4,001 samples:",
        f"to 1 % in {good} of {seeds} seeds, the largest error {max(errors):.2%};",
        f"{statistics.median(seconds):.2g} s of CPU time each, once the kernels are compiled.",
    ]


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="of an environment with xpplab")
    parser.add_argument("--quick", action="store_true", help="small and once: means nothing")
    options = parser.parse_args()
    quick = options.quick
    parts = [
        fits(2 if quick else 10),
        sensitivities(1 if quick else 5, 256 if quick else 1024),
        cycles(options.python, 1 if quick else 3, 100 if quick else 10_000),
    ]
    text = "\n\n".join("\n".join(lines) for lines in parts)
    print(text)
    if not quick:
        page = f"CPU time, in turns; see `benchmarks/dynamics.py`.\n\n{text}\n"
        (RESULTS / "dynamics.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
