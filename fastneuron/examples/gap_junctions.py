"""When do neurons that differ fall into step by gap junctions?

A ring of sixty Morris-Lecar neurons, each with a current of its own and so with a frequency of its own, each joined to
its two neighbours.  Weak gap junctions change little; from some weight on all fire at one frequency, and with
stronger ones at one time.  31 such rings, the same but for the weight, are one network, whose matrix has 31 blocks.

The figure shows three of the rings, and against the weight the rate of each neuron and the order parameter of
Kuramoto (1984, Chemical Oscillations, Waves, and Turbulence): the length of the mean of exp(i phase), averaged over
time, where a phase grows evenly from spike to spike.  Four seconds; extra `plot`.
"""

import numpy as np
import scipy.sparse as sp
from matplotlib import pyplot

import fastneuron as fn

N, WEIGHTS = 60, 31  # neurons of a ring; rings
DURATION, LATE, DT = 12_000.0, 10_000.0, 0.2  # ms: slow waves along the ring take seconds to settle
SHOWN = (0.1, 0.5, 0.83)  # rings that are drawn, by their place among all


def rings(weights, current, V):
    """The spikes of each ring: for each a list of one train per neuron."""
    cells = fn.Population(fn.MorrisLecar.hopf(), N * weights.size, current=np.tile(current, weights.size))
    one = sp.csr_array((np.ones(N), (np.arange(N), (np.arange(N) + 1) % N)))
    joined = sp.block_diag([weight * (one + one.T) for weight in weights])  # mS/cm^2
    net = fn.Network({"cells": cells}, [fn.Coupling(cells, cells, fn.GapJunction(), joined)])
    initial = {"cells": {"V": np.tile(V, weights.size), "N": 0.1}}
    run = fn.simulate(net, DURATION, DT, initial=initial)
    return [run["cells"].spikes[k * N : (k + 1) * N] for k in range(weights.size)]


def rate(train):
    """By the first and the last of the late spikes, Hz."""
    late = train[train > LATE]
    return 1000.0 * (late.size - 1) / np.ptp(late) if late.size > 1 else 0.0


def order(trains):
    """The order parameter of the neurons that fire."""
    time = np.linspace(LATE, DURATION - 200.0, 500)
    phases = [
        np.interp(time, one, 2 * np.pi * np.arange(one.size)) for one in trains if one.max(initial=0.0) > time[-1]
    ]
    return np.abs(np.exp(1j * np.array(phases)).mean(axis=0)).mean()


def study(size=1.0):
    """Simulate and draw; `size` scales the number of rings."""
    weights = np.geomspace(0.01, 10.0, max(round(WEIGHTS * size), 3))
    draw = np.random.default_rng(7)
    found = rings(weights, draw.uniform(95.0, 115.0, N), draw.uniform(-50.0, 10.0, N))
    rates = np.array([[rate(train) for train in trains] for trains in found])
    together = np.array([order(trains) for trains in found])
    one = weights[np.ptp(rates, axis=1) < 0.05].min()
    print(f"rates are {np.ptp(rates[0]):.2f} Hz apart at {weights[0]:g} mS/cm^2; one from {one:.2g} mS/cm^2 on")
    print(f"order parameter {together[0]:.2f} at {weights[0]:g} mS/cm^2, {together[-1]:.2f} at {weights[-1]:g} mS/cm^2")

    figure = pyplot.figure(figsize=(8.2, 4.8), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.1, 1])
    for ax, place in zip(above.subplots(1, len(SHOWN), sharey=True), SHOWN, strict=True):
        k = round(place * (weights.size - 1))
        ax.eventplot([train[train > DURATION - 500.0] / 1000.0 for train in found[k]], color="black", linelengths=1.6)
        ax.set(xlim=(DURATION / 1000.0 - 0.5, DURATION / 1000.0), xlabel="Time (s)", ylim=(-1, N))
        ax.xaxis.set_major_locator(pyplot.MultipleLocator(0.2))
        ax.set_title(f"{weights[k]:.2g} mS/cm²", fontsize=9, loc="left")
    above.axes[0].set_ylabel("Neuron of the ring")
    left, right = below.subplots(1, 2)
    left.semilogx(np.repeat(weights, N), rates.ravel(), ".", color="#0072B2", markersize=2.5)
    left.set(xlabel="Weight of a gap junction (mS/cm²)", ylabel="Rate of each neuron (Hz)")
    right.semilogx(weights, together, "o-", color="#D55E00", markersize=3, linewidth=1.0)
    right.set(xlabel="Weight of a gap junction (mS/cm²)", ylabel="Order parameter", ylim=(0, 1.02))
    for ax in (*above.axes, left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "gap_junctions")
