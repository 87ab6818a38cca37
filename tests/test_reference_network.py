"""The reference for networks, against published spike times and against formulas."""

import json
from math import e, exp
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn

NETWORKS = json.loads((Path(__file__).parent / "networks.json").read_text())
CHEMICAL = ["ml_hopf_pair_excitation_inhibition", "traub_miles_four_double_exponential"]
MODELS = {"ml": fn.MorrisLecar, "tm": fn.TraubMiles}


def receptor(kind, **parameters):
    """As the package's own: a class of that name, with parameters."""
    return type(kind, (), {"parameters": parameters, "size": 1})()


def published(case):
    """A network as the file has it, and where it begins."""
    receptors = {
        f"r{k}": receptor("DoubleExponential", rise=one["rise"], decay=one["tau"], E=one["E"])
        if "rise" in one
        else receptor("Exponential", **one)
        for k, one in enumerate(case["receptors"])
    }
    model = MODELS[case["model"]](**case["parameters"])
    n = len(case["current"])
    cells = fn.Population(model, n, receptors, current=case["current"], threshold=case["threshold"])
    synapses = [
        fn.Projection(cells[i], cells[j], f"r{r}", fn.OneToOne(), weight=weight, delay=delay)
        for i, j, r, weight, delay in case["synapses"]
    ]
    initial = dict(zip(model.states, np.transpose(case["initial"]), strict=True))
    return fn.Network({"cells": cells}, synapses), {"cells": initial}


@pytest.mark.parametrize("name", CHEMICAL)
def test_published_spikes(name):
    case = NETWORKS[name]
    net, initial = published(case)
    run = fn.reference.simulate(net, case["duration"], initial=initial)["cells"]
    for k, times in enumerate(case["spikes"]):
        np.testing.assert_allclose(run.spikes.time[run.spikes.neuron == k], times, rtol=0, atol=1e-8)
    states = list(net.populations["cells"].model.states)
    final = np.transpose([run.state[state] for state in states])
    np.testing.assert_allclose(final, case["final"], rtol=0, atol=1e-7)


def alpha(t, tau):
    return t / tau * exp(1 - t / tau) if t > 0 else 0.0


def biexponential(t, rise, decay):
    peak = rise * decay / (decay - rise) * np.log(decay / rise)
    height = exp(-peak / decay) - exp(-peak / rise)
    return (exp(-t / decay) - exp(-t / rise)) / height if t > 0 else 0.0


SHAPES = [
    (receptor("Exponential", tau=3.0, E=0.0), lambda t: exp(-t / 3.0) if t > 0 else 0.0),
    (receptor("Alpha", tau=2.0, E=0.0), lambda t: alpha(t, 2.0)),
    (receptor("DoubleExponential", rise=1.0, decay=4.0, E=0.0), lambda t: biexponential(t, 1.0, 4.0)),
    (receptor("NMDA", rise=2.0, decay=60.0, E=0.0, Mg=1.0), lambda t: biexponential(t, 2.0, 60.0)),
    (receptor("ExponentialCurrent", tau=3.0), lambda t: exp(-t / 3.0) if t > 0 else 0.0),
    (receptor("AlphaCurrent", tau=2.0), lambda t: alpha(t, 2.0)),
]


@pytest.mark.parametrize(("kind", "shape"), SHAPES, ids=lambda x: type(x).__name__)
def test_conductances_are_the_formulas(kind, shape):
    source = fn.SpikeSource([[1.03, 7.7]])
    cell = fn.Population(fn.MorrisLecar.hopf(), 1, {"in": kind})
    net = fn.Network({"source": source, "cell": cell}, [fn.Projection(source, cell, "in", fn.OneToOne(), 0.2, 1.5)])
    run = fn.reference.simulate(net, 20.0, dt=0.1, record=["V", "in"])["cell"]
    expected = [0.2 * (shape(t - 2.53) + shape(t - 9.2)) for t in run.time]
    np.testing.assert_allclose(run["in"][0], expected, rtol=0, atol=1e-13)
    assert run["V"].shape == run["in"].shape == (1, 201)
    assert np.isfinite(run["V"]).all()
    assert alpha(2.0, 2.0) == pytest.approx(1.0, abs=1e-15)
    assert e == pytest.approx(exp(1))


def test_a_jump_of_the_voltage_can_be_a_spike():
    source = fn.SpikeSource([[5.0]])
    cell = fn.Population(fn.MorrisLecar.hopf(), 2, {"kick": receptor("Delta")}, threshold=-20.0)
    kicks = fn.Projection(source, cell, "kick", fn.AllToAll(), weight=np.array([[3.0, 60.0]]), delay=0.25)
    run = fn.reference.simulate(fn.Network({"source": source, "cell": cell}, [kicks]), 6.0)["cell"]
    assert run.spike_count.tolist() == [0, 1]
    assert run.spikes.time == pytest.approx([5.25])


def test_without_synapses_it_is_the_reference_of_a_population():
    current = 90.0 + fn.Step(20.0, start=33.3, stop=70.0)
    cells = fn.Population(fn.MorrisLecar.hopf(), 2, current=current)
    run = fn.reference.simulate(fn.Network({"cells": cells}), 200.0, record="V", every=100)["cells"]
    alone = fn.reference.simulate(fn.MorrisLecar.hopf(), 200.0, current=current, record="V", every=100)
    assert run.spike_count.tolist() == [alone.spike_count[0]] * 2  # two neurons that cross at one moment
    np.testing.assert_allclose(run.spikes.time[: alone.spike_count[0]], alone.spikes.time, rtol=0, atol=1e-9)
    np.testing.assert_allclose(run["V"][1], alone["V"][0], rtol=0, atol=1e-7)


def test_a_refractory_time_leaves_crossings_out():
    cells = fn.Population(fn.MorrisLecar.hopf(), 1, current=100.0)
    free = fn.reference.simulate(fn.Network({"cells": cells}), 400.0)["cells"].spikes.time
    lasting = free[2] - free[0] - 1e-6
    cells = fn.Population(fn.MorrisLecar.hopf(), 1, current=100.0, refractory=lasting)
    kept = fn.reference.simulate(fn.Network({"cells": cells}), 400.0)["cells"].spikes.time
    assert free.size == 5
    np.testing.assert_allclose(kept, free[[0, 2]], rtol=0, atol=1e-9)
