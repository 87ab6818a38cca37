"""What functions of NumPy, `math` and this package are for duals: the chain rule, each derivative a formula again."""

import math
import operator

import numpy as np
from numba import types

from . import elementary
from .dual import OPTIONS, Dual, binary, dual, has_dual, rule, unary
from .elementary import NEAR
from .jit import generic, inline, overload, specialises
from .lanes import fma
from .scalars import select

TWO_OVER_ROOT_PI = 1.1283791670955126
SERIES = 0.25  # below, x / (exp(x) - 1) has its derivative by its series: the next term is lost in rounding


@generic
def primal(x):
    """Return the number that a dual stands for, without derivatives."""
    return x


@specialises(primal)
def _primal(x):
    return (lambda x: primal(x.value)) if isinstance(x, Dual) else (lambda x: x)


# of the three, those that are duals; what is nested less deeply is a number here
FUSED = {
    (True, True, True): lambda a, b, c: dual(
        fma(a.value, b.value, c.value), fma(a.slope, b.value, fma(a.value, b.slope, c.slope))
    ),
    (True, True, False): lambda a, b, c: dual(fma(a.value, b.value, c), fma(a.slope, b.value, a.value * b.slope)),
    (True, False, True): lambda a, b, c: dual(fma(a.value, b, c.value), fma(a.slope, b, c.slope)),
    (False, True, True): lambda a, b, c: dual(fma(a, b.value, c.value), fma(a, b.slope, c.slope)),
    (True, False, False): lambda a, b, c: dual(fma(a.value, b, c), a.slope * b),
    (False, True, False): lambda a, b, c: dual(fma(a, b.value, c), a * b.slope),
    (False, False, True): lambda a, b, c: dual(fma(a, b, c.value), c.slope),
}


@overload(fma, jit_options=OPTIONS)
def _fma(a, b, c):
    depths = [getattr(x, "depth", 0) for x in (a, b, c)]
    return FUSED[tuple(depth == max(depths) for depth in depths)] if max(depths) else None


@overload(select, jit_options=OPTIONS)
def _select(condition, yes, no):
    if not has_dual(yes, no):
        return None
    if not isinstance(yes, Dual):
        return lambda condition, yes, no: dual(select(condition, yes, no.value), select(condition, 0.0, no.slope))
    if not isinstance(no, Dual):
        return lambda condition, yes, no: dual(select(condition, yes.value, no), select(condition, yes.slope, 0.0))
    return lambda condition, yes, no: dual(
        select(condition, yes.value, no.value), select(condition, yes.slope, no.slope)
    )


# of this package ------------------------------------------------------------------------------------------------------


@rule(elementary.exp)
def _exp(x):
    y = elementary.exp(x.value)
    return dual(y, y * x.slope)


@rule(elementary.exp_bounded)
def _exp_bounded(x, bound):
    y = elementary.exp_bounded(x.value, bound)
    return dual(y, select(abs(primal(x)) < bound[0], y, 0.0) * x.slope)


@rule(elementary.exp_pair)
def _exp_pair(x, bound):
    up, down = elementary.exp_pair(x.value, bound)
    slope = select(abs(primal(x)) < bound[0], 1.0, 0.0) * x.slope
    return dual(up, up * slope), dual(down, -(down * slope))


@rule(elementary.exp_and_fourth_power)
def _exp_and_fourth_power(x, divisor, most):
    y, fourth = elementary.exp_and_fourth_power(x.value, divisor, most)
    exponent = primal(x) / divisor
    slope = select((exponent > -170.0) & (exponent < most[0]), 1.0 / divisor, 0.0) * x.slope
    return dual(y, y * slope), dual(fourth, 4.0 * (fourth * slope))


@inline
def _exprelr_slope(x, y):
    """The derivative of y = x / (exp(x) - 1): its series (Bernoulli numbers) near 0, y (1 - y - x) / x elsewhere."""
    near = abs(primal(x)) < SERIES
    x2 = x * x
    higher = fma(fma(x2, 1.0 / 4790016.0, -1.0 / 151200.0), x2, 1.0 / 5040.0)
    series = fma(fma(fma(higher, x2, -1.0 / 180.0), x2, 1.0 / 6.0), x, -0.5)
    return select(near, series, y * (1.0 - y - x) / select(near, 1.0, x))


@rule(elementary.exprelr)
def _exprelr(x):
    y = elementary.exprelr(x.value)
    return dual(y, _exprelr_slope(x.value, y) * x.slope)


