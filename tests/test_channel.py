"""A model with a channel is the model whose equations are written out."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastneuron as fn


class M(fn.Channel):
    """A slow potassium current."""

    g_M: float = 1.0
    E_M: float = -84.0
    tau_M: float = 100.0
    states = {"w": lambda V, p: 0.0 * V + 0.1}
    units = {"g_M": "mS/cm^2", "E_M": "mV", "tau_M": "ms"}
    positive = ("tau_M",)

    @staticmethod
    def current(V, w, p):
        return p.g_M * w * (V - p.E_M)

    @staticmethod
    def derivative(V, w, p):
        return ((1.0 / (1.0 + np.exp(-(V + 20.0) / 5.0)) - w) / p.tau_M,)


class Leak(fn.Channel):
    g_more: float

    @staticmethod
    def current(V, p):
        return p.g_more * (V + 60.0)


class WrittenOut(fn.Model):
    g_M: float = 1.0
    states = {"V": -60.0, "N": lambda V, p: (1 + np.tanh((V - 2) / 30)) / 2, "w": 0.1}

    @staticmethod
    def derivative(V, N, w, I, p):
        M = 0.5 * (1 + np.tanh((V + 1.2) / 18))
        dV = (I - 2.0 * (V + 60) - 4.4 * M * (V - 120) - 8.0 * N * (V + 84) - p.g_M * w * (V + 84)) / 20.0
        dN = (0.5 * (1 + np.tanh((V - 2.0) / 30)) - N) * 0.04 * np.cosh((V - 2.0) / 60)
        return dV, dN, (1.0 / (1.0 + np.exp(-(V + 20.0) / 5.0)) - w) / 100.0


BOTH = fn.MorrisLecar.hopf() + M(g_M=[0.0, 0.3, 0.6])


@pytest.mark.parametrize(
    "method", ["rk4", *(pytest.param(x, marks=pytest.mark.slow) for x in ("dop853", "heun", "staggered", "tsit5"))]
)
def test_it_is_the_sum_written_out(method):
    given = {"duration": 200.0, "current": 110.0, "method": method, "record": ("V", "w"), "sample_interval": 1.0}
    found, exact = fn.simulate(BOTH, **given), fn.simulate(WrittenOut(g_M=[0.0, 0.3, 0.6]), **given)
    assert found.spike_count.tolist() == exact.spike_count.tolist()
    assert found.spikes[0][-1] < found.spikes[2][-1]
    atol = 1e-8 if method not in ("dop853", "tsit5") else 1e-2
    np.testing.assert_allclose(found["V"], exact["V"], rtol=0, atol=atol)


def test_the_reference_answers_for_it():
    exact = fn.reference.simulate(BOTH, 100.0, current=110.0)
    found = fn.simulate(BOTH, 100.0, dt=0.02, current=110.0)
    np.testing.assert_allclose(found.spikes.time, exact.spikes.time, rtol=0, atol=1e-5)


def test_it_is_a_model_like_others(tmp_path):
    assert isinstance(BOTH, fn.MorrisLecar)
    assert BOTH.names == (*fn.MorrisLecar.names, "g_M", "E_M", "tau_M")
    assert BOTH.units["g_M"] == "mS/cm^2"
    assert BOTH.replace(tau_M=50.0).tau_M == 50.0
    assert pickle.loads(pickle.dumps(BOTH)) == BOTH
    assert pickle.loads(pickle.dumps(type(BOTH))) is type(BOTH)
    run = fn.simulate(BOTH, 50.0, current=110.0)
    stored = fn.simulate(BOTH, 50.0, current=110.0, out=tmp_path / "run", executor=ThreadPoolExecutor(2), shards=2)
    assert stored.spikes.time.tolist() == run.spikes.time.tolist()
    assert fn.open(tmp_path / "run").model == BOTH
    assert fn.open(tmp_path / "run", models=[type(BOTH)]).model == BOTH
    found = fn.sweep(fn.MorrisLecar.hopf() + M(), 50.0, {"g_M": [0.0, 0.3, 0.6]}, "spike_count", current=110.0)
    assert found.spike_count.values.tolist() == run.spike_count.tolist()


@pytest.mark.slow
def test_several_channels_and_single_precision():
    more = fn.MorrisLecar.hopf(g_L=1.5) + M(g_M=0.0) + Leak(0.5)
    same = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=100.0)
    np.testing.assert_allclose(fn.simulate(more, 100.0, current=100.0).spikes.time, same.spikes.time, rtol=1e-9)
    single = fn.simulate(more, 100.0, current=100.0, dtype=np.float32)
    assert single.state["V"].dtype == np.float32
    np.testing.assert_allclose(single.spikes.time, same.spikes.time, rtol=0, atol=1e-2)
    own = fn.simulate(WrittenOut(g_M=0.0) + Leak(0.0), 50.0, current=110.0)
    np.testing.assert_array_equal(own.spikes.time, fn.simulate(WrittenOut(g_M=0.0), 50.0, current=110.0).spikes.time)


class Again(fn.Channel):
    g_L: float = 1.0

    @staticmethod
    def current(V, p):
        return p.g_L * V


class Nothing(fn.Channel):
    g_0: float = 1.0


@pytest.mark.parametrize(
    ("add", "exception", "words"),
    [
        (lambda: fn.MorrisLecar() + Again(), ValueError, "g_L is a name in MorrisLecar and in Again"),
        (lambda: BOTH + M(), ValueError, "is a name in MorrisLecar_M and in M"),
        (lambda: fn.MorrisLecar() + Nothing(), TypeError, r"needs a current: a static method current\(V, p\)"),
        (lambda: fn.MorrisLecar() + fn.Channel(), TypeError, "Channel is a base class"),
        (lambda: fn.MorrisLecar(C=[1.0, 2.0]) + M([1.0, 2.0, 3.0]), ValueError, "2.*3|3.*2"),
        (lambda: 3.0 + M(), TypeError, "unsupported operand"),
        (lambda: M(tau_M=0.0), ValueError, "tau_M must be positive"),
    ],
)
def test_not_allowed(add, exception, words):
    with pytest.raises(exception, match=words):
        add()
