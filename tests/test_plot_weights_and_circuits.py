"""Figures of weights, phase responses and circuits show what is there."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot


@pytest.fixture(autouse=True)
def closed():
    pyplot.close("all")
    yield
    pyplot.close("all")


# weights --------------------------------------------------------------------------------------------------------------


def network(connections, weight=None, n=4):
    cells = fn.Population(fn.TraubMiles.cobahh(), n, {"exc": fn.Exponential(E=0.0, tau=5.0)})
    source = fn.PoissonSource(3, rate=5.0)
    return fn.Network({"cells": cells, "noise": source}, [fn.Projection(source, cells, "exc", connections, weight)])


def shown(ax):
    """The matrix of an image, NaN where it is blank."""
    return np.ma.filled(np.ma.masked_invalid(ax.images[0].get_array()), np.nan)


def test_a_projection_is_a_matrix_blank_where_there_is_no_synapse():
    net = network(([0, 0, 2, 2], [1, 3, 0, 0]), [0.1, 0.2, 0.3, 0.5])
    ax = plot.weights(net)
    wanted = np.full((3, 4), np.nan)
    wanted[0, 1], wanted[0, 3], wanted[2, 0] = 0.1, 0.2, 0.8  # two synapses between the same two
    np.testing.assert_allclose(shown(ax), wanted)
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("From (noise)", "To (cells)")
    assert ax.images[0].colorbar.ax.get_ylabel() == "Weight (mS/cm²)"
    np.testing.assert_array_equal(shown(plot.weights(net, net.projections[0], label="g")), wanted)
    assert ax.images[0].get_clim()[0] == 0.0


def test_one_weight_for_all_is_that_of_each():
    np.testing.assert_array_equal(shown(plot.weights(network(fn.AllToAll(), 0.25))), np.full((3, 4), 0.25))


def test_weights_of_a_simulation_are_those_of_now():
    sim = fn.Simulation(network(([0, 2], [1, 0]), [0.1, 0.3]), dt=0.1)
    sim.weights[0] = [0.7, 0.9]
    matrix = shown(plot.weights(sim))
    assert matrix[0, 1] == 0.7
    assert matrix[2, 0] == 0.9
    assert np.isnan(matrix).sum() == 10


def test_couplings_have_weights_too():
    cells = fn.Population(fn.MorrisLecar.hopf(), 3)
    kind = fn.Graded(E=-80.0, half=0.0, slope=15.0)
    coupling = fn.Coupling(cells, cells, kind, ([0, 1], [1, 2]), weight=[0.1, 0.2])
    net = fn.Network({"cells": cells}, [coupling])
    assert np.isfinite(shown(plot.weights(net, coupling))).sum() == 2
    with pytest.raises(ValueError, match="which must be a Coupling of a network without projections; got 0"):
        plot.weights(net)


def test_layers_and_matrices():
    layer = fn.Perceptron(6, 2)
    layer.weights = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(shown(plot.weights(layer)), layer.weights)
    mlp = fn.MLP([3, 5, 2], seed=0)
    ax = plot.weights(mlp, 1)
    np.testing.assert_array_equal(shown(ax), mlp.weights[1])
    assert ax.get_xlabel() == "Unit of layer 1"
    np.testing.assert_array_equal(shown(plot.weights([[1, -2], [3, 4]])), [[1, -2], [3, 4]])
    for wrong, message in (
        (lambda: plot.weights(3), "of must be a Network, a Simulation, a Perceptron, an MLP or a matrix; got 3"),
        (lambda: plot.weights(mlp, 2), "which must be a whole number of at least 0 and at most 1; got 2"),
        (lambda: plot.weights(layer, images=(2, 2)), r"images must be .* number of inputs, 6; got \(2, 2\)"),
        (lambda: plot.weights(layer, histogram="yes"), "histogram must be True or False"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            wrong()


def test_the_weights_of_each_neuron_are_an_image():
    layer = fn.Perceptron(6, 5)
    layer.weights = np.random.default_rng(0).normal(size=(5, 6))
    mosaic = shown(plot.weights(layer, images=(2, 3)))
    np.testing.assert_array_equal(mosaic[:2, :3], layer.weights[0].reshape(2, 3))
    np.testing.assert_array_equal(mosaic[:2, 4:7], layer.weights[1].reshape(2, 3))
    assert np.isnan(mosaic[:, 3]).all()
    assert np.isfinite(mosaic).sum() == 30


def test_signs_are_told_apart_by_lightness():
    image = plot.weights([[-1.0, 2.0]]).images[0]
    assert image.get_clim() == (-2.0, 2.0)
    lightness = image.cmap(np.linspace(0, 1, 9))[:, :3] @ [0.3, 0.6, 0.1]
    assert (np.diff(lightness) > 0).all()
    negative = plot.weights([[-1.0, 0.0]]).images[0]
    assert negative.get_clim() == (-1.0, 0.0)


def test_many_weights_are_counted():
    net = network(fn.AllToAll(), np.linspace(0.0, 1.0, 12).reshape(3, 4))
    (counts,) = plot.weights(net, histogram=True).patches
    assert counts.get_xy()[:, 1].max() == 2
    large = plot.weights(np.zeros((1001, 1000)))
    assert not large.images
    assert large.get_ylabel() == "Weights"


def test_a_second_image_takes_the_place_of_the_first():
    ax = plot.weights([[1.0, 2.0]])
    plot.weights([[3.0, 4.0]], ax=ax)
    np.testing.assert_array_equal(shown(ax), [[3.0, 4.0]])
    assert len(ax.figure.axes) == 2  # one colour bar


# phase responses ------------------------------------------------------------------------------------------------------


def response(n=3):
    phase = np.arange(4) / 4
    gradient = {"V": np.arange(4.0 * n).reshape(n, 4), "N": np.ones((n, 4))}
    gradient["V"][1] = np.nan
    return fn.PhaseResponse(phase, gradient, gradient, 2.0 * gradient["V"], {"V": "mV", "N": "1"})


def test_a_phase_response_is_closed_and_has_its_unit():
    found = response()
    ax = plot.phase_response(found, neurons=[2])
    curve = ax.lines[-1].get_xydata()
    np.testing.assert_array_equal(curve, [[0, 8], [0.25, 9], [0.5, 10], [0.75, 11], [1, 8]])
    assert ax.get_ylabel() == "Advance per V (ms/mV)"
    assert ax.get_legend() is None
    assert plot.phase_response(found, "N").get_ylabel() == "Advance per N (ms)"
    pulses = plot.phase_response(found, "shift", neurons=[0])
    assert pulses.get_ylabel() == "Advance (ms)"
    np.testing.assert_array_equal(pulses.lines[-1].get_ydata(), [0, 2, 4, 6, 0])


def test_neurons_without_a_cycle_say_so():
    ax = plot.phase_response(response())
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["neuron 0", "neuron 1, no cycle", "neuron 2"]
    with pytest.raises(ValueError, match="state must be one of 'V', 'N', 'shift'; got 'W'"):
        plot.phase_response(response(), "W")
    with pytest.raises(ValueError, match=r"neurons must be .* at most 2; got 3"):
        plot.phase_response(response(), neurons=[3])


# circuits -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run():
    start, record = {"A.V": 20.0, "B.V": -40.0}, ("A.V", "B.V")
    return fn.simulate(fn.Circuit.half_centre(), 2000.0, dt=0.1, current=0.8, initial=start, record=record, every=20)


def test_a_circuit_shows_voltages_thresholds_and_spikes(run):
    ax = plot.circuit(run)
    voltages = [line for line in ax.lines if line.get_gid() == "voltage"]
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    marks = [line for line in ax.lines if line.get_marker() == "|"]
    apart = 0.0
    for cell, line, threshold, spikes in zip("AB", voltages, dotted, marks, strict=True):
        apart = line.get_ydata()[0] - run[f"{cell}.V"][0, 0]
        np.testing.assert_allclose(line.get_ydata() - apart, run[f"{cell}.V"][0])
        np.testing.assert_allclose(threshold.get_ydata() - apart, run.threshold[f"{cell}.V"])
        np.testing.assert_array_equal(spikes.get_xdata(), run.spikes[f"{cell}.V"].time)
        assert spikes.get_ydata().min(initial=np.inf) > line.get_ydata().max()
    assert apart > np.ptp(run["A.V"])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["A", "B"]


def test_voltages_that_were_not_recorded_are_missed(run):
    silent = fn.simulate(run.model, 1.0, dt=0.1, current=0.8)
    with pytest.raises(KeyError, match=r"ask for it with simulate\(..., record='A.V'\)"):
        plot.circuit(silent)
    with pytest.raises(TypeError, match="run must be a Circuit, or a Run of one; got 3"):
        plot.circuit(3)


def test_a_graph_says_who_inhibits_whom():
    cell = fn.MorrisLecar.snic()
    down, up = fn.Graded(E=-75.0, half=-5.0, slope=6.0), fn.Graded(E=40.0, half=-5.0, slope=6.0)
    links = [
        fn.Coupling("A", "B", down, weight=[0.5, 0.6], symmetric=True),
        fn.Coupling("B", "C", up, weight=0.25),
        fn.Coupling("A", "C", fn.GapJunction(), weight=0.125),
    ]
    model = fn.Circuit({"A": cell, "B": cell, "C": cell}, links)
    ax = plot.circuit(model, neuron=1)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["gap junction (mS/cm²)", "graded excitation (mS/cm²)", "graded inhibition (mS/cm²)"]
    assert sorted(text.get_text() for text in ax.texts) == ["0.125", "0.25", "0.6", "0.6", "A", "B", "C"]
    place = {text.get_text(): np.array(text.get_position()) for text in ax.texts if text.get_text() in "ABC"}

    def nearest(line):
        at = np.array([line.get_xdata()[0], line.get_ydata()[0]])
        return min(place, key=lambda name: np.hypot(*(place[name] - at)))

    ends = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert sorted(nearest(line) for line in ends if line.get_marker() == "o") == ["A", "B"]
    assert [nearest(line) for line in ends if line.get_marker() != "o"] == ["C"]


def test_every_kind_of_link_has_a_name():
    class Odd(fn.CouplingKind):
        @staticmethod
        def current(V_post, x_pre, p):
            return x_pre - V_post

    cell = fn.MorrisLecar.snic()
    by_state = fn.StateCoupled("N", E=-80.0)
    to_itself = fn.Coupling("A", "A", Odd(), name="self")
    links = [fn.Coupling("A", "B", Odd()), fn.Coupling("B", "A", by_state), to_itself]
    ax = plot.circuit(fn.Circuit({"A": cell, "B": cell}, links))
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["Odd (mS/cm²)", "inhibition by N (mS/cm²)"]
