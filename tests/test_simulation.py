"""A simulation that goes on piece by piece: together its pieces are the bits of one call."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastneuron as fn
from fastneuron._engine import network_chunk
from tests.catalogue import FIXED_STEP, MODELS, rest_slow
from tests.stored_runs import assert_same
from tests.test_networks import balanced

DT = 0.05
N = 20


def drawn(n=N, seed=0):
    return np.random.default_rng(seed)


def everything(method="rk4", **more):
    """Arguments in which all varies that a piece has to go on with."""
    noise = {"noise": fn.OrnsteinUhlenbeck(5.0, 3.0), "seed": 2**64 - 3} if method == "heun" else {}
    return {
        "model": fn.MorrisLecar.hopf(V3=np.linspace(0, 4, N)),
        "current": np.linspace(80, 130, N) + fn.Step(10.0, 30.02, 61.01),
        "method": method,
        "record": ("V", "N", "I"),
        "every": 7,
        **noise,
        **more,
    }


def in_pieces(sim, durations):
    return [sim.run(duration) for duration in durations]


def joined(pieces):
    """Spikes, samples and the end of all pieces, as a run has them."""
    columns = [np.concatenate([getattr(piece.spikes, name) for piece in pieces]) for name in ("neuron", "time")]
    order = np.argsort(columns[0], kind="stable")
    return {
        "spike_count": sum(piece.spike_count for piece in pieces),
        "neuron": columns[0][order],
        "time of spikes": columns[1][order],
        "time": np.concatenate([piece.time for piece in pieces]),
        **{name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in pieces[0].traces},
        **{f"final.{name}": value for name, value in pieces[-1].state.items()},
    }


def assert_together(pieces, whole):
    found, wanted = joined(pieces), joined([whole])
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert np.array_equal(found[name], value), name


def split(steps, cuts):
    """Durations of pieces of so many steps in all."""
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < steps}), steps]
    return [count * DT for count in np.diff(edges)]


@pytest.mark.parametrize("method", rest_slow(FIXED_STEP), ids=lambda method: method.name)
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(1, 1999), max_size=12))
def test_pieces_together_are_one_call(method, cuts):
    asked = everything(method.name)
    whole = fn.simulate(**asked, duration=100.0)
    assert whole.spikes.size > N
    assert_together(in_pieces(fn.Simulation(**asked), split(2000, cuts)), whole)


RESETTING = {
    "lif": (fn.LeakyIntegrateAndFire(), 1.0),
    "adex": (fn.AdaptiveExponential(refractory=1.3), 1000.0),
    "izhikevich": (fn.Izhikevich(), 10.0),
}


@pytest.mark.parametrize("name", [*MODELS, *rest_slow(RESETTING)])
def test_every_model_goes_on(name):
    model, current = RESETTING[name] if name in RESETTING else (MODELS[name].make(), MODELS[name].current)
    asked = {"model": model, "current": current, "dt": 0.01, "record": "V", "every": 3}
    whole = fn.simulate(**asked, duration=60.0)
    assert whole.spike_count[0]
    assert_together(in_pieces(fn.Simulation(**asked), [0.01, 0.01, 17.03, 12.95, 30.0]), whole)


def test_what_is_counted_goes_on():
    asked = everything("heun", noise=fn.WhiteNoise(80.0), refractory=3.0, rearm=-30.0, record=None, every=1)
    whole = fn.simulate(**asked, duration=150.0)
    assert_together(in_pieces(fn.Simulation(**asked), split(3000, range(0, 3000, 37))), whole)


@pytest.mark.slow
def test_in_single_precision_and_by_threads():
    n = 3000
    asked = {"model": fn.MorrisLecar.hopf(), "current": np.linspace(80, 130, n), "dtype": np.float32, "record": "V"}
    asked |= {"neurons": [2999, 0, 17], "sample_interval": 1.0}
    whole = fn.simulate(**asked, duration=40.0, threads=1)
    for threads in (1, 2):
        assert_together(in_pieces(fn.Simulation(**asked, threads=threads), [0.5, 0.5, 20.0, 19.0]), whole)


def test_what_is_shown_fits_into_a_line():
    sim = fn.Simulation(fn.MorrisLecar.hopf(V3=np.linspace(0, 4, N)))
    assert repr(sim) == "<Simulation at 0 ms of <20 MorrisLecar neurons: V, N>>"
    assert repr(sim.state) == "<State of 20 neurons: V, N>"
    assert repr(sim.parameters).startswith("<Parameters of MorrisLecar(C=20, ")


def test_spike_times_need_not_be_kept():
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0, spike_times=False)
    assert [sim.run(100.0).spike_count[0], sim.run(100.0).spike_count[0]] == [1, 2]


def test_times_are_those_of_the_simulation():
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0, record="V", every=10)
    first, second = sim.run(100.0), sim.run(100.0)
    assert (first.begin, first.end, second.begin, second.end, sim.time) == (0.0, 100.0, 100.0, 200.0, 200.0)
    assert (first.time[0], second.time[0], second.time[-1], second.duration) == (0.0, 100.5, 200.0, 100.0)
    assert (second.spikes.time > 100.0).all()
    assert second.rate == 20.0
    assert second.steady_rate(150.0) == 20.0
    train = second.to_neo().spiketrains[0]
    assert (float(train.t_start), float(train.t_stop)) == (100.0, 200.0)
    assert fn.plot.traces(second).get_xlim() == (100.0, 200.0)


# what is set between pieces -------------------------------------------------------------------------------------------


def test_a_state_is_read_and_written_where_it_is():
    sim = fn.Simulation(**everything(current=0.0))
    run = sim.run(1.0)
    assert np.array_equal(sim.state["V"], run.state["V"])
    sim.state["V"][3] = -40.0
    sim.state["N"] = 0.1
    assert sim.state["V"][3] == -40.0
    changed = {name: value.copy() for name, value in sim.state.items()}
    assert run.state["V"][3] != -40.0
    after = fn.simulate(sim.model, 5.0, initial=changed)
    assert np.array_equal(sim.run(5.0).state["V"], after.state["V"])


@pytest.mark.parametrize("current", [3.0, 95.0, np.linspace(80, 120, N), np.linspace(60, 80, N), fn.Sine(50.0, 30.0)])
def test_a_current_acts_from_then_on(current):
    model = fn.MorrisLecar.hopf(V3=np.linspace(0, 4, N))
    sim = fn.Simulation(model, current=np.full(N, 100.0))
    state = sim.run(20.0).state
    sim.current = current
    if isinstance(current, fn.Sine):  # in the simulation's time
        current = fn.Sine(50.0, 30.0, 0.6)
    after = fn.simulate(model, 50.0, current=current, initial=dict(state))
    run = sim.run(50.0)
    assert np.allclose(run.state["V"], after.state["V"], rtol=1e-9)
    if not isinstance(current, fn.Sine):
        assert np.array_equal(run.state["V"], after.state["V"])
        assert np.array_equal(run.spike_count, after.spike_count)
    assert run.current == sim.current


def test_parameters_act_from_then_on():
    lif = fn.LeakyIntegrateAndFire(V_th=np.linspace(-52, -48, N))
    sim = fn.Simulation(lif, current=2.0)
    state = sim.run(30.0).state
    sim.parameters["V_th"] = -46.0
    sim.parameters["refractory"] = np.linspace(0, 5, N)
    assert np.array_equal(sim.parameters["refractory"], np.linspace(0, 5, N))
    free = fn.simulate(sim.model, 100.0, current=2.0, initial=dict(state))
    run = sim.run(100.0)
    settled = run.spike_count > 2
    assert settled.all()
    assert np.abs(run.spike_count - free.spike_count).max() <= 1  # some are held yet
    assert np.array_equal(run.threshold, np.float64(-46.0))


def test_a_neuron_that_is_set_low_may_spike_again():
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0, rearm=-30.0)
    while sim.run(1.0).spike_count[0] == 0:
        pass
    sim.state["V"] = -60.0
    assert sum(sim.run(1.0).spike_count[0] for _ in range(100)) >= 1


# networks -------------------------------------------------------------------------------------------------------------


def network(net, **more):
    return {"model": net, "record": "V", "every": 10, **more}


def assert_networks_together(pieces, whole):
    for name in whole.populations:
        assert_together([piece[name] for piece in pieces], whole[name])
    for name, source in whole.sources.items():
        assert np.array_equal(sum(piece[name].spike_count for piece in pieces), source.spike_count)


@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(1, 1199), max_size=9))
def test_networks_in_pieces_are_one_call(cuts):
    whole = fn.simulate(**network(balanced()), duration=60.0)
    assert sum(run.spikes.size for run in whole.populations.values()) > 20
    sim = fn.Simulation(**network(balanced()))
    assert_networks_together(in_pieces(sim, split(1200, cuts)), whole)


def test_pieces_of_one_length_are_a_kernel_call_each(monkeypatch):
    """Each began with an epoch, and doubled: six calls for pieces of 40 epochs, 2 instead of 0.4 ms."""
    monkeypatch.setattr(network_chunk, "CALL", 60.0)
    calls = []
    run = network_chunk.NetworkChunkRun._run
    monkeypatch.setattr(network_chunk.NetworkChunkRun, "_run", lambda *given: calls.append(1) or run(*given))
    sim = fn.Simulation(**network(balanced()))
    sim.run(61.0)
    calls.clear()
    for _ in range(3):
        sim.run(20.0)
    assert len(calls) == 3


def test_a_population_alone_is_as_one_without_receptors():
    cells = fn.Population(fn.MorrisLecar.hopf(), 3, current=np.array([80.0, 100.0, 120.0]))
    sim = fn.Simulation(cells)
    first, second = sim.run(50.0), sim.run(50.0)
    assert np.array_equal(second.state["V"], fn.simulate(cells, 100.0).state["V"])
    assert sim.current == cells.current
    assert first.n == sim.state["V"].size == 3
    sim.current = 0.0
    assert sim.run(50.0).spikes.size == 0


def test_parts_of_a_network_are_read_and_set():
    sim = fn.Simulation(**network(balanced()))
    sim.run(20.0)
    name = next(iter(sim.state))
    cells = sim[name]
    receptor = next(other for other in cells.state if other not in cells.model.states)
    cells.state["V"][0] = -55.0
    cells.state[receptor] = 0.25
    assert cells.state[receptor][0] == 0.25
    with pytest.raises(ValueError, match="read-only"):
        cells.state[receptor][0] = 1.0
    other = fn.Simulation(**network(balanced()))
    other.run(20.0)
    other[name].state["V"][0] = -55.0
    assert (sim.run(0.05)[name].state["V"] != other.run(0.05)[name].state["V"]).all()
    before = sim[name].current
    sim[name].current = 50.0
    other[name].current = 50.0
    other[name].current = before
    assert sim.run(5.0)[name].state["V"].mean() > other.run(5.0)[name].state["V"].mean() + 1.0


def connected(weight, **more):
    cells = fn.Population(fn.TraubMiles.cobahh(), 300, {"exc": fn.Exponential(5.0, 0.0)}, threshold=-20.0)
    source = fn.PoissonSource(50, 100.0)
    projection = fn.Projection(source, cells, "exc", fn.FixedProbability(0.3), weight, **more)
    return fn.Network({"cells": cells, "source": source}, [projection], seed=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("delay", "delivery"), [(1.0, "exact"), (fn.Uniform(0.5, 2.0), "exact"), (fn.Uniform(0.5, 2.0), "grid")]
)
def test_weights_are_those_of_the_connections(delay, delivery):
    drawn = connected(fn.Normal(0.02, 0.005, low=0.0), delay=delay)
    synapses = drawn.connections(0)
    sim = fn.Simulation(drawn, delivery=delivery)
    assert np.array_equal(sim.weights[0], synapses.weight)
    assert np.array_equal(sim.weights[drawn.projections[0]], synapses.weight)
    twice = 2.0 * synapses.weight
    sim.weights[0] = twice
    assert np.array_equal(sim.weights[0], twice)
    listed = fn.Projection(
        drawn.populations["source"], drawn.populations["cells"], "exc", synapses[:2], twice, synapses.delay
    )
    other = fn.Network(drawn.populations, [listed], seed=3)
    assert np.array_equal(
        sim.run(30.0)["cells"].state["V"], fn.simulate(other, 30.0, delivery=delivery)["cells"].state["V"]
    )


@pytest.mark.slow
def test_one_weight_for_all():
    sim = fn.Simulation(connected(0.01))
    assert sim.weights[0] == 0.01
    sim.weights[0] = 0.03
    wanted = fn.simulate(connected(0.03), 30.0)["cells"].state["V"]
    assert np.array_equal(sim.run(30.0)["cells"].state["V"], wanted)


# files ----------------------------------------------------------------------------------------------------------------


def test_a_saved_simulation_goes_on(tmp_path):
    sim = fn.Simulation(**everything("heun"))
    sim.run(33.35)
    sim.current = np.linspace(70, 120, N) + fn.Pulses(20.0, 10.0, 1.0)
    sim.parameters["phi"] = 0.05
    sim.run(3.35)
    sim.save(tmp_path / "sim.npz")
    other = fn.Simulation.load(tmp_path / "sim.npz")
    assert (other.time, other.current, other.model) == (sim.time, sim.current, sim.model)
    for _ in range(2):
        assert_same(sim.run(30.0), other.run(30.0))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_saved_network_goes_on(tmp_path, threads):
    sim = fn.Simulation(connected(fn.Normal(0.02, 0.005, low=0.0), delay=fn.Uniform(0.5, 2.0)), record="V")
    sim.run(10.0)
    sim.weights[0] = 1.5 * sim.weights[0]
    sim.run(10.0)
    sim.save(tmp_path / "sim.npz")
    other = fn.Simulation.load(tmp_path / "sim.npz", threads=threads)
    assert np.array_equal(*(next(iter(one.weights)) for one in (sim, other)))
    one, two = sim.run(20.0), other.run(20.0)
    assert_same(one["cells"], two["cells"])
    assert np.array_equal(one["source"].spikes.time, two["source"].spikes.time)


def unpickled(sim):
    return pickle.loads(pickle.dumps(sim))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, unpickled])
def test_a_copy_is_a_simulation_of_its_own(copied):
    """Kernels have addresses of arrays: a deep copy of a network had spikes where its kernel did not look."""
    sim = fn.Simulation(connected(fn.Normal(0.02, 0.005, low=0.0), delay=fn.Uniform(0.5, 2.0)), record="V")
    sim.run(10.0)
    sim.weights[0] = 1.5 * sim.weights[0]
    sim.run(10.0)
    other = copied(sim)
    assert_same(sim.run(10.0)["cells"], other.run(10.0)["cells"])
    other.weights[0], other["cells"].current = 0.0, 5.0
    other.run(10.0)
    wanted = copied(sim)
    assert sim.weights[0].min() > 0.0
    assert_same(sim.run(10.0)["cells"], wanted.run(10.0)["cells"])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, unpickled])
def test_a_copy_of_neurons_is_a_simulation_of_its_own(copied):
    sim = fn.Simulation(**everything("heun"))
    sim.run(10.0)
    other, third = copied(sim), copied(sim)
    other.current = 0.0
    other.run(10.0)
    assert (sim.time, other.time) == (10.0, 20.0)
    assert_same(sim.run(10.0), third.run(10.0))


def test_recorded_neurons_may_be_saved_in_any_order(tmp_path):
    sim = fn.Simulation(**everything(neurons=[4, 0, -2]))
    sim.run(1.0)
    sim.save(tmp_path / "sim.npz")
    other = fn.Simulation.load(tmp_path / "sim.npz").run(10.0)
    assert other.neurons.tolist() == [4, 0, N - 2]
    assert np.array_equal(other["V"], sim.run(10.0)["V"])


def test_a_model_of_ones_own_is_given(tmp_path):
    class Own(fn.Model):
        tau: float = 10.0
        states = {"V": -65.0}

        @staticmethod
        def derivative(V, I, p):
            return ((I - V - 65.0) / p.tau,)

    sim = fn.Simulation(Own(tau=5.0), current=3.0)
    sim.run(1.0)
    sim.save(tmp_path / "sim.npz")
    other = fn.Simulation.load(tmp_path / "sim.npz", models=[Own])
    assert np.array_equal(sim.run(1.0).state["V"], other.run(1.0).state["V"])
    del other
    sim.model.__class__.__qualname__ = "Gone"
    with pytest.raises(ValueError, match="which is not there"):
        fn.Simulation.load(tmp_path / "sim.npz")


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "sim.npz"
    sim = fn.Simulation(**everything())
    sim.run(1.0)
    sim.save(path)
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    for at in [*draw.integers(0, len(whole), 60), 5, len(whole) - 5]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])
        try:
            run = fn.Simulation.load(path).run(0.05)  # a byte that nobody reads
            assert np.array_equal(run.state["V"], fn.simulate(**everything(), duration=1.05).state["V"])
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        path.write_bytes(whole[:at])
        with pytest.raises(ValueError, match="not a saved Simulation"):
            fn.Simulation.load(path)


def test_other_sources_may_give_other_bits(tmp_path, monkeypatch):
    path = tmp_path / "sim.npz"
    fn.Simulation(fn.MorrisLecar.hopf()).save(path)
    monkeypatch.setattr(fn._storage.serialization, "SOURCES", "others")
    with pytest.raises(ValueError, match="other sources"):
        fn.Simulation.load(path)


# bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"method": "dop853"}, "method must be one of 'rk4', 'heun', 'staggered' for a Simulation"),
        ({"method": "rk5"}, "method must be one of"),
        ({"dt": -0.1}, "dt must be a positive number"),
        ({"initial": {"X": 1.0}}, "a state in initial for MorrisLecar"),
        ({"current": [1.0, 2.0], "n": 3}, "n must be 2"),
    ],
)
def test_what_is_not_allowed_is_refused_at_once(asked, words):
    with pytest.raises(ValueError, match=words):
        fn.Simulation(fn.MorrisLecar.hopf(), **asked)


@pytest.mark.parametrize("duration", [0.0, -1.0, 0.07, np.nan, 1e18])
def test_a_piece_is_some_steps(duration):
    sim = fn.Simulation(fn.MorrisLecar.hopf())
    with pytest.raises(ValueError, match="duration must be"):
        sim.run(duration)
    assert sim.time == 0.0


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda sim: sim.state.__setitem__("V", [1.0, 2.0]), ValueError, r"state\['V'\] must be a number or one value"),
        (lambda sim: sim.state.__setitem__("V", np.nan), ValueError, r"state\['V'\] must be finite"),
        (lambda sim: sim.state.__setitem__("W", 0.0), ValueError, "a state must be one of 'V', 'N'"),
        (lambda sim: sim.state.__setitem__("V", "high"), TypeError, r"state\['V'\] must be numbers"),
        (lambda sim: setattr(sim, "current", [1.0, 2.0]), ValueError, r"current must be a number or one value"),
        (lambda sim: setattr(sim, "current", np.inf), ValueError, "current must be finite"),
        (lambda sim: sim.parameters.__setitem__("C", -1.0), ValueError, "C must be positive"),
        (lambda sim: sim.parameters.__setitem__("c", 1.0), ValueError, "did you mean 'C'"),
        (lambda sim: sim.parameters.__setitem__("C", [1.0, 2.0]), ValueError, "V3 has 3 values, but C has 2"),
        (lambda sim: sim.parameters.__setitem__("V3", [1.0, 2.0]), ValueError, r"parameters\['V3'\] must be a number"),
        (lambda sim: setattr(sim, "curent", 1.0), AttributeError, "no attribute 'curent'"),
        (lambda sim: setattr(sim, "model", fn.Izhikevich()), TypeError, "model must be a MorrisLecar as before"),
        (lambda sim: sim.weights, TypeError, "weights are those of a network"),
        (lambda sim: sim["cells"], TypeError, "sim.state"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_changes_nothing(change, kind, words):
    sim = fn.Simulation(fn.MorrisLecar.hopf(V3=[1.0, 2.0, 3.0]), current=100.0)
    sim.run(1.0)
    with pytest.raises(kind, match=words):
        change(sim)
    wanted = fn.simulate(fn.MorrisLecar.hopf(V3=[1.0, 2.0, 3.0]), 2.0, current=100.0)
    assert np.array_equal(sim.run(1.0).state["V"], wanted.state["V"])


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda sim: sim.weights.__setitem__(0, [1.0, 2.0]), ValueError, r"weights\[0\] must be a number"),
        (
            lambda sim: sim.weights.__setitem__(0, 1e300),
            ValueError,
            r"weights\[0\] must be finite in float32",
        ),
        (lambda sim: sim.weights.__setitem__(1, 1.0), ValueError, "projection must be a whole number"),
        (lambda sim: sim.current, TypeError, r"sim\['cells'\].current"),
        (lambda sim: sim["cell"], ValueError, "did you mean 'cells'"),
        (lambda sim: setattr(sim["cells"], "curent", 1.0), AttributeError, "no attribute 'curent'"),
    ],
)
def test_what_cannot_be_set_of_a_network(change, kind, words):
    with pytest.raises(kind, match=words):
        change(fn.Simulation(connected(0.01)))


def test_a_simulation_that_has_blown_up_does_not_go_on(tmp_path):
    sim = fn.Simulation(fn.MorrisLecar.hopf(), dt=20.0, current=1e6)
    with pytest.raises(FloatingPointError, match="t = "):
        sim.run(2000.0)
    with pytest.raises(RuntimeError, match="FloatingPointError"):
        sim.run(20.0)
    with pytest.raises(RuntimeError, match="FloatingPointError"):
        sim.save(tmp_path / "sim.npz")
    with pytest.raises(RuntimeError, match="FloatingPointError"):
        copy.copy(sim).run(20.0)


def test_a_simulation_is_at_work_in_one_thread(monkeypatch):
    """Two at once let some neurons take more steps than others."""
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0)
    advance = type(sim._work).advance

    def meanwhile(work, steps):
        with ThreadPoolExecutor(1) as other, pytest.raises(RuntimeError, match="at work in another thread"):
            other.submit(sim.run, 5.0).result()
        return advance(work, steps)

    monkeypatch.setattr(type(sim._work), "advance", meanwhile)
    assert sim.run(5.0).end == 5.0
    monkeypatch.undo()
    assert sim.run(5.0).end == 10.0


def test_a_reset_above_the_threshold_cannot_be_set():
    sim = fn.Simulation(fn.LeakyIntegrateAndFire(), current=30.0)
    sim.run(5.0)
    with pytest.raises(ValueError, match="reset must not put V above the threshold"):
        sim.parameters["V_reset"] = -40.0
    assert np.array_equal(
        sim.run(5.0).state["V"], fn.simulate(fn.LeakyIntegrateAndFire(), 10.0, current=30.0).state["V"]
    )


def test_a_piece_that_cannot_fit_is_refused(monkeypatch):
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0, record="V")
    monkeypatch.setattr(fn._engine.resources, "memory_left", lambda: 1e7)
    with pytest.raises(MemoryError, match="the run needs"):
        sim.run(1e6)
    monkeypatch.undo()
    assert sim.run(5.0).end == 5.0
