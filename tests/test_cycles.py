"""Cycles and phase responses: published periods, SciPy's monodromy, and identities that hold for every model."""

from types import SimpleNamespace

import numpy as np
import pytest
from catalogue import PUBLISHED, published_model
from scipy.integrate import solve_ivp

import fastneuron as fn
from fastneuron._integrators.adaptive import integrate_adaptively
from fastneuron.dynamics.jacobian import linear, points
from fastneuron.dynamics.tangent import tangent_class
from fastneuron.reference.simulate import _equations

PERIODS = [value for value in PUBLISHED["values"] if "limit-cycle period" in value["quantity"]]


class Relaxation(fn.Model):
    """A user's own: FitzHugh's, and an exponential."""

    a: float = 0.7
    tau: float = 6.0
    states = {"V": -1.2, "w": -0.6}

    @staticmethod
    def derivative(V, w, I, p):
        return V - V**3 / 3.0 - w + I + 0.05 * np.exp(-V * V), (V + p.a - 0.8 * w) / p.tau


def quick(name, value):
    return value if name.startswith("ML_") and "FULL" not in name else pytest.param(value, marks=pytest.mark.slow)


@pytest.mark.parametrize("value", [quick(value["set"], value) for value in PERIODS], ids=lambda value: value["id"])
def test_published_periods(value):
    found = fn.cycles(published_model(value["set"]), value["I"], initial={"V": 0.0 if "ML" in value["set"] else -20.0})
    assert found.period[0] == pytest.approx(np.ravel(value["value"])[0], rel=0, abs=value["tol"])
    assert found.stable[0]


