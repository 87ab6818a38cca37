"""Spikes of several states of a neuron: each is found as if it were watched alone."""

import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from catalogue import METHODS, rest_slow

import fastneuron as fn

HOPF = fn.MorrisLecar.hopf()
BOTH = {"V": -10.0, "N": 0.3}
SIX = {"current": np.linspace(80.0, 130.0, 6)}


def spikes_of(run, state):
    """Those of one state, as columns."""
    mine = run.spikes[state]
    return mine.neuron.tolist(), mine.time.tolist()


def is_in_order(spikes):
    """Whether they are by neuron, then time, then state."""
    order = np.lexsort((spikes.state, spikes.time, spikes.neuron))
    return order.tolist() == list(range(spikes.size))


# what counts is decided by code that all methods with a fixed step share, and both adaptive ones
@pytest.mark.parametrize(
    ("method", "choosy"),
    rest_slow([("rk4", False), ("rk4", True), ("dop853", True), *((one.name, False) for one in METHODS[1:])]),
)
def test_watching_both_is_watching_each(method, choosy):
    """To the bit, whatever else counts: several a neuron, in the order of time."""
    counting = {"refractory": {"N": 100.0}, "rearm": {"V": -20.0}} if choosy else {}

    def run(threshold):
        own = {name: {state: x for state, x in given.items() if state in threshold} for name, given in counting.items()}
        return fn.simulate(HOPF, 500.0, method=method, threshold=threshold, **SIX, **own)

    both = run(BOTH)
    assert both.spikes.states == ("V", "N")
    assert is_in_order(both.spikes)
    for state, level in BOTH.items():
        alone = run({state: level})
        assert alone.spike_count.sum() > 5
        assert spikes_of(both, state) == (alone.spikes.neuron.tolist(), alone.spikes.time.tolist())
        assert both.spike_counts[state].tolist() == alone.spike_count.tolist()
        assert both.of(state).rate.tolist() == alone.rate.tolist()
        assert both.of(state).threshold == level
    assert both.spike_count.tolist() == [times.size for times in both.spikes]
    if not choosy:
        plain = fn.simulate(HOPF, 500.0, method=method, threshold=BOTH["V"], **SIX)
        assert plain.spikes.time.tolist() == both.spikes["V"].time.tolist()


class Turning(fn.Model):
    """Two that turn in step, both of them V: sin t and cos t, and both as the clock would have them."""

    turn: float = 1.0
    states = {"V": 0.0, "W": 0.0, "C": 1.0}
    spiking = ("V", "W")
    threshold = 0.5

    @staticmethod
    def derivative(V, W, C, I, p):
        return p.turn * C, p.turn * C, -p.turn * V


