"""How fast can a hippocampal interneuron fire?  A model of one's own.

Wang & Buzsaki (1996, J Neurosci 16:6402) made a fast-spiking interneuron of Hodgkin and Huxley's currents with a
sodium activation that is instantaneous: class I, with rates of up to 400 Hz at 20 uA/cm^2.  Its equations are written
as a class, and all that works for the models of the package works for it.

The figure shows the voltage at two currents, and the rate over the current for three rates phi of the gates: 5 is the
published one.  Some seconds; extra `plot`.
"""

from typing import ClassVar

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron.math import exp, exprelr

DT = 0.02  # ms


class WangBuzsaki(fn.Model):
    """Voltage V, and gates h and n; time in ms, voltages in mV, currents in uA/cm^2, conductances in mS/cm^2."""

    C: float = 1.0
    g_Na: float = 35.0
    g_K: float = 9.0
    g_L: float = 0.1
    E_Na: float = 55.0
    E_K: float = -90.0
    E_L: float = -65.0
    phi: float = 5.0

    states: ClassVar = {"V": -64.0, "h": 0.78, "n": 0.09}
    units: ClassVar = {"V": "mV", "C": "uF/cm^2", "g_Na": "mS/cm^2", "g_K": "mS/cm^2", "g_L": "mS/cm^2", "phi": "1"}
    positive: ClassVar = ("C", "phi")

    @staticmethod
    def gates(V, p):
        """What depends on the voltage alone: m, and the rates of h and n; ``exprelr(x)`` is x / (exp(x) - 1)."""
        alpha_m, beta_m = exprelr(-0.1 * (V + 35.0)), 4.0 * exp((-60.0 - V) / 18.0)
        alpha_h, beta_h = 0.07 * exp((-58.0 - V) / 20.0), 1.0 / (1.0 + exp(-0.1 * (V + 28.0)))
        alpha_n, beta_n = 0.1 * exprelr(-0.1 * (V + 34.0)), 0.125 * exp((-44.0 - V) / 80.0)
        return alpha_m / (alpha_m + beta_m), alpha_h, beta_h, alpha_n, beta_n

    @staticmethod
    def derivative(V, h, n, I, p, gates):
        """The time derivatives of V, h and n."""
        m, alpha_h, beta_h, alpha_n, beta_n = gates
        sodium, potassium = p.g_Na * m**3 * h * (V - p.E_Na), p.g_K * n**4 * (V - p.E_K)
        dV = (I - sodium - potassium - p.g_L * (V - p.E_L)) / p.C
        return dV, p.phi * (alpha_h * (1.0 - h) - beta_h * h), p.phi * (alpha_n * (1.0 - n) - beta_n * n)


def study(size=1.0):
    """Simulate and draw; `size` is in proportion to the number of currents."""
    current = np.unique(np.append(np.geomspace(0.1, 20.0, max(20, round(400 * size))), [1.0, 20.0]))
    phis = (5.0, 10.0 / 3.0, 2.0)
    grid, phi = np.tile(current, len(phis)), np.repeat(phis, current.size)
    rates = fn.simulate(WangBuzsaki(phi=phi), 2000.0, DT, grid).steady_rate().reshape(len(phis), -1)
    at = dict(zip(current, rates[0], strict=True))
    onset = current[rates[0] > 0][0]
    run = fn.simulate(WangBuzsaki(), 200.0, DT, [1.0, 20.0], record="V", every=5)
    trough = run["V"][0, run.time > 50.0].min()
    print(f"it fires from {onset:.2f} uA/cm^2 on, at {at[1.0]:.0f} Hz with 1 uA/cm^2, {at[20.0]:.0f} Hz with 20;")
    print(f"after a spike the voltage falls to {trough:.1f} mV")

    figure = pyplot.figure(figsize=(7.6, 3.2), layout="constrained")
    axes = figure.subplot_mosaic([[0, "rate"], [1, "rate"]])
    for k, (shown, current_shown) in enumerate(((200.0, 1.0), (40.0, 20.0))):
        axes[k].plot(run.time, run["V"][k], color="0.2", linewidth=0.9)
        axes[k].set(ylabel="V (mV)", xlim=(0, shown), ylim=(-80, 55))
        axes[k].set_title(f"{current_shown:g} µA/cm²", fontsize=9, loc="left")
    axes[1].set_xlabel("Time (ms)")
    for k, (value, style) in enumerate(zip(phis, ("-", "--", ":"), strict=True)):
        axes["rate"].plot(current, rates[k], style, color=f"C{k}", label=f"phi = {value:.3g}")
    axes["rate"].set(xlabel="Current (µA/cm²)", ylabel="Firing rate (Hz)", ylim=(0, None))
    axes["rate"].legend(frameon=False, loc="upper left")
    for ax in axes.values():
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "wang_buzsaki")
