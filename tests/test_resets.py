"""Neurons that reset: at the spike's own time, of full order, and the same bits however the work is divided."""

import numpy as np
import pytest
from catalogue import rest_slow
from scipy.integrate import quad
from scipy.special import erfcx

import fastneuron as fn
from fastneuron._integrators import adaptive, problem
from fastneuron._kernel import lanes

CASES = {  # a model, its current, how long, and steps
    "lif": (fn.LeakyIntegrateAndFire(), 1.0, 100.0, (0.5, 0.25, 0.125)),
    "izhikevich": (fn.Izhikevich(), 10.0, 100.0, (0.05, 0.025, 0.0125)),
    "quadratic": (fn.QuadraticIntegrateAndFire(), 1.0, 10.0, (0.01, 0.005, 0.0025)),
    "exponential": (fn.ExponentialIntegrateAndFire(), 0.5, 100.0, (0.05, 0.025, 0.0125)),
    "adex": (fn.AdaptiveExponential(refractory=1.3), 1000.0, 100.0, (0.05, 0.025, 0.0125)),
}
some = pytest.mark.parametrize(
    "name", [name if name == "lif" else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)


def fired(name, method="rk4"):
    """The largest error of a spike time at each step, against the reference; the steps."""
    model, current, duration, steps = CASES[name]
    exact = fn.reference.simulate(model, duration, current=current)
    assert exact.spikes.time.size > 1
    found = []
    for dt in steps:
        run = fn.simulate(model, duration, dt, current=current, method=method)
        np.testing.assert_array_equal(run.spike_count, exact.spike_count)
        found.append(np.abs(run.spikes.time - exact.spikes.time).max())
    return np.log(found), np.log(steps)


@pytest.mark.slow
@some
def test_the_order_survives(name):
    error, steps = fired(name)
    assert np.polyfit(steps, error, 1)[0] == pytest.approx(4.0, abs=0.15)
    assert error[-1] < np.log(1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "order"), [("heun", 2.0), ("staggered", 2.0)])
def test_the_other_methods_keep_theirs(method, order):
    error, steps = fired("lif", method)
    assert np.polyfit(steps, error, 1)[0] == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        (name, method) if (name, method) == ("lif", "dop853") else pytest.param(name, method, marks=pytest.mark.slow)
        for name in CASES for method in (("dop853", "tsit5") if name in ("lif", "adex") else ("dop853",))
    ],
)  # fmt: skip
def test_adaptive_methods_stop_at_spikes(name, method):
    """The error is that of the tolerance, as a change of V is one of the time: by up to 1e4 for a slow rise."""
    model, current, duration, _ = CASES[name]
    exact = fn.reference.simulate(model, duration, current=current)
    for tolerance in (1e-7, 1e-11):
        run = fn.simulate(model, duration, current=current, method=method, rtol=tolerance, atol=tolerance)
        np.testing.assert_array_equal(run.spike_count, exact.spike_count)
        np.testing.assert_allclose(run.spikes.time, exact.spikes.time, rtol=0.0, atol=1e3 * tolerance)


def test_the_closed_form_of_the_leaky_neuron():
    current = np.array([0.7, 0.8, 1.5, 3.0, 20.0])
    run = fn.simulate(fn.LeakyIntegrateAndFire(), 200.0, 0.1, current=current)
    above = -65.0 + current[1:] / 0.05
    period = 2.0 + 20.0 * np.log((above + 65.0) / (above + 50.0))
    assert run.spike_count[0] == 0
    for times, each in zip(run.spikes[1:], period, strict=True):
        np.testing.assert_allclose(times, each * np.arange(1, times.size + 1) - 2.0, atol=1e-7)


def test_thresholds_and_refractory_times_that_differ():
    """V rises by 1 mV a ms from the reset on: a period is the way to the threshold, and the time that V is held."""

    class Ramp(fn.Model):
        V_th: float = 10.0
        refractory: float = 0.0
        states = {"V": 0.0}
        threshold = "V_th"

        @staticmethod
        def derivative(V, I, p):
            return (I,)

        @staticmethod
        def reset(V, p):
            return (0.0,)

    model = Ramp(V_th=[10.0, 10.0, 3.3, 0.04], refractory=[0.0, 1.23, 0.5, 0.0])
    run = fn.simulate(model, 50.0, 0.1, current=1.0)
    for times, V_th, held in zip(run.spikes, model.V_th, model.refractory, strict=True):
        np.testing.assert_allclose(times, np.arange(V_th, 50.0 + 1e-9, V_th + held)[: times.size], atol=1e-9)
        assert times.size >= int(50.0 / (V_th + held)) - 1
    np.testing.assert_array_equal(run.threshold, model.V_th)


