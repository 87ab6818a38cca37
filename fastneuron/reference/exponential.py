"""The exponential of an upstroke, bounded: SciPy's steps in time cannot resolve what comes after."""

import math

BOUND = 30.0  # beyond, the upstroke takes less than 1e-11 ms


def bounded_exp(x):
    """The exponential of x, smoothly below that of BOUND: a kink would stop a method of order 8."""
    return 1.0 / (math.exp(min(-x, 600.0)) + math.exp(-BOUND))
