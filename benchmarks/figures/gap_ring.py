"""Draws gap_ring.png: a ring of Morris-Lecar neurons with gap junctions, which synchronises or does not.

Sixty neurons, each with a current of its own and so with a frequency of its own, each coupled to its two neighbours.
Weak gap junctions change little; from some weight on all fire at one frequency.  Below, against the weight: how far
apart the frequencies are, and the order parameter of Kuramoto (1984), the length of the mean of exp(i phase), averaged
over time, where a phase grows evenly from spike to spike.  Needs the extra `plot`.
"""

from pathlib import Path

import numpy as np
import scipy.sparse as sp
from matplotlib import pyplot

import fastneuron as fn
from fastneuron._figures import BLUE, VERMILION

N, DURATION, LATE = 60, 12_000.0, 10_000.0  # neurons; ms: slow waves along the ring take seconds to settle
SHOWN = (0.02, 0.3, 3.0)
draw = np.random.default_rng(7)
current, V = draw.uniform(95.0, 115.0, N), draw.uniform(-50.0, 10.0, N)


def ring(weight):
    """The run of the ring with gap junctions of a weight, mS/cm^2."""
    cells = fn.Population(fn.MorrisLecar.hopf(), N, current=current)
    one = sp.csr_array((np.full(N, weight), (np.arange(N), (np.arange(N) + 1) % N)))
    net = fn.Network({"cells": cells}, [fn.Coupling(cells, cells, fn.GapJunction(), one + one.T)])
    return fn.simulate(net, DURATION, dt=0.1, initial={"cells": {"V": V, "N": 0.1}})["cells"]


def rates(run):
    """By the first and the last of the late spikes of each neuron, Hz; 0 where there are none."""
    trains = [run.spikes.time[run.spikes.neuron == i] for i in range(N)]
    trains = [train[train > LATE] for train in trains]
    return np.array([1000.0 * (len(one) - 1) / np.ptp(one) if len(one) > 1 else 0.0 for one in trains])


def order(run):
    """The order parameter, over the neurons that fire."""
    time = np.linspace(LATE, DURATION - 200.0, 500)
    trains = [run.spikes.time[run.spikes.neuron == i] for i in range(N)]
    firing = [one for one in trains if one.size and one[-1] > time[-1]]
    phases = [np.interp(time, one, 2 * np.pi * np.arange(len(one))) for one in firing]
    return np.abs(np.exp(1j * np.array(phases)).mean(axis=0)).mean()


weights = np.geomspace(0.01, 10.0, 31)
runs = [ring(weight) for weight in weights]
figure = pyplot.figure(figsize=(8.2, 4.6), layout="constrained", dpi=200)
above, below = figure.subfigures(2, 1, height_ratios=[1.1, 1])
for ax, weight in zip(above.subplots(1, len(SHOWN), sharey=True), SHOWN, strict=True):
    run = ring(weight)
    ax.scatter(run.spikes.time / 1000.0, run.spikes.neuron, s=1.0, color=BLUE, linewidths=0)
    ax.set(xlim=((DURATION - 700.0) / 1000.0, DURATION / 1000.0), xlabel="Time (s)")
    ax.set_title(f"{weight:g} mS/cm²", fontsize=9, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
above.axes[0].set_ylabel("Neuron of the ring")
spread, together = below.subplots(1, 2)
for run, weight in zip(runs, weights, strict=True):
    spread.semilogx(np.full(N, weight), rates(run), ".", color=BLUE, markersize=2)
spread.set(xlabel="Weight of a gap junction (mS/cm²)", ylabel="Rate of each neuron (Hz)")
together.semilogx(weights, [order(run) for run in runs], "o-", color=VERMILION, markersize=3, linewidth=1.0)
together.set(xlabel="Weight of a gap junction (mS/cm²)", ylabel="Order parameter", ylim=(0, 1.02))
for ax in (spread, together):
    ax.spines[["top", "right"]].set_visible(False)
figure.savefig(Path(__file__).with_suffix(".png"))
