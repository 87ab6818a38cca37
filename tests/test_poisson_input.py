"""Poisson input: its law at stated error rates, its times, its bits, and what takes it."""

import numpy as np
import pytest
from scipy.stats import chi2, poisson

import fastneuron as fn

DT = 0.5


class Leaky(fn.Model):
    """Linear, so that the sum of all responses is known."""

    tau: float = 1.0
    states = {"V": 0.0}

    @staticmethod
    def derivative(V, I, p):
        return (I - V / p.tau,)


def run(noise, duration, n, dt=DT, model=None, **options):
    asked = {"seed": 7, "n": n, "threshold": 1e9, "record": "V"} | options
    return fn.simulate(Leaky(tau=1e12) if model is None else model, duration, dt, noise=noise, **asked)


@pytest.mark.parametrize("mean", [0.3, 2.0, 20.0])
def test_numbers_of_events_are_poisson_and_independent(mean):
    counts = np.diff(run(fn.PoissonJumps(1000.0 * mean / DT, 1.0), 100 * DT, 2000)["V"], axis=1)
    assert np.abs(counts - np.rint(counts)).max() < 1e-8
    found = np.bincount(np.rint(counts).astype(int).ravel())
    expected = poisson.pmf(np.arange(found.size), mean) * counts.size
    often = expected > 20
    statistic = ((found - expected) ** 2 / expected)[often].sum()
    assert chi2.ppf(1e-4, often.sum()) < statistic < chi2.ppf(1 - 1e-4, often.sum() - 1)
    z = (counts - mean) / np.sqrt(mean)
    for a, b in ((z[:, 1:], z[:, :-1]), (z[1:], z[:-1])):  # in time, from neuron to neuron
        assert abs((a * b).mean()) < 4 / np.sqrt(a.size)


@pytest.mark.parametrize(
    ("method", "dt"), [("rk4", 0.5), pytest.param("heun", 0.1, marks=pytest.mark.slow), ("staggered", 0.1)]
)
def test_events_have_times_of_their_own(method, dt):
    """Campbell's theorem: on the grid mean and variance would be 27 and 58 % too large, or 5 and 10 % at dt 0.1."""
    rate, tau, n = 6.0, 1.0, 40_000
    V = run(fn.PoissonJumps(1000.0 * rate, 0.5), 12.0, n, dt, Leaky(tau=tau), method=method, record=None).state["V"]
    mean, variance = 0.5 * rate * tau, 0.25 * rate * tau / 2
    assert abs(V.mean() - mean) < 4 * np.sqrt(variance / n) + 2e-3 * mean
    assert abs(V.var() / variance - 1) < 4 * np.sqrt(2.5 / n) + 6e-3


@pytest.mark.parametrize("tau", [0.1, 0.3, 2.0, 50.0])
def test_currents_have_the_mean_and_the_variance_of_shot_noise(tau):
    """Two exponentials in a row: w k (exp(-t / tau) - exp(-t / tau_m)), k = 1 / (1 / tau_m - 1 / tau), summed up."""
    rate, w, tau_m, n = 5.0, 0.7, 4.0, 20_000
    noise = fn.PoissonCurrent(1000.0 * rate, w, tau)
    V = run(noise, 14 * max(tau, tau_m), n, 0.1, Leaky(tau=tau_m), record=None).state["V"]
    variance = rate * w**2 * tau**2 * tau_m**2 / (2 * (tau + tau_m))
    assert abs(V.mean() - rate * w * tau * tau_m) < 4 * np.sqrt(variance / n)
    assert abs(V.var() / variance - 1) < 4 * np.sqrt(2.5 / n)


def test_what_decays_fast_and_slowly_stand_side_by_side():
    """A neuron has the same bits in a block with neurons whose time constant is shorter than two steps."""
    tau = np.where(np.arange(8) % 2, 0.02, 0.7)
    V = run(fn.PoissonCurrent(5000.0, 1.0, tau), 20.0, 8, 0.1, Leaky(tau=1.0), record=None).state["V"]
    for first in (0, 1):  # the others alone, each in its place
        alike = run(fn.PoissonCurrent(5000.0, 1.0, tau[first]), 20.0, 8, 0.1, Leaky(tau=1.0), record=None).state["V"]
        assert np.array_equal(V[first::2], alike[first::2])


