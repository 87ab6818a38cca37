"""Every published value is reproduced within its tolerance, by the kernel's derivative and by the reference's."""

from types import SimpleNamespace

import numba
import numpy as np
import pytest
from catalogue import PUBLISHED, SETS, published_model
from scipy.optimize import brentq

import fastneuron as fn
from fastneuron.models import derivative, gates, prepare
from fastneuron.reference.simulate import _equations

VALUES = {value["id"]: value for value in PUBLISHED["values"]}


def values(*kinds):
    """The published values whose quantity mentions one of `kinds`, those of models that there are."""
    found = [value for value in VALUES.values() if any(kind in value["quantity"] for kind in kinds)]
    assert found
    return [
        pytest.param(
            value,
            id=value["id"],
            marks=pytest.mark.skipif(not hasattr(fn, SETS[value["set"]][0]), reason=f"no {SETS[value['set']][0]} yet"),
        )
        for value in found
    ]


@numba.njit
def slope(parameters, state, current):
    prepared = prepare(parameters)
    return derivative(parameters, state, current, prepared, gates(parameters, state[0], prepared))


def kernel(model):
    parameters = model.kernel_type()._make(model.parameters.values())
    return lambda I, state: np.array(slope(parameters, tuple(map(float, state)), float(I)))


def textbook(model):
    equations, p = _equations(model), SimpleNamespace(**model.parameters)
    return lambda I, state: np.array(equations.derivative(p, I, *state))


both = pytest.mark.parametrize("right_hand_side", [kernel, textbook])


def at_rest(f, V, D):
    """The gates' steady state for V, and the current that holds V there: each equation is linear in them."""
    zero, one = f(0.0, [V] + [0.0] * (D - 1))[1:], f(0.0, [V] + [1.0] * (D - 1))[1:]
    gates = zero / (zero - one)
    still, pushed = f(0.0, [V, *gates])[0], f(1.0, [V, *gates])[0]
    return still / (still - pushed), np.array([V, *gates])


def jacobian(f, I, state):
    """By central differences of sixth order."""
    columns = []
    for k in range(len(state)):
        e = np.eye(len(state))[k] * 0.05
        columns.append(sum(w * (f(I, state + m * e) - f(I, state - m * e)) for m, w in ((1, 45), (2, -9), (3, 1))) / 3)
    return np.transpose(columns)


def growth(f, I, state):
    """The largest real part among the oscillating modes."""
    modes = np.linalg.eigvals(jacobian(f, I, state))
    return max(modes[modes.imag != 0].real)


@pytest.mark.parametrize("name", [name for name, (_, preset) in SETS.items() if preset])
def test_presets_are_the_published_sets(name):
    kind, preset = SETS[name]
    assert getattr(getattr(fn, kind), preset)().parameters == PUBLISHED["parameter_sets"][name]["parameters"]


@both
@pytest.mark.parametrize("value", values("rest state"))
def test_rest(value, right_hand_side):
    model = published_model(value["set"])
    published = value["value"]
    if isinstance(published, dict):
        published = [published[name] for name in model.states]
    f, D = right_hand_side(model), len(model.states)
    V = brentq(lambda V: at_rest(f, V, D)[0], published[0] - 0.5, published[0] + 0.5, xtol=1e-13)
    np.testing.assert_allclose(at_rest(f, V, D)[1], published, rtol=0, atol=value["tol"])


@pytest.mark.parametrize("value", values("rest state"))
def test_rest_is_where_a_simulation_ends(value):
    run = fn.simulate(published_model(value["set"]), duration=1000.0)
    published = value["value"]
    if isinstance(published, dict):
        published = [published[name] for name in run.state]
    np.testing.assert_allclose(np.ravel([*run.state.values()]), published, rtol=0, atol=value["tol"])


@both
@pytest.mark.parametrize("value", values("eigenvalues"))
def test_eigenvalues_at_rest(value, right_hand_side):
    rest = VALUES[f"{value['set']}.rest"]["value"]
    modes = np.linalg.eigvals(jacobian(right_hand_side(published_model(value["set"])), 0.0, np.array(rest)))
    found = sorted((mode.real, mode.imag) for mode in modes)
    np.testing.assert_allclose(found, sorted(map(tuple, value["value"])), rtol=0, atol=value["tol"])


@both
@pytest.mark.parametrize("value", values("Hopf current"))
def test_hopf_current(value, right_hand_side):
    f, D = right_hand_side(published_model(value["set"])), len(published_model(value["set"]).states)
    near = value["detail"]["V"]
    V = brentq(lambda V: growth(f, *at_rest(f, V, D)), near - 0.5, near + 0.5, xtol=1e-13)
    I, state = at_rest(f, V, D)
    assert pytest.approx(value["value"], rel=0, abs=value["tol"]) == I
    assert max(np.linalg.eigvals(jacobian(f, I, state)).imag) == pytest.approx(value["detail"]["omega"], abs=1e-8)


