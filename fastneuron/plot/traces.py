"""Recorded samples in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._engine.run import Run
from .._figures import COLOURS, SIZE, STYLES, axes, check_axes, labelled, styled, turn, typeset
from ._runs import NICE_LENGTHS, check_run, named, rows_of, show_all_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = "_scale bar"  # the label by which it is found again; what begins with _ is in no legend


def traces(
    run: Run,
    state: str = "V",
    neurons: Sequence[int] | None = None,
    ax: Axes | None = None,
    most: int = 8,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Axes:
    """Recorded samples of one state, one neuron above the other, with a scale bar; of one alone, with an axis.

    Drawn into the axes of as many others, they have the scale of these, and another line style.

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
    color : matplotlib color, optional
        Of all lines; black by default.
    label : str, optional
        What a legend calls them, once there is one: ``ax.legend()``.
    **style
        Of the lines: any property of a matplotlib ``Line2D``, such as `linewidth`, `linestyle`, `alpha`.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=[80.0, 100.0, 120.0], record="V")
    >>> [tick.get_text() for tick in plot.traces(run, color="C3", linewidth=0.5).get_yticklabels()]
    ['0', '1', '2']
    """
    check_run(run, Run)
    check_axes(ax)
    rows = rows_of(run, state, neurons, _check.whole("most", most, 1))
    samples = np.asarray(run[state][rows])
    before = 0 if ax is None else sum(line.get_label() != BAR for line in ax.lines) // rows.size
    usual = {"color": turn(("black", *COLOURS), before), "linestyle": turn(STYLES, before), "linewidth": 0.9}
    drawn = styled("line", style, usual, color, label)
    unit = run.units.get(state, "")
    if rows.size == 1:
        ax = axes(ax, (SIZE[0], 2.2))
        ax.plot(run.time, samples[0], **drawn)
        ax.set_ylabel(labelled(state, unit))
    else:
        ax = axes(ax, (SIZE[0], max(SIZE[1], 0.7 + 0.45 * rows.size)))
        stack(ax, run.time, samples, [f"{run.neurons[row]:,}" for row in rows], unit, once_labelled(drawn, rows.size))
        ax.set_ylabel(f"{state}, by neuron")
    show_all_of(ax, run, before > 0)
    ax.set_xlabel(named(run, "Time", "time", "ms"))
    return ax


def once_labelled(drawn: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """The properties of so many lines, of which a legend has one."""
    return [dict(drawn), *[dict(drawn) | {"label": None}] * (count - 1)]


def stack(
    ax: Any, time: np.ndarray, samples: np.ndarray, names: Sequence[str], unit: str, drawn: Sequence[Mapping[str, Any]]
) -> float:
    """Draw rows of samples above each other, with a scale bar, where the first has its own values; how far apart.

    A stack of as many rows that is there already sets the scale.
    """
    known = samples[np.isfinite(samples)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    spread = (high - low) or 1.0
    apart = 1.15 * spread
    has_scale = any(line.get_label() == BAR for line in ax.lines)
    if has_scale and len(ax.get_yticks()) == len(names) > 1:
        apart = np.diff(ax.get_yticks())[0]
        spread = apart / 1.15
    for place, (row, properties) in enumerate(zip(samples, drawn, strict=True)):
        ax.plot(time, row + place * apart, **properties)
    bottom, top = low - 0.08 * spread, high + (len(names) - 1) * apart + 0.08 * spread
    if has_scale:
        bottom, top = min(bottom, ax.get_ylim()[0]), max(top, ax.get_ylim()[1])
    else:
        ax.set_yticks(low + 0.5 * spread + np.arange(len(names)) * apart, names)
        ax.tick_params(axis="y", length=0)
        ax.spines[["left", "top", "right"]].set_visible(False)
        _scale_bar(ax, low, NICE_LENGTHS[np.searchsorted(NICE_LENGTHS, spread, side="right") - 2], unit)
    ax.set_ylim(bottom, top)
    return apart


def _scale_bar(ax: Any, low: float, length: float, unit: str) -> None:
    """At the right of the axes."""
    right = ax.get_yaxis_transform()
    ax.plot([1.02, 1.02], [low, low + length], transform=right, clip_on=False, color="black", lw=1.5, label=BAR)
    said = labelled_length(length, unit)
    ax.text(1.035, low, said, transform=right, va="bottom", rotation=90, fontsize="small")


def labelled_length(length: float, unit: str) -> str:
    """A length in its unit, as a scale bar says it."""
    return f"{length:g} {'' if unit == '1' else typeset(unit)}".rstrip()
