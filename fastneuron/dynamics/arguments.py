"""What the verbs of this folder are given, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import _check
from .._units import plain
from ..inputs.current import Constant, Current
from ..models import Model

COLUMNS = ("branch", "error", "frequency", "kind", "l1", "multiplier", "neuron", "period", "stable", "value")


def checked_current(model: Model, current: Any, others: Mapping[str, Any] | None = None) -> tuple[int, np.ndarray]:
    """The number of neurons, to which parameters, current and `others` broadcast, and the current of each, (n,)."""
    if isinstance(current, Constant):
        current = current.amplitude
    if isinstance(current, Current):
        raise TypeError(f"current must be constant here, a number or one value per neuron; got {_check.shown(current)}")
    amplitude = _check.numbers("current", plain("current", current, model.units.get("current", "uA/cm^2")))
    values = model.parameters | dict(others or {}) | {"current": amplitude}
    n = _check.population_size({name: np.size(value) for name, value in values.items()})
    return n, np.array(np.broadcast_to(amplitude, n))


def check_columns(names: Iterable[str]) -> None:
    """ValueError where a state or parameter is named as what a diagram has of its own."""
    if taken := [name for name in names if name in COLUMNS]:
        raise ValueError(
            f"a diagram has a column named {taken[0]!r} of its own: give the state or parameter another name"
        )


def some_of(model: Model, neurons: Any, **changes: Any) -> Model:
    """The model of some of its neurons, by index, or of one, with other values of parameters."""
    own = {name: given[neurons] for name, given in model.parameters.items() if np.size(given) > 1}
    return model.replace(**own | changes)


def checked_states(name: str, given: Any, model: Model) -> dict[str, np.ndarray]:
    """Some states by name, each a number or one value per neuron."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a mapping from names of states to values; got {_check.shown(given)}")
    for state in given:
        _check.known(f"a name in {name}", state, model.states)
    return {state: _check.numbers(f"{name}[{state!r}]", value) for state, value in given.items()}


def checked_window(window: Any) -> tuple[float, float]:
    """Two voltages, the lower first, mV."""
    try:
        low, high = window
    except (TypeError, ValueError):
        raise TypeError(f"window must be two voltages, (low, high), mV; got {_check.shown(window)}") from None
    low = _check.number("window", low, "two finite voltages, (low, high), mV")
    return low, _check.number("window", high, f"two voltages, the second above {low:g} mV", lambda x: x > low)


def checked_range(name: str, model: Model, parameter: str, given: Any) -> tuple[float, float]:
    """Two values of a parameter, or of the current, the lower first, both of which the model allows."""
    wanted = f"{name} must be two values of the parameter, (low, high)"
    try:
        low, high = given
    except (TypeError, ValueError):
        raise TypeError(f"{wanted}; got {_check.shown(given)}") from None
    unit = model.units.get(parameter, "uA/cm^2" if parameter == "current" else None)
    low, high = (_check.number(name, plain(name, end, unit), "two finite numbers") for end in (low, high))
    if not low < high:
        raise ValueError(f"{wanted}, the second above the first; got {_check.shown(given)}")
    if parameter != "current":
        for end in (low, high):
            model.replace(**{parameter: end})  # raises where the model does not allow it
    return low, high
