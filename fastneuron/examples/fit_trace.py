"""How well are parameters found again from a noisy recording of a voltage?

200 ms of the voltage of a Morris-Lecar neuron (the Hopf set of Ermentrout & Terman 2010, table 3.1) with 2 mV of noise
added to every sample; four parameters are then fitted, each within wide bounds: thousands of candidates run as one
population, and the best are refined with exact derivatives.  Again and again, with other noise.

The figure shows one recording and the fit, what the candidates of it are worth, and the errors of all fits with the
standard errors that they state.  Some ten seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

FREE = {"g_Ca": (3.0, 6.0), "g_K": (5.0, 12.0), "g_L": (1.0, 3.0), "phi": (0.02, 0.08)}
CURRENT, DURATION = 100.0, 200.0  # uA/cm^2, ms
NOISE, RECORDINGS = 2.0, 10  # mV
REFINED = 16  # the best of the candidates


def study(size=1.0):
    """Fit and draw; `size` is in proportion to the number of recordings."""
    model = fn.MorrisLecar.hopf()
    run = fn.simulate(model, DURATION, current=CURRENT, record="V")
    seeds = range(max(1, round(RECORDINGS * size)))
    traces = [run["V"][0] + np.random.default_rng(seed).normal(0.0, NOISE, run.time.size) for seed in seeds]
    fits = [fn.fit(fn.MorrisLecar(), trace, FREE, current=CURRENT, seed=seed) for seed, trace in enumerate(traces)]
    found, trace = fits[0], traces[0]

    figure, axes = pyplot.subplots(1, 3, figsize=(9.6, 3.0), width_ratios=[1.5, 1, 1], layout="constrained")
    axes[0].plot(run.time, trace, color="0.75", linewidth=0.4, label="recorded")
    fitted = fn.simulate(found.model, DURATION, current=CURRENT, record="V")
    axes[0].plot(fitted.time, fitted["V"][0], color="C0", linewidth=1.0, label="fitted")
    axes[0].set(xlabel="Time (ms)", ylabel="V (mV)", ylim=(None, 58.0))
    axes[0].legend(frameon=False, fontsize=8, ncols=2, loc="upper right")

    for part, color, marker, label in (
        (slice(REFINED, None), "0.6", ".", "tried"),
        (slice(REFINED), "C3", "o", "refined"),
    ):
        worth = np.sqrt(found.losses[part])
        axes[1].plot(found.candidates["phi"][part], worth, marker, color=color, markersize=3, label=label)
    axes[1].set(xlabel="phi (1/ms)", ylabel="RMS residual (mV)", yscale="log", ylim=(1.0, 100.0))
    axes[1].legend(frameon=False, fontsize=8, loc="lower right")

    for k, name in enumerate(FREE):
        truth = getattr(model, name)
        error = 100 * np.array([fit.parameters[name] / truth - 1 for fit in fits])
        stated = 100 * np.array([fit.standard_errors[name] / truth for fit in fits])
        print(f"{name}: {found.parameters[name]:.4g}, truth {truth:g}; ", end="")
        print(f"errors of {np.sqrt(np.mean(error**2)):.2f} %, stated {stated.mean():.2f} %")
        places = k + np.linspace(-0.3, 0.3, len(fits))
        axes[2].errorbar(places, error, stated, fmt=".", color="C0", markersize=3, linewidth=0.8)
    axes[2].axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
    axes[2].set(xticks=range(len(FREE)), xticklabels=FREE, xlabel="Parameter", ylabel="Error (%)", ylim=(-1.2, 1.2))
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "fit_trace")
