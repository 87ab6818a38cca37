"""The plain answer: textbook formulas, integrated by SciPy.  Slow, and shares no code with the rest of the package."""

from . import perceptron
from .simulate import simulate

__all__ = ["perceptron", "simulate"]
