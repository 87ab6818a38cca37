"""Draws firing_patterns.png: eight neurons of table 1 of Naud et al. (2008), in one call.

Each pattern is a neuron of one population, with parameters and a current of its own.  Needs the extra `plot`.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import fastneuron as fn

CURRENT = {  # pA, from 50 ms on
    "tonic": 500.0, "adapting": 500.0, "initial_burst": 400.0, "bursting": 210.0,
    "accelerating": 300.0, "delayed_bursting": 110.0, "transient": 180.0, "irregular": 160.0,
}  # fmt: skip

each = [getattr(fn.AdaptiveExponential, pattern)().parameters for pattern in CURRENT]
model = fn.AdaptiveExponential(**{name: np.array([one[name] for one in each]) for name in each[0]})
step = fn.Step(np.array(list(CURRENT.values())), start=50.0)
rest = {"V": model.E_L, "w": 0.0}
run = fn.simulate(model, 550.0, dt=0.05, current=step, initial=rest, record="V", every=2)

figure, axes = plt.subplots(4, 2, figsize=(8.0, 5.6), sharex=True, sharey=True, layout="constrained")
for k, (pattern, axis) in enumerate(zip(CURRENT, axes.flat, strict=True)):
    V = run["V"][k].copy()
    V[np.searchsorted(run.time, run.spikes.time[run.spikes.neuron == k]) - 1] = 0.0  # the peak, between two samples
    axis.plot(run.time, V, color="black", linewidth=0.7)
    spikes = f"{run.spike_count[k]} spike{'s' * int(run.spike_count[k] > 1)}"
    axis.set_title(f"{pattern.replace('_', ' ')}: {CURRENT[pattern]:g} pA, {spikes}", fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
for axis in axes[-1]:
    axis.set_xlabel("time (ms)")
for axis in axes[:, 0]:
    axis.set_ylabel("V (mV)")
figure.savefig(Path(__file__).with_suffix(".png"), dpi=120)
