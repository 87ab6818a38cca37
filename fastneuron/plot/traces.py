"""Recorded samples in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .._engine.run import Run
from .._figures import axes, labelled
from ._axes import NICE_LENGTHS, named, rows_of, show_all_of, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def traces(
    run: Run, state: str = "V", neurons: Sequence[int] | None = None, ax: Axes | None = None, most: int = 8
) -> Axes:
    """Recorded samples of one state, one neuron above the other, with a scale bar; of one alone, with an axis.

    Parameters
    ----------
    run : Run
        What ``simulate(..., record=state)`` returned.
    state : str, default "V"
        Which state.
    neurons : sequence of int, optional
        Which of the recorded neurons, by their index in the population; by default all of them, or `most` evenly spaced
        ones.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    most : int, default 8
        How many to draw where `neurons` are not named.

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=[80.0, 100.0, 120.0], record="V")
    >>> [label.get_text() for label in plot.traces(run).get_yticklabels()]
    ['0', '1', '2']
    """
    rows = rows_of(run, state, neurons, most)
    samples = run[state][rows]
    if rows.size == 1:
        ax = axes(ax, (5.0, 2.4))
        ax.plot(run.time, samples[0], color="black", linewidth=0.9)
        show_all_of(ax, run)
        ax.set(xlabel=named(run, "Time", "time", "ms"), ylabel=labelled(state, run.units.get(state, "")))
        return ax
    spread = np.ptp(samples) or 1.0
    spacing = 1.15 * spread
    ax = axes(ax, (5.0, 0.6 + 0.6 * max(rows.size, 3)))
    for place, row in enumerate(samples):
        ax.plot(run.time, row - samples.min() + place * spacing, color="black", linewidth=0.9)
    middle = (samples.mean(axis=1) - samples.min()) + np.arange(rows.size) * spacing
    ax.set_yticks(middle, [f"{run.neurons[row]:,}" for row in rows])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    show_all_of(ax, run)
    ax.set_ylim(-0.08 * spread, (rows.size - 1) * spacing + 1.08 * spread)
    ax.set(xlabel=named(run, "Time", "time", "ms"), ylabel=f"{state}, by neuron")
    length = NICE_LENGTHS[np.searchsorted(NICE_LENGTHS, spread, side="right") - 2]
    right = ax.get_yaxis_transform()
    ax.plot([1.02, 1.02], [0, length], transform=right, clip_on=False, color="black", linewidth=1.5)
    ax.text(1.035, length / 2, f"{length:g} {unit_of(run, state)}".rstrip(), transform=right, va="center")
    return ax
