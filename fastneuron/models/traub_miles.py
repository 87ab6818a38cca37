"""Traub & Miles (1991): a cortical pyramidal cell with Hodgkin-Huxley currents, in the form that networks use."""

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._kernel.elementary import exp_and_fourth_power, exp_bounded, exprelr_series, near_zero
from .._kernel.lanes import fma
from .._kernel.scalars import select
from ..math import exprelr
from .conductances import gate_derivative, sodium_potassium, sodium_potassium_constants, steady_state
from .model import Model, Parameter


class Constants(NamedTuple):
    """The parameters as one lane needs them."""

    rest: float  # g_L E_L / C
    per_C: float
    leak: float
    sodium: float
    potassium: float
    E_Na: float
    E_K: float
    V_T: float


class TraubMiles(Model):
    """The Traub-Miles neuron: membrane voltage V and gates m, h, n.

    ::

        C dV/dt = I - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L)
          dx/dt = alpha_x(v) (1 - x) - beta_x(v) x              for x = m, h, n, with v = V - V_T
        alpha_m = 0.32 (13 - v) / (exp((13 - v) / 4) - 1)       beta_m = 0.28 (v - 40) / (exp((v - 40) / 5) - 1)
        alpha_h = 0.128 exp((17 - v) / 18)                      beta_h = 4 / (1 + exp((40 - v) / 5))
        alpha_n = 0.032 (15 - v) / (exp((15 - v) / 5) - 1)      beta_n = 0.5 exp((10 - v) / 40)

    Parameters
    ----------
    C : float or (n,) array_like, default 1
        Membrane capacitance, uF/cm^2; positive.
    g_Na, g_K, g_L : float or (n,) array_like, default 100, 30, 0.05
        Sodium, potassium and leak conductance, mS/cm^2.
    E_Na, E_K, E_L : float or (n,) array_like, default 50, -90, -60
        Reversal potentials, mV.
    V_T : float or (n,) array_like, default -63
        Shifts the threshold, mV.

    References
    ----------
    Traub RD, Miles R (1991). Neuronal Networks of the Hippocampus. Cambridge University Press.

    Brette R et al. (2007). Simulation of networks of spiking neurons: a review of tools and strategies. J Comput
    Neurosci 23:349-398, appendix B, benchmark 3 (COBAHH). doi:10.1007/s10827-007-0038-6

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.TraubMiles.if_curve(), duration=1000.0, dt=0.01, current=[0.0, 2.0]).spike_count
    array([ 0, 65])
    """

    C: Parameter = 1.0
    g_Na: Parameter = 100.0
    g_K: Parameter = 30.0
    g_L: Parameter = 0.05
    E_Na: Parameter = 50.0
    E_K: Parameter = -90.0
    E_L: Parameter = -60.0
    V_T: Parameter = -63.0

    states: ClassVar = {
        "V": -65.0,
        "m": steady_state(lambda V, p: (1.28 * exprelr((13 - V + p.V_T) / 4), 1.4 * exprelr((V - p.V_T - 40) / 5))),
        "h": steady_state(lambda V, p: (0.128 * np.exp((17 - V + p.V_T) / 18), 4 / (1 + np.exp((40 - V + p.V_T) / 5)))),
        "n": steady_state(lambda V, p: (0.16 * exprelr((15 - V + p.V_T) / 5), 0.5 * np.exp((10 - V + p.V_T) / 40))),
    }
    units: ClassVar = {
        **{"V": "mV", "C": "uF/cm^2", "g_Na": "mS/cm^2", "g_K": "mS/cm^2", "g_L": "mS/cm^2"},
        **dict.fromkeys(("E_Na", "E_K", "E_L", "V_T"), "mV"),
    }
    positive: ClassVar = ("C",)
    presets: ClassVar = ("cobahh", "if_curve")

    @classmethod
    def cobahh(cls, **changes: Parameter) -> Self:
        """The neuron of benchmark 3 of Brette et al. (2007), as in Brian2's example COBAHH."""
        return cls(**changes)

    @classmethod
    def if_curve(cls, **changes: Parameter) -> Self:
        """The neuron of Brian2's example IF_curve_Hodgkin_Huxley: E_L = -65 mV."""
        return cls(**{"E_L": -65.0} | changes)

    @staticmethod
    def prepare(p: Any) -> Constants:
        """Divisions, done once."""
        return Constants(*(sodium_potassium_constants(p) + (p.V_T,)))  # noqa: RUF005, Numba adds tuples

    @staticmethod
    def gates(V: Any, p: Constants) -> Any:
        """The six rates by two exponentials and one division: u = exp((10 - v) / 40), u^8 and u^10 serve five of them.

        The factors that shift v are exp(6), exp(0.75) and exp(1).
        """
        v = V - p.V_T
        u, u4 = exp_and_fourth_power(10.0 - v, 40.0, (20.0, 2.2))  # the bounds keep (u^8)^3 u^10 below overflow
        u8 = u4 * u4
        w = 403.4287934927351 * u8  # exp((40 - v) / 5)
        xm, xn = (13.0 - v) * 0.25, (15.0 - v) * 0.2
        xf = -5.0 - xn  # (v - 40) / 5, of beta_m, which falls
        near_m, near_n, near_f = near_zero(xm), near_zero(xn), near_zero(xf)  # only one of them: one series will do
        limit = exprelr_series(select(near_m, xm, select(near_n, xn, xf)))
        below_m = select(near_m, 1.0, fma(2.117000016612675, u8 * (u * u), -1.0))
        below_f = select(near_f, 1.0, 1.0 - w)  # 1 / (exp(xf) - 1) = w / (1 - w)
        below_n = select(near_n, 1.0, fma(2.718281828459045, u8, -1.0))
        below_h = 1.0 + w
        both_m, others = below_m * below_f, below_n * below_h
        inverse = 1.0 / (both_m * others)
        of_m, of_others = inverse * others, inverse * both_m  # 1 / both_m, 1 / others
        alpha_m = 1.28 * select(near_m, limit, xm * (of_m * below_f))
        beta_m = 1.4 * select(near_f, limit, xf * (w * (of_m * below_m)))
        alpha_h = 0.128 * exp_bounded((17.0 - v) * (1.0 / 18.0), (700.0, 87.0))
        beta_h = 4.0 * (of_others * below_n)
        alpha_n = 0.16 * select(near_n, limit, xn * (of_others * below_h))
        beta_n = 0.5 * u
        return alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n

    @staticmethod
    def derivative(V: Any, m: Any, h: Any, n: Any, I: Any, p: Constants, rates: Any) -> Any:
        """The equations of Hodgkin and Huxley, with these rates."""
        alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = rates
        dm = gate_derivative(alpha_m, beta_m, m)
        dh = gate_derivative(alpha_h, beta_h, h)
        dn = gate_derivative(alpha_n, beta_n, n)
        return sodium_potassium(V, m, h, n, I, p), dm, dh, dn
