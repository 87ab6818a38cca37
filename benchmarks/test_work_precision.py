"""Adaptive methods at equal error: against heyoka's Taylor series, and against our own RK4."""

import functools

import numpy as np
import pytest

from benchmarks.work_precision import SOLVERS, Task, compare, exact, markdown

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
        pytest.skip("the long form is `python -m benchmarks.work_precision`")
    found = compare(quick=True)
    assert {row["name"] for row in found["curves"]} | set(found["missing"]) == set(NAMED)
    assert all(row["largest_mV"] < 1e-2 for row in found["curves"])
    assert markdown(found).count("\n| ") > len(found["curves"])