def monodromy(model, current, cycle):
    """By SciPy, with the Jacobian of the published equations by differences."""
    equations, p, D = _equations(model), SimpleNamespace(**model.parameters), len(model.states)
    h = 1e-3 * np.array([1.0] + [0.01] * (D - 1))

    def f(x):
        return np.array(equations.derivative(p, current, *x))

    def both(_, z):
        x, columns = z[:D], z[D:].reshape(D, D)
        steps = np.diag(h)
        J = [(8 * (f(x + e) - f(x - e)) - f(x + 2 * e) + f(x - 2 * e)) / (12 * e.sum()) for e in steps]
        return np.concatenate([f(x), (np.transpose(J) @ columns).ravel()])

    start = np.array([value[0] for value in cycle.state.values()])
    z = np.concatenate([start, np.eye(D).ravel()])
    end = solve_ivp(both, (0, cycle.period[0]), z, "DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    np.testing.assert_allclose(end[:D], start, rtol=0, atol=1e-8)
    return end[D:].reshape(D, D)


@pytest.mark.parametrize(("preset", "current"), [("hopf", 100.0), ("homoclinic", 37.0), ("barnacle", 320.0)])
def test_multipliers_are_those_of_scipy(preset, current):
    model = getattr(fn.MorrisLecar, preset)()
    found = fn.cycles(model, current, initial={"V": 0.0})
    wanted = np.linalg.eigvals(monodromy(model, current, found))
    np.testing.assert_allclose(np.sort(found.multipliers[0].real), np.sort(wanted.real), rtol=0, atol=1e-8)


MODELS = [
    (fn.MorrisLecar.hopf(V3=[1.5, 2.0, 2.5]), [95.0, 100.0, 150.0]),
    (fn.MorrisLecar.snic(), [45.0, 60.0, 90.0]),
    (fn.MorrisLecar.homoclinic(), [36.5, 37.0, 38.0]),
    pytest.param(fn.HodgkinHuxley(), [8.0, 20.0, 60.0], marks=pytest.mark.slow),
    pytest.param(fn.MorrisLecarFull(), [34.5, 35.0, 35.5], marks=pytest.mark.slow),
    pytest.param(Relaxation(), [0.4, 0.6, 0.8], marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("model", "current"), MODELS, ids=lambda value: getattr(value, "__class__", value).__name__)
def test_identities(model, current):
    cycles = fn.cycles(model, current, initial={"V": 0.0})
    assert np.isfinite(cycles.period).all()
    response = fn.phase_response(cycles, 400)
    orbit = np.array([*response.orbit.values()])
    D, n, phases = orbit.shape
    neuron = np.repeat(np.arange(n), phases)
    near = linear(model, points(model, orbit.reshape(D, -1), np.repeat(cycles.current, phases), neuron))
    gradient = np.array([*response.gradient.values()])
    speed = near.derivative.T.reshape(orbit.shape)
    np.testing.assert_allclose((gradient * speed).sum(axis=0), 1.0, rtol=0, atol=1e-9)

    forcing = near.by_current.T.reshape(orbit.shape)
    mean = (gradient * forcing).sum(axis=0).mean(axis=1) * cycles.period
    np.testing.assert_allclose(-mean, cycles.period_by["current"], rtol=1e-9, atol=1e-9)

    divergence = np.trace(near.jacobian, axis1=1, axis2=2).reshape(n, phases).mean(axis=1) * cycles.period
    np.testing.assert_allclose(cycles.multipliers.prod(axis=1), np.exp(divergence), rtol=0, atol=1e-9)
    np.testing.assert_allclose(cycles.multipliers[:, 0], 1.0, rtol=0, atol=1e-8)


@pytest.mark.parametrize("parameter", ["current", pytest.param("g_Ca", marks=pytest.mark.slow)])
def test_how_the_period_changes(parameter):
    model, step = fn.MorrisLecar.hopf(), 1e-3
    moves = step * np.array([-2, -1, 1, 2])
    if parameter == "current":
        period = fn.cycles(model, 100.0 + moves).period
    else:
        period = fn.cycles(model.replace(g_Ca=model.g_Ca + moves), 100.0).period
    wanted = (8 * (period[2] - period[1]) - (period[3] - period[0])) / (12 * step)
    found = fn.cycles(model, 100.0, parameters=() if parameter == "current" else parameter)
    assert found.period_by[parameter][0] == pytest.approx(wanted, rel=1e-7)


def test_a_real_pulse_does_what_the_gradient_says():
    cycles = fn.cycles(fn.MorrisLecar.hopf(), 100.0)
    little, twice = (fn.phase_response(cycles, 50, pulse=pulse) for pulse in (1e-3, 2e-3))
    one, two = little.shift[0] / 1e-3, twice.shift[0] / 2e-3
    np.testing.assert_allclose(
        2 * one - two, little.gradient["V"][0], rtol=0, atol=1e-4
    )  # what is of second order is gone


def test_the_period_at_a_snic_follows_its_law_and_the_response_is_positive_only_in_the_limit():
    fold = next(value["value"] for value in PUBLISHED["values"] if value["id"] == "ML_SNIC.fold1")
    above = np.array([4e-3, 1e-3])
    near = fn.cycles(fn.MorrisLecar.snic(), fold + above, settle=30_000.0)
    assert near.period[1] / near.period[0] == pytest.approx(2.0, rel=0.01)
    far = fn.cycles(fn.MorrisLecar.snic(), [fold + 20.0, fold + 0.01], settle=10_000.0)
    least = fn.phase_response(far, 500).gradient["V"]
    depth = -least.min(axis=1) / least.max(axis=1)
    assert depth[0] > 10 * depth[1] > 0


def test_a_neuron_without_a_cycle_is_nan_and_does_not_change_others():
    together, alone = fn.cycles(fn.MorrisLecar.hopf(), [0.0, 100.0]), fn.cycles(fn.MorrisLecar.hopf(), 100.0)
    assert np.isnan(together.period[0])
    assert not together.stable[0]
    assert together.period[1] == alone.period[0]
    assert "neuron 0: none" in repr(together)
    response = fn.phase_response(together, 20)
    assert np.isnan(response.gradient["V"][0]).all()
    assert response.gradient["V"][1].tolist() == fn.phase_response(alone, 20).gradient["V"][0].tolist()
    nobody = fn.phase_response(fn.cycles(fn.MorrisLecar.hopf(), 0.0), 20, pulse=1.0)
    assert np.isnan(nobody.shift).all()


def test_one_neuron_and_its_derivatives_are_one_kernel():
    fn.cycles(fn.MorrisLecar.hopf(), 100.0)
    name = tangent_class(fn.MorrisLecar, "current", True).__name__
    kernels = [str(kernel) for kernel in integrate_adaptively.signatures]
    lanes = {lanes for lanes in ("Lanes1()", "Lanes16()") for kernel in kernels if name in kernel and lanes in kernel}
    assert lanes == {"Lanes16()"}


def test_bad_input():
    with pytest.raises(TypeError, match="without a reset"):
        fn.cycles(fn.Izhikevich())
    with pytest.raises(ValueError, match=r"parameters must be one of 'C', .*; got 'gCa'; did you mean 'g_Ca'"):
        fn.cycles(fn.MorrisLecar(), 100.0, parameters="gCa")
    with pytest.raises(ValueError, match="settle must be a positive number of ms; got 0"):
        fn.cycles(fn.MorrisLecar(), settle=0)
    with pytest.raises(ValueError, match="a name in initial must be one of 'V', 'N'; got 'W'"):
        fn.cycles(fn.MorrisLecar(), initial={"W": 0.0})
    with pytest.raises(TypeError, match=r"cycles must be what fn.cycles returned; got 3"):
        fn.phase_response(3)
    found = fn.cycles(fn.MorrisLecar(), 0.0)
    with pytest.raises(ValueError, match="phases must be a whole number of at least 2; got 1"):
        fn.phase_response(found, 1)
    with pytest.raises(ValueError, match="pulse must be a finite number of mV"):
        fn.phase_response(found, pulse=np.nan)
