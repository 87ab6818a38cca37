"""Networks: exact, of full order, and the same bits however the work is divided."""

import json
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import coupled, cuts, network_chunk, network_scheduler
from fastneuron._kernel import lanes
from tests.catalogue import rest_slow

NETWORKS = json.loads((Path(__file__).parent / "networks.json").read_text())
MODELS = {"ml": fn.MorrisLecar, "tm": fn.TraubMiles}

RECEPTORS = {  # and the order of convergence that is promised, for rk4
    "exponential": (fn.Exponential(tau=5.0, E=0.0), 2.9),
    "exponential-current": (fn.ExponentialCurrent(tau=5.0), 2.9),
    "double-exponential": (fn.DoubleExponential(rise=1.0, decay=6.0, E=0.0), 3.7),
    "double-exponential-current": (fn.DoubleExponentialCurrent(rise=1.0, decay=6.0), 3.7),
    "alpha": (fn.Alpha(tau=2.0, E=0.0), 3.7),
    "alpha-current": (fn.AlphaCurrent(tau=2.0), 3.7),
    "nmda": (fn.NMDA(rise=1.0, decay=20.0), 3.7),
    "delta": (fn.Delta(), 0.8),  # between 1 and 2: its error wanders as jumps move through steps
}
WEIGHTS = {"exponential-current": 3.0, "double-exponential-current": 3.0, "alpha-current": 3.0, "delta": 0.7}


def spiking(receptor, weight=0.1, n=6, seed=1):
    """A few neurons, all to all, delays off every grid."""
    draw = np.random.default_rng(seed)
    cells = fn.Population(fn.MorrisLecar.hopf(), n, {"syn": receptor}, current=draw.uniform(95, 105, n))
    pre, post = (ends.ravel() for ends in np.meshgrid(np.arange(n), np.arange(n)))
    keep = pre != post
    synapses = fn.Projection(
        cells, cells, "syn", (pre[keep], post[keep]), weight=draw.uniform(0.5, 1.5, keep.sum()) * weight,
        delay=draw.uniform(0.5, 4.0, keep.sum()),
    )  # fmt: skip
    return fn.Network({"cells": cells}, [synapses]), {"cells": {"V": draw.uniform(-50, -20, n), "N": 0.1}}


def published(case):
    receptors = {
        f"r{k}": fn.DoubleExponential(one["rise"], one["tau"], one["E"]) if "rise" in one else fn.Exponential(**one)
        for k, one in enumerate(case["receptors"])
    }
    model, n = MODELS[case["model"]](**case["parameters"]), len(case["current"])
    cells = fn.Population(model, n, receptors, current=case["current"], threshold=case["threshold"])
    synapses = [
        fn.Projection(cells[i], cells[j], f"r{r}", fn.OneToOne(), weight=weight, delay=delay)
        for i, j, r, weight, delay in case["synapses"]
    ]
    initial = dict(zip(model.states, np.transpose(case["initial"]), strict=True))
    return fn.Network({"cells": cells}, synapses), {"cells": initial}


@pytest.mark.parametrize(
    ("name", "dt"),
    [
        ("ml_hopf_pair_excitation_inhibition", 0.01),
        pytest.param("traub_miles_four_double_exponential", 0.0025, marks=pytest.mark.slow),
    ],
)
def test_published_spikes(name, dt):
    case = NETWORKS[name]
    net, initial = published(case)
    run = fn.simulate(net, case["duration"], dt, initial=initial)["cells"]
    for mine, times in zip(run.spikes, case["spikes"], strict=True):
        np.testing.assert_allclose(mine, times, rtol=0, atol=1e-6)
    final = np.transpose([run.state[state] for state in run.model.states])
    np.testing.assert_allclose(final, case["final"], rtol=0, atol=1e-5)


