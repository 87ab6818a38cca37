"""How do two neurons that inhibit each other take turns? 100,000 circuits.

The Morris-Lecar neurons of Skinner, Kopell & Marder (1994, J Comput Neurosci 1:69), over the strength of their synapses
and the voltage at which these open.  Where synapses open late, the active cell falls through their threshold and lets
the other go, a release; where they open early, the silent one rises through it, an escape.  At 0.008 mS/cm² and 30 mV
MatCont has a period of 1532.2 ms.

The figure shows the period of one cell, where the two fire by turns, and circuits of one strength.  Twenty seconds,
for 1.2 billion circuit-steps; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

SIDE = 316  # strengths, and thresholds
DURATION, DT = 24_000.0, 2.0  # ms; halved, the step moves no period of the map by 0.05 ms
BEGIN = {"A.V": 20.0, "B.V": -40.0}
SHOWN = {"release": 30.0, "in between": 0.0, "escape": -30.0}  # mV


def periods(run):
    """The last interval between spikes of cell A, ms; NaN where B does not fire once in each of the last two."""
    found = np.full(run.n, np.nan)
    for i, (a, b) in enumerate(zip(run.spikes["A.V"], run.spikes["B.V"], strict=True)):
        if a.size > 3 and a[-1] > DURATION - 2 * (a[-1] - a[-2]):
            between = np.diff(np.searchsorted(b, a[-3:]))
            if (between == 1).all():
                found[i] = a[-1] - a[-2]
    return found


def study(size=1.0):
    """Simulate and draw; `size` scales the number of circuits."""
    side = max(round(SIDE * np.sqrt(size)), 4)
    weight, half = np.geomspace(1e-3, 0.1, side), np.linspace(-50.0, 50.0, side)
    grid = [axis.ravel() for axis in np.meshgrid(weight, half)]
    run = fn.simulate(fn.Circuit.half_centre(*grid), DURATION, DT, current=0.8, initial=BEGIN)
    period = periods(run).reshape(side, side) / 1000.0
    turns, shortest, longest = np.isfinite(period).sum(), np.nanmin(period), np.nanmax(period)
    print(f"{turns:,} of {run.n:,} circuits take turns, with periods from {shortest:.2f} to {longest:.2f} s")

    few = fn.Circuit.half_centre(half=[*SHOWN.values()])
    traces = fn.simulate(few, DURATION, DT, current=0.8, initial=BEGIN, record=("A.V", "B.V"))
    for name, found in zip(SHOWN, periods(traces), strict=True):
        print(f"{name}, at {SHOWN[name]:g} mV: period {found:.1f} ms")

    figure = pyplot.figure(figsize=(8.2, 3.8), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1])
    ax = left.subplots()
    shown = ax.pcolormesh(weight, half, period, cmap="viridis", rasterized=True)
    left.colorbar(shown, label="Period (s)")
    ax.set(xscale="log", xlabel="Strength of the synapses (mS/cm²)", ylabel="Their threshold (mV)", facecolor="0.92")
    ax.plot([0.008] * len(SHOWN), [*SHOWN.values()], "o", mfc="none", mec="white", ms=5)
    ax.set_title("Two cells by turns; grey: not so", fontsize=9, loc="left")
    late = traces.time > DURATION - 6000.0
    for i, (ax, (name, level)) in enumerate(
        zip(right.subplots(len(SHOWN), 1, sharex=True), SHOWN.items(), strict=True)
    ):
        for cell, colour, style in (("A", "#0072B2", "-"), ("B", "#D55E00", "--")):
            ax.plot(traces.time[late] / 1000.0, traces[f"{cell}.V"][i, late], style, color=colour, lw=1.0, label=cell)
        ax.axhline(level, color="0.5", lw=0.8, ls=":")
        ax.set_title(f"{name}: {level:g} mV", fontsize=9, loc="left")
        ax.set_ylabel("V (mV)")
        ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel("Time (s)")
    right.axes[0].legend(frameon=False, fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "half_centre")
