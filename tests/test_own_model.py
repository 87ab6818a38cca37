"""A model of one's own: as fast and exact as the package's, cached, never stale, and its mistakes in one message."""

import functools
import inspect
import math
import pickle
import sys
import types

import numba
import numpy as np
import pytest

import fastneuron as fn
from fastneuron._kernel.function_hash import describe
from tests.catalogue import rest_slow


class FitzHughNagumo(fn.Model):
    """As a user would write it."""

    a: float = 0.7
    b: float = 0.8
    tau: float = 12.5
    states = {"V": -1.2, "W": -0.6}

    @staticmethod
    def derivative(V, W, I, p):
        return V - V**3 / 3.0 - W + I, (V + p.a - p.b * W) / p.tau


class Gated(fn.Model):
    """Every part a model may have."""

    tau: float = 10.0
    slope: float = 5.0
    states = {"V": -65.0, "x": lambda V, p: 1 / (1 + np.exp(-(V + 40) / p.slope))}
    threshold = -50.0
    positive = ("tau",)

    @staticmethod
    def derivative(V, x, I, p):
        return (I - V - 60.0) / p.tau, fn.math.sigmoid((V + 40.0) / p.slope) - x


@pytest.mark.parametrize(
    "method",
    ["rk4", pytest.param("dop853", marks=pytest.mark.slow)],
)
def test_the_bits_of_the_built_in_model(method):
    arguments = {"duration": 100.0, "current": np.linspace(0.0, 1.0, 20), "record": ("V", "W"), "method": method}
    tau = np.linspace(10.0, 15.0, 20)
    own, built_in = (fn.simulate(kind(tau=tau), **arguments) for kind in (FitzHughNagumo, fn.FitzHughNagumo))
    assert built_in.spike_count.max() > 1
    for name in ("V", "W"):
        assert own.state[name].tobytes() == built_in.state[name].tobytes()
        assert own[name].tobytes() == built_in[name].tobytes()
    assert own.spikes.time.tobytes() == built_in.spikes.time.tobytes()


def test_pickled():
    model = pickle.loads(pickle.dumps(Gated(tau=[5.0, 10.0])))
    assert type(model) is Gated
    np.testing.assert_array_equal(model.tau, [5.0, 10.0])
    run = pickle.loads(pickle.dumps(fn.simulate(model, 10.0, current=20.0)))
    assert run.state["V"].tobytes() == fn.simulate(Gated(tau=[5.0, 10.0]), 10.0, current=20.0).state["V"].tobytes()


def test_its_solution_its_threshold_and_its_initial_state():
    run = fn.simulate(Gated(tau=8.0), 20.0, dt=0.01, current=20.0, record="x")
    assert run.state["V"] == pytest.approx(-40 - 25 * math.exp(-20 / 8.0), rel=1e-10)
    assert run["x"][0, 0] == pytest.approx(1 / (1 + math.exp(5)))
    np.testing.assert_allclose(run.spikes.time, [8.0 * math.log(2.5)], rtol=1e-8)


# ---- built upon a model of the package

BUILT_IN = [fn.MorrisLecar, fn.HodgkinHuxley, fn.TraubMiles, fn.MorrisLecarFull, fn.FitzHughNagumo]


def test_another_derivative_of_a_built_in_model():
    class Decay(fn.MorrisLecar):
        @staticmethod
        def derivative(V, N, I, p, gates):
            return -V, -N

    run = fn.simulate(Decay(), 1.0, initial={"V": 1.0, "N": 2.0})
    assert run.state["V"] == pytest.approx(math.exp(-1.0), rel=1e-7)
    assert run.state["N"] == pytest.approx(2 * math.exp(-1.0), rel=1e-7)


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.__name__)
def test_python_may_call_every_formula(kind):
    """With floats and with arrays, and gets what the kernel gets."""
    model = kind()
    V = np.linspace(-80.0, 40.0, 9)
    state = [V, *(np.linspace(0.1, 0.6, 9) for _ in list(model.states)[1:])]
    prepared = kind.prepare(model)

    def derivative(*state):
        gates = kind.gates(state[0], prepared)
        return np.array(kind.derivative(*state, 10.0, prepared, *([gates] if gates else [])))

    found = derivative(*state)
    one_by_one = np.transpose([derivative(*map(float, row)) for row in zip(*state, strict=True)])
    np.testing.assert_allclose(found, one_by_one, rtol=1e-13)
    step = 2.0**-24
    run = fn.simulate(model, step, step, current=10.0, initial=dict(zip(model.states, state, strict=True)))
    moved = [(run.state[name] - row) / step for name, row in zip(model.states, state, strict=True)]
    np.testing.assert_allclose(found, moved, rtol=1e-3, atol=1e-5)


