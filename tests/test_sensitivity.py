"""Derivatives of runs and of spike times: against differences of runs, and by what they must be."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest
from catalogue import TIGHT

import fastneuron as fn

NAMES = ("g_Ca", "initial.V")
METHODS = {"rk4": {"dt": 0.05}, "dop853": {"method": "dop853", **TIGHT}}
SLOW = {"heun": {"method": "heun"}, "tsit5": {"method": "tsit5", **TIGHT}}


class Rates(NamedTuple):
    """What `Swing` works out before."""

    a: float
    rate: float


class Swing(fn.Model):
    """A user's own, with constants worked out before, one of them by a branch, and a function as a start."""

    a: float = 0.7
    tau: float = 12.5
    states = {"V": -1.2, "w": lambda V, p: p.a * V * V - 1.6}

    @staticmethod
    def prepare(p):
        return Rates(p.a, 1.0 / p.tau if p.tau > 1.0 else 1.0)

    @staticmethod
    def derivative(V, w, I, p):
        return V - V**3 / 3.0 - w + I, (V + p.a - 0.8 * w) * p.rate


def moved(model, name, change, current, initial):
    """The same with one thing changed."""
    if name == "current":
        return model, current + change, initial
    if name.startswith("initial."):
        state = name.removeprefix("initial.")
        return model, current, initial | {state: initial[state] + change}
    return model.replace(**{name: getattr(model, name) + change}), current, initial


def check(model, names, current, initial, duration, step=2e-4, **options):
    """Derivatives of the states at the end and of the spike times, against differences of fourth order."""
    found = fn.simulate(model, duration, current=current, initial=initial, sensitivity=names, **options)
    assert found.spikes.size > 1
    for name in names:
        runs = []
        for k in (-2, -1, 1, 2):
            other, injected, start = moved(model, name, k * step, current, initial)
            runs.append(fn.simulate(other, duration, current=injected, initial=start, **options))

        def difference(value):
            low, lower, upper, high = map(value, runs)  # noqa: B023
            return (8 * (upper - lower) - (high - low)) / (12 * step)

        for state in model.states:
            wanted = difference(lambda run: run.state[state])  # noqa: B023
            np.testing.assert_allclose(found.state[f"d{state}/d{name}"], wanted, rtol=1e-8, atol=1e-8)
        wanted = difference(lambda run: run.spikes.time)
        np.testing.assert_allclose(found.sensitivities[name], wanted, rtol=1e-8, atol=1e-8 * abs(wanted).max())
    return found


CASES = [*METHODS.items(), *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW.items())]


@pytest.mark.parametrize(("method", "options"), CASES)
def test_against_differences(method, options):
    check(fn.MorrisLecar.hopf(), NAMES, 100.0, {"V": -20.0}, 170.0, **options)


@pytest.mark.slow
def test_all_that_may_be_asked_for():
    names = ("V3", "phi", "current", "initial.N", "C")
    check(fn.MorrisLecar.hopf(), names, 100.0, {"V": -20.0, "N": 0.1}, 170.0, step=1e-5, **METHODS["dop853"])


@pytest.mark.slow
def test_of_a_users_model():
    found = check(Swing(), ("a", "tau", "initial.V"), 0.5, {"V": -1.2}, 80.0, method="dop853", **TIGHT)
    plain = fn.simulate(Swing(), 80.0, current=0.5, sensitivity="a").state
    assert plain["V"][0] == fn.simulate(Swing(), 80.0, current=0.5).state["V"][0]
    assert found.units["dw/da"] == ""


@pytest.mark.slow
def test_of_hodgkin_and_huxley():
    names = ("g_Na", "temperature", "current")
    check(fn.HodgkinHuxley(), names, 12.0, {"V": -60.0}, 40.0, step=1e-5, **METHODS["dop853"])


@pytest.fixture(scope="module")
def population():
    n = 40
    return {"model": fn.MorrisLecar.hopf(V3=np.linspace(1.5, 2.5, n)), "current": np.linspace(95.0, 120.0, n)}


def run_of(population, **options):
    return fn.simulate(**population, duration=150.0, sensitivity=NAMES, **options)


def test_the_states_and_spikes_are_those_of_a_run_without(population):
    plain = fn.simulate(**population, duration=150.0, record="V", every=10)
    found = run_of(population, record=("V", "dV/dg_Ca"), every=10)
    for state in ("V", "N"):
        assert found.state[state].tolist() == plain.state[state].tolist()
    assert found["V"].tolist() == plain["V"].tolist()
    assert found.spikes.time.tolist() == plain.spikes.time.tolist()
    assert found["dV/dg_Ca"][:, -1].tolist() == found.state["dV/dg_Ca"].tolist()
    assert found.model is population["model"]
    assert found.units["dV/dg_Ca"] == "mV/(mS/cm^2)"
    assert found.sensitivities["g_Ca"].shape == found.spikes.time.shape


