"""Figures fit for a paper (needs matplotlib): rasters, f-I curves, traces, the phase plane.

Each function draws into the Axes it is given, or into a new figure, and returns the Axes, so that everything can still
be changed.  Colours are Okabe and Ito's, which the colour-blind can tell apart.  Where a population is too large to be
shown, evenly spaced neurons stand for it, and the figure says how many.
"""

from .bifurcation_curves import bifurcation_curves
from .bifurcations import bifurcations
from .fi_curve import fi_curve, steady_rate
from .network import network
from .phase_plane import phase_plane
from .raster import raster
from .rate_histogram import rate_histogram
from .summary import summary
from .traces import traces

__all__ = [
    "bifurcation_curves",
    "bifurcations",
    "fi_curve",
    "network",
    "phase_plane",
    "raster",
    "rate_histogram",
    "steady_rate",
    "summary",
    "traces",
]
