"""Draws half_centre.png: how two neurons that inhibit each other take turns; 100,000 circuits in one call.

The Morris-Lecar neurons of Skinner, Kopell & Marder (1994), over the strength of their synapses and the voltage at
which these open: the period of one cell, where the two fire by turns.  Beside it circuits of one strength: where
synapses open late the active cell falls through their threshold and lets go, a release; where they open early the
silent one rises through it, an escape.  2.4 billion circuit-steps.  Needs the extra `plot`.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron._figures import BLUE, VERMILION

DURATION, DT, SIDE = 24_000.0, 1.0, 316  # ms; halved, the step moves no period of the map by 0.01 ms
APART = {"A.V": 20.0, "B.V": -40.0}
SHOWN = {"escape": -30.0, "in between": 0.0, "release": 30.0}  # mV


def periods(run):
    """The last interval between spikes of cell A, ms; NaN where B does not fire once in each of the last two."""
    found = np.full(run.n, np.nan)
    for i, (a, b) in enumerate(zip(run.spikes["A.V"], run.spikes["B.V"], strict=True)):
        if a.size > 3 and a[-1] > DURATION - 2 * (a[-1] - a[-2]):
            between = np.diff(np.searchsorted(b, a[-3:]))
            if (between == 1).all():
                found[i] = a[-1] - a[-2]
    return found


weight, half = np.geomspace(1e-3, 0.1, SIDE), np.linspace(-50.0, 50.0, SIDE)
grid = [axis.ravel() for axis in np.meshgrid(weight, half)]
run = fn.simulate(fn.Circuit.half_centre(*grid), DURATION, DT, current=0.8, initial=APART)
period = periods(run).reshape(SIDE, SIDE) / 1000.0

figure = pyplot.figure(figsize=(8.2, 3.6), layout="constrained", dpi=200)
left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1])
ax = left.subplots()
shown = ax.pcolormesh(weight, half, period, cmap="viridis", rasterized=True)
left.colorbar(shown, label="Period (s)")
ax.set(xscale="log", xlabel="Strength of the synapses (mS/cm²)", ylabel="Their threshold (mV)")
ax.set_facecolor("0.92")
ax.plot([0.008] * len(SHOWN), [*SHOWN.values()], "o", mfc="none", mec="white", ms=5)
ax.set_title("Two cells by turns; grey: not so", fontsize=9, loc="left")
traces = fn.simulate(
    fn.Circuit.half_centre(half=[*SHOWN.values()]), 12_000.0, DT, current=0.8, initial=APART, record=("A.V", "B.V")
)
for i, (ax, (name, level)) in enumerate(zip(right.subplots(len(SHOWN), 1, sharex=True), SHOWN.items(), strict=True)):
    late = traces.time > 6000.0
    for cell, colour in (("A", BLUE), ("B", VERMILION)):
        ax.plot(traces.time[late] / 1000.0, traces[f"{cell}.V"][i, late], color=colour, lw=1.0, label=cell)
    ax.axhline(level, color="0.5", lw=0.8, ls=":")
    ax.set_title(f"{name}: {level:g} mV", fontsize=9, loc="left")
    ax.set_ylabel("V (mV)")
    ax.spines[["top", "right"]].set_visible(False)
ax.set_xlabel("Time (s)")
right.axes[0].legend(frameon=False, fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0))
figure.savefig(Path(__file__).with_suffix(".png"))
