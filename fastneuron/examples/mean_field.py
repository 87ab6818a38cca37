"""Do two equations tell what a network of spiking neurons does?

Montbrió, Pazó & Roxin (2015, Phys Rev X 5:021028): quadratic integrate-and-fire neurons, each hearing all others, whose
currents are spread as a Lorentzian.  In the limit of many neurons their rate r and mean voltage V obey, without any
approximation, dr/dt = D/pi + 2 r V and dV/dt = V^2 + I + J r - (pi r)^2.  At J = 15, mean current -5 and half-width
D = 1, as in their figure 2, a network at rest and an active one coexist.

The figure shows 2,000 neurons and the two equations, which are a model of one's own: with a pulse of current, after
which the network stays active, and with one that comes and goes, which switches it on and off.  Neurons stand in order
of their currents; time has no unit.  Between both are the delay, of one step, and that neurons are not infinitely many.
Ten seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

N, J, MEAN, WIDTH = 2000, 15.0, -5.0, 1.0
DURATION, DT, BIN, SHOWN = 80.0, 5e-3, 0.1, 200  # and neurons of a raster
DRIVES = {
    "a pulse": fn.Step(3.0, start=10.0, stop=40.0),
    "a sine": fn.Sine(3.0, frequency=25.0),  # periods in 1000 units of time
}


class MeanField(fn.Model):
    """The two equations."""

    J: float = J
    width: float = WIDTH
    states = {"V": -2.0, "r": 0.0}

    @staticmethod
    def derivative(V, r, I, p):
        """As they stand above."""
        return V**2 + I + p.J * r - (np.pi * r) ** 2, p.width / np.pi + 2 * r * V


def network(n, drive):
    """The neurons: their currents are the middles of n equal parts of the Lorentzian."""
    lorentzian = MEAN + WIDTH * np.tan(np.pi * ((np.arange(n) + 0.5) / n - 0.5))
    model = fn.QuadraticIntegrateAndFire(V_peak=500.0, V_reset=-500.0)
    cells = fn.Population(model, n, {"jump": fn.Delta()}, current=lorentzian + drive)
    return fn.Network({"cells": cells}, [fn.Projection(cells, cells, "jump", fn.AllToAll(), weight=J / n, delay=DT)])


def study(size=1.0):
    """Simulate and draw; `size` scales the number of neurons."""
    n = max(round(N * size), 100)
    figure, axes = pyplot.subplots(2, 2, figsize=(8.2, 4.2), sharex=True, sharey="row", layout="constrained")
    for (raster, rate), (name, drive) in zip(axes.T, DRIVES.items(), strict=True):
        run = fn.simulate(network(n, drive), DURATION, DT, initial={"cells": {"V": -2.0}})["cells"]
        theory = fn.simulate(MeanField(), DURATION, DT, current=MEAN + drive, record="r", every=round(BIN / DT))
        count, edges = np.histogram(run.spikes.time, np.arange(0.0, DURATION + BIN / 2, BIN))
        found, expected = count / n / BIN, (theory["r"][0, 1:] + theory["r"][0, :-1]) / 2
        print(
            f"{name}: mean rate {found.mean():.3f}, by the equations {expected.mean():.3f}; "
            f"apart by {np.sqrt(np.mean((found - expected) ** 2)):.3f} in bins of {BIN:g}"
        )
        mine = run.spikes.neuron % max(n // SHOWN, 1) == 0
        raster.plot(run.spikes.time[mine], run.spikes.neuron[mine], ",", color="black", rasterized=True)
        raster.set(title=f"With {name} of current", ylabel="Neuron" if name == "a pulse" else "")
        rate.stairs(found, edges, baseline=None, color="#56B4E9", linewidth=2.5, label=f"{n:,} neurons")
        rate.plot(theory.time, theory["r"][0], "--", color="black", linewidth=1.0, label="two equations")
        rate.set(xlabel="Time", xlim=(0, DURATION), ylabel="Rate" if name == "a pulse" else "")
    axes[1, 0].legend(frameon=False)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "mean_field")
