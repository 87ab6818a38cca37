"""The staggered method: by its definition, where it is stable, and for which models it is."""

from types import SimpleNamespace

import numba
import numpy as np
import pytest
import twins
from catalogue import MODELS, rest_slow

import fastneuron as fn
from fastneuron._integrators.staggered import quotients
from fastneuron.reference.simulate import MODELS as TEXTBOOK


class Calcium(fn.Model):
    """A membrane with a potassium gate n, of which calcium c opens more; c flows in through n."""

    g: float = 2.0

    states = {"V": -50.0, "n": 0.2, "c": 0.1}

    @staticmethod
    def derivative(V, n, c, I, p):
        """Each state decides the derivatives of the others."""
        rate = fn.math.sigmoid((V + 40.0) / 8.0)
        dV = I - 0.3 * (V + 60.0) - p.g * n * (V + 80.0) + 3.0 * rate * (30.0 - V)
        return dV, (rate + c) * (1.0 - n) - 0.5 * n, 0.4 * n * n - 0.3 * c


class Saturating(Calcium):
    """Calcium is pumped out at a rate that saturates."""

    @staticmethod
    def derivative(V, n, c, I, p):
        """Not linear in c."""
        return I - p.g * n * V, 0.1 - n, 0.4 - c / (c + 0.5)


class Quadratic(fn.Model):
    """The tangent, for I = 1."""

    rate: float = 1.0

    states = {"V": -1.0}

    @staticmethod
    def derivative(V, I, p):
        """No other state."""
        return (p.rate * (V * V + I),)


def textbook(model, current):
    """The derivative of a model by the reference's equations, on arrays."""
    equations, p = TEXTBOOK[type(model).__name__], SimpleNamespace(**model.parameters)
    return np.vectorize(lambda *state: equations.derivative(p, current, *state), otypes=[float] * len(model.states))


def order(steps, errors):
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


@pytest.mark.parametrize("case", rest_slow(MODELS.values()), ids=lambda case: case.name)
def test_by_its_definition(case):
    model, dt, steps = case.make(), case.dt / 2, 400
    run = fn.simulate(model, steps * dt, dt=dt, current=case.current, method="staggered", record=case.states)
    expected = twins.staggered(textbook(model, case.current), [run[name][:, 0] for name in case.states], dt, steps)
    for k, name in enumerate(case.states):
        np.testing.assert_allclose(run[name][0], expected[:, k, 0], rtol=0, atol=1e-6 * abs(expected[:, k]).max())


@pytest.mark.slow
def test_order_where_states_decide_one_another():
    options = {"current": 2.0, "record": ("V", "n", "c"), "sample_interval": 2.0}
    exact = fn.simulate(Calcium(), 40.0, dt=0.01, **options)
    steps = (0.2, 0.1, 0.05, 0.025)
    runs = [fn.simulate(Calcium(), 40.0, dt=dt, method="staggered", **options) for dt in steps]
    for name in ("V", "n", "c"):
        errors = [np.sqrt(np.mean(np.square(run[name] - exact[name]))) for run in runs]
        assert order(steps, errors) == pytest.approx(2.0, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("dt", [0.1, 0.2])
def test_stable_where_rk4_is_not(dt):
    model, current = fn.TraubMiles.cobahh(), [1.0, 3.0, 10.0, 30.0]
    with pytest.raises(FloatingPointError, match="blew up"):
        fn.simulate(model, 200.0, dt=dt, current=current)
    run = fn.simulate(model, 200.0, dt=dt, current=current, method="staggered", record="V")
    exact = fn.simulate(model, 200.0, current=current, method="dop853")
    assert -120 < run["V"].min() < run["V"].max() < 60
    np.testing.assert_allclose(run.spike_count, exact.spike_count, rtol=0.05)


@pytest.mark.slow
def test_in_single_precision():
    currents = np.linspace(8.0, 20.0, 70)
    double, single = (
        fn.simulate(fn.HodgkinHuxley(), 100.0, dt=0.05, current=currents, method="staggered", dtype=dtype)
        for dtype in (np.float64, np.float32)
    )
    np.testing.assert_array_equal(single.spikes.neuron, double.spikes.neuron)
    np.testing.assert_allclose(single.spikes.time, double.spikes.time, rtol=0, atol=5e-3)


def test_a_jump_of_the_current_keeps_the_order():
    model, current = fn.HodgkinHuxley(), fn.Step(10.0, start=5.0, stop=40.0) + 3.0
    exact = fn.simulate(model, 60.0, dt=0.0025, current=current).spikes.time
    steps = (0.04, 0.02, 0.01, 0.005)
    runs = [fn.simulate(model, 60.0, dt=dt, current=current, method="staggered") for dt in steps]
    assert order(steps, [abs(run.spikes.time - exact).max() for run in runs]) == pytest.approx(2.0, abs=0.15)


def test_a_state_whose_derivative_is_not_linear_in_it_is_refused():
    with pytest.raises(ValueError, match=r"staggered.*dc/dt of Saturating is not linear in c.*'rk4'"):
        fn.simulate(Saturating(), 10.0, method="staggered")
    fn.simulate(Saturating(), 1.0)


def test_noise_is_refused():
    with pytest.raises(ValueError, match=r"noise.*'heun'.*'staggered'"):
        fn.simulate(fn.HodgkinHuxley(), 10.0, method="staggered", noise=fn.WhiteNoise(1.0))


@pytest.mark.parametrize("count", range(1, 10))
def test_shared_divisions(count):
    divisors = tuple(np.random.default_rng(count).uniform(0.5, 20.0, count))
    got = numba.njit(lambda above, below: quotients(above, below))(3.0, divisors)
    np.testing.assert_allclose(got, 3.0 / np.array(divisors), rtol=2e-15)


def test_a_model_of_the_voltage_alone():
    run = fn.simulate(Quadratic(), 1.5, dt=0.001, current=1.0, method="staggered")
    assert run.state["V"][0] == pytest.approx(np.tan(1.5 - np.pi / 4), rel=1e-5)