def errors(net, initial, steps, duration=150.0, **options):
    """The largest error of a spike time, and of V at the end, at each step."""
    exact = fn.reference.simulate(net, duration, initial=initial)["cells"]
    found = []
    for dt in steps:
        run = fn.simulate(net, duration, dt, initial=initial, **options)["cells"]
        np.testing.assert_array_equal(run.spike_count, exact.spike_count)
        found.append(
            (np.abs(run.spikes.time - exact.spikes.time).max(), np.abs(run.state["V"] - exact.state["V"]).max())
        )
    return np.array(found)


@pytest.mark.parametrize("name", rest_slow(RECEPTORS))
def test_order(name):
    receptor, order = RECEPTORS[name]
    steps = np.array([0.2, 0.1, 0.05, 0.025])
    found = errors(*spiking(receptor, WEIGHTS.get(name, 0.1)), steps)
    for column in found.T:
        assert np.polyfit(np.log(steps), np.log(column), 1)[0] >= order


@pytest.mark.slow
def test_an_event_inside_a_step_is_thousands_of_times_as_exact_as_on_the_grid():
    net, initial = spiking(fn.Exponential(tau=5.0, E=0.0))
    exact, grid = (errors(net, initial, [0.05], delivery=how)[0, 0] for how in ("exact", "grid"))
    assert exact < grid / 5000


def balanced(n=400, seed=3):
    """Two populations and a source, all kinds of synapses."""
    draw = np.random.default_rng(seed)
    cells = fn.Population(
        fn.TraubMiles.cobahh(), n, {"exc": fn.Exponential(5.0, 0.0), "inh": fn.DoubleExponential(1.0, 10.0, -80.0)},
        current=draw.uniform(0, 1, n), threshold=-20.0, refractory=3.0,
    )  # fmt: skip
    others = fn.Population(
        fn.MorrisLecar.hopf(V3=draw.normal(2, 0.3, 70)), 70, {"syn": fn.Alpha(2.0, 0.0)}, current=90.0
    )
    noise = fn.PoissonSource(50, rate=40.0)
    e, i = cells[: n * 4 // 5], cells[n * 4 // 5 :]
    rule = fn.FixedProbability(0.05)
    return fn.Network(
        {"cells": cells, "noise": noise, "others": others},
        [
            fn.Projection(e, cells, "exc", rule, weight=0.06, delay=0.13),
            fn.Projection(i, cells, "inh", rule, weight=fn.Normal(0.6, 0.1, low=0.0), delay=fn.Uniform(0.4, 3.0)),
            fn.Projection(noise, cells, "exc", fn.FixedInDegree(5), weight=0.1, delay=0.5),
            fn.Projection(cells, others, "syn", fn.FixedOutDegree(3), weight=fn.Uniform(0.0, 0.1), delay=1.0),
            fn.Projection(others, e, "exc", fn.FixedTotal(500), weight=0.05, delay=2.0),
        ],
        seed=7,
    )


def carry_out(net, **options):
    options = {"duration": 60.0, "dt": 0.05, "record": ("V", "exc"), "every": 10, "summary": "V.mean"} | options
    return fn.simulate(net, **options)


def assert_same(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name].spikes.time, other[name].spikes.time)
        np.testing.assert_array_equal(one[name].spikes.neuron, other[name].spikes.neuron)
    for name, run in one.populations.items():
        for key, values in run.state.items():
            np.testing.assert_array_equal(values, other[name].state[key])
        for key, values in run.traces.items():
            np.testing.assert_array_equal(values, other[name].traces[key])
        for key, values in run.summary.items():
            np.testing.assert_array_equal(values, other[name].summary[key])


@pytest.fixture(scope="module")
def whole():
    run = carry_out(balanced(), threads=1)
    assert run["cells"].spikes.time.size > 300
    assert run["others"].spikes.time.size >= 70
    return run


@pytest.mark.parametrize("threads", rest_slow([2, 3, 4]))
def test_bits_do_not_depend_on_threads(whole, threads, monkeypatch):
    monkeypatch.setattr(network_scheduler, "WORTH_A_MEMBER", 1)
    assert_same(whole, carry_out(balanced(), threads=threads))


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (cuts, "EPOCH", 1), (cuts, "RANGE", 64), (network_chunk, "CALL", 1e-9),
        (network_scheduler, "IN_FLIGHT", 10),
    ],
)  # fmt: skip
def test_bits_do_not_depend_on_how_the_work_is_cut(whole, module, name, value, monkeypatch):
    monkeypatch.setattr(module, name, value)
    assert_same(whole, carry_out(balanced(), threads=1))


