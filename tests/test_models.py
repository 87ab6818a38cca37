"""Models: published sets, changes, subclasses, copies."""

import copy
import pickle

import numpy as np
import pytest
from catalogue import CASES, MODELS

import fastneuron as fn

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
models = pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)


class Renamed(fn.MorrisLecar):
    """Nothing changed."""


class Faster(fn.MorrisLecar):
    """Another default, with no annotation."""

    phi = 0.08


class Passive(fn.Model):
    """The smallest model there is; its solution is known."""

    tau: float = 10.0
    states = {"V": -65.0}
    positive = ("tau",)

    @staticmethod
    def derivative(V, I, p):
        """Relaxation."""
        return ((I - V) / p.tau,)


@cases
@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies(case, twin):
    model = case.population(3)["model"]
    other = twin(model)
    assert type(other) is type(model)
    for name, value in model.parameters.items():
        np.testing.assert_array_equal(getattr(other, name), value)


def test_pickled_runs():
    run = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=[100.0, 110.0], record="V")
    other = pickle.loads(pickle.dumps(run))
    np.testing.assert_array_equal(other["V"], run["V"])
    np.testing.assert_array_equal(other.spikes.time, run.spikes.time)
    assert other.model.parameters == run.model.parameters


@cases
def test_replace_keeps_the_rest(case):
    name, low, high = case.spread
    model = case.make().replace(**{name: [low, high]})
    assert model.size == 2
    for other, value in case.make().parameters.items():
        if other != name:
            assert getattr(model, other) == value


@models
def test_every_parameter_has_a_unit_and_every_unit_a_parameter(case):
    model = case.make()
    assert set(model.parameters) <= set(model.units)
    assert set(model.units) <= set(model.parameters) | set(model.states) | {"time", "current"}


@models
def test_presets_are_methods(case):
    kind = type(case.make())
    assert kind.presets
    for preset in kind.presets:
        assert isinstance(getattr(kind, preset)(), kind)
        assert preset.replace("_", "") in getattr(kind, preset).__name__.replace("_", "")


def test_what_a_model_says_of_itself():
    text = repr(fn.MorrisLecar.snic(V3=np.linspace(0, 4, 5)))
    assert text.startswith("MorrisLecar(C=20, ")
    assert "V3=<5 values, 0 to 4>" in text


def test_arrays_are_copied_and_locked():
    mine = np.array([1.0, 2.0])
    model = fn.MorrisLecar.hopf(V3=mine)
    mine[:] = 99.0
    np.testing.assert_array_equal(model.V3, [1.0, 2.0])
    assert not model.V3.flags.writeable
    assert mine.flags.writeable


def test_a_subclass_is_its_parent_with_other_defaults():
    assert Renamed.snic().parameters == fn.MorrisLecar.snic().parameters
    one = fn.simulate(Faster.hopf(V3=[1.0, 2.0]), 50.0, current=100.0)
    other = fn.simulate(fn.MorrisLecar.hopf(V3=[1.0, 2.0], phi=0.08), 50.0, current=100.0)
    assert one.state["V"].tobytes() == other.state["V"].tobytes()
    plain = fn.reference.simulate(Faster(V3=[1.0, 2.0]), 50.0, current=100.0)
    np.testing.assert_allclose(plain.state["V"], one.state["V"], atol=1e-5)


def test_a_model_of_ones_own():
    run = fn.simulate(Passive(tau=[5.0, 10.0]), 20.0, dt=0.01, current=7.0)
    np.testing.assert_allclose(run.state["V"], 7.0 - 72.0 * np.exp(-20.0 / np.array([5.0, 10.0])), rtol=1e-10)
    with pytest.raises(ValueError, match="tau must be positive"):
        Passive(tau=0.0)
    plain = fn.reference.simulate(Passive(tau=5.0), 20.0, current=7.0)  # its own derivative, in plain Python
    np.testing.assert_allclose(plain.state["V"], run.state["V"][:1], rtol=1e-8)
