"""Receptors as in the textbooks: what a spike adds, how it decays, and the current it lets through."""

from math import e, exp, log


class Exponential:
    """g jumps by the weight and decays."""

    def __init__(self, p):
        self.p, self.g, self.t = p, 0.0, 0.0

    def at(self, t):
        """g at a time not before the last spike's."""
        return self.g * exp(-(t - self.t) / self.p.tau)

    def spike(self, t, weight):
        """A spike arrives."""
        self.g, self.t = self.at(t) + weight, t

    def current(self, V, g):
        """Ohm's law."""
        return g * (self.p.E - V)


class DoubleExponential(Exponential):
    """exp(-t / decay) - exp(-t / rise), the peak at the weight."""

    def __init__(self, p):
        super().__init__(p)
        self.rising = 0.0
        peak = p.rise * p.decay / (p.decay - p.rise) * log(p.decay / p.rise)
        self.scale = 1 / (exp(-peak / p.decay) - exp(-peak / p.rise))

    def _parts(self, t):
        return self.g * exp(-(t - self.t) / self.p.decay), self.rising * exp(-(t - self.t) / self.p.rise)

    def at(self, t):
        """The difference of the two."""
        decaying, rising = self._parts(t)
        return decaying - rising

    def spike(self, t, weight):
        """Both jump."""
        decaying, rising = self._parts(t)
        self.g, self.rising, self.t = decaying + self.scale * weight, rising + self.scale * weight, t


class Alpha(Exponential):
    """t / tau exp(1 - t / tau), the peak at the weight."""

    def __init__(self, p):
        super().__init__(p)
        self.rate = 0.0  # dg/dt + g / tau

    def at(self, t):
        """Critically damped."""
        return (self.g + self.rate * (t - self.t)) * exp(-(t - self.t) / self.p.tau)

    def spike(self, t, weight):
        """The slope jumps."""
        decay = exp(-(t - self.t) / self.p.tau)
        self.g, self.rate, self.t = self.at(t), self.rate * decay + weight * e / self.p.tau, t


class NMDA(DoubleExponential):
    """Jahr & Stevens (1990), J Neurosci 10:3178, eq. 4a."""

    def current(self, V, g):
        """Blocked by magnesium."""
        return g * (self.p.E - V) / (1 + self.p.Mg / 3.57 * exp(-0.062 * V))


def _current_itself(self, V, g):
    """The current itself."""
    return g


class ExponentialCurrent(Exponential):
    """A current, not a conductance."""

    current = _current_itself


class DoubleExponentialCurrent(DoubleExponential):
    """A current, not a conductance."""

    current = _current_itself


class AlphaCurrent(Alpha):
    """A current, not a conductance."""

    current = _current_itself


class Delta:
    """The voltage jumps by the weight: see `network`."""

    def __init__(self, p):
        self.g = 0.0

    def at(self, t):
        """Nothing lasts."""
        return 0.0

    def current(self, V, g):
        """No current flows."""
        return 0.0


KINDS = {
    kind.__name__: kind
    for kind in (
        Exponential,
        DoubleExponential,
        Alpha,
        NMDA,
        ExponentialCurrent,
        DoubleExponentialCurrent,
        AlphaCurrent,
        Delta,
    )
}
