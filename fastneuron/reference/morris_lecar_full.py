"""Morris & Lecar (1981), Biophys J 35:193, eq. 1 and 2, as printed."""

from math import cosh, tanh

THRESHOLD = 0.0
INITIAL_V = -60.0


def initial(V, p):
    """The activations at their steady state for V."""
    return {"M": (1 + tanh((V - p.V1) / p.V2)) / 2, "N": (1 + tanh((V - p.V3) / p.V4)) / 2}


def derivative(p, I, V, M, N):
    """The time derivatives of V (mV/ms), M and N (1/ms)."""
    M_inf = (1 + tanh((V - p.V1) / p.V2)) / 2
    N_inf = (1 + tanh((V - p.V3) / p.V4)) / 2
    lambda_M = p.lambda_M * cosh((V - p.V1) / (2 * p.V2))
    lambda_N = p.lambda_N * cosh((V - p.V3) / (2 * p.V4))

    I_leak = p.g_L * (V - p.E_L)
    I_Ca = p.g_Ca * M * (V - p.E_Ca)
    I_K = p.g_K * N * (V - p.E_K)
    return (I - I_leak - I_Ca - I_K) / p.C, lambda_M * (M_inf - M), lambda_N * (N_inf - N)
