"""The plain answer: textbook formulas, integrated by SciPy.  Slow, and shares no code with the rest of the package."""

from . import mlp
from .simulate import simulate

__all__ = ["mlp", "simulate"]
