"""Summaries of a run by name, kept up to date while it runs, in memory that does not grow with its samples."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _check
from .._integrators import SpikeTimes, Statistics, observe_all, observe_spikes
from .labels import neuron_of, state_of

OF_A_STATE = ("mean", "var", "min", "max")
OF_SPIKES = ("spike.first", "isi.mean", "isi.cv")
RATE = "population.rate"
OF_STATES_THAT_SPIKE = ("first", "intervals", "interval_mean", "interval_squares", "spikes")
SUMMED = ("sums", "spikes")  # of the arrays of a Summary, those over the population; the others are of each neuron


def names(states: Sequence[str], spiking: Sequence[str]) -> list[str]:
    """Everything that can be asked of a model with these states, of which some spike."""
    each = [f"{state}.{what}" for state in states for what in OF_A_STATE]
    timed = [name for state in spiking for name in of_spikes(state, spiking)]
    rates = [rate_of(state, spiking) for state in spiking]
    return [*each, *timed, *(f"population.{state}.mean" for state in states), *rates]


def of_spikes(state: str, spiking: Sequence[str]) -> list[str]:
    """What can be asked of the spikes of a state: it is named where others spike too."""
    return [f"{state}.{what}" for what in OF_SPIKES] if len(spiking) > 1 else [*OF_SPIKES]


def rate_of(state: str, spiking: Sequence[str]) -> str:
    """What the population's rate of the spikes of a state is called."""
    return f"population.{state}.rate" if len(spiking) > 1 else RATE


def is_timed(name: str) -> bool:
    """Whether a name is about the times of the spikes of each neuron."""
    return ".".join(name.split(".")[-2:]) in OF_SPIKES


def is_rate(name: str) -> bool:
    """Whether a name is a population's rate."""
    return name.startswith("population.") and name.endswith(".rate")


def checked(wanted: str | Sequence[str] | None, states: Sequence[str], spiking: Sequence[str]) -> tuple[str, ...]:
    """The names asked for, each of them known."""
    if wanted is None:
        return ()
    return _check.names("summary", wanted, "something to work out, such as 'V.mean',", names(states, spiking))


def of_samples(wanted: Sequence[str]) -> bool:
    """Whether any of the names is about samples, not spikes."""
    return any(not is_rate(name) and not is_timed(name) for name in wanted)


def _asked(wanted: Sequence[str], states: Sequence[str]) -> tuple[list[int], list[int]]:
    """The states of which something is asked: of each neuron, and of the population."""
    if not wanted:
        return [], []
    which = [d for d, name in enumerate(states) if any(f"{name}.{what}" in wanted for what in OF_A_STATE)]
    return which, [d for d, name in enumerate(states) if f"population.{name}.mean" in wanted]


class Extent(NamedTuple):
    """What of a run its summaries are about."""

    n: int
    samples: int  # of the whole run
    first: int  # the number of the first sample that counts
    after: float  # ms: spikes before do not count, and the first bin begins there
    width: float  # of a bin, ms
    bins: int


NO_EXTENT = Extent(0, 0, 0, 0.0, 1.0, 0)  # of a run without summaries


class Sums(NamedTuple):
    """What is summed over some neurons in a chunk; whole numbers, so the order of adding does not matter."""

    statistics: Statistics | None
    spikes: np.ndarray  # (bins,), or (states, bins) where several spike

    def add(self, other: Sums) -> None:
        """Take in the sums over other neurons."""
        if self is other:  # there are none
            return
        self.spikes[...] += other.spikes
        if self.statistics is not None and other.statistics is not None:
            self.statistics.sums[...] += other.statistics.sums


NO_SUMS = Sums(None, np.zeros(0, np.int64))


