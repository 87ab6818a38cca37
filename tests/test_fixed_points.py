"""Fixed points: published ones, and all of them where SciPy finds some on a fine grid."""

from types import SimpleNamespace

import numpy as np
import pytest
from catalogue import MODELS, PUBLISHED, SETS, published_model
from scipy.optimize import brentq

import fastneuron as fn
from fastneuron.reference.simulate import _equations

VALUES = [value for value in PUBLISHED["values"] if value["set"] in SETS]


def slow(name):
    return [] if name == "MorrisLecar" else [pytest.mark.slow]


def values(*kinds):
    found = [value for value in VALUES if any(kind in value["quantity"] for kind in kinds)]
    return [pytest.param(value, id=value["id"], marks=slow(SETS[value["set"]][0])) for value in found]


@pytest.mark.parametrize("value", values("rest state"))
def test_rest(value):
    found = fn.fixed_points(published_model(value["set"]))
    published = value["value"]
    published = [published[name] for name in found.state] if isinstance(published, dict) else published
    np.testing.assert_allclose([column[0] for column in found.state.values()], published, rtol=0, atol=value["tol"])
    assert found.kind[0].startswith("stable")


@pytest.mark.parametrize("value", values("eigenvalues"))
def test_eigenvalues(value):
    found = fn.fixed_points(published_model(value["set"])).eigenvalues[0]
    np.testing.assert_allclose([found.real, found.imag], np.transpose(value["value"]), rtol=0, atol=value["tol"])


@pytest.mark.parametrize("value", values("Hopf current", "saddle-node"))
def test_stability_changes_at_published_points(value):
    model, V = published_model(value["set"]), value["detail"]["V"]
    found = fn.fixed_points(model, value["value"])
    nearest = np.argmin(abs(found.state["V"] - V))
    assert found.state["V"][nearest] == pytest.approx(V, abs=1e-3 if "saddle" in value["quantity"] else 1e-8)
    modes = found.eigenvalues[nearest]
    critical = modes[np.argmin(abs(modes.real))]
    assert abs(critical.real) < (1e-3 if "saddle" in value["quantity"] else 1e-9)
    if "omega" in value["detail"]:
        assert abs(critical.imag) == pytest.approx(value["detail"]["omega"], abs=1e-8)


@pytest.mark.parametrize("name", [pytest.param(name, marks=slow(name)) for name in MODELS])
def test_none_is_lost(name):
    case = MODELS[name]
    population = case.population(6, seed=1)
    model, current = population["model"], population["current"] * np.linspace(-0.5, 1.5, 6)
    found, equations = fn.fixed_points(model, current), _equations(case.make())
    for k in range(6):
        p = SimpleNamespace(**{name: np.broadcast_to(value, 6)[k] for name, value in model.parameters.items()})

        def rate(V, p=p, I=current[k]):
            others = len(model.states) - 1
            zero = np.array(equations.derivative(p, I, V, *[0.0] * others)[1:])
            one = np.array(equations.derivative(p, I, V, *[1.0] * others)[1:])
            return equations.derivative(p, I, V, *(zero / (zero - one)))[0]

        grid = np.linspace(-150.3, 150.0, 2000)
        sign = np.sign([rate(V) for V in grid])
        wanted = [brentq(rate, *grid[i : i + 2], xtol=1e-13) for i in np.flatnonzero(sign[1:] != sign[:-1])]
        np.testing.assert_allclose(found.of(k).state["V"], wanted, rtol=0, atol=1e-9)


def test_a_pair_about_to_vanish_is_found():
    fold = next(value["value"] for value in VALUES if value["id"] == "ML_SNIC.fold1")
    below = np.array([1.0, 1e-3, 1e-6, 1e-9])
    found = fn.fixed_points(fn.MorrisLecar.snic(), fold - below)
    assert np.bincount(found.neuron).tolist() == [3] * 4
    assert found.kind.tolist() == ["stable node", "saddle", "unstable focus"] * 4
    apart = [np.diff(found.of(k).state["V"])[0] for k in range(4)]
    np.testing.assert_allclose(np.diff(np.log(apart[1:])) / np.diff(np.log(below[1:])), 0.5, atol=0.01)
    assert len(fn.fixed_points(fn.MorrisLecar.snic(), fold + 1e-6)) == 1


def test_each_neuron_has_what_it_has_alone():
    model, current = fn.MorrisLecar.snic(V3=np.linspace(8.0, 14.0, 250)), np.linspace(20.0, 60.0, 250)
    together = fn.fixed_points(model, current)
    alone = fn.fixed_points(model.part(117, 118), current[117])
    assert together.of(117).state["V"].tolist() == alone.state["V"].tolist()
    assert together.stable.sum() == np.char.startswith(together.kind, "stable").sum()
    assert repr(together.of(117)).startswith("FixedPoints: ")
    inside = fn.fixed_points(model, current, window=(-100.0, -20.0))
    assert inside.state["V"].tolist() == pytest.approx(together.state["V"][together.state["V"] < -20.0].tolist())
    nothing = fn.fixed_points(fn.MorrisLecar.snic(), 30.0, window=(50.0, 60.0))
    assert len(nothing) == 0
    assert nothing.eigenvalues.shape == (0, 2)


class Bistable(fn.Model):
    """A state with three steady states for each V."""

    k: float = 1.0
    states = {"V": 0.0, "w": 0.0}

    @staticmethod
    def derivative(V, w, I, p):
        return I - V - w, p.k * (w - w**3 + V)


def test_bad_input():
    with pytest.raises(ValueError, match=r"one steady state of w for each voltage.*Bistable are not: fn.simulate"):
        fn.fixed_points(Bistable())
    with pytest.raises(TypeError, match=r"without a reset.*AdaptiveExponential"):
        fn.fixed_points(fn.AdaptiveExponential())
    with pytest.raises(TypeError, match=r"current must be constant here.*Step"):
        fn.fixed_points(fn.MorrisLecar(), fn.Step(30.0))
    with pytest.raises(ValueError, match=r"current has 3 values, but g_Ca has 2"):
        fn.fixed_points(fn.MorrisLecar(g_Ca=[4.0, 4.4]), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"window must be two voltages, the second above 5 mV; got 1"):
        fn.fixed_points(fn.MorrisLecar(), window=(5, 1))
    with pytest.raises(TypeError, match=r"window must be two voltages, \(low, high\), mV; got 5"):
        fn.fixed_points(fn.MorrisLecar(), window=5)
