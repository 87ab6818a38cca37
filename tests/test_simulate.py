"""What `simulate` means: sizes, samples, spikes, and the corners."""

import numpy as np
import pytest
from catalogue import CASES

import fastneuron as fn

HOPF = fn.MorrisLecar.hopf
both = pytest.mark.parametrize("simulate", [fn.simulate, fn.reference.simulate], ids=["fast", "reference"])
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@both
@pytest.mark.parametrize(
    ("arguments", "n"),
    [
        ({}, 1),
        ({"current": 100.0}, 1),
        ({"current": [100.0]}, 1),
        ({"current": np.zeros(7)}, 7),
        ({"model": HOPF(V3=np.zeros(7))}, 7),
        ({"model": HOPF(V3=np.zeros(7)), "current": [1.0], "initial": {"V": np.zeros(7), "N": 0.5}}, 7),
        ({"initial": {"N": np.full(3, 0.5)}}, 3),
        ({"initial": {}}, 1),
    ],
)
def test_sizes_broadcast(simulate, arguments, n):
    run = simulate(**{"model": HOPF(), "duration": 1.0, "record": ("N", "V")} | arguments)
    assert run.n == n
    assert run.spike_count.shape == run.rate.shape == (n,)
    assert run.spike_count.dtype == run.spikes.neuron.dtype == np.int64
    assert list(run.state) == ["V", "N"]
    assert run.state["V"].shape == (n,)
    assert run["V"].shape == run["N"].shape == (n, 21)
    assert list(run.traces) == ["N", "V"]


@both
def test_initial_state(simulate):
    """V = -60 mV, and N at its steady state for the initial V, where nothing else is given."""
    model = HOPF(V3=[0.0, 2.0, 4.0])
    run = simulate(model, duration=0.0)
    np.testing.assert_array_equal(run.state["V"], -60.0)
    np.testing.assert_allclose(run.state["N"], (1 + np.tanh((-60 - model.V3) / 30)) / 2, rtol=1e-14)
    run = simulate(model, duration=0.0, initial={"V": -20.0})
    np.testing.assert_allclose(run.state["N"], (1 + np.tanh((-20 - model.V3) / 30)) / 2, rtol=1e-14)
    run = simulate(model, duration=0.0, initial={"N": [0.1, 0.2, 0.3]})
    np.testing.assert_array_equal(run.state["V"], -60.0)
    np.testing.assert_array_equal(run.state["N"], [0.1, 0.2, 0.3])


@cases
def test_initial_state_is_that_of_the_reference(case):
    for initial in ({}, case.population(5)["initial"]):
        arguments = case.population(5) | {"initial": initial}
        one, other = fn.simulate(duration=0.0, **arguments), fn.reference.simulate(duration=0.0, **arguments)
        for name in case.states:
            # 1 + tanh loses digits where a gate is nearly shut
            np.testing.assert_allclose(one.state[name], other.state[name], rtol=1e-14, atol=2e-16)


@both
def test_no_time_at_all(simulate):
    run = simulate(HOPF(), duration=0.0, record="V", initial={"V": 5.0}, current=np.zeros(3))
    np.testing.assert_array_equal(run["V"], [[5.0]] * 3)
    np.testing.assert_array_equal(run.time, [0.0])
    np.testing.assert_array_equal(run.state["V"], [5.0] * 3)
    np.testing.assert_array_equal(run.rate, [0.0] * 3)
    assert run.spikes.time.size == 0


@both
@pytest.mark.parametrize(("every", "samples"), [(1, 41), (3, 14), (40, 2), (41, 1), (10**30, 1)])
def test_samples(simulate, every, samples):
    run = simulate(HOPF(), duration=2.0, record="V", every=every, current=50.0)
    assert run["V"].shape == (1, samples)
    np.testing.assert_array_equal(run.time, np.arange(41)[:: min(every, 41)] * 0.05)
    assert run["V"][0, 0] == -60.0
    if every in (1, 40):
        assert run["V"][0, -1] == run.state["V"][0]


@both
@pytest.mark.parametrize(
    "neurons",
    [None, 3, -1, [0], [9, 0, -3], range(2), slice(8, 2, -2), range(0), np.arange(10) % 3 == 0, np.uint8(7)],
    ids=str,
)
def test_neurons_recorded(simulate, neurons):
    model = HOPF(V3=np.linspace(0, 4, 10))
    whole = simulate(model, duration=1.0, record=("V", "N"), current=50.0)
    some = simulate(model, duration=1.0, record=("V", "N"), current=50.0, neurons=neurons)
    wanted = np.arange(10) if neurons is None else np.atleast_1d(np.arange(10)[neurons])
    np.testing.assert_array_equal(some.neurons, wanted)
    for name in ("V", "N"):
        np.testing.assert_array_equal(some[name], whole[name][wanted])


