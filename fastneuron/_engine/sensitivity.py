"""Derivatives of a run: what `simulate` is asked with `sensitivity`, as a run of the variational equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _check
from ..models import Model
from ..models.variational import Variations, variational

INITIAL = "initial."  # what the name of an initial state begins with
STEP = 1e-3  # relative, of the differences of a function that is an initial value
WEIGHTS = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))  # of central differences of order 6
ALONE = {"record": None, "neurons": None, "summary": None, "every": 1, "sample_interval": None, "after": 0.0}


class Sensitivity(NamedTuple):
    """With respect to what a run is differentiated."""

    model: Model  # without its variational equations
    names: tuple[str, ...]

    def units(self, units: Mapping[str, str]) -> dict[str, str]:
        """Those of states and parameters, by name, and of the derivatives of states."""
        found = dict(units)
        for name in self.names:
            below = units.get("I" if name == "current" else name.removeprefix(INITIAL), "")
            for state in self.model.states:
                above = units.get(state, "")
                found[of(state, name)] = f"{above or 1}/({below})" if below else above
        return found


def of(state: str, name: str) -> str:
    """What the derivative of a state is called."""
    return f"d{state}/d{name}"


def checked(asked: Mapping[str, Any], model: Model) -> tuple[str, ...]:
    """The names of what is to be differentiated by; TypeError or ValueError where that is not allowed."""
    allowed = ["current", *model.names, *(INITIAL + state for state in model.states)]
    names = _check.names("sensitivity", asked.get("sensitivity"), "a parameter", allowed)
    if not names:
        return ()
    if model.resets():
        kind = type(model).__name__
        raise ValueError(f"sensitivity is for models without a reset, which no derivative goes through; got {kind}")
    if model.voltages is not None:
        raise ValueError(f"sensitivity is for single neurons, whose formulas can be differentiated; got {model!r}")
    for name, usual, what in (
        ("out", None, "runs in memory, since stores have no place for derivatives of spike times"),
        ("dtype", np.float64, "runs in double precision"),
        ("refractory", 0.0, "runs in which each crossing counts"),
        ("rearm", None, "runs in which each crossing counts"),
    ):
        value = asked.get(name, usual)
        if value is not usual and value != usual:
            raise ValueError(f"sensitivity is for {what}; got {name}={_check.shown(value)}")
    return names


def check_spiking(spiking: Sequence[str], model: Model) -> None:
    """ValueError where others spike than the first state, whose derivatives tell those of the times."""
    first = next(iter(model.states))
    if tuple(spiking) != (first,):
        raise ValueError(f"sensitivity is for runs in which {first} alone spikes; got spikes of {', '.join(spiking)}")


def differentiated(
    asked: Mapping[str, Any], model: Model, names: Sequence[str], initial: Mapping[str, np.ndarray], n: int
) -> dict[str, Any]:
    """The arguments of `simulate` for the variational equations of a model whose states start at `initial`."""
    states = list(model.states)
    along = tuple(None if name.startswith(INITIAL) else name for name in names)
    kind = variational(Variations(type(model), along), tuple(of(state, name) for name in names for state in states))
    start: dict[str, Any] = dict(initial)
    given = set(asked["initial"] or {})
    for name in names:
        slopes = _slopes_at_start(model, name, {state: initial[state] for state in states if state in given}, n)
        start |= {of(state, name): slope for state, slope in zip(states, slopes, strict=True)}
    return {**asked, "model": kind(**model.parameters), "initial": start}


def _slopes_at_start(model: Model, name: str, given: Mapping[str, np.ndarray], n: int) -> list[Any]:
    """The derivatives of the states where they start, each a number or (n,)."""
    moved = name.removeprefix(INITIAL)
    slopes: list[Any] = [float(INITIAL + state == name) for state in model.states]
    worked_out = [
        k for k, (state, value) in enumerate(model.states.items()) if callable(value) and state not in (moved, *given)
    ]
    if name == "current" or not worked_out:
        return slopes
    at: Any
    first = next(iter(model.states))
    if name.startswith(INITIAL):
        if moved != first:  # they are functions of the first alone
            return slopes
        at = given.get(first, np.float64(model.initial_state(given, n)[0, 0]))
        step = STEP * np.maximum(abs(at), 1.0)
        ends = lambda k: model.initial_state({**given, first: at + k * step}, n)  # noqa: E731
    else:
        at = np.asarray(getattr(model, name))
        step = STEP * np.where(at == 0.0, 1.0, abs(at))
        ends = lambda k: model.replace(**{name: at + k * step}).initial_state(given, n)  # noqa: E731
    difference = sum(weight * (ends(k) - ends(-k)) for k, weight in WEIGHTS) / step
    for k in worked_out:
        slopes[k] = difference[k] if n > 1 else float(difference[k, 0])
    return slopes


def split(time: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Times of spikes, and their derivatives by name, of a list in which each time stands before its derivatives."""
    if not names:
        return time, {}
    columns = np.ascontiguousarray(time.T)
    return columns[0], dict(zip(names, columns[1:], strict=True))
