"""Traub & Miles (1991): a cortical pyramidal cell with Hodgkin-Huxley currents, in the form that networks use."""

from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from .._kernel.elementary import exp_bounded, exprelr_closed, exprelr_open
from .conductances import opening, rise, spiking, steady
from .model import Model, Parameter


class Lane(NamedTuple):
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
        "m": steady(lambda V, p: (1.28 * rise((13 - V + p.V_T) / 4), 1.4 * rise((V - p.V_T - 40) / 5))),
        "h": steady(lambda V, p: (0.128 * np.exp((17 - V + p.V_T) / 18), 4 / (1 + np.exp((40 - V + p.V_T) / 5)))),
        "n": steady(lambda V, p: (0.16 * rise((15 - V + p.V_T) / 5), 0.5 * np.exp((10 - V + p.V_T) / 40))),
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
    def prepare(p: Any) -> Lane:
        """Divisions, done once."""
        per_C = 1.0 / p.C
        return Lane(
            rest=p.g_L * p.E_L * per_C,
            per_C=per_C,
            leak=p.g_L * per_C,
            sodium=p.g_Na * per_C,
            potassium=p.g_K * per_C,
            E_Na=p.E_Na,
            E_K=p.E_K,
            V_T=p.V_T,
        )

    @staticmethod
    def gates(V: Any, p: Lane) -> Any:
        """Appendix B of Brette et al. (2007), by one division and five exponentials, of which one serves twice."""
        v = V - p.V_T
        m, m_falls, n = exprelr_open((13.0 - v) * 0.25), exprelr_open((v - 40.0) * 0.2), exprelr_open((15.0 - v) * 0.2)
        h_falls = 2.0 + m_falls[1]  # 1 + exp((v - 40) / 5)
        m_two, others = m[1] * m_falls[1], n[1] * h_falls
        inverse = 1.0 / (m_two * others)
        of_two, of_others = inverse * others, inverse * m_two  # of the first two below the line, of the last two
        alpha_m = 1.28 * exprelr_closed(m, of_two * m_falls[1])
        beta_m = 1.4 * exprelr_closed(m_falls, of_two * m[1])
        alpha_h = 0.128 * exp_bounded((17.0 - v) * (1.0 / 18.0), (700.0, 87.0))
        beta_h = 4.0 * ((1.0 + m_falls[1]) + m_falls[2]) * (of_others * n[1])
        alpha_n = 0.16 * exprelr_closed(n, of_others * h_falls)
        beta_n = 0.5 * exp_bounded((10.0 - v) * 0.025, (700.0, 87.0))
        return alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n

    @staticmethod
    def derivative(V: Any, m: Any, h: Any, n: Any, I: Any, p: Lane, rates: Any) -> Any:
        """The equations of Hodgkin and Huxley, with these rates."""
        alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n = rates
        dV = spiking(V, m, h, n, I, p)
        return dV, opening(alpha_m, beta_m, m), opening(alpha_h, beta_h, h), opening(alpha_n, beta_n, n)
