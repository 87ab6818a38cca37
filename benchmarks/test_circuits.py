"""Circuits against their own cells, and that the benchmark of three cells still runs."""

import numpy as np
import pytest

import fastneuron as fn
from benchmarks import circuits

N = 2048
GRADED = fn.Graded(E=-75.0, half=0.0, slope=10.0)


@pytest.mark.parametrize(
    ("kind", "at_least"), [(fn.GapJunction(), 0.9), (GRADED, 0.6)], ids=["gap junctions", "graded synapses"]
)
def test_a_circuit_against_its_cells(versus, quick, kind, at_least):
    """A graded synapse is a third exponential and a second division beside a Morris-Lecar cell's two and one."""
    cell, current = fn.MorrisLecar.hopf(), np.linspace(80.0, 130.0, N)
    pair = fn.Circuit({"A": cell, "B": cell}, [fn.Coupling("A", "B", kind, weight=0.1, symmetric=True)])
    steps = 20 if quick else 500
    given = {"duration": 0.05 * steps, "threads": 1, "spike_times": False}
    versus(
        lambda: fn.simulate(pair, current=current, **given),
        lambda: fn.simulate(cell, current=np.repeat(current, 2), **given),
        at_least=at_least,
        work=2 * N * steps,
    )


def test_three_cells_still_run(quick):
    if not quick:
        pytest.skip("the long form is `python -m benchmarks.circuits`")
    found = circuits.measure(1.0, levels=(0.0, 0.005))
    assert found.circuits == 64
    assert found.rate > 0
