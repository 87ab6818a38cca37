"""Hodgkin-Huxley (1952): the squid giant axon."""

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._kernel.elementary import exp, exp_and_fourth_power, exp_bounded, exprelr_series, near_zero
from .._kernel.lanes import fma
from .._kernel.scalars import select
from ..math import exprelr
from .conductances import gate_derivative, sodium_potassium, sodium_potassium_constants, steady_state
from .model import Model, Parameter

WARMER = 1.0986122886681098  # log of Q10 = 3


class Constants(NamedTuple):
    """The parameters as one lane needs them."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    sodium: float
    potassium: float
    E_Na: float
    E_K: float
    speed: float  # of the gates: q
    beta_m: float  # 4 q
    alpha_h: float  # 0.07 exp(-65 / 20) q
    beta_n: float  # 0.125 exp(-65 / 80) q


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
        "m": steady_state(lambda V, p: (exprelr(-(V + 40) / 10), 4 * np.exp(-(V + 65) / 18))),
        "h": steady_state(lambda V, p: (0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10)))),
        "n": steady_state(lambda V, p: (0.1 * exprelr(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80))),
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
    def prepare(p: Any) -> Constants:
        """Divisions and the temperature, done once."""
        q = exp(WARMER * (p.temperature - 6.3) * 0.1)
        rates = (q, 4.0 * q, 0.0027141945482205406 * q, 0.055468413760134984 * q)
        return Constants(*(sodium_potassium_constants(p) + rates))

    @staticmethod
    def gates(V: Any, p: Constants) -> Any:
        """The six rates times q, by two exponentials and one division: u = exp(-V / 80) and its powers serve five.

        The factors of u^8, which shift V, are exp(-4), exp(-5.5) and exp(-3.5).
        """
        u, u4 = exp_and_fourth_power(V, -80.0, (29.0, 4.0))  # the bounds keep (u^8)^3 below overflow
        u8 = u4 * u4
        xm = (V + 40.0) * -0.1
        xn = xm - 1.5
        near_m, near_n = near_zero(xm), near_zero(xn)  # not both: one series will do
        limit = p.speed * exprelr_series(select(near_m, xm, xn))
        below_m = select(near_m, 1.0, fma(0.01831563888873418, u8, -1.0))
        below_n = select(near_n, 1.0, fma(0.004086771438464067, u8, -1.0))
        below_h = fma(0.0301973834223185, u8, 1.0)
        others = below_n * below_h
        inverse = p.speed / (below_m * others)
        of_others = inverse * below_m  # q / others
        alpha_m = select(near_m, limit, xm * (inverse * others))
        beta_m = p.beta_m * exp_bounded((V + 65.0) * (-1.0 / 18.0), (700.0, 87.0))
        alpha_h = p.alpha_h * u4
        beta_h = of_others * below_n
        alpha_n = 0.1 * select(near_n, limit, xn * (of_others * below_h))
        beta_n = p.beta_n * u
        return alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n

    @staticmethod
    def derivative(V: Any, m: Any, h: Any, n: Any, I: Any, p: Constants, rates: Any) -> Any:
        """Equations 12, 13, 20, 21, 23-26, V being minus theirs, minus 65 mV."""
        alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = rates
        dm = gate_derivative(alpha_m, beta_m, m)
        dh = gate_derivative(alpha_h, beta_h, h)
        dn = gate_derivative(alpha_n, beta_n, n)
        return sodium_potassium(V, m, h, n, I, p), dm, dh, dn
