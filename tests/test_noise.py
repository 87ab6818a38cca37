"""Noise on the current: exact against a twin, right in law, the same bits however the work is divided.

The law is tested on runs with fixed seeds, so each test gives the same answer every time; its significance is the
chance that perfect noise would have been refused when the test was written.
"""

import numpy as np
import pytest
import twins
from catalogue import CASES, rest_slow
from scipy import stats

import fastneuron as fn
from fastneuron._engine import scheduler
from fastneuron._integrators import fixed_step, problem
from fastneuron._kernel import lanes

SIGNIFICANCE = 1e-4
STEPS, BEGIN = 0, 1  # streams of random numbers


class Integral(fn.Model):
    """dV/dt = I: the voltage is the integral of the noise."""

    size: float = 1.0  # of no effect: room for a value per neuron
    states = {"V": 0.0}
    threshold = 1e9

    @staticmethod
    def derivative(V, I, p):
        return (I,)


class Leaky(fn.Model):
    """dV/dt = (I - V) / tau: an Ornstein-Uhlenbeck process under white noise."""

    tau: float = 10.0
    states = {"V": 0.0}
    threshold = 1e9

    @staticmethod
    def derivative(V, I, p):
        return ((I - V) / p.tau,)


def run(model, noise, duration, dt, **options):
    with pytest.MonkeyPatch.context() as patch:  # one block for all sizes, that of other tests: one compilation
        patch.setattr(problem, "choose_lanes", lambda *_: lanes.two_vectors())
        return fn.simulate(model, duration, dt, method="heun", noise=noise, **{"record": "V"} | options)


def chi_squared(sum_of_squares, freedom):
    """Whether a sum of squares of standard normal numbers could be one."""
    tail = stats.chi2.cdf(sum_of_squares, freedom)
    assert min(tail, 1 - tail) * 2 > SIGNIFICANCE


def correlated(a, b, expected, spread):
    """Whether the mean of the products over independent neurons could be as expected."""
    z = (np.mean(a * b) - expected) * np.sqrt(a.size) / spread
    assert stats.norm.sf(abs(z)) * 2 > SIGNIFICANCE


# ---- exact: what is added to the current is what the twin says

N, COUNT, DT = 70, 50, 0.25


@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1])
def test_white_noise_is_that_of_the_twin(seed):
    sigma = np.linspace(0.5, 2.0, N)
    V = run(Integral(), fn.WhiteNoise(sigma), COUNT * DT, DT, seed=seed)["V"]
    z = twins.normal(seed, STEPS, np.arange(N)[:, np.newaxis], np.arange(COUNT))
    np.testing.assert_allclose(np.diff(V), sigma[:, np.newaxis] * np.sqrt(DT) * z, rtol=0, atol=1e-13)


def coloured(sigma, tau, dt, count, seed, n):
    """The Ornstein-Uhlenbeck process at multiples of dt: Gillespie (1996), eq. 3.1."""
    neuron = np.arange(n)
    x = [sigma * twins.normal(seed, BEGIN, neuron, 0)]
    for number in range(count):
        z = twins.normal(seed, STEPS, neuron, number)
        x.append(x[-1] * np.exp(-dt / tau) + sigma * np.sqrt(1 - np.exp(-2 * dt / tau)) * z)
    return np.transpose(x)


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_coloured_noise_is_that_of_the_twin(seed):
    """The trapezoid of its values at the two ends of each step: there, its update is exact."""
    sigma, tau = np.linspace(0.5, 2.0, N), np.geomspace(0.1, 100.0, N)
    V = run(Integral(), fn.OrnsteinUhlenbeck(sigma, tau), COUNT * DT, DT, seed=seed)["V"]
    x = coloured(sigma, tau, DT, COUNT, seed, N)
    np.testing.assert_allclose(np.diff(V), DT * (x[:, 1:] + x[:, :-1]) / 2, rtol=0, atol=1e-13)


