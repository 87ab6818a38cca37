"""Populations coupled without delay: of the method's full order, and the same bits however the work is divided."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

import fastneuron as fn
from fastneuron._engine import cuts, network_chunk, network_scheduler
from tests.catalogue import rest_slow
from tests.ranks import on_ranks
from tests.test_circuits import gap_pair
from tests.test_networks import assert_same

NETWORKS = json.loads((Path(__file__).parent / "networks.json").read_text())
HOPF = fn.MorrisLecar.hopf()
GRADED = fn.Graded(E=-75.0, half=-5.0, slope=6.0)


class Rectifying(fn.CouplingKind):
    """A gap junction that lets through more in one direction, smoothly."""

    less: float = 0.2

    @staticmethod
    def current(V_post, x_pre, p):
        return (x_pre - V_post) / (1.0 + p.less * np.exp(0.05 * (V_post - x_pre)))


def few(kind, weights=None, n=3, symmetric=None, model=HOPF):
    """Some neurons that are all different, and where they begin."""
    draw = np.random.default_rng(2)
    cells = fn.Population(model, n, current=draw.uniform(90.0, 110.0, n))
    if weights is None:
        weights = draw.uniform(0.05, 0.3, (n, n))
        weights = 0.5 * (weights + weights.T)
    coupling = fn.Coupling(cells, cells, kind, sp.csr_array(weights), symmetric=symmetric)
    return fn.Network({"cells": cells}, [coupling]), {"cells": {"V": draw.uniform(-50.0, 0.0, n), "N": 0.1}}


def ring(n, weight):
    """Each coupled to its two neighbours."""
    one, other = np.arange(n), (np.arange(n) + 1) % n
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    return sp.coo_array((np.full(2 * n, weight), ends), shape=(n, n))


def final(run):
    return np.array(list(run["cells"].state.values()))


def order_of(net, initial, method, duration=30.0):
    steps = np.array([0.2, 0.1, 0.05, 0.025])
    exact = final(fn.simulate(net, duration, 0.0025, initial=initial, method="rk4"))
    runs = [final(fn.simulate(net, duration, dt, initial=initial, method=method)) for dt in steps]
    errors = [np.abs(found - exact).max() for found in runs]
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


@pytest.mark.parametrize("name", rest_slow(["ml_hopf_gap_pair", "ml_snic_graded_pair"]))
def test_published_spikes(name):
    case = NETWORKS[name]
    cells = fn.Population(fn.MorrisLecar(**case["parameters"]), 2, current=case["current"])
    if "gap" in case:
        kind, weights = fn.GapJunction(), np.array(case["gap"])
    else:
        graded = case["graded"]
        kind, weights = fn.Graded(graded["E"], graded["half"], graded["slope"]), np.transpose(graded["g"])
    net = fn.Network({"cells": cells}, [fn.Coupling(cells, cells, kind, sp.coo_array(weights))])
    initial = {"cells": dict(zip(("V", "N"), np.transpose(case["initial"]), strict=True))}
    run = fn.simulate(net, case["duration"], dt=0.01, initial=initial)["cells"]
    for k, times in enumerate(case["spikes"]):
        np.testing.assert_allclose(run.spikes.time[run.spikes.neuron == k], times, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.transpose(list(run.state.values())), case["final"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "kind",
    [
        fn.GapJunction(),
        GRADED,
        pytest.param(fn.StateCoupled("N", E=-75.0), marks=pytest.mark.slow),
        pytest.param(Rectifying(), marks=pytest.mark.slow),
    ],
    ids=lambda kind: type(kind).__name__,
)
def test_rk4_keeps_its_order(kind):
    net, initial = few(kind)
    assert abs(order_of(net, initial, "rk4") - 4.0) < 0.15


@pytest.mark.slow
def test_a_circuit_is_the_same_cells_as_a_network():
    circuit, known = gap_pair()
    current, start = known["current"], known["initial"]
    cells = fn.Population(HOPF, 2, current=[current["A"], current["B"]])
    net = fn.Network({"cells": cells}, [fn.Coupling(cells, cells, fn.GapJunction(), ring(2, 0.125))])
    initial = {name: [start[f"A.{name}"], start[f"B.{name}"]] for name in ("V", "N")}
    spikes = fn.simulate(net, 300.0, 0.01, initial={"cells": initial})["cells"].spikes
    same = fn.simulate(circuit, 300.0, 0.01, current=current, initial=start)
    for k, name in enumerate(("A.V", "B.V")):
        np.testing.assert_allclose(same.spikes[name][0], spikes.time[spikes.neuron == k], rtol=0, atol=1e-9)


@pytest.mark.slow
def test_heun_keeps_its_order():
    net, initial = few(fn.GapJunction())
    assert abs(order_of(net, initial, "heun") - 2.0) < 0.15


@pytest.mark.parametrize(
    "kind",
    [
        fn.GapJunction(),
        GRADED,
        pytest.param(fn.StateCoupled("N", E=-75.0), marks=pytest.mark.slow),
        pytest.param(Rectifying(), marks=pytest.mark.slow),
    ],
    ids=lambda kind: type(kind).__name__,
)
def test_the_reference_agrees(kind):
    net, initial = few(kind)
    run = fn.simulate(net, 50.0, 0.01, initial=initial)
    twin = fn.reference.simulate(net, 50.0, initial=initial)
    np.testing.assert_allclose(final(run), final(twin), rtol=0, atol=1e-7)


def test_a_coupling_of_weight_0_changes_no_bit():
    n = 70
    net, initial = few(fn.GapJunction(), ring(n, 0.0), n)
    cells = net.populations["cells"]
    alone = fn.simulate(cells.model, 60.0, current=cells.current, initial=initial["cells"])
    run = fn.simulate(net, 60.0, initial=initial)["cells"]
    for name, values in alone.state.items():
        assert np.array_equal(run.state[name], values)
    assert np.array_equal(run.spikes.neuron, alone.spikes.neuron)
    np.testing.assert_allclose(run.spikes.time, alone.spikes.time, rtol=0, atol=1e-12)


def test_bits_of_a_ring(monkeypatch):
    n = 900
    net, initial = few(fn.GapJunction(), ring(n, 0.3), n)
    whole = fn.simulate(net, 30.0, initial=initial, threads=1)
    assert whole["cells"].spikes.time.size > 100
    assert_same(fn.simulate(net, 30.0, initial=initial, threads=2), whole)
    monkeypatch.setattr(cuts, "RANGE", 128)
    monkeypatch.setattr(network_scheduler, "ALONE", 3)
    monkeypatch.setattr(cuts, "EPOCH", 3)
    monkeypatch.setattr(network_chunk, "CALL", 1e-6)
    assert_same(fn.simulate(net, 30.0, initial=initial, threads=2), whole)


def test_what_blows_up_is_said():
    net, initial = few(fn.GapJunction(), ring(70, 1e5), 70)
    with pytest.raises(FloatingPointError, match=r"neuron \d+ of 'cells' blew up.* no longer finite"):
        fn.simulate(net, 30.0, initial=initial)


@pytest.mark.slow
def test_other_inputs_go_through_a_step_stage_by_stage_as_ever():
    n, noise = 70, fn.OrnsteinUhlenbeck(np.linspace(1.0, 9.0, 70), 3.0)
    current = np.linspace(80.0, 130.0, n) + fn.Step(20.0, 5.07, 17.0) + fn.Samples([0.0, 5.0, 1.0], 10.0)
    cells = fn.Population(HOPF, n, current=current, noise=noise)
    coupling = fn.Coupling(cells, cells, fn.GapJunction(), ring(n, 0.0))
    run = fn.simulate(fn.Network({"cells": cells}, [coupling], seed=3), 30.0, method="heun", record="V")["cells"]
    alone = fn.simulate(HOPF, 30.0, current=current, noise=noise, seed=3, method="heun", record="V")
    assert np.array_equal(run["V"], alone["V"])
    assert np.array_equal(run.state["N"], alone.state["N"])


def mixed(n=900, seed=3):
    """Two populations, coupled without delay in several ways, with delayed synapses and a source besides."""
    draw = np.random.default_rng(seed)
    cells = fn.Population(HOPF, n, {"exc": fn.Exponential(5.0, 0.0)}, current=draw.uniform(85.0, 100.0, n))
    others = fn.Population(fn.MorrisLecar.hopf(V3=draw.normal(2, 0.3, 70)), 70, current=90.0)
    source = fn.PoissonSource(50, rate=40.0)
    return fn.Network(
        {"cells": cells, "source": source, "others": others},
        [
            fn.Projection(source, cells, "exc", fn.FixedInDegree(3), weight=0.1, delay=0.33),
            fn.Projection(cells[:100], cells, "exc", fn.FixedProbability(0.01), weight=0.05, delay=0.5),
            fn.Coupling(cells, cells, fn.GapJunction(), fn.AllToAll(), weight=0.2 / n),
            fn.Coupling(others, cells[100:], GRADED, fn.FixedProbability(0.1), weight=fn.Uniform(0.0, 0.2)),
            fn.Coupling(cells[:70], others, fn.GapJunction(), fn.OneToOne(), weight=0.1),
        ],
        seed=5,
    )


def carry_out(net, **options):
    options = {"duration": 30.0, "dt": 0.05, "record": ("V", "exc"), "every": 10, "summary": "V.mean"} | options
    return fn.simulate(net, **options)


@pytest.fixture(scope="module")
def whole():
    run = carry_out(mixed(), threads=1)
    assert run["cells"].spikes.time.size > 100
    return run


@pytest.mark.slow
def test_bits_do_not_depend_on_threads(whole):
    assert_same(carry_out(mixed(), threads=2), whole)


@pytest.mark.slow
def test_bits_do_not_depend_on_ranges_and_epochs(whole, monkeypatch):
    monkeypatch.setattr(cuts, "RANGE", 128)
    monkeypatch.setattr(cuts, "EPOCH", 3)
    monkeypatch.setattr(network_scheduler, "WORTH_A_MEMBER_IN_STEP", 100)
    assert_same(carry_out(mixed(), threads=3), whole)


@pytest.mark.slow
def test_pieces(whole, tmp_path):
    net = mixed()
    sim = fn.Simulation(net, dt=0.05, threads=2)
    for duration in (0.05, 10.0, 0.35, 19.6):
        sim.run(duration)
        sim.save(tmp_path / "sim")
        sim = fn.Simulation.load(tmp_path / "sim")
    for name, run in whole.populations.items():
        for state, values in run.state.items():
            assert np.array_equal(sim[name].state[state], values)


def test_weights_that_are_set_are_those_of_another_network(tmp_path):
    n = 70
    net, initial = few(fn.GapJunction(), ring(n, 0.3), n)
    sim = fn.Simulation(net, dt=0.05, initial=initial)
    sim.run(5.0)
    assert repr(sim.weights) == "<Weights of 0 projections and 1 couplings>"
    assert sim.weights[0].tolist() == net.connections(0).weight.tolist() == [0.3] * 140
    pairs = net.connections(0)
    least, most = np.minimum(pairs.pre, pairs.post), np.maximum(pairs.pre, pairs.post)
    given = 0.01 + 1e-4 * least + 1e-3 * most  # the same both ways
    sim.weights[net.couplings[0].declared] = given
    other = few(fn.GapJunction(), sp.coo_array((given, (pairs.pre, pairs.post)), shape=(n, n)), n)[0]
    wanted = fn.Simulation(other, dt=0.05, initial={"cells": sim["cells"].state})
    sim.save(tmp_path / "sim")
    given[:] = 0.0
    again = fn.Simulation.load(tmp_path / "sim")
    for one in (sim, again):
        assert np.array_equal(one.weights[0], wanted.weights[0])
    for one in (wanted, sim, again):
        one.run(5.0)
        assert np.array_equal(one["cells"].state["V"], wanted["cells"].state["V"])
    with pytest.raises(ValueError, match=r"GapJunction\(\) is symmetric, but its weight from 0 to 1 is"):
        sim.weights[0] = np.arange(140)
    with pytest.raises(ValueError, match=r"weights\[0\] must be a number or one for each of the 140 pairs; got 3"):
        sim.weights[0] = [1, 2, 3]
    with pytest.raises(ValueError, match="projection must be a whole number of at least 0 and at most 0; got 1"):
        sim.weights[1] = 1.0


@pytest.mark.slow
def test_weights_of_every_kind_of_coupling_can_be_set(tmp_path):
    """All to all by the mean alone, drawn ones between views, and one that acts both ways."""
    net, draw = mixed(), np.random.default_rng(8)
    drawn = net.connections(3)
    weight = draw.uniform(0.0, 0.2, drawn.pre.size)
    *links, all_to_all, graded, both_ways = (*net.projections, *(one.declared for one in net.couplings))
    for one, value in ((all_to_all, 0.4 / 900), (both_ways, 0.3)):
        one.weight = value
    graded.connections, graded.weight = drawn[:2], weight
    wanted = fn.Simulation(fn.Network(net.populations, [*links, all_to_all, graded, both_ways], seed=5), dt=0.05)
    sim = fn.Simulation(mixed(), dt=0.05)
    assert np.array_equal(sim.weights[3], drawn.weight)
    sim.weights[2], sim.weights[3], sim.weights[4] = 0.4 / 900, weight, 0.3
    assert (sim.weights[2], sim.weights[4]) == (0.4 / 900, 0.3)
    assert np.array_equal(sim.weights[3], weight)
    sim.save(tmp_path / "sim")
    for one in (wanted, sim, again := fn.Simulation.load(tmp_path / "sim")):
        one.run(10.0)
    for name in ("cells", "others"):
        assert np.array_equal(sim[name].state["V"], wanted[name].state["V"])
        assert np.array_equal(again[name].state["V"], wanted[name].state["V"])
    with pytest.raises(ValueError, match=r"weights\[4\] must be a number, as the coupling was made with one for all"):
        sim.weights[4] = [1.0] * 70


def test_a_state_that_is_set_is_felt_at_once():
    net, initial = few(fn.GapJunction())
    sim = fn.Simulation(net, dt=0.05, initial=initial)
    sim.run(5.0)
    V, N = (sim["cells"].state[name].copy() for name in ("V", "N"))
    moved = V + np.array([20.0, 0.0, 0.0])
    sim["cells"].state["V"] = moved
    sim.run(5.0)
    again = fn.simulate(net, 5.0, initial={"cells": {"V": moved, "N": N}})
    assert np.array_equal(sim["cells"].state["V"], again["cells"].state["V"])


@pytest.mark.slow
def test_a_store_keeps_couplings_as_data(whole, tmp_path):
    run = carry_out(mixed(), out=tmp_path / "run", checkpoint_interval=10.0)
    assert_same(run, whole)
    assert_same(fn.open(tmp_path / "run"), whole)
    longer = fn.resume(tmp_path / "run", duration=35.0)
    assert_same(longer, carry_out(mixed(), duration=35.0))


def test_a_network_is_pickled_with_its_couplings():
    net = pickle.loads(pickle.dumps(mixed()))
    assert repr(net) == repr(mixed())
    assert net.connections(net.couplings[1].declared).pre.size == pytest.approx(70 * 800 * 0.1, rel=0.1)


def test_an_estimate_counts_what_couplings_cost():
    n = 1000
    sparse, dense = (few(fn.GapJunction(), weights, n)[0] for weights in (ring(n, 0.1), np.ones((n, n))))
    bare, found = (fn.estimate(net, 1000.0, threads=1) for net in (sparse, dense))
    assert 12 * n * n < found.memory - bare.memory < 80 * n * n
    assert 0.5e-9 < (found.seconds - bare.seconds) / (4 * 20_000 * n * n) < 1.5e-9


@pytest.mark.slow
@pytest.mark.parametrize("ends", [(slice(None), slice(None)), (slice(3, None), slice(0, 99, 2))])
def test_all_to_all_is_the_sum_over_all(ends):
    n, w = 130, 0.002
    cells = fn.Population(HOPF, n, current=np.linspace(90.0, 110.0, n))
    pre, post = (cells[end] for end in ends)
    initial = {"cells": {"V": np.linspace(-50.0, 0.0, n), "N": 0.1}}
    ways = {"connections": fn.AllToAll(), "weight": w}, {"connections": sp.csr_array(np.full((len(pre), len(post)), w))}
    runs = []
    for way in ways:
        net = fn.Network({"cells": cells}, [fn.Coupling(pre, post, fn.GapJunction(), **way, symmetric=False)])
        runs.append(final(fn.simulate(net, 40.0, initial=initial)))
    np.testing.assert_allclose(*runs, rtol=0, atol=1e-9)


@pytest.mark.slow
def test_a_gap_junction_between_two_populations_acts_both_ways():
    n, m = 5, 3
    draw = np.random.default_rng(1)
    current, V, G = draw.uniform(90, 110, n + m), draw.uniform(-50, 0, n + m), draw.uniform(0.0, 0.2, (n, m))
    one = fn.Population(HOPF, n + m, current=current)
    two = [fn.Population(HOPF, size, current=part) for size, part in zip((n, m), np.split(current, [n]), strict=True)]
    together = fn.Network({"all": one}, [fn.Coupling(one[:n], one[n:], fn.GapJunction(), sp.csr_array(G))])
    apart = fn.Network({"a": two[0], "b": two[1]}, [fn.Coupling(*two, fn.GapJunction(), sp.csr_array(G))])
    all_ = fn.simulate(together, 50.0, initial={"all": {"V": V, "N": 0.1}})["all"]
    start = {name: {"V": part, "N": 0.1} for name, part in zip("ab", np.split(V, [n]), strict=True)}
    parts = fn.simulate(apart, 50.0, initial=start)
    assert np.array_equal(all_.state["V"], np.concatenate([parts["a"].state["V"], parts["b"].state["V"]]))


CELLS = fn.Population(HOPF, 4)
IZHIKEVICH = fn.Population(fn.Izhikevich(), 4)
SOURCE = fn.PoissonSource(4, 10.0)
GAP = fn.GapJunction()


def network(*arguments, **named):
    groups = {"cells": CELLS, "others": IZHIKEVICH, "source": SOURCE}
    return fn.Network(groups, [fn.Coupling(*arguments, **named)])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: network(SOURCE, CELLS, GAP, fn.AllToAll()), r"projections\[0\]: pre must be a Population or a view"),
        (lambda: network(CELLS, "cells", GAP, fn.AllToAll()), "post must be a Population .* names of cells are for a"),
        (lambda: network(IZHIKEVICH, CELLS, GAP, fn.AllToAll()), "pre must be neurons that do not reset.*Izhikevich"),
        (lambda: network(CELLS, CELLS, fn.StateCoupled("s", 0.0), fn.AllToAll()), "reads.*must be one of.*got 's'"),
        (lambda: network(CELLS, CELLS, GAP), "connections must be a rule"),
        (lambda: network(CELLS, CELLS, GAP, np.eye(3)), "connections must be a rule"),
        (lambda: network(CELLS, CELLS, GAP, sp.eye_array(3)), r"must have the shape \(4, 4\)"),
        (lambda: network(CELLS, CELLS, GAP, sp.eye_array(4), weight=1.0), "the values of the matrix are the weights"),
        (lambda: network(CELLS, CELLS, GAP, fn.AllToAll(), weight=np.inf), "weight must be a finite number; got inf"),
        (lambda: network(CELLS, CELLS, GAP, sp.eye_array(4, k=1)), "its weight from 0 to 1 is 1, and that from 1 to 0"),
        (lambda: network(CELLS, CELLS, GAP, fn.FixedProbability(0.5)), "draws each direction on its own"),
        (lambda: network(CELLS[:3], CELLS[1:], GAP, fn.AllToAll()), "the same neurons, or have none in common"),
        (
            lambda: network(CELLS, CELLS, fn.Graded([-80.0, -70.0], 0.0, 5.0), fn.AllToAll()),
            "one kind for all neurons",
        ),
        (lambda: fn.Network({"a": fn.Population(HOPF, 4)}, [fn.Coupling(CELLS, CELLS, GAP, fn.AllToAll())]),
         "the pre of coupling 0 is not in the network"),
    ],
)  # fmt: skip
def test_bad_input(wrong, said):
    with pytest.raises((TypeError, ValueError), match=said):
        wrong()


@pytest.mark.parametrize("method", ["staggered", "dop853", "tsit5"])
def test_methods_without_common_stages_are_refused(method):
    with pytest.raises(ValueError, match=f"method must be 'rk4' or 'heun' with a Coupling.*got '{method}'"):
        fn.simulate(few(GAP)[0], 1.0, method=method)


def test_a_communicator_is_refused():
    errors = on_ranks(2, lambda comm: fn.simulate(few(GAP)[0], 1.0, comm=comm))
    assert all("comm cannot be given with a Coupling" in str(error) for error in errors)
