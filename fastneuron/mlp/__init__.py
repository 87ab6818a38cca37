"""The multi-layer perceptron: a network, its activations, losses, optimizers and kernels, one idea per file."""

from .activations import Activation
from .ensemble import Ensemble
from .gradient_check import check_gradient
from .history import MLPHistory
from .network import MLP, Gradient
from .optimizers import SGD, Adam, AdamHat, Momentum, Nesterov, RMSprop, Rprop
from .scaling import Scaling

__all__ = [
    "MLP",
    "SGD",
    "Activation",
    "Adam",
    "AdamHat",
    "Ensemble",
    "Gradient",
    "MLPHistory",
    "Momentum",
    "Nesterov",
    "RMSprop",
    "Rprop",
    "Scaling",
    "check_gradient",
]
