"""Runs that are allowed, but hardly what was meant, are warned of; others are not."""

import math

import numpy as np
import pytest

import fastneuron as fn
from tests.catalogue import rest_slow

HOPF = fn.MorrisLecar.hopf


class Leaky(fn.Model):
    """Integrate, but do not fire."""

    tau: float = 10.0
    states = {"V": -65.0}
    threshold = -50.0

    @staticmethod
    def derivative(V, I, p):
        return ((I - 65.0 - V) / p.tau,)


class Theta(fn.Model):
    """On the circle, if somebody would put it back there."""

    states = {"V": 0.0}
    threshold = math.pi

    @staticmethod
    def derivative(V, I, p):
        return (0.1 * (1.0 - math.cos(V) + (1.0 + math.cos(V)) * I),)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "current"), rest_slow([(Theta(), 0.5), (Leaky(), 30.0)]))
def test_a_threshold_that_nothing_resets(model, current):
    with pytest.warns(UserWarning, match="the neuron is above the threshold for good after one spike: nothing resets"):
        assert fn.simulate(model, 200.0, current=current).spike_count[0] == 1
    with pytest.warns(UserWarning, match=r"2 of 3 neurons .* neuron 1"):
        fn.simulate(model, 200.0, current=[-1.0, current, current])
    fn.simulate(model, 200.0, current=-1.0)


def test_a_threshold_below_rest():
    with pytest.warns(UserWarning, match="above the threshold from the begin to the end"):
        assert fn.simulate(HOPF(), 50.0, threshold=-70.0).spike_count[0] == 0


def test_a_neuron_that_begins_above_its_reset():
    """It has risen to 650 mV without a word."""
    model = fn.LeakyIntegrateAndFire()
    with pytest.warns(UserWarning, match="the neuron is above the threshold from the begin to the end"):
        assert fn.simulate(model, 10.0, current=90.0, initial={"V": -40.0}).spike_count[0] == 0
    fn.simulate(model, 50.0, current=0.0, initial={"V": -40.0})


def test_a_block_by_a_large_current_is_the_models_own():
    assert fn.simulate(HOPF(), 500.0, current=350.0).state["V"][0] > 0.0


@pytest.mark.slow
def test_noise_and_currents_begin_anew():
    white = fn.WhiteNoise(5.0)
    first = fn.simulate(HOPF(), 5.0, current=90.0, noise=white, method="heun")
    with pytest.warns(UserWarning, match="the noise begins anew, with the same numbers"):
        fn.simulate(HOPF(), 5.0, current=90.0, noise=white, method="heun", initial=first.state)
    with pytest.warns(UserWarning, match="the current is that from t = 0 on"):
        fn.simulate(HOPF(), 5.0, current=fn.Step(90.0, start=1.0), initial=first.state)
    fn.simulate(HOPF(), 5.0, current=90.0, initial=first.state)
    fn.simulate(HOPF(), 5.0, current=90.0, noise=white, method="heun", initial={"V": -60.0})


@pytest.mark.slow
def test_n_is_a_number_of_trials():
    white = fn.WhiteNoise(5.0)
    run = fn.simulate(HOPF(), 5.0, current=90.0, noise=white, method="heun", n=3)
    wanted = fn.simulate(HOPF(), 5.0, current=np.full(3, 90.0), noise=white, method="heun")
    assert run.n == 3
    assert np.unique(run.state["V"]).size == 3
    assert run.state["V"].tobytes() == wanted.state["V"].tobytes()
    assert fn.simulate(HOPF(), 5.0, current=[80.0, 90.0], n=2).n == 2
    with pytest.raises(ValueError, match="n must be 2"):
        fn.simulate(HOPF(), 5.0, current=[80.0, 90.0], n=3)
    with pytest.raises(ValueError, match="n must be a whole number"):
        fn.simulate(HOPF(), 5.0, n=0)


