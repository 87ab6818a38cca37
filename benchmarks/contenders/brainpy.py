"""BrainPy: its rk4 integrator under its compiled for_loop, 64 bits."""

from collections.abc import Callable

import brainpy as bp
import brainpy.math as bm
import numpy as np

from ..equations import slopes
from ..tasks import Population

PACKAGE = "brainpy"
bm.enable_x64()
bm.set_float(bm.float64)


def population(task: Population, threads: int) -> Callable[[], np.ndarray]:
    """A group of neurons, its spikes counted."""
    names = ("V", "N") if task.model == "morris_lecar" else ("V", "m", "h", "n")
    integral = bp.odeint(_derivative(task, names), method="rk4", dt=task.dt)
    I = bm.asarray(task.current)
    state = [bm.Variable(bm.zeros(task.n)) for _ in names]
    count = bm.Variable(bm.zeros(task.n, bm.int64))

    def step(number):
        before = state[0].value
        after = integral(*(y.value for y in state), number * task.dt, I)
        for y, value in zip(state, after, strict=True):
            y.value = value
        count.value = count.value + ((before < 0) & (after[0] >= 0))

    def sample(number):
        bm.for_loop(step, bm.arange(every))
        return state[0].value if task.every else None

    every = task.every or task.steps
    loop = bm.jit(lambda: bm.for_loop(sample, bm.arange(task.steps // every)))

    def run() -> np.ndarray:
        for y, begin in zip(state, task.rest, strict=True):
            y.value = bm.full(task.n, begin).value
        loop()
        return np.asarray(state[0].value)

    return run


def _derivative(task, names):
    """BrainPy reads the names of a derivative's arguments."""
    if len(names) == 2:
        return lambda V, N, t, I: slopes(task, bm, I)(V, N)
    return lambda V, m, h, n, t, I: slopes(task, bm, I)(V, m, h, n)