@pytest.mark.parametrize("noise", [fn.WhiteNoise(2.0), fn.OrnsteinUhlenbeck(2.0, 5.0)], ids=repr)
def test_noise_adds_to_the_current(noise):
    """On a model that does not just add it up: as the same path given as a current."""
    z = twins.normal(3, STEPS, np.arange(N)[:, np.newaxis], np.arange(COUNT))
    if isinstance(noise, fn.WhiteNoise):
        path, held = 2.0 / np.sqrt(DT) * z, True
    else:
        path, held = coloured(2.0, 5.0, DT, COUNT, 3, N), False
    noisy = run(fn.MorrisLecar(), noise, COUNT * DT, DT, current=np.full(N, 90.0), seed=3)
    given = run(fn.MorrisLecar(), None, COUNT * DT, DT, current=fn.Samples(90.0 + path, DT, held))
    assert np.ptp(given.state["V"]) > 0.1
    np.testing.assert_allclose(noisy["V"], given["V"], rtol=0, atol=1e-10)


def test_noise_of_no_size_is_no_noise():
    """To the bit; also for those neurons only whose sigma is 0."""
    arguments = {"duration": 50.0, "dt": 0.05, **CASES[0].population(70)}
    still = run(noise=None, **arguments)
    sigma = np.where(np.arange(70) % 2, 0.0, 30.0)
    for noise in (fn.WhiteNoise(sigma), fn.OrnsteinUhlenbeck(sigma, 3.0)):
        noisy = run(noise=noise, seed=9, **arguments)
        same = noisy.state["V"] == still.state["V"]
        np.testing.assert_array_equal(same, sigma == 0)


# ---- in law

MANY = 20_000


@pytest.fixture(scope="module")
def wiener():
    """Many paths of the integral of white noise, at 0, 1, 2, ..., 20 ms."""
    return run(Integral(), fn.WhiteNoise(3.0), 20.0, 0.5, seed=11, current=np.zeros(MANY), every=2)["V"] / 3.0


def test_variance_of_white_noise_grows_with_time(wiener):
    for k in (1, 5, 20):
        chi_squared(np.square(wiener[:, k]).sum() / k, MANY)
        assert stats.kstest(wiener[:, k] / np.sqrt(k), "norm").pvalue > SIGNIFICANCE


def test_white_noise_has_no_memory(wiener):
    steps = np.diff(wiener)
    for lag in (1, 2, 7):
        for k in (0, 5, 12):
            correlated(steps[:, k], steps[:, k + lag], 0.0, 1.0)


def test_neurons_are_independent():
    """No two of 50, of 1225 pairs, over 5000 steps; nor the squares of their noise."""
    V = run(Integral(), fn.WhiteNoise(1.0), 5000.0, 1.0, seed=4, current=np.zeros(50))["V"]
    for rows in (np.diff(V), np.square(np.diff(V))):
        z = np.corrcoef(rows)[np.triu_indices(50, 1)] * np.sqrt(5000)
        assert abs(z).max() < stats.norm.isf(SIGNIFICANCE / 2 / z.size)
        chi_squared(np.square(z).sum(), z.size)


SIGMA, TAU, STEP = 2.0, 5.0, 0.5


@pytest.fixture(scope="module")
def means():
    """The mean of coloured noise over each step, for many neurons: 0, 1, ..., 79."""
    V = run(Integral(), fn.OrnsteinUhlenbeck(SIGMA, TAU), 40.0, STEP, seed=21, current=np.zeros(MANY))["V"]
    return np.diff(V) / STEP


def autocovariance(lag):
    """Of (x_k + x_k+1) / 2, x being SIGMA^2 exp(-t / TAU) correlated."""
    m = np.abs(lag + np.array([-1, 0, 0, 1]))
    return SIGMA**2 * np.exp(-m * STEP / TAU).mean()


@pytest.mark.parametrize("k", [0, 1, 40, 79])
def test_coloured_noise_is_stationary_from_the_start(means, k):
    chi_squared(np.square(means[:, k]).sum() / autocovariance(0), MANY)
    assert stats.norm.sf(abs(means[:, k].mean()) * np.sqrt(MANY / autocovariance(0))) * 2 > SIGNIFICANCE


