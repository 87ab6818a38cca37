"""What membranes with gated conductances have in common."""

from collections.abc import Callable
from typing import Any

from .._kernel.jit import inline
from .._kernel.lanes import fma


@inline
def leak_constants(p):
    """The constants of `leak_current`: g_L E_L / C, 1 / C, g_L / C."""
    per_C = 1.0 / p.C
    return p.g_L * p.E_L * per_C, per_C, p.g_L * per_C


@inline
def sodium_potassium_constants(p):
    """The constants of `sodium_potassium`: those of the leak, g_Na / C, g_K / C, E_Na, E_K."""
    per_C = 1.0 / p.C
    return leak_constants(p) + (p.g_Na * per_C, p.g_K * per_C, p.E_Na, p.E_K)  # noqa: RUF005, Numba adds tuples


@inline
def calcium_potassium_constants(p):
    """The constants of `calcium_potassium`: those of the leak, g_Ca / C, g_K / C, E_Ca, E_K."""
    per_C = 1.0 / p.C
    return leak_constants(p) + (p.g_Ca * per_C, p.g_K * per_C, p.E_Ca, p.E_K)  # noqa: RUF005


@inline
def leak_current(V, I, p):
    """dV/dt of the leak and the injected current alone."""
    return fma(-p.leak, V, fma(I, p.per_C, p.rest))


@inline
def sodium_potassium(V, m, h, n, I, p):
    """dV/dt of leak, sodium (m^3 h) and potassium (n^4)."""
    n2 = n * n
    dV = fma(-(p.sodium * (m * m * m) * h), V - p.E_Na, leak_current(V, I, p))
    return fma(-(p.potassium * n2 * n2), V - p.E_K, dV)


@inline
def calcium_potassium(V, M, N, I, p):
    """dV/dt of leak, calcium (M) and potassium (N)."""
    dV = fma(-(p.potassium * N), V - p.E_K, leak_current(V, I, p))
    return fma(-(p.calcium * M), V - p.E_Ca, dV)


@inline
def gate_derivative(alpha, beta, x):
    """The derivative of a gate, alpha (1 - x) - beta x."""
    return fma(-(alpha + beta), x, alpha)


def steady_state(rates: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Any, Any], Any]:
    """A gate's initial value for V, alpha / (alpha + beta), from its rates (V, p)."""

    def gate(V: Any, p: Any) -> Any:
        alpha, beta = rates(V, p)
        return alpha / (alpha + beta)

    return gate
