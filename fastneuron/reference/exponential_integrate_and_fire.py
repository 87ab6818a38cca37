"""Fourcaud-Trocmé et al. (2003), J Neurosci 23:11628, eq. 10."""

from .exponential import bounded_exp

INITIAL_V = -65.0


def threshold(p):
    """Where a neuron spikes."""
    return p.V_peak


def initial(V, p):
    """There is no other state."""
    return {}


def derivative(p, I, V):
    """The time derivative of V."""
    upstroke = p.g_L * p.Delta_T * bounded_exp((V - p.V_T) / p.Delta_T)
    return ((-p.g_L * (V - p.E_L) + upstroke + I) / p.C,)


def reset(p, V):
    """The state after a spike."""
    return (p.V_reset,)
