"""Fits: parameters found again from what was simulated with them, and errors as large as statistics says."""

import numpy as np
import pytest
from scipy.optimize import least_squares

import fastneuron as fn
from fastneuron.dynamics.levenberg_marquardt import refine

FREE = {"g_Ca": (3.0, 6.0), "g_K": (5.0, 12.0), "g_L": (1.0, 3.0), "phi": (0.02, 0.08)}
MODEL = fn.MorrisLecar.hopf()
TRUTH = np.array([getattr(MODEL, name) for name in FREE])
NOISE = 2.0  # mV


@pytest.fixture(scope="module")
def clean():
    return fn.simulate(MODEL, 200.0, current=100.0, record="V")["V"][0]


def noisy(clean, seed):
    return clean + np.random.default_rng(seed).normal(0.0, NOISE, clean.shape)


@pytest.mark.slow
def test_four_parameters_of_a_noisy_trace_to_one_per_cent(clean):
    errors, scores = [], []
    for seed in range(10):
        found = fn.fit(fn.MorrisLecar(), noisy(clean, seed), FREE, current=100.0, candidates=1024, seed=seed)
        away = np.array([*found.parameters.values()]) - TRUTH
        errors.append(abs(away / TRUTH).max())
        scores.append(away / [*found.standard_errors.values()])
        assert found.converged
        assert found.loss == pytest.approx(NOISE**2, rel=0.1)
    assert np.sum(np.array(errors) < 0.01) >= 9
    assert (
        0.3 < np.mean(np.square(scores)) < 2.5
    )  # 40 of chi square, if the covariance is right, though not independent


def test_the_minimum_is_that_of_scipy(clean):
    data = noisy(clean, 3)
    found = fn.fit(MODEL, data, FREE, current=100.0, candidates=256, refined=4)

    def above(point):
        return (
            fn.simulate(MODEL.replace(**dict(zip(FREE, point, strict=True))), 200.0, current=100.0, record="V")["V"][0]
            - data
        )

    wanted = least_squares(above, TRUTH, x_scale=TRUTH, xtol=1e-12, ftol=1e-12, diff_step=1e-6)
    np.testing.assert_allclose([*found.parameters.values()], wanted.x, rtol=1e-5)
    assert found.loss == pytest.approx(2 * wanted.cost / data.size, rel=1e-9)
    inverse = np.linalg.inv(wanted.jac.T @ wanted.jac) * (2 * wanted.cost / (data.size - 4))
    np.testing.assert_allclose(found.covariance, inverse, rtol=1e-2)  # its derivatives are differences


def test_candidates_come_with_their_losses_and_threads_change_nothing(clean):
    data = noisy(clean, 0)
    one, two = (
        fn.fit(MODEL, data, FREE, current=100.0, candidates=64, refined=2, threads=threads) for threads in (1, 2)
    )
    assert one.parameters == two.parameters
    assert one.covariance.tolist() == two.covariance.tolist()
    assert one.losses.tolist() == two.losses.tolist()
    assert one.losses.shape == one.candidates["phi"].shape == (64,)
    assert (np.diff(one.losses) >= 0).all()
    assert one.loss == one.losses[0]
    assert one.model.g_K == one.parameters["g_K"] == one.candidates["g_K"][0]
    for name, (low, high) in FREE.items():
        assert (low <= one.candidates[name]).all()
        assert (one.candidates[name] <= high).all()
    assert "phi = 0.04" in repr(one)
    other = fn.fit(MODEL, data, FREE, current=100.0, candidates=64, refined=2, seed=1)
    assert other.losses[-1] != one.losses[-1]


