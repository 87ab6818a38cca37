"""C kernels, compiled where there is a compiler and the vectors they want."""

import ctypes
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..tasks import Population

FLAGS = {
    "handwritten_rk4": ("-O3", "-march=native"),
    "plain_rk4": ("-O3", "-march=native", "-ffast-math"),
}
LANES = 64
HOPF = (20.0, 2.0, 4.4, 8.0, -60.0, 120.0, -84.0, -1.2, 18.0, 2.0, 30.0, 0.04)  # C, g_L, ... as handwritten_rk4.c reads


def version() -> str:
    """Of the compiler."""
    return subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.partition("\n")[0]


@functools.cache
def library(name: str) -> ctypes.CDLL:
    """A compiled library; an ImportError says in one line why there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise ImportError("no C compiler (cc) on this machine")
    target = Path(tempfile.mkdtemp()) / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    command = [compiler, *FLAGS[name], "-shared", "-fPIC", source, "-o", target, "-lm"]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise ImportError(next((line for line in made.stderr.splitlines() if "error" in line), "cc failed"))
    return ctypes.CDLL(str(target))


def population(task: Population, threads: int, source: str) -> Callable[[], np.ndarray]:
    """Morris-Lecar."""
    if task.model != "morris_lecar" or task.every or threads > 1:
        raise NotImplementedError("Morris-Lecar on one thread, nothing recorded, is all there is of it")
    run = solve(task, source)
    return lambda: run()[0]


def solve(task: Population, source: str) -> Callable[[], tuple[np.ndarray, ...]]:
    """A function that runs it: V, spike counts."""
    kernel, inputs = library(source), task.current
    if source == "handwritten_rk4":  # whole blocks, and a row for each parameter
        inputs = np.pad(inputs, (0, -task.n % LANES), "edge")
        inputs = np.stack([np.full(inputs.size, value) for value in HOPF] + [inputs])
    n = inputs.shape[-1]

    def address(array: np.ndarray) -> ctypes.c_void_p:
        return array.ctypes.data_as(ctypes.c_void_p)

    def run() -> tuple[np.ndarray, ...]:
        V, N, count = *(np.full(n, begin) for begin in task.rest), np.zeros(n)
        sizes = ctypes.c_long(n), ctypes.c_double(task.dt), ctypes.c_long(task.steps)
        kernel.rk4(*map(address, (V, N, count, inputs)), *sizes)
        return V[: task.n], count[: task.n]

    return run
