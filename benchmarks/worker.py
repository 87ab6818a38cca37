"""A contender in a process of its own, which may be another Python with other packages.

`Worker` is the handle; the rest runs over there.  The process holds on to as many cores as it has threads, so that one
thread is one thread whatever a library thinks, and two contenders in turns use the same cores.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np

from .tasks import TASKS

ROOT = Path(__file__).parents[1]


class Missing(Exception):
    """A contender that is not installed, or that failed; says why in one line."""


class Unable(Missing):
    """A contender that is not written for the task."""


class Worker:
    """A contender, by the name of its file in `contenders`.

    Parameters
    ----------
    contender : str
        For example ``"jax"``.
    threads : int
        How many cores it gets.
    python : str
        The interpreter that has its packages.
    environment : dict of str
        What else it finds in its environment.
    """

    def __init__(
        self, contender: str, threads: int, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        count = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [python, "-W", "ignore", "-m", "benchmarks.worker", contender, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **count, "PYTHONPATH": path, **(environment or {})},
        )
        self.prepared: tuple[dict[str, Any] | None, dict[str, Any]] = None, {}
        self.first: float | None = None

    def version(self) -> str:
        """Of the library; it is imported now, if it has not been."""
        return str(self._ask("version"))

    def prepare(self, task: Any, options: Mapping[str, Any] | None = None) -> float | None:
        """Give it a task, which it runs once; the seconds of that, where it has a clock that leaves compilers out.

        What it has already is not prepared again.
        """
        given = {"task": type(task).__name__, **dataclasses.asdict(task)}, dict(options or {})
        if given != self.prepared:
            self.prepared = None, {}
            self.first = self._ask("prepare", *given)
            self.prepared = given
        return self.first

    def time(self, many: int) -> tuple[float, float]:
        """Seconds per run by its own clock, and how many cores it had."""
        seconds, cores = self._ask("time", many)
        return seconds, cores

    def cpu(self) -> float:
        """Seconds that it has taken of all cores, with the processes it started."""
        return float(self._ask("cpu"))

    def __call__(self) -> None:
        """Run it once."""
        self.time(1)

    def answer(self, every: int = 1) -> np.ndarray:
        """What the program answered when it ran last, or each so many-th of it."""
        return np.asarray(self._ask("answer", every))

    def peak(self, task: Any, options: Mapping[str, Any] | None = None) -> int:
        """Bytes that the task takes at its peak: of the process, or of the one it starts for the work."""
        self.prepare(task, options)  # what compilers take is over when the watch begins
        own = self.process.pid
        child, watching = 0, True

        def watch() -> None:
            nonlocal child
            while watching:
                for one in Path(f"/proc/{own}/task/{own}/children").read_text().split():
                    child = max(child, _high_water(int(one)))
                sleep(0.001)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            self()
        finally:
            watching = False
            watcher.join()
        return child or _high_water(own)

    def end(self) -> None:
        """Let it go."""
        with suppress(OSError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *failure: object) -> None:
        self.end()

    def _ask(self, *words: Any) -> Any:
        with suppress(BrokenPipeError):
            print(json.dumps(words), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise Missing(f"its process ended ({self.process.wait()})")
        reply = json.loads(line)
        if "problem" in reply:
            raise (Unable if reply["unable"] else Missing)(reply["problem"])
        return reply["done"]


def _high_water(process: int) -> int:
    """VmHWM, bytes (ru_maxrss would count what the parent had); 0 of a process that has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 0


class _Contender:
    """Over there: the contender's module, and the program it prepared."""

    def __init__(self, name: str, threads: int) -> None:
        self.module = importlib.import_module(f"benchmarks.contenders.{name}")
        self.threads = threads

    def version(self) -> str:
        if hasattr(self.module, "version"):
            return self.module.version()
        return f"{self.module.PACKAGE} {importlib.metadata.version(self.module.PACKAGE)}"

    def prepare(self, task: dict[str, Any], options: dict[str, Any]) -> float | None:
        kind = task.pop("task")
        function = getattr(self.module, kind.lower(), None)
        if function is None:
            raise NotImplementedError("not written for this task")
        task = {name: tuple(value) if isinstance(value, list) else value for name, value in task.items()}
        self.program = function(TASKS[kind](**task), self.threads, **options)
        own = hasattr(self.program, "clock")
        self.clock = self.program.clock if own else process_time if self.threads == 1 else perf_counter
        begin = self.clock()
        self.last = self.program()
        return self.clock() - begin if own else None

    def time(self, many: int) -> tuple[float, float]:
        wall, cpu, begin = perf_counter(), _cpu(), self.clock()
        for _ in range(many):
            self.last = None  # no memory of two answers
            self.last = self.program()
        return (self.clock() - begin) / many, (_cpu() - cpu) / (perf_counter() - wall)

    def cpu(self) -> float:
        return _cpu()

    def answer(self, every: int) -> list[Any]:
        return (self.last() if callable(self.last) else self.last)[::every].tolist()


def _cpu() -> float:
    """Seconds of all cores, of the processes it started, too."""
    spent = os.times()
    return process_time() + spent.children_user + spent.children_system


def main(arguments: Sequence[str]) -> None:
    """Answer each line, a list of a word and its arguments, by a line."""
    name, threads = arguments[0], int(arguments[1])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    contender: Callable[..., Any] | Any = None
    for line in sys.stdin:
        word, *rest = json.loads(line)
        try:
            contender = contender or _Contender(name, threads)
            reply = {"done": getattr(contender, word)(*rest)}
        except Exception as problem:  # whatever is wrong with a peer is a line of the report
            text = str(problem).strip().partition("\n")[0] or type(problem).__name__
            reply = {"problem": text, "unable": isinstance(problem, NotImplementedError)}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
