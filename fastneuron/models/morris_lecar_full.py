"""Morris-Lecar (1981), unreduced: the calcium activation has a time course of its own."""

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._kernel.elementary import exp_pair
from .._kernel.lanes import fma
from .conductances import calcium_potassium, calcium_potassium_constants
from .model import Model, Parameter


class Constants(NamedTuple):
    """The parameters as one lane needs them."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    calcium: float
    potassium: float
    E_Ca: float
    E_K: float
    V1: float
    slope_M: float  # 1 / (2 V2)
    V3: float
    slope_N: float  # 1 / (2 V4)
    half_lambda_M: float
    half_lambda_N: float


class MorrisLecarFull(Model):
    """The Morris-Lecar fibre before its reduction: voltage V, calcium activation M and potassium activation N.

    ::

        C dV/dt = I - g_L (V - E_L) - g_Ca M (V - E_Ca) - g_K N (V - E_K)
          dM/dt = lambda_M cosh((V - V1) / (2 V2)) (Minf(V) - M)    Minf = (1 + tanh((V - V1) / V2)) / 2
          dN/dt = lambda_N cosh((V - V3) / (2 V4)) (Ninf(V) - N)    Ninf = (1 + tanh((V - V3) / V4)) / 2

    Parameters
    ----------
    C : float or (n,) array_like, default 20
        Membrane capacitance, uF/cm^2; positive.
    g_L, g_Ca, g_K : float or (n,) array_like, default 2, 4, 8
        Leak, calcium and potassium conductance, mS/cm^2.
    E_L, E_Ca, E_K : float or (n,) array_like, default -50, 100, -70
        Reversal potentials, mV.
    V1, V2 : float or (n,) array_like, default 0, 15
        Midpoint and slope of the calcium activation, mV; V2 is not 0.
    V3, V4 : float or (n,) array_like, default 10, 10
        Midpoint and slope of the potassium activation, mV; V4 is not 0.
    lambda_M, lambda_N : float or (n,) array_like, default 1, 0.1
        Rates of the activations, 1/ms.

    References
    ----------
    Morris C, Lecar H (1981). Voltage oscillations in the barnacle giant muscle fiber. Biophys J 35:193-213, eq. 1-2.
    doi:10.1016/S0006-3495(81)84782-0

    Examples
    --------
    >>> import fastneuron as fn
    >>> run = fn.simulate(fn.MorrisLecarFull(), duration=1000.0, current=34.0)
    >>> run.spikes.time[[1, 2]].round(3)
    array([279.208, 352.224])
    """

    C: Parameter = 20.0
    g_L: Parameter = 2.0
    g_Ca: Parameter = 4.0
    g_K: Parameter = 8.0
    E_L: Parameter = -50.0
    E_Ca: Parameter = 100.0
    E_K: Parameter = -70.0
    V1: Parameter = 0.0
    V2: Parameter = 15.0
    V3: Parameter = 10.0
    V4: Parameter = 10.0
    lambda_M: Parameter = 1.0
    lambda_N: Parameter = 0.1

    states: ClassVar = {
        "V": -60.0,
        "M": lambda V, p: (1 + np.tanh((V - p.V1) / p.V2)) / 2,
        "N": lambda V, p: (1 + np.tanh((V - p.V3) / p.V4)) / 2,
    }
    units: ClassVar = {
        **{"V": "mV", "C": "uF/cm^2", "g_L": "mS/cm^2", "g_Ca": "mS/cm^2", "g_K": "mS/cm^2"},
        **{"lambda_M": "1/ms", "lambda_N": "1/ms"},
        **dict.fromkeys(("E_L", "E_Ca", "E_K", "V1", "V2", "V3", "V4"), "mV"),
    }
    positive: ClassVar = ("C",)
    nonzero: ClassVar = ("V2", "V4")
    presets: ClassVar = ("barnacle",)

    @classmethod
    def barnacle(cls, **changes: Parameter) -> Self:
        """The barnacle muscle fibre, Morris & Lecar (1981), table 1 and figure 6."""
        return cls(**changes)

    @staticmethod
    def prepare(p: Any) -> Constants:
        """Divisions, done once."""
        shapes = (p.V1, 0.5 / p.V2, p.V3, 0.5 / p.V4, 0.5 * p.lambda_M, 0.5 * p.lambda_N)
        return Constants(*(calcium_potassium_constants(p) + shapes))

    @staticmethod
    def gates(V: Any, p: Constants) -> Any:
        """a = exp((V1 - V) / (2 V2)), 1/a, u = exp((V3 - V) / (2 V4)), 1/u."""
        # the bounds keep (1 + a^4) (1 + u^4) below overflow
        a, a_inverse = exp_pair((p.V1 - V) * p.slope_M, (87.0, 10.0))
        u, u_inverse = exp_pair((p.V3 - V) * p.slope_N, (87.0, 10.0))
        return a, a_inverse, u, u_inverse

    @staticmethod
    def derivative(V: Any, M: Any, N: Any, I: Any, p: Constants, gates: Any) -> Any:
        """With u = exp((V3 - V) / (2 V4)): Ninf = 1 / (1 + u^4), cosh = (u + 1/u) / 2; M likewise, with a."""
        a, a_inverse, u, u_inverse = gates
        a2, u2 = a * a, u * u
        closed_M = fma(a2, a2, 1.0)
        closed_N = fma(u2, u2, 1.0)
        both = 1.0 / (closed_M * closed_N)
        dV = calcium_potassium(V, M, N, I, p)
        dM = (both * closed_N - M) * (p.half_lambda_M * (a + a_inverse))
        dN = (both * closed_M - N) * (p.half_lambda_N * (u + u_inverse))
        return dV, dM, dN
