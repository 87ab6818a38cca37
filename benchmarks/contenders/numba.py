"""The straightforward Numba loop, fastmath on, neuron by neuron."""

from collections.abc import Callable

import numpy as np

from fastneuron._baselines import numba_rk4

from ..tasks import Population

PACKAGE = "numba"


def population(task: Population, threads: int) -> Callable[[], np.ndarray]:
    """Morris-Lecar."""
    if task.model != "morris_lecar" or task.every or threads > 1:
        raise NotImplementedError("Morris-Lecar on one thread, nothing recorded, is all there is of it")
    current = task.current

    def run() -> np.ndarray:
        V, N = (np.full(task.n, begin) for begin in task.rest)
        numba_rk4(V, N, current, task.dt, task.steps, np.zeros(task.n, np.int64))
        return V

    return run
