"""The f-I curve of a population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import _check
from .._engine.run import Run
from .._figures import BLUE, axes, evenly, say_how_many
from ._axes import amplitude_of, named, rate_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fi_curve(
    run: Run,
    current: npt.ArrayLike | None = None,
    ax: Axes | None = None,
    after: float | None = None,
    neurons: int = 4000,
) -> Axes:
    """Firing rate against injected current, one dot per neuron.

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

    See Also
    --------
    Run.steady_rate : the rate that is drawn

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> current = np.linspace(80, 130, 400)
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=1000.0, current=current)
    >>> plot.fi_curve(run).get_ylabel()
    'Firing rate (Hz)'
    """
    amplitude = amplitude_of(run, current)
    if amplitude is None:
        got = _check.shown(run.current if current is None else current)
        raise ValueError(f"current must be one value per neuron where what was injected is no constant; got {got}")
    rate = run.steady_rate(after)
    ax = axes(ax, (3.2, 3.2))
    shown = evenly(run.n, _check.whole("neurons", neurons, 1))
    ax.plot(
        np.broadcast_to(amplitude.ravel(), run.n)[shown],
        rate[shown],
        linestyle="none",
        marker=".",
        markersize=2.5 if shown.size > 200 else 7,
        markeredgewidth=0,
        color=BLUE,
        rasterized=shown.size > 20_000,
    )
    top = max(1.05 * rate.max(), 1.0)
    ax.set_ylim(-0.03 * top, top)  # a dot at 0 is seen whole
    ax.set(xlabel=named(run, "Injected current", "current", "µA/cm$^2$"), ylabel=rate_label(run))
    say_how_many(ax, shown.size, run.n)
    return ax


def steady_rate(run: Run, after: float | None = None) -> np.ndarray:
    """The rate at which each neuron fires once it has settled, (n,), Hz: see `Run.steady_rate`."""
    return run.steady_rate(after)
