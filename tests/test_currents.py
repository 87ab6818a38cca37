"""Currents as functions of time: each by its definition, and edges that cost a method nothing of its order."""

import pickle

import numpy as np
import pytest
from catalogue import ADAPTIVE, rest_slow
from scipy.integrate import quad

import fastneuron as fn
from fastneuron._integrators import problem
from fastneuron._kernel import lanes

TIGHT = {"rtol": 1e-11, "atol": 1e-11}
INF = np.inf
SLOW = pytest.mark.slow


class Integral(fn.Model):
    """dV/dt = I: the voltage is the integral of the current."""

    size: float = 1.0  # of no effect: room for a value per neuron
    states = {"V": 0.0}
    threshold = 1e9

    @staticmethod
    def derivative(V, I, p):
        return (I,)


@pytest.fixture(autouse=True)
def one_block(monkeypatch):
    """The same block for all sizes, that of other tests: one compilation."""
    monkeypatch.setattr(problem, "choose_lanes", lambda *_: lanes.two_vectors())


def integral(current, times, **options):
    """From 0 to each of the times (evenly spaced from 0 on)."""
    run = fn.simulate(
        Integral(),
        times[-1],
        current=current,
        record="V",
        sample_interval=times[1],
        **{"method": "dop853"} | TIGHT | options,
    )
    np.testing.assert_allclose(run.time, times, rtol=1e-14)
    return run["V"]


