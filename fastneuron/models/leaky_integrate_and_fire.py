"""The leaky integrate-and-fire neuron (Lapicque 1907): a membrane that is reset where it reaches a threshold."""

from typing import Any, ClassVar, NamedTuple, Self

from .conductances import leak_constants, leak_current
from .model import Model, Parameter


class Constants(NamedTuple):
    """The parameters as one lane needs them: divided by C, for a division a stage took two thirds of the time."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    V_th: float
    V_reset: float


class LeakyIntegrateAndFire(Model):
    """The leaky integrate-and-fire neuron: membrane voltage V alone.

    ::

        C dV/dt = -g_L (V - E_L) + I        where V reaches V_th: V = V_reset, for `refractory` ms

    With a constant current it fires every ``refractory + C / g_L log((V_inf - V_reset) / (V_inf - V_th))`` ms, where
    V_inf = E_L + I / g_L, if that is above V_th.

    Parameters
    ----------
    C : float or (n,) array_like, default 1
        Membrane capacitance, uF/cm^2; positive.
    g_L : float or (n,) array_like, default 0.05
        Leak conductance, mS/cm^2.
    E_L, V_th, V_reset : float or (n,) array_like, default -65, -50, -65
        Resting voltage, threshold, and where V is put by a spike, mV.
    refractory : float or (n,) array_like, default 2
        For how long V then stays there, ms; 0 or more.

    References
    ----------
    Lapicque L (1907). Recherches quantitatives sur l'excitation electrique des nerfs traitee comme une polarisation.
    J Physiol Pathol Gen 9:620-635.

    Brunel N (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons. J Comput
    Neurosci 8:183-208. doi:10.1023/A:1008925309027

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.LeakyIntegrateAndFire(), duration=1000.0, current=[0.7, 0.8, 1.0, 1.5]).spike_count
    array([ 0, 17, 33, 63])
    """

    C: Parameter = 1.0
    g_L: Parameter = 0.05
    E_L: Parameter = -65.0
    V_th: Parameter = -50.0
    V_reset: Parameter = -65.0
    refractory: Parameter = 2.0

    states: ClassVar = {"V": -65.0}
    threshold: ClassVar = "V_th"
    units: ClassVar = {"C": "uF/cm^2", "g_L": "mS/cm^2", "E_L": "mV", "V_th": "mV", "V_reset": "mV", "refractory": "ms"}
    positive: ClassVar = ("C",)
    nonnegative: ClassVar = ("refractory",)
    presets: ClassVar = ("brunel",)

    @classmethod
    def brunel(cls, **changes: Parameter) -> Self:
        """The neuron of Brunel (2000), section 2: tau = 20 ms, threshold 20 mV and reset 10 mV above rest, which is 0.

        With C = 20 uF/cm^2 and g_L = 1 mS/cm^2 a current of 1 uA/cm^2 raises V by 1 mV.
        """
        published: dict[str, Parameter] = {"C": 20.0, "g_L": 1.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0}
        return cls(**published | changes)

    @staticmethod
    def prepare(p: Any) -> Constants:
        """Divisions, done once."""
        ends = (p.V_th, p.V_reset)
        return Constants(*(leak_constants(p) + ends))

    @staticmethod
    def derivative(V: Any, I: Any, p: Constants) -> Any:
        """As it stands above."""
        return (leak_current(V, I, p),)

    @staticmethod
    def reset(V: Any, p: Constants) -> Any:
        """To V_reset."""
        return (p.V_reset,)