@pytest.mark.slow
@pytest.mark.parametrize("block", [lanes.Lanes8, lanes.Lanes64])
def test_bits_do_not_depend_on_lanes(whole, block, monkeypatch):
    monkeypatch.setattr(coupled, "choose_lanes", lambda *_: block())
    assert_same(whole, carry_out(balanced(), threads=1))


@pytest.mark.parametrize("method", rest_slow(["rk4", "heun"]))
def test_without_synapses_it_is_a_population(method):
    n = 100
    model, current = fn.MorrisLecar.hopf(V3=np.linspace(1, 3, n)), 80.0 + fn.Step(np.linspace(0, 40, n), start=10.0)
    noise = fn.WhiteNoise(5.0) if method == "heun" else None
    options = {"method": method, "record": "V", "every": 7, "summary": "V.var"}
    alone = fn.simulate(model, 100.0, current=current, noise=noise, seed=5, **options)
    cells = fn.Population(model, n, current=current, noise=noise)
    run = fn.simulate(fn.Network({"cells": cells}, seed=5), 100.0, **options)["cells"]
    for name in model.states:
        np.testing.assert_array_equal(run.state[name], alone.state[name])
    np.testing.assert_array_equal(run["V"], alone["V"])
    np.testing.assert_array_equal(run.spikes.time, alone.spikes.time)
    np.testing.assert_array_equal(run.summary["V.var"], alone.summary["V.var"])


