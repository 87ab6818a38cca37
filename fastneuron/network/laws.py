"""What kernels draw weights and delays from: a law is the numbers of a distribution, its type the formula."""

from typing import NamedTuple

import numpy as np

from .._kernel.elementary import exp
from .._kernel.jit import generic, inline
from .._kernel.random import Counter, normal_of, uniform_of, words_of

ATTEMPTS = 128  # of which one is inside, unless by a chance of 0.75**128 = 1e-16


def _uniform(law, words):
    return law.low + (law.high - law.low) * uniform_of(words)


def _normal(law, words):
    return law.mean + law.sd * normal_of(words)


def _log_normal(law, words):
    return exp(law.mu + law.sigma * normal_of(words))


@generic
def value(law, words):
    """A number of the distribution, from four random words."""


@inline
def draw(law, counter):
    """The float32 that belongs to a counter."""
    x = np.float32(0.0)
    for attempt in range(ATTEMPTS):
        x = np.float32(value(law, words_of(counter, attempt)))
        if law.low <= x <= law.high:
            return x
    return np.float32(min(max(x, law.low), law.high))


def _draw_one(law, wiring, kind, synapse, out, at):
    counter = Counter(wiring.seed, kind, wiring.number, synapse.first, synapse.second, synapse.third)
    out[at] = draw(law, counter)


class UniformLaw(NamedTuple):
    """For kernels."""

    low_end: float
    high_end: float
    low: float
    high: float
    set_value = _draw_one
    value = _uniform


class NormalLaw(NamedTuple):
    """For kernels."""

    mean: float
    sd: float
    low: float
    high: float
    set_value = _draw_one
    value = _normal


class LogNormalLaw(NamedTuple):
    """For kernels."""

    mu: float
    sigma: float
    low: float
    high: float
    set_value = _draw_one
    value = _log_normal