def test_the_voltage_is_held_and_the_rest_goes_on():
    model = fn.AdaptiveExponential(refractory=5.0)
    run = fn.simulate(model, 30.0, 0.05, current=1000.0, record=("V", "w"))
    first = run.spikes[0][0]
    held = (run.time > first) & (run.time < first + 5.0)
    np.testing.assert_array_equal(run["V"][0, held], model.V_reset)
    w = run["w"][0, held]
    np.testing.assert_allclose(w[1:] / w[:-1], np.exp(-0.05 / model.tau_w), rtol=1e-9)


@pytest.fixture(scope="module", params=rest_slow(["rk4", "dop853"]))
def method(request):
    return request.param


@pytest.fixture(scope="module")
def ordinary(method):
    return fn.simulate(**many(), method=method)


def many():
    """Arguments for neurons that differ."""
    draw = np.random.default_rng(0)
    model = fn.AdaptiveExponential(refractory=draw.uniform(0.0, 2.0, 150))
    return {"model": model, "duration": 40.0, "current": draw.uniform(700.0, 1500.0, 150), "record": "w", "every": 100}


def same(run, other):
    np.testing.assert_array_equal(run.spikes.time, other.spikes.time)
    np.testing.assert_array_equal(run["w"], other["w"])
    for mine, its in zip(run.state.values(), other.state.values(), strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3])
def test_the_same_bits_on_any_number_of_threads(threads, ordinary, method):
    same(ordinary, fn.simulate(**many(), threads=threads, method=method))


def test_samples_change_nothing(ordinary, method):
    asked = {name: value for name, value in many().items() if name not in ("record", "every")}
    np.testing.assert_array_equal(ordinary.spikes.time, fn.simulate(**asked, method=method).spikes.time)


@pytest.mark.slow
def test_a_neuron_alone_has_the_same_bits(ordinary, method):
    asked = many() | {"model": many()["model"].part(77, 78), "current": many()["current"][77]}
    np.testing.assert_array_equal(fn.simulate(**asked, method=method).spikes.time, ordinary.spikes[77])


@pytest.mark.slow
def test_the_same_bits_in_blocks_of_another_width(ordinary, method, monkeypatch):
    monkeypatch.setattr(problem, "choose_lanes", lambda *_: lanes.Lanes64())
    monkeypatch.setattr(adaptive, "choose_block", lambda n: lanes.Lanes32())
    same(ordinary, fn.simulate(**many(), method=method))


def test_a_stored_run_has_the_same_bits(ordinary, method, tmp_path):
    pytest.importorskip("zarr")
    same(ordinary, fn.simulate(**many(), method=method, out=tmp_path / "run", checkpoint_interval=1.7))


@pytest.mark.parametrize("end", [13.3, 20.0])
def test_a_stored_run_that_goes_on_for_longer_has_the_same_bits(end, ordinary, method, tmp_path):
    pytest.importorskip("zarr")
    end = round(end / 0.05) * 0.05
    fn.simulate(**many() | {"duration": end}, method=method, out=tmp_path / "run", checkpoint_interval=0.9)
    same(ordinary, fn.resume(tmp_path / "run", duration=40.0))


@pytest.mark.slow
def test_a_network_of_them():
    """Where an event arrives in the very step in which a neuron spikes, the order is 2."""
    cells = fn.Population(
        fn.LeakyIntegrateAndFire(), 6, {"s": fn.ExponentialCurrent(5.0)}, current=np.linspace(0.8, 1.1, 6)
    )
    net = fn.Network({"c": cells}, [fn.Projection(cells, cells, "s", fn.AllToAll(), weight=0.05, delay=1.53)])
    exact = fn.reference.simulate(net, 200.0)["c"]
    error = []
    for dt in (0.2, 0.1, 0.05):
        run = fn.simulate(net, 200.0, dt)["c"]
        np.testing.assert_array_equal(run.spike_count, exact.spike_count)
        error.append(np.abs(run.spikes.time - exact.spikes.time).max())
    assert error[-1] < 1e-6
    assert np.polyfit(np.log([0.2, 0.1, 0.05]), np.log(error), 1)[0] >= 1.9