def test_some_populations_may_be_sampled_alone():
    """What says how often was refused for the others, which have no samples."""
    given = {"record": "inh", "every": 20, "summary": {"others": "population.rate"}, "bin_width": 2.5}
    run = carry_out(balanced(), duration=10.0, **given)
    assert run["cells"]["inh"].shape == (400, 11)
    assert not run["others"].traces
    assert run["others"].summary["population.rate"].shape == (4,)
    assert np.array_equal(run["others"].state["V"], carry_out(balanced(), duration=10.0)["others"].state["V"])
    for wrong in ({"every": 20}, {"sample_interval": 1.0}, {"bin_width": 2.5}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is for"):
            fn.simulate(balanced(), 10.0, **wrong)


def test_a_population_alone_gives_its_run():
    run = fn.simulate(fn.Population(fn.MorrisLecar.hopf(), 3, current=[80.0, 100.0, 120.0]), 300.0, record="V")
    alone = fn.simulate(fn.MorrisLecar.hopf(), 300.0, current=[80.0, 100.0, 120.0], record="V")
    np.testing.assert_array_equal(run["V"], alone["V"])
    np.testing.assert_array_equal(run.spikes.time, alone.spikes.time)


def driven(source, cells, receptor, weight, delay):
    every = fn.Projection(source, cells, receptor, fn.AllToAll(), weight=weight, delay=delay)
    return fn.Network({"s": source, "c": cells}, [every])


@pytest.mark.slow
def test_conductances_follow_their_formula():
    times = [10.03, 11.5, 25.0]
    source = fn.SpikeSource([times])
    receptors = {"g": fn.Exponential(5.0, 0.0), "a": fn.Alpha(2.0, 0.0), "d": fn.DoubleExponential(1.0, 4.0, 0.0)}
    cells = fn.Population(fn.MorrisLecar.hopf(), 2, receptors)
    net = fn.Network(
        {"source": source, "cells": cells},
        [fn.Projection(source, cells, name, fn.AllToAll(), weight=0.2, delay=1.21) for name in receptors],
    )
    run = fn.simulate(net, 40.0, 0.05, initial={"cells": {"g": [0.3, 0.0]}}, record=("g", "a", "d"))["cells"]
    since = run.time[:, None] - (np.array(times) + 1.21)
    on, late = since > 0, np.where(since > 0, since, 0.0)
    peak = np.log(4.0) * 4.0 / 3.0
    height = np.exp(-peak / 4.0) - np.exp(-peak)
    jumps = 0.2 * (on * np.exp(-late / 5.0)).sum(1)
    np.testing.assert_allclose(run["g"], [jumps + 0.3 * np.exp(-run.time / 5.0), jumps], atol=1e-13)
    np.testing.assert_allclose(run["a"][0], 0.2 * (on * late / 2.0 * np.exp(1 - late / 2.0)).sum(1), atol=1e-13)
    rise = (np.exp(-late / 4.0) - np.exp(-late)) / height
    np.testing.assert_allclose(run["d"][0], 0.2 * (on * rise).sum(1), atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("stored", rest_slow([True, False]))
def test_on_the_grid_a_spike_acts_at_a_whole_step(stored):
    source = fn.SpikeSource([[10.03]])
    cells = fn.Population(fn.MorrisLecar.hopf(), 2, {"syn": fn.Exponential(5.0, 0.0)})
    every = fn.Projection(source, cells, "syn", fn.AllToAll(), weight=0.2, delay=1.2, stored=stored)
    net = fn.Network({"s": source, "c": cells}, [every])
    run = fn.simulate(net, 20.0, 0.05, record="syn", delivery="grid")["c"]
    since = run.time - 11.25  # it leaves at 10.05
    expected = np.where(since > 1e-9, 0.2 * np.exp(-since / 5.0), 0.0)
    np.testing.assert_allclose(run["syn"], [expected, expected], atol=1e-13)


@pytest.mark.slow
def test_receptors_may_differ_from_neuron_to_neuron():
    tau = np.array([2.0, 5.0, 9.0])
    source = fn.SpikeSource([[3.01]])
    cells = fn.Population(fn.MorrisLecar.hopf(), 3, {"g": fn.Exponential(tau, [0.0, -20.0, -80.0])})
    net = fn.Network(
        {"s": source, "c": cells}, [fn.Projection(source, cells, "g", fn.AllToAll(), weight=0.1, delay=1.0)]
    )
    run = fn.simulate(net, 20.0, record="g")["c"]
    np.testing.assert_allclose(run["g"][:, -1], 0.1 * np.exp(-(20.0 - 4.01) / tau), rtol=1e-12)


def test_a_delta_jumps_by_its_weight():
    class Still(fn.Model):
        rate: float = 0.0
        states = {"V": -70.0}

        @staticmethod
        def derivative(V, I, p):
            return (p.rate * V,)

    source = fn.SpikeSource([[1.03, 2.0], [2.51]])
    cells = fn.Population(Still(), 1, {"psp": fn.Delta()}, threshold=100.0)
    net = fn.Network(
        {"s": source, "c": cells}, [fn.Projection(source, cells, "psp", fn.AllToAll(), weight=1.5, delay=0.1)]
    )
    assert fn.simulate(net, 5.0)["c"].state["V"] == pytest.approx(-70.0 + 3 * 1.5, abs=1e-12)


@pytest.mark.slow
def test_a_crossing_in_the_refractory_time_does_not_count():
    arguments = {"duration": 500.0, "method": "heun"}

    def spikes(refractory):
        noisy = fn.Population(
            fn.MorrisLecar.hopf(), 20, current=100.0, noise=fn.WhiteNoise(60.0), refractory=refractory
        )
        return fn.simulate(fn.Network({"c": noisy}, seed=2), **arguments)["c"].spikes

    every, counted = spikes(0.0), spikes(30.0)
    for mine, all_of_them in zip(counted, every, strict=True):
        kept = []
        for time in all_of_them:
            if not kept or time - kept[-1] >= 30.0:
                kept.append(time)
        np.testing.assert_allclose(mine, kept, rtol=0, atol=1e-9)
    assert counted.time.size < every.time.size


def test_given_spikes_come_back():
    first = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=[100.0, 110.0])
    cells = fn.Population(fn.MorrisLecar.hopf(), 2)
    run = fn.simulate(fn.Network({"again": fn.SpikeSource(first), "cells": cells}), 200.0)
    np.testing.assert_allclose(run["again"].spikes.time, first.spikes.time, rtol=1e-14)
    np.testing.assert_array_equal(run["again"].spike_count, first.spike_count)


@pytest.mark.slow
def test_a_receptor_of_ones_own():
    class Slow(fn.Receptor):
        E: float = 0.0
        tau: float = 2.0
        tau_slow: float = 80.0

        @staticmethod
        def response(p):
            return fn.Mode(0.8, 1 / p.tau), fn.Mode(0.15, 1 / p.tau_slow), fn.Mode(0.05, 1 / p.tau, power=1)

        @staticmethod
        def current(V, g, p):
            return g * (p.E - V)

    source = fn.SpikeSource([[3.01]])
    cells = fn.Population(fn.MorrisLecar.hopf(), 9, {"g": Slow()})
    net = fn.Network(
        {"s": source, "c": cells}, [fn.Projection(source, cells, "g", fn.AllToAll(), weight=0.4, delay=1.0)]
    )
    run = fn.simulate(net, 20.0, record="g")["c"]
    t = 20.0 - 4.01
    wanted = 0.4 * (0.8 * np.exp(-t / 2) + 0.15 * np.exp(-t / 80) + 0.05 * t * np.exp(-t / 2))
    np.testing.assert_allclose(run["g"][:, -1], wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"current": 5.0}, "current belongs to a Population"),
        ({"seed": 3}, "seed belongs to the network"),
        ({"method": "rk5"}, "method must be one of 'rk4', 'heun'"),
        ({"initial": {"cell": {"V": 0.0}}}, "a population in initial must be one of .*'cells'"),
        ({"initial": {"V": 0.0}}, "a population in initial must be one of"),
        ({"record": "W"}, "record must be one of"),
        ({"delivery": "late"}, "delivery must be one of 'exact', 'grid'"),
        ({"dt": 5.0, "duration": 10.0}, "the delay of projection 0 must be at least dt"),
        ({"dtype": np.float32}, "dtype must be float64 for a network"),
        ({"initial": {"cells": {"V": [0.0, 1.0]}}}, "initial\\['V'\\] has 2"),
    ],
)
def test_bad_input(changes, message):
    net, _ = spiking(fn.Exponential(5.0, 0.0))
    with pytest.raises((TypeError, ValueError), match=message):
        fn.simulate(net, **{"duration": 10.0} | changes)


