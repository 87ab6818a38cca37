"""The models: one file each."""

from .channel import Channel
from .fitzhugh_nagumo import FitzHughNagumo
from .hodgkin_huxley import HodgkinHuxley
from .model import Model, derivative, gates, prepare
from .morris_lecar import MorrisLecar
from .morris_lecar_full import MorrisLecarFull
from .traub_miles import TraubMiles

__all__ = [
    "Channel",
    "FitzHughNagumo",
    "HodgkinHuxley",
    "Model",
    "MorrisLecar",
    "MorrisLecarFull",
    "TraubMiles",
    "derivative",
    "gates",
    "prepare",
]
