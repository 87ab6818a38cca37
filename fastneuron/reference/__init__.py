"""The plain answer: textbook formulas, integrated by SciPy.  Slow, and shares no code with the rest of the package."""

from . import mlp, perceptron
from .simulate import simulate

__all__ = ["mlp", "perceptron", "simulate"]