def test_an_executor_is_for_many_networks():
    net, _ = spiking(fn.Exponential(5.0, 0.0))
    with pytest.raises(ValueError, match="one network runs on threads; many networks are shared out"):
        fn.simulate(net, 10.0, executor=object())


def test_a_blow_up_names_the_neuron():
    net, _ = spiking(fn.Exponential(5.0, 0.0), weight=1e6)
    with pytest.raises(FloatingPointError, match=r"neuron \d of 'cells' blew up"):
        fn.simulate(net, 100.0, 1.0 / 4)


@pytest.mark.parametrize("rule", rest_slow([fn.FixedProbability(0.1), fn.FixedOutDegree(20), fn.AllToAll()]), ids=repr)
@pytest.mark.parametrize("weight", rest_slow([0.05, fn.Uniform(0.0, 0.1)]), ids=repr)
def test_synapses_made_anew_are_those_that_are_stored(rule, weight):
    def run(stored):
        noise = fn.PoissonSource(30, rate=50.0)
        cells = fn.Population(fn.MorrisLecar.hopf(), 200, {"syn": fn.Exponential(5.0, 0.0)}, current=80.0)
        synapses = fn.Projection(noise, cells, "syn", rule, weight=weight, delay=1.1, stored=stored)
        return fn.simulate(fn.Network({"noise": noise, "cells": cells}, [synapses]), 40.0, record="syn", every=100)

    assert_same(run(True), run(False))
