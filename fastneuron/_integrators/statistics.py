"""Statistics of the samples, worked out while the kernel runs; where none is asked for, their type is None."""

from typing import Any, NamedTuple

from numba import types

from .._kernel.jit import generic, inline, kernel, specialises
from .._kernel.lanes import fma, nearest

COARSE, FINE = 2.0**16, 2.0**52
LARGEST = 2.0**34  # the coarse part of a larger number does not fit below the rounder


class Statistics(NamedTuple):
    """Running statistics of each neuron, for the states `which`; sums over the population, for the states `pooled`."""

    which: Any  # (states,) int64
    mean: Any  # (states, n)
    squares: Any  # (states, n): of the deviations from the mean
    least: Any  # (states, n)
    most: Any  # (states, n)
    pooled: Any  # (states,) int64
    sums: Any  # (states, samples, 3) int64, of these neurons alone: coarse and fine parts, numbers out of range
    begin: int  # the number of the first of these samples
    first: int  # and of the first sample that counts for a neuron


@inline
def _follow(s, w, i, x, share):
    """One more sample of a neuron, which is `share` of all so far (Welford 1962)."""
    away = x - s.mean[w, i]
    mean = fma(away, share, s.mean[w, i])
    s.squares[w, i] = fma(away, x - mean, s.squares[w, i])
    s.mean[w, i] = mean
    s.least[w, i] = min(s.least[w, i], x)
    s.most[w, i] = max(s.most[w, i], x)


@inline
def _pool(s, w, sample, x):
    """One more neuron of the population: sums of whole numbers, for these do not depend on their order."""
    if abs(x) < LARGEST:
        coarse = nearest(x * COARSE)
        s.sums[w, sample - s.begin, 0] += coarse
        s.sums[w, sample - s.begin, 1] += nearest(fma(-float(coarse), 1.0 / COARSE, x) * FINE)
    else:
        s.sums[w, sample - s.begin, 2] += 1


@generic
def observe(statistics, state, low, here, sample):
    """Take a sample of the first `here` lanes of a block into the statistics; lane 0 is neuron `low`."""


@generic
def observe_one(statistics, d, neuron, x, sample):
    """Take a sample x of state d of one neuron into the statistics."""


@generic
def observes(statistics, d):
    """Return whether the statistics ask for samples of state d."""


@specialises(observe)
def _observe(statistics, state, low, here, sample):
    if isinstance(statistics, types.NoneType):
        return lambda statistics, state, low, here, sample: None

    def observe(statistics, state, low, here, sample):
        share = 1.0 / (sample - statistics.first + 1.0)
        for w in range(statistics.which.size if sample >= statistics.first else 0):
            d = statistics.which[w]
            for lane in range(here):
                _follow(statistics, w, low + lane, float(state[d, lane]), share)
        for w in range(statistics.pooled.size):
            d = statistics.pooled[w]
            for lane in range(here):
                _pool(statistics, w, sample, float(state[d, lane]))

    return observe


@specialises(observe_one)
def _observe_one(statistics, d, neuron, x, sample):
    if isinstance(statistics, types.NoneType):
        return lambda statistics, d, neuron, x, sample: None

    def observe_one(statistics, d, neuron, x, sample):
        for w in range(statistics.which.size if sample >= statistics.first else 0):
            if statistics.which[w] == d:
                _follow(statistics, w, neuron, x, 1.0 / (sample - statistics.first + 1.0))
        for w in range(statistics.pooled.size):
            if statistics.pooled[w] == d:
                _pool(statistics, w, sample, x)

    return observe_one


@specialises(observes)
def _observes(statistics, d):
    if isinstance(statistics, types.NoneType):
        return lambda statistics, d: False

    def observes(statistics, d):
        asked = False
        for which in (statistics.which, statistics.pooled):
            for w in range(which.size):
                asked |= which[w] == d
        return asked

    return observes


@kernel
def observe_all(statistics, state, low, high, sample):
    """A sample of the neurons `low` to `high` that no kernel has taken; `state` is (D, n)."""
    for d in range(state.shape[0]):
        for neuron in range(low, high):
            observe_one(statistics, d, neuron, float(state[d, neuron]), sample)


class SpikeTimes(NamedTuple):
    """Of each neuron, its first and last spike and the intervals between its spikes (ms); all empty if not wanted."""

    first: Any
    last: Any
    count: Any  # of the intervals
    mean: Any
    squares: Any  # of their deviations from the mean


@kernel
def observe_spikes(neuron, time, times, spikes, width, begin):
    """Take the spikes of a list, in order of time for each neuron, into `times`, the `SpikeTimes` of a population.

    `spikes` (bins,) counts those of the whole population in bins of `width` ms from `begin` on; it may be empty.
    """
    first, last, count, mean, squares = times
    for s in range(neuron.size):
        i = neuron[s]
        if spikes.size:
            spikes[min(int((time[s] - begin) / width), spikes.size - 1)] += 1
        if count.size:
            if first[i] != first[i]:
                first[i] = time[s]
            else:
                count[i] += 1
                away = time[s] - last[i] - mean[i]
                mean[i] += away / count[i]
                squares[i] += away * (time[s] - last[i] - mean[i])
            last[i] = time[s]
