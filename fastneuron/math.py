"""Elementary functions for the formulas of a model of one's own: each vectorises inside a kernel.

``exp, expm1, exprelr, log, log1p, sinh, cosh, tanh, sigmoid, softplus, sqrt``.  Each is within 1 ulp of the correctly
rounded result (`sigmoid` and `softplus`: 2).  Outside a kernel they are plain functions of a float.

What costs is the number of exponentials, 20 instructions each; a division is worth about 10.  Where exponents are
multiples of one another, one exponential gives the others by multiplication: with ``u = exp(-V / 80)`` and
``u2 = u * u``, ``exp(-(V + 65) / 20)`` is ``exp(-65 / 20) * u2 * u2``, the factor written as a number.  So
`HodgkinHuxley` and `TraubMiles` work out six rates from two exponentials and one division, 1.5 and 1.6 times as fast as
from four and five.  Each squaring doubles a relative error: the eighth power of u is wrong by 16 ulp at most.  Where
the ratio of two exponents is a parameter, as in `MorrisLecarFull`, nothing is to be gained.

Examples
--------
>>> import fastneuron as fn
>>> fn.math.exprelr(0.0), fn.math.sigmoid(0.0)
(1.0, 0.5)
"""

import math
from typing import Any

import numpy as np

from ._kernel import elementary
from ._kernel.jit import specialises

LARGEST_EXP, LARGEST_SINH = 709.782712893384, 710.4758600739439  # what goes beyond overflows


def exp(x: float) -> float:
    """e to the x."""
    return math.inf if x > LARGEST_EXP else math.exp(x)


def expm1(x: float) -> float:
    """exp(x) - 1, exact near 0."""
    return math.inf if x > LARGEST_EXP else math.expm1(x)


def exprelr(x: Any) -> Any:
    """x / (exp(x) - 1), 1 at 0: the rate function of Hodgkin and Huxley; outside a kernel, of an array too."""
    with np.errstate(over="ignore", invalid="ignore"):
        y = np.where(np.equal(x, 0.0), 1.0, x / np.expm1(np.where(np.equal(x, 0.0), 1.0, x)))
    return y if y.ndim else float(y)


def log(x: float) -> float:
    """Natural logarithm."""
    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan


def log1p(x: float) -> float:
    """log(1 + x), exact near 0."""
    return math.log1p(x) if x > -1.0 else -math.inf if x == -1.0 else math.nan


def sinh(x: float) -> float:
    """Hyperbolic sine."""
    return math.copysign(math.inf, x) if abs(x) > LARGEST_SINH else math.sinh(x)


def cosh(x: float) -> float:
    """Hyperbolic cosine."""
    return math.inf if abs(x) > LARGEST_SINH else math.cosh(x)


def tanh(x: float) -> float:
    """Hyperbolic tangent."""
    return math.tanh(x)


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


def softplus(x: float) -> float:
    """log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sqrt(x: float) -> float:
    """Square root."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def _in_kernels(function, vectorised):
    @specialises(function)
    def _function(x):
        return lambda x: vectorised(x)


for _function in (exp, expm1, exprelr, log, log1p, sinh, cosh, tanh, sigmoid, softplus):
    _in_kernels(_function, getattr(elementary, _function.__name__))


@specialises(sqrt)
def _sqrt(x):
    return lambda x: math.sqrt(x)
