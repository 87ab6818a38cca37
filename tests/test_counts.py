"""Binomial and hypergeometric numbers by counter: right in law at stated error rates."""

import numba
import numpy as np
import pytest
from scipy import stats

from fastneuron._kernel import counts
from fastneuron._kernel.random import Counter

SIGNIFICANCE = 1e-4


@numba.njit
def binomials(n, left, right, out):
    for i in range(out.size):
        out[i] = counts.binomial(n, left, right, Counter(1, 3, 0, i, 0, 0))


@numba.njit
def hypergeometrics(drawn, left, right, out):
    for i in range(out.size):
        out[i] = counts.hypergeometric(drawn, left, right, Counter(1, 3, 0, i, 0, 0))


@numba.njit
def probability(x, n, p):
    return counts.binomial_probability(x, n, p, 1.0 - p)


def follows(found, law):
    """Whether the numbers are of a discrete law."""
    edges = np.unique(law.ppf(np.linspace(0.02, 0.98, 25)))
    bins = np.concatenate([[-1], edges, [np.inf]])
    expected = found.size * np.diff(law.cdf(bins))
    return (
        stats.chisquare(np.histogram(found, bins + 0.5)[0][expected > 0], expected[expected > 0]).pvalue > SIGNIFICANCE
    )


SIZES = [(1, 1, 3), (7, 500, 20), (30, 100, 101), (50, 64, 9936), (1000, 4096, 1700), (1000, 90, 10), (10**6, 3, 7)]


@pytest.mark.parametrize(("n", "left", "right"), SIZES)
def test_binomial(n, left, right):
    found = np.empty(100_000, np.int64)
    binomials(n, left, right, found)
    assert follows(found, stats.binom(n, left / (left + right)))


@pytest.mark.parametrize(
    ("drawn", "left", "right"),
    [(1, 1, 3), (7, 500, 20), (30, 100, 101), (95, 60, 40), (1000, 4096, 1700), (5000, 10**5, 10**6)],
)
def test_hypergeometric(drawn, left, right):
    found = np.empty(100_000, np.int64)
    hypergeometrics(drawn, left, right, found)
    assert follows(found, stats.hypergeom(left + right, left, drawn))


def test_certain_numbers():
    found = np.empty(10, np.int64)
    for n, left, right, value in [(0, 3, 4, 0), (5, 0, 4, 0), (5, 4, 0, 5)]:
        binomials(n, left, right, found)
        assert (found == value).all()
        hypergeometrics(min(n, left + right), left, right, found)
        assert (found == min(value, left)).all()
    hypergeometrics(7, 4, 3, found)
    assert (found == 4).all()


@pytest.mark.parametrize("n", [1, 5, 30, 1000, 10**6])
def test_probabilities(n):
    import mpmath

    for p in (1e-3, 0.2, 0.5, 0.9):
        for x in {0, 1, n // 3, n // 2, n - 1, n}:
            exact = mpmath.binomial(n, x) * mpmath.mpf(p) ** x * (1 - mpmath.mpf(p)) ** (n - x)
            if exact > 1e-290:
                assert probability(float(x), float(n), p) == pytest.approx(float(exact), rel=1e-12)
