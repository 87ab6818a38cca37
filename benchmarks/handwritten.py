"""The hand-written C kernel, compiled where there is a compiler and the vectors it wants."""

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import fastneuron as fn

SOURCE = Path(__file__).with_name("handwritten_rk4.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")


@functools.cache
def library():
    """The compiled library; a RuntimeError says in one line why there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler (cc) on this machine")
    target = Path(tempfile.mkdtemp()) / "handwritten_rk4.so"
    made = subprocess.run([compiler, *FLAGS, SOURCE, "-o", target], capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(next(line for line in made.stderr.splitlines() if "error" in line))
    return ctypes.CDLL(target)


def handwritten(model, current, initial, dt, steps):
    """A function that runs it: V, N, spike counts.  The size must be a multiple of 64."""
    n = current.size
    order = ("C", "g_L", "g_Ca", "g_K", "E_L", "E_Ca", "E_K", "V1", "V2", "V3", "V4", "phi")
    parameters = np.stack([np.broadcast_to(model.parameters[name], n) for name in order] + [current])
    rk4 = library().rk4

    def address(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def run():
        V, N, count = initial["V"].copy(), initial["N"].copy(), np.zeros(n)
        rk4(*map(address, (V, N, count, parameters)), ctypes.c_long(n), ctypes.c_double(dt), ctypes.c_long(steps))
        return V, N, count

    return run


def start(model, current):
    """The state from which `simulate` starts."""
    begun = fn.simulate(model, 0.05, current=current, record=tuple(model.states))
    return {name: begun[name][:, 0].copy() for name in model.states}
