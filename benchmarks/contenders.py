"""Everybody who runs the same task: a Morris-Lecar population, Hopf set, RK4, dt 0.05 ms, float64, spikes counted.

A contender is a function of a `Task`; it prepares, and returns the program to be timed, which returns the final V.
What is missing (a package, a compiler) ends in an ImportError or a RuntimeError, and in a line of the report.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import fastneuron as fn
from fastneuron._rivals import numba_rk4

from .in_c import FLAGS, handwritten, plain, start

BRIAN2_PYTHON = os.environ.get("BRIAN2_PYTHON", sys.executable)  # it wants an older NumPy than we do
DT = 0.05
MODEL = fn.MorrisLecar.hopf()


class Task(NamedTuple):
    """What everybody computes."""

    n: int
    steps: int

    @property
    def current(self) -> np.ndarray:
        """The current of each neuron, uA/cm^2."""
        return np.linspace(80.0, 130.0, self.n)


Program = Callable[[], np.ndarray]


class Contender(NamedTuple):
    """Who, with what settings."""

    name: str
    threads: int
    settings: str
    prepare: Callable[[Task], Program]
    package: str = ""
    least_work: int = 0  # neuron-steps below which its fixed costs would be all that is measured
    slower: int = 1  # takes this many times fewer steps, so as to last as long as the others

    @property
    def version(self) -> str:
        """Of the package, or of the compiler."""
        if self.package == "brian2":
            return f"brian2 {_brian2_version()}"
        if self.package == "cc":
            return subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.partition("\n")[0]
        return f"{self.package} {importlib.metadata.version(self.package)}" if self.package else fn.__version__


def ours(threads: int) -> Contender:
    """fastneuron itself."""

    def prepare(task: Task) -> Program:
        return lambda: fn.simulate(MODEL, task.steps * DT, DT, task.current, threads=threads).state["V"]

    return Contender("fastneuron", threads, "spike times found, too", prepare)


def _numba(task: Task) -> Program:
    begin, current = start(MODEL, task.current), task.current

    def run() -> np.ndarray:
        V = begin["V"].copy()
        numba_rk4(V, begin["N"].copy(), current, DT, task.steps, np.zeros(task.n, np.int64))
        return V

    return run


def _intrinsics(task: Task) -> Program:
    run = handwritten(MODEL, task.current, start(MODEL, task.current), DT, task.steps)
    return lambda: run()[0]


def _plain_c(task: Task) -> Program:
    run = plain(task.current, start(MODEL, task.current), DT, task.steps)
    return lambda: run()[0]


def _numpy(task: Task) -> Program:
    begin, current = start(MODEL, task.current), task.current

    def run() -> np.ndarray:
        return np.asarray(_rk4(np, begin["V"], begin["N"], current, task.steps)[0])

    return run


def _jax(task: Task) -> Program:
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    import jax

    jax.config.update("jax_enable_x64", True)
    begin, current = start(MODEL, task.current), jax.numpy.asarray(task.current)
    V, N = jax.numpy.asarray(begin["V"]), jax.numpy.asarray(begin["N"])
    loop = jax.jit(lambda V, N, current: _rk4(jax.numpy, V, N, current, task.steps, jax.lax.fori_loop))
    return lambda: np.asarray(loop(V, N, current)[0])


def _rk4(xp, V, N, current, steps, fori_loop=None):
    """RK4 on arrays of any library: V, N, spike counts."""

    def slope(v, n):
        m = 0.5 * (1.0 + xp.tanh((v + 1.2) / 18.0))
        n_inf = 0.5 * (1.0 + xp.tanh((v - 2.0) / 30.0))
        dv = (current - 2.0 * (v + 60.0) - 4.4 * m * (v - 120.0) - 8.0 * n * (v + 84.0)) / 20.0
        return dv, (n_inf - n) * (0.04 * xp.cosh((v - 2.0) / 60.0))

    def step(_, state):
        v, n, count = state
        a, b = slope(v, n)
        c, d = slope(v + 0.5 * DT * a, n + 0.5 * DT * b)
        e, f = slope(v + 0.5 * DT * c, n + 0.5 * DT * d)
        g, h = slope(v + DT * e, n + DT * f)
        after = v + DT / 6 * (a + 2 * c + 2 * e + g)
        return after, n + DT / 6 * (b + 2 * d + 2 * f + h), count + ((v < 0) & (after >= 0))

    state = V, N, xp.zeros(V.shape, xp.int64)
    if fori_loop is not None:
        return fori_loop(0, steps, step, state)
    for number in range(steps):
        state = step(number, state)
    return state


@functools.cache
def _brian2_version() -> str:
    asked = [BRIAN2_PYTHON, "-c", "import brian2; print(brian2.__version__)"]
    answer = subprocess.run(asked, capture_output=True, text=True)
    if answer.returncode:
        raise ImportError("brian2 cannot be imported: " + (answer.stderr.strip().splitlines() or ["?"])[-1])
    return answer.stdout.strip()


def _brian2(threads: int, flags: tuple[str, ...]) -> Callable[[Task], Program]:
    def prepare(task: Task) -> Program:
        _brian2_version()
        directory = Path(tempfile.mkdtemp()) / "standalone"
        script = Path(__file__).with_name("brian2_rk4.py")
        command = [BRIAN2_PYTHON, script, directory, *map(str, (task.n, task.steps, threads)), *flags]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError("Brian2 could not build: " + (made.stderr.strip().splitlines() or ["?"])[-1])

        def run() -> np.ndarray:
            subprocess.run([directory / "main"], cwd=directory, check=True, capture_output=True)
            return np.fromfile(next(directory.glob("results/_dynamic*_v_*"), None) or _state(directory), np.float64)

        return run

    return prepare


def _state(directory: Path) -> Path:
    return next(directory.glob("results/_array_neurongroup*_v_*"))


RETUNED = ("-w", "-O3", "-ffast-math", "-march=native", "-std=c++17")  # lets gcc vectorise exp by libmvec


def contenders(threads: int) -> list[Contender]:
    """Everybody, with one thread and with several."""
    many = [ours(threads)] if threads > 1 else []
    found = [
        *many,
        Contender("C, AVX intrinsics", 1, " ".join(FLAGS["handwritten_rk4"]), _intrinsics, "cc"),
        Contender("C, plain", 1, " ".join(FLAGS["plain_rk4"]), _plain_c, "cc"),
        Contender("Numba, plain", 1, "fastmath=True", _numba, "numba", slower=8),
        Contender("NumPy", 1, "whole arrays", _numpy, "numpy", slower=100),
        Contender("JAX", 1, "jit, x64, fori_loop; one thread asked for", _jax, "jax"),
        Contender("Brian2", 1, "C++ standalone, its own flags", _brian2(1, ()), "brian2", 20_000_000),
        Contender("Brian2", 1, " ".join(RETUNED[1:]), _brian2(1, RETUNED), "brian2", 20_000_000),
    ]
    if threads > 1:
        settings = f"OpenMP, {' '.join(RETUNED[1:])}"
        found.append(Contender("Brian2", threads, settings, _brian2(threads, RETUNED), "brian2", 20_000_000))
    return found
