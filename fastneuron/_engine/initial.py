"""Where the states of a population start: what is given, and the model's own initial values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check
from ..models import Model


def initial_of(
    initial: Mapping[str, npt.ArrayLike] | None, model: Model, receptors: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """What is given of where states start, by name, checked."""
    if initial is None:
        return {}
    if not isinstance(initial, Mapping):
        raise TypeError(
            f"initial must map names of states to values, for example {{'V': -60.0}}; got {_check.shown(initial)}"
        )
    for name in initial:
        _check.known(f"a state in initial for {type(model).__name__}", name, [*model.states, *receptors])
    return {name: _check.numbers(f"initial[{name!r}]", value) for name, value in initial.items()}


def start_of(model: Model, given: Mapping[str, np.ndarray], n: int, precision: np.dtype) -> dict[str, np.ndarray]:
    """Where each state starts; what is not finite, or cannot be held in single precision, is refused.

    What is the same for all neurons is kept once.
    """
    state = model.initial_state(given, n)
    if precision != np.float64:
        with np.errstate(over="ignore"):
            state = state.astype(precision, copy=False)
    start = {}
    fine = all(map(math.isfinite, state.flat)) if n == 1 else bool(np.isfinite(state).all())
    if n == 1 and fine:
        state.flags.writeable = False
        return {name: row.reshape(()) for name, row in zip(model.states, state, strict=True)}
    for (name, default), row in zip(model.states.items(), state, strict=True):
        value = given.get(name, default)
        differs = n > 1 and (callable(value) or np.ndim(value))
        start[name] = (row if differs else row[:1].reshape(())).copy()
        start[name].flags.writeable = False
        if not fine:
            what = f"initial[{name!r}]" if name in given else f"the initial {name} of {type(model).__name__}"
            _check.satisfies(what, start[name], np.isfinite, f"finite in {precision}")
    return start
