"""What do a neuron's synapses become by spike-timing-dependent plasticity?

Each of three integrate-and-fire neurons has 1,000 excitatory synapses, with Poisson inputs at 10, 20 or 40 Hz, and 200
inhibitory ones at 10 Hz (Song, Miller & Abbott 2000, Nat Neurosci 3:919).  A synapse becomes stronger where its input
comes before a spike of the neuron, by at most 0.5 % of what is allowed, and weaker, by 5 % more, where it comes after.

The figure shows how the three neurons, which fire at hundreds of hertz at first, come down to about the same rate,
while their inputs stay as different as they are; and the weights at the end.  They part, the sooner the faster the
inputs: many are near 0, some near the most that is allowed, and what they let through in all is about the same.

The rule is NumPy's, between pieces of one `fn.Simulation`.  Pairs of spikes are taken at their own times, but weights
change at the end of a piece, so up to 50 ms late, where a thousandth of the most is much: in pieces of 5 ms they end as
here, but for chance.  Twenty seconds, for 500 s; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

RATES = {10.0: (":", "#0072B2"), 20.0: ("--", "#D55E00"), 40.0: ("-", "#009E73")}  # Hz, of inputs; how they are drawn
EXCITATORY, INHIBITORY = 1000, 200  # inputs of each neuron
MOST, STEP, EXCESS, TAU = 0.015, 0.005, 1.05, 20.0  # of g_L; of MOST; depression over potentiation; ms
DURATION, PIECE, BIN = 500_000.0, 50.0, 5000.0  # ms


def simulation():
    """The neurons; their leak conductance is the unit of all others, so that C is their time constant."""
    model = fn.LeakyIntegrateAndFire(C=20.0, g_L=1.0, E_L=-70.0, V_th=-54.0, V_reset=-60.0, refractory=0.0)
    receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=5.0, E=-70.0)}
    cells = fn.Population(model, len(RATES), receptors)
    inputs = fn.PoissonSource(EXCITATORY * len(RATES), np.repeat([*RATES], EXCITATORY))
    inhibitors = fn.PoissonSource(INHIBITORY * len(RATES), 10.0)
    synapses = []
    for source, each, receptor, weight in ((inputs, EXCITATORY, "exc", MOST), (inhibitors, INHIBITORY, "inh", 0.05)):
        pairs = np.arange(source.n), np.arange(source.n) // each
        synapses.append(fn.Projection(source, cells, receptor, pairs, weight=np.full(source.n, weight), delay=0.5))
    return fn.Simulation(fn.Network({"cells": cells, "inputs": inputs, "inhibitors": inhibitors}, synapses), dt=0.5)


def changes(run, pre, post):
    """Of each weight, as a part of MOST, by all pairs whose later spike is in this piece.

    `pre` and `post` are what is left of each input's and each neuron's spikes so far, each decayed since: they go on
    from the begin of the piece to its end.
    """
    inputs, cells = run["inputs"].spikes, run["cells"].spikes
    before = post[inputs.neuron // EXCITATORY] * np.exp((run.begin - inputs.time) / TAU)
    change = np.bincount(inputs.neuron, -EXCESS * before, pre.size)
    for neuron, time in zip(cells.neuron, cells.time, strict=True):
        own = slice(neuron * EXCITATORY, (neuron + 1) * EXCITATORY)
        change[own] += pre[own] * np.exp((run.begin - time) / TAU)
        here = slice(*np.searchsorted(inputs.neuron, [own.start, own.stop]))  # they stand in order
        lag = time - inputs.time[here]
        pair = np.where(lag > 0.0, 1.0, -EXCESS) * np.exp(-np.abs(lag) / TAU)
        change[own] += np.bincount(inputs.neuron[here] - own.start, pair, EXCITATORY)
    for trace, spikes in ((pre, inputs), (post, cells)):
        trace *= np.exp(-run.duration / TAU)
        trace += np.bincount(spikes.neuron, np.exp((spikes.time - run.end) / TAU), trace.size)
    return STEP * change


def study(size=1.0):
    """Let them learn, and draw it; `size` scales for how long."""
    sim, pieces = simulation(), max(round(size * DURATION / PIECE), 100)
    pre, post = np.zeros(EXCITATORY * len(RATES)), np.zeros(len(RATES))
    counts = np.empty((pieces, len(RATES)))
    for k in range(pieces):
        run = sim.run(PIECE)
        sim.weights[0] = np.clip(sim.weights[0] + MOST * changes(run, pre, post), 0.0, MOST)
        counts[k] = run["cells"].spike_count
    weights = sim.weights[0].reshape(len(RATES), EXCITATORY) / MOST

    each = round(BIN / PIECE)
    bins = counts[: pieces // each * each].reshape(-1, each, len(RATES)).mean(axis=1) / PIECE * 1000.0  # Hz
    figure = pyplot.figure(figsize=(8.2, 3.8), layout="constrained")
    axes = figure.subplot_mosaic("Aa;Ab;Ac", width_ratios=[1.4, 1])
    for k, (rate, (style, colour)) in enumerate(RATES.items()):
        late = bins[-max(len(bins) // 4, 1) :, k].mean()
        mean = weights[k].mean()
        print(f"inputs at {rate:g} Hz: fires at {bins[0, k]:.0f} Hz at first, at {late:.0f} Hz in the end")
        print(f"    mean weight {mean:.2f} of the most; times all inputs, {mean * rate * EXCITATORY / 1000.0:.1f} kHz")
        time = (np.arange(len(bins)) + 0.5) * BIN / 1000.0
        axes["A"].plot(time, bins[:, k], style, color=colour, label=f"inputs at {rate:g} Hz")
        ax = axes["abc"[k]]
        ax.hist(weights[k], np.linspace(0.0, 1.0, 26), color=colour)
        ax.set_title(f"inputs at {rate:g} Hz", fontsize=9, loc="left")
        ax.set(xlim=(0.0, 1.0), ylabel="Synapses")
    axes["A"].set(xlabel="Time (s)", ylabel="Firing rate (Hz)", yscale="log")
    axes["A"].legend(frameon=False)
    axes["c"].set_xlabel("Weight (of the most allowed)")
    for ax in axes.values():
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "stdp")
