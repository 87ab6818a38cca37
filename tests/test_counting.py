"""Which crossings of the threshold are spikes: all, or those after a refractory time, or once V has fallen again."""

from functools import cache

import numpy as np
import pytest

import fastneuron as fn

HOPF = fn.MorrisLecar.hopf()
NOISY = {"current": 100.0, "noise": fn.WhiteNoise(60.0), "method": "heun", "dt": 0.025, "n": 20}
SHAKEN = 100.0 + fn.Sine([500.0, 700.0], 480.0)  # V crosses -10 mV several times on the way up and down


def counted(every, V, times, refractory, rearm):
    """The definition: of all crossings of a neuron, those that count."""
    kept = []
    for time in every:
        fallen = not kept or np.any(V[(times > kept[-1]) & (times <= time)] < rearm)
        if fallen and (not kept or time - kept[-1] >= refractory):
            kept.append(time)
    return kept


@pytest.mark.parametrize("refractory", [0.0, 80.0])
def test_a_spike_counts_again_once_the_voltage_has_fallen(refractory, tmp_path):
    """Noise makes V cross the threshold several times where it hovers there; the same in memory, in chunks, on disk."""
    every = fn.simulate(HOPF, 500.0, record="V", **NOISY)
    given = {"refractory": refractory, "rearm": -20.0, "summary": "isi.mean", **NOISY}
    once = fn.simulate(HOPF, 500.0, **given)
    right = [counted(*pair, every.time, refractory, -20.0) for pair in zip(every.spikes, every["V"], strict=True)]
    assert sum(map(len, right)) < every.spikes.size
    for kept, found, mean in zip(right, once.spikes, once.summary["isi.mean"], strict=True):
        assert found.tolist() == kept
        assert np.diff(kept).mean() == pytest.approx(mean, rel=1e-12)
    assert once.spike_count.tolist() == [len(kept) for kept in right]
    stored = fn.simulate(HOPF, 500.0, out=tmp_path / "run", checkpoint_interval=20.0, **given)
    assert stored.spikes.time.tolist() == once.spikes.time.tolist()
    assert fn.open(tmp_path / "run").spike_count.tolist() == once.spike_count.tolist()


GIVEN = {"duration": 400.0, "current": SHAKEN, "threshold": -10.0}


@cache
def by_the_reference(rearm, refractory):
    return fn.reference.simulate(HOPF, rearm=rearm, refractory=refractory, **GIVEN)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["rk4", "dop853", "staggered", "tsit5"])
def test_every_method_counts_as_the_reference(method):
    for rearm, refractory in ((None, 0.0), (-30.0, 0.0), (-30.0, 100.0)):
        exact = by_the_reference(rearm, refractory)
        run = fn.simulate(HOPF, rearm=rearm, refractory=refractory, method=method, dt=0.0125, **GIVEN)
        assert run.spike_count.tolist() == exact.spike_count.tolist()
        np.testing.assert_allclose(run.spikes.time, exact.spikes.time, rtol=0, atol=5e-2 if method != "rk4" else 1e-4)
    fewer = exact.spike_count < by_the_reference(-30.0, 0.0).spike_count
    assert fewer.any()


@pytest.mark.slow
def test_a_population_of_a_network_counts_likewise():
    """And what does not count is not sent."""
    cells = fn.Population(HOPF, 2, {"exc": fn.Exponential(3.0, 0.0)}, SHAKEN, threshold=-10.0, rearm=-30.0)
    net = fn.Network({"cells": cells}, [fn.Projection(cells, cells, "exc", fn.AllToAll(), weight=0.5, delay=1.7)])
    exact = fn.reference.simulate(net, 200.0)["cells"]
    found = fn.simulate(net, 200.0, dt=0.0125)["cells"]
    assert found.spike_count.tolist() == exact.spike_count.tolist()
    np.testing.assert_allclose(found.spikes.time, exact.spikes.time, rtol=0, atol=1e-3)
    free = fn.Population(HOPF, 2, {"exc": fn.Exponential(3.0, 0.0)}, SHAKEN, threshold=-10.0)
    assert (fn.simulate(free, 200.0).spike_count > exact.spike_count).all()


@pytest.mark.parametrize(
    ("rearm", "exception", "words"),
    [
        (1.0, ValueError, "at most threshold = 0; got 1"),
        ("low", TypeError, "rearm must be"),
        (np.nan, ValueError, "nan"),
    ],
)
def test_not_allowed(rearm, exception, words):
    for make in (lambda: fn.simulate(HOPF, 1.0, rearm=rearm), lambda: fn.Population(HOPF, 1, rearm=rearm)):
        with pytest.raises(exception, match=words):
            make()
    with pytest.raises(ValueError, match=r"rearm belongs to a Population, fn.Population\(..., rearm=...\)"):
        fn.simulate(fn.Population(HOPF, 1), 1.0, rearm=-20.0)
