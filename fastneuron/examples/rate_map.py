"""How often does a neuron fire, over its current and another parameter?

Morris-Lecar neurons with the Hopf set of Ermentrout & Terman (2010), Mathematical Foundations of Neuroscience, table
3.1, over the current and the rate phi of the potassium channels: two seconds each, the first of which is left out.

The figure shows the rate; in grey, neurons at rest, or in depolarisation block.  Some seconds; extras `plot` and
`zarr` (for xarray).
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

DURATION = 2000.0  # ms


def study(size=1.0):
    """Simulate and draw the map; `size` is in proportion to the number of neurons."""
    side = max(10, round(200 * size**0.5))
    grid = {"current": np.linspace(60.0, 240.0, side), "phi": np.linspace(0.01, 0.08, side)}
    rate = fn.sweep(fn.MorrisLecar.hopf(), DURATION, grid, "steady_rate", DURATION / 2, dt=0.1).steady_rate
    firing = rate.where(rate > 0)
    print(f"{side * side:,} neurons, of which {float((rate > 0).mean()):.0%} fire, at up to {float(rate.max()):.1f} Hz")

    figure, ax = pyplot.subplots(figsize=(4.6, 3.4), layout="constrained")
    shown = ax.pcolormesh(rate.current, rate.phi, firing.T, cmap="viridis", rasterized=True)
    figure.colorbar(shown, label="Firing rate (Hz)")
    ax.set(xlabel="Current (µA/cm²)", ylabel="phi (1/ms)")
    ax.set_facecolor("0.92")
    ax.annotate("at rest", (64, 0.072), color="0.35", fontsize=9)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "rate_map")