@pytest.mark.slow
def test_a_source_of_trains_drives_alike():
    """Rates of neurons with Poisson input, and with as many spikes from a PoissonSource along synapses of their own."""
    n, ms = 1000, 300.0
    model = fn.LeakyIntegrateAndFire.brunel()
    given = fn.simulate(model, ms, noise=fn.PoissonJumps(2000.0, 0.5), n=n, seed=1).spike_count
    cells, source = fn.Population(model, n, {"psp": fn.Delta()}), fn.PoissonSource(n, 2000.0)
    synapses = fn.Projection(source, cells, "psp", fn.OneToOne(), weight=0.5, delay=0.1)
    sent = fn.simulate(fn.Network({"cells": cells, "source": source}, [synapses]), ms)["cells"].spike_count
    assert sent.mean() > 3
    assert abs(given.mean() - sent.mean()) < 4 * np.sqrt((given.var() + sent.var()) / n)


VARIED = {
    "jumps": lambda n: fn.PoissonJumps(np.linspace(0.0, 60_000.0, 1100)[:n], np.linspace(-0.2, 0.4, 1100)[:n]),
    "currents": lambda n: fn.PoissonCurrent(np.linspace(0.0, 60_000.0, 1100)[:n], 2.0, tau=1.5),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jumps", pytest.param("currents", marks=pytest.mark.slow)])
def test_bits_depend_on_seed_neuron_and_step_alone(kind, tmp_path):
    model, n = fn.LeakyIntegrateAndFire.brunel(), 1100

    def V(n=n, duration=30.0, seed=3, **options):
        return fn.simulate(model, duration, noise=VARIED[kind](n), n=n, seed=seed, **options).state["V"]

    whole = V()
    assert np.array_equal(whole, V(threads=2, progress=False))
    assert np.array_equal(whole[:40], V(40))  # blocks of another width
    assert not np.array_equal(whole, V(seed=4))
    sim = fn.Simulation(model, noise=VARIED[kind](n), n=n, seed=3)
    for piece in (0.3, 12.7, 17.0):
        run = sim.run(piece)
    assert np.array_equal(whole, run.state["V"])
    stored = {"out": tmp_path / "run.zarr", "checkpoint_interval": 10.0}
    V(duration=20.0, **stored)
    assert np.array_equal(whole, fn.resume(tmp_path / "run.zarr", duration=30.0).state["V"])


@pytest.mark.slow
def test_populations_have_trains_of_their_own():
    a, b = (fn.Population(fn.LeakyIntegrateAndFire.brunel(), 5, noise=fn.PoissonJumps(5000.0, 0.1)) for _ in "ab")
    run = fn.simulate(fn.Network({"a": a, "b": b}), 5.0)
    assert not np.intersect1d(run["a"].state["V"], run["b"].state["V"]).size


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"method": "dop853"}, "noise needs method='rk4', 'heun' or 'staggered'; got method='dop853'"),
        ({"noise": fn.PoissonJumps(1e8, 0.1)}, "rate of a PoissonJumps must be at most 2000 events a step, 4e.07 Hz"),
        ({"dtype": "float32"}, "float32"),
        ({"noise": fn.PoissonJumps([1.0, 2.0], 0.1), "n": 3}, "n must be 2"),
        ({"noise": fn.PoissonCurrent(1.0, 1.0, 1.0), "method": "tsit5"}, "noise needs"),
    ],
)
def test_what_is_not_for_it(given, told):
    with pytest.raises(ValueError, match=told):
        fn.simulate(fn.MorrisLecar.hopf(), 1.0, **({"noise": fn.PoissonJumps(1.0, 0.1)} | given))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: fn.PoissonJumps(-1.0, 0.1), "rate"),
        (lambda: fn.PoissonJumps(np.inf, 0.1), "rate"),
        (lambda: fn.PoissonCurrent(1.0, 0.1, 0.0), "tau"),
        (lambda: fn.PoissonCurrent([1.0, 2.0], [0.1] * 3, 1.0), "rate"),
    ],
)
def test_parameters(make, told):
    with pytest.raises(ValueError, match=told):
        make()
