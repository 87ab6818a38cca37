"""The models: one file each."""

from .adaptive_exponential import AdaptiveExponential
from .channel import Channel
from .circuit import Circuit
from .exponential_integrate_and_fire import ExponentialIntegrateAndFire
from .fitzhugh_nagumo import FitzHughNagumo
from .hodgkin_huxley import HodgkinHuxley
from .izhikevich import Izhikevich
from .leaky_integrate_and_fire import LeakyIntegrateAndFire
from .model import (
    Model,
    can_be_steep,
    derivative,
    gates,
    gates_piece,
    is_steep,
    pieces,
    prepare,
    reset,
    resets,
    threshold,
    voltage,
)
from .morris_lecar import MorrisLecar
from .morris_lecar_full import MorrisLecarFull
from .quadratic_integrate_and_fire import QuadraticIntegrateAndFire
from .traub_miles import TraubMiles

__all__ = [
    "AdaptiveExponential",
    "Channel",
    "Circuit",
    "ExponentialIntegrateAndFire",
    "FitzHughNagumo",
    "HodgkinHuxley",
    "Izhikevich",
    "LeakyIntegrateAndFire",
    "Model",
    "MorrisLecar",
    "MorrisLecarFull",
    "QuadraticIntegrateAndFire",
    "TraubMiles",
    "can_be_steep",
    "derivative",
    "gates",
    "gates_piece",
    "is_steep",
    "pieces",
    "prepare",
    "reset",
    "resets",
    "threshold",
    "voltage",
]
