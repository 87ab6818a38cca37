"""Morris & Lecar (1981), Biophys J 35:193, eq. 9, as printed."""

from math import cosh, tanh

THRESHOLD = 0.0
INITIAL_V = -60.0


def initial(V, p):
    """The gates at their steady state for V."""
    return {"N": (1 + tanh((V - p.V3) / p.V4)) / 2}


def derivative(p, I, V, N):
    """The time derivatives of V (mV/ms) and N (1/ms)."""
    M_inf = (1 + tanh((V - p.V1) / p.V2)) / 2
    N_inf = (1 + tanh((V - p.V3) / p.V4)) / 2
    tau = 1 / (p.phi * cosh((V - p.V3) / (2 * p.V4)))

    I_leak = p.g_L * (V - p.E_L)
    I_Ca = p.g_Ca * M_inf * (V - p.E_Ca)
    I_K = p.g_K * N * (V - p.E_K)
    return (I - I_leak - I_Ca - I_K) / p.C, (N_inf - N) / tau