@pytest.mark.slow
def test_several_recordings_a_current_and_an_initial_state():
    currents = np.array([60.0, 100.0])
    run = fn.simulate(MODEL, 150.0, current=currents + 5.0, initial={"V": -40.0}, record="V", every=4)
    free = {"g_Ca": (3.0, 6.0), "current": (-20.0, 20.0), "initial.V": (-70.0, -20.0)}
    found = fn.fit(MODEL, run["V"], free, current=currents, sample_interval=0.2, candidates=256, refined=8)
    np.testing.assert_allclose([*found.parameters.values()], [4.4, 5.0, -40.0], rtol=1e-6)
    assert found.model.g_Ca == found.parameters["g_Ca"]


@pytest.mark.slow
def test_spike_times():
    run = fn.simulate(MODEL, 400.0, current=[95.0, 110.0])
    free = {"g_Ca": (4.0, 5.0), "phi": (0.03, 0.05)}
    found = fn.fit(MODEL, run.spikes, free, current=[95.0, 110.0], duration=400.0, candidates=256)
    np.testing.assert_allclose([*found.parameters.values()], [4.4, 0.04], rtol=1e-7)
    same = fn.fit(MODEL, {"spikes": list(run.spikes)}, free, current=[95.0, 110.0], duration=400.0, candidates=256)
    assert same.parameters == found.parameters


@pytest.mark.slow
def test_summaries_and_functions_of_runs():
    names = ("isi.mean", "V.max")
    run = fn.simulate(MODEL, 400.0, current=110.0, summary=names)
    free = {"g_Ca": (4.0, 5.0), "phi": (0.03, 0.05)}
    data = {name: run.summary[name][0] for name in names}
    options = {"current": 110.0, "duration": 400.0, "candidates": 256}
    found = fn.fit(MODEL, data, free, **options)
    np.testing.assert_allclose([*found.parameters.values()], [4.4, 0.04], rtol=1e-3)

    def residuals(run):
        return np.stack([run.summary[name] / data[name] - 1.0 for name in names], axis=1)

    same = fn.fit(MODEL, residuals, free, summary=names, **options)
    np.testing.assert_allclose([*same.parameters.values()], [*found.parameters.values()], rtol=1e-10)
    least = fn.fit(MODEL, lambda run: abs(residuals(run)).sum(axis=1), free, summary=names, **options)
    np.testing.assert_allclose([*least.parameters.values()], [4.4, 0.04], rtol=2e-2)
    assert np.isnan(least.covariance).all()


@pytest.mark.slow
def test_a_model_with_a_reset_is_fitted_to_summaries():
    model = fn.LeakyIntegrateAndFire()
    run = fn.simulate(model, 300.0, current=2.5, summary="isi.mean")
    found = fn.fit(
        model,
        {"isi.mean": run.summary["isi.mean"][0]},
        {"current": (1.5, 4.0)},
        duration=300.0,
        candidates=64,
        refined=2,
    )
    assert found.parameters["current"] == pytest.approx(2.5, rel=1e-4)


def test_refinement_stays_in_the_box_and_leaves_what_is_not_finite():
    def evaluate(point):  # Rosenbrock's valley, undefined on one side
        x, y = point.T
        bad = np.where(x < -1.5, np.nan, 0.0)
        values = np.stack([10.0 * (y - x * x) + bad, 1.0 - x], axis=1)
        slopes = np.stack([np.stack([-20.0 * x, -np.ones_like(x)], 1), np.stack([0 * x + 10.0, 0 * x], 1)], axis=1)
        return values, slopes

    start = np.array([[-1.2, 1.0], [0.5, 0.5], [-1.9, 0.0]])
    found = refine(evaluate, start, np.array([[-2.0, -2.0], [2.0, 2.0]]), 100)
    np.testing.assert_allclose(found.point[:2], 1.0, rtol=1e-8)
    assert found.converged.tolist() == [True, True, False]
    assert np.isinf(found.squares[2])
    inside = refine(evaluate, start[:2], np.array([[-2.0, -2.0], [0.8, 2.0]]), 100)
    np.testing.assert_allclose(inside.point, [[0.8, 0.64]] * 2, rtol=1e-8)


