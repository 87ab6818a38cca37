"""What figures of runs share: what stands at their axes, and what a run says of currents, rows and units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _check
from .._engine.network_run import NetworkRun, SourceRun
from .._engine.run import Run
from .._figures import evenly, labelled, limit
from ..inputs.current import Constant, Current

NICE_LENGTHS = np.outer(10.0 ** np.arange(-12, 13), [1, 2, 5]).ravel()  # for scale bars and bins


def check_run(run: Any, *kinds: type) -> None:
    """TypeError where what is given is no run of these kinds."""
    if not isinstance(run, kinds):
        wanted = " or a ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"run must be a {wanted}; got {_check.shown(run)}")


def show_all_of(ax: Any, run: Run | NetworkRun | SourceRun, again: bool = False) -> None:
    """Let an axis of time be as long as a run; where there is one already (`again`), as long as all of them."""
    begin, end = run.begin, run.end if run.duration else run.begin + 1
    if again:
        low, high = ax.get_xlim()
        begin, end = min(begin, low), max(end, high)
    limit(ax, "x", begin, end)


def named(run: Any, what: str, name: str, unit: str) -> str:
    """An axis with the unit that the model has for it: some models are without dimensions."""
    model = getattr(run, "model", None)
    return labelled(what, unit if model is None else model.units.get(name, unit))


def rate_label(run: Run) -> str:
    """The axis of a rate."""
    return "Firing rate (1/1000)" if run.model.units.get("time") == "1" else "Firing rate (Hz)"


def rows_of(run: Run, state: str, neurons: Sequence[int] | None, most: int) -> np.ndarray:
    """The rows of the recorded samples that hold these neurons."""
    recorded = run[state].shape[0]
    if neurons is None:
        return evenly(recorded, most)
    place = {int(neuron): row for row, neuron in enumerate(run.neurons)}
    wanted = [_check.whole("neurons", neuron, 0) for neuron in np.atleast_1d(np.asarray(neurons)).tolist()]
    missing = [neuron for neuron in wanted if neuron not in place]
    if missing or not wanted:
        raise ValueError(
            f"neurons must be among the {recorded} recorded ones; got {missing[0] if missing else neurons}"
        )
    return np.array([place[neuron] for neuron in wanted])


def amplitude_of(run: Run, current: Any) -> np.ndarray | None:
    """One current for all neurons or one for each, uA/cm^2; None where it is a function of time."""
    found = run.current if current is None else current
    if isinstance(found, Current):
        if not isinstance(found, Constant):
            return None
        found = found.amplitude
    amplitude = _check.numbers("current", 0.0 if found is None else found)
    if amplitude.size not in (1, run.n):
        raise ValueError(f"current must be a number or one value per neuron, ({run.n},); got {amplitude.size} values")
    return amplitude
