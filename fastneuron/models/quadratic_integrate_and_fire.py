"""The quadratic integrate-and-fire neuron (Ermentrout & Kopell 1986): the normal form of neurons of class I."""

from typing import Any, ClassVar

from .model import Model, Parameter

STEEP = 10.0  # beyond, V takes less than a tenth of the time to infinity that the whole period takes at I = 0.1


class QuadraticIntegrateAndFire(Model):
    """The quadratic integrate-and-fire neuron: V alone, without dimensions (time is in units that `dt` shares).

    ::

        dV/dt = V^2 + I        where V reaches V_peak: V = V_reset

    With a constant current above 0 it fires every ``(atan(V_peak / sqrt(I)) - atan(V_reset / sqrt(I))) / sqrt(I)``,
    which becomes ``pi / sqrt(I)`` as V_peak and -V_reset grow.

    Parameters
    ----------
    V_peak, V_reset : float or (n,) array_like, default 100, -100
        Where a spike is counted, and where V is put by it.

    References
    ----------
    Ermentrout GB, Kopell N (1986). Parabolic bursting in an excitable system coupled with a slow oscillation. SIAM J
    Appl Math 46:233-253. doi:10.1137/0146017

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.QuadraticIntegrateAndFire(), duration=100.0, dt=0.02, current=[-1.0, 0.25, 1.0]).spike_count
    array([ 0, 16, 32])
    """

    V_peak: Parameter = 100.0
    V_reset: Parameter = -100.0

    states: ClassVar = {"V": -1.0}
    threshold: ClassVar = "V_peak"
    units: ClassVar = dict.fromkeys(("V", "V_peak", "V_reset", "time", "current"), "1")

    @staticmethod
    def derivative(V: Any, I: Any, p: Any) -> Any:
        """As it stands above."""
        return (V * V + I,)

    @staticmethod
    def reset(V: Any, p: Any) -> Any:
        """To V_reset."""
        return (p.V_reset,)

    @staticmethod
    def steep(V: Any, p: Any) -> Any:
        """On the way to infinity, and back from the other side."""
        return abs(V) > STEEP
