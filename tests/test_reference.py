"""The reference is what it says: SciPy on the textbook's formulas, with nothing of the package's own."""

import ast
import dataclasses
import sys
from math import cosh, exp, tanh
from pathlib import Path

import numpy as np
import pytest
from catalogue import CASES, MODELS

import fastneuron as fn
from fastneuron.reference import simulate as entry

FOLDER = Path(fn.reference.__file__).parent
models = pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_imports_nothing_from_the_rest_of_the_package(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"line {node.lineno} goes up"
            names = [] if node.level else [node.module]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            top = name.partition(".")[0]
            assert top in {"numpy", "scipy"} or top in sys.stdlib_module_names, name


def test_the_import_of_the_package_leaves_the_heavy_modules_for_later(python):
    heavy = ["scipy.integrate", "scipy.optimize", "matplotlib", "tqdm", "pytest"]
    printed = python(f"import sys, fastneuron; print([name for name in {heavy} if name in sys.modules])")
    assert printed == "[]\n"


def test_same_arguments_as_the_fast_one():
    """In the same order, with the same defaults but for the method; where the answer goes is not its business."""
    import inspect

    fast, plain = inspect.signature(fn.simulate).parameters, inspect.signature(fn.reference.simulate).parameters
    assert list(fast)[: len(plain)] == list(plain)
    assert list(fast)[len(plain) :] == [
        *("summary", "bin_width", "after", "spike_times", "n"),
        *("out", "overwrite", "checkpoint_interval", "executor", "shards", "delivery", "comm", "gather", "sensitivity"),
    ]
    assert {name for name in plain if fast[name].default != plain[name].default} <= {"method"}


def test_same_attributes_as_the_fast_one():
    arguments = {"model": fn.MorrisLecar.hopf(), "duration": 20.0, "current": [100.0, 90.0], "record": "V"}
    fast, plain = fn.simulate(**arguments), fn.reference.simulate(**arguments)
    fields = {field.name for field in dataclasses.fields(plain)}
    assert {"spike_count", "spikes", "state", "time", "neurons", "traces"} <= fields
    for name in fields | {"n", "rate"}:
        one, other = getattr(fast, name), getattr(plain, name)
        if isinstance(one, np.ndarray):
            assert (one.dtype, one.shape) == (other.dtype, other.shape), name


@models
def test_every_model_has_its_equations(case):
    assert entry.__globals__["_equations"](case.make())


def test_the_textbook_by_hand():
    """Morris & Lecar's right-hand side at one point, written out."""
    p = fn.MorrisLecar.hopf()
    V, N, I = -20.0, 0.1, 75.0
    dV = (I - 2.0 * (V + 60) - 4.4 * 0.5 * (1 + tanh((V + 1.2) / 18)) * (V - 120) - 8.0 * N * (V + 84)) / 20.0
    dN = (0.5 * (1 + tanh((V - 2.0) / 30)) - N) * 0.04 * cosh((V - 2.0) / 60)
    assert fn.reference.morris_lecar.derivative(p, I, V, N) == pytest.approx((dV, dN), rel=1e-14)
    assert exp(0) == 1  # math's own functions, not ours


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_does_not_depend_on_the_tolerance(case, monkeypatch):
    """Ten times looser moves nothing beyond 1e-9: what is left is far below."""
    arguments = {"duration": 40.0, "dt": 1.0, "record": case.states, **case.population(3)}
    tight = fn.reference.simulate(**arguments)
    monkeypatch.setitem(entry.__globals__, "TOLERANCE", 1e-12)
    loose = fn.reference.simulate(**arguments)
    for name in case.states:
        np.testing.assert_allclose(loose[name], tight[name], rtol=0, atol=1e-9 * abs(tight[name]).max())
    np.testing.assert_allclose(loose.spikes.time, tight.spikes.time, rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_spikes_are_where_the_voltage_crosses(case):
    """Begun again at the spike's own time, the voltage is the threshold's."""
    arguments = case.population(1)
    spikes = fn.reference.simulate(duration=40.0, **arguments).spikes.time
    assert spikes.size
    for time in spikes:
        there = fn.reference.simulate(duration=time, **arguments).state
        assert abs(there[case.states[0]][0]) < 1e-8


def test_bad_input():
    with pytest.raises(ValueError, match="initial must be of V, N; got W"):
        fn.reference.simulate(fn.MorrisLecar.hopf(), 1.0, initial={"W": 0.0})
    with pytest.raises(ValueError, match="broadcast"):
        fn.reference.simulate(fn.MorrisLecar.hopf(V3=[1.0, 2.0]), 1.0, current=[1.0, 2.0, 3.0])
    with pytest.raises(FloatingPointError, match="overflow"):
        fn.reference.simulate(fn.MorrisLecar.hopf(g_L=-1e5), 1000.0, initial={"V": 1e6})
    with pytest.raises(NotImplementedError, match="noise"):
        fn.reference.simulate(fn.MorrisLecar.hopf(), 1.0, noise="white")


CURRENTS = {
    "step": fn.Step(40.0, start=10.0, stop=40.0),
    "ramp": fn.Ramp(60.0, 120.0, 5.0, 50.0),
    "sine": fn.Sine([20.0, 40.0], frequency=30.0, phase=0.25),
    "chirp": fn.Chirp(40.0, 1.0, 50.0, 5.0, 55.0),
    "pulses": fn.Pulses(80.0, period=15.0, width=3.0, start=2.0, count=3.0),
    "samples": fn.Samples([[0.0, 50.0, -20.0, 60.0], [10.0, 0.0, 80.0, 30.0]], dt=10.0),
    "held": fn.Samples([0.0, 50.0, -20.0, 60.0], dt=10.0, held=True),
    "sum": 20.0 + fn.Step([10.0, 30.0], start=20.0) + fn.Sine(5.0, 100.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("current", CURRENTS.values(), ids=CURRENTS)
def test_currents_as_defined(current):
    """Kernel and reference share no formula; with the edges on whole steps, fourth order holds."""
    arguments = {"model": fn.MorrisLecar.hopf(), "duration": 60.0, "current": 80.0 + current, "record": "V"}
    plain = fn.reference.simulate(dt=2.0, **arguments)
    if current is CURRENTS["sum"]:
        fast = fn.simulate(dt=0.005, sample_interval=2.0, **arguments)
        np.testing.assert_allclose(fast["V"], plain["V"], rtol=0, atol=1e-7)
        np.testing.assert_allclose(fast.spikes.time, plain.spikes.time, rtol=0, atol=1e-7)
    adaptive = fn.simulate(method="dop853", rtol=1e-12, atol=1e-12, sample_interval=2.0, **arguments)
    np.testing.assert_allclose(adaptive["V"], plain["V"], rtol=0, atol=1e-8)


class FitzHughNagumo(fn.Model):
    """Of the name of one of the package's, and of other equations."""

    k: float = 1.0
    states = {"V": -1.0, "W": lambda V, p: 2.0 * V}

    @staticmethod
    def gates(V, p):
        return fn.math.exp(-V)

    @staticmethod
    def derivative(V, W, I, p, gate):
        return I - p.k * W + 0.0 * gate, V


def test_a_users_model_is_answered_by_itself():
    t = 9.0
    run = fn.reference.simulate(FitzHughNagumo(k=[1.0, 4.0]), t)
    for i, omega in enumerate((1.0, 2.0)):
        V = -np.cos(omega * t) + 2.0 * omega * np.sin(omega * t)
        assert run.state["V"][i] == pytest.approx(V, rel=1e-10)
    fast = fn.simulate(FitzHughNagumo(k=[1.0, 4.0]), t, method="dop853", rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(fast.state["W"], run.state["W"], rtol=1e-9)


def test_a_changed_model_is_not_the_model():
    class Decay(fn.MorrisLecar):
        @staticmethod
        def derivative(V, N, I, p, gates):
            return -V, -N

    run = fn.reference.simulate(Decay(), 1.0, initial={"V": 1.0, "N": 1.0})
    assert run.state["V"][0] == pytest.approx(np.exp(-1.0), rel=1e-10)
    assert fn.reference.simulate(type("Renamed", (fn.MorrisLecar,), {})(), 1.0).state["V"] == pytest.approx(
        fn.reference.simulate(fn.MorrisLecar(), 1.0).state["V"], rel=1e-14
    )
