"""Hodgkin & Huxley (1952), J Physiol 117:500, with V in mV as measured today."""

from math import exp, expm1

THRESHOLD = 0.0
INITIAL_V = -65.0


def linoid(x, y):
    """x / (1 - exp(-x / y)), y at x = 0."""
    return x / -expm1(-x / y) if x else y


def rates(V):
    """(alpha, beta) of m, h and n, 1/ms."""
    return (
        (0.1 * linoid(V + 40, 10), 4 * exp(-(V + 65) / 18)),
        (0.07 * exp(-(V + 65) / 20), 1 / (1 + exp(-(V + 35) / 10))),
        (0.01 * linoid(V + 55, 10), 0.125 * exp(-(V + 65) / 80)),
    )


def initial(V, p):
    """The gates at their steady state for V."""
    return {gate: alpha / (alpha + beta) for gate, (alpha, beta) in zip("mhn", rates(V), strict=True)}


def derivative(p, I, V, m, h, n):
    """The time derivatives of V (mV/ms) and of the gates (1/ms)."""
    (alpha_m, beta_m), (alpha_h, beta_h), (alpha_n, beta_n) = rates(V)
    q = 3 ** ((p.temperature - 6.3) / 10)

    I_Na = p.g_Na * m**3 * h * (V - p.E_Na)
    I_K = p.g_K * n**4 * (V - p.E_K)
    I_L = p.g_L * (V - p.E_L)
    return (
        (I - I_Na - I_K - I_L) / p.C,
        q * (alpha_m * (1 - m) - beta_m * m),
        q * (alpha_h * (1 - h) - beta_h * h),
        q * (alpha_n * (1 - n) - beta_n * n),
    )
