"""Draws cobahh.png: a network of 4,000 Traub-Miles neurons, benchmark 3 of Brette et al. (2007), for half a second.

Above who fires when, of each population some neurons; below how often each population fires.  Needs the extra `plot`.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot

DURATION, BIN = 500.0, 2.0  # ms
COLOURS = {"excitatory": plot.BLUE, "inhibitory": plot.VERMILION}

receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
excitatory, inhibitory = (
    fn.Population(fn.TraubMiles.cobahh(), n, receptors, threshold=-20.0, refractory=3.0) for n in (3200, 800)
)
rule = fn.FixedProbability(0.02)
net = fn.Network(
    {"excitatory": excitatory, "inhibitory": inhibitory},
    [
        fn.Projection(pre, post, receptor, rule, weight=weight, delay=0.1)
        for pre, receptor, weight in ((excitatory, "exc", 0.03), (inhibitory, "inh", 0.335))  # mS/cm^2
        for post in (excitatory, inhibitory)
    ],
    seed=1,
)
rng = np.random.default_rng(0)
initial = {
    name: {"V": rng.normal(-65.0, 5.0, len(cells)), "exc": rng.uniform(0.1, 0.3, len(cells)), "inh": 1.0}
    for name, cells in net.populations.items()
}
run = fn.simulate(net, DURATION, initial=initial, summary="population.rate", bin_width=BIN)

figure, axes = pyplot.subplots(
    3, figsize=(6.4, 4.4), height_ratios=[2.4, 0.9, 1.2], sharex=True, layout="constrained", dpi=200
)
for ax, (name, shown) in zip(axes, {"excitatory": 120, "inhibitory": 30}.items(), strict=False):
    plot.raster(run[name], ax, shown)
    ax.set(xlabel="", ylabel=name.capitalize())
    ax.set_title(f"{shown} of {run[name].n:,}", fontsize="small", color=plot.GREY, loc="right")
    ax.yaxis.label.set_color(COLOURS[name])
    rate = run[name].summary["population.rate"]
    axes[-1].stairs(rate, np.arange(rate.size + 1) * BIN, color=COLOURS[name], label=name, baseline=None)
axes[-1].set(xlabel="Time (ms)", ylabel="Rate (Hz)", ylim=(0, None))
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
figure.align_ylabels()
figure.savefig(Path(__file__).with_suffix(".png"))
for name in COLOURS:
    print(f"{name}: {run[name].rate.mean():.1f} Hz")
