"""Dynamics of one neuron, for each of a population: derivatives, fixed points, cycles, bifurcations.

All of it stands on duals (`fastneuron._kernel.dual`), which go through the formulas of a model, a user's too.
"""

from .fixed_points import FixedPoints, fixed_points
from .jacobian import jacobian
from .tangent import tangent

__all__ = ["FixedPoints", "fixed_points", "jacobian", "tangent"]
