"""Networks whose neurons have steps of their own: exact, and the same bits however the work is divided.

All tests that are not slow share one compiled kernel: a source of given spikes, and a population with two receptors.
"""

import inspect
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import cuts, network_chunk, network_scheduler, own_steps
from fastneuron._engine.network_recipe import checked_network
from fastneuron._kernel import lanes

NETWORKS = json.loads((Path(__file__).parent / "networks.json").read_text())
BOTH = {"exponential": fn.Exponential(tau=5.0, E=0.0), "delta": fn.Delta()}
OTHERS = {
    "double-exponential": fn.DoubleExponential(rise=1.0, decay=6.0, E=0.0),
    "alpha": fn.Alpha(tau=2.0, E=0.0),
    "nmda": fn.NMDA(rise=1.0, decay=20.0),
    "exponential-current": fn.ExponentialCurrent(tau=5.0),
    "double-exponential-current": fn.DoubleExponentialCurrent(rise=1.0, decay=6.0),
    "alpha-current": fn.AlphaCurrent(tau=2.0),
}
WEIGHTS = {"exponential-current": 3.0, "double-exponential-current": 3.0, "alpha-current": 3.0, "delta": 0.7}
TIGHT = {"method": "dop853", "rtol": 1e-11, "atol": 1e-11, "summary": "V.mean"}
LOOSE = {"method": "dop853", "rtol": 1e-7, "atol": 1e-7, "summary": ("V.mean", "population.V.mean")}
N = 6


def cells(n=N, current=100.0, receptors=BOTH, **options):
    return fn.Population(fn.MorrisLecar.hopf(), n, receptors, current=current, **options)


def network(members, *synapses, times=((),)):
    """A population with synapses (pre, receptor, connections, weight, delay), and a source, which is None there."""
    source = fn.SpikeSource(times)
    made = [
        fn.Projection(source if pre is None else pre, members, receptor, connections, weight=weight, delay=delay)
        for pre, receptor, connections, weight, delay in synapses
    ]
    return fn.Network({"source": source, "cells": members}, made, seed=7)


def spiking(names, receptors=BOTH, order=None):
    """A few neurons, all to all, delays off every grid; in another order, if one is given."""
    draw, order = np.random.default_rng(1), np.arange(N) if order is None else order
    place = np.argsort(order)
    current, V = draw.uniform(95, 105, N), draw.uniform(-50, -20, N)
    members, synapses = cells(current=current[order], receptors=receptors), []
    pre, post = np.nonzero(~np.eye(N, dtype=bool))
    for name in names:
        weight, delay = draw.uniform(0.5, 1.5, pre.size) * WEIGHTS.get(name, 0.1), draw.uniform(0.5, 4.0, pre.size)
        synapses.append((members, name, (place[pre], place[post]), weight / len(names), delay))
    return network(members, *synapses), {"cells": {"V": V[order], "N": 0.1}}


def assert_same(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name].spikes.time, other[name].spikes.time)
        np.testing.assert_array_equal(one[name].spikes.neuron, other[name].spikes.neuron)
    for name, run in one.populations.items():
        for kind in ("state", "traces", "summary"):
            for key, values in getattr(run, kind).items():
                np.testing.assert_array_equal(values, getattr(other[name], kind)[key])


def assert_exact(net, duration, dt=0.05, initial=None, **options):
    exact = fn.reference.simulate(net, duration, initial=initial)["cells"]
    run = fn.simulate(net, duration, dt, initial=initial, **TIGHT | options)["cells"]
    np.testing.assert_array_equal(run.spikes.neuron, exact.spikes.neuron)
    np.testing.assert_allclose(run.spikes.time, exact.spikes.time, rtol=0, atol=1e-9)
    for name, values in run.state.items():
        np.testing.assert_allclose(values, exact.state[name], rtol=0, atol=1e-8)
    assert run.spike_count.sum() >= N


# ---- exactness


@pytest.mark.parametrize("receptor", ["delta", pytest.param("exponential", marks=pytest.mark.slow)])
def test_spikes_are_those_of_the_reference(receptor):
    net, initial = spiking([receptor])
    assert_exact(net, 150.0, initial=initial)


@pytest.mark.slow
@pytest.mark.parametrize("receptor", OTHERS)
def test_spikes_are_those_of_the_reference_with_every_receptor(receptor):
    net, initial = spiking([receptor], OTHERS)
    assert_exact(net, 150.0, initial=initial)


