"""COBAHH fires as in Brian2 at a fine step: the stored result of `python -m benchmarks.rates`, and a run of today."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import rates
from benchmarks.contenders import fastneuron
from benchmarks.tasks import Cobahh

ROOT = Path(__file__).parents[1]
FILE = ROOT / "benchmarks/results/rates.json"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="`python -m benchmarks.rates` has not stored a result")
STORED = json.loads(FILE.read_text()) if FILE.exists() else {}


@pytest.fixture(scope="module")
def programs():
    """Brian2's rows of rate and variation, and each of ours."""
    brian2, *ours = map(np.array, STORED["programs"].values())
    return brian2, ours


def test_rate_and_variation_are_within_the_spread_from_network_to_network(programs):
    brian2, ours = programs
    assert len(ours) == 2
    for rows in ours:
        assert len(rows) == len(brian2) == 10
        assert (np.abs(rows.mean(0) - brian2.mean(0)) < brian2.std(0, ddof=1)).all()


def test_the_guide_says_what_is_stored():
    assert rates.sentence(STORED) in rates.PAGE.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"method": "rk4", "dt": 0.05}, {"method": "staggered", "dt": 0.1}], ids=str)
def test_a_run_of_today_fires_as_often(options, programs):
    brian2, _ = programs
    found = fastneuron.cobahh(Cobahh(STORED["duration"]), 1, **options)()()
    assert (np.abs(found - brian2.mean(0)) < 3 * brian2.std(0, ddof=1)).all()
