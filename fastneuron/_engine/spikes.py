"""The spikes of a run: whose, when, and of which state."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .. import _html
from .._check import indices, known
from .labels import neuron_of, state_of


class Spikes(Sequence[np.ndarray]):
    """The spikes of a population: a sequence of one array of times (ms) per neuron.

    As columns they are ordered by neuron, then time.  Where several states of a neuron spike, ``spikes["N"]`` are those
    of one of them.

    Attributes
    ----------
    neuron : (m,) int64
        Index of the neuron of each spike.
    time : (m,) float64
        When its voltage rose through the threshold, ms; resolved inside the step.
    state : (m,) int64
        Which state it was, as an index of `states`.
    states : tuple of str
        The names of the states that spike.
    size : int
        The number of spikes; the length is the number of neurons.

    Examples
    --------
    >>> import fastneuron as fn
    >>> spikes = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=[80.0, 100.0]).spikes
    >>> len(spikes), spikes.size, [times.size for times in spikes]
    (2, 4, [1, 3])
    >>> spikes[-1].round(1)
    array([ 15.9, 102.5, 187.8])
    """

    def __init__(
        self, neuron: np.ndarray, time: np.ndarray, n: int | None = None, states: tuple[str, ...] = ("",)
    ) -> None:
        """Columns; where there are several states, labels (`labels`) stand in the place of neurons."""
        self._columns, self.states = (neuron, time), states
        self._n = int(neuron.max(initial=-1)) // len(states) + 1 if n is None else n

    @classmethod
    def later(
        cls, load: Callable[[], tuple[np.ndarray, np.ndarray]], n: int, states: tuple[str, ...] = ("",)
    ) -> Spikes:
        """Spikes of `n` neurons that are loaded when they are first asked for."""
        spikes = cls.__new__(cls)
        spikes._load, spikes._n, spikes.states = load, n, states  # type: ignore[attr-defined]
        return spikes

    @classmethod
    def not_kept(cls, n: int, states: tuple[str, ...] = ("",)) -> Spikes:
        """Spikes of `n` neurons that were counted only: ValueError for who asks for them."""
        return cls.later(_not_kept, n, states)

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        return self._load()  # type: ignore[attr-defined]

    @cached_property
    def neuron(self) -> np.ndarray:
        return neuron_of(self._columns[0], len(self.states))

    @property
    def time(self) -> np.ndarray:
        return self._columns[1]

    @cached_property
    def state(self) -> np.ndarray:
        return state_of(self._columns[0], len(self.states))

    @property
    def size(self) -> int:
        return self.time.size

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, index: Any) -> Any:
        """The spike times of one neuron, ms; of a slice, a mask or a list of neurons, a list of arrays.

        Of a state, by its name, its spikes alone.
        """
        if isinstance(index, str):
            return self._of(index)
        try:
            one = range(self._n)[operator.index(index)]
        except IndexError:
            raise IndexError(f"neuron must be from {-self._n} to {self._n - 1}; got {index}") from None
        except TypeError:
            return [self[i] for i in indices("an index of spikes", index, self._n)]
        low, high = np.searchsorted(self.neuron, [one, one + 1])
        return self.time[low:high]

    def _of(self, state: str) -> Spikes:
        which = self.states.index(known("a state that spikes", state, self.states))
        if len(self.states) == 1:
            return self
        return Spikes.later(functools.partial(_of_state, self, which), self._n, (state,))

    def __iter__(self) -> Iterator[np.ndarray]:
        edges = np.searchsorted(self.neuron, np.arange(self._n + 1))
        return (self.time[low:high] for low, high in itertools.pairwise(edges))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """An array of arrays: neurons differ in their number of spikes."""
        if dtype is not None and np.dtype(dtype) != object:
            raise TypeError(f"spikes of {self._n} neurons are no array of {np.dtype(dtype)}; run.spikes.time is one")
        found = np.empty(self._n, object)
        for i, times in enumerate(self):
            found[i] = times
        return found

    def _repr_html_(self) -> str:
        rows = ((k, times.size, _some(times)) for k, times in enumerate(self))
        return _html.table(f"{self.size:,} spikes of {self._n:,} neurons", rows, ("neuron", "spikes", "times"), self._n)

    def __repr__(self) -> str:
        return f"<{self.size} spikes of {self._n} neurons>"


def _some(times: np.ndarray) -> str:
    """The first times, and the last one."""
    first = ", ".join(f"{time:.1f}" for time in times[:3])
    return f"{first}, ..., {times[-1]:.1f}" if times.size > 4 else ", ".join(f"{time:.1f}" for time in times)


def _of_state(spikes: Spikes, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Neurons and times of the spikes of one state."""
    mine = spikes.state == which
    return spikes.neuron[mine], spikes.time[mine]


def _not_kept() -> Any:
    raise ValueError("the times of the spikes were not kept, for spike_times=False; run.spike_count has their numbers")
