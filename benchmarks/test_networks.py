"""Networks: that what is measured still runs; the gate knows a task of another revision."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gate, rates
from benchmarks.asked import Asked
from benchmarks.parts import network_precision, pieces


@pytest.mark.each
@pytest.mark.parametrize("piece", pieces.PIECES)
def test_the_pieces_still_run(piece, quick):
    if not quick:
        pytest.skip("the long form is `python -m benchmarks peers --parts pieces`")
    for found in pieces.PIECES[piece](quick=True):
        assert np.isfinite(found.value), found.what


def test_error_against_time_still_runs(quick):
    if not quick:
        pytest.skip("the long form is `python -m benchmarks peers --parts network_precision`")
    found = network_precision.measure(Asked(quick=True))
    assert {row["name"] for row in found["rows"]} == {"fastneuron rk4"}
    assert all(row["median_mV"] < 1.0 for row in found["rows"])
    assert not found["missing"]


def test_rates_still_run(quick):
    if not quick:
        pytest.skip("the long form is `python -m benchmarks.rates`")
    found = rates.measure(sys.executable, 1, 20.0, 100)
    assert len(found["programs"]) + len(found["missing"]) == 3
    assert len(rates.markdown(found).splitlines()) == 8


def test_the_gate_knows_who_cannot():
    worker = gate.Worker(Path(sys.executable))
    assert worker("np.zeros(3)")
    assert not worker("fn.what_another_revision_has()")
    worker.end()
