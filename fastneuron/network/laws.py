"""What kernels draw weights and delays from: a law is the numbers of a distribution, its type the formula."""

from typing import NamedTuple

import numpy as np

from .._kernel.elementary import exp
from .._kernel.jit import inline, specialises
from .._kernel.random import network_words, normal_of, uniform_of

ATTEMPTS = 127  # of which one is inside, unless by a chance of 0.75**127 = 1e-16
ATTEMPT = 25  # the bit of the second word of the counter where the number of the attempt begins


@inline
def _uniform(law, words):
    return law.low + (law.high - law.low) * uniform_of(words)


@inline
def _normal(law, words):
    return law.mean + law.sd * normal_of(words)


@inline
def _log_normal(law, words):
    return exp(law.mu + law.sigma * normal_of(words))


class UniformLaw(NamedTuple):
    """For kernels."""

    low_end: float
    high_end: float
    low: float
    high: float
    value = _uniform


class NormalLaw(NamedTuple):
    """For kernels."""

    mean: float
    sd: float
    low: float
    high: float
    value = _normal


class LogNormalLaw(NamedTuple):
    """For kernels."""

    mu: float
    sigma: float
    low: float
    high: float
    value = _log_normal


def value_of(law, words):
    """Generic: a number of the distribution, from four random words."""


@specialises(value_of)
def _value_of(law, words):
    function = law.instance_class.value
    return lambda law, words: function(law, words)


@inline
def draw(law, seed, kind, number, first, second, third):
    """The float32 that belongs to a synapse: one of 2**32 of each of 2**25 of each of 2**32."""
    x = np.float32(0.0)
    for attempt in range(ATTEMPTS):
        words = network_words(seed, kind, number, first, second | (attempt << ATTEMPT), third)
        x = np.float32(value_of(law, words))
        if law.low <= x <= law.high:
            return x
    return np.float32(min(max(x, law.low), law.high))