@pytest.mark.parametrize("lag", [1, 2, 5, 10, 20, 60])
def test_autocorrelation_of_coloured_noise(means, lag):
    expected = autocovariance(lag)
    for k in (0, 7, 19):
        correlated(means[:, k], means[:, k + lag], expected, np.hypot(autocovariance(0), expected))


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_stationary_variance_under_white_noise(dt):
    """Of the leaky model: sigma^2 / (2 tau), and Heun's own at a finite step, in closed form."""
    tau, sigma = 4.0, 3.0
    end = run(Leaky(tau=tau), fn.WhiteNoise(sigma), 60.0, dt, seed=8, current=np.zeros(MANY), record=None).state["V"]
    h = dt / tau
    decay, kick = 1 - h + h**2 / 2, sigma / tau * np.sqrt(dt) * (1 - h / 2)
    of_heun = kick**2 / (1 - decay**2)
    assert of_heun == pytest.approx(sigma**2 / (2 * tau), rel=h**2)
    chi_squared(np.square(end).sum() / of_heun, MANY)


# ---- the strong order of Heun's method


def test_strong_order_on_a_process_with_a_known_solution():
    """dV = -V / tau dt + s dW, exactly: V' = V exp(-h / tau) + s U, (W, U) jointly normal over each fine step.

    The same path at every dt: white noise is a current that is held through each step.
    """
    n, fine, tau, s, duration = 2000, 1 / 64, 2.0, 1.5, 4.0
    count = round(duration / fine)
    a = np.exp(-fine / tau)
    covariance = [[fine, tau * (1 - a)], [tau * (1 - a), tau / 2 * (1 - a**2)]]
    W, U = np.moveaxis(
        np.random.default_rng(1).multivariate_normal([0, 0], covariance, (n, count), method="cholesky"), 2, 0
    )
    exact = np.zeros(n)
    for k in range(count):
        exact = a * exact + s * U[:, k]
    steps, errors = [fine * 2**m for m in range(2, 6)], []
    for dt in steps:
        rate = W.reshape(n, -1, round(dt / fine)).sum(axis=2) / dt
        end = run(Leaky(tau=tau), None, duration, dt, current=fn.Samples(s * tau * rate, dt, held=True))
        errors.append(np.sqrt(np.mean(np.square(end.state["V"] - exact))))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.1)
    assert errors[0] < 0.02 * exact.std()


# ---- the same bits

NOISES = {
    "white": lambda n: fn.WhiteNoise(np.linspace(10.0, 30.0, 1100)[:n]),
    "coloured": lambda n: fn.OrnsteinUhlenbeck(np.linspace(5.0, 15.0, 1100)[:n], tau=5.0),
}
noises = pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)


def noisy(noise, n=1100, **options):
    model = fn.MorrisLecar(V3=np.linspace(0.0, 4.0, 1100)[:n])
    return fn.simulate(
        model, 60.0, 0.1, 90.0, method="heun", noise=noise(n), **{"seed": 5, "record": ("V", "N"), "every": 7} | options
    )


def same(one, other, n):
    for name in ("V", "N"):
        assert one.state[name].tobytes() == other.state[name][:n].tobytes()
        assert one[name].tobytes() == np.ascontiguousarray(other[name][:n]).tobytes()
    assert one.spikes.time.tobytes() == other.spikes.time[other.spikes.neuron < n].tobytes()


@pytest.fixture(scope="module", params=["coloured", pytest.param("white", marks=pytest.mark.slow)])
def whole(request):
    run = noisy(NOISES[request.param])
    assert run.spike_count.max() > 0
    return NOISES[request.param], run


@pytest.mark.slow
@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.slow), 8, 63, 65, 1025])
def test_any_size(whole, n):
    """Down to one neuron: its noise is that of its index, whoever else is there, and whatever the block."""
    same(noisy(whole[0], n), whole[1], n)


@pytest.mark.parametrize("threads", [1, 2, 16])
def test_any_number_of_threads(whole, threads, monkeypatch):
    monkeypatch.setattr(scheduler, "WORTH_A_THREAD", 0)
    same(noisy(whole[0], threads=threads), whole[1], 1100)


@pytest.mark.parametrize("call", [1, 7_777, 10**9])
def test_any_division_into_kernel_calls(whole, call, monkeypatch):
    """Coloured noise goes on from where it was."""
    monkeypatch.setattr(fixed_step, "CALL", call)
    monkeypatch.setattr(scheduler, "UNIT", call)
    n = 70 if call == 1 else 1100
    same(noisy(whole[0], n), whole[1], n)


