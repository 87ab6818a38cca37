"""Traub & Miles (1991) in the form of Brette et al. (2007), J Comput Neurosci 23:349, appendix B."""

from math import exp, expm1

THRESHOLD = 0.0
INITIAL_V = -65.0


def linoid(x, y):
    """x / (exp(x / y) - 1), y at x = 0."""
    return x / expm1(x / y) if x else y


def rates(v):
    """(alpha, beta) of m, h and n, 1/ms, for v = V - V_T."""
    return (
        (0.32 * linoid(13 - v, 4), 0.28 * linoid(v - 40, 5)),
        (0.128 * exp((17 - v) / 18), 4 / (1 + exp((40 - v) / 5))),
        (0.032 * linoid(15 - v, 5), 0.5 * exp((10 - v) / 40)),
    )


def initial(V, p):
    """The gates at their steady state for V."""
    return {gate: alpha / (alpha + beta) for gate, (alpha, beta) in zip("mhn", rates(V - p.V_T), strict=True)}


def derivative(p, I, V, m, h, n):
    """The time derivatives of V (mV/ms) and of the gates (1/ms)."""
    (alpha_m, beta_m), (alpha_h, beta_h), (alpha_n, beta_n) = rates(V - p.V_T)

    I_Na = p.g_Na * m**3 * h * (V - p.E_Na)
    I_K = p.g_K * n**4 * (V - p.E_K)
    I_L = p.g_L * (V - p.E_L)
    return (
        (I - I_Na - I_K - I_L) / p.C,
        alpha_m * (1 - m) - beta_m * m,
        alpha_h * (1 - h) - beta_h * h,
        alpha_n * (1 - n) - beta_n * n,
    )
