"""A run cut into chunks of time, or into parts of its population, is the same run."""

import itertools
import tracemalloc
from contextlib import nullcontext

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import scheduler
from fastneuron._engine.execute import Memory, advance, execute, totals
from tests.stored_runs import recipe_of

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


class Chunked:
    """A shard whose chunks have some samples each, kept one by one."""

    def __init__(self, recipe, chunk):
        self.recipe, self.chunk, self.kept = recipe, chunk, []

    def checkpoint(self):
        return 0, {}

    def results(self, done):
        return nullcontext(self.kept.append)

    def outcome(self):
        neuron, time = (
            np.concatenate([getattr(result, name) for result in self.kept]) for name in ("spike_label", "spike_time")
        )
        order = np.argsort(neuron, kind="stable")
        samples = np.concatenate([result.samples for result in self.kept], axis=2)
        return self.kept[-1].snapshot, samples, neuron[order], time[order]


def piecewise(recipe, size):
    return advance(Chunked(recipe, size), threads=2)


CUTS = [
    ("rk4", 200.0, 37),
    ("heun", 200.0, 50),
    ("staggered", 200.0, 37),
    ("dop853", 200.0, 50),
    ("dop853", 60.3, 1),
    ("tsit5", 100.0, 101),
]


@pytest.mark.parametrize(
    ("method", "duration", "size"),
    [
        *(
            pytest.param(*cut, marks=pytest.mark.slow if cut[0] in ("tsit5", "staggered", "dop853") else ())
            for cut in CUTS
        ),
        ("rk4", 0.0, 5),
        pytest.param("dop853", 0.0, 5, marks=pytest.mark.slow),
    ],
)
def test_in_time(method, duration, size):
    whole = fn.simulate(**arguments(method, duration))
    recipe = recipe_of(**arguments(method, duration))
    snapshot, samples, neuron, time = piecewise(recipe, size)
    assert np.array_equal(samples, [whole["N"], whole["V"]])
    assert np.array_equal(neuron, whole.spikes.neuron)
    assert np.array_equal(time, whole.spikes.time)
    found = totals(recipe, [snapshot])
    assert np.array_equal(list(found.state.values()), list(whole.state.values()))
    assert np.array_equal(found.spike_count, whole.spike_count)
    for name, value in found.summary.items():
        assert np.array_equal(value, whole.summary[name], equal_nan=True), name


@pytest.mark.parametrize("method", ["rk4", "heun", pytest.param("dop853", marks=pytest.mark.slow)])
def test_in_neurons(method):
    whole = fn.simulate(**arguments(method, 200.0))
    recipe = recipe_of(**arguments(method, 200.0))
    parts = [piecewise(recipe.part(low, high), 60) for low, high in ((0, 7), (7, 64), (64, 100))]
    found = totals(recipe, [part[0] for part in parts])
    assert np.array_equal(list(found.state.values()), list(whole.state.values()))
    assert np.array_equal(np.concatenate([part[3] for part in parts]), whole.spikes.time)
    assert np.array_equal(np.concatenate([part[1] for part in parts], axis=1), np.array([whole["N"], whole["V"]]))
    for name, value in found.summary.items():
        assert np.array_equal(value, whole.summary[name], equal_nan=True), name


def test_places_are_made_as_they_are_asked_for():
    """A list of chunks x units took gigabytes where checkpoints are close together."""
    recipe = recipe_of(fn.MorrisLecar.hopf(), 1e12, record="V", sample_interval=1.0)
    tracemalloc.start()
    places = scheduler._places(recipe.chunks(1), 1000)
    some = list(itertools.islice(places, 2001))
    _, taken = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert some[-1][0] == 2
    assert some[-1][1].begin == 2
    assert taken < 1e6


def test_chunks_that_are_done_are_left_out():
    recipe = recipe_of(fn.MorrisLecar.hopf(), 10.0, record="V", sample_interval=1.0)
    assert list(recipe.chunks(3, 2)) == list(recipe.chunks(3))[2:]
    assert list(recipe.chunks(3, 4)) == []


def test_a_recipe_is_not_changed_by_its_run():
    """Its state moved on with the run."""
    recipe = recipe_of(**arguments("rk4", 50.0), initial={"V": np.linspace(-60, 0, 100)})
    first, second = (execute(Memory(recipe), 1, None, lambda done: None) for _ in range(2))
    assert np.array_equal(first["V"], second["V"])
    assert np.array_equal(recipe.initial["V"], np.linspace(-60, 0, 100))
    assert all(not value.flags.writeable for value in recipe.initial.values())


@pytest.mark.parametrize("size", [1, 10, 100])
def test_threads_are_of_the_whole_run(monkeypatch, size):
    """With a checkpoint every ms, a run of 10,000 neurons took one thread."""
    taken = []
    monkeypatch.setattr(scheduler._threads, "for_each", lambda unit, places, threads, lag: taken.append(threads))
    recipe = recipe_of(
        fn.MorrisLecar.hopf(), 100.0, current=np.linspace(80, 130, 10_000), record="V", sample_interval=1.0
    )
    work = scheduler.PopulationAtWork(recipe)
    scheduler.advance(work, recipe.chunks(size), 2, lambda done: None, lambda result: None)
    assert taken == [2]
