"""What figures of runs share: what stands at their axes, and what a run says of currents, rows and units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._engine.network_run import NetworkRun
from .._engine.run import Run
from .._figures import evenly, labelled
from ..inputs.current import Constant, Current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NICE_LENGTHS = np.outer(10.0 ** np.arange(-12, 13), [1, 2, 5]).ravel()  # for scale bars and bins


def show_all_of(ax: Axes, run: Run | NetworkRun) -> None:
    """Let an axis of time be as long as a run."""
    ax.set_xlim(run.begin, run.end if run.duration else run.begin + 1)


def named(run: Run, what: str, name: str, unit: str) -> str:
    """An axis with the unit that the model has for it: some models are without dimensions."""
    unit = run.model.units.get(name, unit)
    return labelled(what, unit)


def rate_label(run: Run) -> str:
    return "Firing rate (1/1000)" if run.model.units.get("time") == "1" else "Firing rate (Hz)"


def unit_of(run: Run, state: str) -> str:
    unit = run.units.get(state, "")
    return "" if unit == "1" else unit  # without dimensions


def rows_of(run: Run, state: str, neurons: Sequence[int] | None, most: int) -> np.ndarray:
    """The rows of the recorded samples that hold these neurons."""
    recorded = run[state].shape[0]
    if neurons is None:
        return evenly(recorded, most)
    place = {int(neuron): row for row, neuron in enumerate(run.neurons)}
    missing = [neuron for neuron in neurons if int(neuron) not in place]
    if missing or not len(neurons):
        raise ValueError(
            f"neurons must be among the {recorded} recorded ones; got {missing[0] if missing else neurons}"
        )
    return np.array([place[int(neuron)] for neuron in neurons])


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
