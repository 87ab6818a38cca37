"""The plain answer: textbook formulas, integrated by SciPy.  Slow, and shares no code with the rest of the package."""

import importlib
from typing import Any

from . import perceptron
from .simulate import simulate

__all__ = ["mlp", "perceptron", "simulate"]


def __getattr__(name: str) -> Any:
    if name == "mlp":  # on first use: SciPy's special functions take as long to import as the rest of the package
        return importlib.import_module(".mlp", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
