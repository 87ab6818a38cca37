"""How the rates of a population are distributed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.run import Run
from .._figures import BLUE, axes
from ._axes import rate_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rate_histogram(run: Run, ax: Axes | None = None, after: float | None = None) -> Axes:
    """How many neurons fire at which rate, once they have settled.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    after : float, optional
        Leave out what happened before, ms; half of the run by default.

    See Also
    --------
    Run.steady_rate : the rate that is drawn
    """
    rate = run.steady_rate(after)
    ax = axes(ax, (3.2, 3.2))
    ax.hist(rate, bins=min(50, max(10, run.n // 20)), color=BLUE)
    ax.set(xlabel=rate_label(run), ylabel="Neurons")
    return ax
