"""Random numbers: the published generator, the published transformation, and statistics with stated error rates.

The numbers are functions of their arguments, so each statistical test gives the same answer every time; its
significance is the chance that a perfect generator would have been refused when the test was written.
"""

import itertools
from functools import cache

import numba
import numpy as np
import pytest
import twins
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastneuron._kernel import random

SIGNIFICANCE = 1e-4

# counter and key, and the answer, as in the file kat_vectors of Random123 1.09
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@numba.njit
def philox(counter, key):
    return random.philox(*counter, *key)


@numba.njit
def normals(seed, stream, neuron, step):
    """As in a kernel: seeds beyond 2**63 come as the int64 with the same bits."""
    out = np.empty(neuron.size)
    for i in range(neuron.size):
        out[i] = random.normal(seed, stream, neuron[i], step[i])
    return out


def draw(seed, stream, neuron, step):
    neuron, step = np.broadcast_arrays(np.asarray(neuron, np.int64), np.asarray(step, np.int64))
    signed = seed if seed < 2**63 else seed - 2**64
    return normals(np.int64(signed), stream, neuron.ravel(), step.ravel()).reshape(neuron.shape)


def words(text):
    return tuple(int(word, 16) for word in text.split())


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers(counter, key, answer):
    assert philox(words(counter), words(key)) == words(answer)
    assert tuple(map(int, twins.philox(words(counter), words(key)))) == words(answer)


word = st.integers(0, 2**32 - 1)


@given(counter=st.tuples(word, word, word, word), key=st.tuples(word, word))
def test_any_counter_and_key(counter, key):
    assert philox(counter, key) == tuple(map(int, twins.philox(counter, key)))


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("stream", [0, 1])
def test_normal_numbers_are_those_of_the_twin(seed, stream):
    neuron = np.array([0, 1, 7, 2**31, 2**32 - 1, 2**32, 2**47 + 12345, 2**48 - 1])[:, np.newaxis]
    step = np.array([*range(1000), 2**31, 2**32 - 1, 2**32, 2**52 + 3, 2**63 - 1])
    # one bit of one word is worth 2**-51 or more of a turn or of the radius: nothing slips through
    np.testing.assert_allclose(
        draw(seed, stream, neuron, step), twins.normal(seed, stream, neuron, step), rtol=0, atol=4e-15
    )


def test_every_bit_of_every_argument_matters():
    found = [draw(0, 0, [0], [0])[0], draw(0, 1, [0], [0])[0]]
    found += [draw(1 << bit, 0, [0], [0])[0] for bit in range(64)]
    found += [draw(0, 0, [1 << bit], [0])[0] for bit in range(48)]
    found += [draw(0, 0, [0], [1 << bit])[0] for bit in range(63)]
    assert len(set(found)) == len(found)


@pytest.fixture(scope="module")
def million():
    return draw(2026, 0, np.arange(1000)[:, np.newaxis], np.arange(1000))


def test_mean(million):
    assert stats.norm.sf(abs(million.mean()) * 1000) * 2 > SIGNIFICANCE


def test_variance(million):
    tail = stats.chi2.cdf(np.square(million).sum(), million.size)
    assert min(tail, 1 - tail) * 2 > SIGNIFICANCE


def test_distribution(million):
    assert stats.kstest(million.ravel(), "norm").pvalue > SIGNIFICANCE


def test_tails(million):
    """The numbers beyond 1, 2, ..., 5 standard deviations, on either side."""
    edges = np.array([-np.inf, -4, -3, -2, -1, 0, 1, 2, 3, 4, np.inf])
    found = np.array([np.count_nonzero((million >= a) & (million < b)) for a, b in itertools.pairwise(edges)])
    assert stats.chisquare(found, np.diff(stats.norm.cdf(edges)) * million.size).pvalue > SIGNIFICANCE


def test_largest(million):
    """The largest of a million is near 4.9: its distribution is Phi**n."""
    for extreme in (million.max(), -million.min()):
        p = np.exp(million.size * stats.norm.logcdf(extreme))
        assert min(p, 1 - p) * 2 > SIGNIFICANCE


ROWS, LENGTH = 40, 10_000
SERIES = {  # rows that should know nothing of one another
    "neurons": lambda: draw(5, 0, np.arange(ROWS)[:, np.newaxis], np.arange(LENGTH)),
    "steps": lambda: draw(5, 0, np.arange(LENGTH), np.arange(ROWS)[:, np.newaxis]),
    "seeds": lambda: np.stack([draw(seed, 0, np.zeros(LENGTH), np.arange(LENGTH)) for seed in range(ROWS)]),
    "streams": lambda: np.stack([draw(5, stream, np.zeros(LENGTH), np.arange(LENGTH)) for stream in range(ROWS)]),
    "neurons far apart": lambda: draw(5, 0, (np.arange(ROWS) << 32)[:, np.newaxis], np.arange(LENGTH)),
}


@cache
def rows_of(series):
    return SERIES[series]()


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("function", [lambda x: x, np.square, np.sign], ids=["itself", "square", "sign"])
def test_independence(series, function):
    """No two rows are correlated, of ROWS (ROWS - 1) / 2 pairs; nor is a row with another shifted by one."""
    rows = function(rows_of(series))
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows /= np.sqrt(np.square(rows).mean(axis=1, keepdims=True))
    together = (rows @ rows.T / LENGTH)[np.triu_indices(ROWS, 1)]
    shifted = np.ravel(rows[:, 1:] @ rows[:, :-1].T / LENGTH)
    for correlation in (together, shifted):
        limit = stats.norm.isf(SIGNIFICANCE / 2 / correlation.size)
        assert abs(correlation).max() * np.sqrt(LENGTH) < limit
        # and all of them together: their squares add up to chi-squared
        tail = stats.chi2.cdf(LENGTH * np.square(correlation).sum(), correlation.size)
        assert min(tail, 1 - tail) * 2 > SIGNIFICANCE
