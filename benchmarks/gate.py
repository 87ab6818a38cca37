"""The working tree against another revision, in one environment each, timed in turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .paired import DISTRUST, paired

ROOT = Path(__file__).parents[1]
SLOWER = 0.95  # a ratio below, if it can be believed, fails

TASKS = {  # one that only this tree can do is left out; each takes a few tenths of a second
    "4,096 neurons, RK4, one thread": "fn.simulate(model, 50.0, current=np.linspace(80, 130, 4096), threads=1)",
    "4,096 neurons, V recorded": "fn.simulate(model, 50.0, current=np.linspace(80, 130, 4096), threads=1, record='V')",
    "one neuron": "fn.simulate(model, 5000.0, current=100.0, threads=1)",
    "30 neurons, all cores": "fn.simulate(model, 1000.0, current=np.linspace(80, 130, 30))",
    "500 calls for a neuron and 10 ms": "[fn.simulate(model, 10.0, current=100.0) for _ in range(500)]",
    "5,000 steps of a Simulation": "[simulation.run(0.05) for _ in range(5000)]",
    "10,000 AdEx neurons of a sweep": "fn.sweep(adex, 50.0, {'current': grid, 'b': grid / 10}, ('rate',), threads=1)",
    "4,000 coupled neurons, RK4": "fn.simulate(coupled(), 50.0, threads=1)",
    "4,000 coupled neurons, staggered": "fn.simulate(coupled(), 100.0, dt=0.1, method='staggered', threads=1)",
    "2,500 neurons, delta synapses": "fn.simulate(brunel(), 200.0, dt=0.1, threads=1)",
    "1,000 neurons, gap junctions": "fn.simulate(touching(), 100.0, threads=1)",
    "1,000 circuits of two cells": "fn.simulate(pairs(), 1000.0, dt=0.5, current=0.8, threads=1)",
    "500 cycles": "fn.cycles(fn.MorrisLecar.hopf(V3=np.linspace(2.5, 2.0, 500)), 100.0)",
    "MLP.train": "fn.MLP([64, 32, 10], output='softmax').train(X, y, epochs=20, threads=1)",
}
# answers each line it reads, a task, with CPU and wall time when it is done or has turned out to be of another revision
WORKER = """
import sys
from time import perf_counter, process_time
import numpy as np, fastneuron as fn
model, grid, rng = fn.MorrisLecar.hopf(), np.linspace(100, 900, 100), np.random.default_rng(0)
X, y = rng.normal(size=(1600, 64)), np.arange(1600) % 10
def coupled():
    receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
    cells = fn.Population(fn.TraubMiles.cobahh(), 4000, receptors, current=np.linspace(0, 3, 4000))
    synapses = fn.FixedOutDegree(80)
    excite = fn.Projection(cells[:3200], cells, "exc", synapses, weight=0.03, delay=0.1)
    inhibit = fn.Projection(cells[3200:], cells, "inh", synapses, weight=0.335, delay=0.1)
    return fn.Network({"cells": cells}, [excite, inhibit])
def brunel():
    drive = fn.PoissonJumps(4000.0, 0.5)
    cells = fn.Population(fn.LeakyIntegrateAndFire.brunel(), 2500, {"psp": fn.Delta()}, noise=drive)
    excite = fn.Projection(cells[:2000], cells, "psp", fn.FixedInDegree(200), weight=0.5, delay=1.5)
    inhibit = fn.Projection(cells[2000:], cells, "psp", fn.FixedInDegree(50), weight=-2.5, delay=1.5)
    return fn.Network({"cells": cells}, [excite, inhibit])
def touching():
    cells, one = fn.Population(model, 1000, current=np.linspace(90, 110, 1000)), np.tile(np.arange(1000), 10)
    ends = one, (one + np.repeat([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5], 1000)) % 1000
    return fn.Network({"cells": cells}, [fn.Coupling(cells, cells, fn.GapJunction(), ends, weight=0.05)])
def pairs():
    cell, kind = fn.Circuit.half_centre().cells["A"], fn.Graded(E=-80.0, half=np.linspace(0.0, 30.0, 1000), slope=2.0)
    return fn.Circuit({"A": cell, "B": cell}, [fn.Coupling("A", "B", kind, weight=0.008, symmetric=True)])
class Later(dict):
    def __missing__(self, name):
        made = {"simulation": lambda: fn.Simulation(model, current=100.0), "adex": lambda: fn.AdaptiveExponential()}
        if name not in made:
            raise KeyError(name)
        self[name] = made[name]()
        return self[name]
known = Later(globals())
print("ready", fn.__file__, flush=True)
for line in sys.stdin:
    try:
        wall, cpu = perf_counter(), process_time()
        eval(line, known)
        print("done", process_time() - cpu, perf_counter() - wall, flush=True)
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

    def begin(self, task: str) -> None:
        """Have it started."""
        assert self.process.stdin
        self.process.stdin.write(task + "\n")

    def done(self) -> tuple[float, float] | None:
        """CPU and wall time, s, of what was started, once it is done; None where its revision does not know how."""
        word, *times = self._answer().split()
        return (float(times[0]), float(times[1])) if word == "done" else None

    def __call__(self, task: str) -> tuple[float, float] | None:
        """Have it done."""
        self.begin(task)
        return self.done()

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


class Program(NamedTuple):
    """A task of a worker, for `paired`: by the clock on the wall, or by what it takes of its core."""

    worker: Worker
    task: str
    wall: bool

    def __call__(self) -> None:
        """Have it done."""
        self.worker(self.task)

    def time(self, many: int) -> tuple[float, float]:
        """Seconds of one, and how many cores it had."""
        times = [self.worker(self.task) or (0.0, 0.0) for _ in range(many)]
        cpu, wall = (sum(column) / many for column in zip(*times, strict=True))
        return (wall if self.wall else cpu), cpu / wall


def gate(against: str, quick: bool) -> int:
    """Compare this working tree with revision `against`; 1 if something became slower, else 0."""
    slower = False
    with _workers(against) as (mine, theirs):
        print(f"how many times as fast as {against}:")
        for name, task in TASKS.items():
            mine.begin(task)  # both compile at once
            known = theirs(task)
            if not mine.done():
                raise RuntimeError(f"this tree can no longer do {task}")
            if not known:
                print(f"  {name:32} {against} cannot do this", flush=True)
                continue
            programs = [Program(worker, task, "all cores" in name) for worker in (mine, theirs)]
            result = paired(*programs, *((1, 0.0) if quick else (7, 0.1)))
            trusted = not quick and result.floor < DISTRUST
            failed = trusted and result.ratio * (1 + result.spread) < SLOWER
            slower |= failed
            note = "  SLOWER" if failed else "" if trusted else "  DISTRUST"
            print(f"  {name:32} {result}, A/A {result.floor:.1%}, {result.a:.2f} s{note}", flush=True)
    return int(slower)


@contextmanager
def _workers(against: str) -> Iterator[tuple[Worker, Worker]]:
    """One of this tree, and one of revision `against`."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", other, against], check=True)
        try:
            pythons = [_environment(Path(folder) / name, tree) for name, tree in (("mine", ROOT), ("theirs", other))]
            mine, theirs = map(Worker, pythons)
            yield mine, theirs
            mine.end()
            theirs.end()
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", other], check=True)


def _environment(folder: Path, tree: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", tree, "xarray"], check=True)  # sweeps want it
    return python
