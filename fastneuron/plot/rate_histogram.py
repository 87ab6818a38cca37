"""How the rates of a population are distributed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._engine.run import Run
from .._figures import COLOURS, STYLES, axes, check_axes, styled, turn, whole_ticks
from ._runs import check_run, rate_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rate_histogram(
    run: Run,
    ax: Axes | None = None,
    after: float | None = None,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Axes:
    """How many neurons fire at which rate, once they have settled; a second one in the same axes has another outline.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    after : float, optional
        Leave out what happened before, ms; half of the run by default.
    color : matplotlib color, optional
        Of the outline and, lighter, of what is below it.
    label : str, optional
        What a legend calls it, once there is one: ``ax.legend()``.
    **style
        Any property of a matplotlib ``Polygon``, such as `hatch`, `facecolor`, `linestyle`.

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
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=np.linspace(80, 130, 400))
    >>> plot.rate_histogram(run, hatch="//").get_ylabel()
    'Neurons'
    """
    check_run(run, Run)
    check_axes(ax)
    rate = run.steady_rate(after)
    before = 0 if ax is None else len(ax.patches)
    drawn = histogram_style(style, color, label, before)
    ax = axes(ax)
    ax.hist(rate, bins=min(50, max(10, run.n // 20)), histtype="stepfilled", **drawn)
    ax.set(xlabel=rate_label(run), ylabel="Neurons")
    whole_ticks(ax.yaxis)
    return ax


def histogram_style(style: dict[str, Any], color: Any, label: str | None, before: int) -> dict[str, Any]:
    """The properties of a histogram, where there are some already."""
    from matplotlib.colors import to_rgba

    line = turn(COLOURS, before) if color is None else color
    usual = {"facecolor": to_rgba(line, 0.4), "edgecolor": line, "linestyle": turn(STYLES, before), "linewidth": 1.2}
    return styled("patch", style, usual, None, label)
