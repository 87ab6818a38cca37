"""Labels of spikes: of which neuron, and which of the states that are watched.

Where one is watched, as of most models, a label is the neuron.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def neuron_of(label: np.ndarray, watched: int) -> np.ndarray:
    """The neuron of each spike, where so many states are watched."""
    return label if watched == 1 else label // watched


def state_of(label: np.ndarray, watched: int) -> np.ndarray:
    """The number of the state of each, among those that are watched."""
    return label % watched


def label_of(neuron: Any, state: Any, watched: int) -> Any:
    """The label of each spike."""
    return neuron * watched + state


def flags(states: Sequence[str]) -> dict[str, Any]:
    """The attributes that say what numbers of states mean, as the conventions of NetCDF have it."""
    return {"flag_values": list(range(len(states))), "flag_meanings": " ".join(states)}


def in_order(label: np.ndarray, time: np.ndarray, watched: int) -> tuple[np.ndarray, np.ndarray]:
    """Spikes by neuron, then time, then state; those of each state of a neuron are given in order of time."""
    if label.size < 2 or (watched == 1 and (label[1:] >= label[:-1]).all()):
        return label, time
    if watched == 1:
        order = np.argsort(label, kind="stable")
    else:
        order = np.lexsort((label, time, neuron_of(label, watched)))
    return label[order], time[order]
