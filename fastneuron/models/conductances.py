"""What membranes with gated conductances have in common."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .._kernel.jit import inline
from .._kernel.lanes import fma


@inline
def passive(V, I, p):
    """dV/dt of the leak and the injected current alone; `rest` is g_L E_L / C, `leak` g_L / C."""
    return fma(-p.leak, V, fma(I, p.per_C, p.rest))


@inline
def spiking(V, m, h, n, I, p):
    """dV/dt of leak, sodium (m^3 h) and potassium (n^4)."""
    n2 = n * n
    dV = fma(-(p.sodium * (m * m * m) * h), V - p.E_Na, passive(V, I, p))
    return fma(-(p.potassium * n2 * n2), V - p.E_K, dV)


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
