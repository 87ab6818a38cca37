"""JAX: jit, 64 bits, the loop over steps inside the compiled function."""

import os
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ..equations import rk4, slopes
from ..tasks import Population

PACKAGE = "jax"
jax.config.update("jax_enable_x64", True)
if "JAX_COMPILATION_CACHE_DIR" in os.environ:  # its cache on disk leaves out what compiles fast unless told
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def population(task: Population, threads: int) -> Callable[[], np.ndarray]:
    """A loop of steps in a scan over samples."""
    every = task.every or task.steps

    def step(_, carry):
        I, state, count = carry
        after = rk4(slopes(task, jnp, I), task.dt, state)
        return I, after, count + ((state[0] < 0) & (after[0] >= 0))

    def sample(carry, _):
        carry = jax.lax.fori_loop(0, every, step, carry)
        return carry, carry[1][0] if task.every else None

    @jax.jit
    def solve(I, state):
        begin = I, state, jnp.zeros(task.n, jnp.int64)
        return jax.lax.scan(sample, begin, length=task.steps // every)

    I, state = jnp.asarray(task.current), tuple(jnp.full(task.n, begin) for begin in task.rest)

    def run() -> np.ndarray:
        (_, after, _), _ = jax.block_until_ready(solve(I, state))
        return np.asarray(after[0])

    return run
