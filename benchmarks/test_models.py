"""The kernel family against itself: other models, a user's own, noise, single precision."""

import numpy as np
import pytest

import fastneuron as fn

N = 4096
MORRIS_LECAR = {"model": fn.MorrisLecar.hopf(), "current": np.linspace(80.0, 130.0, N)}
SQUID = {"model": fn.HodgkinHuxley.squid(), "current": np.linspace(7.0, 20.0, N), "dt": 0.01}
FITZHUGH = {"current": np.linspace(0.3, 0.7, N), "dt": 0.1}


class Own(fn.Model):
    """FitzHugh-Nagumo as the README has it."""

    a: float = 0.7
    b: float = 0.8
    tau: float = 12.5
    states = {"V": -1.2, "W": -0.6}

    @staticmethod
    def derivative(V, W, I, p):
        dV = V - V**3 / 3 - W + I
        dW = (V + p.a - p.b * W) / p.tau
        return dV, dW


@pytest.fixture
def work(quick):
    """Neuron-steps."""
    return N * (20 if quick else 500)


def simulation(work, **given):
    """A function that simulates so many neuron-steps on one thread."""
    dt = given.setdefault("dt", 0.05)
    return lambda: fn.simulate(duration=work // N * dt, threads=1, **given)


def test_a_users_model_against_the_same_built_in(versus, work):
    ours, built_in = (simulation(work, model=model, **FITZHUGH) for model in (Own(), fn.FitzHughNagumo()))
    np.testing.assert_array_equal(ours().spike_count, built_in().spike_count)
    versus(ours, built_in, at_least=0.9, work=work)


@pytest.mark.parametrize("noise", [fn.WhiteNoise(5.0), fn.OrnsteinUhlenbeck(5.0, 10.0)], ids=["white", "coloured"])
def test_noisy_heun_against_noiseless(versus, work, noise):
    noisy, quiet = (simulation(work, **MORRIS_LECAR, method="heun", noise=added) for added in (noise, None))
    versus(noisy, quiet, at_least=1 / 3, work=work)


@pytest.mark.parametrize("given", [MORRIS_LECAR, SQUID], ids=["Morris-Lecar", "Hodgkin-Huxley"])
def test_single_precision_against_double(versus, work, given):
    single, double = (simulation(work, **given, dtype=dtype) for dtype in ("float32", "float64"))
    versus(single, double, at_least=1.8, work=work)


def test_hodgkin_huxley_against_morris_lecar(versus, work):
    """Six exponentials for two, four states for two: 45 million neuron-steps/s where Morris-Lecar has 105."""
    versus(simulation(work, **SQUID), simulation(work, **MORRIS_LECAR), at_least=0.43, work=work)