@pytest.mark.slow
def test_tsit5_is_exact_too():
    net, initial = spiking(BOTH)
    assert_exact(net, 60.0, initial=initial, method="tsit5")


@pytest.mark.parametrize("dt", [0.5, 0.003])
def test_dt_decides_nothing_but_where_epochs_end(dt):
    net, initial = spiking(BOTH)
    assert_exact(net, 60.0, dt, initial=initial)


def assert_published(case, net):
    model = net.populations["cells"].model
    initial = dict(zip(model.states, np.transpose(case["initial"]), strict=True))
    run = fn.simulate(net, case["duration"], 0.1, initial={"cells": initial}, **TIGHT)["cells"]
    for mine, times in zip(run.spikes, case["spikes"], strict=True):
        np.testing.assert_allclose(mine, times, rtol=0, atol=1e-8)
    final = np.transpose([run.state[state] for state in model.states])
    np.testing.assert_allclose(final, case["final"], rtol=0, atol=1e-7)


def test_published_spikes_of_two_neurons():
    """Each hears the other through one receptor, whose parameters here are those of its target."""
    case = NETWORKS["ml_hopf_pair_excitation_inhibition"]
    tau, E = ([case["receptors"][r][key] for _, _, r, _, _ in case["synapses"][::-1]] for key in ("tau", "E"))
    members = fn.Population(
        fn.MorrisLecar(**case["parameters"]), 2, {"exponential": fn.Exponential(tau, E), "delta": fn.Delta()},
        current=case["current"], threshold=case["threshold"],
    )  # fmt: skip
    synapses = [(members, "exponential", ([i], [j]), weight, delay) for i, j, _, weight, delay in case["synapses"]]
    assert_published(case, network(members, *synapses))


@pytest.mark.slow
def test_published_spikes_of_four_neurons():
    case = NETWORKS["traub_miles_four_double_exponential"]
    receptors = {
        f"r{k}": fn.DoubleExponential(one["rise"], one["tau"], one["E"]) if "rise" in one else fn.Exponential(**one)
        for k, one in enumerate(case["receptors"])
    }
    members = fn.Population(
        fn.TraubMiles(**case["parameters"]), 4, receptors, current=case["current"], threshold=case["threshold"]
    )
    synapses = [(members, f"r{r}", ([i], [j]), weight, delay) for i, j, r, weight, delay in case["synapses"]]
    assert_published(case, network(members, *synapses))


def shapes(late):
    """What follows a spike of weight 1."""
    height = np.exp(-np.log(6.0) / 5.0) - np.exp(-6.0 * np.log(6.0) / 5.0)
    return {
        "exponential": np.exp(-late / 5.0),
        "alpha": late / 2.0 * np.exp(1 - late / 2.0),
        "double-exponential": (np.exp(-late / 6.0) - np.exp(-late)) / height,
    }


@pytest.mark.parametrize(
    ("receptors", "names"),
    [(BOTH, ["exponential"]), pytest.param(OTHERS, ["alpha", "double-exponential"], marks=pytest.mark.slow)],
)
def test_conductances_follow_their_formula(receptors, names):
    times, weight, delay = np.array([10.03, 11.5, 11.5, 25.0]), 0.02, 1.21
    members = cells(2, receptors=receptors)
    net = network(members, *((None, name, fn.AllToAll(), weight, delay) for name in names), times=[times])
    initial = {"cells": {"exponential": [0.3, 0.0]} if receptors is BOTH else {}}
    options = TIGHT | {"summary": tuple(f"{name}.max" for name in names)}
    run = fn.simulate(net, 40.0, initial=initial, record=names, **options)["cells"]
    since = run.time[:, None] - (times + delay)
    on, late = since > 0, np.where(since > 0, since, 0.0)
    for name in names:
        jumps = weight * (on * shapes(late)[name]).sum(1)
        before = 0.3 * np.exp(-run.time / 5.0) if name == "exponential" else 0.0
        np.testing.assert_allclose(run[name], [jumps + before, jumps], rtol=0, atol=1e-13)
        np.testing.assert_array_equal(run.summary[f"{name}.max"], run[name].max(axis=1))
        np.testing.assert_allclose(run.state[name], run[name][:, -1], rtol=1e-13)


