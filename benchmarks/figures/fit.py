"""Draws fit.png: four parameters of a Morris-Lecar neuron found again from 200 ms of noisy voltage.

Needs the extra `plot`.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron._figures import BLUE, VERMILION

FREE = {"g_Ca": (3.0, 6.0), "g_K": (5.0, 12.0), "g_L": (1.0, 3.0), "phi": (0.02, 0.08)}
NOISE, SEEDS = 2.0, 10  # mV

model = fn.MorrisLecar.hopf()
run = fn.simulate(model, 200.0, current=100.0, record="V")
traces = [run["V"][0] + np.random.default_rng(seed).normal(0.0, NOISE, run.time.size) for seed in range(SEEDS)]
fits = [fn.fit(fn.MorrisLecar(), trace, FREE, current=100.0, seed=seed) for seed, trace in enumerate(traces)]
found, trace = fits[0], traces[0]
print(found)

figure, axes = pyplot.subplots(1, 3, figsize=(8.2, 2.6), width_ratios=[1.5, 1, 1], layout="constrained", dpi=200)
axes[0].plot(run.time, trace, color="0.75", linewidth=0.4, label="recorded")
fitted = fn.simulate(found.model, 200.0, current=100.0, record="V")
axes[0].plot(fitted.time, fitted["V"][0], color=BLUE, linewidth=1.0, label="fitted")
axes[0].set(xlabel="Time (ms)", ylabel="V (mV)", ylim=(None, 55.0))
axes[0].legend(frameon=False, fontsize=8, ncols=2, loc="upper right")

refined = 16
for part, color, size, label in (
    (slice(refined, None), "0.6", 1.0, "tried"),
    (slice(refined), VERMILION, 16.0, "refined"),
):
    axes[1].scatter(found.candidates["phi"][part], np.sqrt(found.losses[part]), s=size, color=color, label=label)
axes[1].set(xlabel="phi (1/ms)", ylabel="RMS residual (mV)", yscale="log", ylim=(1.2, 100.0))
axes[1].legend(frameon=False, fontsize=8, loc="lower right")

for k, name in enumerate(FREE):
    truth = getattr(model, name)
    values = np.array([fit.parameters[name] / truth - 1 for fit in fits])
    errors = np.array([fit.standard_errors[name] / truth for fit in fits])
    places = k + np.linspace(-0.3, 0.3, SEEDS)
    axes[2].errorbar(places, 100 * values, 100 * errors, fmt=".", color=BLUE, markersize=3, linewidth=0.8)
axes[2].axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
axes[2].set(xticks=range(len(FREE)), xticklabels=FREE, ylabel="Error (%)", ylim=(-1.2, 1.2))
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
figure.savefig(Path(__file__).with_suffix(".png"))
