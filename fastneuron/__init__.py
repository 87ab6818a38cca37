"""fastneuron: large populations of neurons, and layers of perceptrons, close to the speed of hand-written SIMD code."""

from . import math, reference
from ._version import __version__
from .archive import open as open  # not in __all__: an import of * must not hide Python's own
from .archive import resume
from .currents import Chirp, Current, Pulses, Ramp, Samples, Sine, Step
from .estimate import Estimate, estimate
from .mlp import MLP, check_gradient
from .models import FitzHughNagumo, HodgkinHuxley, Model, MorrisLecar, MorrisLecarFull, TraubMiles
from .noise import Noise, OrnsteinUhlenbeck, WhiteNoise
from .perceptron import Perceptron, PerceptronHistory, least_squares_layer
from .recording import Run, Spikes
from .simulate import simulate
from .sweep import fi_curve, sweep

__all__ = [
    "MLP",
    "Chirp",
    "Current",
    "Estimate",
    "FitzHughNagumo",
    "HodgkinHuxley",
    "Model",
    "MorrisLecar",
    "MorrisLecarFull",
    "Noise",
    "OrnsteinUhlenbeck",
    "Perceptron",
    "PerceptronHistory",
    "Pulses",
    "Ramp",
    "Run",
    "Samples",
    "Sine",
    "Spikes",
    "Step",
    "TraubMiles",
    "WhiteNoise",
    "__version__",
    "check_gradient",
    "estimate",
    "fi_curve",
    "least_squares_layer",
    "math",
    "reference",
    "resume",
    "simulate",
    "sweep",
]