def test_a_spike_moves_by_what_the_voltage_moves_divided_by_its_speed():
    """-V_p / V_t, both from samples around the spike, which are no part of how it is found."""
    run = fn.simulate(
        fn.MorrisLecar.hopf(), 100.0, current=100.0, sensitivity=NAMES, record=("V", "dV/dg_Ca"),
        sample_interval=0.001, **METHODS["dop853"],
    )  # fmt: skip
    t = run.spikes[0][0]
    near = slice(*np.searchsorted(run.time, (t - 0.002, t + 0.002)))
    V, slope = (np.polyfit(run.time[near] - t, run[name][0, near], 2) for name in ("V", "dV/dg_Ca"))
    assert run.sensitivities["g_Ca"][0] == pytest.approx(-slope[-1] / V[-2], rel=1e-7)


def test_neurons_threads_and_workers_change_nothing(population):
    one = run_of(population, threads=1)
    with ThreadPoolExecutor(2) as executor:
        shared = run_of(population, executor=executor, shards=3)
    alone = fn.simulate(population["model"].part(7, 8), 150.0, current=population["current"][7], sensitivity=NAMES)
    for name in NAMES:
        assert shared.sensitivities[name].tolist() == one.sensitivities[name].tolist()
        assert one.sensitivities[name][one.spikes.neuron == 7].tolist() == alone.sensitivities[name].tolist()
        assert shared.state[f"dV/d{name}"].tolist() == one.state[f"dV/d{name}"].tolist()


def test_summaries_and_datasets_have_them(population):
    run = run_of(population, summary=("dV/dg_Ca.mean", "spike.first"))
    assert run.summary["dV/dg_Ca.mean"].shape == (40,)
    first = [times[0] for times in run.spikes]
    assert run.summary["spike.first"].tolist() == first
    found = run.to_xarray()
    assert found["dspike_time/dg_Ca"].values.tolist() == run.sensitivities["g_Ca"].tolist()
    silent = run_of({"model": fn.MorrisLecar.hopf(), "current": 0.0})
    assert silent.sensitivities["g_Ca"].shape == (0,)
    assert "spike" in str(fn.estimate(**population, duration=150.0, sensitivity=NAMES))


def test_bad_input(tmp_path):
    model = fn.MorrisLecar()
    with pytest.raises(ValueError, match=r"sensitivity must be one of 'current', .*; got 'gCa'; did you mean 'g_Ca'"):
        fn.simulate(model, 1.0, sensitivity="gCa")
    with pytest.raises(ValueError, match=r"sensitivity must be one of .* got 'initial.W'; did you mean 'initial.V'"):
        fn.simulate(model, 1.0, sensitivity=["initial.W"])
    with pytest.raises(TypeError, match="sensitivity must be the name of a parameter or several names; got 3"):
        fn.simulate(model, 1.0, sensitivity=3)
    with pytest.raises(ValueError, match=r"sensitivity is for models without a reset, .*; got Izhikevich"):
        fn.simulate(fn.Izhikevich(), 1.0, sensitivity="a")
    with pytest.raises(ValueError, match=r"sensitivity is for runs in memory, .*; got out="):
        fn.simulate(model, 1.0, sensitivity="C", out=tmp_path / "run.zarr")
    with pytest.raises(ValueError, match="sensitivity is for runs in double precision; got dtype="):
        fn.simulate(model, 1.0, sensitivity="C", dtype=np.float32)
    with pytest.raises(ValueError, match=r"sensitivity is for runs in which each crossing counts; got rearm=-20"):
        fn.simulate(model, 1.0, sensitivity="C", rearm=-20.0)
    with pytest.raises(ValueError, match="sensitivity is for neurons that are not in a network; got it"):
        fn.simulate(fn.Population(model, 3), 1.0, sensitivity="C")
    with pytest.raises(ValueError, match="sensitivity is for runs in which V alone spikes; got spikes of V, N"):
        fn.simulate(model, 1.0, sensitivity="C", threshold={"V": 0.0, "N": 0.3})
    with pytest.raises(ValueError, match="record must be one of 'V', 'N', 'I'; got 'dV/dC'"):
        fn.simulate(model, 1.0, record="dV/dC")
