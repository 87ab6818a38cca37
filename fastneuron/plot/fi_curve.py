"""The f-I curve of a population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _check
from .._engine.run import Run
from .._figures import COLOURS, MARKERS, axes, check_axes, evenly, how_many, limit, styled, turn
from ._runs import amplitude_of, check_run, named, rate_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fi_curve(
    run: Run,
    current: npt.ArrayLike | None = None,
    ax: Axes | None = None,
    after: float | None = None,
    neurons: int = 4000,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Axes:
    """Firing rate against injected current, one dot per neuron; a second curve in the same axes has other marks.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    current : float or (n,) array_like, optional
        What to draw it against, uA/cm^2; by default the current that was injected, if it was constant.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    after : float, optional
        Leave out what happened before, ms; half of the run by default.
    neurons : int, default 4000
        The most dots to draw; of a larger population, as many evenly spaced neurons, and the figure says so.
    color : matplotlib color, optional
        Of the dots.
    label : str, optional
        What a legend calls them, once there is one: ``ax.legend()``.
    **style
        Of the dots: any property of a matplotlib ``Line2D``, such as `marker`, `markersize`, `linestyle`.

    Returns
    -------
    matplotlib Axes

    See Also
    --------
    Run.steady_rate : the rate that is drawn

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> current = np.linspace(0, 130, 400)
    >>> ax = None
    >>> for name in ("hopf", "snic"):
    ...     run = fn.simulate(getattr(fn.MorrisLecar, name)(), duration=1000.0, current=current)
    ...     ax = plot.fi_curve(run, ax=ax, label=name)
    >>> legend = ax.legend()
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Injected current (µA/cm²)', 'Firing rate (Hz)')
    """
    check_run(run, Run)
    check_axes(ax)
    shown = evenly(run.n, _check.whole("neurons", neurons, 1))
    amplitude = amplitude_of(run, current)
    if amplitude is None:
        got = _check.shown(run.current if current is None else current)
        raise ValueError(f"current must be one value per neuron where what was injected is no constant; got {got}")
    rate = run.steady_rate(after)
    before = 0 if ax is None else len(ax.lines)
    mark = turn(MARKERS, before)
    usual = {
        "color": turn(COLOURS, before),
        "linestyle": "none",
        "marker": mark,
        "markersize": (3.0 if shown.size > 200 else 7.0) * (1.0 if mark == "." else 0.75),
        "markeredgewidth": 0.7 if mark in "x+" else 0.0,
        "rasterized": shown.size > 20_000,
    }
    drawn = styled("line", style, usual, color, label)
    ax = axes(ax)
    ax.plot(np.broadcast_to(amplitude.ravel(), run.n)[shown], rate[shown], **drawn)
    top = max(1.05 * rate.max(), 1.0, ax.get_ylim()[1] if before else 0.0)
    limit(ax, "y", -0.03 * top, top)  # a dot at 0 is seen whole
    xlabel = named(run, "Injected current", "current", "uA/cm^2")
    ax.set(xlabel=how_many(xlabel, shown.size, run.n, "neurons"), ylabel=rate_label(run))
    return ax


def steady_rate(run: Run, after: float | None = None) -> np.ndarray:
    """The rate at which each neuron fires once it has settled, (n,), Hz: see `Run.steady_rate`."""
    return run.steady_rate(after)
