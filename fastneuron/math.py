"""Elementary functions for the formulas of a model of one's own: each vectorises inside a kernel.

``exp, expm1, exprelr, log, log1p, sinh, cosh, tanh, sigmoid, softplus, sqrt, erf``, and `where` and `interp`.  Each is
within 1 ulp of the correctly rounded result (`sigmoid`, `softplus` and `erf`: 2).  Outside a kernel they are functions
of floats and arrays.  Inside a formula, the functions of NumPy and of Python's `math` with these names are these.

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

import functools
import math as _math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from ._kernel import elementary
from ._kernel.dual import Dual, dual, has_dual
from ._kernel.dual_functions import primal
from ._kernel.jit import generic, inline, specialises
from ._kernel.scalars import narrowed, select

__all__ = [
    "cosh",
    "erf",
    "exp",
    "expm1",
    "exprelr",
    "interp",
    "log",
    "log1p",
    "sigmoid",
    "sinh",
    "softplus",
    "sqrt",
    "tanh",
    "where",
]


def _elementwise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Floats give floats and arrays arrays, infinities and NaN without a warning, as in a kernel."""

    @functools.wraps(function)
    def of_numbers(x: Any) -> Any:
        with np.errstate(all="ignore"):
            y = function(np.asarray(x))
        return y if np.ndim(y) else float(y)

    return of_numbers


@_elementwise
def exp(x: Any) -> Any:
    """e to the x."""
    return np.exp(x)


@_elementwise
def expm1(x: Any) -> Any:
    """exp(x) - 1, exact near 0."""
    return np.expm1(x)


@_elementwise
def exprelr(x: Any) -> Any:
    """x / (exp(x) - 1), 1 at 0: the rate function of Hodgkin and Huxley."""
    y = np.where(x == 0.0, 1.0, x / np.expm1(np.where(x == 0.0, 1.0, x)))
    return np.where(x == np.inf, 0.0, y)


@_elementwise
def log(x: Any) -> Any:
    """Natural logarithm."""
    return np.log(x)


@_elementwise
def log1p(x: Any) -> Any:
    """log(1 + x), exact near 0."""
    return np.log1p(x)


@_elementwise
def sinh(x: Any) -> Any:
    """Hyperbolic sine."""
    return np.sinh(x)


@_elementwise
def cosh(x: Any) -> Any:
    """Hyperbolic cosine."""
    return np.cosh(x)


@_elementwise
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return np.tanh(x)


@_elementwise
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


@_elementwise
def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


@_elementwise
def sqrt(x: Any) -> Any:
    """Square root."""
    return np.sqrt(x)


@_elementwise
def erf(x: Any) -> Any:
    """Error function."""
    from scipy import special  # here: it takes long to import

    return special.erf(x)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """``yes if condition else no``, without a branch: both are worked out."""
    y = np.where(condition, yes, no)
    return y if y.ndim else y.item()


def interp(x: Any, table: Any, low: float, high: float) -> Any:
    """The value at x of a table of evenly spaced values from `low` to `high`, by straight lines between them.

    Parameters
    ----------
    x : float
        Where; NaN gives NaN.
    table : (k,) ndarray or tuple of float
        Values at `low`, at `high` and evenly between: a constant of the module, not a parameter.
    low, high : float
        Where the table begins and ends; beyond, its first and its last value hold on.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> squares = np.linspace(0.0, 10.0, 11) ** 2
    >>> fn.math.interp(2.5, squares, 0.0, 10.0), fn.math.interp(99.0, squares, 0.0, 10.0)
    (6.5, 100.0)
    """
    values = np.asarray(table, float)
    last = values.size - 1
    place = np.clip((np.asarray(x) - low) * (last / (high - low)), 0.0, last)
    i = np.nan_to_num(place).astype(np.int64)
    y = values[i] + (place - i) * (values[np.minimum(i + 1, last)] - values[i])
    return y if np.ndim(y) else float(y)


# inside a kernel ------------------------------------------------------------------------------------------------------


def _in_kernels(function: Any, vectorised: Any) -> None:
    of_arrays = getattr(np, function.__name__, None)

    @specialises(function)
    def _function(x):
        if isinstance(x, types.Float | Dual):
            return lambda x: vectorised(x)
        if isinstance(x, types.Number | types.Boolean):
            return lambda x: vectorised(float(x))
        return of_arrays and (lambda x: of_arrays(x))


@generic
def _square_root(x: Any) -> Any:
    """Return the square root of x, by one instruction."""


@specialises(_square_root)
def _instruction(x):
    if isinstance(x, Dual):

        def square_root(x):
            y = _square_root(x.value)
            return dual(y, x.slope / (y + y))

        return square_root
    return lambda x: _math.sqrt(x)


for _function in (exp, expm1, exprelr, log, log1p, sinh, cosh, tanh, sigmoid, softplus, erf):
    _in_kernels(_function, getattr(elementary, _function.__name__))
_in_kernels(sqrt, _square_root)


@specialises(where)
def _where(condition, yes, no):
    if any(isinstance(x, types.Array) for x in (condition, yes, no)):
        return lambda condition, yes, no: np.where(condition, yes, no)
    if has_dual(yes, no):
        return lambda condition, yes, no: select(condition != 0, yes, no)
    if not any(isinstance(x, types.Float) for x in (yes, no)):
        return lambda condition, yes, no: yes if condition else no
    kind = types.float64 if types.float64 in (yes, no) else types.float32
    return lambda condition, yes, no: select(condition != 0, kind(yes), kind(no))


@inline
def _slope_of_table(x, table, low, high):
    """The slope of `interp`."""
    last = len(table) - 1
    place = (x - low) * (last / (high - low))
    inside = (place > 0.0) & (place < last)
    i = int(place) if inside else 0
    return (table[min(i + 1, last)] - table[i]) * (last / (high - low)) if inside else 0.0


@specialises(interp)
def _interp(x, table, low, high):
    if isinstance(x, Dual):
        return lambda x, table, low, high: dual(
            interp(x.value, table, low, high), _slope_of_table(primal(x), table, low, high) * x.slope
        )

    def between(x, table, low, high):
        last = len(table) - 1
        place = (x - low) * (last / (high - low))
        place = min(place, float(last)) if place > 0.0 else 0.0  # 0 where x is NaN
        i = int(place)
        y = table[i] + (place - i) * (table[min(i + 1, last)] - table[i])
        return narrowed(x, y if x == x else np.nan)

    return between
