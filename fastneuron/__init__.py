"""fastneuron: large populations of neurons, and layers of perceptrons, at the speed of hand-written SIMD code."""

from . import reference
from ._version import __version__
from .models import Model, MorrisLecar
from .recording import Run, Spikes
from .simulate import simulate

__all__ = ["Model", "MorrisLecar", "Run", "Spikes", "__version__", "reference", "simulate"]