def test_nothing_recorded():
    run = fn.simulate(HOPF(), duration=1.0)
    assert run.time.size == run.neurons.size == len(run.traces) == 0


@both
def test_spikes_are_ordered(simulate):
    run = simulate(HOPF(), duration=175.0, current=[100.0, 0.0, 120.0])
    np.testing.assert_array_equal(run.spike_count, [2, 0, 3])
    np.testing.assert_array_equal(run.spikes.neuron, [0, 0, 2, 2, 2])
    assert (np.diff(run.spikes.time)[[0, 2, 3]] > 0).all()
    np.testing.assert_allclose(run.rate, run.spike_count / 0.175)


def test_spikes_of_one_neuron():
    spikes = fn.simulate(HOPF(), duration=175.0, current=[100.0, 0.0, 120.0]).spikes
    assert [spikes[i].size for i in range(3)] == [2, 0, 3]
    assert spikes.size == 5
    np.testing.assert_array_equal(spikes[2], spikes.time[2:])


def test_spikes_are_a_sequence_of_neurons():
    """It ends: an iteration over it never did, and neurons that are not there were silent."""
    spikes = fn.simulate(HOPF(), duration=175.0, current=[100.0, 0.0, 120.0]).spikes
    assert len(spikes) == 3
    assert [train.size for train in spikes] == [2, 0, 3]
    assert [np.diff(train).size for train in spikes] == [1, 0, 2]
    np.testing.assert_array_equal(spikes[-1], spikes[2])
    np.testing.assert_array_equal(spikes[np.int64(-3)], spikes[0])
    assert [train.size for train in spikes[1:]] == [0, 3]
    assert [train.size for train in spikes[::-1]] == [3, 0, 2]
    assert [train.size for train in spikes[[2, 0]]] == [3, 2]
    assert [train.size for train in spikes[np.array([False, True, True])]] == [0, 3]
    for index in (3, -4):
        with pytest.raises(IndexError, match=f"neuron must be from -3 to 2; got {index}"):
            spikes[index]
    with pytest.raises(TypeError, match="neuron indices"):
        spikes[0.5]
    array = np.asarray(spikes)
    assert array.shape == (3,)
    assert [train.size for train in array] == [2, 0, 3]
    with pytest.raises(TypeError, match=r"run\.spikes\.time"):
        np.asarray(spikes, float)


def test_a_run_knows_how_it_was_made():
    current, noise = fn.Step(30.0, start=2.0), fn.WhiteNoise(1.0)
    run = fn.simulate(HOPF(), 5.0, current=current, noise=noise, seed=3, method="heun", threshold=-10.0)
    assert (run.current, run.noise, run.seed, run.method, run.threshold) == (current, noise, 3, "heun", -10.0)
    assert [len(train) for train in run.spike_trains] == [run.spike_count[0]]


def test_a_current_is_evaluated():
    assert fn.Step(30.0, start=2.0, stop=3.0)([1.0, 2.0, 2.5, 3.0]).tolist() == [0.0, 30.0, 30.0, 0.0]
    assert fn.Step([1.0, 2.0])(5.0).tolist() == [1.0, 2.0]
    total = 10.0 + fn.Ramp(0.0, 4.0, 0.0, 8.0) + fn.Samples([[1.0, 3.0], [2.0, 2.0]], 10.0)
    np.testing.assert_allclose(total([0.0, 2.0, 5.0]), [[11.0, 12.4, 14.5], [12.0, 13.0, 14.5]])
    assert fn.Pulses(1.0, 10.0, 2.0)([0.0, 1.9, 2.0, 10.0]).tolist() == [1.0, 1.0, 0.0, 1.0]
    np.testing.assert_allclose(fn.Sine(2.0, 250.0)([0.0, 1.0, 3.0]), [0.0, 2.0, -2.0], atol=1e-12)


@both
def test_a_start_at_or_above_the_threshold_is_no_spike(simulate):
    for V in (0.0, 10.0):
        run = simulate(HOPF(), duration=20.0, current=300.0, initial={"V": V, "N": 0.0}, record="V")
        assert run["V"].max() > V  # it does rise
        assert run.spikes.time.size == 0


