"""Calls that differ in numbers alone: what is kept of one serves the next, and never shows."""

import threading
import warnings

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import alike

SCALE = 1.0
LEAST = 1e-3


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(alike, "_kept", {})


def same(a, b):
    for name in a.state:
        np.testing.assert_array_equal(a.state[name], b.state[name])
        if name in a.traces:
            np.testing.assert_array_equal(a[name], b[name])
    np.testing.assert_array_equal(a.spike_count, b.spike_count)
    if a.spike_times:
        np.testing.assert_array_equal(a.spikes.time, b.spikes.time)
        np.testing.assert_array_equal(a.spikes.neuron, b.spikes.neuron)
    np.testing.assert_array_equal(a.time, b.time)
    assert (a.model, a.current, a.duration, a.begin, a.end) == (b.model, b.current, b.duration, b.begin, b.end)
    assert a.threshold == b.threshold


def anew(model, duration, current, **options):
    """The same with a current that is an array, which nothing is kept of."""
    return fn.simulate(model, duration, current=np.asarray(float(current)), **options)


CALLS = {
    "rk4": (fn.MorrisLecar, [{"g_Ca": 4.4}, {"g_Ca": 4.0, "phi": 0.05}, {}], {"record": "V"}),
    "dop853": (fn.MorrisLecar, [{}, {"g_K": 7.0}], {"method": "dop853", "record": "V", "sample_interval": 0.5}),
    "single": (fn.MorrisLecar, [{}, {"g_K": 7.0}], {"dtype": "float32"}),
    "choosy": (fn.MorrisLecar, [{}, {"g_K": 7.0}], {"refractory": 5.0, "rearm": -20.0}),
    "many": (fn.MorrisLecar, [{}, {"g_K": 7.0}], {"n": 7}),
    "reset": (fn.LeakyIntegrateAndFire, [{}, {"g_L": 0.05, "refractory": 3.0}, {}], {}),
    "counts": (fn.MorrisLecar, [{}, {"g_K": 7.0}], {"spike_times": False}),
}


@pytest.mark.parametrize("name", [pytest.param(k, marks=[pytest.mark.slow] if k == "single" else []) for k in CALLS])
def test_a_call_like_one_before_gives_the_same_bits(name):
    kind, changes, options = CALLS[name]
    strong = 30.0 if kind is fn.LeakyIntegrateAndFire else 100.0
    for round in range(3):
        for number, change in enumerate(changes):
            current, model = strong + 5 * number + round, kind(**change)
            run = fn.simulate(model, 200.3, 0.1, current, **options)
            same(run, anew(model, 200.3, current, dt=0.1, **options))
            assert run.spike_count.all()
    assert len(alike._kept) == 1


def test_waveforms_of_numbers_may_differ():
    model = fn.MorrisLecar.hopf()
    for strong, start in ((100.0, 5.0), (120.0, 3.3), (90.0, 7.0)):
        current = fn.Step(strong, start=start)
        run, twin = (fn.simulate(model, 100.0, current=one) for one in (current, fn.Step([strong], start=start)))
        np.testing.assert_array_equal(run.state["V"], twin.state["V"])
        np.testing.assert_array_equal(run.spikes.time, twin.spikes.time)
        assert run.current == current
    assert len(alike._kept) == 1
    fn.simulate(model, 100.0, current=fn.Ramp(0.0, 100.0, 5.0, 20.0))
    assert len(alike._kept) == 2


def test_its_start_may_differ_too():
    model = fn.MorrisLecar.hopf()
    for V, current in ((-60.0, 100), (-20, 90.0), (np.float64(0.0), 95.0)):
        given = {"initial": {"V": V, "N": 0.1}}
        same(fn.simulate(model, 50.0, current=current, **given), anew(model, 50.0, current, **given))
    assert len(alike._kept) == 1
    with pytest.raises(ValueError, match=r"a state in initial for MorrisLecar must be .*; got 'W'"):
        fn.simulate(model, 50.0, current=100.0, initial={"W": 0.0})
    with pytest.raises(ValueError, match=r"initial\['V'\] must be"):
        fn.simulate(model, 50.0, current=100.0, initial={"V": np.inf})
    with pytest.raises(ValueError, match="current must be"):
        fn.simulate(model, 50.0, current=np.inf, initial={"V": 0.0})


def test_a_run_stands_when_the_next_is_there():
    first = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=100.0, record="V")
    second = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=100.0, record="V")
    for run in first, second:
        kept = run.state["V"].copy(), run.spike_count.copy(), run["V"].copy(), run.spikes.time.copy()
        fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=120.0, record="V")
        for before, now in zip(kept, (run.state["V"], run.spike_count, run["V"], run.spikes.time), strict=True):
            np.testing.assert_array_equal(before, now)


