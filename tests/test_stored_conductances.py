"""Error against time on Hodgkin-Huxley and Traub-Miles neurons: what the guide says is the stored run, and still so."""

import json
from pathlib import Path

import pytest

from benchmarks import conductances

FILE = Path(__file__).parents[1] / "benchmarks/results/conductances.json"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="`python -m benchmarks.conductances` has not stored a result")
STORED = json.loads(FILE.read_text()) if FILE.exists() else {}


def test_the_guide_has_the_stored_table():
    assert f"<!-- conductances -->\n{conductances.table(STORED)}\n\n" in conductances.PAGE.read_text(encoding="utf-8")
    assert conductances.markdown(STORED) == FILE.with_suffix(".md").read_text(encoding="utf-8")
    assert STORED["n"] == conductances.N


def test_each_method_is_as_exact_as_its_order_makes_it():
    """From a step to its half, and from a tolerance to the next."""
    for model in conductances.MODELS:
        error = {(row["method"], row["setting"]): row["error"] for row in STORED["rows"] if row["model"] == model}
        assert error["rk4", 0.1] is None
        assert 12 < error["rk4", 0.05] / error["rk4", 0.025] < 20
        assert 3 < error["staggered", 0.05] / error["staggered", 0.025] < 5
        assert error["dop853", 1e-4] > error["dop853", 1e-6] > error["dop853", 1e-9]


@pytest.mark.slow
@pytest.mark.parametrize("setting", [("rk4", 0.05), ("staggered", 0.1), ("dop853", 1e-6)], ids=str)
def test_a_run_of_today_is_as_exact(setting):
    exact, found = (conductances.run("Traub-Miles", *one) for one in (conductances.TRUTH, setting))
    stored = conductances.row_of(STORED, "Traub-Miles", *setting)
    assert conductances.error(found, exact) == pytest.approx(stored["error"], rel=0.02)