@pytest.mark.slow
@pytest.mark.parametrize("receptor", [fn.ExponentialCurrent(5.0), fn.Delta()])
def test_a_network_of_them_by_an_adaptive_method(receptor, tmp_path):
    """What makes V jump does nothing while it is held."""
    weight = 1.3 if isinstance(receptor, fn.Delta) else 0.05
    cells = fn.Population(fn.LeakyIntegrateAndFire(), 6, {"s": receptor}, current=np.linspace(0.8, 1.1, 6))
    net = fn.Network({"c": cells}, [fn.Projection(cells, cells, "s", fn.AllToAll(), weight=weight, delay=1.53)])
    exact = fn.reference.simulate(net, 100.0)["c"]
    run = fn.simulate(net, 100.0, 0.1, method="dop853")["c"]
    np.testing.assert_array_equal(run.spike_count, exact.spike_count)
    np.testing.assert_allclose(run.spikes.time, exact.spikes.time, rtol=0.0, atol=1e-6)
    stored = fn.simulate(net, 100.0, 0.1, method="dop853", out=tmp_path / "run", checkpoint_interval=7.0, threads=2)[
        "c"
    ]
    np.testing.assert_array_equal(run.spikes.time, stored.spikes.time)


PATTERNS = {  # of Naud et al. (2008), table 1: at that current, how the intervals of 600 ms are
    "tonic": (500.0, lambda gaps: np.ptp(gaps[2:]) < 0.5),
    "adapting": (500.0, lambda gaps: gaps[-1] > 1.5 * gaps[0]),
    "initial_burst": (400.0, lambda gaps: gaps[-1] > 3 * gaps[0]),
    "bursting": (210.0, lambda gaps: gaps.max() > 4 * gaps.min() and (gaps > 3 * gaps.min()).sum() > 2),
    "accelerating": (300.0, lambda gaps: gaps[-1] < 0.9 * gaps[0]),
    "delayed_bursting": (110.0, lambda gaps: gaps.max() > 4 * gaps.min() and np.ptp(gaps[4:] - gaps[:-4]) < 5.0),
    "irregular": (160.0, lambda gaps: min(abs(gaps[k:] - gaps[:-k])[-9:].max() for k in range(1, 8)) > 2.0),
    "transient": (180.0, lambda gaps: True),
}


def test_firing_patterns():
    for name, (current, is_so) in PATTERNS.items():
        times = fn.simulate(getattr(fn.AdaptiveExponential, name)(), 600.0, current=current).spikes[0]
        assert is_so(np.diff(times)), name
        assert (times.max() < 200.0) == (name == "transient"), name


ONSET, DIP = (lambda I: I), (lambda I: fn.Step(I, 20.0, 25.0))
FIRED = {  # of Izhikevich (2004), figure 1: a current, the bursts of 300 ms, the spikes of the first and of the last
    "tonic_spiking": (ONSET, 14.0, 12, (2, 1)),
    "phasic_spiking": (ONSET, 0.5, 1, (1, 1)),
    "tonic_bursting": (ONSET, 15.0, 7, (10, 4)),
    "phasic_bursting": (ONSET, 0.6, 1, (9, 9)),
    "mixed_mode": (ONSET, 10.0, 10, (3, 1)),
    "adapting": (ONSET, 30.0, 11, (4, 1)),
    "rebound_spiking": (DIP, -15.0, 1, (1, 1)),
    "rebound_bursting": (DIP, -15.0, 1, (15, 15)),
}


@pytest.mark.slow
def test_the_spikes_and_bursts_of_izhikevich():
    for name, (shape, current, bursts, spikes) in FIRED.items():
        model = getattr(fn.Izhikevich, name)()
        times = fn.simulate(model, 300.0, current=shape(current)).spikes[0]
        found = np.split(times, np.flatnonzero(np.diff(times) > 12.0) + 1)
        assert (len(found), (found[0].size, found[-1].size)) == (bursts, spikes), name


