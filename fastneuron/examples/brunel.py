"""Which regimes has a sparse network, as inhibition and input change?

Brunel (2000, J Comput Neurosci 8:183), figure 8: 10,000 excitatory and 2,500 inhibitory integrate-and-fire neurons, of
which each hears 10 %, 15.6 million synapses, and Poisson input from outside.  All depends on g, how much stronger
inhibition is than excitation, and on eta, the input over that which alone brings V to the threshold.  The theory of
section 3, for asynchronous neurons, has 55.8 Hz at g = 6 and eta = 4, 37.9 Hz at 5 and 2, and 6.5 Hz at 4.5 and 0.9.

The figure shows, for each regime, when 50 of the neurons fire, and how often all do, in bins of half a millisecond.
Ten seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

N, EXCITATORY, INHIBITORY = 12_500, 1000, 250  # neurons; synapses that each neuron receives
J, DELAY = 0.1, 1.5  # mV, ms
DURATION, SETTLED, SHOWN, BIN, FEW = 400.0, 100.0, (250.0, 400.0), 0.5, 50  # ms, and neurons of a raster
REGIMES = {  # g, eta
    "Synchronous, regular": (3.0, 2.0),
    "Synchronous, irregular, fast": (6.0, 4.0),
    "Asynchronous, irregular": (5.0, 2.0),
    "Synchronous, irregular, slow": (4.5, 0.9),
}


def network(n, g, eta):
    """A network of n neurons; those outside fire at 10 Hz where they alone would bring V to the threshold."""
    outside = fn.PoissonJumps(EXCITATORY * 10.0 * eta, J)
    cells = fn.Population(fn.LeakyIntegrateAndFire.brunel(), n, {"psp": fn.Delta()}, noise=outside)
    last = n * 4 // 5
    excite = fn.Projection(cells[:last], cells, "psp", fn.FixedInDegree(EXCITATORY), weight=J, delay=DELAY)
    inhibit = fn.Projection(cells[last:], cells, "psp", fn.FixedInDegree(INHIBITORY), weight=-g * J, delay=DELAY)
    return fn.Network({"cells": cells}, [excite, inhibit], seed=1)


def study(size=1.0):
    """Simulate and draw; `size` scales the number of neurons, but not how many synapses each has."""
    n = max(round(N * size), 1250)  # no fewer than have as many to hear from
    figure, axes = pyplot.subplots(
        4, 2, figsize=(8.2, 5.4), sharex=True, height_ratios=(2, 1, 2, 1), layout="constrained"
    )
    for k, (name, (g, eta)) in enumerate(REGIMES.items()):
        run = fn.simulate(network(n, g, eta), DURATION, dt=0.1)["cells"]
        neuron, time = run.spikes.neuron, run.spikes.time
        hertz = 1000.0 * (time > SETTLED).sum() / n / (DURATION - SETTLED)
        print(f"{name}: {hertz:.1f} Hz")

        raster, rate = axes[2 * (k // 2) : 2 * (k // 2) + 2, k % 2]
        few = (neuron < FEW) & (time > SHOWN[0])
        raster.plot(time[few], neuron[few], "|", markersize=2.5, markeredgewidth=0.9, color="black")
        raster.set(ylim=(-1, FEW), ylabel="Neuron" if k % 2 == 0 else "")
        raster.set_title(f"{name}\ng = {g:g}, η = {eta:g}: {hertz:.1f} Hz", fontsize=9)
        count, edges = np.histogram(time, np.arange(SHOWN[0], SHOWN[1] + BIN, BIN))
        rate.stairs(count / n / BIN * 1000.0, edges, fill=True, color="#0072B2")
        rate.set(xlim=SHOWN, ylabel="Rate (Hz)" if k % 2 == 0 else "", xlabel="Time (ms)" if k > 1 else "")
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "brunel")
