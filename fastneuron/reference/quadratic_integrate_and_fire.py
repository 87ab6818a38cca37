"""Ermentrout & Kopell (1986), SIAM J Appl Math 46:233, in the coordinate in which the neuron's field is V^2 + I."""

INITIAL_V = -1.0


def threshold(p):
    """Where a neuron spikes."""
    return p.V_peak


def initial(V, p):
    """There is no other state."""
    return {}


def derivative(p, I, V):
    """The time derivative of V."""
    return (V**2 + I,)


def reset(p, V):
    """The state after a spike."""
    return (p.V_reset,)
