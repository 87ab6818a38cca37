"""The perceptron: a layer of S neurons on R inputs, its rules, and its kernels for dense and for sparse rows."""

from .dots import square
from .history import PerceptronHistory
from .layer import Perceptron
from .least_squares import least_squares_layer

__all__ = ["Perceptron", "PerceptronHistory", "least_squares_layer", "square"]
