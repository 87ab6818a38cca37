"""What a notebook shows of what users build and get: short tables, escaped."""

from html.parser import HTMLParser

import numpy as np
import pytest

import fastneuron as fn


class Cells(HTMLParser):
    """The texts in a table, and what is not closed."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.open = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def built():
    """What is shown by name, beside what must be in its table."""
    snic = fn.MorrisLecar.snic()
    cells = fn.Population(fn.MorrisLecar.hopf(), 20, receptors={"exc": fn.Exponential(5.0, 0.0)}, current=90.0)
    noise = fn.PoissonSource(5, 20.0)
    projection = fn.Projection(cells[:5], cells, "exc", fn.FixedOutDegree(3), weight=0.1, delay=1.5)
    gaps = fn.Coupling(cells[:5], cells[5:], fn.GapJunction(), fn.AllToAll(), 0.02)
    net = fn.Network({"cells": cells, "<noise>": noise}, [projection, gaps], seed=3)
    run = fn.simulate(fn.Network({"cells": cells, "<noise>": noise}, [projection]), 50.0)
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0)
    sim.run(20.0)
    coupled = fn.Simulation(fn.Network({"cells": cells, "<noise>": noise}, [projection]))
    layer = fn.Perceptron(2, 1)
    history = layer.train([[2, 2], [1, -2], [-2, 2], [-1, 1]], [0, 1, 0, 1], epochs=10)
    mlp = fn.MLP([2, 3, 1], activation="relu", seed=0)
    cycles = fn.cycles(snic, current=[0.0, 60.0])
    return {
        "model": (snic, ["MorrisLecar", "g_Ca", "mS/cm^2"]),
        "circuit": (fn.Circuit.half_centre(), ["Circuit", "A.g_Ca"]),
        "current": (fn.Step(2.0) + fn.Sine(1.0, 5.0), ["Step(amplitude=2"]),
        "noise": (fn.WhiteNoise(20.0), ["WhiteNoise", "20"]),
        "population": (cells, ["20", "receptor exc", "Exponential(tau=5, E=0)"]),
        "view": (cells[:5], ["PopulationView", "4", "Population(MorrisLecar, 20)"]),
        "source": (noise, ["PoissonSource", "5"]),
        "given spikes": (fn.SpikeSource([[10.0, 30.5], [12.0]]), ["SpikeSource", "2", "3"]),
        "projection": (projection, ["FixedOutDegree(degree=3)", "0.1", "1.5 ms"]),
        "coupling": (gaps, ["Coupling", "GapJunction()", "0.02"]),
        "network": (
            net,
            ["cells", "<noise>", "5 of cells → cells", "weight 0.1, delay 1.5 ms", "5 of cells ↔ 15 of cells"],
        ),
        "network run": (run, ["NetworkRun for 50 ms, in memory", "cells", "<noise>", "source"]),
        "source run": (run["<noise>"], ["SourceRun", "5"]),
        "run": (run["cells"], ["Run", "20"]),
        "spikes": (run["cells"].spikes, ["neuron", "and 8 more"]),
        "simulation": (sim, ["Simulation at 20 ms, dt 0.05 ms", "MorrisLecar", "V, N"]),
        "state": (sim.state, ["State", "V", "N"]),
        "parameters": (sim.parameters, ["MorrisLecar", "g_Ca"]),
        "controls": (coupled["cells"], ["20 MorrisLecar neurons", "V", "exc", "current"]),
        "weights": (coupled.weights, ["Weights", "Projection(5 to 20", "0.1"]),
        "a simulation of a network": (coupled, ["cells", "20", "V, N, exc"]),
        "integrate-and-fire": (fn.Population(fn.LeakyIntegrateAndFire(), 3), ["the model's"]),
        "estimate": (fn.Estimate(25_300_000, 0, 1.234, 5000.0, 3e6), ["25.3 MB", "1.23 s", "3e+06"]),
        "fixed points": (fn.fixed_points(snic, current=30.0), ["stable node", "saddle", "unstable focus"]),
        "cycles": (cycles, ["none", "58.4965 ms", "stable"]),
        "phase response": (fn.phase_response(cycles, 20), ["Z by V", "Z by N"]),
        "excitability": (fn.excitability(snic), ["I", "SNIC", "39.9632"]),
        "fit": (
            fn.Fit(snic, {"g_Ca": 4.0}, np.array([[1e-6]]), 0.5, False, {"g_Ca": np.array([4.0])}, np.array([0.5])),
            ["Fit of MorrisLecar: loss 0.5, not converged", "g_Ca", "± 0.001"],
        ),
        "perceptron": (layer, ["Perceptron", "hardlim"]),
        "perceptron history": (history, ["PerceptronHistory, 3 epochs", "yes"]),
        "layers": (mlp, ["2 → 3", "relu", "linear", "9"]),
        "layers history": (mlp.train([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0], epochs=2), ["MLPHistory, 2 epochs", "loss"]),
    }


def test_tables(built):
    wrong = {}
    for name, (one, expected) in built.items():
        html = one._repr_html_()
        parsed = Cells(html)
        missing = [text for text in expected if not any(text in cell for cell in parsed.texts)]
        if parsed.open or not html.startswith("<table>") or len(html) > 4000 or missing:
            wrong[name] = missing, parsed.texts
    assert not wrong


def test_texts_are_short(built):
    for name, (one, _) in built.items():
        text = repr(one)
        assert "object at 0x" not in text, name
        assert len(text) < 2500, name


def test_long_tables_are_cut():
    many = fn.Cycles(fn.MorrisLecar(), *[np.ones(100_000)] * 2, {}, np.ones((100_000, 2)), {})
    html = many._repr_html_()
    assert "and 99,988 more" in html
    assert len(html) < 3000


def test_everything_public_that_is_built_has_a_table():
    rules = {"AllToAll", "ByDistance", "FixedInDegree", "FixedOutDegree", "FixedProbability", "FixedTotal", "OneToOne"}
    words = rules | {"Normal", "LogNormal", "Uniform", "Mode"}  # one line says all of them
    classes = {name: one for name in fn.__all__ if isinstance(one := getattr(fn, name), type)}
    assert [name for name, one in classes.items() if not hasattr(one, "_repr_html_")] == sorted(words)
