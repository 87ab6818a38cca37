"""Figures fit for a paper (needs matplotlib): of runs, networks, circuits, weights, and of what dynamics finds.

Each function draws one thing, into the `ax` that is given or into a new figure of 4 by 3 inches, and returns the Axes;
one that draws several side by side takes as many Axes and returns the Figure.  Everything drawn is reachable from it,
and can still be changed.  All take three things more, in matplotlib's own words:

``color``
    Any colour that matplotlib knows; where several things are drawn, a dict of them by name, too.
``label``
    What a legend calls it.  Where a function makes a legend, it stands below the axes, where neither data nor titles
    are; elsewhere ``ax.legend()`` makes one.
``**style``
    Any other property of what shows the main thing, such as `linewidth`, `marker`, `alpha`.

Colours are Okabe and Ito's, which the colour-blind can tell apart, and nothing relies on them alone: line styles,
marks or names differ as well.  Where a population is too large to be shown, evenly spaced neurons stand for it, and the
figure says how many.
"""

from .bifurcation_curves import bifurcation_curves
from .bifurcations import bifurcations
from .circuit import circuit
from .fi_curve import fi_curve, steady_rate
from .network import network
from .phase_plane import phase_plane
from .phase_response import phase_response
from .raster import raster
from .rate_histogram import rate_histogram
from .summary import summary
from .traces import traces
from .weights import weights

__all__ = [
    "bifurcation_curves",
    "bifurcations",
    "circuit",
    "fi_curve",
    "network",
    "phase_plane",
    "phase_response",
    "raster",
    "rate_histogram",
    "steady_rate",
    "summary",
    "traces",
    "weights",
]
