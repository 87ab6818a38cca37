"""The adaptive exponential integrate-and-fire neuron (Brette & Gerstner 2005): two states, and most firing patterns."""

from typing import Any, ClassVar, NamedTuple, Self

from .._kernel.lanes import fma
from .model import Model, Parameter
from .upstroke import exponential, is_in_upstroke, upstroke_constants, upstroke_current


class Constants(NamedTuple):
    """The parameters as one lane needs them: divided by C and tau_w."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    V_T: float
    V_steep: float
    per_Delta_T: float
    upstroke: float  # g_L Delta_T / C
    V_peak: float
    V_reset: float
    b: float
    E_L: float
    a: float  # / tau_w
    per_tau_w: float


class AdaptiveExponential(Model):
    """The adaptive exponential integrate-and-fire neuron: membrane voltage V and adaptation current w.

    ::

        C dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_T) / Delta_T) - w + I
        tau_w dw/dt = a (V - E_L) - w
        where V reaches V_peak: V = V_reset, for `refractory` ms, and w = w + b

    The numbers are those of a cell, not of a patch of membrane: pF, nS, and currents in pA.

    Parameters
    ----------
    C : float or (n,) array_like, default 281
        Membrane capacitance, pF; positive.
    g_L : float or (n,) array_like, default 30
        Leak conductance, nS; positive.
    E_L, V_T : float or (n,) array_like, default -70.6, -50.4
        Resting voltage, and that at which a spike begins, mV.
    Delta_T : float or (n,) array_like, default 2
        How sharply it begins, mV; positive.
    V_peak, V_reset : float or (n,) array_like, default 20, -70.6
        Where a spike is counted, and where V is put by it, mV.
    a, b : float or (n,) array_like, default 4, 80.5
        Adaptation to voltage, nS, and to spikes, pA.
    tau_w : float or (n,) array_like, default 144
        Time constant of the adaptation, ms; positive.
    refractory : float or (n,) array_like, default 0
        For how long V stays where it has been put, ms; 0 or more.

    References
    ----------
    Brette R, Gerstner W (2005). Adaptive exponential integrate-and-fire model as an effective description of neuronal
    activity. J Neurophysiol 94:3637-3642. doi:10.1152/jn.00686.2005

    Naud R, Marcille N, Clopath C, Gerstner W (2008). Firing patterns in the adaptive exponential integrate-and-fire
    model. Biol Cybern 99:335-347, table 1. doi:10.1007/s00422-008-0264-7

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.AdaptiveExponential(), duration=1000.0, current=[600.0, 1000.0]).spike_count
    array([ 1, 31])
    """

    C: Parameter = 281.0
    g_L: Parameter = 30.0
    E_L: Parameter = -70.6
    V_T: Parameter = -50.4
    Delta_T: Parameter = 2.0
    V_peak: Parameter = 20.0
    V_reset: Parameter = -70.6
    a: Parameter = 4.0
    b: Parameter = 80.5
    tau_w: Parameter = 144.0
    refractory: Parameter = 0.0

    states: ClassVar = {"V": -70.6, "w": 0.0}
    threshold: ClassVar = "V_peak"
    units: ClassVar = {
        "C": "pF", "g_L": "nS", "a": "nS", "b": "pA", "w": "pA", "current": "pA", "tau_w": "ms", "refractory": "ms",
    } | dict.fromkeys(("E_L", "V_T", "Delta_T", "V_peak", "V_reset"), "mV")  # fmt: skip
    positive: ClassVar = ("C", "g_L", "Delta_T", "tau_w")
    nonnegative: ClassVar = ("refractory",)
    presets: ClassVar = (
        "tonic", "adapting", "initial_burst", "bursting", "accelerating", "delayed_bursting", "transient", "irregular",
    )  # fmt: skip

    @classmethod
    def _naud(cls, changes: dict[str, Parameter], *values: float) -> Self:
        """A row of table 1 of Naud et al. (2008), which begins with C, g_L, E_L; V_T is -50 mV, Delta_T 2 mV there."""
        names = ("C", "g_L", "E_L", "a", "tau_w", "b", "V_reset")
        published: dict[str, Parameter] = dict(zip(names, values, strict=True))
        return cls(**published | {"V_T": -50.0, "Delta_T": 2.0, "V_peak": 0.0} | changes)

    @classmethod
    def tonic(cls, **changes: Parameter) -> Self:
        """Tonic spiking, at 500 pA: Naud et al. (2008), table 1."""
        return cls._naud(changes, 200.0, 10.0, -70.0, 2.0, 30.0, 0.0, -58.0)

    @classmethod
    def adapting(cls, **changes: Parameter) -> Self:
        """Adaptation, at 500 pA: the same table."""
        return cls._naud(changes, 200.0, 12.0, -70.0, 2.0, 300.0, 60.0, -58.0)

    @classmethod
    def initial_burst(cls, **changes: Parameter) -> Self:
        """A burst, then tonic spiking, at 400 pA: the same table."""
        return cls._naud(changes, 130.0, 18.0, -58.0, 4.0, 150.0, 120.0, -50.0)

    @classmethod
    def bursting(cls, **changes: Parameter) -> Self:
        """Regular bursting, at 210 pA: the same table."""
        return cls._naud(changes, 200.0, 10.0, -58.0, 2.0, 120.0, 100.0, -46.0)

    @classmethod
    def accelerating(cls, **changes: Parameter) -> Self:
        """Delayed spiking that accelerates, at 300 pA: the same table."""
        return cls._naud(changes, 200.0, 12.0, -70.0, -10.0, 300.0, 0.0, -58.0)

    @classmethod
    def delayed_bursting(cls, **changes: Parameter) -> Self:
        """Delayed regular bursting, at 110 pA: the same table."""
        return cls._naud(changes, 100.0, 10.0, -65.0, -10.0, 90.0, 30.0, -47.0)

    @classmethod
    def transient(cls, **changes: Parameter) -> Self:
        """A few spikes, then silence, at 180 pA: the same table."""
        return cls._naud(changes, 100.0, 10.0, -65.0, 10.0, 90.0, 100.0, -47.0)

    @classmethod
    def irregular(cls, **changes: Parameter) -> Self:
        """Irregular spiking, chaotic, at 160 pA: the same table."""
        return cls._naud(changes, 100.0, 12.0, -60.0, -11.0, 130.0, 30.0, -48.0)

    @staticmethod
    def prepare(p: Any) -> Constants:
        """Divisions, done once."""
        others = (p.V_peak, p.V_reset, p.b, p.E_L, p.a / p.tau_w, 1.0 / p.tau_w)
        return Constants(*(upstroke_constants(p) + others))

    gates = staticmethod(exponential)
    steep = staticmethod(is_in_upstroke)

    @staticmethod
    def derivative(V: Any, w: Any, I: Any, p: Constants, gates: Any) -> Any:
        """As it stands above."""
        return upstroke_current(V, I - w, p, gates), fma(p.a, V - p.E_L, -w * p.per_tau_w)

    @staticmethod
    def reset(V: Any, w: Any, p: Constants) -> Any:
        """To V_reset, and more adaptation."""
        return p.V_reset, w + p.b
