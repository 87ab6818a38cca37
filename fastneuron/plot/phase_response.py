"""Phase response curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._figures import COLOURS, GREY, STYLES, axes, by_name, check_axes, evenly, legend_below, styled, turn, typeset
from ..dynamics import PhaseResponse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHIFT = "shift"


def phase_response(
    found: PhaseResponse,
    state: str = "V",
    neurons: Sequence[int] | None = None,
    ax: Axes | None = None,
    most: int = 6,
    *,
    color: Any = None,
    label: Any = None,
    **style: Any,
) -> Axes:
    """By how much later spikes come earlier, against the phase of the push, for some neurons of a population.

    Parameters
    ----------
    found : PhaseResponse
        What `phase_response` of the package returned.
    state : str, default "V"
        The state that is pushed, by little; or ``"shift"`` for the response to pulses of real size.
    neurons : sequence of int, optional
        Which neurons; by default all, or `most` evenly spaced ones.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    most : int, default 6
        How many to draw where `neurons` are not named.
    color : matplotlib color or dict, optional
        One for all, or by the number of a neuron; they differ by their dashes as well.
    label : str or dict, optional
        What the legend calls them: of one neuron, or by the number of a neuron.
    **style
        Of the curves: any property of a matplotlib ``Line2D``.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> cycles = fn.cycles(fn.MorrisLecar.snic(), current=[45.0, 60.0])
    >>> ax = plot.phase_response(fn.phase_response(cycles), label={0: "near the onset", 1: "far from it"})
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Phase', 'Advance per V (ms/mV)')
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['near the onset', 'far from it']
    """
    if not isinstance(found, PhaseResponse):
        raise TypeError(f"found must be what fn.phase_response returned; got {_check.shown(found)}")
    _check.known("state", state, [*found.gradient, *([] if found.shift is None else [SHIFT])])
    values = found.shift if state == SHIFT else found.gradient[state]
    shown = _some(neurons, values.shape[0], _check.whole("most", most, 1))  # type: ignore[union-attr]
    check_axes(ax)
    before = 0 if ax is None else sum(line.get_gid() == SHIFT for line in ax.lines)
    colours, labels = by_name("color", color, shown), by_name("label", label, shown)
    several = len(shown) > 1
    drawn = []
    for number, neuron in enumerate(shown, before):
        usual = {"color": turn(COLOURS, number), "linestyle": turn(STYLES, number), "linewidth": 1.3}
        known = np.isfinite(values[neuron]).any()  # type: ignore[index]
        name = f"neuron {neuron:,}" + ("" if known else ", no cycle")
        said = labels[neuron] if isinstance(label, Mapping) or not several else None
        said = f"{name}, {label}" if several and isinstance(label, str) else said
        drawn.append(styled("line", style, usual | ({"label": name} if several else {}), colours[neuron], said))
    ax = axes(ax)
    if not before:
        ax.axhline(0.0, color=GREY, linewidth=0.5)
    phase = np.append(found.phase, 1.0)
    for neuron, properties in zip(shown, drawn, strict=True):
        response = values[neuron]  # type: ignore[index]
        ax.plot(phase, np.append(response, response[0]), **properties | {"gid": SHIFT})
    ax.set(xlim=(0.0, 1.0), xlabel="Phase", ylabel=_said(found, state))
    if several:
        legend_below(ax, 3)
    return ax


def _some(neurons: Sequence[int] | None, n: int, most: int) -> list[int]:
    """Which neurons to draw."""
    if neurons is None:
        return [int(neuron) for neuron in evenly(n, most)]
    return [_check.whole("neurons", neuron, 0, n - 1) for neuron in np.atleast_1d(np.asarray(neurons)).tolist()]


def _said(found: PhaseResponse, state: str) -> str:
    """What the axis of a response says: ms for each unit of the state that is raised."""
    time, unit = found.units.get("time", "ms"), found.units.get(state, "")
    time, unit = ("" if one == "1" else typeset(one) for one in (time, unit))
    said = (f"{time}/{unit}" if time else f"1/{unit}") if unit and state != SHIFT else time
    what = "Advance" if state == SHIFT else f"Advance per {state}"
    return f"{what} ({said})" if said else what
