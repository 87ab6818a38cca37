"""Curves of folds and Hopf points in two parameters: identities, diagrams in one of them, and closed curves."""

from types import SimpleNamespace

import numpy as np
import pytest

import fastneuron as fn
from fastneuron.reference.simulate import _equations
from tests.test_fixed_points import Bistable

RANGES = {"current": (0.0, 150.0), "V3": (0.0, 20.0)}


@pytest.fixture(scope="module")
def snic():
    return fn.bifurcation_curves(fn.MorrisLecar.snic(), *((name, *ends) for name, ends in RANGES.items()))


def jacobians(model, found, which, **changes):
    state = {name: found[f"point_{name}"].values[which] for name in model.states}
    return fn.jacobian(model.replace(**changes), state, found.point_current.values[which])


def test_special_points_are_what_they_are_called(snic):
    model, kinds = fn.MorrisLecar.snic(), snic.point_kind.values
    assert sorted(kinds) == ["Bogdanov-Takens", "cusp"]
    for kind in ("Bogdanov-Takens", "cusp"):
        which = kinds == kind
        V3 = snic.point_V3.values[which]
        J = jacobians(model, snic, which, V3=V3)
        parameters = SimpleNamespace(**model.replace(V3=float(V3[0])).parameters)
        at = [snic[f"point_{name}"].values[which][0] for name in ("current", *model.states)]
        rates = _equations(model).derivative(parameters, *at)  # of SciPy's twin
        np.testing.assert_allclose(rates, 0.0, rtol=0, atol=1e-12)
        assert abs(np.linalg.det(J)) < 1e-9
        assert (abs(np.trace(J[0])) < 1e-9) == (kind == "Bogdanov-Takens")
    (cusp,) = np.flatnonzero(kinds == "cusp")
    I, V3 = snic.point_current.values[cusp], snic.point_V3.values[cusp]
    inside = fn.bifurcations(model.replace(V3=V3 + 0.02), "current", (I - 1.0, I + 1.0), cycles=False)
    outside = fn.bifurcations(model.replace(V3=V3 - 0.02), "current", (I - 1.0, I + 1.0), cycles=False)
    assert [(found.point_kind.values == "fold").sum() for found in (inside, outside)] == [2, 0]


def test_curves_go_through_the_points_of_diagrams(snic):
    for V3 in (2.0, 12.0, 16.0):  # lines of the grid
        line = fn.bifurcations(fn.MorrisLecar.snic(V3=V3), "current", RANGES["current"], cycles=False)
        on = abs(snic.curve_V3.values - V3) < 1e-12
        for kind in ("fold", "Hopf"):
            wanted = np.sort(line.point_value.values[line.point_kind.values == kind])
            mine = on & (snic.curve_kind.values == kind)
            order = np.argsort(snic.curve_current.values[mine])
            np.testing.assert_allclose(snic.curve_current.values[mine][order], wanted, rtol=0, atol=1e-8)
            if kind == "Hopf":
                by = np.argsort(line.point_value.values[line.point_kind.values == kind])
                for column in ("frequency", "l1"):
                    there = line[f"point_{column}"].values[line.point_kind.values == kind][by]
                    np.testing.assert_allclose(snic[f"curve_{column}"].values[mine][order], there, rtol=1e-6)


def test_a_curve_of_hopf_points_ends_on_one_of_folds(snic):
    place = snic.point_kind.values == "Bogdanov-Takens"
    I, V3 = snic.point_current.values[place][0], snic.point_V3.values[place][0]
    ends = (snic.curve_current.values == I) & (snic.curve_V3.values == V3)
    assert snic.curve_kind.values[ends].tolist() == ["Hopf"]
    assert snic.curve_frequency.values[ends][0] < 1e-3
    folds = snic.curve_kind.values == "fold"
    near = np.hypot(snic.curve_current.values[folds] - I, snic.curve_V3.values[folds] - V3)
    assert near.min() < 0.5


