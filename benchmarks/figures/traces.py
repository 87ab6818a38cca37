"""Draws traces.png, the README's second figure: the voltage of six neurons, and the phase plane of one."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot

current = np.linspace(80, 130, 6)
run = fn.simulate(fn.MorrisLecar.hopf(), 500.0, current=current, record=("V", "N"), every=4)
figure, (left, right) = pyplot.subplots(1, 2, figsize=(8.2, 3.4), width_ratios=[1.4, 1], layout="constrained", dpi=200)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plot.traces(run, ax=left)
plot.phase_plane(run, neuron=3, current=current, ax=right)
figure.savefig(Path(__file__).with_suffix(".png"))