@pytest.mark.slow
def test_the_rate_under_noise():
    """Siegert (1951), but for a threshold that is higher, as V is looked at once a step: by 0.5826 sigma sqrt(dt)."""
    current, sigma, dt, n = np.array([0.6, 0.75, 0.9]), np.array([0.4, 0.3, 0.5]), 0.05, 2000
    run = fn.simulate(
        fn.LeakyIntegrateAndFire(), 1500.0, dt, np.repeat(current, n), method="heun",
        noise=fn.WhiteNoise(np.repeat(sigma, n)), seed=3,
    )  # fmt: skip
    late = np.bincount(run.spikes.neuron[run.spikes.time > 500.0] // n)
    for count, mean, s in zip(late, -65.0 + current / 0.05, sigma, strict=True):
        wide = s * np.sqrt(20.0)  # sqrt(2) standard deviations of V without a threshold
        ends = (-65.0 - mean) / wide, (-50.0 + 0.5826 * s * np.sqrt(dt) - mean) / wide
        period = 2.0 + 20.0 * np.sqrt(np.pi) * quad(lambda x: erfcx(-x), *ends)[0]
        assert count == pytest.approx(n * 1000.0 / period, abs=4.0 * np.sqrt(count))  # more regular than Poisson's


@pytest.mark.slow
@pytest.mark.parametrize(("method", "error"), [("rk4", 1e-6), ("dop853", 1e-8)])
def test_the_period_of_the_quadratic_neuron(method, error):
    current = np.array([0.25, 1.0, 4.0])
    for far in (100.0, 1e6):
        model = fn.QuadraticIntegrateAndFire(V_peak=far, V_reset=-far)
        run = fn.simulate(model, 30.0, 0.01, current=current, method=method, rtol=1e-10 if method == "dop853" else None)
        for times, root in zip(run.spikes, np.sqrt(current), strict=True):
            np.testing.assert_allclose(np.diff(times), 2.0 * np.arctan(far / root) / root, atol=error)


class TooFew(fn.Model):
    tau: float = 10.0
    states = {"V": 0.0, "W": 0.0}

    @staticmethod
    def derivative(V, W, I, p):
        return -V / p.tau + I, -W

    @staticmethod
    def reset(V, W, p):
        return (0.0,)


class LetGoBefore(fn.Model):
    refractory: float = -1.0
    states = {"V": 0.0}
    threshold = 1.0

    @staticmethod
    def derivative(V, I, p):
        return (I - V,)

    @staticmethod
    def reset(V, p):
        return (0.0,)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"refractory": 2.0}, ["refractory", "parameter", "2"]),
        ({"rearm": -60.0}, ["rearm", "reset", "-60"]),
        ({"threshold": -40.0}, ["threshold", "V_th", "-40"]),
        ({"dtype": "float32"}, ["dtype", "float64", "float32"]),
    ],
)
def test_what_a_model_with_a_reset_is_not_for(asked, words):
    with pytest.raises(ValueError, match=".*".join(words)):
        fn.simulate(fn.LeakyIntegrateAndFire(), 10.0, **asked)


def test_a_reset_that_returns_too_few_states():
    with pytest.raises(TypeError, match=r"TooFew.reset must return 2 numbers, the states V, W"):
        fn.simulate(TooFew(), 10.0)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (fn.AdaptiveExponential(V_reset=30.0), ["reset", "V = 30", "threshold of 20"]),
        (fn.LeakyIntegrateAndFire(V_reset=[-60.0, -45.0]), ["V = -45", "threshold of -50", "neuron 1"]),
        (LetGoBefore(), ["refractory", "0 or more", "-1"]),
    ],
)
def test_a_reset_that_ends_all_spikes_and_a_refractory_time_below_0(model, words):
    with pytest.raises(ValueError, match=".*".join(words)):
        fn.simulate(model, 10.0)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["rk4", "dop853"])
def test_spikes_without_end(method):
    model = fn.LeakyIntegrateAndFire(V_reset=-50.0 - 1e-11, refractory=0.0)
    with pytest.raises(FloatingPointError, match="neuron 0"):
        fn.simulate(model, 100.0, 0.1, current=2.0, method=method)


@pytest.mark.parametrize("content", [{"refractory": 2.0}, {"steep": staticmethod(lambda V, p: V > 0)}])
def test_what_is_for_a_model_with_a_reset(content):
    derivative = {"states": {"V": 0.0}, "derivative": staticmethod(lambda V, I, p: (-V,))}
    annotations = {"__annotations__": {name: "float" for name in content if name == "refractory"}}
    with pytest.raises(TypeError, match="reset"):
        type("Own", (fn.Model,), derivative | content | annotations)()


def test_a_threshold_that_is_no_parameter():
    with pytest.raises(ValueError, match="V_th"):
        type("Own", (fn.LeakyIntegrateAndFire,), {"threshold": "Vth"})()
