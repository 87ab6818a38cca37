"""A run at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from .._engine.run import Run
from .._figures import check_axes, pyplot, styled, tidy
from ..inputs.current import Current
from ._runs import amplitude_of, check_run
from .fi_curve import fi_curve
from .raster import raster
from .rate_histogram import rate_histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def summary(
    run: Run,
    current: npt.ArrayLike | Current | None = None,
    ax: tuple[Axes, Axes] | None = None,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Figure:
    """The raster beside the f-I curve, or beside a histogram of rates where the current is one for all.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    current : float or (n,) array_like, optional
        What to draw the rate against, uA/cm^2; by default the current that was injected.
    ax : (Axes, Axes), optional
        Where to draw the two; a new figure by default.
    color : matplotlib color, optional
        Of both.
    label : str, optional
        What legends call both, once there are some.
    **style
        Of the marks of spikes: any property of a matplotlib ``Line2D``.

    Returns
    -------
    matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> current = np.linspace(80, 130, 1000)
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=current)
    >>> figure = plot.summary(run)
    >>> len(figure.axes)
    2
    """
    check_run(run, Run)
    check_axes(ax, 2)
    amplitude = amplitude_of(run, current)
    styled("line", style, {}, color, label)
    _ = run.spikes.time  # which may not have been kept
    left, right = _new_axes() if ax is None else ax
    raster(run, left, color=color, label=label, **style)
    if amplitude is None or amplitude.size == 1:
        rate_histogram(run, right, color=color, label=label)
    else:
        fi_curve(run, amplitude, right, color=color, label=label)
    return left.figure.figure


def _new_axes() -> Any:
    shape: dict[str, Any] = {"figsize": (7.2, 3.2), "width_ratios": [1.6, 1], "layout": "constrained", "dpi": 200}
    _, both = pyplot().subplots(1, 2, **shape)
    for ax in both:
        tidy(ax)
    return both
