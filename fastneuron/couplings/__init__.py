"""Couplings without delay: what a neuron feels of another's state at every moment.  One kind, one file."""

from .coupling import Coupling
from .gap_junction import GapJunction
from .graded import Graded
from .kind import CouplingKind, coupling_current, prepare_coupling, sent
from .state_coupled import StateCoupled

__all__ = [
    "Coupling",
    "CouplingKind",
    "GapJunction",
    "Graded",
    "StateCoupled",
    "coupling_current",
    "prepare_coupling",
    "sent",
]