def test_a_step_that_ends_on_the_threshold_is_one_spike():
    """At the end of that step, and not again in the next one."""
    exact = fn.simulate(HOPF(), duration=30.0, current=100.0, record="V")
    k = int(np.argmax(exact["V"][0] > -5.0))
    threshold = float(exact["V"][0, k])
    run = fn.simulate(HOPF(), duration=30.0, current=100.0, threshold=threshold)
    np.testing.assert_allclose(run.spikes.time, [exact.time[k]], rtol=1e-15)
    for duration, spikes in ((exact.time[k - 1], 0), (exact.time[k], 1)):
        assert fn.simulate(HOPF(), duration, current=100.0, threshold=threshold).spike_count == spikes
    # a run that starts there has had that spike already
    start = {"V": exact["V"][0, k], "N": 0.1}
    assert fn.simulate(HOPF(), 1.0, current=100.0, threshold=threshold, initial=start).spike_count == 0


@pytest.mark.parametrize("threshold", [-40.0, -20.0, 10.0, 25.0])
def test_any_threshold(threshold):
    arguments = {"duration": 300.0, "current": [95.0, 120.0], "threshold": threshold}
    fast, exact = fn.simulate(HOPF(), **arguments), fn.reference.simulate(HOPF(), **arguments)
    assert exact.spikes.time.size >= 4
    np.testing.assert_array_equal(fast.spikes.neuron, exact.spikes.neuron)
    np.testing.assert_allclose(fast.spikes.time, exact.spikes.time, atol=1e-6)


def test_a_spike_lies_inside_its_step():
    case = CASES[0]
    run = fn.simulate(duration=60.0, record="V", **case.population(200))
    assert run.spikes.size > 100
    step = np.floor(run.spikes.time / 0.05).astype(int)
    for neuron, k in zip(run.spikes.neuron, step, strict=True):
        assert run["V"][neuron, k] < 0.0 <= run["V"][neuron, k + 1]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(20.0)[::2],
        np.arange(10.0)[::-1],
        np.arange(10),
        np.arange(10, dtype=np.float32),
        np.arange(10, dtype=np.uint8),
        np.arange(10, dtype=">f8"),
        np.broadcast_to(2.0, 10),
        np.arange(20.0).reshape(10, 2)[:, 1],
        list(range(10)),
        range(10),
    ],
    ids=lambda array: getattr(array, "dtype", type(array).__name__),
)
def test_any_kind_of_array(array):
    plain = np.array(array, np.float64)
    wanted = fn.simulate(HOPF(V3=plain), 5.0, current=plain, initial={"V": plain})
    if isinstance(array, np.ndarray):
        array.flags.writeable = False
    given = fn.simulate(HOPF(V3=array), 5.0, current=array, initial={"V": array})
    assert given.state["V"].tobytes() == wanted.state["V"].tobytes()


def test_a_long_duration_is_counted_in_steps():
    """0.1 * 3 is not 0.3, and 1000 ms are 20,000 steps of 0.05."""
    assert fn.simulate(HOPF(), duration=0.1 * 3, dt=0.1, record="V").time.size == 4
    assert fn.simulate(HOPF(), duration=1000.0, dt=0.05, record="V").time.size == 20_001
    assert fn.simulate(HOPF(), duration=5e-324 * 3, dt=5e-324, record="V").time.size == 4


def test_results_are_the_callers_own():
    first = fn.simulate(HOPF(), duration=5.0, record="V", initial={"V": [1.0, 2.0]})
    kept = first["V"].copy(), first.state["V"].copy()
    again = fn.simulate(HOPF(), duration=5.0, record="V", initial=first.state)
    again.state["V"][:] = again["V"][:] = 0.0
    np.testing.assert_array_equal(first["V"], kept[0])
    np.testing.assert_array_equal(first.state["V"], kept[1])


def test_what_a_run_says_of_itself():
    run = fn.simulate(HOPF(), duration=100.0, current=[100.0, 0.0], record="V", neurons=[1])
    assert repr(run) == "<Run of 2 MorrisLecar neurons for 100 ms: 1 spikes, recorded V of 1>"
    assert repr(run.spikes) == "<1 spikes of 2 neurons>"
    assert (run.duration, run.dt) == (100.0, 0.05)


def test_a_run_tells_what_it_recorded():
    """Iteration asked for state 0, and a comparison for the truth of arrays."""
    run, again = (fn.simulate(fn.MorrisLecar.hopf(), 5.0, record=("V", "I")) for _ in range(2))
    assert list(run) == ["V", "I"]
    assert "N" not in run
    assert run in [again, run]
    assert run != again


def test_a_steady_rate_is_of_a_time_within_the_run():
    """Of a piece that begins at 200 ms it counted from 0 ms on, and was half of what it is."""
    sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0)
    sim.run(200.0)
    piece = sim.run(200.0)
    assert piece.steady_rate(200.0) == piece.steady_rate(after=piece.begin) > 0.0
    for after in (0.0, 400.5):
        with pytest.raises(ValueError, match="after must be a number of ms, from 200 to 400"):
            piece.steady_rate(after)
