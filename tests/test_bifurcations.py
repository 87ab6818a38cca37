"""Bifurcations: published points, cycles that SciPy closes, and the laws at which branches end."""

from types import SimpleNamespace

import numpy as np
import pytest
from catalogue import PUBLISHED, SETS, published_model
from scipy.integrate import solve_ivp

import fastneuron as fn
from fastneuron.dynamics.bifurcations import end_of_period
from fastneuron.dynamics.cycle_branches import branches
from fastneuron.dynamics.equilibria import Family, curves, special_points
from fastneuron.dynamics.lyapunov import first_lyapunov_coefficient
from fastneuron.reference.simulate import _equations

POINTS = [v for v in PUBLISHED["values"] if v["quantity"] in ("Hopf current", "saddle-node of equilibria current")]
# Kuznetsov's coefficient at the Hopf points, by central differences of a plain SciPy script
L1 = {
    "ML_HOPF.hopf1": 0.006543186721673566,
    "ML_HOPF.hopf2": 0.0036682920464783243,
    "ML_SNIC.hopf1": 0.002103692553234792,
    "ML_HOMO.hopf1": 0.0009939189585870907,
    "ML_1981_RED.hopf1": 3.0957643134868375e-05,
}


def points_of(found, kind):
    return found.point_value.values[found.point_kind.values == kind]


@pytest.mark.parametrize(
    "value",
    [v if SETS[v["set"]][0] == "MorrisLecar" else pytest.param(v, marks=pytest.mark.slow) for v in POINTS],
    ids=lambda v: v["id"],
)
def test_published_points(value):
    near = value["value"]
    found = fn.bifurcations(published_model(value["set"]), "current", (near - 20.0, near + 15.0), cycles=False)
    kind = "Hopf" if "Hopf" in value["quantity"] else "fold"
    (place,) = np.flatnonzero((found.point_kind.values == kind) & (abs(found.point_value.values - near) < 1.0))
    assert found.point_value.values[place] == pytest.approx(near, rel=0, abs=min(value["tol"], 1e-6))
    assert found.point_V.values[place] == pytest.approx(value["detail"]["V"], abs=1e-6)
    if kind == "Hopf":
        frequency = value["detail"]["omega"] / (2e-3 * np.pi)
        assert found.point_frequency.values[place] == pytest.approx(frequency, rel=1e-8)
    if value["id"] in L1:
        assert found.point_l1.values[place] == pytest.approx(L1[value["id"]], rel=2e-6)


def test_the_whole_diagram_of_the_hopf_set():
    found = fn.bifurcations(fn.MorrisLecar.hopf(), "current", (0.0, 300.0))
    low, high = np.sort(points_of(found, "fold of cycles"))
    # both Hopf points are subcritical: rest and firing coexist from each to its fold of cycles, and nowhere else
    hopf = np.sort(points_of(found, "Hopf"))
    assert low < hopf[0] < hopf[1] < high
    firing = fn.cycles(fn.MorrisLecar.hopf(), 90.0, initial={"V": 0.0}).state
    near = fn.cycles(fn.MorrisLecar.hopf(), [low - 1e-3, low + 1e-3], initial=firing, settle=3000.0)
    assert np.isfinite(near.period).tolist() == [False, True]
    stable = found.cycle_value.values[found.cycle_stable.values]
    assert stable.min() == pytest.approx(low, abs=0.1)
    assert stable.max() == pytest.approx(high, abs=0.1)
    both = found.cycle_value.values[~found.cycle_stable.values]
    assert ((both < hopf[0] + 1e-6) | (both > hopf[1] - 1e-6)).all()
    rest = found.equilibrium_value.values[~found.equilibrium_stable.values]
    assert rest.min() > hopf[0]
    assert rest.max() < hopf[1]
    assert np.unique(found.cycle_branch.values).size == 1  # that both Hopf points begin


