"""A run cut into stretches of time, or into parts of its population, is the same run."""

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine.recipe import checked
from fastneuron._engine.scheduler import advance
from fastneuron._engine.summary import Summary, results

NAMES = ("V.mean", "V.var", "N.max", "population.V.mean", "population.rate", "isi.mean", "isi.cv", "spike.first")


def arguments(method, duration):
    arguments = {
        "model": fn.MorrisLecar.hopf(V3=np.linspace(0, 4, 100)),
        "duration": duration,
        "current": np.linspace(80, 130, 100) + fn.Step(10.0, 30.0, 61.0) + fn.Samples(np.eye(100), 1.0),
        "method": method,
        "record": ("N", "V"),
        "sample_interval": 1.0,
        "summary": NAMES,
        "neurons": [5, 3, 90],
    }
    return arguments | ({"noise": fn.OrnsteinUhlenbeck(5.0, np.linspace(2, 4, 100))} if method == "heun" else {})


def piecewise(recipe, size):
    problem = recipe.problem()
    summary = Summary(recipe.summary, list(recipe.model.states), recipe.state, recipe.samples, recipe.bins)
    outcomes = []
    advance(recipe, problem, summary, recipe.stretches(size), 2, lambda done: None, outcomes.append)
    samples, neuron, time, *_ = zip(*outcomes, strict=True)
    neuron, time = np.concatenate(neuron), np.concatenate(time)
    order = np.argsort(neuron, kind="stable")
    return problem, np.concatenate(samples, axis=2), neuron[order], time[order], summary.arrays


def found(recipe, parts):
    counts = recipe.samples, recipe.n, recipe.bin_width
    return results(recipe.summary, list(recipe.model.states), parts, counts)


CUTS = [("rk4", 200.0, 37), ("heun", 200.0, 50), ("dop853", 200.0, 50), ("dop853", 60.3, 1), ("tsit5", 100.0, 101)]


@pytest.mark.parametrize(("method", "duration", "size"), [*CUTS, ("rk4", 0.0, 5), ("dop853", 0.0, 5)])
def test_in_time(method, duration, size):
    whole = fn.simulate(**arguments(method, duration))
    recipe = checked(**arguments(method, duration))
    problem, samples, neuron, time, arrays = piecewise(recipe, size)
    assert np.array_equal(samples, [whole["N"], whole["V"]])
    assert np.array_equal(neuron, whole.spikes.neuron)
    assert np.array_equal(time, whole.spikes.time)
    assert np.array_equal(problem.state, list(whole.state.values()))
    assert np.array_equal(problem.spike_count, whole.spike_count)
    for name, value in found(recipe, [arrays]).items():
        assert np.array_equal(value, whole.summary[name], equal_nan=True), name


@pytest.mark.parametrize("method", ["rk4", "heun", "dop853"])
def test_in_neurons(method):
    whole = fn.simulate(**arguments(method, 200.0))
    recipe = checked(**arguments(method, 200.0))
    parts = [piecewise(recipe.part(low, high), 60) for low, high in ((0, 7), (7, 64), (64, 100))]
    assert np.array_equal(np.concatenate([part[0].state for part in parts], axis=1), list(whole.state.values()))
    assert np.array_equal(np.concatenate([part[3] for part in parts]), whole.spikes.time)
    assert np.array_equal(
        np.concatenate([part[1] for part in parts], axis=1), np.array([whole["N"], whole["V"]])[:, [1, 0, 2]]
    )
    for name, value in found(recipe, [part[4] for part in parts]).items():
        assert np.array_equal(value, whole.summary[name], equal_nan=True), name
