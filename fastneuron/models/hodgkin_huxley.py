"""Hodgkin-Huxley (1952): the squid giant axon."""

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._kernel.elementary import exp, exp_bounded, exprelr_closed, exprelr_open
from .._kernel.lanes import fma
from .conductances import opening, rise, spiking, steady
from .model import Model, Parameter

WARMER = 1.0986122886681098  # log of Q10 = 3


class Lane(NamedTuple):
    """The parameters as one lane needs them."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    sodium: float
    potassium: float
    E_Na: float
    E_K: float
    speed: float  # of the gates: Q10**((temperature - 6.3) / 10)


class HodgkinHuxley(Model):
    """The Hodgkin-Huxley axon: membrane voltage V and gates m, h, n; rest near -65 mV.

    ::

        C dV/dt = I - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L)
          dx/dt = q (alpha_x(V) (1 - x) - beta_x(V) x)        for x = m, h, n
        alpha_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10))    beta_m = 4 exp(-(V + 65) / 18)
        alpha_h = 0.07 exp(-(V + 65) / 20)                    beta_h = 1 / (1 + exp(-(V + 35) / 10))
        alpha_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10))   beta_n = 0.125 exp(-(V + 65) / 80)
        q = 3^((temperature - 6.3) / 10)

    Parameters
    ----------
    C : float or (n,) array_like, default 1
        Membrane capacitance, uF/cm^2; positive.
    g_Na, g_K, g_L : float or (n,) array_like, default 120, 36, 0.3
        Sodium, potassium and leak conductance, mS/cm^2.
    E_Na, E_K, E_L : float or (n,) array_like, default 50, -77, -54.387
        Reversal potentials, mV.  E_L differs between sources (-54.4 and -54.3 are common); it only shifts the current.
    temperature : float or (n,) array_like, default 6.3
        Degrees Celsius.

    References
    ----------
    Hodgkin AL, Huxley AF (1952). A quantitative description of membrane current and its application to conduction and
    excitation in nerve. J Physiol 117:500-544, eq. 12, 13, 20, 21, 23-26. doi:10.1113/jphysiol.1952.sp004764

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.HodgkinHuxley(), duration=100.0, dt=0.01, current=[5.0, 10.0]).spike_count
    array([1, 7])
    """

    C: Parameter = 1.0
    g_Na: Parameter = 120.0
    g_K: Parameter = 36.0
    g_L: Parameter = 0.3
    E_Na: Parameter = 50.0
    E_K: Parameter = -77.0
    E_L: Parameter = -54.387
    temperature: Parameter = 6.3

    states: ClassVar = {
        "V": -65.0,
        "m": steady(lambda V, p: (rise(-(V + 40) / 10), 4 * np.exp(-(V + 65) / 18))),
        "h": steady(lambda V, p: (0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10)))),
        "n": steady(lambda V, p: (0.1 * rise(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80))),
    }
    units: ClassVar = {
        **{"V": "mV", "C": "uF/cm^2", "g_Na": "mS/cm^2", "g_K": "mS/cm^2", "g_L": "mS/cm^2", "temperature": "degC"},
        **dict.fromkeys(("E_Na", "E_K", "E_L"), "mV"),
    }
    positive: ClassVar = ("C",)
    presets: ClassVar = ("squid",)

    @classmethod
    def squid(cls, **changes: Parameter) -> Self:
        """The squid giant axon at 6.3 degrees, voltages as they are measured today.

        Hodgkin & Huxley (1952), table 3, with V = -65 mV for their rest.
        """
        return cls(**changes)

    @staticmethod
    def prepare(p: Any) -> Lane:
        """Divisions and the temperature, done once."""
        per_C = 1.0 / p.C
        return Lane(
            rest=p.g_L * p.E_L * per_C,
            per_C=per_C,
            leak=p.g_L * per_C,
            sodium=p.g_Na * per_C,
            potassium=p.g_K * per_C,
            E_Na=p.E_Na,
            E_K=p.E_K,
            speed=exp(WARMER * (p.temperature - 6.3) * 0.1),
        )

    @staticmethod
    def gates(V: Any, p: Lane) -> Any:
        """The six rates by four exponentials and one division: three arguments differ by constants, two by factors."""
        m = exprelr_open(-0.1 * (V + 40.0))
        n = exprelr_open(-0.1 * (V + 55.0))
        below_m, below_n = m[1], n[1]
        below_h = fma(1.6487212707001282, below_m, 2.648721270700128)  # 1 + sqrt(e) exp(-(V + 40) / 10)
        slow = exp_bounded((V + 65.0) * -0.0125, (170.0, 20.0))
        slow2 = slow * slow
        inverse = 1.0 / (below_m * below_n * below_h)
        alpha_m = exprelr_closed(m, inverse * (below_n * below_h))
        beta_m = 4.0 * exp_bounded((V + 65.0) * (-1.0 / 18.0), (700.0, 87.0))
        alpha_h = 0.07 * (slow2 * slow2)
        beta_h = inverse * (below_m * below_n)
        alpha_n = 0.1 * exprelr_closed(n, inverse * (below_m * below_h))
        beta_n = 0.125 * slow
        return alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n

    @staticmethod
    def derivative(V: Any, m: Any, h: Any, n: Any, I: Any, p: Lane, rates: Any) -> Any:
        """Equations 12, 13, 20, 21, 23-26, V being minus theirs, minus 65 mV."""
        alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = rates
        dV = spiking(V, m, h, n, I, p)
        q = p.speed
        return dV, q * opening(alpha_m, beta_m, m), q * opening(alpha_h, beta_h, h), q * opening(alpha_n, beta_n, n)