def test_a_jump_of_the_voltage_can_be_a_spike():
    members = cells(2, current=0.0, threshold=-20.0)
    net = network(members, (None, "delta", fn.AllToAll(), np.array([[3.0, 60.0]]), 0.25), times=[[5.0, 5.5]])
    run = fn.simulate(net, 6.0, 0.25, **TIGHT)["cells"]
    assert run.spike_count.tolist() == [0, 1]
    assert run.spikes.time.tolist() == [5.25]


def test_arrivals_a_rounding_apart_are_no_reason_to_give_up():
    beside = np.nextafter(10.0, [0.0, 10.0, 20.0])

    def final(times, weight):
        net = network(members := cells(1), (None, "delta", fn.AllToAll(), weight, 1.0), times=[times])
        return fn.simulate(net, 30.0, **TIGHT)[net.name_of(members)].state["V"]

    np.testing.assert_allclose(final(beside, 1.0), final([10.0], 3.0), rtol=0, atol=1e-9)


def test_a_refractory_time_leaves_crossings_out():
    free = fn.simulate(network(cells(1)), 400.0, **TIGHT)["cells"].spikes.time
    assert free.size == 5
    kept = fn.simulate(network(cells(1, refractory=free[2] - free[0] - 1e-6)), 400.0, **TIGHT)["cells"]
    np.testing.assert_allclose(kept.spikes.time, free[[0, 2]], rtol=0, atol=1e-9)
    assert kept.spike_count.tolist() == [2]


