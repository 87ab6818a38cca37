"""Trains of spikes in compiled code: step by step, from a state that can go on at any step.

A time is a step and a fraction of it in [0, 1), so that it is as exact after 10^9 steps as at the begin.  A Poisson
train's intervals are functions of (seed, number of the source, neuron, number of the interval); where its rate changes
they are those of the highest rate, and each spike is kept with the chance that the rate of its moment is of the highest
(Lewis PAW, Shedler GS (1979), Simulation of nonhomogeneous Poisson processes by thinning, Nav Res Logist 26:403).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from .._kernel.elementary import log1p
from .._kernel.jit import generic, inline, kernel
from .._kernel.lanes import Lanes8
from .._kernel.random import network_words, uniform_of
from ..inputs import port

POISSON = 6  # the kind of random numbers
NEVER = 2**62  # a step
BLOCK = 64  # trains that are looked at together: only where one is due, each


class SourceSpikes(NamedTuple):
    """Where spikes go."""

    step: Any  # int64
    fraction: Any  # of the step, in [0, 1)
    source: Any  # int64


@generic
def emit(train, first, last, begin, out):
    """Put the spikes of the steps first to last into `out` from `begin` on, ordered by step, then source, then time.

    Returns where they end, or -1 where there was no room for them.  Each step is asked for once, in order.
    """
    return begin


@inline
def _next(train, i, step, fraction):
    """Move a train on to its next candidate, after the moment given."""
    number = train.drawn[i]
    words = network_words(train.seed, POISSON, train.number, number, number >> 32, train.low + i)
    per_step = train.per_step[i if train.per_step.size > 1 else 0]
    later = fraction + (-log1p(-uniform_of(words)) / per_step if per_step > 0.0 else math.inf)
    if later < 2.0**53:
        train.step[i] = step + int(later)
        train.fraction[i] = later - math.floor(later)
    else:
        train.step[i] = NEVER
    train.drawn[i] = number + 1


@inline
def _kept(train, i):
    """Whether the candidate is a spike, by the rest of the random words that it came from."""
    if len(train.rate) == 0:
        return True
    number = train.drawn[i] - 1
    words = network_words(train.seed, POISSON, train.number, number, number >> 32, train.low + i)
    room = port.room(train.rate, Lanes8(), 0.0, port.ANY_TIME)
    port.prepare(train.rate, room, 0, i, 0.0)
    t = (train.step[i] + train.fraction[i]) * train.dt
    rate = port.add_current(train.rate, room, 0, 0.0, t, port.BEGIN, 0.0)
    per_step = train.per_step[i if train.per_step.size > 1 else 0]
    return uniform_of((words[2], words[3])) * per_step < rate * 0.001 * train.dt


def _emit_poisson(train, first, last, begin, out):
    n = train.step.size
    for now in range(first, last):
        for low in range(0, n, BLOCK):
            high, due = min(low + BLOCK, n), False
            for i in range(low, high):
                due |= train.step[i] == now
            if not due:
                continue
            for i in range(low, high):
                while train.step[i] == now:
                    if _kept(train, i):
                        if begin >= out.step.size:
                            return -1
                        out.step[begin], out.fraction[begin], out.source[begin] = now, train.fraction[i], train.low + i
                        begin += 1
                    _next(train, i, now, train.fraction[i])
    return begin


class PoissonTrains(NamedTuple):
    """Independent Poisson trains, and how far they are."""

    rate: Any  # sources of the input port, Hz; none where it does not change
    per_step: Any  # expected number at the highest rate, of each or all
    dt: float  # ms
    seed: int
    number: int  # of the source among the populations of its network
    low: int  # where the first of these trains stands in the source
    step: Any  # of the next candidate of each
    fraction: Any
    drawn: Any  # intervals so far
    emit = _emit_poisson

    def arrays(self) -> dict[str, np.ndarray]:
        """What they go on from; the last axis is the trains."""
        return {"step": self.step, "fraction": self.fraction, "drawn": self.drawn}


@kernel
def begin_poisson(train):
    """To the first candidate of each train, from time 0."""
    for i in range(train.step.size):
        _next(train, i, 0, 0.0)


def _emit_given(train, first, last, begin, out):
    k = train.done[0]
    while k < train.step.size and train.step[k] < last:
        if begin >= out.step.size:
            return -1
        out.step[begin], out.fraction[begin], out.source[begin] = train.step[k], train.fraction[k], train.source[k]
        begin, k = begin + 1, k + 1
    train.done[0] = k
    return begin


class GivenTrains(NamedTuple):
    """Spikes in order, and how many have been."""

    step: Any
    fraction: Any
    source: Any
    done: Any  # (1,)
    emit = _emit_given

    def arrays(self) -> dict[str, np.ndarray]:
        """What they go on from."""
        return {"done": self.done}


@kernel
def emitted(train, first, last, out):
    """The same for Python: how many spikes are in `out`."""
    return emit(train, first, last, 0, out)
