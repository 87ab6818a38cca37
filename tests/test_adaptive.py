"""Adaptive methods: their tables, errors and tolerances, dense output, spikes inside long steps, and the same bits."""

from functools import cache

import numpy as np
import pytest
from catalogue import ADAPTIVE, CASES
from trees import density, size, stage_weights, trees

import fastneuron as fn
from fastneuron._engine import scheduler
from fastneuron._integrators import METHODS, adaptive, problem
from fastneuron._kernel import lanes

CASE = CASES[0]
ORDER = {"dop853": (8, 7), "tsit5": (5, 4)}  # of the solution, of the dense output
NAMES = [method.name for method in ADAPTIVE]

methods = pytest.mark.parametrize("method", NAMES)


@pytest.fixture(autouse=True)
def one_block(monkeypatch):
    """The same block for all sizes: one compilation."""
    monkeypatch.setattr(problem, "choose_lanes", lambda *_: lanes.two_vectors())
    monkeypatch.setattr(adaptive, "choose_block", lambda n: lanes.Lanes16())


# ---- the tables


class Table:
    """A method's table as dense matrices."""

    def __init__(self, name):
        tableau = METHODS[name].tag
        terms = [*tableau.weights.rows, *tableau.weights.errors]
        self.rows = np.zeros((len(terms), tableau.node.size))
        for row, weights in zip(self.rows, terms, strict=True):
            row[list(weights)] = list(weights.values())
        self.stages = tableau.stages
        self.node = tableau.node
        self.A = self.rows[: tableau.node.size]
        self.errors = self.rows[tableau.node.size :]
        self.solution = self.A[self.stages - 1]
        self.dense = tableau.dense

    def residuals(self, weights, order, theta=1.0):
        """How far the weights are from the conditions of that order."""
        return [weights @ stage_weights(t, self.A) - theta ** size(t) / density(t) for t in trees(order)]


tables = pytest.mark.parametrize("name", NAMES)


def test_numbers_of_trees():
    assert [len(trees(order)) for order in range(1, 9)] == [1, 1, 2, 4, 9, 20, 48, 115]


@tables
def test_stages_are_explicit_and_their_rows_add_up(name):
    table = Table(name)
    assert (np.triu(table.A) == 0).all()
    np.testing.assert_allclose(table.A.sum(axis=1), table.node, rtol=0, atol=5e-14)


@tables
def test_order_of_the_solution(name):
    table, (p, _) = Table(name), ORDER[name]
    for order in range(1, p + 1):
        np.testing.assert_allclose(table.residuals(table.solution, order), 0, atol=2e-14)
    assert np.abs(table.residuals(table.solution, p + 1)).max() > 1e-8


@tables
@pytest.mark.parametrize("theta", [0.1, 0.35, 0.5, 0.77, 1.0])
def test_order_of_the_dense_output(name, theta):
    table, (_, q) = Table(name), ORDER[name]
    weights = table.dense @ theta ** np.arange(1, 9)
    for order in range(1, q + 1):
        np.testing.assert_allclose(table.residuals(weights, order, theta), 0, atol=5e-13)
    if theta < 1:
        assert np.abs(table.residuals(weights, q + 1, theta)).max() > 1e-8


@tables
def test_the_dense_output_joins_smoothly(name):
    """It begins and ends with the step, and so does its slope."""
    table = Table(name)
    powers = np.arange(1, 9)
    np.testing.assert_allclose(table.dense.sum(axis=1), table.solution, rtol=0, atol=2e-13)
    first, last = np.eye(len(table.node))[[0, table.stages - 1]]
    np.testing.assert_allclose(table.dense[:, 0], first, rtol=0, atol=2e-13)
    np.testing.assert_allclose(table.dense @ powers, last, rtol=0, atol=2e-12)