def test_order_and_other_parameters(snic):
    turned = fn.bifurcation_curves(fn.MorrisLecar.snic(), ("V3", 0.0, 20.0), ("current", 0.0, 150.0))
    assert turned.attrs["parameters"] == ("V3", "current")
    np.testing.assert_array_equal(turned.curve_current.values, snic.curve_current.values)
    model = fn.MorrisLecar.snic(phi=[0.067, 0.1])
    found = fn.bifurcation_curves(model, ("V3", 0.0, 20.0), ("g_Ca", 2.0, 8.0), current=[45.0, 50.0])
    for k, current in enumerate((45.0, 50.0)):
        which = (found.point_kind.values == "Bogdanov-Takens") & (found.point_neuron.values == k)
        changes = {name: found[f"point_{name}"].values[which] for name in ("V3", "g_Ca")}
        state = {name: found[f"point_{name}"].values[which] for name in model.states}
        J = fn.jacobian(fn.MorrisLecar.snic(phi=model.phi[k], **changes), state, current)[0]
        assert max(abs(np.linalg.det(J)), abs(np.trace(J))) < 1e-9


class Island(fn.Model):
    """Hopf points where V^2 + a^2 = 1/2."""

    a: float = 0.0
    states = {"V": 0.0, "w": 0.0}

    @staticmethod
    def derivative(V, w, I, p):
        return (1.0 - p.a * p.a) * V - V**3 / 3.0 - w + I, 4.0 * V - 0.5 * w


@pytest.mark.slow
def test_a_closed_curve():
    found = fn.bifurcation_curves(Island(), ("current", -10.0, 10.0), ("a", -1.0, 1.0))
    assert np.unique(found.curve_branch.values).size == 1
    V, a = found.curve_V.values, found.curve_a.values
    np.testing.assert_allclose(V * V + a * a, 0.5, rtol=0, atol=1e-12)
    assert (V[0], a[0]) == (V[-1], a[-1])
    assert found.sizes["point"] == 0
    wanted = 8.0 * V - (1.0 - a * a) * V + V**3 / 3.0
    np.testing.assert_allclose(found.curve_current.values, wanted, rtol=0, atol=1e-12)


def test_a_figure_names_all_that_it_shows(snic):
    plot = pytest.importorskip("fastneuron.plot")
    ax = plot.bifurcation_curves(snic)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["fold", "Hopf, subcritical", "Bogdanov-Takens", "cusp"]
    with pytest.raises(TypeError, match=r"found must be what fn.bifurcation_curves returned; got 3"):
        plot.bifurcation_curves(3)


def test_bad_input():
    model, current = fn.MorrisLecar(), ("current", 0.0, 100.0)
    with pytest.raises(ValueError, match=r"the parameter of second must be one of 'current', 'C'.*got 'V9'"):
        fn.bifurcation_curves(model, current, ("V9", 0.0, 1.0))
    with pytest.raises(
        TypeError, match=r"first must be a parameter and its range, such as \('current', 0, 100\); got 5"
    ):
        fn.bifurcation_curves(model, 5, current)
    with pytest.raises(ValueError, match=r"second must be two values .*, the second above the first; got \(3, 3\)"):
        fn.bifurcation_curves(model, current, ("V3", 3, 3))
    with pytest.raises(ValueError, match=r"first and second must be two parameters; both are 'current'"):
        fn.bifurcation_curves(model, current, current)
    with pytest.raises(ValueError, match=r"current is what varies: give its range alone; got current=3"):
        fn.bifurcation_curves(model, current, ("V3", 0, 1), current=3.0)
    with pytest.raises(
        ValueError, match=r"must be the current, or a parameter in which dV/dt is linear.*got 'V3' and 'phi'"
    ):
        fn.bifurcation_curves(model, ("V3", 0, 1), ("phi", 0.1, 0.2))
    with pytest.raises(ValueError, match=r"C must be positive; got -1"):
        fn.bifurcation_curves(model, current, ("C", -1, 5))
    with pytest.raises(ValueError, match=r"one steady state of w for each voltage.*Bistable are not"):
        fn.bifurcation_curves(Bistable(), current, ("k", 0.5, 1))
    with pytest.raises(TypeError, match=r"without a reset"):
        fn.bifurcation_curves(fn.Izhikevich(), current, ("a", 0, 5))
