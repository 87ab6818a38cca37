"""Draws diagrams.png: the bifurcation diagrams of the four published sets of the Morris-Lecar neuron.

Needs the extras `plot` and `zarr`.
"""

from pathlib import Path

from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot

SETS = {  # and windows of the current
    "hopf": (60.0, 250.0),
    "snic": (-20.0, 150.0),
    "homoclinic": (0.0, 80.0),
    "barnacle": (200.0, 500.0),
}

figure, axes = pyplot.subplots(2, 2, figsize=(7.2, 5.2), layout="constrained", dpi=200)
entries = {}
for ax, (name, window) in zip(axes.flat, SETS.items(), strict=True):
    plot.bifurcations(fn.bifurcations(getattr(fn.MorrisLecar, name)(), "current", window), ax=ax)
    entries |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    ax.get_legend().remove()
    ax.spines[["top", "right"]].set_visible(False)
    ax.set(title=name, xlabel=r"Current (µA/cm$^2$)")
figure.legend(entries.values(), entries, loc="outside upper center", ncols=5, frameon=False, fontsize="small")
figure.savefig(Path(__file__).with_suffix(".png"))
