"""The rates of Hodgkin-Huxley and Traub-Miles gates, to some ulp, through their removable singularities too."""

import mpmath
import numba
import numpy as np
import pytest

import fastneuron as fn
from fastneuron.models import gates, prepare

exp = mpmath.exp


def rise(x):
    return x / mpmath.expm1(x) if x else mpmath.mpf(1)


def hodgkin_huxley(V):
    return (
        *(rise(-(V + 40) / 10), 4 * exp(-(V + 65) / 18)),
        *(mpmath.mpf("0.07") * exp(-(V + 65) / 20), 1 / (1 + exp(-(V + 35) / 10))),
        *(rise(-(V + 55) / 10) / 10, exp(-(V + 65) / 80) / 8),
    )


def traub_miles(V):
    v = V + 63
    return (
        *(mpmath.mpf("1.28") * rise((13 - v) / 4), mpmath.mpf("1.4") * rise((v - 40) / 5)),
        *(mpmath.mpf("0.128") * exp((17 - v) / 18), 4 / (1 + exp((40 - v) / 5))),
        *(mpmath.mpf("0.16") * rise((15 - v) / 5), exp((10 - v) / 40) / 2),
    )


@numba.njit
def rates(parameters, V, out):
    prepared = prepare(parameters)
    for k in range(V.size):
        alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = gates(parameters, V[k], prepared)
        out[0, k], out[1, k], out[2, k] = alpha_m, beta_m, alpha_h
        out[3, k], out[4, k], out[5, k] = beta_h, alpha_n, beta_n


@pytest.mark.parametrize(
    ("model", "truth", "singular"),
    [(fn.HodgkinHuxley(), hodgkin_huxley, (-40, -55)), (fn.TraubMiles(), traub_miles, (-50, -23, -48))],
    ids=["hodgkin-huxley", "traub-miles"],
)
def test_rates(model, truth, singular):
    near = [V + side * 10.0**-k for V in singular for side in (-1, 1) for k in range(16)]
    V = np.array([*np.linspace(-120.0, 80.0, 801), *singular, *near])
    out = np.empty((6, V.size))
    rates(model.like()._make(model.parameters.values()), V, out)
    with mpmath.workdps(40):
        expected = np.array([[float(rate) for rate in truth(mpmath.mpf(float(x)))] for x in V]).T
    # 0.1 (V + 40) and its like are rounded, and an exponential of -12 makes twelve times as much of that
    away = np.array([[abs(float(mpmath.log(rate))) for rate in column] for column in expected.T]).T
    assert np.all(np.abs(out / expected - 1) < 1e-15 * (2 + away))


@pytest.mark.parametrize("model", [fn.HodgkinHuxley(), fn.TraubMiles()], ids=["hodgkin-huxley", "traub-miles"])
@pytest.mark.parametrize("V", [-1e5, -2000.0, 2000.0, 1e5])
def test_far_from_anything_alive_rates_are_finite(model, V):
    out = np.empty((6, 1))
    rates(model.like()._make(model.parameters.values()), np.array([V]), out)
    assert np.all(np.isfinite(out))
    assert np.all(out > -1e-70)  # exp(x) is 1 + expm1(x) for one of them
