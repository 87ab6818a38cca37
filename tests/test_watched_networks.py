"""Populations of a network of which several states spike: every spike is sent, and says of which state it is."""

import numpy as np
import pytest
from catalogue import rest_slow
from test_watched import BOTH, HOPF, SIX, cut_short, same

import fastneuron as fn
from fastneuron._engine import network_scheduler

CHOOSY = {"refractory": {"N": 100.0}, "rearm": {"V": -20.0}}
LENGTH = 200.0


def network(stored=True, n=6, **given):
    """Neurons that are on their own, and others that hear them."""
    cells = fn.Population(HOPF, n, current=np.linspace(80.0, 130.0, n), threshold=BOTH, **given)
    others = fn.Population(HOPF, n, {"exc": fn.Exponential(3.0, 0.0)}, current=60.0)
    heard = fn.Projection(cells, others, "exc", fn.OneToOne(), weight=0.05, delay=1.7, stored=stored)
    return fn.Network({"cells": cells, "others": others}, [heard])


@pytest.mark.parametrize("stored", rest_slow([True, False]))
@pytest.mark.parametrize("method", rest_slow(["rk4", "dop853"]))
def test_every_spike_is_sent(method, stored):
    """As from a source that has the spikes of both."""
    given = {"method": method, "record": "V", "every": 20}
    run = fn.simulate(network(stored), LENGTH, **given)
    cells = run["cells"]
    alone = fn.simulate(HOPF, LENGTH, method=method, threshold=BOTH, **SIX)
    for state in BOTH:
        assert cells.spike_counts[state].tolist() == alone.spike_counts[state].tolist()
        np.testing.assert_allclose(cells.spikes[state].time, alone.spikes[state].time, rtol=0, atol=1e-3)
    if method == "rk4":
        same(cells, alone)
    others = fn.Population(HOPF, 6, {"exc": fn.Exponential(3.0, 0.0)}, current=60.0)
    source = fn.SpikeSource(cells)
    heard = fn.Projection(source, others, "exc", fn.OneToOne(), weight=0.05, delay=1.7)
    told = fn.simulate(fn.Network({"source": source, "others": others}, [heard]), LENGTH, **given)["others"]
    assert np.ptp(told["V"]) > 20.0
    np.testing.assert_allclose(run["others"]["V"], told["V"], rtol=0, atol=1e-7)


@pytest.mark.parametrize("counting", [{}, CHOOSY])
def test_the_reference_has_the_spikes_of_all_states(counting):
    """And sends them."""
    run, exact = (kind(network(**counting), LENGTH) for kind in (fn.simulate, fn.reference.simulate))
    cells = exact["cells"]
    assert cells.spikes.states == ("V", "N")
    assert cells.spike_count.tolist() == run["cells"].spike_count.tolist()
    assert cells.spikes.state.tolist() == run["cells"].spikes.state.tolist()
    np.testing.assert_allclose(run["cells"].spikes.time, cells.spikes.time, rtol=0, atol=1e-3)
    np.testing.assert_allclose(run["others"].state["V"], exact["others"].state["V"], rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", ["population", "network"])
def test_an_estimate_counts_which_state_it_was(tmp_path, kind):
    """Eight bytes of each spike on disk."""
    given = {"out": tmp_path / "run", "threads": 1}
    if kind == "network":
        one, both = (fn.Population(HOPF, 1000, threshold=threshold) for threshold in (0.0, BOTH))
        one, both = (fn.Network({"cells": cells}) for cells in (one, both))
        given["rate"] = 50.0
    else:
        one, both = HOPF, HOPF
        given["current"] = SIX["current"]
    plain = fn.estimate(one, 1000.0, **given)
    found = fn.estimate(both, 1000.0, **given, **({} if kind == "network" else {"threshold": BOTH}))
    assert plain.disk == pytest.approx(16 * plain.spikes, abs=1)
    assert found.disk == pytest.approx(24 * found.spikes, abs=1)


@pytest.mark.parametrize("method", rest_slow(["rk4", "dop853"]))
def test_threads_pieces_and_stores_change_nothing(tmp_path, monkeypatch, method):
    names = ["N.isi.mean", "population.V.rate"]
    given = {"method": method, "summary": {"cells": names}}
    whole = fn.simulate(network(n=200, **CHOOSY), LENGTH, threads=1, **given)["cells"]
    assert whole.spike_counts["V"].sum() > whole.spike_counts["N"].sum() > 200
    place = {"out": tmp_path / "run", "checkpoint_interval": 20.0}
    with monkeypatch.context() as patch:
        patch.setattr(network_scheduler, "WORTH_A_MEMBER", 1)
        many = fn.simulate(network(n=200, **CHOOSY), LENGTH, threads=2, **given, **place)["cells"]
    same(many, whole)
    for name in names:
        np.testing.assert_array_equal(many.summary[name], whole.summary[name])
    cut_short(monkeypatch, lambda: fn.simulate(network(n=200, **CHOOSY), LENGTH, **given, **place, overwrite=True))
    assert 0 < fn.open(tmp_path / "run")["cells"].spikes.size < whole.spikes.size
    same(fn.resume(tmp_path / "run")["cells"], whole)
    if method == "rk4":
        sim = fn.Simulation(network(n=200, **CHOOSY), method=method)
        pieces = [sim.run(LENGTH / 4)["cells"] for _ in range(4)]
        for state in BOTH:
            times = np.concatenate([piece.spikes[state].time for piece in pieces])
            neuron = np.concatenate([piece.spikes[state].neuron for piece in pieces])
            order = np.argsort(neuron, kind="stable")
            assert times[order].tolist() == whole.spikes[state].time.tolist()


@pytest.mark.slow
def test_summaries_go_to_the_populations_that_have_them():
    """By the names of their states, which may have dots; what none has is refused."""
    run = fn.simulate(network(), 50.0, summary=["N.isi.mean", "isi.mean", "V.max", "exc.mean"])
    assert {*run["cells"].summary} == {"N.isi.mean", "V.max"}
    assert {*run["others"].summary} == {"isi.mean", "V.max", "exc.mean"}
    for wrong, hint in (("W.max", "V.max"), ("N.isi.mea", "N.isi.mean")):
        with pytest.raises(ValueError, match=f"summary must be one of .* did you mean '{hint}'"):
            fn.simulate(network(), 50.0, summary=wrong)


@pytest.mark.slow
def test_a_cycle_begins_at_a_spike_of_the_voltage():
    both = type("Both", (fn.MorrisLecar,), {"spiking": ("V", "N")})
    found, plain = (fn.cycles(kind.hopf(), [100.0], settle=1000.0) for kind in (both, fn.MorrisLecar))
    assert found.period.tolist() == plain.period.tolist()


@pytest.mark.slow
def test_neurons_that_go_through_a_step_together_are_watched_likewise():
    """Coupled without delay, so weakly that nothing changes."""
    cells = fn.Population(HOPF, 6, current=SIX["current"], threshold=BOTH, **CHOOSY)
    coupling = fn.Coupling(cells, cells, fn.GapJunction(), fn.AllToAll(), weight=1e-30)
    found = fn.simulate(fn.Network({"cells": cells}, [coupling]), LENGTH)["cells"]
    same(found, fn.simulate(HOPF, LENGTH, threshold=BOTH, **SIX, **CHOOSY))
