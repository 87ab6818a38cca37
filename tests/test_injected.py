"""``record="I"``: the current that is injected, sampled as states are."""

import numpy as np
import pytest
import xarray

import fastneuron as fn
from fastneuron import plot
from tests.catalogue import rest_slow

MODEL = fn.MorrisLecar.hopf()
EACH = fn.Step(np.linspace(10.0, 40.0, 20), start=5.0, stop=12.03)
CURRENTS = {
    "number": fn.Samples([70.0], 1.0) * 0.5,
    "step": 80.0 + EACH,
    "samples": fn.Samples(np.arange(60.0).reshape(20, 3), 7.0),
    "sine": fn.Sine(20.0, 50.0) + np.linspace(0.0, 1.0, 20),
}


def simulated(current, **named):
    return fn.simulate(MODEL, 20.0, current=current, record=("I", "V"), every=3, n=20, **named)


@pytest.mark.parametrize("current", rest_slow(CURRENTS.values()), ids=CURRENTS)
def test_it_is_the_current_at_the_time_of_each_sample(current):
    run = simulated(current)
    exact = np.broadcast_to(current(run.time), (20, run.time.size))
    np.testing.assert_allclose(run["I"], exact, rtol=0, atol=1e-14 * ("Sine" in repr(current)))  # Python's fma rounds
    assert np.array_equal(run["V"], fn.simulate(MODEL, 20.0, current=current, record="V", every=3, n=20)["V"])


@pytest.mark.parametrize("method", rest_slow(["heun", "dop853"]))
def test_whatever_the_method_the_noise_and_the_neurons(method):
    noise = {"noise": fn.WhiteNoise(5.0), "seed": 3} if method == "heun" else {}
    current = np.linspace(80.0, 90.0, 20) if method == "heun" else 80.0 + EACH  # with fewer kernels
    run = simulated(current, method=method, neurons=[17, 2], **noise)
    exact = run.current(run.time)
    assert np.array_equal(run["I"], exact[[17, 2]])
    alone = fn.simulate(MODEL, 20.0, current=current, method=method, record="I", every=3, **noise)
    assert list(alone.traces) == ["I"]
    assert np.array_equal(alone["I"], exact)
    assert np.array_equal(alone.state["V"], simulated(current, method=method, **noise).state["V"])


@pytest.mark.slow
def test_it_has_the_precision_of_the_states_and_the_unit_of_the_model():
    run = simulated(np.linspace(80.0, 90.0, 20), dtype=np.float32)
    assert run["I"].dtype == np.float32
    assert np.array_equal(run["I"][:, 5], np.linspace(80.0, 90.0, 20).astype(np.float32))
    assert run.units["I"] == run.to_xarray().I.units == "uA/cm^2"
    assert fn.simulate(fn.FitzHughNagumo(), 1.0, record="I").units["I"] == "1"
    assert plot.traces(run, "I", neurons=[3]).get_ylabel() == "I (µA/cm²)"


@pytest.mark.parametrize("method", ["rk4", "tsit5"])
def test_in_a_store_in_shards_and_for_longer(tmp_path, method):
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "run.zarr"
    with ThreadPoolExecutor(2) as executor:
        simulated(80.0 + EACH, method=method, out=path, checkpoint_interval=4.0, executor=executor, shards=3)
        run = fn.resume(path, duration=30.0)
    whole = fn.simulate(MODEL, 30.0, current=80.0 + EACH, method=method, record=("V", "I"), every=3)
    for name in ("V", "I"):
        assert np.array_equal(run[name][...], whole[name])
        with xarray.open_zarr(path) as found:
            assert np.array_equal(found[name], whole[name])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["rk4", "dop853"])
def test_in_a_network_it_is_what_is_given(tmp_path, method):
    a = fn.Population(MODEL, 20, {"syn": fn.Exponential(5.0, 0.0)}, current=np.linspace(80.0, 90.0, 20))
    net = fn.Network({"a": a}, [fn.Projection(a, a, "syn", fn.AllToAll(), 0.1, 1.0)])
    given = {"duration": 20.0, "method": method, "record": ("I", "V"), "every": 3}
    run = fn.simulate(net, **given)
    assert np.array_equal(run["a"]["I"], a.current(run["a"].time))
    stored = fn.simulate(net, **given, out=tmp_path / "net.zarr", checkpoint_interval=3.3)
    for what in ("I", "V"):
        assert np.array_equal(stored["a"][what][...], run["a"][what])
    with pytest.raises(ValueError, match="record"):
        fn.simulate(net, 1.0, record="J")


def test_a_state_of_that_name_comes_first():
    class Own(fn.Model):
        states = {"V": -60.0, "I": 1.0}

        @staticmethod
        def derivative(V, own, I, p):
            return I - V, -own

    run = fn.simulate(Own(), 1.0, current=5.0, record="I")
    assert run["I"][0, 0] == 1.0
    assert run.state["I"] == run["I"][:, -1]


def test_a_summary_of_it_is_refused():
    with pytest.raises(ValueError, match=r"I\.mean"):
        fn.simulate(MODEL, 1.0, summary="I.mean")


def test_in_pieces_whatever_is_set_between_them():
    sim = fn.Simulation(MODEL, current=np.linspace(80.0, 90.0, 20), record=("I", "V"), every=3)
    first = sim.run(0.5)
    sim.current = 70.0
    second = sim.run(1.0)
    assert np.array_equal(first["I"][:, -1], np.linspace(80.0, 90.0, 20))
    assert second["I"].shape == second["V"].shape == (20, second.time.size)
    assert np.all(second["I"] == 70.0)
