"""A state that is no longer finite ends the run with the first such neuron and the time."""

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import scheduler
from fastneuron._integrators import fixed_step

N = 1100
LEAKS = np.full(N, 2.0)
LEAKS[[900, 345, 340, 77]] = -500.0, -200.0, -3.0, -1.0  # a negative leak runs away: the last ones first


def blow_up(**changes):
    with pytest.raises(FloatingPointError) as caught:
        fn.simulate(fn.MorrisLecar.hopf(g_L=LEAKS), **{"duration": 2000.0} | changes)
    return str(caught.value)


def first_bad_step(leak, neuron_time):
    """The error's time is that of the first step whose result is not finite."""
    model = fn.MorrisLecar.hopf(g_L=leak)
    before = fn.simulate(model, duration=neuron_time - 0.05).state
    assert np.isfinite([before["V"], before["N"]]).all()
    with pytest.raises(FloatingPointError, match=rf"neuron 0 .* t = {neuron_time:.12g} ms"):
        fn.simulate(model, duration=neuron_time)


def test_names_the_first_neuron_and_the_time():
    message = blow_up()
    assert message.startswith("neuron 77 blew up")
    time = float(message.split(" t = ")[1].split(" ms")[0])
    assert "dt = 0.05 ms" in message
    first_bad_step(-1.0, time)


@pytest.mark.parametrize("changes", [{"threads": 1}, {"threads": 2}, {"threads": 7}, {"record": "V", "every": 1000}])
@pytest.mark.parametrize("call", [5_000, 200_000, 10**9])
def test_the_same_error_however_the_work_is_divided(changes, call, monkeypatch):
    expected = blow_up()
    monkeypatch.setattr(fixed_step, "CALL", call)
    monkeypatch.setattr(scheduler, "UNIT", call)
    monkeypatch.setattr(scheduler, "WORTH_A_THREAD", 0)
    assert blow_up(**changes) == expected


def test_a_step_far_too_large():
    with pytest.raises(FloatingPointError, match=r"neuron 0 .* t = \d+ ms; dt = 100 ms is probably too large"):
        fn.simulate(fn.MorrisLecar.hopf(), duration=1000.0, dt=100.0)


def test_the_first_step():
    with pytest.raises(FloatingPointError, match=r"t = 0\.05 ms"):
        fn.simulate(fn.MorrisLecar.hopf(), duration=1.0, current=1.7e308)


@pytest.mark.parametrize(
    "extreme",
    [{"V4": 1e-320}, {"V2": 1e-320}, {"V4": 1e-3}, {"C": 1e-320}, {"phi": 1e300}, {"g_K": 1e300, "E_K": 1e300}],
    ids=str,
)
def test_no_nan_comes_back(extreme):
    """Either an error, or a finite answer."""
    try:
        run = fn.simulate(fn.MorrisLecar.hopf(**extreme), duration=10.0, record=("V", "N"))
    except FloatingPointError:
        return
    assert np.isfinite([run["V"], run["N"]]).all()


def test_the_process_goes_on():
    blow_up()
    assert fn.simulate(fn.MorrisLecar.hopf(), duration=100.0, current=100.0).spike_count == 1


def test_arrays_given_are_left_alone():
    initial = {"V": np.linspace(-60, 0, N), "N": np.full(N, 0.1)}
    kept = {name: value.copy() for name, value in initial.items()}
    leaks, current = LEAKS.copy(), np.full(N, 90.0)
    for g_L in (leaks, 2.0):
        try:
            fn.simulate(fn.MorrisLecar.hopf(g_L=g_L), duration=1000.0, current=current, initial=initial)
        except FloatingPointError:
            assert g_L is leaks
        for name, value in kept.items():
            np.testing.assert_array_equal(initial[name], value)
        np.testing.assert_array_equal(leaks, LEAKS)
        assert (current == 90.0).all()
