"""fastneuron: large populations of neurons, and layers of perceptrons, close to the speed of hand-written SIMD code."""

from . import math, reference
from ._engine.run import Run, Spikes
from ._storage.resume import open as open  # not in __all__: an import of * must not hide Python's own
from ._storage.resume import resume
from ._version import __version__
from .estimate import Estimate, estimate
from .inputs.noise import Noise, OrnsteinUhlenbeck, WhiteNoise
from .inputs.waveforms import Chirp, Current, Pulses, Ramp, Samples, Sine, Step
from .mlp.network import MLP, check_gradient
from .models import FitzHughNagumo, HodgkinHuxley, Model, MorrisLecar, MorrisLecarFull, TraubMiles
from .perceptron.layer import Perceptron, PerceptronHistory, least_squares_layer
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
