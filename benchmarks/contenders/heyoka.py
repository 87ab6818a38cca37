"""heyoka: Taylor series of adaptive step, several neurons in the lanes of one vector."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy

import heyoka as hy
import numpy as np

from ..equations import slopes
from ..tasks import Population

PACKAGE = "heyoka"


def population(task: Population, threads: int, tol: float) -> Callable[[], np.ndarray]:
    """One integrator for each thread, batch after batch; spikes are not looked for."""
    if task.every:
        raise NotImplementedError("not written for recording")
    wide = hy.recommended_simd_size()
    state = hy.make_vars(*(f"y{number}" for number in range(len(task.rest))))
    equations = list(zip(state, slopes(task, hy, hy.par[0])(*state), strict=True))
    rest = np.repeat(np.array(task.rest)[:, None], wide, axis=1)
    first = hy.taylor_adaptive_batch(equations, rest, pars=np.zeros((1, wide)), tol=tol)
    integrators = [first, *(copy(first) for _ in range(threads - 1))]
    current = np.pad(task.current, (0, -task.n % wide), "edge").reshape(-1, wide)
    duration = task.steps * task.dt
    V = np.empty_like(current)

    def part(number: int) -> None:
        integrator = integrators[number]
        for k in range(number, len(current), threads):
            integrator.set_time(0.0)
            integrator.state[:] = rest
            integrator.pars[0] = current[k]
            integrator.propagate_until(duration)
            V[k] = integrator.state[0]

    def run() -> np.ndarray:
        if threads == 1:
            part(0)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(part, range(threads)))
        return V.reshape(-1)[: task.n].copy()

    return run
