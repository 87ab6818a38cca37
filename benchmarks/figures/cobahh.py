"""Draws cobahh.png: benchmark 3 of Brette et al. (2007), a network of 4,000 Traub-Miles neurons, for half a second.

Who fires when, and how often each population fires.  Needs the extra `plot`; 40 million neuron-steps.
"""

from pathlib import Path

import numpy as np

import fastneuron as fn
from fastneuron import plot

receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
excitatory, inhibitory = (
    fn.Population(fn.TraubMiles.cobahh(), n, receptors, threshold=-20.0) for n in (3200, 800)
)  # fmt: skip
synapses = [
    fn.Projection(pre, post, receptor, fn.FixedProbability(0.02), weight=weight, delay=0.1)
    for pre, receptor, weight in ((excitatory, "exc", 0.03), (inhibitory, "inh", 0.335))  # mS/cm^2
    for post in (excitatory, inhibitory)
]
net = fn.Network({"excitatory": excitatory, "inhibitory": inhibitory}, synapses, seed=1)

rng = np.random.default_rng(0)
initial = {
    name: {"V": rng.normal(-65.0, 5.0, n), "exc": rng.normal(0.2, 0.075, n), "inh": rng.normal(1.0, 0.6, n)}
    for name, n in (("excitatory", 3200), ("inhibitory", 800))
}
run = fn.simulate(net, 500.0, initial=initial)
for name in net.populations:
    print(f"{name}: {run[name].rate.mean():.1f} Hz")

figure = plot.network(run, bin_width=2.0, neurons=150)
figure.set_size_inches(6.4, 4.2)
figure.savefig(Path(__file__).with_suffix(".png"))
