"""A run at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy.typing as npt

from .._engine.run import Run
from .._figures import pyplot, tidy
from ..inputs.current import Current
from ._axes import amplitude_of
from .fi_curve import fi_curve
from .raster import raster
from .rate_histogram import rate_histogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def summary(run: Run, current: npt.ArrayLike | Current | None = None) -> Figure:
    """The raster beside the f-I curve, or beside a histogram of rates where the current is one for all.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    current : float or (n,) array_like, optional
        What to draw the rate against, uA/cm^2; by default the current that was injected.

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
    figure, (left, right) = pyplot().subplots(
        1, 2, figsize=(7.2, 3.2), width_ratios=[1.6, 1], layout="constrained", dpi=200
    )
    for ax in (left, right):
        tidy(ax)
    raster(run, left)
    amplitude = amplitude_of(run, current)
    if amplitude is None or amplitude.size == 1:
        rate_histogram(run, right)
    else:
        fi_curve(run, amplitude, right)
    return figure
