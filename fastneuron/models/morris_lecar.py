"""Morris-Lecar (1981): the barnacle muscle fibre, reduced to voltage and potassium recovery."""

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._kernel.elementary import exp_bounded, exp_pair
from .._kernel.lanes import fma
from .conductances import calcium_potassium, calcium_potassium_constants
from .model import Model, Parameter


class Constants(NamedTuple):
    """The parameters as one lane needs them: divided by C, slopes as factors."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    calcium: float
    potassium: float
    E_Ca: float
    E_K: float
    V1: float
    slope_M: float  # 2 / V2
    V3: float
    slope_N: float  # 1 / (2 V4)
    half_phi: float


class MorrisLecar(Model):
    """The Morris-Lecar neuron, reduced form: membrane voltage V and potassium recovery N.

    ::

        C dV/dt = I - g_L (V - E_L) - g_Ca M(V) (V - E_Ca) - g_K N (V - E_K)
          dN/dt = (Ninf(V) - N) / tau(V)
        M = (1 + tanh((V - V1) / V2)) / 2           Ninf = (1 + tanh((V - V3) / V4)) / 2
        tau = 1 / (phi cosh((V - V3) / (2 V4)))

    Every parameter is a scalar or one value per neuron.  The defaults are the Hopf set, `hopf`.

    Parameters
    ----------
    C : float or (n,) array_like, default 20
        Membrane capacitance, uF/cm^2; positive.
    g_L, g_Ca, g_K : float or (n,) array_like, default 2, 4.4, 8
        Leak, calcium and potassium conductance, mS/cm^2.
    E_L, E_Ca, E_K : float or (n,) array_like, default -60, 120, -84
        Reversal potentials, mV.
    V1, V2 : float or (n,) array_like, default -1.2, 18
        Midpoint and slope of the calcium activation M, mV; V2 is not 0.
    V3, V4 : float or (n,) array_like, default 2, 30
        Midpoint and slope of the potassium activation, mV; V4 is not 0.
    phi : float or (n,) array_like, default 0.04
        Rate of the recovery, 1/ms.

    References
    ----------
    Morris C, Lecar H (1981). Voltage oscillations in the barnacle giant muscle fiber. Biophys J 35:193-213, eq. 9.
    doi:10.1016/S0006-3495(81)84782-0

    Rinzel J, Ermentrout GB (1989). Analysis of neural excitability and oscillations. In: Koch C, Segev I (eds), Methods
    in Neuronal Modeling, MIT Press.

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.MorrisLecar.snic().V3
    12.0
    >>> fn.MorrisLecar.hopf(phi=[0.03, 0.04, 0.05]).size
    3
    """

    C: Parameter = 20.0
    g_L: Parameter = 2.0
    g_Ca: Parameter = 4.4
    g_K: Parameter = 8.0
    E_L: Parameter = -60.0
    E_Ca: Parameter = 120.0
    E_K: Parameter = -84.0
    V1: Parameter = -1.2
    V2: Parameter = 18.0
    V3: Parameter = 2.0
    V4: Parameter = 30.0
    phi: Parameter = 0.04

    states: ClassVar = {"V": -60.0, "N": lambda V, p: (1 + np.tanh((V - p.V3) / p.V4)) / 2}
    units: ClassVar = {
        **{"V": "mV", "C": "uF/cm^2", "g_L": "mS/cm^2", "g_Ca": "mS/cm^2", "g_K": "mS/cm^2", "phi": "1/ms"},
        **dict.fromkeys(("E_L", "E_Ca", "E_K", "V1", "V2", "V3", "V4"), "mV"),
    }
    positive: ClassVar = ("C",)
    nonzero: ClassVar = ("V2", "V4")
    presets: ClassVar = ("hopf", "snic", "homoclinic", "barnacle")

    @classmethod
    def hopf(cls, **changes: Parameter) -> Self:
        """Firing begins at a finite rate, by a subcritical Hopf bifurcation at I = 93.86 uA/cm^2.

        Ermentrout & Terman (2010), Mathematical Foundations of Neuroscience, table 3.1, "Hopf".
        """
        return cls(**changes)

    @classmethod
    def snic(cls, **changes: Parameter) -> Self:
        """Firing begins at rate 0, by a saddle-node on an invariant circle at I = 39.96 uA/cm^2.

        Ermentrout & Terman (2010), table 3.1, "SNLC".
        """
        return cls(**{"g_Ca": 4.0, "V3": 12.0, "V4": 17.4, "phi": 0.067} | changes)

    @classmethod
    def homoclinic(cls, **changes: Parameter) -> Self:
        """Firing ends by a saddle-homoclinic bifurcation: rest and firing coexist.

        Ermentrout & Terman (2010), table 3.1, "Homoclinic".
        """
        return cls(**{"g_Ca": 4.0, "V3": 12.0, "V4": 17.4, "phi": 0.23} | changes)

    @classmethod
    def barnacle(cls, **changes: Parameter) -> Self:
        """The reduced barnacle fibre of the original paper; note E_Ca = 100 mV.

        Morris & Lecar (1981), eq. 9 and figure 9.
        """
        published: dict[str, Parameter] = {"g_Ca": 4.0, "E_L": -50.0, "E_Ca": 100.0, "E_K": -70.0, "V1": 10.0}
        published |= {"V2": 15.0, "V3": -1.0, "V4": 14.5, "phi": 1 / 15}
        return cls(**published | changes)

    @staticmethod
    def prepare(p: Any) -> Constants:
        """Divisions, done once."""
        shapes = (p.V1, 2.0 / p.V2, p.V3, 0.5 / p.V4, 0.5 * p.phi)
        return Constants(*(calcium_potassium_constants(p) + shapes))

    @staticmethod
    def gates(V: Any, p: Constants) -> Any:
        """Two exponentials for three gating functions: a = exp(2 (V1 - V) / V2), u = exp((V3 - V) / (2 V4)), 1/u."""
        a = exp_bounded((p.V1 - V) * p.slope_M, (350.0, 40.0))  # the bounds keep (1 + a) (1 + u^4) below overflow
        u, u_inverse = exp_pair((p.V3 - V) * p.slope_N, (87.0, 10.0))
        return a, u, u_inverse

    @staticmethod
    def derivative(V: Any, N: Any, I: Any, p: Constants, gates: Any) -> Any:
        """One division: M = 1 / (1 + a), Ninf = 1 / (1 + u^4), and 1 / tau = phi (u + 1/u) / 2."""
        a, u, u_inverse = gates
        u2 = u * u
        closed_M = 1.0 + a
        closed_N = fma(u2, u2, 1.0)
        both = 1.0 / (closed_M * closed_N)
        M = both * closed_N
        N_inf = both * closed_M
        dV = calcium_potassium(V, M, N, I, p)
        return dV, (N_inf - N) * (p.half_phi * (u + u_inverse))