def test_kept_are_small_calls_of_plain_values(tmp_path):
    model = fn.MorrisLecar.hopf()
    same(fn.simulate(model, 10.0, current=100.0), fn.simulate(model, 10.0, current=100.0, progress=True))
    assert len(alike._kept) == 1
    fn.simulate(fn.MorrisLecar(g_Ca=[4.0, 4.4]), 10.0, current=100.0)
    fn.simulate(model, 10.0, current=fn.Step(1.0) + 2.0)
    fn.simulate(model, 10.0, current=fn.Samples([1.0, 2.0], 1.0))
    fn.simulate(model, 10.0, current=[1.0, 2.0])
    fn.simulate(model, 10.0, current=100.0, summary="V.mean")
    fn.simulate(model, 10.0, current=100.0, initial=fn.simulate(model, 10.0, current=100.0).state)
    fn.simulate(model, 10.0, current=100.0, n=20_000)
    fn.simulate(model, 10.0, current=100.0, sensitivity="g_Ca")
    for number in range(2):
        fn.simulate(model, 10.0, current=100.0, out=tmp_path / f"{number}.zarr")
        fn.simulate(model, 10.0, current=100.0, out=str(tmp_path / f"{number} again.zarr"))
    assert len(alike._kept) == 1
    assert len(list(tmp_path.iterdir())) == 4
    for number in range(2 * alike.KEPT):
        fn.simulate(model, float(number), current=100.0)
    assert len(alike._kept) == alike.KEPT


def test_types_of_arguments_count():
    model = fn.MorrisLecar.hopf()
    fn.simulate(model, 10.0, current=100.0, every=1)
    with pytest.raises(TypeError, match="spike_times must be True or False; got 1"):
        fn.simulate(model, 10.0, current=100.0, spike_times=1)
    with pytest.raises(TypeError, match="every must be"):
        fn.simulate(model, 10.0, current=100.0, every=1.0)
    with pytest.raises((TypeError, ValueError), match="current must be"):
        fn.simulate(model, 10.0, current=True)


def own():
    class Leak(fn.Model):
        tau: float = 10.0
        states = {"V": -65.0}

        @staticmethod
        def derivative(V, I, p):
            return ((I - SCALE * V) / p.tau,)

    return Leak


def test_a_formula_that_has_changed_counts(monkeypatch):
    kind = own()
    for _ in range(3):
        before = fn.simulate(kind(), 5.0, current=1.0).state["V"][0]
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    after = fn.simulate(kind(), 5.0, current=1.0).state["V"][0]
    assert before == pytest.approx(1 - 66 * np.exp(-0.5), rel=1e-8)
    assert after == pytest.approx(0.5 - 65.5 * np.exp(-1.0), rel=1e-8)
    monkeypatch.setattr(kind, "threshold", -40.0)
    assert fn.simulate(kind(), 5.0, current=1.0).spike_count == 1


def test_a_formula_is_tried_out_with_every_number():
    class Root(fn.Model):
        tau: float = 10.0
        states = {"V": -65.0}

        @staticmethod
        def derivative(V, I, p):
            if p.tau < LEAST:
                raise ValueError("too fast")
            return (-V / p.tau,)

    fn.simulate(Root(), 1.0)
    fn.simulate(Root(tau=20.0), 1.0)
    with pytest.raises(TypeError, match="too fast"):
        fn.simulate(Root(tau=1e-4), 1.0)


def test_a_reset_is_checked_with_every_number():
    fn.simulate(fn.LeakyIntegrateAndFire(), 1.0)
    for _ in range(2):
        with pytest.raises(ValueError, match="reset"):
            fn.simulate(fn.LeakyIntegrateAndFire(V_reset=10.0), 1.0)


def test_a_failure_leaves_nothing_behind():
    model = fn.MorrisLecar.hopf()
    good = fn.simulate(model, 20.0, 0.5, current=100.0)
    for _ in range(2):
        with pytest.raises(FloatingPointError, match="neuron 0 blew up"):
            fn.simulate(fn.MorrisLecar(C=1e-4), 20.0, 0.5, current=1e5)
        same(fn.simulate(model, 20.0, 0.5, current=100.0), good)


def test_threads_do_not_share():
    currents = np.linspace(80.0, 130.0, 40)
    wanted = [anew(fn.MorrisLecar.hopf(), 200.0, current).spikes.time for current in currents]
    wrong = []

    def work():
        for current, times in zip(currents, wanted, strict=True):
            found = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=float(current)).spikes.time
            if not np.array_equal(found, times):
                wrong.append(current)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_it_warns_where_it_was_called():
    for _ in range(3):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fn.simulate(fn.MorrisLecar.hopf(), 50.0, current=0.0, threshold=-70.0)
        assert [one.filename for one in caught] == [__file__]


def test_a_simulation_keeps_its_way_into_the_kernel():
    sim = fn.Simulation(own()(), current=1.0)
    sim.run(1.0)
    way = sim._work.work.problem.entry
    sim.parameters["tau"] = 20.0
    sim.current = 2.0
    sim.run(1.0)
    assert sim._work.work.problem.entry is way
    twin = fn.Simulation(own()(), current=1.0)
    twin.run(1.0)
    twin.model = own_kind(twin)(tau=np.array([20.0]))
    twin.current = 2.0
    twin.run(1.0)
    np.testing.assert_array_equal(twin.state["V"], sim.state["V"])
    sim.current = fn.Step(2.0, start=-np.inf)  # another type
    assert sim._work.work.problem.entry is not way
    assert sim.run(1.0).state["V"] == pytest.approx(twin.run(1.0).state["V"], rel=1e-12)


def own_kind(sim):
    return type(sim.model)