@pytest.mark.slow
@pytest.mark.parametrize("method", rest_slow([method.name for method in METHODS if method.name != "staggered"]))
def test_a_model_says_which_of_its_states_spike(method):
    """At the same time: in the order of the states; their times are known."""
    run = fn.simulate(Turning(turn=[1.0, 1.5]), 20.0, dt=0.01, method=method)
    assert run.threshold == {"V": 0.5, "W": 0.5}
    rises = [(np.arcsin(0.5) + 2 * np.pi * np.arange(9)) / turn for turn in (1.0, 1.5)]
    late = 7e-4 if method == "heun" else 1e-5  # ms: heun's phase is off by (turn dt)**2 t / 6
    for times, rise in zip(run.spikes, rises, strict=True):
        exact = np.repeat(rise[rise < 20.0], 2)
        np.testing.assert_allclose(times, exact, rtol=0, atol=late)
    assert run.spikes.state.tolist() == [0, 1] * (run.spikes.size // 2)
    assert is_in_order(run.spikes)
    two = Turning(turn=[1.0, 1.5])
    assert fn.simulate(two, 1.0, dt=0.01, method=method, threshold=0.9).threshold == {"V": 0.9, "W": 0.9}
    one = fn.simulate(two, 20.0, dt=0.01, method=method, threshold={"C": 0.9})
    np.testing.assert_allclose(one.spikes[0], 2 * np.pi * np.arange(1, 4) - np.arccos(0.9), rtol=0, atol=late)


def test_a_threshold_of_the_voltage_is_the_number():
    run = fn.simulate(HOPF, 200.0, threshold={"V": -10.0}, refractory={"V": 1.0}, rearm={"V": -30.0}, **SIX)
    plain = fn.simulate(HOPF, 200.0, threshold=-10.0, refractory=1.0, rearm=-30.0, **SIX)
    assert run.threshold == plain.threshold
    assert run.spikes.time.tolist() == plain.spikes.time.tolist()
    assert run.spikes["V"] is run.spikes
    assert run.of("V").spike_count.tolist() == run.spike_count.tolist() == run.spike_counts["V"].tolist()


def test_chunks_threads_and_pieces_change_nothing():
    many = {"threshold": BOTH, "current": np.linspace(80.0, 130.0, 200)}
    run = fn.simulate(HOPF, 200.0, threads=1, **many)
    other = fn.simulate(HOPF, 200.0, threads=2, **many)
    sim = fn.Simulation(HOPF, **many)
    pieces = [sim.run(50.0) for _ in range(4)]
    for state in BOTH:
        assert spikes_of(run, state) == spikes_of(other, state)
        assert sum(piece.spike_counts[state] for piece in pieces).tolist() == run.spike_counts[state].tolist()
        for i, times in enumerate(run.spikes[state]):
            assert times.tolist() == np.concatenate([piece.spikes[state][i] for piece in pieces]).tolist()


def test_summaries_say_whose_spikes():
    names = [f"{state}.{what}" for state in BOTH for what in ("spike.first", "isi.mean", "isi.cv")]
    rates = [f"population.{state}.rate" for state in BOTH]
    binned = {"bin_width": 100.0, "after": 50.0, **SIX}
    run = fn.simulate(HOPF, 500.0, threshold=BOTH, summary=[*names, *rates, "V.mean"], **binned)
    for state, level in BOTH.items():
        alone = fn.simulate(
            HOPF,
            500.0,
            threshold={state: level},
            summary=["spike.first", "isi.mean", "isi.cv", "population.rate"],
            **binned,
        )
        for what in ("spike.first", "isi.mean", "isi.cv"):
            np.testing.assert_array_equal(run.summary[f"{state}.{what}"], alone.summary[what])
        np.testing.assert_array_equal(run.summary[f"population.{state}.rate"], alone.summary["population.rate"])
    units = {name: unit for name, _, _, unit in run.columns()}
    assert units["V.isi.mean"] == "ms"
    assert units["population.N.rate"] == "Hz"
    assert units["N.isi.cv"] == ""
    with pytest.raises(ValueError, match=r"did you mean '.\.isi.mean'"):
        fn.simulate(HOPF, 10.0, threshold=BOTH, summary="isi.mean")


def test_a_sweep_of_each():
    found = fn.sweep(
        HOPF, 500.0, {"current": [100.0, 120.0]}, ["N.rate", "V.spike_count", "N.isi.mean", "rate"], threshold=BOTH
    )
    run = fn.simulate(HOPF, 500.0, current=[100.0, 120.0], threshold=BOTH)
    assert found["N.rate"].values.tolist() == run.of("N").rate.tolist()
    assert found["V.spike_count"].values.tolist() == run.spike_counts["V"].tolist()
    assert found["rate"].values.tolist() == run.rate.tolist()
    assert found["N.rate"].attrs["units"] == "Hz"


def test_only_counted():
    run = fn.simulate(HOPF, 500.0, threshold=BOTH, spike_times=False, **SIX)
    with pytest.raises(ValueError, match="not kept"):
        run.spikes["N"].time  # noqa: B018
    assert run.of("N").spike_count.tolist() == run.spike_counts["N"].tolist()


def test_each_state_that_hovers_is_warned_of():
    with pytest.warns(UserWarning, match=r"above the threshold from the begin to the end.*threshold = -0.5"):
        fn.simulate(HOPF, 20.0, threshold={"V": -10.0, "N": -0.5}, **SIX)


@pytest.mark.parametrize(
    ("model", "given", "exception", "words"),
    [
        (HOPF, {"threshold": {}}, ValueError, ["threshold must map states to mV, as in {'V': 0.0}", "{}"]),
        (HOPF, {"threshold": {"v": 0.0}}, ValueError, ["a state in threshold for MorrisLecar", "did you mean 'V'?"]),
        (HOPF, {"threshold": {"V": np.nan}}, ValueError, ["threshold must be a finite number of mV", "nan"]),
        (HOPF, {"threshold": {"N": "low"}}, TypeError, ["threshold['N']", "'low'"]),
        (HOPF, {"threshold": BOTH, "rearm": {"M": 0.0}}, ValueError, ["a state in rearm", "'V', 'N'", "'M'"]),
        (HOPF, {"threshold": BOTH, "rearm": {"N": 0.4}}, ValueError, ["rearm['N']", "at most threshold = 0.3", "0.4"]),
        (HOPF, {"threshold": BOTH, "rearm": 0.0}, ValueError, ["rearm", "at most threshold = -10", "0.0"]),
        (HOPF, {"threshold": BOTH, "refractory": {"V": -1.0}}, ValueError, ["refractory['V']", "0 or more", "-1.0"]),
        (HOPF, {"refractory": {"N": 1.0}}, ValueError, ["a state in refractory", "'V'", "'N'"]),
        (fn.AdaptiveExponential(), {"threshold": {"w": 0.0}}, ValueError, ["'V' alone", "reset"]),
    ],
)  # fmt: skip
def test_not_allowed(model, given, exception, words):
    for make in (lambda: fn.simulate(model, 1.0, **given), lambda: fn.Population(model, 1, **given)):
        with pytest.raises(exception) as error:
            make()
        assert all(word in str(error.value) for word in words), error.value


def test_classes_that_make_no_sense():
    with pytest.raises(ValueError, match=r"a state in Wrong.spiking must be one of 'V', 'W', 'C'; got 'X'"):
        type("Wrong", (Turning,), {"spiking": ("X",)})()
    with pytest.raises(TypeError, match=r"Wrong.spiking must be left out of a model whose threshold is a parameter"):
        type("Wrong", (Turning,), {"threshold": "turn"})()
    with pytest.raises(TypeError, match=r"Wrong.spiking must be left out of a model whose reset follows a spike"):
        type("Wrong", (fn.AdaptiveExponential,), {"spiking": ("V", "w"), "threshold": 0.0})()


def test_columns_for_others():
    """As xarray and neo have it."""
    run = fn.simulate(HOPF, 200.0, threshold=BOTH, **SIX)
    found = run.to_xarray()
    assert found.spike_state.values.tolist() == run.spikes.state.tolist()
    assert found.spike_state.attrs == {"flag_values": [0, 1], "flag_meanings": "V N"}
    assert found["spike_count.N"].values.tolist() == run.spike_counts["N"].tolist()
    trains = run.to_neo().spiketrains
    assert [(train.annotations["state"], train.annotations["neuron"], len(train)) for train in trains] == [
        (state, i, times.size) for state in BOTH for i, times in enumerate(run.spikes[state])
    ]
    plain = fn.simulate(HOPF, 200.0, **SIX).to_xarray()
    assert not {"spike_state", "spike_count.V"} & {*plain}


def test_units_are_converted():
    quantities = pytest.importorskip("quantities")
    given = {"threshold": {"V": -0.01 * quantities.V, "N": 0.3}, "refractory": {"V": 1e-3 * quantities.s}}
    run = fn.simulate(HOPF, 200.0, **given, **SIX)
    assert run.threshold == BOTH


def test_a_run_with_the_spikes_of_one_is_a_run():
    run = fn.simulate(HOPF, 200.0, threshold=BOTH, record="V", **SIX)
    one = run.of("N")
    names = [field.name for field in dataclasses.fields(one)]
    others = {name for name in names if getattr(one, name) is not getattr(run, name)}
    assert others == {"spikes", "spike_count", "spike_counts", "threshold"}
    assert one.of("N").spikes is one.spikes
    assert pickle.loads(pickle.dumps(one)).spikes.time.tolist() == one.spikes.time.tolist()
    with pytest.raises(ValueError, match=r"a state that spikes must be one of 'V', 'N'; got 'M'"):
        run.of("M")


def same(run, other):
    """Whether two runs have the same spikes, of all states."""
    assert run.spikes.states == other.spikes.states
    for name in ("neuron", "time", "state"):
        np.testing.assert_array_equal(getattr(run.spikes, name), getattr(other.spikes, name))
    for state in run.spikes.states:
        assert run.spike_counts[state].tolist() == other.spike_counts[state].tolist()
    assert run.spike_count.tolist() == other.spike_count.tolist()


@pytest.mark.parametrize("method", rest_slow(["rk4", "dop853"]))
def test_a_store_has_the_same(tmp_path, monkeypatch, method):
    """In shards, cut short and gone on with, made longer; as xarray opens it."""
    given = {"current": np.linspace(80.0, 130.0, 20), "threshold": BOTH, "refractory": {"N": 100.0}, "method": method}
    given |= {"summary": ["N.isi.mean", "population.V.rate"]}
    place = {"out": tmp_path / "run", "checkpoint_interval": 20.0}
    whole = fn.simulate(HOPF, 200.0, **given)
    with ThreadPoolExecutor(2) as executor:
        same(fn.simulate(HOPF, 200.0, **given, **place, executor=executor, shards=3), whole)
    same(fn.open(tmp_path / "run"), whole)
    xarray = pytest.importorskip("xarray")
    found, memory = xarray.open_zarr(tmp_path / "run"), whole.to_xarray()
    for name in ("spike_count", "spike_count.V", "spike_count.N", "N.isi.mean", "population.V.rate"):
        np.testing.assert_array_equal(found[name].values, memory[name].values)
    assert found.spike_state.attrs == memory.spike_state.attrs
    assert found.spike_state.dtype == memory.spike_state.dtype
    longer = fn.resume(tmp_path / "run", duration=300.0)
    assert longer.threshold == BOTH
    same(longer, fn.simulate(HOPF, 300.0, **given))
    np.testing.assert_array_equal(longer.summary["N.isi.mean"], fn.simulate(HOPF, 300.0, **given).summary["N.isi.mean"])
    cut_short(monkeypatch, lambda: fn.simulate(HOPF, 200.0, **given, **place, overwrite=True, threads=1))
    part = fn.open(tmp_path / "run")
    assert part.spike_count.tolist() == [times.size for times in part.spikes]
    assert 0 < part.spikes.size < whole.spikes.size
    same(fn.resume(tmp_path / "run"), whole)


def cut_short(monkeypatch, call):
    """A run that writes to a store, killed after some checkpoints."""
    from fastneuron._storage.store import Store

    write, left = Store.write, [7]

    def mortal(self, *arguments):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        write(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", mortal)
        with pytest.raises(KeyboardInterrupt):
            call()


def test_the_format_of_a_store_is_new_where_something_is(tmp_path):
    from fastneuron._storage import about

    for k, (threshold, wanted) in enumerate([(None, 4), ({"V": 0.0}, 4), (BOTH, 5), ({"N": 0.3}, 5)]):
        run = fn.simulate(HOPF, 100.0, threshold=threshold, out=tmp_path / str(k), **SIX)
        assert about.read(tmp_path / str(k))["format"] == wanted
        arrays = {path.name for path in (tmp_path / str(k)).iterdir()}
        assert ("spike_state" in arrays) == (threshold is BOTH)
        same(run, fn.simulate(HOPF, 100.0, threshold=threshold, **SIX))


def test_a_saved_simulation_goes_on(tmp_path):
    sim = fn.Simulation(HOPF, threshold=BOTH, rearm={"V": -20.0}, **SIX)
    sim.run(50.0)
    sim.save(tmp_path / "sim.npz")
    same(fn.Simulation.load(tmp_path / "sim.npz").run(100.0), sim.run(100.0))


def test_workers_have_shards():
    given = {"current": np.linspace(80.0, 130.0, 20), "threshold": BOTH}
    with ThreadPoolExecutor(2) as executor:
        same(fn.simulate(HOPF, 200.0, executor=executor, shards=3, **given), fn.simulate(HOPF, 200.0, **given))


def test_a_damaged_count_is_found(tmp_path):
    """That of all is not that of the states."""
    import shutil

    fn.simulate(HOPF, 100.0, threshold=BOTH, out=tmp_path / "run", **SIX)
    shutil.rmtree(tmp_path / "run" / "spike_count" / "c")
    shutil.copytree(tmp_path / "run" / "spike_count.V" / "c", tmp_path / "run" / "spike_count" / "c")
    with pytest.raises(ValueError, match="not the sum of those of the states"):
        fn.open(tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize("method", rest_slow(["rk4", "dop853"]))
def test_the_reference_watches_the_same(method):
    """By SciPy's events; a state that stays above its threshold at the end, too."""
    shaken = 100.0 + fn.Sine([500.0, 700.0], 480.0)  # V crosses -10 mV several times on the way up and down
    given = {"current": shaken, "threshold": {"V": -10.0, "N": 0.2}}
    for counting in ({}, {"rearm": {"V": -30.0}, "refractory": {"N": 100.0}}):
        exact = fn.reference.simulate(HOPF, 200.0, **given, **counting)
        run = fn.simulate(HOPF, 200.0, dt=0.0125, method=method, **given, **counting)
        assert exact.spikes.states == run.spikes.states
        assert run.spike_count.tolist() == exact.spike_count.tolist()
        assert run.spikes.state.tolist() == exact.spikes.state.tolist()
        np.testing.assert_allclose(run.spikes.time, exact.spikes.time, rtol=0, atol=1e-4 if method == "rk4" else 1e-2)
        for state in given["threshold"]:
            assert exact.spikes[state].neuron.tolist() == run.spikes[state].neuron.tolist()