# ---- mistakes


def model(derivative, **changes):
    """A model with this derivative."""
    content = {"__annotations__": {"tau": float}, "tau": 10.0, "states": {"V": -65.0, "W": 0.0}}
    return type("Mistaken", (fn.Model,), content | {"derivative": staticmethod(derivative)} | changes)()


def unknown_name(V, W, I, p):
    return (I - V) / p.tau, missing - W  # noqa: F821, a mistake


def unknown_parameter(V, W, I, p):
    return (I - V) / p.tua, -W


def one_short(V, W, I, p):
    return ((I - V) / p.tau,)


def one_too_many(V, W, I, p):
    return (I - V) / p.tau, -W, 0.0


def no_tuple(V, W, I, p):
    return -V


def nothing(V, W, I, p):
    pass


def wrong_arguments(V, I, p):
    return (I - V) / p.tau, 0.0


def unknown_function(V, W, I, p):
    return (I - V) / p.tau, fn.math.sech(W)


def texts(V, W, I, p):
    return (I - V) / p.tau, "W"


def branch_that_does_not_compile(V, W, I, p):
    slow = -W
    if V > 0.0:
        slow = "spiking"
    return (I - V) / p.tau, slow


MISTAKES = [
    (unknown_name, ["missing"], "missing - W"),
    (unknown_parameter, ["tua"], "p.tua"),
    (one_short, ["2 numbers", "V, W", "got 1"], "return ((I - V) / p.tau,)"),
    (one_too_many, ["2 numbers", "V, W", "got 3"], "return (I - V) / p.tau, -W, 0.0"),
    (no_tuple, ["2 numbers", "V, W", "got 65.0"], "return -V"),
    (nothing, ["2 numbers", "V, W", "got None"], "pass"),
    (wrong_arguments, ["argument"], "def wrong_arguments"),
    (unknown_function, ["sech"], "fn.math.sech(W)"),
    (texts, ["2 numbers", "'W'"], 'return (I - V) / p.tau, "W"'),
    (branch_that_does_not_compile, ["unify", "slow"], "p.tau, slow"),
]


