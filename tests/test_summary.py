"""Summaries are what the recorded samples and the spikes give."""

import numpy as np
import pytest

import fastneuron as fn

NAMES = ("V.mean", "V.var", "V.min", "V.max", "N.mean", "spike.first", "isi.mean", "isi.cv", "population.V.mean")


def population(**more):
    return {"model": fn.MorrisLecar.hopf(), "duration": 300.0, "current": np.linspace(70, 130, 70)} | more


@pytest.mark.parametrize("method", ["rk4", "dop853"])
def test_they_are_those_of_the_recorded_samples(method):
    run = fn.simulate(
        **population(method=method), record=("V", "N"), sample_interval=1.0, summary=(*NAMES, "population.rate")
    )
    V, found = run["V"], run.summary
    assert list(found) == [*NAMES, "population.rate"]
    assert found["V.mean"] == pytest.approx(V.mean(axis=1), rel=1e-13)
    assert found["V.var"] == pytest.approx(V.var(axis=1), rel=1e-12)
    assert np.array_equal(found["V.min"], V.min(axis=1))
    assert np.array_equal(found["V.max"], V.max(axis=1))
    assert found["N.mean"] == pytest.approx(run["N"].mean(axis=1), rel=1e-13)
    assert found["population.V.mean"] == pytest.approx(V.mean(axis=0), rel=1e-13)
    counted, _ = np.histogram(run.spikes.time, bins=np.arange(301.0))
    assert np.array_equal(found["population.rate"], counted * (1000.0 / 70))


def test_they_are_those_of_the_spikes():
    run = fn.simulate(**population(), summary=("spike.first", "isi.mean", "isi.cv"))
    seen = set()
    for i in range(run.n):
        times, gaps = run.spikes[i], np.diff(run.spikes[i])
        seen.add(min(times.size, 3))
        first, mean, cv = (run.summary[name][i] for name in ("spike.first", "isi.mean", "isi.cv"))
        assert np.isnan(first) if times.size == 0 else first == times[0]
        assert np.isnan(mean) if gaps.size == 0 else mean == pytest.approx(gaps.mean(), rel=1e-13)
        assert np.isnan(cv) if gaps.size < 2 else cv == pytest.approx(gaps.std() / gaps.mean(), rel=1e-9, abs=1e-12)
    assert seen >= {0, 1, 3}


def test_nothing_else_is_kept():
    run = fn.simulate(**population(), summary="V.mean", spike_times=False)
    for ask in (lambda: run.spikes.time, lambda: run.spikes[0], lambda: list(run.spikes), run.steady_rate):
        with pytest.raises(ValueError, match="not kept, for spike_times=False"):
            ask()
    assert run.spike_count.sum() > 100
    assert f"{run.spike_count.sum()} spikes, their times not kept" in repr(run)
    assert len(run.spikes) == run.n
    assert "spike_time" not in run.to_xarray()
    assert run.time.size == 0
    assert np.array_equal(run.spike_count, fn.simulate(**population()).spike_count)


def test_bits_do_not_depend_on_threads():
    one, two = (
        fn.simulate(
            **population(model=fn.MorrisLecar.hopf(V3=np.linspace(0, 4, 1000)), current=90.0), summary=NAMES, threads=t
        )
        for t in (1, 2)
    )
    for name in NAMES:
        assert np.array_equal(one.summary[name], two.summary[name], equal_nan=True)


def test_a_number_beyond_the_range_of_the_sum_gives_nan():
    class Ramp(fn.Model):
        rate: float = 1.0
        states = {"V": 0.0}

        @staticmethod
        def derivative(V, I, p):
            return (p.rate,)

    run = fn.simulate(Ramp(rate=[1.0, 2.0**36]), 1.0, dt=0.5, summary=("population.V.mean", "V.max"))
    assert np.array_equal(run.summary["population.V.mean"], [0.0, np.nan, np.nan], equal_nan=True)
    assert run.summary["V.max"] == pytest.approx([1.0, 2.0**36], rel=1e-15)


def test_single_precision():
    run = fn.simulate(**population(dtype=np.float32), record="V", summary=("V.mean", "V.max"))
    assert run.summary["V.mean"] == pytest.approx(run["V"].mean(axis=1, dtype=np.float64), rel=1e-12)
    assert np.array_equal(run.summary["V.max"], run["V"].max(axis=1))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"summary": "V.maen"}, "did you mean 'V.mean'"),
        ({"summary": ("isi.cv", "W.mean")}, "summary must be one of"),
        ({"summary": "population.rate", "bin_width": 0.0}, "bin_width must be a positive number"),
        ({"summary": "population.rate", "bin_width": "1"}, "bin_width must be a positive number"),
    ],
)
def test_bad_input(asked, words):
    with pytest.raises((TypeError, ValueError), match=words):
        fn.simulate(**population(), **asked)


@pytest.mark.parametrize("asked", [{"summary": 3}, {"spike_times": "yes"}])
def test_bad_kinds(asked):
    with pytest.raises(TypeError, match=next(iter(asked))):
        fn.simulate(**population(), **asked)
