"""The working tree against another revision, in one environment each, timed in turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from .paired import DISTRUST, paired

ROOT = Path(__file__).parents[1]
SLOWER = 0.95  # a ratio below, if it can be believed, fails

TASKS = {  # one that only this tree can do is left out
    "4,096 neurons, RK4, one thread": "fn.simulate(model, 50.0, current=np.linspace(80, 130, 4096), threads=1)",
    "4,096 neurons, V recorded": "fn.simulate(model, 50.0, current=np.linspace(80, 130, 4096), threads=1, record='V')",
    "one neuron": "fn.simulate(model, 5000.0, current=100.0, threads=1)",
    "30 neurons, all cores": "fn.simulate(model, 1000.0, current=np.linspace(80, 130, 30))",
    "1,000 calls for a neuron and 10 ms": "[fn.simulate(model, 10.0, current=100.0) for _ in range(1000)]",
    "4,000 coupled neurons, RK4": "fn.simulate(coupled(), 50.0, threads=1)",
    "4,000 coupled neurons, staggered": "fn.simulate(coupled(), 100.0, dt=0.1, method='staggered', threads=1)",
}
# answers each line it reads, a task, when it is done or has turned out to be of another revision
WORKER = """
import sys
import numpy as np, fastneuron as fn
model = fn.MorrisLecar.hopf()
def coupled():
    receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
    cells = fn.Population(fn.TraubMiles.cobahh(), 4000, receptors, current=np.linspace(0, 3, 4000))
    synapses = fn.FixedOutDegree(80)
    excite = fn.Projection(cells[:3200], cells, "exc", synapses, weight=0.03, delay=0.1)
    inhibit = fn.Projection(cells[3200:], cells, "inh", synapses, weight=0.335, delay=0.1)
    return fn.Network({"cells": cells}, [excite, inhibit])
print("ready", fn.__file__, flush=True)
for line in sys.stdin:
    try:
        eval(line)
        print("done", flush=True)
    except AttributeError as problem:
        print("unable:", problem, flush=True)
"""


class Worker:
    """A process of one revision that does tasks when told."""

    def __init__(self, python: Path) -> None:
        self.process = subprocess.Popen(
            [python, "-I", "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._answer()

    def __call__(self, task: str) -> bool:
        """Have it done; False where its revision does not know how."""
        assert self.process.stdin
        self.process.stdin.write(task + "\n")
        return self._answer() == "done\n"

    def _answer(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a worker ended; its error stands above")
        return line

    def end(self) -> None:
        """Let it go."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def gate(against: str, quick: bool) -> int:
    """Compare this working tree with revision `against`; 1 if something became slower, else 0."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", other, against], check=True)
        try:
            pythons = [_environment(Path(folder) / name, tree) for name, tree in (("mine", ROOT), ("theirs", other))]
            mine, theirs = map(Worker, pythons)
            slower = False
            print(f"how many times as fast as {against}:")
            for name, task in TASKS.items():
                if not theirs(task):
                    print(f"  {name:32} {against} cannot do this", flush=True)
                    continue
                if not mine(task):
                    raise RuntimeError(f"this tree can no longer do {task}")
                result = paired(
                    lambda task=task: mine(task),
                    lambda task=task: theirs(task),
                    1 if quick else 9,
                    0.0 if quick else 0.1,
                )
                trusted = not quick and result.floor < DISTRUST
                failed = trusted and result.ratio * (1 + result.spread) < SLOWER
                slower |= failed
                note = "  SLOWER" if failed else "" if trusted else "  DISTRUST"
                print(f"  {name:32} {result}, A/A {result.floor:.1%}{note}", flush=True)
            mine.end()
            theirs.end()
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", other], check=True)
    return int(slower)


def _environment(folder: Path, tree: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", tree], check=True)
    return python