def test_unstable_cycles_are_closed_by_scipy():
    model = fn.MorrisLecar.hopf()
    family = Family(model, np.zeros(1), "current", 80.0, 200.0)
    at = special_points(family, curves(family))
    (branch,) = branches(family, at.neuron, at.at.state, at.value, np.array([[70.0, 0.5]]))
    equations, p = _equations(model), SimpleNamespace(**model.parameters)
    for k in (3, 10, 20, 30):
        part = branch.period[k] / branch.state.shape[1]
        for node in (0, 7):
            start, wanted = branch.state[k, node], branch.state[k, (node + 1) % branch.state.shape[1]]
            end = solve_ivp(
                lambda _, x, I=branch.value[k]: equations.derivative(p, I, *x),
                (0, part),
                start,
                "DOP853",
                rtol=1e-12,
                atol=1e-13,
            ).y[:, -1]
            np.testing.assert_allclose(end, wanted, rtol=0, atol=1e-7)


def test_ends_and_their_laws():
    fold = next(v["value"] for v in POINTS if v["id"] == "ML_SNIC.fold1")
    snic = fn.bifurcations(fn.MorrisLecar.snic(phi=[0.05, 0.067, 0.1]), "current", (0.0, 150.0))
    np.testing.assert_allclose(points_of(snic, "SNIC"), fold, rtol=0, atol=1e-6)
    assert snic.point_neuron.values.tolist() == sorted(snic.point_neuron.values)

    model = fn.MorrisLecar.homoclinic()
    found = fn.bifurcations(model, "current", (0.0, 150.0))
    (end,) = points_of(found, "homoclinic")
    (error,) = found.point_error.values[found.point_kind.values == "homoclinic"]
    assert error < 1e-6
    away = found.cycle_value.values - end
    near = (away > 1e-6) & (away < 1e-3) & (found.cycle_period.values > 60.0)
    saddle = fn.fixed_points(model, end)
    rate = saddle.eigenvalues[saddle.kind == "saddle"][0, 0].real
    growth, _ = np.polyfit(np.log(away[near]), found.cycle_period.values[near], 1)
    assert -1.0 / growth == pytest.approx(rate, rel=2e-3)


def test_which_end_it_is():
    period = 10.0 * 1.2 ** np.arange(20)
    assert end_of_period(period, 5.0 + ((period - 3.0) / 40.0) ** -2.0, np.array([9.0, 5.0]))[:2] == ("SNIC", 5.0)
    kind, value, error = end_of_period(period, 5.0 + 2.0 * np.exp(-period / 90.0), np.array([9.0]))
    assert (kind, value) == ("homoclinic", pytest.approx(5.0, abs=1e-9))
    assert error < 1e-6


@pytest.mark.parametrize(("parameter", "window"), [("phi", (0.05, 0.5)), ("V3", (0.0, 20.0)), ("g_Ca", (3.0, 6.0))])
def test_other_parameters(parameter, window):
    model = fn.MorrisLecar.snic()
    found = fn.bifurcations(model, parameter, window, current=38.0, cycles=False)
    assert (points_of(found, "Hopf").size, parameter) == (1, parameter)
    value = points_of(found, "Hopf")
    place = found.point_kind.values == "Hopf"
    fixed = fn.fixed_points(model.replace(**{parameter: value}), 38.0)
    same = np.argmin(abs(fixed.state["V"] - found.point_V.values[place]))
    assert abs(fixed.eigenvalues[same].real).max() < 1e-9
    for end in window:  # as many branches as there are fixed points
        wanted = fn.fixed_points(model.replace(**{parameter: end}), 38.0).state["V"]
        at_end = found.equilibrium_V.values[found.equilibrium_value.values == end]
        np.testing.assert_allclose(np.unique(at_end.round(7)), np.sort(wanted).round(7), rtol=0, atol=2e-7)


@pytest.mark.slow
def test_each_neuron_has_what_it_has_alone():
    model = fn.MorrisLecar.hopf(g_Ca=[4.2, 4.4, 4.6])
    together = fn.bifurcations(model, "current", (50.0, 300.0))
    alone = fn.bifurcations(fn.MorrisLecar.hopf(), "current", (50.0, 300.0))
    mine = together.point_neuron.values == 1
    np.testing.assert_allclose(together.point_value.values[mine], alone.point_value.values, rtol=0, atol=1e-8)


class NormalForm(fn.Model):
    """z' = (I + i w) z + d |z|^2 z, z = V + i N."""

    w: float = 2.0
    d: float = -0.3
    states = {"V": 0.0, "N": 0.0}

    @staticmethod
    def derivative(V, N, I, p):
        r = V * V + N * N
        return I * V - p.w * N + p.d * r * V, p.w * V + I * N + p.d * r * N