class Summary:
    """What is being worked out in a run of the neurons of `state` (D, n).

    Attributes
    ----------
    arrays : dict of ndarray
        All that a run needs to go on from here.
    """

    def __init__(
        self, wanted: Sequence[str], states: Sequence[str], state: np.ndarray, extent: Extent, spiking: Sequence[str]
    ) -> None:
        n = state.shape[1]
        self.watched = len(spiking)
        self.wanted, self.extent, samples = tuple(wanted), extent, extent.samples
        if not wanted:
            self.arrays = _empty(n)
            return
        which, pooled = _asked(wanted, states)
        several = () if self.watched == 1 else (self.watched,)
        timed: Any = (*several, n) if any(map(is_timed, wanted)) else 0
        self.which, self.pooled = np.array(which, np.int64), np.array(pooled, np.int64)
        shape = len(which), n
        self.arrays = {
            "mean": np.zeros(shape),
            "squares": np.zeros(shape),
            "least": np.full(shape, np.inf),
            "most": np.full(shape, -np.inf),
            "sums": np.zeros((len(pooled), samples if pooled else 0, 3), np.int64),
            "first": np.full(timed, np.nan),
            "last": np.full(timed, np.nan),
            "intervals": np.zeros(timed, np.int64),
            "interval_mean": np.zeros(timed),
            "interval_squares": np.zeros(timed),
            "spikes": np.zeros((*several, extent.bins if any(map(is_rate, wanted)) else 0), np.int64),
        }
        if of_samples(wanted):
            sums = self.sums(0, 1)
            observe_all(sums.statistics, state, 0, n, 0)
            self.add(sums)

    def sums(self, begin: int, end: int) -> Sums:
        """Sums to be filled, over the samples `begin` to `end`, both included."""
        if not self.wanted:
            return NO_SUMS
        a = self.arrays
        spikes = np.zeros_like(a["spikes"])
        if not self.which.size and not self.pooled.size:
            return Sums(None, spikes)
        size = min(end + 1, a["sums"].shape[1]) - begin if self.pooled.size else 0
        sums = np.zeros((self.pooled.size, size, 3), np.int64)
        each = a["mean"], a["squares"], a["least"], a["most"]
        return Sums(Statistics(self.which, *each, self.pooled, sums, begin, self.extent.first), spikes)

    def add(self, sums: Sums) -> None:
        """Take in what is summed over the population in a chunk."""
        if not self.wanted:
            return
        self.arrays["spikes"] += sums.spikes
        if (new := sums.statistics) is not None:
            self.arrays["sums"][:, new.begin : new.begin + new.sums.shape[1]] += new.sums

    def take_spikes(self, sums: Sums, label: np.ndarray, time: np.ndarray) -> None:
        """Some spikes, in order of time for each state of a neuron."""
        if not self.wanted:
            return
        a, after = self.arrays, self.extent.after
        if a["first"].size or a["spikes"].size:
            each = a["first"], a["last"], a["intervals"], a["interval_mean"], a["interval_squares"]
            if after > 0:
                late = time >= after
                label, time = label[late], time[late]
            if self.watched == 1:
                observe_spikes(label, time, SpikeTimes(*each), sums.spikes, self.extent.width, after)
                return
            state, neuron = state_of(label, self.watched), neuron_of(label, self.watched)
            for number in range(self.watched):
                mine = state == number
                own = (array[number] if array.size else array for array in each)
                observe_spikes(
                    neuron[mine], time[mine], SpikeTimes(*own), sums.spikes[number], self.extent.width, after
                )


@functools.lru_cache(16)
def _empty(n: int) -> dict[str, np.ndarray]:
    """The arrays of `n` neurons of whom nothing is asked, which have no elements: the same for all."""
    each = {name: np.empty((0, n)) for name in ("mean", "squares", "least", "most")}
    timed = {name: np.empty(0) for name in ("first", "last", "interval_mean", "interval_squares")}
    counted = {name: np.empty(0, np.int64) for name in ("intervals", "spikes")}
    return each | {"sums": np.empty((0, 0, 3), np.int64)} | timed | counted


def results(
    wanted: Sequence[str],
    states: Sequence[str],
    parts: Sequence[Mapping[str, np.ndarray]],
    extent: Extent,
    spiking: Sequence[str],
) -> dict:
    """What was asked for, by name, of a population in one or more parts."""
    if not wanted:
        return {}
    samples, n = extent.samples - extent.first, extent.n
    a = dict(parts[0])  # of a single part, no copy
    if len(parts) > 1:
        a = {name: np.concatenate([part[name] for part in parts], axis=-1) for name in a.keys() - set(SUMMED)}
        a |= {name: np.sum([part[name] for part in parts], axis=0) for name in SUMMED}
    which, pooled = _asked(wanted, states)
    found: dict[str, np.ndarray] = {}
    for w, d in enumerate(which):
        rows = a["mean"][w], a["squares"][w] / samples, a["least"][w], a["most"][w]
        found |= {f"{states[d]}.{what}": row for what, row in zip(OF_A_STATE, rows, strict=True)}
    for w, d in enumerate(pooled):
        coarse, fine, beyond = np.moveaxis(a["sums"][w, extent.first :], -1, 0)
        mean = (coarse / 2.0**16 + fine / 2.0**52) / n
        found[f"population.{states[d]}.mean"] = np.where(beyond > 0, np.nan, mean)
    for number, state in enumerate(spiking):
        own = a if len(spiking) == 1 else {name: a[name][number] for name in OF_STATES_THAT_SPIKE if a[name].size}
        if any(map(is_timed, wanted)):
            found |= zip(of_spikes(state, spiking), _timed(own), strict=True)
        if any(map(is_rate, wanted)):
            found[rate_of(state, spiking)] = own["spikes"] * (1000.0 / extent.width / n)
    return {name: found[name] for name in wanted}


def _timed(a: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first spike of each neuron, and the mean and the coefficient of variation of the intervals."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(a["intervals"] >= 1, a["interval_mean"], np.nan)
        deviation = np.sqrt(np.where(a["intervals"] >= 2, a["interval_squares"] / a["intervals"], np.nan))
        return a["first"], mean, deviation / mean
