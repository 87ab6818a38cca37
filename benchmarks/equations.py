"""The models by the textbook, for arrays of any library `xp` that has exp, tanh and cosh; and RK4 on tuples of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .tasks import Population


def morris_lecar(xp: Any, I: Any, V: Any, N: Any) -> tuple[Any, Any]:
    """dV/dt, dN/dt of the Hopf set."""
    m = 0.5 * (1.0 + xp.tanh((V + 1.2) / 18.0))
    n_inf = 0.5 * (1.0 + xp.tanh((V - 2.0) / 30.0))
    dV = (I - 2.0 * (V + 60.0) - 4.4 * m * (V - 120.0) - 8.0 * N * (V + 84.0)) / 20.0
    return dV, (n_inf - N) * (0.04 * xp.cosh((V - 2.0) / 60.0))


def hodgkin_huxley(xp: Any, I: Any, V: Any, m: Any, h: Any, n: Any) -> tuple[Any, Any, Any, Any]:
    """dV/dt, dm/dt, dh/dt, dn/dt of the squid axon at 6.3 degrees."""
    alpha_m = 0.1 * (V + 40.0) / (1.0 - xp.exp(-(V + 40.0) / 10.0))
    beta_m = 4.0 * xp.exp(-(V + 65.0) / 18.0)
    alpha_h = 0.07 * xp.exp(-(V + 65.0) / 20.0)
    beta_h = 1.0 / (1.0 + xp.exp(-(V + 35.0) / 10.0))
    alpha_n = 0.01 * (V + 55.0) / (1.0 - xp.exp(-(V + 55.0) / 10.0))
    beta_n = 0.125 * xp.exp(-(V + 65.0) / 80.0)
    dV = I - 120.0 * m**3 * h * (V - 50.0) - 36.0 * n**4 * (V + 77.0) - 0.3 * (V + 54.387)
    gates = (alpha_m, beta_m, m), (alpha_h, beta_h, h), (alpha_n, beta_n, n)
    return dV, *(alpha * (1.0 - x) - beta * x for alpha, beta, x in gates)


def slopes(task: Population, xp: Any, I: Any) -> Callable[..., tuple[Any, ...]]:
    """The right-hand side of a task, as a function of its states."""
    model = {"morris_lecar": morris_lecar, "hodgkin_huxley": hodgkin_huxley}[task.model]
    return lambda *state: model(xp, I, *state)


def rk4(slope: Callable[..., tuple[Any, ...]], dt: float, state: tuple[Any, ...]) -> tuple[Any, ...]:
    """One step."""
    a = slope(*state)
    b = slope(*(y + 0.5 * dt * k for y, k in zip(state, a, strict=True)))
    c = slope(*(y + 0.5 * dt * k for y, k in zip(state, b, strict=True)))
    d = slope(*(y + dt * k for y, k in zip(state, c, strict=True)))
    return tuple(y + dt / 6 * (p + 2 * q + 2 * r + s) for y, p, q, r, s in zip(state, a, b, c, d, strict=True))
