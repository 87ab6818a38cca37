"""Izhikevich (2003), IEEE Trans Neural Netw 14:1569, eqs. 1 to 3."""

INITIAL_V = -65.0


def threshold(p):
    """Where a neuron spikes."""
    return 30.0


def initial(V, p):
    """The recovery starts at rest."""
    return {"u": p.b * V}


def derivative(p, I, V, u):
    """The time derivatives of V and u."""
    return 0.04 * V**2 + 5 * V + 140 - u + I, p.a * (p.b * V - u)


def reset(p, V, u):
    """The states after a spike."""
    return p.c, u + p.d
