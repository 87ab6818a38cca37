"""The multi-layer perceptron: a network, its activations, losses, optimizers and kernels, one idea per file."""

from .network import MLP, SGD, Adam, Ensemble, Gradient, History, Momentum, Nesterov, RMSprop, check_gradient

__all__ = ["MLP", "SGD", "Adam", "Ensemble", "Gradient", "History", "Momentum", "Nesterov", "RMSprop", "check_gradient"]