class Cubic(fn.Model):
    """One state: two folds, or none, and a pitchfork where I is 0."""

    a: float = 1.0
    states = {"V": 0.0}

    @staticmethod
    def derivative(V, I, p):
        return (I + p.a * V - V**3,)


@pytest.mark.slow
def test_a_model_of_one_state():
    found = fn.bifurcations(Cubic(a=[1.0, -1.0]), "current", (-2.0, 2.0))
    assert found.point_neuron.values.tolist() == [0, 0]
    np.testing.assert_allclose(np.sort(found.point_value.values), [-2 / np.sqrt(27), 2 / np.sqrt(27)], rtol=1e-12)
    nothing = fn.bifurcations(Cubic(a=-1.0), "current", (-2.0, 2.0))
    assert (nothing.sizes["point"], nothing.sizes["cycle"]) == (0, 0)
    crossing = fn.bifurcations(Cubic(), "a", (-2.0, 1.9))
    np.testing.assert_allclose(crossing.point_value.values, 0.0, atol=1e-6)


@pytest.mark.slow
def test_the_coefficient_of_the_normal_form():
    model = NormalForm(d=[-0.3, 0.7])
    found = first_lyapunov_coefficient(model, np.zeros((2, 2)), np.zeros(2))
    np.testing.assert_allclose(found, 2.0 * model.d / 2.0, rtol=1e-12)  # z is sqrt(2) w where q has the norm 1


@pytest.mark.slow
def test_folds_of_cycles_of_the_squid_axon():
    found = fn.bifurcations(fn.HodgkinHuxley(), "current", (0.0, 200.0))
    # Hassard (1978), J Theor Biol 71:401: three folds of cycles below the first Hopf point
    np.testing.assert_allclose(np.sort(points_of(found, "fold of cycles")), [6.26, 7.84, 7.92], atol=0.01)


def test_a_figure_names_all_that_it_shows():
    plot = pytest.importorskip("fastneuron.plot")
    found = fn.bifurcations(fn.MorrisLecar.snic(), "current", (0.0, 150.0))
    ax = plot.bifurcations(found)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    branches = ["stable equilibrium", "unstable equilibrium", "stable cycle", "unstable cycle"]
    assert names == [*branches, "fold", "Hopf", "fold of cycles", "SNIC"]
    assert {line.get_linestyle() for line in ax.lines} >= {"-", "--"}
    with pytest.raises(TypeError, match=r"found must be what fn.bifurcations returned; got 3"):
        plot.bifurcations(3)
    with pytest.raises(ValueError, match=r"state must be one of 'V', 'N'; got 'W'"):
        plot.bifurcations(found, state="W")


def test_bad_input():
    model = fn.MorrisLecar()
    with pytest.raises(ValueError, match=r"parameter must be one of 'current', 'C'.*got 'I'"):
        fn.bifurcations(model, "I", (0, 1))
    with pytest.raises(ValueError, match=r"window must be two values .*, the second above the first"):
        fn.bifurcations(model, "current", (5, 1))
    with pytest.raises(TypeError, match=r"window must be two values of the parameter, \(low, high\); got 5"):
        fn.bifurcations(model, "current", 5)
    with pytest.raises(ValueError, match=r"C must be positive; got -1"):
        fn.bifurcations(model, "C", (-1, 5))
    with pytest.raises(ValueError, match=r"current is what varies: give it by window alone; got current=3"):
        fn.bifurcations(model, "current", (0, 5), current=3.0)
    with pytest.raises(TypeError, match=r"without a reset"):
        fn.bifurcations(fn.Izhikevich(), "current", (0, 5))


def test_a_state_is_named_as_no_column():
    """One called value took the place of the parameter's values."""

    class Odd(fn.Model):
        period: float = 0.1
        states = {"V": -60.0, "value": 0.0}

        @staticmethod
        def derivative(V, value, I, p):
            return I - p.period * V - value, p.period * (V - value)

    with pytest.raises(ValueError, match="a diagram has a column named 'value' of its own"):
        fn.bifurcations(Odd(), "current", (0.0, 1.0))
    with pytest.raises(ValueError, match="a diagram has a column named 'value' of its own"):
        fn.bifurcation_curves(Odd(), ("current", 0.0, 1.0), ("period", 0.1, 1.0))