@pytest.mark.parametrize(("name", "row", "order"), [("dop853", 0, 6), ("dop853", 1, 5), ("tsit5", 0, 4)])
def test_order_of_the_error_estimates(name, row, order):
    """Solution minus error is an embedded method of that order, so the error is 0 for all smaller trees."""
    table = Table(name)
    error = table.errors[row]
    for smaller in range(1, order + 1):
        np.testing.assert_allclose([error @ stage_weights(t, table.A) for t in trees(smaller)], 0, atol=2e-14)
    assert max(abs(error @ stage_weights(t, table.A)) for t in trees(order + 1)) > 1e-6


# ---- errors and tolerances


class Known(fn.Model):
    """Three problems with known solutions, in one kernel.

    turn = 1: the circle (sin t, cos t); fall = 1: (sech t, -tanh t); burst = 1: V = 1 / (c - t).
    """

    turn: float = 0.0
    fall: float = 0.0
    burst: float = 0.0
    states = {"V": 0.0, "W": 1.0}

    @staticmethod
    def derivative(V, W, I, p):
        return p.turn * W + p.fall * V * W + p.burst * V * V, -p.turn * V - p.fall * V * V


DURATION, EVERY = 60.0, 2.0


@cache
def exact():
    return fn.reference.simulate(
        duration=DURATION, dt=1.0, sample_interval=EVERY, record=("V", "N"), **CASE.population(24)
    )


@cache
def at(method, tolerance, **options):
    return fn.simulate(
        duration=DURATION,
        method=method,
        rtol=tolerance,
        atol=tolerance,
        sample_interval=EVERY,
        record=("V", "N"),
        **CASE.population(24) | options,
    )


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


@pytest.mark.slow
@methods
def test_the_error_is_proportional_to_the_tolerance(method):
    tolerances = 10.0 ** -np.arange(7, 13)  # from 1e-6 on, steps are so long that an estimate may be fooled
    V, spikes = [], []
    for tolerance in tolerances:
        run = at(method, tolerance)
        np.testing.assert_array_equal(run.spikes.neuron, exact().spikes.neuron)
        V.append(rms(run["V"] - exact()["V"]))
        spikes.append(rms(run.spikes.time - exact().spikes.time))
    assert np.polyfit(np.log(tolerances), np.log(V), 1)[0] == pytest.approx(1.0, abs=0.1)
    assert np.polyfit(np.log(tolerances), np.log(spikes), 1)[0] > 0.9  # tsit5 does better
    assert V[2] < 100 * tolerances[2]  # in mV


@pytest.mark.slow
@methods
def test_the_first_step_does_not_matter(method):
    """`dt` is only tried."""
    for dt in (1e-6, 0.05, 5.0):
        run = at(method, 1e-9, dt=dt)
        np.testing.assert_allclose(run["V"], exact()["V"], rtol=0, atol=2e-6)


def test_time_does_not_drift():
    """Half a unit in the last place of the time in each step would be 6e-11 in the end."""
    end, turn = 6000.0, np.arange(32, 64) / 64  # their products are exact
    run = fn.simulate(Known(turn=turn), end, method="dop853", rtol=5e-16, atol=5e-16)
    np.testing.assert_allclose(run.state["V"], np.sin(turn * end), rtol=0, atol=5e-12)


@methods
def test_a_tolerance_for_each_state(method):
    """A mapping sets those it names; the others keep 1e-6."""
    arguments = {"duration": 30.0, "method": method, "rtol": 1e-9, **CASE.population(8)}
    plain = fn.simulate(atol=1e-6, **arguments)
    for same in ({}, {"V": 1e-6}, {"N": 1e-6, "V": 1e-6}):
        assert fn.simulate(atol=same, **arguments).state["V"].tobytes() == plain.state["V"].tobytes()
    for other in ({"V": 1e-9}, {"N": 1e-9}, 0.0):
        assert fn.simulate(atol=other, **arguments).state["V"].tobytes() != plain.state["V"].tobytes()


# ---- dense output


