"""What the gates of Hodgkin-Huxley type have in common."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .._jit import inline
from .._lanes import fma


@inline
def opening(alpha, beta, x):
    """The derivative of a gate, alpha (1 - x) - beta x."""
    return fma(-(alpha + beta), x, alpha)


def steady(rates: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Any, Any], Any]:
    """A gate's initial value for V, alpha / (alpha + beta), from its rates (V, p)."""

    def gate(V: Any, p: Any) -> Any:
        alpha, beta = rates(V, p)
        return alpha / (alpha + beta)

    return gate


def rise(x: Any) -> Any:
    """x / (exp(x) - 1), for initial values; NumPy."""
    near = np.abs(x) < 1e-8
    return np.where(near, 1 - x / 2, x / np.expm1(np.where(near, 1.0, x)))
