"""Brunel (2000), J Comput Neurosci 8:183, eq. 1, with a capacitance and a conductance in place of tau."""

INITIAL_V = -65.0


def threshold(p):
    """Where a neuron spikes."""
    return p.V_th


def initial(V, p):
    """There is no other state."""
    return {}


def derivative(p, I, V):
    """The time derivative of V."""
    return ((-p.g_L * (V - p.E_L) + I) / p.C,)


def reset(p, V):
    """The state after a spike."""
    return (p.V_reset,)
