"""Memory: the states and what was asked for, and no copy of a scalar for each neuron."""

import numpy as np
import pytest

import fastneuron as fn

pytest.importorskip("resource")

# run twice: n neurons in a process of their own, and the peak of its memory beyond that of a few neurons
PROGRAM = """
import resource, sys
from pathlib import Path
import numpy as np
import fastneuron as fn
n, steps, arrays, extra = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), eval(sys.argv[4])
status = Path("/proc/self/status")
def peak():
    if status.exists():  # elsewhere the peak of the parent process may be handed down
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
def run(n):
    given = {name: np.full(n, value) for name, value in [("V3", 2.0), ("V4", 30.0), ("phi", 0.04)][:arrays]}
    return fn.simulate(fn.MorrisLecar.hopf(**given), steps * 0.05, current=np.full(n, 90.0), **extra)
run(5000)
try:
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports
except OSError:
    pass
before = peak()
result = run(n)
print((peak() - before) / n)
"""


@pytest.fixture
def bytes_per_neuron(python):
    fn.simulate(fn.MorrisLecar.hopf(), 0.05, current=np.zeros(5000))  # compiling takes more memory than running

    def measure(n, steps, arrays=0, **extra):
        return float(python(PROGRAM, n, steps, arrays, repr(extra)))

    return measure


SIZE = 1_000_000
VALUE = 8  # bytes
# V, N and the count; the current as given, checked, and laid out for the kernel; a value of slack
PLAIN = 7 * VALUE


def test_scalars_are_not_blown_up(bytes_per_neuron):
    """Twelve parameters as arrays would be 96 bytes."""
    assert 2 * VALUE < bytes_per_neuron(SIZE, 10) <= PLAIN


def test_nothing_grows_with_the_steps(bytes_per_neuron):
    assert bytes_per_neuron(SIZE, 50) <= PLAIN


def test_an_array_costs_what_it_holds(bytes_per_neuron):
    """As given, as the model's own copy, and laid out for the kernel."""
    assert bytes_per_neuron(SIZE, 10, arrays=3) <= PLAIN + 3 * 3 * VALUE


def test_only_what_is_asked_for_is_recorded(bytes_per_neuron):
    assert bytes_per_neuron(SIZE, 10, record="V", neurons=[0, 17, 4_999]) <= PLAIN
    # 3 samples; which neurons, in which order, and which row
    assert bytes_per_neuron(SIZE, 10, record="V", every=5) <= PLAIN + 3 * VALUE + 3 * VALUE


@pytest.mark.slow
def test_ten_million_neurons(bytes_per_neuron):
    assert bytes_per_neuron(10_000_000, 5) <= PLAIN