@pytest.mark.slow
def test_what_the_data_do_not_tell_apart_has_no_covariance():
    silent = fn.fit(MODEL, np.full(21, -60.0), {"phi": (0.02, 0.08), "V2": (18.0, 19.0)}, candidates=4, refined=1)
    assert silent.covariance.shape == (2, 2)


def test_bad_input(clean):
    def refused(kind, match, *arguments, **options):
        with pytest.raises(kind, match=match):
            fn.fit(*(arguments or (MODEL, clean, FREE)), **options)

    refused(TypeError, r"model must be a Model", fn.MorrisLecar, clean, FREE)
    refused(
        ValueError, r"model must be one neuron, .*; got one of 2 neurons", fn.MorrisLecar(phi=[0.03, 0.04]), clean, FREE
    )
    refused(
        ValueError, r"a name in free must be one of .*; got 'gCa'; did you mean 'g_Ca'", MODEL, clean, {"gCa": (3, 6)}
    )
    refused(
        ValueError,
        r"free\['g_Ca'\] must be two numbers, the lower first, .*; got \(6, 3\)",
        MODEL,
        clean,
        {"g_Ca": (6, 3)},
    )
    refused(ValueError, r"free\['g_Ca'\] must be finite", MODEL, clean, {"g_Ca": (3, np.inf)})
    refused(ValueError, r"C must be positive; got -1", MODEL, clean, {"C": (-1, 3)})
    refused(TypeError, r"free must map names to bounds", MODEL, clean, ["g_Ca"])
    refused(TypeError, r"free must map names to bounds", MODEL, clean, {})
    refused(
        ValueError,
        r"data must be finite; got nan at index \(0, 3\)|at index 3",
        MODEL,
        np.where(np.arange(9) == 3, np.nan, 0.0),
        FREE,
    )
    refused(TypeError, r"data must be numbers", MODEL, [[1.0, 2.0], [3.0]], FREE)
    refused(ValueError, r"data must be two samples at least", MODEL, [1.0], FREE)
    refused(ValueError, r"data has 4001 samples, one every 0.05 ms, which is 200 ms; got duration=100", duration=100.0)
    refused(ValueError, r"sample_interval must be a multiple of dt = 0.05 ms; got 0.07", sample_interval=0.07)
    refused(
        ValueError,
        r"current has 3 values, but data has 2 recordings",
        MODEL,
        [clean, clean],
        FREE,
        current=[1.0, 2.0, 3.0],
    )
    refused(TypeError, r"data that are no samples need a duration", MODEL, {"spikes": [[1.0]]}, FREE)
    refused(
        ValueError,
        r"\[0\] must be in order; got 1 after 2 at index 1",
        MODEL,
        {"spikes": [[2.0, 1.0]]},
        FREE,
        duration=9.0,
    )
    refused(
        ValueError,
        r"data\['spikes'\]\[0\] must be before the end",
        MODEL,
        {"spikes": [[2.0, 10.0]]},
        FREE,
        duration=9.0,
    )
    refused(ValueError, r"a name in data must be one of .*'isi.mean'", MODEL, {"isi.men": 3.0}, FREE, duration=9.0)
    refused(ValueError, r"record is no argument of a fit", record="V")
    refused(TypeError, r"unexpected keyword argument 'step'", step=1.0)
    refused(ValueError, r"sensitivity is for models without a reset", fn.Izhikevich(), clean, {"a": (0.01, 0.1)})
    refused(ValueError, r"sensitivity is for runs in double precision", dtype=np.float32)
    refused(ValueError, r"refined must be a whole number of at least 1 and at most 8", candidates=8, refined=9)
    refused(ValueError, r"seed must be a whole number", seed=-1)
    refused(
        ValueError,
        r"data as a function must return a loss \(4,\)",
        MODEL,
        lambda run: [1.0],
        FREE,
        duration=1.0,
        candidates=4,
        refined=1,
    )