@both
@pytest.mark.parametrize("value", values("(V,w,I)"))
def test_hopf_point_of_matcont(value, right_hand_side):
    f = right_hand_side(published_model(value["set"]))
    near = value["value"][0]
    V = brentq(lambda V: growth(f, *at_rest(f, V, 2)), near - 0.5, near + 0.5, xtol=1e-13)
    I, state = at_rest(f, V, 2)
    np.testing.assert_allclose([*state, I], value["value"], rtol=0, atol=value["tol"])


@both
@pytest.mark.parametrize("value", values("HH Hopf"))
def test_hopf_currents_proved_by_computer(value, right_hand_side):
    f = right_hand_side(published_model(value["set"]))
    for published, number in zip(value["value"], "12", strict=True):
        near = VALUES[f"{value['set']}.hopf{number}"]["detail"]["V"]
        V = brentq(lambda V: growth(f, *at_rest(f, V, 4)), near - 0.5, near + 0.5, xtol=1e-13)
        assert at_rest(f, V, 4)[0] == pytest.approx(published, rel=0, abs=value["tol"])


@both
@pytest.mark.parametrize("value", values("saddle-node"))
def test_fold_current(value, right_hand_side):
    f, D = right_hand_side(published_model(value["set"])), len(published_model(value["set"]).states)
    near = value["detail"]["V"]

    def current(V):
        return at_rest(f, V, D)[0]

    V = brentq(lambda V: current(V + 0.01) - current(V - 0.01), near - 0.5, near + 0.5)
    assert current(V) == pytest.approx(value["value"], rel=0, abs=value["tol"])


@both
@pytest.mark.parametrize("value", values("alpha/beta"))
def test_rates(value, right_hand_side):
    model = published_model(value["set"])
    f = right_hand_side(model)
    for k, gate in enumerate(list(model.states)[1:], start=1):
        opening, closing = f(0.0, [-65.0, 0.0, 0.0, 0.0])[k], -f(0.0, [-65.0, 1.0, 1.0, 1.0])[k]
        assert opening == pytest.approx(value["value"][f"alpha_{gate}"], rel=value["tol"])
        assert closing == pytest.approx(value["value"][f"beta_{gate}"], rel=value["tol"])


@both
@pytest.mark.parametrize("value", values("inf at rest"))
def test_steady_gates(value, right_hand_side):
    model = published_model(value["set"])
    _, (_, *gates) = at_rest(right_hand_side(model), -65.0, 4)
    for gate, found in zip(list(model.states)[1:], gates, strict=True):
        assert found == pytest.approx(value["value"][gate], rel=value["tol"])


@pytest.mark.parametrize("value", values("period"))
def test_period(value):
    # from above threshold: rest is stable too at some of these currents
    ml = "ML" in value["set"]
    initial = {"V": 5.0, "N": 0.1} if ml else {"V": -20.0}
    dt = 0.005 if ml else 0.002
    run = fn.simulate(published_model(value["set"]), 3000.0, dt=dt, current=value["I"], initial=initial)
    periods = np.diff(run.spikes.time)[-5:]
    assert periods.size == 5
    np.testing.assert_allclose(periods, np.ravel(value["value"])[0], rtol=0, atol=value["tol"])


@pytest.mark.parametrize("value", values("upward crossings"))
@pytest.mark.parametrize("simulate", [fn.simulate, fn.reference.simulate])
def test_spike_times(value, simulate):
    model, start = published_model(value["set"]), value["detail"]
    initial = {"V": start["V0"]} | ({"N": start["w0"]} if "w0" in start else {})
    duration = np.ceil(value["value"][-1])
    dt = 0.005 if "ML" in value["set"] else 0.001
    run = simulate(model, duration, dt=dt, current=start["I"], initial=initial)
    np.testing.assert_allclose(run.spikes.time, value["value"], rtol=0, atol=value["tol"])


@pytest.mark.parametrize("value", values("XPPAUT"))
@pytest.mark.parametrize("simulate", [fn.simulate, fn.reference.simulate])
def test_trajectory_of_xppaut(value, simulate):
    published = np.reshape(value["value"], (6, 2)).T
    model = published_model(value["set"], g_Ca=1.33)
    run = simulate(model, 0.25, dt=0.005, every=10, record=("V", "N"), current=value["I"],
                   initial=dict(zip("VN", published[:, 0], strict=True)))  # fmt: skip
    np.testing.assert_allclose([run["V"][0], run["N"][0]], published, rtol=0, atol=value["tol"])
