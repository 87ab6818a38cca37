"""Who is compared with whom, at what, with which settings."""

from __future__ import annotations

from typing import Any, NamedTuple

from .contenders.c import FLAGS
from .tasks import Brunel, Cobahh, Forward, Network, Population, Training

ROWS = {"populations": ("Population",), "networks": ("Cobahh", "Brunel"), "layers": ("Training", "Forward", "Network")}
PARTS = (*ROWS, "precision", "start", "memory", "roofline")  # of what `peers` measures: tasks of rows, and the rest


class Contender(NamedTuple):
    """A file in `contenders`, with options.

    Attributes
    ----------
    name : str
        In the tables.
    file : str
        Its name, and what ``--python`` calls it.
    settings : str
        What a reader has to know to judge it.
    options : dict
        For the function that prepares.
    against : dict
        Options for ours, where the same method at the same settings is the fair opponent.
    slopes : int
        Right-hand sides per step, where that is known; else 0.
    """

    name: str
    file: str
    settings: str
    options: dict[str, Any] = {}
    against: dict[str, Any] = {}
    slopes: int = 4


class Match(NamedTuple):
    """One row: a contender, with so many threads, against ours with so many."""

    contender: Contender
    task: Any
    threads: int = 1
    ours: int = 1


OURS = Contender("fastneuron", "fastneuron", "spike times found")
RETUNED = "-w -O3 -ffast-math -march=native -std=c++17 --param=vect-max-version-for-alias-checks=100"  # libmvec's exp
LOOSE = {"method": "dop853", "rtol": 1e-9, "atol": 1e-9}

SOLVERS = [
    Contender("C, AVX intrinsics", "c", " ".join(FLAGS["handwritten_rk4"]), {"source": "handwritten_rk4"}),
    Contender("C, plain", "c", " ".join(FLAGS["plain_rk4"]), {"source": "plain_rk4"}),
    Contender("Numba, plain", "numba", "fastmath=True"),
    Contender("NumPy", "numpy", "whole arrays"),
    Contender("JAX", "jax", "jit, x64, fori_loop"),
    Contender("BrainPy", "brainpy", "odeint, for_loop, x64"),
    Contender("Brian2", "brian2", "C++ standalone, its own flags, its own stopwatch", {"flags": []}),
    Contender("Brian2, retuned", "brian2", f"C++ standalone, {RETUNED}, its own stopwatch", {"flags": RETUNED.split()}),
    Contender(
        "heyoka", "heyoka", "Taylor, tol 1e-9, spikes not looked for; ours dop853, 1e-9", {"tol": 1e-9}, LOOSE, slopes=0
    ),
]
PARALLEL = ("jax", "brainpy", "brian2", "heyoka")  # those that have threads

RK4, CHEAP = {"method": "rk4", "dt": 0.05}, {"method": "staggered", "dt": 0.1}
EULER = {"method": "exponential_euler", "dt": 0.1}
COUPLED = [
    Contender("Brian2", "brian2", "RK4, dt 0.05 ms", {**RK4, "flags": []}, RK4),
    Contender("Brian2, retuned", "brian2", "RK4, dt 0.05 ms", {**RK4, "flags": RETUNED.split()}, RK4),
    Contender("Brian2", "brian2", "exponential Euler, dt 0.1 ms", {**EULER, "flags": []}, CHEAP),
    Contender("Brian2, retuned", "brian2", "exponential Euler, dt 0.1 ms", {**EULER, "flags": RETUNED.split()}, CHEAP),
    Contender("NEST", "nest", "its RKF45, dt 0.1 ms", {"dt": 0.1}, RK4),
]
OURS_COUPLED = [
    Contender("fastneuron", "fastneuron", "RK4, dt 0.05 ms", RK4, RK4),
    Contender("fastneuron", "fastneuron", "staggered, dt 0.1 ms", CHEAP, CHEAP),
]

GRID, RK4_GRID = {"dt": 0.1}, {"method": "rk4", "dt": 0.1}
POINTS = [
    Contender("Brian2", "brian2", "exact, dt 0.1 ms", {**GRID, "flags": []}, RK4_GRID),
    Contender("Brian2, retuned", "brian2", "exact, dt 0.1 ms", {**GRID, "flags": RETUNED.split()}, RK4_GRID),
    Contender("NEST", "nest", "exact, dt 0.1 ms", GRID, RK4_GRID),
]

SKLEARN = Contender("scikit-learn", "sklearn", "")
NUMPY = Contender("NumPy", "numpy", "")
TORCH = Contender("PyTorch", "torch", "eager")
COMPILED = Contender("PyTorch, compiled", "torch", "torch.compile of forward, loss and backward", {"compiled": True})


def matches(quick: bool, cores: int) -> list[Match]:
    """Every row, in the order of the tables."""
    if quick:
        tiny = Population("morris_lecar", 100, 40)
        others = Population("morris_lecar", 100, 40, every=20), Population("hodgkin_huxley", 100, 40)
        net = Network((64, 32, 10), 32, 1)
        return [
            *(Match(solver._replace(against={}), tiny) for solver in SOLVERS if solver.name != "Brian2, retuned"),
            *(Match(NUMPY, task) for task in others),
            *(Match(who, Training(1)) for who in (SKLEARN, NUMPY)),
            *(Match(who, Forward(200, 784, 10)) for who in (NUMPY, TORCH)),
            *(Match(who, net) for who in (SKLEARN, TORCH, NUMPY)),
            *(Match(who, Cobahh(20.0, 100)) for who in (*OURS_COUPLED, *COUPLED)),
            *(Match(who, Brunel(20.0, synapse, n=500)) for synapse in ("delta", "exponential") for who in POINTS),
        ]
    found = []
    sizes = {1: 4000, 100: 4000, 10_000: 400, 1_000_000: 10}
    populations = [Population("morris_lecar", n, steps) for n, steps in sizes.items()]
    populations += [Population("morris_lecar", 10_000, 400, every=20), Population("hodgkin_huxley", 10_000, 200)]
    for task in populations:
        solvers = [who for who in SOLVERS if who.slopes or task.n <= 10_000]  # half a millisecond is no adaptive step
        found += [Match(solver, task) for solver in solvers]
        if cores > 1:
            found.append(Match(OURS, task, 1, cores))
            if task.n > 1:
                found += [Match(solver, task, cores, cores) for solver in solvers if solver.file in PARALLEL]
    found += [Match(who, Training(5, dtype)) for dtype in ("float64", "float32") for who in (SKLEARN, NUMPY)]
    for task in (Forward(4000, 784, 10), Forward(4000, 784, 1), Forward(4000, 1000, 1000), Forward(1, 784, 10)):
        found += [Match(who, task) for who in (NUMPY, TORCH)]
    small, large = Network((64, 32, 10), 32, 20), Network((784, 1024, 10), 256, 1, "float32")
    found += [Match(who, small) for who in (SKLEARN, TORCH, COMPILED, NUMPY)]
    found += [Match(who, large, cores, cores) for who in (SKLEARN, TORCH, COMPILED, NUMPY)]
    found.append(Match(TORCH, Network((64, 32, 10), 32, 2, nets=100), 1, cores))
    second = Cobahh(1000.0)
    found += [Match(who, second) for who in COUPLED]
    if cores > 1:
        found += [Match(who, second, 1, cores) for who in OURS_COUPLED]
    found += [Match(who, Brunel(200.0, synapse)) for synapse in ("delta", "exponential") for who in POINTS]
    return found
