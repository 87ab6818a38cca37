"""How firing begins: published sets, the diagrams of `bifurcations`, and SciPy beside a homoclinic orbit."""

from types import SimpleNamespace

import numpy as np
import pytest
from catalogue import PUBLISHED
from scipy.integrate import solve_ivp

import fastneuron as fn
from fastneuron.reference.simulate import _equations

VALUES = {value["id"]: value["value"] for value in PUBLISHED["values"]}
PRESETS = [  # class, rest ends, firing begins, and where rest ends
    ("hopf", "II", "subcritical Hopf", "fold of cycles", VALUES["ML_HOPF.hopf1"]),
    ("snic", "I", "fold", "SNIC", VALUES["ML_SNIC.fold1"]),
    ("homoclinic", "II", "fold", "homoclinic", VALUES["ML_HOMO.fold1"]),
    ("barnacle", "II", "subcritical Hopf", "fold of cycles", VALUES["ML_1981_RED.hopf1"]),
]


@pytest.mark.parametrize(("preset", "kind", "ends", "begins", "rheobase"), PRESETS, ids=lambda value: str(value))
def test_published_sets(preset, kind, ends, begins, rheobase):
    model = getattr(fn.MorrisLecar, preset)()
    found = fn.excitability(model)
    assert (found.kind[0], found.rest_ends[0], found.firing_begins[0]) == (kind, ends, begins)
    assert found.rheobase[0] == pytest.approx(rheobase, rel=0, abs=1e-8)
    assert found.onset[0] == (ends if "Hopf" in ends else begins)
    assert found.coexist[0] == (kind == "II")
    if kind == "I":
        assert found.firing[0] == found.rheobase[0]


@pytest.mark.slow
def test_neurons_are_what_their_diagrams_say():
    g_Ca, V3 = [3.0, 3.2, 4.4, 4.2, 5.526, 4.1], [-5.0, 2.0, 2.0, 12.0, 1.579, 20.0]
    found = fn.excitability(fn.MorrisLecar.snic(g_Ca=g_Ca, V3=V3))
    hopf, fold = "subcritical Hopf", "fold"
    assert found.rest_ends.tolist() == ["supercritical Hopf", hopf, hopf, fold, fold, fold]
    assert found.firing_begins.tolist() == ["Hopf", "fold of cycles", "fold of cycles", "SNIC", "homoclinic", ""]
    assert found.kind.tolist() == ["II", "II", "II", "I", "II", ""]
    whole = fn.bifurcations(found.model, "current", (-20.0, 260.0))
    for k in range(6):
        stable = whole.cycle_value.values[whole.cycle_stable.values & (whole.cycle_neuron.values == k)]
        assert stable.size > 0 or k == 5
        if k < 5:
            kind = found.firing_begins[k]
            mine = (whole.point_kind.values == kind) & (whole.point_neuron.values == k)
            apart = abs(whole.point_value.values[mine] - found.firing[k])
            assert (apart < 3.0 * whole.point_error.values[mine] + 1e-8).any()
            assert abs(stable - found.firing[k]).min() < 0.5


def test_scipy_fires_just_above_the_homoclinic_orbit_and_not_below():
    model = fn.MorrisLecar.homoclinic()
    found = fn.excitability(model)
    equations, p = _equations(model), SimpleNamespace(**model.parameters)
    saddle = fn.fixed_points(model, found.firing)
    place = saddle.kind == "saddle"
    at = np.array([saddle.state[name][place][0] for name in model.states])
    J = fn.jacobian(model, dict(zip(model.states, at, strict=True)), found.firing)[0]
    rates, vectors = np.linalg.eig(J)
    out = vectors[:, rates.argmax()] * np.sign(vectors[0, rates.argmax()])

    def lowest(current):  # of the branch of the unstable manifold that goes up, once it has come back
        path = solve_ivp(
            lambda _, x: equations.derivative(p, current, *x),
            (0, 200),
            at + 1e-4 * out,
            "DOP853",
            rtol=1e-12,
            atol=1e-12,
        )
        return path.y[0].min()

    assert lowest(found.firing[0] - 2e-3) < at[0] - 5.0  # to rest
    assert lowest(found.firing[0] + 2e-3) > at[0] - 5.0  # round again


