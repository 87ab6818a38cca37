"""Draws rate_map.png: how often a Morris-Lecar neuron fires, over current and phi; 90,000 neurons in one call.

The Hopf set, two seconds of each neuron's time, half of it for the transient to die away.  Needs the extras `plot` and
`zarr`; 3.6 billion neuron-steps.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

SETTLED, DURATION = 1000.0, 2000.0  # ms


def settled_rate(run):
    """Hz, from the intervals between the spikes after the transient."""
    late = run.spikes.time >= SETTLED
    neuron, time = run.spikes.neuron[late], run.spikes.time[late]
    first = np.searchsorted(neuron, np.arange(run.n + 1))
    count = np.diff(first)
    several = np.flatnonzero(count > 1)
    rate = np.zeros(run.n)
    rate[several] = 1000.0 * (count[several] - 1) / (time[first[several + 1] - 1] - time[first[several]])
    return {"rate": rate}


grid = {"current": np.linspace(60.0, 240.0, 300), "phi": np.linspace(0.01, 0.08, 300)}
found = fn.sweep(fn.MorrisLecar.hopf(), DURATION, grid, settled_rate)

figure, ax = pyplot.subplots(figsize=(4.6, 3.4), layout="constrained", dpi=200)
shown = ax.pcolormesh(found.current, found.phi, found.rate.where(found.rate > 0).T, cmap="viridis", rasterized=True)
figure.colorbar(shown, label="Firing rate (Hz)")
ax.set(xlabel=r"Current (µA/cm$^2$)", ylabel=r"$\phi$ (1/ms)")
ax.set_facecolor("0.92")
ax.annotate("at rest", (64, 0.072), color="0.35", fontsize=9)
figure.savefig(Path(__file__).with_suffix(".png"))
