"""Orders of convergence by regression, and agreement with the reference."""

from functools import cache

import numpy as np
import pytest
from catalogue import CASES, FIXED_STEP, METHODS, pairs

import fastneuron as fn

DURATION = 60.0  # ms
EVERY = 2.0  # ms

SLOW = [pytest.mark.slow]
fixed_step = pytest.mark.parametrize(
    ("case", "method"),
    [
        pytest.param(
            *pair.values, id=pair.id, marks=[pytest.mark.slow] if len(pair.values[0].states) > 2 else pair.marks
        )
        for pair in pairs(CASES, FIXED_STEP)
    ],
)
every_method = pytest.mark.parametrize(("case", "method"), pairs(CASES, METHODS))


def size(case):
    """Enough spikes for their places inside their steps to average out; the larger models are slow, and spike more."""
    return 24 if len(case.states) == 2 else 8


@cache
def exact(case):
    run = fn.reference.simulate(duration=DURATION, dt=EVERY, record=case.states, **case.population(size(case)))
    assert run.spike_count.min() > 0
    return run


def run_of(case, method, dt):
    return fn.simulate(
        duration=DURATION,
        dt=dt,
        every=round(EVERY / dt),
        record=case.states,
        method=method.name,
        **method.options,
        **case.population(size(case)),
    )


def order(steps, errors):
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


def rms(difference):
    return np.sqrt(np.mean(np.square(difference)))


@fixed_step
def test_order(case, method):
    for name in case.states:
        errors = [rms(run_of(case, method, dt)[name] - exact(case)[name]) for dt in case.steps]
        assert order(case.steps, errors) == pytest.approx(method.order, abs=0.15)


@fixed_step
def test_order_of_spike_times(case, method):
    errors = []
    for dt in case.steps:
        spikes = run_of(case, method, dt).spikes
        np.testing.assert_array_equal(spikes.neuron, exact(case).spikes.neuron)
        errors.append(rms(spikes.time - exact(case).spikes.time))
    assert order(case.steps, errors) == pytest.approx(method.order, abs=0.15)


@every_method
def test_agrees_with_the_reference(case, method):
    if method.order and method.order < 4:
        pytest.skip("a method of low order does not get there in reasonable time; its order is tested")
    run = run_of(case, method, case.settled)
    np.testing.assert_array_equal(run.time, exact(case).time)
    for name in case.states:
        scale = abs(exact(case)[name]).max()
        np.testing.assert_allclose(run[name], exact(case)[name], rtol=0, atol=1e-9 * scale)
        np.testing.assert_allclose(run.state[name], exact(case).state[name], rtol=0, atol=1e-9 * scale)
    np.testing.assert_array_equal(run.spike_count, exact(case).spike_count)
    np.testing.assert_allclose(run.rate, exact(case).rate)
    np.testing.assert_allclose(run.spikes.time, exact(case).spikes.time, rtol=1e-9)
