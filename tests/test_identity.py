"""The same bits for any number of threads, position, size, block, chunk of time, and whatever is recorded."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from catalogue import METHODS, MODELS, OTHERS, pairs
from hypothesis import given, settings
from hypothesis import strategies as st

import fastneuron as fn
from fastneuron._engine import scheduler
from fastneuron._integrators import fixed_step, problem
from fastneuron._kernel import lanes

LARGE = 1100  # more than 16 blocks of 64, the last one not full
STEPS = 300

# another model is another compilation for each block
everything = pytest.mark.parametrize(
    ("case", "method"),
    [
        pytest.param(*pair.values, id=pair.id, marks=[pytest.mark.slow] if pair.values[0] in OTHERS else [])
        for pair in pairs(MODELS.values(), METHODS)
        if pair.values[0] not in OTHERS or pair.values[1] is METHODS[0]
    ],
)


def run_of(case, method, who=slice(None), steps=STEPS, **options):
    """Some neurons of the one population of LARGE."""
    large = case.population(LARGE)
    model = large["model"].replace(
        **{name: value[who] for name, value in large["model"].parameters.items() if np.ndim(value)}
    )
    arguments = {
        "current": large["current"][who],
        "initial": {name: value[who] for name, value in large["initial"].items()},
        "method": method.name,
    }
    return fn.simulate(model, duration=steps * case.dt, dt=case.dt, **method.options | arguments | options)


@cache
def together(case, method):
    return run_of(case, method, record=case.states)


def same_bits(one, other):
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert one.tobytes() == other.tobytes()


def same_neurons(run, whole, who):
    """`run` has the bits of the neurons `who` of `whole`, spikes included."""
    same_bits(run.spike_count, whole.spike_count[who])
    for name in whole.state:
        same_bits(run.state[name], whole.state[name][who])
    for name in run.traces:
        same_bits(run[name], np.ascontiguousarray(whole[name][who]))
    wanted = [whole.spikes[neuron] for neuron in np.arange(LARGE)[who]]
    same_bits(run.spikes.time, np.concatenate(wanted))
    same_bits(run.spikes.neuron, np.repeat(np.arange(len(wanted)), [times.size for times in wanted]))


@everything
def test_the_population_fires(case, method):
    """Else the rest of this file shows nothing about spikes."""
    assert together(case, method).spike_count.max() > 0


@everything
@pytest.mark.parametrize("size", [1, 7, 63, 64, 65, 129, 1023, 1024, 1025, LARGE])
def test_any_size_and_position(case, method, size):
    for who in (slice(size), slice(LARGE - size, None)):
        same_neurons(run_of(case, method, who, record=case.states), together(case, method), who)


@everything
@pytest.mark.parametrize("threads", [1, 2, 3, 16])
def test_any_number_of_threads(case, method, threads, monkeypatch):
    monkeypatch.setattr(scheduler, "WORTH_A_THREAD", 0)
    same_neurons(run_of(case, method, record=case.states, threads=threads), together(case, method), slice(None))
    few = slice(130)
    same_neurons(run_of(case, method, few, record=case.states, threads=threads), together(case, method), few)


@everything
@pytest.mark.parametrize("block", [lanes.Lanes64, lanes.Lanes8, lanes.Lanes16])
def test_any_block(case, method, block, monkeypatch):
    if block is lanes.Lanes16 and (case in OTHERS or method is not METHODS[0]):
        pytest.skip("one will do: each block is another compilation")
    monkeypatch.setattr(problem, "choose_lanes", lambda *_: block())
    for who in (slice(1), slice(65), slice(None)):
        same_neurons(run_of(case, method, who, record=case.states), together(case, method), who)


@everything
@pytest.mark.parametrize("call", [1, 3_000, 7_777, 10**9])
def test_any_division_into_kernel_calls(case, method, call, monkeypatch):
    monkeypatch.setattr(fixed_step, "CALL", call)
    monkeypatch.setattr(scheduler, "UNIT", call)
    who = slice(70) if call == 1 else slice(None)
    same_neurons(run_of(case, method, who, record=case.states), together(case, method), who)


@everything
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_any_neurons_in_any_order(case, method, data):
    who = np.array(data.draw(st.lists(st.integers(0, LARGE - 1), min_size=1, max_size=150)))
    options = {"threads": data.draw(st.integers(1, 4))}
    if data.draw(st.booleans()):
        options["record"] = data.draw(st.permutations(case.states))[: data.draw(st.integers(1, len(case.states)))]
    same_neurons(run_of(case, method, who, **options), together(case, method), who)


@everything
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_any_chunks_of_time(case, method, data):
    """The final state given back as `initial` goes on as if nothing had happened."""
    ends = sorted({*data.draw(st.lists(st.integers(0, STEPS), max_size=4)), STEPS})
    who = slice(data.draw(st.sampled_from([1, 3, 65, LARGE])))
    whole = together(case, method)
    runs, done = [], 0
    for end in ends:
        more = {"initial": runs[-1].state} if runs else {}
        runs.append(run_of(case, method, who, steps=end - done, record=case.states, **more))
        done = end
    for name in case.states:
        samples = np.concatenate([run[name][:, 1:] for run in runs], axis=1)
        if method.order:
            same_bits(runs[-1].state[name], whole.state[name][who])
            same_bits(samples, np.ascontiguousarray(whole[name][who, 1:]))
        else:  # a run that begins anew chooses its steps anew
            np.testing.assert_allclose(samples, whole[name][who, 1:], rtol=0, atol=1e-8 * abs(whole[name]).max())
    same_bits(sum(run.spike_count for run in runs), whole.spike_count[who])
    shifts = np.array([0, *ends[:-1]]) * case.dt
    neuron = np.concatenate([run.spikes.neuron for run in runs])
    time = np.concatenate([run.spikes.time + shift for run, shift in zip(runs, shifts, strict=True)])
    order = np.lexsort((time, neuron))
    expected = np.concatenate([whole.spikes[i] for i in np.arange(LARGE)[who]])
    np.testing.assert_allclose(time[order], expected, rtol=1e-14 if method.order else 1e-9)  # the addition rounds


@everything
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_whatever_is_recorded(case, method, data):
    whole = together(case, method)
    every = data.draw(st.integers(1, STEPS + 3))
    some = np.array(data.draw(st.lists(st.integers(0, LARGE - 1), unique=True, max_size=70)), int)
    wanted = data.draw(st.permutations(case.states))[: data.draw(st.integers(1, len(case.states)))]
    run = run_of(case, method, record=wanted, every=every, neurons=some)
    same_bits(run.neurons, some.astype(np.int64))
    assert list(run.traces) == wanted
    for name in wanted:
        if method.order:
            same_bits(run.time, whole.time[::every])
            same_bits(run[name], np.ascontiguousarray(whole[name][some, ::every]))
        else:  # 3 * 0.1 ms three times over is not 9 * 0.1 ms, and samples are taken where asked for
            np.testing.assert_allclose(run.time, whole.time[::every], rtol=1e-15)
            np.testing.assert_allclose(run[name], whole[name][some, ::every], rtol=0, atol=1e-11)
    for name in case.states:
        same_bits(run.state[name], whole.state[name])
    same_bits(run.spikes.time, whole.spikes.time)


@everything
def test_a_scalar_is_as_good_as_an_array(case, method):
    plain = {"duration": STEPS * case.dt, "method": method.name, **method.options}
    scalar = fn.simulate(case.make(), current=case.current, **plain)
    full = {name: np.full(70, value) for name, value in case.make().parameters.items()}
    array = fn.simulate(case.make(**full), current=np.full(70, case.current), **plain)
    for name in case.states:
        same_bits(array.state[name], np.repeat(scalar.state[name], 70))
    same_bits(array.spikes.time, np.tile(scalar.spikes.time, 70))


EVERYTHING_ONCE = """
import hashlib, sys
import numpy as np
import fastneuron as fn
sys.path.insert(0, {tests!r})
from catalogue import METHODS, MODELS
digest = hashlib.sha256()
for number, case in enumerate(MODELS.values()):
    for method in METHODS if number == 0 else METHODS[:1]:
        options = {{'method': method.name, **method.options, **case.population(70)}}
        run = fn.simulate(duration=100 * case.dt, dt=case.dt, **options)
        for array in (*run.state.values(), run.spikes.time):
            digest.update(np.ascontiguousarray(array).tobytes())
noisy = fn.simulate(fn.MorrisLecar(), 20.0, current=np.full(70, 90.0), method="heun", noise=fn.WhiteNoise(5.0), seed=3)
single = fn.simulate(fn.MorrisLecar(), 20.0, current=np.linspace(80, 130, 70), dtype=np.float32)
rng = np.random.default_rng(0)
X, y = rng.normal(size=(50, 77)), rng.integers(0, 3, 50)
layer = fn.Perceptron(77, 3)
layer.train(X, y, 3)
net = fn.MLP([77, 16, 3], output="softmax", loss="cross_entropy", seed=0)
net.train(X, y, 2)
for array in (noisy.state["V"], single.state["V"], layer.weights, net.forward(X)):
    digest.update(np.ascontiguousarray(array).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif("avx512f" not in lanes._host_features(), reason="no vectors wider than AVX2's here")
def test_a_machine_with_narrower_vectors(python):
    program = EVERYTHING_ONCE.format(tests=str(Path(__file__).parent))
    assert python(program) == python(program, NUMBA_CPU_NAME="x86-64-v3", NUMBA_CPU_FEATURES="")
