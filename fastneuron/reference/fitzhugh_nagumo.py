"""FitzHugh (1961), Biophys J 1:445, in the form of Nagumo et al. (1962)."""

THRESHOLD = 0.0
INITIAL_V = -1.2


def initial(V, p):
    """The slow variable starts at a constant."""
    return {"W": -0.6}


def derivative(p, I, V, W):
    """The time derivatives of V and W."""
    return V - V**3 / 3 - W + I, (V + p.a - p.b * W) / p.tau
