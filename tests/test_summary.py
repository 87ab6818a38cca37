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


@pytest.mark.parametrize("method", ["rk4", "dop853"])
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_they_leave_out_what_happens_before(method, where, tmp_path):
    """From `after` on, which is on no sample: as worked out from the samples and the spikes of the rest."""
    names = (*NAMES, "population.rate")
    place = {"out": tmp_path / "run", "checkpoint_interval": 60.0} if where == "disk" else {}
    given = population(method=method, record=("V", "N"), sample_interval=1.0, summary=names)
    run = fn.simulate(**given, after=120.3, bin_width=2.0, **place)
    whole, V = fn.simulate(**given), np.asarray(run["V"])[:, 121:]
    assert run.spikes.time.tolist() == whole.spikes.time.tolist()
    found = fn.open(tmp_path / "run").summary if place else run.summary
    assert found["V.mean"] == pytest.approx(V.mean(axis=1), rel=1e-13)
    assert found["V.var"] == pytest.approx(V.var(axis=1), rel=1e-12)
    assert np.array_equal(found["V.min"], V.min(axis=1))
    assert found["population.V.mean"] == pytest.approx(V.mean(axis=0), rel=1e-13)
    late = [times[times >= 120.3] for times in run.spikes]
    np.testing.assert_array_equal(found["spike.first"], [times[0] if times.size else np.nan for times in late])
    mean = [np.diff(times).mean() if times.size > 1 else np.nan for times in late]
    np.testing.assert_allclose(found["isi.mean"], mean, rtol=1e-13)
    counted, _ = np.histogram(np.concatenate(late), bins=120.3 + 2.0 * np.arange(91))
    assert np.array_equal(found["population.rate"], counted * (1000.0 / 2.0 / 70))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"after": 10.0}, "after is for summary"),
        ({"after": 300.1, "summary": "isi.cv"}, "from 0 to duration = 300; got 300.1"),
        ({"after": -1.0, "summary": "isi.cv"}, "from 0 to duration"),
        ({"after": 299.0, "summary": "V.mean", "sample_interval": 7.0}, "at most 294 ms, the time of the last sample"),
    ],
)
def test_after_is_within_the_run(given, words):
    with pytest.raises(ValueError, match=words):
        fn.simulate(**population(), **given)


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


@pytest.mark.slow
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
