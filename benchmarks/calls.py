"""What a call costs beside its kernel: CPU time of calls that are over in no time, of this tree and of another one.

``python -m benchmarks.calls`` writes ``results/calls.md``; ``--against TREE`` sets the checkout of another revision
beside it, in turns (a b b a), each in a process of its own; ``--quick`` shows that it runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
ROUNDS, WINDOWS, CALLS = 6, 12, 60

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
        "from fastneuron._integrators.fixed_step import Span\n"
        "span, tag = Span(0, 1, 2, 202, 0, False), sim._work.recipe.chosen.tag\n"
        "given = tag, problem.lanes, problem.neurons, span, 0.05, problem.buffer(200), traces, None",
        "problem.entry(*given)",
    ),
}
# answers each line it reads, a setup and a statement, with microseconds of CPU time a call: the least of some windows
WORKER = """
import sys, time
import numpy as np, fastneuron as fn
model = fn.MorrisLecar.hopf()
for line in sys.stdin:
    setup, statement, windows, calls = eval(line)
    try:
        scope = {"fn": fn, "model": model}
        exec(setup, scope)
        exec(f"def work():\\n    for _ in range({calls}):\\n        {statement}", scope)
        work = scope["work"]
        work()
        best = float("inf")
        for _ in range(windows):
            begin = time.thread_time_ns()
            work()
            best = min(best, (time.thread_time_ns() - begin) / calls / 1e3)
        print(best, flush=True)
    except AttributeError:
        print("nan", flush=True)
"""


class Worker:
    """A process of one tree."""

    def __init__(self, tree: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(tree)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER], env=environment, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1,
        )  # fmt: skip

    def microseconds(self, setup: str, statement: str, windows: int, calls: int) -> float:
        """CPU time of a call; NaN where the tree does not know it."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{(setup, statement, windows, calls)!r}\n")
        return float(self.process.stdout.readline())

    def end(self) -> None:
        """Let it go."""
        self.process.communicate()


def measure(trees: list[Path], quick: bool) -> list[tuple[str, list[list[float]]]]:
    """Of each task, the microseconds of each tree in each round."""
    workers = [Worker(tree) for tree in trees]
    windows, rounds = (1, 1) if quick else (WINDOWS, ROUNDS)
    found = []
    for name, (setup, statement) in TASKS.items():
        times: list[list[float]] = [[] for _ in trees]
        for turn in range(rounds):
            order = list(enumerate(workers))
            for number, worker in order if turn % 2 else reversed(order):
                times[number].append(worker.microseconds(setup, statement, windows, 2 if quick else CALLS))
        found.append((name, times))
    for worker in workers:
        worker.end()
    return found


def table(found: list[tuple[str, list[list[float]]]]) -> str:
    """The rows as Markdown."""
    lines = ["| a call | us | before | times as fast |", "|---|--:|--:|--:|"]
    for name, (mine, *theirs) in found:
        before = ratio = ""
        if theirs and theirs[0][0] == theirs[0][0]:
            before = f"{min(theirs[0]):.1f}"
            ratio = f"{statistics.median(b / a for a, b in zip(mine, theirs[0], strict=True)):.2f}"
        lines.append(f"| {name} | {min(mine):.1f} | {before} | {ratio} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--against", type=Path, metavar="TREE", help="the checkout of another revision")
    options = parser.parse_args()
    page = table(measure([ROOT, *([options.against.absolute()] if options.against else [])], options.quick))
    print(page)
    if not options.quick:
        head = "CPU time of a call in microseconds, the least of some windows; see `benchmarks/calls.py`.\n\n"
        (RESULTS / "calls.md").write_text(head + page + "\n")


if __name__ == "__main__":
    main()
