"""Draws side_by_side.png: Morris-Lecar, of second order, beside Hodgkin-Huxley, of fourth, which it stands in for.

Each is given a step of current; beside the voltages, the plane of the voltage and the recovery variable (N, and n), in
which the fourth-order model moves almost as the second-order one must.  Needs the extra `plot`.
"""

from pathlib import Path

from matplotlib import pyplot

import fastneuron as fn
from fastneuron._figures import BLUE, VERMILION

CASES = [
    ("Morris-Lecar (1981): V, N", fn.MorrisLecar.hopf(), 100.0, "N", 400.0, BLUE),
    ("Hodgkin-Huxley (1952): V, m, h, n", fn.HodgkinHuxley.squid(), 10.0, "n", 80.0, VERMILION),
]

figure, axes = pyplot.subplots(2, 3, figsize=(8.2, 4.2), width_ratios=[2, 1, 1], layout="constrained", dpi=200)
for (title, model, current, recovery, duration, colour), (trace, plane, curve) in zip(CASES, axes, strict=True):
    step = fn.Step(current, start=0.1 * duration)
    run = fn.simulate(model, duration, dt=0.01, current=step, record=("V", recovery), every=5)
    trace.plot(run.time, run["V"][0], color=colour, linewidth=1.0)
    trace.set(ylabel="V (mV)", ylim=(-85, 60))
    trace.set_title(f"{title}; a step of {current:g} µA/cm²", fontsize=9, loc="left")
    plane.plot(run["V"][0], run[recovery][0], color=colour, linewidth=0.8)
    plane.set(ylabel=recovery, xlim=(-85, 60))
    factor = current / 10.0
    rates = fn.fi_curve(model, [0.0, *(factor * x for x in (2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))], dt=0.01)
    curve.plot(rates.current, rates, "o-", color=colour, markersize=2.5, linewidth=0.8)
    curve.set(ylabel="Rate (Hz)", ylim=(0, None))
for ax, label in zip(axes[1], ("Time (ms)", "V (mV)", "Current (µA/cm²)"), strict=True):
    ax.set_xlabel(label)
for ax in axes.ravel():
    ax.spines[["top", "right"]].set_visible(False)
figure.savefig(Path(__file__).with_suffix(".png"))