@pytest.mark.parametrize("method", ["rk4", pytest.param("dop853", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("derivative", "words", "line"), MISTAKES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_mistake_is_one_readable_message(derivative, words, line, method):
    if method == "dop853" and derivative is not branch_that_does_not_compile:
        pytest.skip("found before any method is chosen")
    with pytest.raises(TypeError) as caught:
        fn.simulate(model(derivative), 1.0, method=method)
    message = str(caught.value)
    assert message.startswith("Mistaken")
    assert [word for word in words if word not in message] == [], message
    assert len(message.splitlines()) <= 3, message
    assert len(message) < 600, message
    assert __file__ in message, message
    lines, first = inspect.getsourcelines(derivative)
    number = next(first + k for k, text in enumerate(lines) if line in text)
    assert f"line {number}: {lines[number - first].strip()}" in message, message
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def decay(V, W, I, p):
    return I - p.rate * V, -W


STATES = {"V": 1.0, "W": 0.0}
INCOMPLETE = [  # what stands in the class, and words of the message
    ({"states": None}, TypeError, ["states", "{'V': -60.0, 'N': 0.0}", "None"]),
    ({"states": ("V", "W")}, TypeError, ["states", "('V', 'W')"]),
    ({"states": {}}, TypeError, ["states", "{}"]),
    ({"states": {"V": "rest", "W": 0.0}}, TypeError, ["states['V']", "'rest'"]),
    ({"states": {"V": np.nan, "W": 0.0}}, ValueError, ["states['V']", "nan"]),
    ({"states": {"V": 1.0, "W": None}}, TypeError, ["states['W']", "None"]),
    ({"states": {"V": 1.0, "W": lambda V: V}}, TypeError, ["states['W']", "(V, parameters)", "1 positional"]),
    ({"states": {"V": 1.0, "W": lambda V, p: V / 0.0 * 0.0}}, ValueError, ["the initial W of Own", "finite", "nan"]),
    ({"derivative": None}, TypeError, ["derivative(V, W, I, p)"]),
    ({"derivative": lambda V, W, I: (V, W)}, TypeError, ["called as derivative(V, W, I, p)"]),
    ({"derivative": lambda V, W, I, p: (p.rat, W)}, TypeError, ["'rat'", "there are rate"]),
    ({"derivative": lambda V, W, I, p: (p.late, W), "late": 1.0}, TypeError, ["'late'", "late: float = 1.0"]),
    ({"__annotations__": {}}, TypeError, ["'rate'", "rate: float = 1.0"]),
    ({"reset": -70.0}, TypeError, ["Own.reset", "must be a function in Python", "-70.0"]),
    ({"rest": -70.0}, TypeError, ["'rest'", "-70.0", "no effect", "rest: float = 1.0"]),
    ({"treshold": -50.0}, TypeError, ["'treshold'", "did you mean 'threshold'"]),
    ({"thresholds": -50.0}, TypeError, ["'thresholds'", "-50.0", "did you mean 'threshold'"]),
    ({"gate": staticmethod(lambda V, p: V)}, TypeError, ["'gate'", "did you mean 'gates'"]),
    ({"__annotations__": {"_tau": float}, "_tau": 1.0}, TypeError, ["underscore", "_tau"]),
    ({"__annotations__": {"gates": float}, "gates": 1.0}, TypeError, ["no parameter can be named gates"]),
    ({"__annotations__": {"kernel_type": float}, "kernel_type": 1.0}, TypeError, ["named kernel_type"]),
    ({"__annotations__": {"current": float}, "current": 1.0}, ValueError, ["no parameter can be named 'current'"]),
    ({"__annotations__": {"V": float}, "V": 1.0}, ValueError, ["no state can be named 'V'"]),
    ({"states": {"V": 1.0, "spike_time": 0.0}}, ValueError, ["no state can be named 'spike_time'"]),
    ({"states": {"V": 1.0, "time": 0.0}}, ValueError, ["no state can be named 'time'"]),
    ({"states": {"V": 1.0, "a/b": 0.0}}, TypeError, ["a word", "'a/b'"]),
    ({"derivative": 3.0}, TypeError, ["must be a function in Python", "3.0"]),
    ({"threshold": "high"}, ValueError, ["Own.threshold", "'high'", "rate"]),
    ({"positive": ("rat",)}, ValueError, ["Own.positive", "'rat'", "did you mean 'rate'"]),
]


@pytest.mark.parametrize(("given", "exception", "words"), INCOMPLETE, ids=lambda row: str(row)[:40])
def test_what_a_class_lacks(given, exception, words):
    content = {"__annotations__": {"rate": float}, "rate": 1.0, "states": STATES, "derivative": decay} | given
    if content["derivative"] is None:
        del content["derivative"]
    else:
        function = content["derivative"]
        content["derivative"] = staticmethod(function) if callable(function) else function
    with pytest.raises(exception) as caught:
        fn.simulate(type("Own", (fn.Model,), content)(), 1.0)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_arithmetic_that_fails_at_the_start_is_no_mistake():
    """A kernel goes on where Python stops: 1 / 0 is infinite there."""
    singular = model(lambda V, W, I, p: (-V / p.tau, fn.math.exp(-1.0 / W)))
    assert fn.simulate(singular, 1.0).state["W"] == pytest.approx(0.0)


def test_a_gate_that_overflows_at_the_start_is_no_mistake():
    """NumPy warns of it in Python, and a kernel says nothing."""
    steep = model(lambda V, W, I, p: (-V / p.tau, 1.0 - 1.0 / (1.0 + np.exp(1000.0 - V)) - W))
    assert fn.simulate(steep, 1.0).state["W"] == pytest.approx(1.0 - math.exp(-1.0), rel=1e-6)


# ---- what a formula may call, and be

EXPECTED = math.exp(-1.0)  # of a decay with rate 1, after 1 ms
ONES = np.ones(5)
GAIN = 1.0


def plain_helper(x):
    return np.exp(GAIN * x)


@numba.njit
def jitted_helper(x):
    return plain_helper(-x)


@numba.vectorize
def vectorised_helper(x):
    return 2.0 * x


def by_name(V, I, p, *, rate=1.0):
    return (-rate * V,)


class Rate:
    def __init__(self):
        self.rate = 1.0

    def __call__(self, V, I, p):
        return (-self.rate * V,)


FORMULAS = {
    "np.where": lambda V, I, p: (np.where(V > 0.0, -V, math.inf),),
    "a plain function": lambda V, I, p: (-plain_helper(math.log(V)),),
    "a jitted function": lambda V, I, p: (-jitted_helper(-np.log(V)),),
    "a ufunc": lambda V, I, p: (-0.5 * vectorised_helper(V),),
    "whole numbers": lambda V, I, p: (-V * np.sqrt(1) * math.cosh(0) * math.erf(9.0),),
    "a partial by name": functools.partial(lambda V, I, p, rate: (-rate * V,), rate=1.0),
    "a partial": functools.partial(lambda rate, V, I, p: (-rate * V,), 1.0),
    "an argument by name": by_name,
    "an object": Rate(),
    "a table": lambda V, I, p: (-V * ONES[int(4.0 * V)] * fn.math.interp(V, ONES, 0.0, 1.0),),
    "no parameters, one gate": (lambda V, I, p, gate: (-gate,), {"gates": staticmethod(lambda V, p: 1.0 * V)}),
    "annotated": (lambda V, I, p: (-V,), {"__annotations__": {"states": dict, "threshold": float}}),
}


@pytest.mark.parametrize("name", rest_slow(FORMULAS))
def test_what_a_formula_may_be(name):
    formula, more = FORMULAS[name] if isinstance(FORMULAS[name], tuple) else (FORMULAS[name], {})
    kind = type("Own", (fn.Model,), {"states": {"V": 1.0}, "derivative": staticmethod(formula)} | more)
    assert fn.simulate(kind(), 1.0).state["V"] == pytest.approx(EXPECTED, rel=1e-6)
    if name in ("a plain function", "a table", "np.where"):
        found = fn.simulate(kind(), 1.0, dtype=np.float32).state["V"]
        assert found == pytest.approx(EXPECTED, rel=1e-5)
    assert describe((kind.names, *(getattr(kind, formula) for formula in kind.formulas)))


@pytest.mark.slow
def test_the_functions_of_numpy_and_math_are_ours():
    """They vectorise: the bits are those of a model with the functions of fn.math."""

    def made(exp, tanh):
        content = {"states": {"V": 0.3, "w": 0.0}}
        formula = staticmethod(lambda V, w, I, p: (0.1 * tanh(I - V), exp(-V) - w))
        return type("Own", (fn.Model,), content | {"derivative": formula})()

    current = np.linspace(-3.0, 3.0, 50)
    ours, numpy, python = (fn.simulate(made(m.exp, m.tanh), 5.0, current=current).state for m in (fn.math, np, math))
    for name in ("V", "w"):
        assert ours[name].tobytes() == numpy[name].tobytes() == python[name].tobytes()


TWO = np.array([2.0, 1.0])
PLANE = np.array([[2.0], [1.0]])
TABLES = [
    (lambda V: TWO[int(1e9 * V)], 1.0),
    (lambda V: TWO[int(-1e9 * V) - 5], 2.0),
    (lambda V: (2.0, 1.0)[int(1e9 * V)], 1.0),
    (lambda V: PLANE[int(1e9 * V), 0], 1.0),
    (lambda V: PLANE[int(1e9 * V)][int(V)], 1.0),
]


@pytest.mark.parametrize(("entry", "value"), rest_slow(TABLES))
def test_an_index_beyond_a_table_is_its_end(entry, value):
    """Not only at the start, where Python would say so: V reaches it in the run."""

    def derivative(V, I, p):
        if V < 1.5:
            return (1.0,)
        return (entry(V),)

    kind = type("Own", (fn.Model,), {"states": {"V": 1.0}, "derivative": staticmethod(derivative)})
    assert fn.simulate(kind(), 1.0).state["V"] == pytest.approx(1.5 + 0.5 * value, abs=0.1)


def test_an_attribute_that_shares_a_globals_name_is_none():
    """A new value of the global would compile the model anew."""
    scope = {"fn": fn, "tau": 1.0, "helpers": types.ModuleType("helpers")}
    scope["helpers"].inner = types.ModuleType("helpers.inner")
    scope["helpers"].inner.rate = lambda x: -x
    exec(
        "class Own(fn.Model):\n    tau: float = 1.0\n    states = {'V': 1.0}\n"
        "    @staticmethod\n    def derivative(V, I, p):\n        return (helpers.inner.rate(V) / p.tau,)",
        scope,
    )
    own = scope["Own"]
    before = type(own.kernel_type()).__name__
    scope["tau"] = 2.0
    assert type(own.kernel_type()).__name__ == before
    assert fn.simulate(own(), 1.0).state["V"] == pytest.approx(EXPECTED, rel=1e-6)
    scope["helpers"].inner.rate = lambda x: -2.0 * x
    assert type(own.kernel_type()).__name__ != before


# ---- never stale

SCRIPT = """
import sys
import fastneuron as fn
from fastneuron._integrators.fixed_step import integrate

FACTOR = 2.0

def twice(x):
    return FACTOR * x

class Passive(fn.Model):
    tau: float = 10.0
    states = {"V": -65.0}

    @staticmethod
    def prepare(p):
        return Prepared(1.0 / p.tau)

    @staticmethod
    def derivative(V, I, p):
        return (twice(I - V) * p.rate,)

from typing import NamedTuple

class Prepared(NamedTuple):
    rate: float

twice = fn_inline(twice) if (fn_inline := globals().get("fn_inline")) else __import__("numba").njit(twice)
print(fn.simulate(Passive(), 10.0).state["V"][0], sum(integrate.stats.cache_hits.values()))
"""
EDITS = [
    ("FACTOR = 2.0", "FACTOR = 3.0", 3.0),  # a global of a function that the model calls
    ("return FACTOR * x", "return x * FACTOR * 0.5", 1.0),  # that function
    ("Prepared(1.0 / p.tau)", "Prepared(4.0 / p.tau)", 8.0),  # what is worked out once
    ("(twice(I - V) * p.rate,)", "(-twice(V - I) * p.rate * 2.5,)", 5.0),  # the derivative
]


@pytest.mark.slow
def test_cached_between_processes_and_never_stale(tmp_path, python):
    script = tmp_path / "script.py"
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}

    def answer(text):
        script.write_text(text)
        V, hits = python("import runpy; runpy.run_path('script.py', run_name='__main__')", **cache).split()
        return float(V), int(hits)

    assert answer(SCRIPT) == (pytest.approx(-65 * math.exp(-2)), 0)
    assert answer(SCRIPT) == (pytest.approx(-65 * math.exp(-2)), 1)
    for old, new, rate in EDITS:
        assert SCRIPT.count(old) == 1
        assert answer(SCRIPT.replace(old, new)) == (pytest.approx(-65 * math.exp(-rate)), 0)
    assert answer("# a comment\n" + SCRIPT) == (pytest.approx(-65 * math.exp(-2)), 1)


LIVE = """
import fastneuron as fn

class Passive(fn.Model):
    tau: float = 10.0
    states = {"V": -65.0}

    @staticmethod
    def derivative(V, I, p):
        return ((I - V) * FACTOR / p.tau,)
"""


def test_never_stale_in_a_live_session():
    """A cell run again after an edit, or after a constant above it was changed; and back again."""
    scope = {"__name__": "__main__", "FACTOR": 1.0}

    def answer():
        return fn.simulate(scope["Passive"](), 10.0).state["V"][0]

    exec(LIVE, scope)
    assert answer() == pytest.approx(-65 * math.exp(-1))
    scope["FACTOR"] = 2.0  # not even the class is defined again
    assert answer() == pytest.approx(-65 * math.exp(-2))
    exec(LIVE.replace("(I - V)", "3.0 * (I - V)"), scope)
    assert answer() == pytest.approx(-65 * math.exp(-6))
    exec(LIVE.replace("tau: float = 10.0", "tau: float = 20.0"), scope)
    assert answer() == pytest.approx(-65 * math.exp(-1))
    exec(LIVE, scope)
    assert answer() == pytest.approx(-65 * math.exp(-2))


# ---- fn.math

FUNCTIONS = ["exp", "expm1", "exprelr", "log", "log1p", "sinh", "cosh", "tanh", "sigmoid", "softplus", "sqrt", "erf"]
SPECIAL = [0.0, -0.0, 1e-300, -1e-300, 1e-9, -1e-9, 1.0, -1.0, 700.0, -700.0, 720.0, -720.0, 1e300, -1e300]
SPECIAL += [math.inf, -math.inf, math.nan]


@numba.njit
def in_a_kernel(x, out):
    for i in range(x.size):
        out[0, i], out[1, i], out[2, i] = fn.math.exp(x[i]), fn.math.expm1(x[i]), fn.math.exprelr(x[i])
        out[3, i], out[4, i], out[5, i] = fn.math.log(x[i]), fn.math.log1p(x[i]), fn.math.sinh(x[i])
        out[6, i], out[7, i], out[8, i] = fn.math.cosh(x[i]), fn.math.tanh(x[i]), fn.math.sigmoid(x[i])
        out[9, i], out[10, i], out[11, i] = fn.math.softplus(x[i]), fn.math.sqrt(x[i]), fn.math.erf(x[i])


@pytest.fixture(scope="module")
def compiled():
    x = np.concatenate([SPECIAL, np.random.default_rng(0).uniform(-30, 30, 500)])
    out = np.empty((len(FUNCTIONS), x.size))
    in_a_kernel(x, out)
    return x, out


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_the_same_inside_a_kernel_and_outside(name, compiled):
    x, out = compiled
    outside = np.array([getattr(fn.math, name)(float(value)) for value in x])
    assert getattr(fn.math, name)(1.0) == outside[6]
    np.testing.assert_allclose(out[FUNCTIONS.index(name)], outside, rtol=1e-15, atol=2.3e-308)
    sign = np.isfinite(outside)
    np.testing.assert_array_equal(np.signbit(out[FUNCTIONS.index(name)][sign]), np.signbit(outside[sign]))


def test_the_list_is_complete():
    assert set(fn.math.__all__) == {*FUNCTIONS, "where", "interp"}


TABLE = np.array([1.0, 3.0, 2.0])
WHERE = [(-5.0, 1.0), (0.0, 1.0), (5.0, 2.0), (10.0, 3.0), (12.0, 2.8), (20.0, 2.0), (1e300, 2.0), (-math.inf, 1.0)]


@numba.njit
def of_a_table(x):
    return fn.math.interp(x, TABLE, 0.0, 20.0), fn.math.where(x > 1.0, x, -1)


@pytest.mark.parametrize(("x", "value"), WHERE)
def test_a_table_goes_straight_between_its_values_and_holds_beyond(x, value):
    assert fn.math.interp(x, TABLE, 0.0, 20.0) == pytest.approx(value, rel=1e-15)
    assert of_a_table(x) == (pytest.approx(value, rel=1e-15), x if x > 1.0 else -1.0)
    assert all(
        math.isnan(f(math.nan, TABLE, 0.0, 20.0)) for f in (fn.math.interp, numba.njit(lambda *a: fn.math.interp(*a)))
    )
    assert fn.math.where(x > 1.0, x, -1.0) == (x if x > 1.0 else -1.0)


def test_a_module_may_be_called_nearly_as_the_package(monkeypatch):
    """Where its name began with the package's, a model was not checked, and the compiler's error came out."""
    name = "fastneuron_models"
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(
        "import fastneuron as fn\n"
        "class Short(fn.Model):\n"
        "    tau: float = 10.0\n"
        "    states = {'V': 0.0, 'N': 0.0}\n"
        "    @staticmethod\n"
        "    def derivative(V, N, I, p):\n"
        "        return (V,)\n",
        vars(module),
    )
    with pytest.raises(TypeError, match=r"Short.derivative must return 2 numbers"):
        fn.simulate(module.Short(), 1.0)


class WithTime(fn.Model):
    states = {"V": 0.0}

    @staticmethod
    def derivative(V, t, I, p):
        return (I - V + t,)


class OfGlobalTime(fn.Model):
    states = {"V": 0.0}

    @staticmethod
    def derivative(V, I, p):
        return (I - V + time,)  # noqa: F821


@pytest.mark.parametrize("kind", [WithTime, OfGlobalTime])
def test_time_is_not_in_formulas(kind):
    with pytest.raises(TypeError, match="formulas do not know the time: what changes in time is a current"):
        fn.simulate(kind(), 1.0)
