"""Draws brunel.png: the four regimes of Brunel (2000), figure 8, each for half a second.

12,500 leaky integrate-and-fire neurons, 15.6 million synapses; who fires when, and how often the network fires.  Needs
the extra `plot`; 250 million neuron-steps.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import fastneuron as fn

N, EXCITATORY, J, DURATION, SHOWN = 12_500, 10_000, 0.1, 500.0, (300.0, 500.0)  # J in mV, times in ms
REGIMES = {  # inhibition over excitation; drive over that which alone would bring V to threshold, 10 Hz a synapse
    "synchronous regular": (3.0, 2.0),
    "synchronous irregular, fast": (6.0, 4.0),
    "asynchronous irregular": (5.0, 2.0),
    "synchronous irregular, slow": (4.5, 0.9),
}


def network(g: float, eta: float) -> fn.Network:
    """One of them."""
    drive = fn.PoissonJumps(1000 * 10.0 * eta, J)
    cells = fn.Population(fn.LeakyIntegrateAndFire.brunel(), N, {"psp": fn.Delta()}, noise=drive)
    excite = fn.Projection(cells[:EXCITATORY], cells, "psp", fn.FixedInDegree(1000), weight=J, delay=1.5)
    inhibit = fn.Projection(cells[EXCITATORY:], cells, "psp", fn.FixedInDegree(250), weight=-g * J, delay=1.5)
    return fn.Network({"cells": cells}, [excite, inhibit], seed=1)


figure, axes = plt.subplots(4, 2, figsize=(10.0, 6.4), sharex=True, height_ratios=(2, 1, 2, 1), layout="constrained")
for k, (name, (g, eta)) in enumerate(REGIMES.items()):
    run = fn.simulate(network(g, eta), DURATION, dt=0.1)["cells"]
    neuron, time = run.spikes.neuron, run.spikes.time
    raster, rate = axes[2 * (k // 2), k % 2], axes[2 * (k // 2) + 1, k % 2]
    few = (neuron < 50) & (time >= SHOWN[0])
    raster.plot(time[few], neuron[few], ".", markersize=2.0, color="black")
    hertz = 1000 * (time >= 100.0).sum() / N / (DURATION - 100.0)
    raster.set_title(f"{name}: g = {g:g}, eta = {eta:g}; {hertz:.1f} Hz", fontsize=9)
    counts, edges = np.histogram(time, np.arange(*SHOWN, 0.5))
    rate.fill_between(edges[:-1], counts / N / 0.5 * 1000.0, step="post", color="tab:blue", linewidth=0)
    rate.set_xlim(SHOWN)
    raster.set_ylim(-1, 50)
    if k % 2 == 0:
        raster.set_ylabel("neuron")
        rate.set_ylabel("rate (Hz)")
    print(f"{name}: {hertz:.1f} Hz")
for axis in axes[-1]:
    axis.set_xlabel("time (ms)")
figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)
