"""Dynamics of one neuron, for each of a population: derivatives, fixed points, cycles, bifurcations.

All of it stands on duals (`fastneuron._kernel.dual`), which go through the formulas of a model, a user's too.
"""

from .bifurcation_curves import bifurcation_curves
from .bifurcations import bifurcations
from .cycles import Cycles, cycles
from .excitability import Excitability, excitability
from .fit import Fit, fit
from .fixed_points import FixedPoints, fixed_points
from .jacobian import jacobian
from .phase_response import PhaseResponse, phase_response
from .tangent import tangent

__all__ = [
    "Cycles",
    "Excitability",
    "Fit",
    "FixedPoints",
    "PhaseResponse",
    "bifurcation_curves",
    "bifurcations",
    "cycles",
    "excitability",
    "fit",
    "fixed_points",
    "jacobian",
    "phase_response",
    "tangent",
]
