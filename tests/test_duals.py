"""Duals: every function that a formula may call, its value and its first and second derivative."""

import math

import numba
import numpy as np
import pytest
from mpmath import mp, mpf

import fastneuron as fn
from fastneuron._formulas import compiled
from fastneuron._kernel import elementary
from fastneuron._kernel.dual import dual

TABLE = (0.0, 1.0, 4.0, 9.0)


def _powers(x):
    return x**3 - x**0.5 + 2.0**x + x**x + x**-2 + math.pow(x, 2) + np.power(x, 3) + np.square(x)


def _package(x):
    pair = elementary.exp_bounded(x, (350.0, 40.0)) * elementary.exp_pair(x / 3, (87.0, 10.0))[1]
    return pair + elementary.exp_and_fourth_power(x, 3.0, (20.0, 2.2))[1]


def _circular(x):
    return np.sin(x) * math.cos(x) + np.arctan(x) + math.log10(x) + np.log2(x) + math.tan(x / 4)


def _pieces(x):
    least = abs(x - 3) * np.abs(x) + min(x, 3.0) * max(1.0, x)
    return least + np.minimum(x, 0.5) + np.maximum(2.0, x * x) + x * np.floor(x) + (x % 1.0) * x


def _branches(x):
    return (x * x if x > 1 else 0.0) + (0 if x == 1 else x**3) + np.where(x > 9, 1.0, x * x)


def _gates(x):
    return fn.math.sigmoid(x) + fn.math.softplus(x) * fn.math.erf(x) + fn.math.sqrt(x)


def _exponentials(x):
    return np.exp(x) * math.exp(-x * x) + np.expm1(x / 8) + fn.math.log(x) * np.log1p(x)


# a formula, and the same in mpmath
FORMULAS = {
    "arithmetic": [lambda x: (2 * x + x / 3 - 1 / x) * (x - 4) / (1 + x)] * 2,
    "powers": [_powers, lambda x: 2 * x**3 - mp.sqrt(x) + 2**x + x**x + x**-2 + 2 * x**2],
    "exponentials": [_exponentials, lambda x: mp.exp(x - x * x) + mp.expm1(x / 8) + mp.log(x) * mp.log(1 + x)],
    "hyperbolic": [lambda x: np.tanh(x) + math.cosh(x) * np.sinh(x), lambda x: mp.tanh(x) + mp.cosh(x) * mp.sinh(x)],
    "gates": [_gates, lambda x: 1 / (1 + mp.exp(-x)) + mp.log(1 + mp.exp(x)) * mp.erf(x) + mp.sqrt(x)],
    "rates": [
        lambda x: fn.math.exprelr(x) + fn.math.exprelr(x / 9) + elementary.exprelr_series(x / 100),
        lambda x: x / mp.expm1(x) + x / 9 / mp.expm1(x / 9) + x / 100 / mp.expm1(x / 100),
    ],
    "package": [_package, lambda x: mp.exp(2 * x / 3) + mp.exp(4 * x / 3)],
    "circular": [
        _circular,
        lambda x: mp.sin(x) * mp.cos(x) + mp.atan(x) + mp.log10(x) + mp.log(x, 2) + mp.tan(x / 4),
    ],
    "pieces": [_pieces, lambda x: (3 - x) * x + x * x + 0.5 + 2 + x + (x - 1) * x],
    "branches": [_branches, lambda x: x * x + x**3 + x * x],
    "table": [lambda x: fn.math.interp(x, TABLE, 0.0, 3.0) * x, lambda x: (1 + 3 * (x - 1)) * x],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives(name):
    formula, exact = FORMULAS[name]
    function = compiled(formula)

    @numba.njit
    def nested(x):
        found = function(dual(dual(x, 1.0), dual(1.0, 0.0)))
        return found.value.value, found.value.slope, found.slope.slope

    x = 1.375
    with mp.workdps(40):
        wanted = [float(mp.diff(exact, mpf(x), k)) for k in range(3)]
    np.testing.assert_allclose(nested(x), wanted, rtol=2e-13, atol=1e-14)


def test_the_slope_of_a_rate_near_its_singularity():
    rate = compiled(lambda x: fn.math.exprelr(x))

    @numba.njit
    def slope(x):
        return rate(dual(x, 1.0)).slope

    def exact(x):
        return -0.5 if x == 0 else float((mp.expm1(x) - x * mp.exp(x)) / mp.expm1(x) ** 2)

    with mp.workdps(40):
        for x in (0.0, 1e-9, -1e-3, 0.02, 0.2499, 0.2501, -0.2501, 3.0, -30.0):
            assert slope(x) == pytest.approx(exact(mpf(x)), rel=1e-13)