def pulses(t, amplitude, period, width, start=0.0, count=INF):
    """The integral of rectangular pulses, summed pulse by pulse."""
    total = 0.0
    for k in range(int(min(count, max((t - start) // period + 2, 0)))):
        begin = start + k * period
        total += amplitude * (min(max(t, begin), begin + width) - begin)
    return total


def chirp(t, amplitude, low, high, start, stop):
    def value(s):
        s, whole = (s - start) / 1000, (stop - start) / 1000
        return amplitude * np.sin(2 * np.pi * (low * s + (high - low) * s**2 / (2 * whole)))

    return quad(value, start, min(t, stop), epsabs=1e-12, limit=200)[0] if t > start else 0.0


SAMPLES = np.array([1.0, 3.0, -2.0, 0.5, 4.0])
STEP = fn.Step(2.0, 3.0, 7.0)
FORMULAS = {  # a current, and its integral from 0 to t
    "number": (3.0, lambda t: 3.0 * t),
    "step": (STEP, lambda t: 2.0 * (np.clip(t, 3.0, 7.0) - 3.0)),
    "step for ever": (fn.Step(2.0, 3.0), lambda t: 2.0 * (max(t, 3.0) - 3.0)),
    "step from the past": (fn.Step(2.0, -3.0, 1.3), lambda t: 2.0 * min(t, 1.3)),
    "step since ever": (fn.Step(2.0, -INF, 1.3), lambda t: 2.0 * min(t, 1.3)),
    "step of no length": (fn.Step(2.0, 3.0, 3.0), lambda t: 0.0),
    "step off the samples": (fn.Step(2.0, 0.123, 4.567), lambda t: 2.0 * (np.clip(t, 0.123, 4.567) - 0.123)),
    "ramp": (
        fn.Ramp(1.0, 5.0, 2.0, 6.0),
        lambda t: t + (0.5 * min(max(t - 2, 0.0), 4.0) ** 2) + 4.0 * max(t - 6.0, 0.0),
    ),
    "sine": (fn.Sine(2.0, 150.0, 0.1), lambda t: quad(lambda s: 2 * np.sin(2 * np.pi * (0.15 * s + 0.1)), 0, t)[0]),
    "chirp": (fn.Chirp(2.0, 50.0, 400.0, 1.0, 8.0), lambda t: chirp(t, 2.0, 50.0, 400.0, 1.0, 8.0)),
    "pulses": (fn.Pulses(5.0, 1.5, 0.3, 0.7, 4), lambda t: pulses(t, 5.0, 1.5, 0.3, 0.7, 4)),
    "pulses for ever": (fn.Pulses(5.0, 0.7, 0.1), lambda t: pulses(t, 5.0, 0.7, 0.1)),
    "no pulses": (fn.Pulses(5.0, 0.7, 0.1, count=0), lambda t: 0.0),
    "samples": (
        fn.Samples(SAMPLES, 2.0),
        lambda t: quad(lambda s: np.interp(s, np.arange(5) * 2.0, SAMPLES), 0, t, points=[2, 4, 6, 8])[0],
    ),
    "held samples": (
        fn.Samples(SAMPLES, 2.0, held=True),
        lambda t: sum(SAMPLES[k] * (np.clip(t, 2 * k, 2 * k + 2 if k < 4 else INF) - 2 * k) for k in range(5)),
    ),
    "one sample": (fn.Samples([7.0], 2.0), lambda t: 7.0 * t),
    "sum": (
        3.0 + STEP + fn.Pulses(5.0, 1.5, 0.3, 0.7, 4),
        lambda t: 3.0 * t + 2.0 * (np.clip(t, 3.0, 7.0) - 3.0) + pulses(t, 5.0, 1.5, 0.3, 0.7, 4),
    ),
}
TIMES = np.arange(101) * 0.1


QUICK = [name for name in FORMULAS if "step" in name]  # each kind is another compilation


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(x, marks=pytest.mark.slow) for x in FORMULAS if x not in QUICK)]
)
def test_the_integral(name):
    """With adaptive steps, whose continuous extension is as exact between the edges."""
    current, exact = FORMULAS[name]
    np.testing.assert_allclose(integral(current, TIMES)[0], [exact(t) for t in TIMES], rtol=0, atol=2e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", rest_slow(["sum", "number", "step", "ramp", "pulses", "samples", "held samples"]))
def test_the_integral_on_the_grid(name):
    """RK4 is exact for currents that are polynomials between edges on its grid."""
    current, exact = FORMULAS[name]
    found = integral(current, TIMES, method="rk4", dt=0.1, rtol=None, atol=None)
    np.testing.assert_allclose(found[0], [exact(t) for t in TIMES], rtol=0, atol=1e-12)


CHARGES = {  # a current, how long it acts, and its integral
    "shorter than a step": (fn.Step(100.0, 10.0, 10.02), 20.0, 2.0),
    "on for more than a step": (fn.Step(100.0, 9.98, 11.01), 20.0, 103.0),
    "half of the time": (fn.Pulses(1.0, 0.07, 0.035), 700.0, 350.0),
    "a tenth of a step": (fn.Pulses(3.0, 1.234, 0.005, 0.7, 100), 200.0, 1.5),
    "60 Hz": (fn.Pulses(1.0, 16.666, 1.0), 2000.0, 120.08),
    "ramp": (fn.Ramp(0.0, 5.0, 3.01, 3.04), 10.0, 5.0 * (10.0 - 3.025)),
    "held samples": (fn.Samples(SAMPLES, 0.33, held=True), 10.0, 2.5 * 0.33 + 4.0 * (10.0 - 4 * 0.33)),
    "samples closer than steps": (fn.Samples(SAMPLES, 0.011), 10.0, 4.0 * 0.011 + 4.0 * (10.0 - 0.044)),
    "sum": (fn.Step(100.0, 10.0, 10.02) + 2.0 * fn.Pulses(1.0, 0.07, 0.035) - 1.0, 70.0, 2.0),
}


CHARGED = [*((name, "rk4") for name in CHARGES), ("half of the time", "heun"), ("half of the time", "staggered")]
ALONE = ("ramp", "held samples", "samples closer than steps")  # have kernels that no other quick test has


@pytest.mark.parametrize(
    ("name", "method"),
    [pytest.param(*it, marks=SLOW if it[0] in ALONE or it[1] != "rk4" else ()) for it in CHARGED],
)
def test_the_charge_of_edges_inside_steps(name, method):
    """To rounding; moved to the grid, the first was 0, the pulses twice as much or late."""
    current, duration, charge = CHARGES[name]
    end = fn.simulate(Integral(), duration, current=current, method=method, initial={"V": 0.0}).state["V"]
    assert end == pytest.approx(charge, rel=1e-11)


def test_pulses_of_any_period_do_not_drift():
    """A minute of 60 Hz: on the grid the last pulse was 6.6 ms late."""
    run = fn.simulate(Integral(), 60_000.0, current=fn.Pulses(1.0, 16.666, 1.0), record="V", sample_interval=1.0)
    exact = [pulses(t, 1.0, 16.666, 1.0) for t in range(59_970, 60_001)]
    np.testing.assert_allclose(run["V"][0, 59_970:], exact, rtol=0, atol=1e-7)


def test_every_neuron_has_edges_of_its_own():
    """Each as when simulated alone, to the bit, whatever the block and the chunks of the run."""
    start = np.linspace(1.0, 1.1, 41)
    current = fn.Step(10.0, start, start + 0.03) + fn.Pulses(np.linspace(1.0, 2.0, 41), 0.07, 0.035) + 1.0
    whole = fn.simulate(Integral(), 20.0, current=current).state["V"]
    np.testing.assert_allclose(whole, 20.3 + np.linspace(1.0, 2.0, 41) * pulses(20.0, 1.0, 0.07, 0.035), rtol=1e-12)
    for i in (0, 17, 40):
        assert fn.simulate(Integral(), 20.0, current=current.part(i, i + 1)).state["V"] == whole[i]


class Unbent:
    """A waveform as its formula has it, as if it were smooth."""

    edge = staticmethod(fn.Current.edge)


ON_GRID = {
    "Step": (3.0, 1.3, 7.7),
    "Pulses": (5.0, 0.7, 0.3, 0.2),
    "Ramp": (1.0, 5.0, 2.1, 6.4),
    "Chirp": (2.0, 50.0, 400.0, 1.0, 8.0),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["Step", *(pytest.param(x, marks=pytest.mark.slow) for x in ("Pulses", "Ramp", "Chirp"))]
)
def test_edges_on_the_grid_are_left_alone(name):
    """The stages of every step see the waveform itself, to the bit."""
    kind = getattr(fn, name)
    plain = type(f"Unbent{name}", (Unbent, kind), {})
    found = [
        fn.simulate(fn.MorrisLecar(), 10.0, 0.1, 60.0 + make(*ON_GRID[name]), record="V")["V"] for make in (kind, plain)
    ]
    assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.slow
def test_a_value_for_every_neuron():
    """Each as when simulated alone, to the bit; in a sum too."""
    start, amplitude = np.linspace(0.5, 5.0, 11), np.linspace(-3.0, 3.0, 11)
    rows = np.random.default_rng(0).normal(size=(11, 5))
    whole = fn.Step(amplitude, start) + fn.Samples(rows, 2.0)
    found = integral(whole, TIMES)
    assert found.shape == (11, TIMES.size)
    for i in range(11):
        alone = integral(fn.Step(amplitude[i], start[i]) + fn.Samples(rows[i], 2.0), TIMES)
        assert alone.tobytes() == found[i].tobytes()


@pytest.mark.slow
def test_samples_shared_and_in_rows():
    """Two tables in one sum."""
    rows = np.arange(12.0).reshape(3, 4)
    found = integral(fn.Samples(rows, 1.0, held=True) + fn.Samples([10.0, 20.0], 5.0, held=True), TIMES)
    np.testing.assert_allclose(found[:, 10], rows[:, 0] + 10.0, rtol=1e-10)
    np.testing.assert_allclose(found[:, 20] - found[:, 10], rows[:, 1] + 10.0, rtol=1e-10)
    np.testing.assert_allclose(found[:, 100] - found[:, 90], rows[:, 3] + 20.0, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("period", [0.1, 0.3, 1 / 3, 0.7])
def test_pulses_do_not_drift(period):
    """Ten thousand of them: every one is there, with its width."""
    duration = 10_000 * period
    end = fn.simulate(Integral(), duration, current=fn.Pulses(1.0, period, period / 4), method="tsit5").state["V"]
    assert end == pytest.approx(10_000 * period / 4, rel=1e-9)


def test_pulses_on_the_grid():
    """An edge that rounding puts beside its step is still at its step."""
    for dt in (0.1, 0.05, 0.025):
        end = fn.simulate(Integral(), 1000.0, dt, fn.Pulses(1.0, 0.7, 0.3)).state["V"]
        assert end == pytest.approx(pulses(1000.0, 1.0, 0.7, 0.3), rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("method", rest_slow([method.name for method in ADAPTIVE]))
@pytest.mark.parametrize(
    "current",
    [fn.Step(60.0, 13.3, 31.7), pytest.param(80.0 + fn.Pulses(60.0, 9.1, 2.3, 3.7), marks=pytest.mark.slow)],
    ids=repr,
)
def test_an_edge_does_not_hurt_an_adaptive_method(method, current):
    """The same accuracy as without: the reference is solved anew from each edge."""
    arguments = {"duration": 60.0, "sample_interval": 1.5, "record": ("V", "N"), "initial": {"V": -40.0}}
    exact = fn.reference.simulate(fn.MorrisLecar(), current=current, **arguments)
    tolerances, errors = 10.0 ** -np.arange(7, 12), []
    for tolerance in tolerances:
        run = fn.simulate(fn.MorrisLecar(), current=current, method=method, rtol=tolerance, atol=tolerance, **arguments)
        assert run.spike_count == exact.spike_count
        errors.append(abs(run["V"] - exact["V"]).max())
    assert np.polyfit(np.log(tolerances), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.2)
    assert errors[-1] < 1e-8


def test_rk4_keeps_its_order():
    """Where the edges fall on whole steps."""
    current = 80.0 + fn.Step(40.0, 13.2, 31.6) + fn.Pulses(30.0, 8.0, 2.4, 4.0)
    arguments = {"duration": 60.0, "sample_interval": 2.0, "record": "V", "initial": {"V": -40.0}, "current": current}
    exact = fn.reference.simulate(fn.MorrisLecar(), **arguments)["V"]
    steps = [0.4, 0.2, 0.1, 0.05]
    errors = [abs(fn.simulate(fn.MorrisLecar(), dt=dt, **arguments)["V"] - exact).max() for dt in steps]
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(4.0, abs=0.3)


@pytest.mark.parametrize(("method", "order"), rest_slow([("rk4", 3.0), ("heun", 2.0), ("staggered", 2.0)]))
def test_edges_inside_steps_cost_no_order(method, order):
    """On average over places inside the step, where RK4 has three of its four orders; on the grid all had one."""
    draw = np.random.default_rng(0)
    start, stop, period, width, first = draw.uniform([[12], [30], [7], [2], [0]], [[14], [32], [9], [3], [4]], (5, 24))
    arguments = {"duration": 60.0, "sample_interval": 2.0, "record": "V", "initial": {"V": -40.0}}
    arguments["current"] = 80.0 + fn.Step(40.0, start, stop) + fn.Pulses(30.0, period, width, first)
    exact = fn.reference.simulate(fn.MorrisLecar(), **arguments)["V"]
    steps, errors = [0.2, 0.1, 0.05, 0.025], []
    for dt in steps:
        found = fn.simulate(fn.MorrisLecar(), dt=dt, method=method, **arguments)["V"]
        errors.append(np.exp(np.mean(np.log(np.linalg.norm(found - exact, axis=1)))))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1), errors


# ---- what a current is


@pytest.mark.parametrize("name", [name for name in FORMULAS if name != "number"])
def test_copies_and_equality(name):
    current, _ = FORMULAS[name]
    twin = pickle.loads(pickle.dumps(current))
    assert type(twin) is type(current)
    assert twin == current
    assert repr(twin) == repr(current)
    assert current != fn.Step(123.0)


@pytest.mark.slow
def test_sums():
    """In any order, with numbers and arrays on either side; a sum of sums is flat."""
    three = np.array([1.0, 2.0, 3.0])
    for total in (STEP + three, three + STEP, (three + STEP) + 0.0, STEP + (0.0 + fn.Step(three, -1.0))):
        np.testing.assert_allclose(integral(total, TIMES)[:, -1], 8.0 + 10.0 * three, rtol=1e-10)
    assert (STEP + three).size == 3


def test_samples_differ_by_their_values():
    assert fn.Samples([1.0, 2.0], 1.0) == fn.Samples([1.0, 2.0], 1.0)
    assert fn.Samples([1.0, 2.0], 1.0) != fn.Samples([1.0, 3.0], 1.0)
    assert fn.Samples([1.0, 2.0], 1.0) != fn.Samples([1.0, 2.0], 2.0)
    assert fn.Samples([1.0, 2.0], 1.0) != fn.Samples([1.0, 2.0], 1.0, held=True)


NOT_ALLOWED = [
    (lambda: fn.Step(), TypeError, ["Step", "amplitude"]),
    (lambda: fn.Step(np.nan), ValueError, ["amplitude", "nan"]),
    (lambda: fn.Step(1.0, np.nan), ValueError, ["start", "nan"]),
    (lambda: fn.Step(INF), ValueError, ["amplitude", "inf"]),
    (lambda: fn.Step(1.0, strat=5.0), ValueError, ["'strat'", "did you mean 'start'"]),
    (lambda: fn.Step(1.0, 2.0, 3.0, 4.0), TypeError, ["Step", "3", "4"]),
    (lambda: fn.Step([1.0, 2.0], [1.0, 2.0, 3.0]), ValueError, ["start", "3", "amplitude", "2"]),
    (lambda: fn.Step("1"), TypeError, ["amplitude", "'1'"]),
    (lambda: fn.Ramp(1.0, 2.0, 0.0, INF), ValueError, ["stop", "inf"]),
    (lambda: fn.Ramp(1.0, 2.0, 5.0, 5.0), ValueError, ["stop", "start"]),
    (lambda: fn.Chirp(1.0, 2.0, 3.0, 5.0, 4.0), ValueError, ["stop", "start"]),
    (lambda: fn.Pulses(1.0, 0.0, 1.0), ValueError, ["period", "positive"]),
    (lambda: fn.Pulses(1.0, 1.0, -1.0), ValueError, ["width", "positive"]),
    (lambda: fn.Step(1.0, 5.0, 2.0), ValueError, ["stop", "at least start", "2 and 5"]),
    (lambda: fn.Step(1.0, [1.0, 5.0], 2.0), ValueError, ["stop", "at least start", "2 and 5 at neuron 1"]),
    (lambda: fn.Pulses(1.0, 5.0, 6.0), ValueError, ["period", "at least width", "5 and 6"]),
    (lambda: fn.Pulses(1.0, 5.0, 1.0, count=2.5), ValueError, ["count", "whole", "2.5"]),
    (lambda: fn.Pulses(1.0, 5.0, 1.0, count=-1), ValueError, ["count", "0 or more", "-1"]),
    (lambda: fn.Pulses(1.0, 5.0, 1.0, count=-INF), ValueError, ["count", "0 or more", "-inf"]),
    (lambda: fn.Samples(True, 1.0), TypeError, ["values", "True"]),
    (lambda: fn.Samples(np.array([1, 2], object), 1.0), TypeError, ["values", "object"]),
    (lambda: fn.Samples(np.timedelta64(3, "ms"), 1.0), TypeError, ["values", "timedelta64"]),
    (lambda: fn.Samples(np.ma.array([1.0], mask=[1]), 1.0), TypeError, ["values", "masked"]),
    (lambda: fn.Samples(10**400, 1.0), TypeError, ["values", "object"]),
    (lambda: fn.Samples([1.0, 2.0], 1.0, held="no"), TypeError, ["held", "True or False", "'no'"]),
    (lambda: fn.Samples([], 1.0), ValueError, ["values", "(0,)"]),
    (lambda: fn.Samples(np.zeros((2, 2, 2)), 1.0), ValueError, ["values", "(2, 2, 2)"]),
    (lambda: fn.Samples([1.0, np.nan], 1.0), ValueError, ["values", "nan"]),
    (lambda: fn.Samples([1.0, 2.0], 0.0), ValueError, ["dt", "0.0"]),
    (lambda: fn.Samples(["a"], 1.0), TypeError, ["values", "a"]),
    (lambda: STEP + fn.Step, TypeError, ["class Step"]),
    (lambda: STEP + "1", TypeError, ["'1'"]),
    (lambda: fn.Step([1.0, 2.0]) + fn.Step([1.0, 2.0, 3.0]), ValueError, ["Step number 2", "3", "Step number 1", "2"]),
    (lambda: fn.Current(), TypeError, ["Current", "subclass"]),
    (lambda: setattr(STEP, "start", 1.0), AttributeError, ["replace(start="]),
]


@pytest.mark.parametrize(("make", "exception", "words"), NOT_ALLOWED)
def test_not_allowed(make, exception, words):
    with pytest.raises(exception) as caught:
        make()
    assert caught.type is exception
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_the_names_of_a_chirp_are_those_of_its_docstring():
    for kind in (fn.Step, fn.Ramp, fn.Sine, fn.Chirp, fn.Pulses):
        for name in kind.names:
            assert f"{name} : float" in kind.__doc__ or f"{name}," in kind.__doc__ or f", {name} :" in kind.__doc__, (
                name
            )