def test_a_neuron_that_is_to_fall_first_counts_again_where_it_has():
    """Kicks up and down through the threshold: the second comes too high to have counted without its fall."""
    members = cells(1, current=0.0, threshold=-20.0, rearm=-45.0)
    kicks = [(None, "delta", ([k], [0]), weight, 0.25) for k, weight in enumerate((60.0, -40.0, 60.0, -90.0, 80.0))]
    net = network(members, *kicks, times=[[5.0], [5.05], [5.1], [5.15], [5.2]])
    run, exact = fn.simulate(net, 6.0, 0.25, **TIGHT)["cells"], fn.reference.simulate(net, 6.0)["cells"]
    assert run.spikes.time.tolist() == pytest.approx([5.25, 5.45])
    np.testing.assert_allclose(run.spikes.time, exact.spikes.time, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_without_synapses_it_is_a_population():
    current = np.linspace(80, 130, N)
    options = TIGHT | {"record": "V", "every": 7}
    run = fn.simulate(network(cells(current=current)), 100.0, **options)["cells"]
    alone = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=current, **options)
    np.testing.assert_allclose(run["V"], alone["V"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.spikes.time, alone.spikes.time, rtol=0, atol=1e-9)
    np.testing.assert_allclose(run.summary["V.mean"], alone.summary["V.mean"], rtol=1e-11)


# ---- the same bits


def mixed(n=150):
    """One delay and many, spikes of the neurons and of a source."""
    draw = np.random.default_rng(3)
    members, rule = cells(n, current=draw.uniform(60, 110, n), refractory=3.0), fn.FixedProbability(0.05)
    return network(
        members,
        (members[: n // 2], "exponential", rule, 0.03, 0.23),
        (members, "delta", rule, fn.Normal(0.3, 0.1), fn.Uniform(0.4, 3.0)),
        (None, "exponential", fn.FixedOutDegree(9), 0.05, 0.5),
        (members[::2], "exponential", fn.FixedTotal(300), 0.01, 0.23),
        times=draw.uniform(0, 40, (30, 5)),
    )


WHOLE = {"duration": 40.0, "record": ("V", "exponential"), "every": 3} | LOOSE


@cache
def whole():
    run = fn.simulate(mixed(), threads=1, **WHOLE)
    assert run["cells"].spikes.time.size > 50
    return run


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_bits_do_not_depend_on_threads(threads, monkeypatch):
    monkeypatch.setattr(network_scheduler, "WORTH_A_MEMBER", 1)
    assert_same(whole(), fn.simulate(mixed(), threads=threads, **WHOLE))


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (cuts, "RANGE", 64),
        (network_chunk, "CALL", 1e-9),
        (network_scheduler, "IN_FLIGHT", 1),
        (own_steps, "PLACES", 1),
        (own_steps, "ROOM", 48),
    ],
)
def test_bits_do_not_depend_on_how_the_work_is_cut(where, name, value, monkeypatch):
    monkeypatch.setattr(where, name, value)
    assert_same(whole(), fn.simulate(mixed(), threads=1, **WHOLE))


def test_bits_do_not_depend_on_the_place_of_a_neuron():
    order = np.random.default_rng(5).permutation(N)
    net, initial = spiking(BOTH)
    run = fn.simulate(net, 60.0, initial=initial, **TIGHT)["cells"]
    net, initial = spiking(BOTH, order=order)
    other = fn.simulate(net, 60.0, initial=initial, **TIGHT)["cells"]
    for name, values in other.state.items():
        np.testing.assert_array_equal(values, run.state[name][order])
    for i in range(N):
        np.testing.assert_array_equal(other.spikes[i], run.spikes[order[i]])


@pytest.mark.slow
def test_bits_do_not_depend_on_lanes(monkeypatch):
    monkeypatch.setattr(own_steps, "choose_block", lambda n: lanes.Lanes32())
    assert_same(whole(), fn.simulate(mixed(), threads=1, **WHOLE))


@pytest.mark.slow
def test_synapses_made_anew_are_those_that_are_stored():
    def run(stored):
        noise, members = fn.PoissonSource(50, rate=40.0), cells(150, current=80.0)
        rules = ("exponential", fn.FixedProbability(0.05), 0.1), ("delta", fn.FixedOutDegree(9), 0.5)
        synapses = [fn.Projection(noise, members, *rule, delay=0.5, stored=stored) for rule in rules]
        return fn.simulate(fn.Network({"noise": noise, "cells": members}, synapses), **WHOLE)

    assert_same(run(True), run(False))


@pytest.mark.parametrize("size", [1, 7, 50])
def test_bits_do_not_depend_on_chunks_nor_on_going_on_from_one(size):
    """Each chunk is carried out by a network of its own, from the snapshot of the one before."""
    asked = inspect.signature(fn.simulate).bind(mixed(), **WHOLE | {"duration": 10.0})
    asked.apply_defaults()
    recipe = checked_network(asked.arguments)
    one = []
    own_steps.at_work(recipe, 1).advance(recipe.chunks(recipe.samples), lambda done: None, one.append)
    found, snapshot = [], None
    for chunk in recipe.chunks(size):
        work = own_steps.at_work(recipe, 1)
        if snapshot is not None:
            work.go_back_to(snapshot)
        work.advance([chunk], lambda done: None, found.append)
        snapshot = found[-1].snapshot
    samples = np.concatenate([result.parts["cells"].samples for result in found], axis=2)
    np.testing.assert_array_equal(samples, one[0].parts["cells"].samples)
    for key, values in one[0].parts["cells"].snapshot.items():
        np.testing.assert_array_equal(found[-1].parts["cells"].snapshot[key], values)
    spikes = np.concatenate([result.parts["cells"].spike_time for result in found])
    np.testing.assert_array_equal(np.sort(spikes), np.sort(one[0].parts["cells"].spike_time))


# ---- refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"delivery": "grid"}, "delivery must be 'exact' with method='dop853'.*the grid is for 'rk4'"),
        ({"duration": 10.02}, "duration must be a multiple of dt"),
        ({"dt": 2.5}, "the delay of projection 0 must be at least dt"),
        ({"rtol": -1.0}, "rtol must be a positive number"),
    ],
)
def test_bad_input(changes, message):
    net, _ = spiking(["exponential"])
    with pytest.raises(ValueError, match=message):
        fn.simulate(net, **{"duration": 10.0, "method": "dop853"} | changes)


def test_noise_needs_a_fixed_step():
    with pytest.raises(ValueError, match="noise needs method='heun'"):
        fn.simulate(network(cells(noise=fn.WhiteNoise(1.0))), 10.0, method="dop853")


def test_a_blow_up_names_the_neuron():
    members = cells(3)
    net = network(members, (None, "exponential", ([0, 0], [1, 2]), 1e250, 1.0), times=[[1.0]])
    with pytest.raises(FloatingPointError, match="neuron 1 of 'cells' needs steps too small to go on between t = 2"):
        fn.simulate(net, 100.0, **TIGHT)
