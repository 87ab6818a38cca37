"""Sources of spikes: right in law at stated error rates, exact after long times, the same however a run is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import fastneuron as fn
from fastneuron.network.trains import SourceSpikes, emitted

SIGNIFICANCE = 1e-4


def emit(source, cuts, dt=0.1, seed=1, number=0, room=None):
    """The spikes of all steps up to the last cut, asked for from cut to cut: (3, spikes), and what goes on."""
    trains = source.trains(dt, seed, number)
    room = source.room(cuts[-1], dt) if room is None else room
    out = SourceSpikes(np.empty(room, np.int64), np.empty(room), np.empty(room, np.int64))
    parts = []
    for first, last in zip([0, *cuts[:-1]], cuts, strict=True):
        count = emitted(trains, first, last, out)
        assert count >= 0
        parts.append([out.step[:count].copy(), out.fraction[:count].copy(), out.source[:count].copy()])
    return [np.concatenate(rows) for rows in zip(*parts, strict=True)], trains


SOURCES = {
    "one rate": fn.PoissonSource(70, 40.0),
    "a rate each": fn.PoissonSource(70, np.linspace(0.0, 80.0, 70)),
    "a function of time": fn.PoissonSource(70, 30.0 + fn.Step(60.0, start=20.0, stop=50.0)),
    "a function each": fn.PoissonSource(70, fn.Sine(np.linspace(10.0, 90.0, 70), 20.0)),
    "given": fn.SpikeSource([np.arange(3.0 * k, 90.0, 7.3) for k in range(70)]),
}


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 999), max_size=30, unique=True))
def test_cuts_change_nothing(name, cuts):
    whole, _ = emit(SOURCES[name], [1000])
    parts, _ = emit(SOURCES[name], [*sorted(cuts), 1000])
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", SOURCES)
def test_spikes_are_in_order(name):
    (step, fraction, source), _ = emit(SOURCES[name], [1000])
    assert step.size > 100
    assert ((fraction >= 0) & (fraction < 1)).all()
    order = np.lexsort((fraction, source, step))
    np.testing.assert_array_equal(order, np.arange(step.size))


@pytest.mark.parametrize("name", SOURCES)
def test_a_state_goes_on(name):
    source = SOURCES[name]
    whole, _ = emit(source, [1000])
    first, trains = emit(source, [400])
    again = source.trains(0.1, 1, 0)
    for array, kept in zip(again.arrays().values(), trains.arrays().values(), strict=True):
        array[...] = kept
    out = SourceSpikes(np.empty(5000, np.int64), np.empty(5000), np.empty(5000, np.int64))
    count = emitted(again, 400, 1000, out)
    np.testing.assert_array_equal(whole[1], np.concatenate([first[1], out.fraction[:count]]))


def test_intervals_are_exponential_and_independent():
    source = fn.PoissonSource(200, 25.0)
    (step, fraction, number), _ = emit(source, [400_000])
    time = (step + fraction) * 0.1
    order = np.lexsort((time, number))
    gaps = [np.diff(time[order][number[order] == k]) for k in range(200)]
    assert stats.kstest(np.concatenate(gaps), stats.expon(scale=40.0).cdf).pvalue > SIGNIFICANCE
    before, after = (np.concatenate([gap[part] for gap in gaps]) for part in (slice(-1), slice(1, None)))
    assert stats.spearmanr(before, after).pvalue > SIGNIFICANCE
    assert stats.kstest(fraction, "uniform").pvalue > SIGNIFICANCE
    counts = np.bincount(number, minlength=200)
    assert stats.chisquare(counts).pvalue > SIGNIFICANCE
    assert stats.poisson(25.0 * 40 * 200).cdf(counts.sum()) == pytest.approx(0.5, abs=0.5 - SIGNIFICANCE / 2)


def test_each_train_has_its_rate():
    rates = np.linspace(0.0, 100.0, 50)
    (_, _, number), _ = emit(fn.PoissonSource(50, rates), [1_000_000])
    counts = np.bincount(number, minlength=50)
    assert counts[0] == 0
    z = (counts[1:] - rates[1:] * 100) / np.sqrt(rates[1:] * 100)
    assert stats.chi2(49).sf((z**2).sum()) > SIGNIFICANCE


@pytest.mark.parametrize(
    ("rate", "integral"),
    [
        (20.0 + fn.Step(60.0, start=20.0, stop=50.0), lambda t: 20 * t + 60 * np.clip(t - 20, 0, 30)),
        (
            fn.Ramp(0.0, 100.0, 10.0, 90.0),
            lambda t: 0.625 * np.clip(t - 10, 0, 80) ** 2 + 100 * np.clip(t - 90, 0, None),
        ),
        (50.0 + fn.Sine(50.0, 20.0), lambda t: 50 * t + 50 / (2 * np.pi * 0.02) * (1 - np.cos(2 * np.pi * 0.02 * t))),
        (fn.Pulses(200.0, 20.0, 5.0), lambda t: 200 * (t // 20 * 5 + np.minimum(t % 20, 5.0))),
        (
            fn.Samples([0.0, 100.0, 50.0], 50.0),
            lambda t: np.where(t < 50, t**2, 2500 + 100 * (t - 50) - 0.5 * (t - 50) ** 2),
        ),
    ],
    ids=["step", "ramp", "sine", "pulses", "samples"],
)
def test_rates_follow_their_function(rate, integral):
    (step, fraction, number), _ = emit(fn.PoissonSource(4000, rate), [1000])
    time, end = (step + fraction) * 0.1, integral(np.array(100.0))
    # spikes of a Poisson process are distributed as its rate
    assert stats.kstest(integral(time) / end, "uniform").pvalue > SIGNIFICANCE
    assert abs(time.size - 4 * end) < 3.9 * np.sqrt(4 * end)
    assert stats.chisquare(np.bincount(number, minlength=4000)).pvalue > SIGNIFICANCE


def test_below_zero_there_are_no_spikes():
    (step, fraction, _), _ = emit(fn.PoissonSource(2000, fn.Sine(80.0, 10.0)), [1000])
    time = (step + fraction) * 0.1
    assert time.size > 1000
    assert time.max() < 50.0


def test_a_time_is_as_exact_late_as_early():
    source, dt = fn.PoissonSource(3, 50.0), 0.1
    trains = source.trains(dt, 1, 0)
    trains.step[:] += 2**50
    out = SourceSpikes(np.empty(100, np.int64), np.empty(100), np.empty(100, np.int64))
    count = emitted(trains, 2**50, 2**50 + 1000, out)
    early, _ = emit(source, [1000])
    np.testing.assert_array_equal(out.step[:count] - 2**50, early[0])
    np.testing.assert_array_equal(out.fraction[:count], early[1])


def test_seeds_and_numbers_make_other_trains():
    source = fn.PoissonSource(10, 50.0)
    found = [
        emit(source, [1000], seed=seed, number=number)[0][1]
        for seed, number in [(0, 0), (1, 0), (0, 1), (2**64 - 1, 0)]
    ]
    assert len({tuple(fraction) for fraction in found}) == 4


def test_too_little_room_is_said():
    trains = fn.PoissonSource(10, 500.0).trains(0.1, 0, 0)
    assert emitted(trains, 0, 1000, SourceSpikes(np.empty(3, np.int64), np.empty(3), np.empty(3, np.int64))) == -1


def test_given_spikes_come_at_their_times():
    source = fn.SpikeSource([[3.75, 0.0, 1.25], [], [1.26, 1.25]])
    (step, fraction, number), _ = emit(source, [50], dt=0.1)
    np.testing.assert_allclose((step + fraction) * 0.1, [0.0, 1.25, 1.25, 1.26, 3.75], rtol=0, atol=1e-15)
    assert number.tolist() == [0, 0, 2, 2, 0]


def test_an_earlier_run_is_a_source():
    run = fn.simulate(fn.MorrisLecar.hopf(), 300.0, current=[120.0, 100.0, 0.0])
    for source in (fn.SpikeSource(run), fn.SpikeSource(run.spikes), fn.SpikeSource(run.spikes, n=3)):
        assert len(source) == 3
        net = fn.Network({"again": source})
        number, time = net.source_spikes("again", 300.0, 0.05)
        order = np.lexsort((time, number))
        np.testing.assert_array_equal(number[order], run.spikes.neuron)
        np.testing.assert_allclose(time[order], run.spikes.time, rtol=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fn.PoissonSource(0, 5.0), "n must be a whole number of at least 1"),
        (lambda: fn.PoissonSource(5, -1.0), "rate must be 0 Hz or more; got -1"),
        (lambda: fn.PoissonSource(5, [1.0, 2.0]), "rate has 2 values, but n is 5"),
        (lambda: fn.PoissonSource(5, np.nan), "rate must be finite"),
        (lambda: fn.PoissonSource(5, "fast"), "rate must be numbers"),
        (lambda: fn.SpikeSource([[1.0, -2.0]]), "times must be finite and 0 ms or more; got -2.0 of source 0"),
        (lambda: fn.SpikeSource([[1.0, np.inf]]), "times must be finite"),
        (lambda: fn.SpikeSource([1.0, 2.0]), "one sequence of times per source"),
        (lambda: fn.SpikeSource([]), "one sequence of times per source"),
        (lambda: fn.SpikeSource([[1.0], [2.0]], n=1), "n must be at least the number of sources that spike, 2; got 1"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_a_function_of_unknown_height_is_refused():
    class Mine(fn.Current):
        rate: float = 1.0

        @staticmethod
        def value(t, before, table, p):
            return p.rate

    with pytest.raises(TypeError, match="rate must be a number, an array, one of Constant, Step"):
        fn.PoissonSource(3, Mine())
