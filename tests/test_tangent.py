"""A model and its tangent: derivatives of a run, against differences of runs."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from catalogue import MODELS, TIGHT

import fastneuron as fn
from fastneuron.reference.simulate import _equations

STEP = 1e-3


class Calcium(fn.Model):
    """A model of a user's own, with a branch, a table and constants worked out before."""

    g: float = 2.0
    k: float = 0.3
    states = {"V": -1.0, "w": 0.2}

    @staticmethod
    def prepare(p):
        return p

    @staticmethod
    def derivative(V, w, I, p):
        inward = p.g * V if V > 0 else p.g * V / (1 + V * V)
        return I + inward - V**3 - w, p.k * (np.tanh(V) - w)


def end(model, start, current, **options):
    run = fn.simulate(model, 12.0, current=current, initial=start, method="dop853", **TIGHT, **options)
    return np.array([run.state[name][0] for name in model.states])


def difference(function):
    """By central differences of fourth order."""
    near, far = (function(STEP) - function(-STEP)), (function(2 * STEP) - function(-2 * STEP))
    return (8 * near - far) / (12 * STEP)


def check(model, parameter, start, current):
    names, first = list(model.states), next(iter(model.states))
    tangent = fn.tangent(model, parameter)
    found = end(tangent, start, current)
    np.testing.assert_allclose(found[: len(names)], end(model, start, current), rtol=0, atol=1e-9)

    def moved(change):
        if parameter is None:
            return end(model, start | {first: start[first] + change}, current)
        if parameter == "current":
            return end(model, start, current + change)
        return end(model.replace(**{parameter: getattr(model, parameter) + change}), start, current)

    wanted = difference(moved)
    np.testing.assert_allclose(found[len(names) :], wanted, rtol=0, atol=1e-8 * max(1, abs(wanted).max()))


def slow(value, quick):
    return value if value == quick else pytest.param(value, marks=pytest.mark.slow)


@pytest.mark.parametrize("parameter", [slow(parameter, None) for parameter in (None, "current", "V3")])
def test_tangent_of_a_run(parameter):
    check(fn.MorrisLecar.hopf(), parameter, {"V": -20.0, "N": 0.1}, 70.0)


@pytest.mark.slow
@pytest.mark.parametrize("parameter", [None, "current", "g"])
def test_tangent_of_a_users_model(parameter):
    check(Calcium(), parameter, {"V": -1.0, "w": 0.2}, 0.5)


@pytest.mark.slow
def test_a_tangent_is_pickled_and_takes_a_fixed_step():
    model = fn.tangent(fn.MorrisLecar.hopf(), "current")
    assert type(pickle.loads(pickle.dumps(model))) is type(model)
    coarse, fine = (fn.simulate(model, 12.0, dt=dt, current=70.0).state["dV"] for dt in (0.02, 0.01))
    np.testing.assert_allclose(coarse, fine, rtol=1e-6)


@pytest.mark.parametrize("name", [slow(name, "MorrisLecar") for name in MODELS])
def test_jacobian_is_that_of_the_publication(name):
    case = MODELS[name]
    population = case.population(5, seed=3)
    model, equations = population["model"], _equations(case.make())
    state = {k: np.linspace(0.2, 0.6, 5) if k != "V" else population["initial"]["V"] for k in case.states}
    found = fn.jacobian(model, state, 1.0)
    for k in range(5):
        p = SimpleNamespace(**{n: np.broadcast_to(v, 5)[k] for n, v in model.parameters.items()})
        at = np.array([value[k] for value in state.values()])
        for j in range(at.size):
            unit = np.eye(at.size)[j]
            wanted = difference(lambda h: np.array(equations.derivative(p, 1.0, *(at + h * unit))))  # noqa: B023
            np.testing.assert_allclose(found[k, :, j], wanted, rtol=1e-7, atol=1e-8)


def test_what_has_no_tangent_is_refused():
    with pytest.raises(TypeError, match=r"model must be without a reset, .* got Izhikevich"):
        fn.tangent(fn.Izhikevich())
    with pytest.raises(ValueError, match=r"parameter must be one of 'current', 'C'.*got 'gCa'; did you mean 'g_Ca'"):
        fn.tangent(fn.MorrisLecar(), "gCa")
    with pytest.raises(TypeError, match=r"model must be a Model"):
        fn.tangent(fn.MorrisLecar)
    with pytest.raises(ValueError, match=r"state must have a value for each of V, N; N is missing"):
        fn.jacobian(fn.MorrisLecar(), {"V": 0.0})
    with pytest.raises(ValueError, match=r"a name in state must be one of 'V', 'N'; got 'W'"):
        fn.jacobian(fn.MorrisLecar(), {"V": 0.0, "W": 0.0})