@pytest.mark.parametrize("preset", ["hopf", "homoclinic"])
def test_rest_and_firing_coexist_where_it_says(preset):
    model = getattr(fn.MorrisLecar, preset)()
    found = fn.excitability(model)
    low, high = found.firing[0], found.rheobase[0]
    inside = fn.cycles(model, 0.5 * (low + high), initial={"V": -15.0 if preset == "homoclinic" else 0.0})
    start = {name: value[0] for name, value in inside.state.items()}
    far = fn.cycles(model, [low - 0.02, low + 0.02], initial=start, settle=4000.0)
    assert np.isfinite(far.period).tolist() == [False, True]
    rest = fn.fixed_points(model, [low, high - 1e-6, high + 1e-6])
    assert [rest.of(k).stable[0] and rest.of(k).state["V"][0] < -20 for k in range(3)] == [True, True, False]


def test_the_period_grows_as_the_normal_form_says():
    """T = pi (a b (I - fold))^(-1/2) + ..., where x' = a (I - fold) + b x^2 on the centre manifold."""
    model = fn.MorrisLecar.snic()
    found = fn.excitability(model)
    at = np.array([found.state[name][0] for name in model.states])

    def jacobian(state):
        return fn.jacobian(model, dict(zip(model.states, state, strict=True)), found.rheobase)[0]

    (rates, right), (others, left) = (np.linalg.eig(matrix) for matrix in (jacobian(at), jacobian(at).T))
    q, p = right[:, abs(rates).argmin()], left[:, abs(others).argmin()]
    p = p / (p @ q)
    b = 0.5 * p @ (jacobian(at + 1e-3 * q) - jacobian(at - 1e-3 * q)) @ q / 2e-3
    a = p[0] / model.C
    away = np.array([0.04, 0.01, 0.0025])
    period = fn.cycles(model, found.rheobase + away, settle=15_000.0).period
    assert np.isfinite(period).all()
    powers = np.column_stack([away**-0.5, np.ones(3), away**0.5])  # of which the law is the first
    growth = np.linalg.solve(powers, period)[0]
    assert growth == pytest.approx(np.pi / np.sqrt(a * b), rel=1e-4)


class Oscillator(fn.Model):
    """A user's own, which FitzHugh would know."""

    b: float = 0.8
    tau: float = 12.5
    states = {"V": -1.2, "w": -0.6}

    @staticmethod
    def derivative(V, w, I, p):
        return V - V**3 / 3.0 - w + I, (V + 0.7 - p.b * w) / p.tau


@pytest.mark.slow
def test_a_users_model_and_more_states():
    found = fn.excitability(Oscillator())
    assert found.rest_ends[0] == "supercritical Hopf" if found.firing[0] == found.rheobase[0] else "subcritical Hopf"
    V = -np.sqrt(1.0 - 0.8 / 12.5)  # where the trace is 0
    assert found.state["V"][0] == pytest.approx(V, abs=1e-12)
    assert found.rheobase[0] == pytest.approx((V + 0.7) / 0.8 - V + V**3 / 3.0, abs=1e-12)
    squid = fn.excitability(fn.HodgkinHuxley())
    assert (squid.kind[0], squid.rest_ends[0], squid.firing_begins[0]) == ("II", "subcritical Hopf", "fold of cycles")
    assert squid.rheobase[0] == pytest.approx(VALUES["HH1952_10.613.hopf1"], abs=1e-8)
    assert squid.firing[0] == pytest.approx(6.26, abs=0.01)  # Hassard (1978), J Theor Biol 71:401


def test_what_does_not_fire_and_bad_input():
    found = fn.excitability(fn.MorrisLecar.hopf(g_Ca=[0.0, 4.4]))
    assert found.onset.tolist() == ["", "subcritical Hopf"]
    assert np.isnan([found.rheobase[0], found.firing[0], found.state["V"][0]]).all()
    assert "neuron 0: does not begin to fire" in repr(found)
    with pytest.raises(TypeError, match=r"model must be a Model, for example MorrisLecar.hopf\(\); got 3"):
        fn.excitability(3)
    with pytest.raises(TypeError, match=r"without a reset"):
        fn.excitability(fn.Izhikevich())
