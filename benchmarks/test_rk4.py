"""RK4 on Morris-Lecar: against plain Numba, against C intrinsics, and against itself."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

import fastneuron as fn
from benchmarks.contenders import c, numba
from benchmarks.tasks import Population

DT = 0.05
N = 4096


@pytest.fixture
def steps(quick):
    return 20 if quick else 500


def population(steps, n=N, model=None, **options):
    """A function that simulates, and its model."""
    model = fn.MorrisLecar.hopf() if model is None else model
    current = Population("morris_lecar", n, steps).current
    return lambda: fn.simulate(model, steps * DT, DT, current, **{"threads": 1} | options), model


def test_against_plain_numba(versus, steps):
    ours, _ = population(steps)
    rival = numba.population(Population("morris_lecar", N, steps), 1)
    np.testing.assert_allclose(ours().state["V"], rival(), rtol=1e-9)
    versus(ours, rival, at_least=12, work=N * steps)


def test_against_handwritten_c(versus, steps):
    try:
        rival = c.solve(Population("morris_lecar", N, steps), "handwritten_rk4")
    except ImportError as reason:
        pytest.skip(str(reason))
    ours, _ = population(steps)
    run, (V, count) = ours(), rival()
    np.testing.assert_allclose(run.state["V"], V, rtol=1e-9)
    np.testing.assert_array_equal(run.spike_count, count)
    versus(ours, rival, at_least=0.95, work=N * steps)


def test_heterogeneous_against_scalar_parameters(versus, steps):
    scalar, model = population(steps)
    columns = {name: np.full(N, value) for name, value in model.parameters.items()}
    ours, _ = population(steps, model=model.replace(**columns))
    versus(ours, scalar, at_least=0.9, work=N * steps)


def test_with_spikes_against_without(versus, steps):
    without, _ = population(steps, threshold=1000.0)
    ours, _ = population(steps)
    versus(ours, without, at_least=0.9, work=N * steps)


@pytest.mark.skipif(len(getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)) < 2, reason="1 core")
@pytest.mark.parametrize("n", [N, 8 * N])
def test_two_threads_against_one(versus, steps, n):
    steps *= 4  # 100 ms: half a millisecond of Python before and after the threads makes 1.8x of 25 ms
    one, _ = population(steps, n)
    two, _ = population(steps, n, threads=2)
    versus(two, one, at_least=1.9, work=n * steps, threads=2)


@pytest.mark.parametrize("n", [1, 8])
def test_few_neurons_against_plain_numba(versus, steps, n):
    steps *= 20
    ours, _ = population(steps, n)
    rival = numba.population(Population("morris_lecar", n, steps), 1)
    versus(ours, rival, at_least=n / 1.5, work=n * steps)


IMPORT = "import fastneuron"
CALL = "import fastneuron as fn; fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=[100.0] * 4096)"


@pytest.mark.parametrize("what", ["import", "first call", "cold compile"])
def test_start(versus, what, tmp_path):
    """Whole processes; the rival only imports Numba and SciPy, and so is what nobody gets below."""
    ours = IMPORT if what == "import" else CALL
    number = itertools.count()

    def process(code):
        cache = tmp_path / (f"{next(number)}" if what == "cold compile" else "kept")
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_CACHE_DIR": str(cache)})

    versus(lambda: process(ours), lambda: process("import numba, scipy"), rounds=3, threads=0)
