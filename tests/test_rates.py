"""The rates of Hodgkin-Huxley and Traub-Miles gates, to some ulp, through their removable singularities too."""

import mpmath
import numba
import numpy as np
import pytest

import fastneuron as fn
from fastneuron._kernel.lanes import Lanes8, local, put, take
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
    in_its_precision = local(prepared, 1, Lanes8(), V[0])
    put(in_its_precision, 0, prepared)
    for k in range(V.size):
        alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = gates(parameters, V[k], take(prepared, in_its_precision, 0))
        out[0, k], out[1, k], out[2, k] = alpha_m, beta_m, alpha_h
        out[3, k], out[4, k], out[5, k] = beta_h, alpha_n, beta_n


def of(model, V):
    out = np.empty((6, V.size), V.dtype)
    rates(model.kernel_type()._make(model.parameters.values()), V, out)
    return out


BOTH = pytest.mark.parametrize(
    ("model", "truth", "singular"),
    # of each singularity: the rate, where it is, the voltage that makes the exponent 1, the limit
    [
        (fn.HodgkinHuxley(), hodgkin_huxley, [(0, -40, 10, 1.0), (4, -55, 10, 0.1)]),
        (fn.TraubMiles(), traub_miles, [(0, -50, 4, 1.28), (1, -23, 5, 1.4), (4, -48, 5, 0.16)]),
    ],
    ids=["hodgkin-huxley", "traub-miles"],
)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@BOTH
def test_rates(model, truth, singular, dtype):
    near = [V + side * size for _, V, _, _ in singular for side in (-1, 1) for size in 10.0 ** -np.arange(16)]
    V = np.array([*np.random.default_rng(3).uniform(-120, 80, 8000), *near], dtype)
    V = V[(V + dtype(63)).astype(float) == V.astype(float) + 63]  # where rounding V - V_T is no error of the rates
    out = of(model, V)
    with mpmath.workdps(40):
        expected = np.array([[float(rate) for rate in truth(mpmath.mpf(float(x)))] for x in V]).T
    away = np.ones(out.shape, bool)
    for rate, where, width, _ in singular:
        away[rate] = abs(V - where) > width
    error = abs(out - expected)
    assert V.size > 2000
    assert (error / np.spacing(expected.astype(dtype)))[away].max() <= 16
    assert (error / expected)[~away].max() <= 450 * np.finfo(dtype).eps  # 1e-13


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@BOTH
def test_limits(model, truth, singular, dtype):
    for rate, where, _, limit in singular:
        assert of(model, np.array([where], dtype))[rate, 0] == dtype(limit)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("model", [fn.HodgkinHuxley(), fn.TraubMiles()], ids=["hodgkin-huxley", "traub-miles"])
@pytest.mark.parametrize("V", [-1e5, -2000.0, 2000.0, 1e5])
def test_far_from_anything_alive_rates_are_finite(model, V, dtype):
    out = of(model, np.array([V], dtype))
    assert np.all(np.isfinite(out))
    assert np.all(out >= 0)
