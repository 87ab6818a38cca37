"""Elementary functions for the formulas of a model of one's own: each vectorises inside a kernel.

``exp, expm1, exprelr, log, log1p, sinh, cosh, tanh, sigmoid, softplus, sqrt``.  Each is within 1 ulp of the correctly
rounded result (`sigmoid` and `softplus`: 2).  Outside a kernel they are plain functions of a float.

Examples
--------
>>> import fastneuron as fn
>>> fn.math.exprelr(0.0), fn.math.sigmoid(0.0)
(1.0, 0.5)
"""

import math

from ._kernel import elementary
from ._kernel.jit import specialises

LARGEST_EXP, LARGEST_SINH = 709.782712893384, 710.4758600739439  # what goes beyond overflows


def exp(x: float) -> float:
    """e to the x."""
    return math.inf if x > LARGEST_EXP else math.exp(x)


def expm1(x: float) -> float:
    """exp(x) - 1, exact near 0."""
    return math.inf if x > LARGEST_EXP else math.expm1(x)


def exprelr(x: float) -> float:
    """x / (exp(x) - 1), 1 at 0: the rate function of Hodgkin and Huxley."""
    return 1.0 if x == 0.0 else 0.0 if x > LARGEST_EXP else x / math.expm1(x)


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
