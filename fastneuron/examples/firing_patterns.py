"""Which firing patterns has one integrate-and-fire model?

The adaptive exponential integrate-and-fire neuron (Brette & Gerstner 2005, J Neurophysiol 94:3637) with the parameters
of table 1 of Naud, Marcille, Clopath & Gerstner (2008, Biol Cybern 99:335): each pattern is a neuron of one
population, with parameters and a step of current of its own.

The figure shows the eight voltages; where a spike resets one, its peak is drawn at 0 mV.  A second; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

CURRENT = {  # pA, from 50 ms on
    "tonic": 500.0, "adapting": 500.0, "initial_burst": 400.0, "bursting": 210.0,
    "accelerating": 300.0, "delayed_bursting": 110.0, "transient": 180.0, "irregular": 160.0,
}  # fmt: skip
ONSET, DURATION = 50.0, 550.0  # ms


def study(size=1.0):
    """Simulate and draw; of eight neurons there is nothing to leave out, whatever the `size`."""
    each = [getattr(fn.AdaptiveExponential, pattern)().parameters for pattern in CURRENT]
    model = fn.AdaptiveExponential(**{name: np.array([one[name] for one in each]) for name in each[0]})
    step = fn.Step(np.array(list(CURRENT.values())), start=ONSET)
    rest = {"V": model.E_L, "w": 0.0}
    run = fn.simulate(model, DURATION, current=step, initial=rest, record="V", every=4)

    figure, axes = pyplot.subplots(4, 2, figsize=(8.0, 5.6), sharex=True, sharey=True, layout="constrained")
    for k, (pattern, ax) in enumerate(zip(CURRENT, axes.flat, strict=True)):
        train, V = run.spikes[k], run["V"][k].copy()
        V[np.searchsorted(run.time, train) - 1] = 0.0  # the peak, which is between two samples
        ax.plot(run.time, V, color="black", linewidth=0.6)
        intervals = np.diff(train)
        trend = f", intervals from {intervals[0]:.0f} to {intervals[-1]:.0f} ms" if intervals.size else ""
        name, many = pattern.replace("_", " "), "s" * int(train.size > 1)
        print(f"{name}: {train.size} spike{many}{trend}")
        ax.set_title(f"{name}: {CURRENT[pattern]:g} pA, {train.size} spike{many}", fontsize=9)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel("Time (ms)")
    for ax in axes[:, 0]:
        ax.set_ylabel("V (mV)")
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "firing_patterns")
