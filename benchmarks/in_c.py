"""The C kernels to measure against, compiled where there is a compiler and the vectors they want."""

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import fastneuron as fn

FLAGS = {
    "handwritten_rk4": ("-O3", "-march=native"),
    "plain_rk4": ("-O3", "-march=native", "-ffast-math"),
}
LANES = 64
PARAMETERS = ("C", "g_L", "g_Ca", "g_K", "E_L", "E_Ca", "E_K", "V1", "V2", "V3", "V4", "phi")


@functools.cache
def library(name="handwritten_rk4"):
    """A compiled library; a RuntimeError says in one line why there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler (cc) on this machine")
    target = Path(tempfile.mkdtemp()) / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    command = [compiler, *FLAGS[name], "-shared", "-fPIC", source, "-o", target, "-lm"]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(next((line for line in made.stderr.splitlines() if "error" in line), "cc failed"))
    return ctypes.CDLL(target)


def handwritten(model, current, initial, dt, steps):
    """A function that runs the intrinsics: V, N, spike counts."""
    n = current.size
    parameters = np.stack([np.broadcast_to(model.parameters[name], n) for name in PARAMETERS] + [current])
    extra = -n % LANES
    padded = np.pad(parameters, ((0, 0), (0, extra)), "edge")
    V, N = (np.pad(initial[name], (0, extra), "edge") for name in ("V", "N"))
    return _program(library("handwritten_rk4"), padded, V, N, dt, steps, n)


def plain(current, initial, dt, steps):
    """A function that runs the straightforward C, Hopf set: V, N, spike counts."""
    return _program(library("plain_rk4"), current, initial["V"], initial["N"], dt, steps, current.size)


def _program(compiled, inputs, V0, N0, dt, steps, n):
    def address(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def run():
        V, N, count = V0.copy(), N0.copy(), np.zeros(V0.size)
        sizes = ctypes.c_long(V.size), ctypes.c_double(dt), ctypes.c_long(steps)
        compiled.rk4(*map(address, (V, N, count, inputs)), *sizes)
        return V[:n], N[:n], count[:n]

    return run


def start(model, current):
    """The state from which `simulate` starts."""
    begun = fn.simulate(model, 0.05, current=current, record=tuple(model.states))
    return {name: begun[name][:, 0].copy() for name in model.states}