def test_a_current_in_time_is_pointed_to_samples():
    with pytest.raises(ValueError, match=r"fn.Samples\(values, dt\)"):
        fn.simulate(HOPF(), 5.0, current=np.ones((2, 100)))
    with pytest.raises(ValueError, match=r"current has 100 values.*fn.Samples\(values, dt\)"):
        fn.simulate(HOPF(V3=[1.0, 2.0]), 5.0, current=np.ones(100))


def test_currents_are_numbers_to_reckon_with():
    step, ramp = fn.Step(2.0, start=1.0), fn.Ramp(0.0, 4.0, 0.0, 8.0)
    t = np.array([0.0, 2.0, 5.0])
    np.testing.assert_allclose((2 * step)(t), 2 * step(t))
    np.testing.assert_allclose((-step)(t), -step(t))
    np.testing.assert_allclose((step - ramp)(t), step(t) - ramp(t))
    np.testing.assert_allclose((5.0 - ramp)(t), 5.0 - ramp(t))
    np.testing.assert_allclose(((step + ramp) * 3.0)(t), 3.0 * (step(t) + ramp(t)))
    np.testing.assert_allclose((fn.Samples([1.0, 3.0], 4.0) * [1.0, 2.0])(t), [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    np.testing.assert_allclose((fn.Chirp(1.0, 1.0, 9.0, 0.0, 8.0) * 2.0).parameters["high"], 9.0)


class Twice(fn.Current):
    """A mistake in a user's current is told of the current."""

    amplitude: float

    @staticmethod
    def value(t, before, table, p):
        return p.amplitud * t


class Texts(fn.Current):
    amplitude: float

    @staticmethod
    def value(t, before, table, p):
        return "much" if t > 1.0 else p.amplitude


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (Twice(1.0), ["Twice.value", "amplitud", "return p.amplitud * t"]),
        (80.0 + Twice(1.0), ["Twice.value", "amplitud"]),
        (Texts(1.0), ["Texts.value cannot be compiled", "unify"]),
    ],
)
def test_a_mistake_in_a_current_is_told_of_the_current(current, words):
    with pytest.raises(TypeError) as caught:
        fn.simulate(HOPF(), 1.0, current=current)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize("method", rest_slow(["rk4", "dop853"]))
def test_a_term_without_a_value_is_named(method):
    class Singular(fn.Model):
        states = {"V": -35.0, "n": 0.1}

        @staticmethod
        def derivative(V, n, I, p):
            alpha = (V + 35.0) / (1.0 - math.exp(-(V + 35.0) / 9.0))
            return I - V, alpha - n

    with pytest.raises(FloatingPointError) as caught:
        fn.simulate(Singular(), 1.0, method=method, current=-35.0)
    assert "(V + 35.0) / (1.0 - math.exp(-(V + 35.0) / 9.0)) is not finite at V = -35, n = 0.1" in str(caught.value)
    assert "too large" not in str(caught.value)


def test_spikes_within_the_refractory_time_are_counted_once(tmp_path):
    """Noise makes V cross the threshold several times where it hovers there."""
    given = {"current": 100.0, "noise": fn.WhiteNoise(60.0), "method": "heun", "dt": 0.025, "n": 20}
    names = ("isi.mean", "isi.cv")
    every = fn.simulate(HOPF(), 500.0, **given)
    once = fn.simulate(HOPF(), 500.0, refractory=5.0, summary=names, **given)
    gaps = np.concatenate([np.diff(train) for train in every.spikes])
    assert (gaps < 5.0).sum() > 3
    for all_of_them, counted, number, mean in zip(
        every.spikes, once.spikes, once.spike_count, once.summary["isi.mean"], strict=True
    ):
        kept = []
        for time in all_of_them:
            if not kept or time - kept[-1] >= 5.0:
                kept.append(time)
        assert counted.tolist() == kept
        assert number == len(kept)
        assert np.diff(kept).mean() == pytest.approx(mean, rel=1e-12)
    stored = fn.simulate(HOPF(), 500.0, refractory=5.0, out=tmp_path / "run", checkpoint_interval=20.0, **given)
    assert stored.spikes.time.tolist() == once.spikes.time.tolist()
    assert stored.spike_count.tolist() == once.spike_count.tolist()
