"""Do excitatory and inhibitory neurons keep each other firing, irregularly?

COBAHH, benchmark 3 of Brette et al. (2007, J Comput Neurosci 23:349): 3,200 excitatory and 800 inhibitory neurons of
Traub & Miles, each connected to 2 % of all by conductances that decay in 5 and 10 ms.  Nothing drives them but
themselves.  Of ten draws of this network Brian2 finds, at a step of 0.0125 ms, 44.1 ± 3.5 Hz, and intervals with a
coefficient of variation of 2.22 ± 0.06 (a second of each, without its first 200 ms).

The figure shows who fires when, how often both kinds fire, and the intervals between the spikes of a neuron: bursts,
and long silences.  Two seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

N, SYNAPSES = 4000, 80  # neurons, and what each sends to on average: 2 %
DURATION, SETTLED, SHOWN, BIN = 1000.0, 200.0, (500.0, 1000.0), 5.0  # ms
KINDS = {"excitatory": "#0072B2", "inhibitory": "#D55E00"}


def network(n):
    """The network of so many neurons: four fifths excite the others."""
    receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
    cells = fn.Population(fn.TraubMiles.cobahh(), n, receptors, threshold=-20.0)
    excitatory, inhibitory, rule = cells[: n * 4 // 5], cells[n * 4 // 5 :], fn.FixedProbability(SYNAPSES / n)
    excite = fn.Projection(excitatory, cells, "exc", rule, weight=0.03, delay=0.1)  # mS/cm^2, ms
    inhibit = fn.Projection(inhibitory, cells, "inh", rule, weight=0.335, delay=0.1)
    return fn.Network({"cells": cells}, [excite, inhibit], seed=1)


def study(size=1.0):
    """Simulate and draw; `size` scales the number of neurons, but not how many synapses each has."""
    n = max(round(N * size), 2 * SYNAPSES)
    draw = np.random.default_rng(0)
    initial = {"V": draw.normal(-65.0, 5.0, n), "exc": draw.normal(0.2, 0.075, n), "inh": draw.normal(1.0, 0.6, n)}
    run = fn.simulate(network(n), DURATION, initial={"cells": initial})["cells"]
    neuron, time = run.spikes.neuron, run.spikes.time

    trains = [train[train > SETTLED] for train in run.spikes]
    intervals = [np.diff(train) for train in trains if train.size > 5]
    rate = 1000.0 * np.mean([train.size for train in trains]) / (DURATION - SETTLED)
    variation = np.mean([interval.std() / interval.mean() for interval in intervals])
    print(f"{n} neurons: {rate:.1f} Hz; coefficient of variation of the intervals {variation:.2f}")

    figure = pyplot.figure(figsize=(8.2, 4.2), layout="constrained")
    axes = figure.subplot_mosaic("AAC;AAC;BBC", width_ratios=[1, 1, 1.1])
    edges, every = np.arange(*SHOWN, BIN), max(n // 160, 1)
    for (kind, colour), low, high in zip(KINDS.items(), (0, n * 4 // 5), (n * 4 // 5, n), strict=True):
        mine = (neuron >= low) & (neuron < high) & (time > SHOWN[0])
        few = mine & (neuron % every == 0)
        axes["A"].plot(time[few], neuron[few], "|", color=colour, markersize=2, markeredgewidth=0.8)
        axes["A"].text(SHOWN[1] + 8.0, (low + high) / 2, kind, color=colour, rotation=90, va="center", fontsize=8)
        hertz = np.histogram(time[mine], edges)[0] / (high - low) / BIN * 1000.0
        axes["B"].stairs(hertz, edges, baseline=None, color=colour, linewidth=1.6 if kind == "excitatory" else 0.8)
    axes["A"].set(xlim=SHOWN, ylim=(0, n), ylabel="Neuron", title=f"One in {every} neurons")
    axes["A"].tick_params(labelbottom=False)
    axes["B"].set(xlim=SHOWN, ylim=(0, None), xlabel="Time (ms)", ylabel="Rate (Hz)")
    axes["C"].hist(np.concatenate(intervals), np.geomspace(2.0, DURATION, 60), color="0.4")
    axes["C"].set(xscale="log", yscale="log", xlabel="Interval (ms)", ylabel="Intervals")
    for ax in axes.values():
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "cobahh")
