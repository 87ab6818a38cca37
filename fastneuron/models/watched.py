"""Which states of a model spike, and what a spike of each is: `threshold`, `refractory` and `rearm`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _check

Threshold = float | Mapping[str, float]  # mV: of the voltage alone, or of each state that spikes, by name


class Watched(NamedTuple):
    """A state that spikes, and what a spike of it is."""

    state: str
    row: int  # its number among the states
    threshold: float  # mV
    refractory: float  # ms
    rearm: float | None  # mV

    @property
    def arming(self) -> float:
        """Below which value it may spike again, mV."""
        return np.inf if self.rearm is None else self.rearm


def watched(model: Any, threshold: Threshold, refractory: Any, rearm: Any) -> tuple[Watched, ...]:
    """The states that spike, in the order of the states; of arguments that have been checked."""
    levels = threshold if isinstance(threshold, Mapping) else {next(iter(model.states)): threshold}
    return tuple(
        Watched(name, row, levels[name], _of(refractory, name, 0.0), _of(rearm, name, None))
        for row, name in enumerate(model.states)
        if name in levels
    )


def _of(value: Any, name: str, default: Any) -> Any:
    return value.get(name, default) if isinstance(value, Mapping) else value


def names_of(threshold: Threshold, states: Sequence[str]) -> tuple[str, ...]:
    """The names of the states that spike, in the order of the states."""
    return tuple(name for name in states if name in threshold) if isinstance(threshold, Mapping) else (states[0],)


def checked_threshold(model: Any, given: Any) -> Threshold:
    """The threshold that is `given`, or the model's own, mV: NaN where it is a parameter; a mapping, by state, where
    something else than the voltage alone spikes.
    """
    kind, first = type(model), next(iter(model.states))
    spiking = kind.spiking or (first,)
    if not isinstance(given, Mapping):
        level = kind.checked_threshold(given)
        own = kind.thresholds_by_state if given is None else {}
        return (
            level if spiking == (first,) else {name: own.get(name, level) for name in model.states if name in spiking}
        )
    example = f"threshold must map states to mV, as in {{{first!r}: 0.0}}"
    if not given:
        raise ValueError(f"{example}; got {{}}")
    for name in given:
        _check.known(f"a state in threshold for {kind.__name__}", name, model.states)
    if kind.resets() and [*given] != [first]:
        raise ValueError(
            f"threshold must be of {first!r} alone for {kind.__name__}, whose reset follows a spike of it; "
            f"got {_check.shown(given)}"
        )
    if [*given] == [first]:
        return kind.checked_threshold(given[first])
    wanted = "a finite number of mV"
    return {name: _check.number(f"threshold[{name!r}]", given[name], wanted) for name in model.states if name in given}


def checked_refractory(given: Any, threshold: Threshold, states: Sequence[str]) -> Any:
    """The time after a spike in which crossings do not count, ms: a number, or a mapping by state."""
    wanted = "a number of ms, 0 or more"
    return _of_each("refractory", given, threshold, states, lambda name, value, level: _positive(name, value, wanted))


def _positive(name: str, value: Any, wanted: str) -> float:
    return _check.number(name, value, wanted, lambda x: x >= 0)


def checked_rearm(given: Any, threshold: Threshold, states: Sequence[str]) -> Any:
    """The value below which a state may spike again, mV: a number, a mapping by state, or None."""
    return _of_each("rearm", given, threshold, states, _check.rearm)


def _of_each(name: str, given: Any, threshold: Threshold, states: Sequence[str], check: Any) -> Any:
    """An argument that is checked with the threshold it belongs to: one for all states that spike, or one of each."""
    if not isinstance(given, Mapping) and not isinstance(threshold, Mapping):
        return check(name, given, threshold)
    spiking = names_of(threshold, states)
    levels = threshold if isinstance(threshold, Mapping) else {spiking[0]: threshold}
    if not isinstance(given, Mapping):
        return check(name, given, min(levels.values()))
    for state in given:
        _check.known(f"a state in {name}", state, spiking)
    found = {state: check(f"{name}[{state!r}]", given[state], levels[state]) for state in spiking if state in given}
    if isinstance(threshold, Mapping):
        return found
    return found[spiking[0]] if found else check(name, 0.0 if name == "refractory" else None, levels[spiking[0]])
