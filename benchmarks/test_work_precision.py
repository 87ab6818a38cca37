"""Adaptive methods at equal error: against heyoka's Taylor series, and against our own RK4."""

import functools

import numpy as np
import pytest

from benchmarks.asked import Asked
from benchmarks.parts.precision import QUICK, SOLVERS, Task, equal, exact, measure, page

NAMED = {solver.name: solver for solver in SOLVERS}


@functools.cache
def truth(task):
    return exact(task)


def as_exact(name, task, error):
    """That solver at the loosest tolerance for which V at the end is right to `error` mV, in all neurons."""
    low, high = -15.5, -2.0  # log10
    for _ in range(7):
        middle = (low + high) / 2
        answer = NAMED[name].prepare(task, 10.0**middle)()
        good = np.abs(answer.V - truth(task).V).max() <= error
        low, high = (middle, high) if good else (low, middle)
    return NAMED[name].prepare(task, 10.0**low)


@pytest.mark.parametrize(("error", "at_least"), [(1e-6, 2.0), (1e-9, 1.8), (1e-12, 1.5)])
def test_against_heyoka(versus, quick, error, at_least):
    pytest.importorskip("heyoka")
    task = Task(64, 20.0) if quick else Task(4096, 100.0)
    ours, theirs = (as_exact(name, task, error) for name in ("fastneuron dop853", "heyoka"))
    versus(ours, theirs, at_least=at_least, name=f"{error:g} mV", work=task.n * task.duration / 0.05)


def test_against_rk4(versus, quick):
    """RK4 at 0.05 ms is right to 1.5e-7 mV."""
    task = Task(64, 20.0) if quick else Task(4096, 100.0)
    ours, theirs = as_exact("fastneuron dop853", task, 1.5e-7), NAMED["fastneuron rk4"].prepare(task, 0.05)
    versus(ours, theirs, at_least=3.0, work=task.n * task.duration / 0.05)


def test_the_comparison_still_runs(quick):
    if not quick:
        pytest.skip("the long form is `python -m benchmarks peers --parts precision`")
    found = measure(Asked(quick=True))
    assert {row["name"] for row in found["rows"]} | {*found["missing"]} == {*QUICK}
    assert all(row["largest_mV"] < 1e-2 for row in found["rows"])
    assert "\n".join(page(found)).count("\n| ") > len(found["rows"])


def test_times_of_equal_errors_lie_between_those_of_two_settings():
    def row(name, error, seconds):
        noise = {"floor": error, "spread": 0.0}
        return {"name": name, "largest_mV": error, "relative_time": 10 * seconds, "seconds": seconds, **noise}

    ours, theirs = "fastneuron dop853", "heyoka"
    rows = [row(ours, 1e-2, 1.0), row(ours, 1e-4, 4.0), row(theirs, 1e-2, 3.0), row(theirs, 1e-4, 12.0)]
    found = equal(rows, 1e-3)
    np.testing.assert_allclose([found["ours"], found["theirs"], found["ratio"]], [2.0, 6.0, 3.0])
    assert found["floor"] == 1e-2
    assert equal(rows, 1e-5) is None
