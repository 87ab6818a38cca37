"""The exponential integrate-and-fire neuron (Fourcaud-Trocmé et al. 2003): a spike begins as in real neurons."""

from typing import Any, ClassVar, NamedTuple

from .model import Model, Parameter
from .upstroke import exponential, is_in_upstroke, upstroke_constants, upstroke_current


class Constants(NamedTuple):
    """The parameters as one lane needs them: divided by C."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    V_T: float
    V_steep: float
    per_Delta_T: float
    upstroke: float  # g_L Delta_T / C
    V_peak: float
    V_reset: float


class ExponentialIntegrateAndFire(Model):
    """The exponential integrate-and-fire neuron: membrane voltage V alone.

    ::

        C dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_T) / Delta_T) + I
        where V reaches V_peak: V = V_reset, for `refractory` ms

    The upstroke would reach infinity in finite time, so the value of V_peak hardly matters.

    Parameters
    ----------
    C : float or (n,) array_like, default 1
        Membrane capacitance, uF/cm^2; positive.
    g_L : float or (n,) array_like, default 0.1
        Leak conductance, mS/cm^2; positive.
    E_L, V_T : float or (n,) array_like, default -65, -59.9
        Resting voltage, and that at which a slow current makes the neuron fire, mV.
    Delta_T : float or (n,) array_like, default 3.48
        How sharply a spike begins, mV; positive.
    V_peak, V_reset : float or (n,) array_like, default 0, -68
        Where a spike is counted, and where V is put by it, mV.
    refractory : float or (n,) array_like, default 1.7
        For how long V then stays there, ms; 0 or more.

    References
    ----------
    Fourcaud-Trocmé N, Hansel D, van Vreeswijk C, Brunel N (2003). How spike generation mechanisms determine the
    neuronal response to fluctuating inputs. J Neurosci 23:11628-11640, eq. 10 and table 1.
    doi:10.1523/JNEUROSCI.23-37-11628.2003

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.ExponentialIntegrateAndFire(), duration=1000.0, current=[0.2, 0.4, 0.6]).spike_count
    array([ 8, 24, 37])
    """

    C: Parameter = 1.0
    g_L: Parameter = 0.1
    E_L: Parameter = -65.0
    V_T: Parameter = -59.9
    Delta_T: Parameter = 3.48
    V_peak: Parameter = 0.0
    V_reset: Parameter = -68.0
    refractory: Parameter = 1.7

    states: ClassVar = {"V": -65.0}
    threshold: ClassVar = "V_peak"
    units: ClassVar = {"C": "uF/cm^2", "g_L": "mS/cm^2", "refractory": "ms"} | dict.fromkeys(
        ("E_L", "V_T", "Delta_T", "V_peak", "V_reset"), "mV"
    )
    positive: ClassVar = ("C", "g_L", "Delta_T")
    nonnegative: ClassVar = ("refractory",)

    @staticmethod
    def prepare(p: Any) -> Constants:
        """Divisions, done once."""
        ends = (p.V_peak, p.V_reset)
        return Constants(*(upstroke_constants(p) + ends))

    gates = staticmethod(exponential)
    steep = staticmethod(is_in_upstroke)

    @staticmethod
    def derivative(V: Any, I: Any, p: Constants, gates: Any) -> Any:
        """As it stands above."""
        return (upstroke_current(V, I, p, gates),)

    @staticmethod
    def reset(V: Any, p: Constants) -> Any:
        """To V_reset."""
        return (p.V_reset,)