@pytest.mark.parametrize("block", rest_slow([lanes.Lanes64, lanes.Lanes8]))
def test_any_block(whole, block, monkeypatch):
    monkeypatch.setattr(problem, "choose_lanes", lambda *_: block())
    same(noisy(whole[0], 130), whole[1], 130)


@noises
def test_the_seed_matters_and_nothing_else_does(noise):
    seeds = [0, 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
    found = [noisy(noise, 8, seed=seed).state["V"].tobytes() for seed in seeds]
    assert len(set(found)) == len(seeds)
    assert noisy(noise, 8, seed=np.uint64(2**64 - 1)).state["V"].tobytes() == found[-1]
    assert noisy(noise, 8).state["V"].tobytes() == noisy(noise, 8).state["V"].tobytes()


def test_sizes_broadcast():
    run = fn.simulate(fn.MorrisLecar(), 1.0, method="heun", noise=fn.WhiteNoise([1.0, 2.0, 3.0]))
    assert run.n == 3
    assert len(set(run.state["V"])) == 3


def test_a_noisy_neuron_that_blows_up_is_named():
    """The same one, at the same time, however the work is divided; and the noise of the others goes on."""
    leak = np.where(np.arange(1100) == 77, -50.0, 2.0)
    message = []
    for threads in (1, 2):
        with pytest.raises(FloatingPointError, match="neuron 77 blew up") as caught:
            run(fn.MorrisLecar(g_L=leak), fn.WhiteNoise(1.0), 200.0, 0.05, record=None, threads=threads)
        message.append(str(caught.value))
    assert message[0] == message[1]


# ---- bad input


@pytest.mark.parametrize(
    ("arguments", "exception", "words"),
    [
        ({"method": "rk4"}, ValueError, ["noise", "'heun'", "'rk4'"]),
        ({"method": "dop853"}, ValueError, ["noise", "'heun'", "'dop853'"]),
        ({"method": "tsit5"}, ValueError, ["noise", "'heun'", "'tsit5'"]),
        ({"noise": 5.0}, TypeError, ["noise", "WhiteNoise", "5.0"]),
        ({"noise": fn.WhiteNoise}, TypeError, ["noise", "WhiteNoise"]),
        ({"noise": fn.WhiteNoise([1.0, 2.0]), "current": np.zeros(3)}, ValueError, ["noise", "2", "3"]),
        ({"seed": -1}, ValueError, ["seed", "-1"]),
        ({"seed": 2**64}, ValueError, ["seed", "18446744073709551615", "18446744073709551616"]),
        ({"seed": 1.5}, TypeError, ["seed", "1.5"]),
        ({"seed": None}, TypeError, ["seed", "None"]),
        ({"seed": True}, TypeError, ["seed", "True"]),
    ],
    ids=lambda row: str(row)[:50],
)
def test_not_allowed(arguments, exception, words):
    with pytest.raises(exception) as caught:
        fn.simulate(fn.MorrisLecar(), 1.0, **{"method": "heun", "noise": fn.WhiteNoise(1.0)} | arguments)
    assert caught.type is exception
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize(
    ("make", "exception", "words"),
    [
        (lambda: fn.WhiteNoise(), TypeError, ["WhiteNoise", "sigma"]),
        (lambda: fn.WhiteNoise(np.nan), ValueError, ["sigma", "nan"]),
        (lambda: fn.WhiteNoise(-1.0), ValueError, ["sigma", "-1.0"]),
        (lambda: fn.OrnsteinUhlenbeck(1.0, 0.0), ValueError, ["tau", "positive"]),
        (lambda: fn.OrnsteinUhlenbeck([1.0, 2.0], [1.0, 2.0, 3.0]), ValueError, ["tau", "3", "sigma", "2"]),
        (lambda: fn.OrnsteinUhlenbeck(1.0, sgima=2.0), ValueError, ["'sgima'", "did you mean 'sigma'"]),
        (lambda: fn.Noise(), TypeError, ["Noise", "subclass"]),
    ],
)
def test_not_allowed_to_make(make, exception, words):
    with pytest.raises(exception) as caught:
        make()
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
