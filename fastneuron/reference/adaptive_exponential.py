"""Brette & Gerstner (2005), J Neurophysiol 94:3637, eqs. 1 and 2."""

from .exponential import bounded_exp

INITIAL_V = -70.6


def threshold(p):
    """Where a neuron spikes."""
    return p.V_peak


def initial(V, p):
    """The adaptation starts at a constant."""
    return {"w": 0.0}


def derivative(p, I, V, w):
    """The time derivatives of V and w."""
    upstroke = p.g_L * p.Delta_T * bounded_exp((V - p.V_T) / p.Delta_T)
    return (-p.g_L * (V - p.E_L) + upstroke - w + I) / p.C, (p.a * (V - p.E_L) - w) / p.tau_w


def reset(p, V, w):
    """The states after a spike."""
    return p.V_reset, w + p.b