@rule(elementary.exprelr_series)
def _exprelr_series(x):
    y = elementary.exprelr_series(x.value)
    return dual(y, _exprelr_slope(x.value, y) * x.slope)


@rule(elementary.near_zero)
def _near_zero(x):
    return abs(primal(x)) < NEAR[0]


@rule(elementary.expm1)
def _expm1(x):
    y = elementary.expm1(x.value)
    return dual(y, (y + 1.0) * x.slope)


@rule(elementary.log)
def _log(x):
    return dual(elementary.log(x.value), x.slope / x.value)


@rule(elementary.log1p)
def _log1p(x):
    return dual(elementary.log1p(x.value), x.slope / (1.0 + x.value))


@rule(elementary.sinh)
def _sinh(x):
    return dual(elementary.sinh(x.value), elementary.cosh(x.value) * x.slope)


@rule(elementary.cosh)
def _cosh(x):
    return dual(elementary.cosh(x.value), elementary.sinh(x.value) * x.slope)


@rule(elementary.tanh)
def _tanh(x):
    y = elementary.tanh(x.value)
    return dual(y, (1.0 - y) * (1.0 + y) * x.slope)


@rule(elementary.sigmoid)
def _sigmoid(x):
    y = elementary.sigmoid(x.value)
    return dual(y, y * elementary.sigmoid(-x.value) * x.slope)


@rule(elementary.softplus)
def _softplus(x):
    return dual(elementary.softplus(x.value), elementary.sigmoid(x.value) * x.slope)


@rule(elementary.erf)
def _erf(x):
    return dual(elementary.erf(x.value), TWO_OVER_ROOT_PI * elementary.exp(-x.value * x.value) * x.slope)


# of NumPy and `math` --------------------------------------------------------------------------------------------------


def _of_libraries(names, own):
    """Let functions of `math` and NumPy be `own` for duals."""
    for library in (math, np):
        for name in names:
            if hasattr(library, name):
                unary(getattr(library, name))(own)


_of_libraries(["sin"], lambda x: dual(math.sin(x.value), math.cos(x.value) * x.slope))
_of_libraries(["cos"], lambda x: dual(math.cos(x.value), -math.sin(x.value) * x.slope))


def _tan(x):
    y = math.tan(x.value)
    return dual(y, (1.0 + y * y) * x.slope)


_of_libraries(["tan"], _tan)
_of_libraries(["atan", "arctan"], lambda x: dual(math.atan(x.value), x.slope / (1.0 + x.value * x.value)))
_of_libraries(["log2"], lambda x: dual(math.log2(x.value), x.slope / (x.value * math.log(2.0))))
_of_libraries(["log10"], lambda x: dual(math.log10(x.value), x.slope / (x.value * math.log(10.0))))
_of_libraries(["square"], lambda x: x * x)
_of_libraries(["fabs", "absolute"], lambda x: abs(x))
_of_libraries(["floor", "ceil", "rint", "trunc"], lambda x: np.floor(primal(x)))
_of_libraries(["sign"], lambda x: np.sign(primal(x)))
unary(float)(lambda x: x)
unary(int)(lambda x: int(primal(x)))
binary(
    operator.mod,
    lambda a, b: dual(a.value % b.value, a.slope - np.floor(primal(a) / primal(b)) * b.slope),
    lambda a, b: dual(a.value % b, a.slope),
    lambda a, b: dual(a % b.value, -np.floor(a / primal(b)) * b.slope),
)


@overload(operator.pow, jit_options=OPTIONS, prefer_literal=True)
def _power(a, b):
    if not has_dual(a, b):
        return None
    if not isinstance(b, Dual):
        if isinstance(b, types.IntegerLiteral):
            exponent = b.literal_value
            return lambda a, b: dual(a.value**exponent, exponent * a.value ** (exponent - 1) * a.slope)
        return lambda a, b: dual(a.value**b, b * a.value ** (b - 1) * a.slope)

    return lambda a, b: elementary.exp(b * elementary.log(a * 1.0))


def _binary_of_libraries(functions, own):
    for function in functions:
        binary(function, own, own, own)


_binary_of_libraries((math.pow, np.power), lambda a, b: operator.pow(a, b))
_binary_of_libraries((min, np.minimum), lambda a, b: select(primal(a) <= primal(b), a, b))
_binary_of_libraries((max, np.maximum), lambda a, b: select(primal(a) >= primal(b), a, b))