@methods
def test_order_of_sampled_traces(method):
    """One step of h, whatever its error, and samples inside it: off by h^(q + 1); the tables show the rest."""
    _, q = ORDER[method]
    lengths = np.array({"dop853": (0.8, 0.6, 0.5, 0.4), "tsit5": (0.2, 0.15, 0.1, 0.07)}[method])
    begin = np.linspace(-0.5, 0.5, 16)
    initial = {"V": 1 / np.cosh(begin), "W": -np.tanh(begin)}
    inside = []
    for h in lengths:
        run = fn.simulate(
            Known(fall=1.0), h, h, initial=initial, method=method, rtol=1e3, atol=1e3, sample_interval=h / 8, record="V"
        )
        error = run["V"] - 1 / np.cosh(begin[:, np.newaxis] + run.time)
        inside.append(rms(error[:, 1:-1]))
    assert np.polyfit(np.log(lengths), np.log(inside), 1)[0] == pytest.approx(q + 1, abs=0.3)


@methods
@pytest.mark.parametrize("interval", [0.07, 0.1, 0.3, 1.0, 7.0, 29.99, 30.0, 31.0, 1e9])
def test_samples_where_they_are_asked_for(method, interval):
    """Also where the interval does not divide the duration, or is longer; the first is the start."""
    arguments = {"duration": 30.0, "sample_interval": interval, "record": ("N", "V"), **CASE.population(8)}
    run = fn.simulate(method=method, rtol=1e-10, atol=1e-10, **arguments)
    np.testing.assert_array_equal(run.time, np.arange(int(30.0 / interval * (1 + 1e-12)) + 1) * interval)
    assert run["V"].shape == (8, run.time.size)
    wanted = fn.reference.simulate(**arguments)
    for name in ("V", "N"):
        np.testing.assert_allclose(run[name], wanted[name], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(run["V"][:, 0], arguments["initial"]["V"])


@methods
@pytest.mark.parametrize(("duration", "interval"), [(0.3, 0.1), (0.7, 0.1), (0.6, 0.2), (2.3, 0.1), (30.0, 0.1)])
def test_the_last_sample_is_the_end(method, duration, interval):
    """Also where its time, a multiple of the interval, is a rounding beyond it: 3 * 0.1 > 0.3."""
    for n in (1, 20):
        run = fn.simulate(duration=duration, sample_interval=interval, method=method, record="V", **CASE.population(n))
        assert run.time[-1] == pytest.approx(duration, rel=1e-14)
        np.testing.assert_allclose(run["V"][:, -1], run.state["V"], rtol=0, atol=1e-10)


@methods
def test_no_time_at_all(method):
    run = fn.simulate(fn.MorrisLecar(), 0.0, method=method, record="V", initial={"V": [1.0, 2.0]})
    np.testing.assert_array_equal(run["V"], [[1.0], [2.0]])
    np.testing.assert_array_equal(run.state["V"], [1.0, 2.0])
    assert run.spikes.size == 0


# ---- spikes inside a step


@methods
@pytest.mark.parametrize("threshold", [-0.9995, -0.99, -0.5, 0.5, 0.99, 0.9995])
@pytest.mark.parametrize("tolerance", [1e-6, 1e-9])
def test_every_rise_is_found(method, threshold, tolerance):
    """Near the top and the bottom, the voltage is above, or below, for a fraction of a step only."""
    turns = 100
    run = fn.simulate(
        Known(turn=1.0), 2 * np.pi * turns, method=method, rtol=tolerance, atol=tolerance, threshold=threshold, dt=0.3
    )
    rise = np.arcsin(threshold) % (2 * np.pi)
    assert run.spike_count == turns
    # the phase drifts with the tolerance, and the height, which near the top moves the rise by as much over its slope
    slope = np.cos(np.arcsin(threshold))
    np.testing.assert_allclose(
        run.spikes.time, rise + 2 * np.pi * np.arange(turns), rtol=0, atol=1000 * tolerance / slope
    )


@methods
def test_spike_times_come_from_the_continuous_extension(method):
    """A straight line between the ends of steps, or the cubic of the fixed steps, would be far off."""
    run = fn.simulate(Known(turn=1.0), 2 * np.pi * 50, method=method, rtol=1e-8, atol=1e-8, threshold=0.5)
    off = run.spikes.time - (np.pi / 6 + 2 * np.pi * np.arange(50))
    assert abs(off).max() < 1e-5


# ---- the same bits


def same(one, other, who=slice(None)):
    neurons = np.arange(other.n)[who]
    for name in other.state:
        assert one.state[name].tobytes() == other.state[name][who].tobytes()
    for name in other.traces:
        assert one[name].tobytes() == np.ascontiguousarray(other[name][who]).tobytes()
    assert one.spike_count.tobytes() == other.spike_count[who].tobytes()
    assert one.spikes.time.tobytes() == np.concatenate([other.spikes[i] for i in neurons]).tobytes()


def uneven(n, who=slice(None), method="dop853", **options):
    """A population of which every seventh neuron is stiff, and every fifth at rest."""
    i = np.arange(n)
    model = fn.MorrisLecar(
        V3=np.linspace(0, 4, n)[who], C=np.where(i % 7 == 3, 0.2, 20.0)[who], phi=np.where(i % 7 == 3, 0.4, 0.04)[who]
    )
    return fn.simulate(
        model, 120.0, current=np.where(i % 5 == 1, 0.0, 100.0)[who], method=method, rtol=1e-7, atol=1e-7,
        **{"record": ("V", "N"), "sample_interval": 0.7} | options,
    )  # fmt: skip


@cache
def whole(method):
    run = uneven(100, method=method)
    assert run.spike_count.max() > 2
    return run


@methods
def test_a_lane_is_refilled_as_if_it_had_been_empty(method):
    """One block of eight, a hundred neurons that need very different numbers of steps: each as if alone."""
    for i in (0, 3, 7, 50, 99):
        same(uneven(100, slice(i, i + 1), method), whole(method), slice(i, i + 1))
    same(uneven(100, slice(40, 90), method, threads=1), whole(method), slice(40, 90))
    same(uneven(100, slice(None, None, -1), method, threads=1), whole(method), slice(None, None, -1))


@pytest.mark.slow
@methods
def test_either_block(method, monkeypatch):
    monkeypatch.setattr(adaptive, "MANY", 0)
    for threads in (1, 2):
        same(uneven(100, method=method, threads=threads), whole(method))


@methods
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads(method, threads, monkeypatch):
    monkeypatch.setattr(scheduler, "WORTH_A_THREAD", 0)
    same(uneven(100, method=method, threads=threads), whole(method))


@pytest.fixture
def calls(monkeypatch):
    """How many kernel calls are made."""
    made = []
    kernel = adaptive.integrate_adaptively
    monkeypatch.setattr(adaptive, "integrate_adaptively", lambda *arguments: made.append(1) or kernel(*arguments))
    return made


@methods
@pytest.mark.parametrize("room", [32, 33, 56])  # a step of 16 lanes may have 32 spikes
def test_any_room_for_spikes(method, room, calls, monkeypatch):
    """A call ends where its list of spikes is full, wherever its neurons are, and the next one seats them anew."""
    buffer = problem.Problem.buffer
    monkeypatch.setattr(problem.Problem, "buffer", lambda self, _: buffer(self, room))
    same(uneven(100, method=method, threads=1), whole(method))
    assert len(calls) > 13 + 100 / room


def test_any_budget_of_a_call(calls, monkeypatch):
    """A long run takes several calls; their ends move with the size of the list of spikes, and the bits do not."""
    arguments = {"duration": 4000.0, "method": "tsit5", "rtol": 1e-13, "atol": 1e-13, "threads": 1}
    arguments |= {"record": "V", "sample_interval": 50.0, **CASE.population(3)}
    one = fn.simulate(**arguments)
    assert len(calls) > 2
    few = len(calls)
    buffer = problem.Problem.buffer
    monkeypatch.setattr(problem.Problem, "buffer", lambda self, _: buffer(self, 36))
    other = fn.simulate(**arguments)
    assert len(calls) > 3 * few
    same(other, one)


# ---- steps too small


@methods
@pytest.mark.parametrize("threads", [1, 3])
def test_a_neuron_that_blows_up_is_named(method, threads, monkeypatch):
    """The first of them in the population, with the time, however late it is."""
    monkeypatch.setattr(scheduler, "WORTH_A_THREAD", 0)
    V = np.full(100, 1e-6)
    V[[90, 60, 41]] = 1.0, 0.5, 0.04
    with pytest.raises(FloatingPointError, match=r"neuron 41 .* t = (\S+) ms") as caught:
        fn.simulate(Known(burst=1.0), 200.0, method=method, initial={"V": V}, threads=threads)
    time = float(str(caught.value).split(" t = ")[1].split(" ms")[0])
    assert time == pytest.approx(1 / 0.04, abs=1e-3)


@methods
@pytest.mark.parametrize("threads", [1, 3])
def test_a_runaway_ends(method, threads, monkeypatch):
    """A negative leak: the voltage grows and the gates with it, ever more steps are taken, and nothing is infinite."""
    monkeypatch.setattr(scheduler, "WORTH_A_THREAD", 0)
    g_L = np.full(100, 2.0)
    g_L[[90, 60, 41]] = -500.0, -100.0, -200.0
    with pytest.raises(FloatingPointError, match=r"neuron 41 .* t = (\S+) ms: its state blows up") as caught:
        fn.simulate(fn.MorrisLecar(g_L=g_L), 300.0, method=method, threads=threads)
    time = float(str(caught.value).split(" t = ")[1].split(" ms")[0])
    before = fn.simulate(fn.MorrisLecar(g_L=-200.0), time - 0.05, method=method).state["V"]
    assert 500 < abs(before[0]) < 5000


@methods
def test_a_first_step_of_nothing_is_not_a_runaway(method):
    tiny = fn.simulate(fn.MorrisLecar(), 10.0, current=100.0, method=method, dt=1e-300)
    assert tiny.state["V"] == pytest.approx(fn.simulate(fn.MorrisLecar(), 10.0, current=100.0).state["V"], abs=1e-3)


@methods
def test_a_tolerance_beyond_float64_is_named(method):
    with pytest.raises(FloatingPointError, match=r"neuron 0 .* t = .* ms.*rtol = 1e-300"):
        fn.simulate(fn.MorrisLecar(), 100.0, current=100.0, method=method, rtol=1e-300, atol=0.0)


def test_the_process_goes_on():
    test_a_tolerance_beyond_float64_is_named("tsit5")
    assert fn.simulate(fn.MorrisLecar(), 100.0, current=100.0, method="tsit5").spike_count == 1


# ---- bad input


@pytest.mark.parametrize(
    ("arguments", "exception", "words"),
    [
        ({"atol": {"v": 1e-6}}, ValueError, ["atol", "'v'", "did you mean 'V'"]),
        ({"atol": {"V": np.inf}}, ValueError, ["atol", "inf"]),
        ({"atol": [1e-6, 1e-6]}, TypeError, ["atol", "[1e-06, 1e-06]"]),
        ({"rtol": -1e-6}, ValueError, ["rtol", "positive", "-1e-06"]),
        ({"method": "dop583"}, ValueError, ["'dop583'", "did you mean 'dop853'"]),
        ({"method": "tsit"}, ValueError, ["'tsit'", "did you mean 'tsit5'"]),
        ({"method": "heun", "rtol": 1e-6}, ValueError, ["rtol", "adaptive", "'heun'"]),
    ],
    ids=str,
)
def test_not_allowed(arguments, exception, words):
    with pytest.raises(exception) as caught:
        fn.simulate(fn.MorrisLecar(), 1.0, **{"method": "dop853"} | arguments)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
