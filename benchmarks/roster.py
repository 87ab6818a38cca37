"""Who is compared with whom, at what, with which settings."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastneuron._kernel import threads as _threads

from .asked import Asked
from .contenders.c import FLAGS
from .tasks import Brunel, Cobahh, Cycles, Forward, GapJunctions, Network, Population, Training


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
    truth : dict
        Options for its own finest run, where what it takes for a spike is something else than a crossing.
    """

    name: str
    file: str
    settings: str
    options: dict[str, Any] = {}
    against: dict[str, Any] = {}
    slopes: int = 4
    truth: dict[str, Any] = {}


class Match(NamedTuple):
    """One row: a contender, with so many threads, against ours with so many, which may do more of the same."""

    contender: Contender
    task: Any
    threads: int = 1
    ours: int = 1
    ours_task: Any = None


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
    Contender("NEST", "nest", "its RKF45, dt 0.1 ms", {"dt": 0.1}, RK4, truth={"dt": 0.01}),
]
OURS_COUPLED = Contender("fastneuron", "fastneuron", "RK4, dt 0.05 ms", RK4, RK4)  # shows that it runs

GRID, RK4_GRID = {"dt": 0.1}, {"method": "rk4", "dt": 0.1}
POINTS = [
    Contender("Brian2", "brian2", "exact, dt 0.1 ms", {**GRID, "flags": []}, RK4_GRID),
    Contender("Brian2, retuned", "brian2", "exact, dt 0.1 ms", {**GRID, "flags": RETUNED.split()}, RK4_GRID),
    Contender("NEST", "nest", "exact, dt 0.1 ms", GRID, RK4_GRID),
]

LONGER = {"method": "rk4", "dt": 0.4}  # still a hundred times as exact as what is summed once a step of 0.05 ms
TOUCHING = [
    Contender(f"Brian2, retuned{ours}", "brian2", "RK4, dt 0.05 ms", {**RK4, "flags": RETUNED.split()}, against)
    for ours, against in (("", RK4), ("; our step 0.4 ms", LONGER))
]
XPPAUT = Contender("XPPAUT", "xppaut", "RK4, dt 0.05 ms; no multipliers")
SKLEARN = Contender("scikit-learn", "sklearn", "")
NUMPY = Contender("NumPy", "numpy", "")
TORCH = Contender("PyTorch", "torch", "eager")
COMPILED = Contender("PyTorch, compiled", "torch", "torch.compile of forward, loss and backward", {"compiled": True})


def solvers(asked: Asked) -> list[Contender]:
    """Of each file one, ours first: whose processes are looked at as a whole."""
    if asked.quick:
        return [NUMPY]
    return [who for file, who in {who.file: who for who in (OURS, *reversed(SOLVERS))}.items() if asked.wants(file)]


def matches(part: str, quick: bool) -> list[Match]:
    """The rows of a part, in the order of its table."""
    return {"populations": _populations, "networks": _networks, "layers": _layers, "dynamics": _dynamics}[part](quick)


def _populations(quick: bool) -> list[Match]:
    """Every solver on one thread at every size; those that have threads, on all cores with 10,000 neurons.

    Brian2 with its own flags, which takes longest to compile, is in the rows of 10,000 neurons only.
    """
    if quick:
        tiny = Population("morris_lecar", 100, 40)
        return [Match(who._replace(against={}), tiny) for who in SOLVERS if who.name != "Brian2, retuned"]
    cores, found = _threads.available(), []
    sizes = {1: 4000, 100: 4000, 10_000: 400, 1_000_000: 10}
    tasks = [Population("morris_lecar", n, steps) for n, steps in sizes.items()]
    tasks += [Population("morris_lecar", 10_000, 400, every=20), Population("hodgkin_huxley", 10_000, 200)]
    for task in tasks:
        solvers = [who for who in SOLVERS if who.slopes or task.n <= 10_000]  # half a millisecond is no adaptive step
        solvers = [who for who in solvers if who.name != "Brian2" or (task.n == 10_000 and not task.every)]
        found += [Match(solver, task) for solver in solvers]
        if cores > 1 and task.n == 10_000 and not task.every:
            found.append(Match(OURS, task, 1, cores))
            parallel = [who for who in solvers if who.file in PARALLEL and who.name != "Brian2"]
            found += [Match(who, task, cores, cores) for who in parallel]
    return found


def _networks(quick: bool) -> list[Match]:
    """COBAHH, Brunel's network, gap junctions; what is cheap is timed over a longer run than what is dear."""
    if quick:
        small = [Match(who, Cobahh(20.0, 100)) for who in (OURS_COUPLED, *COUPLED)]
        small += [Match(who, Brunel(20.0, synapse, n=500)) for synapse in ("delta", "exponential") for who in POINTS]
        return [*small, *(Match(who, GapJunctions(6.0, 100)) for who in TOUCHING)]
    found = [Match(who, Cobahh(500.0 if "retuned" in who.name else 125.0)) for who in COUPLED]
    for synapse in ("delta", "exponential"):
        found += [Match(POINTS[1], Brunel(200.0, synapse)), Match(POINTS[2], Brunel(100.0, synapse))]
    return [*found, *(Match(who, GapJunctions(500.0)) for who in TOUCHING)]


def _layers(quick: bool) -> list[Match]:
    """Perceptrons, products, and nets of two sizes."""
    if quick:
        net = Network((64, 32, 10), 32, 1)
        return [
            Match(SKLEARN, Training(1, small=True)),
            *(Match(who, Forward(200, 784, 10)) for who in (NUMPY, TORCH)),
            *(Match(who, net) for who in (SKLEARN, TORCH)),
        ]
    cores = _threads.available()
    found = [Match(who, Training(5, dtype)) for dtype in ("float64", "float32") for who in (SKLEARN, NUMPY)]
    for task in (Forward(4000, 784, 10), Forward(4000, 784, 1), Forward(4000, 1000, 1000), Forward(1, 784, 10)):
        found += [Match(who, task) for who in (NUMPY, TORCH)]
    small, large = Network((64, 32, 10), 32, 20), Network((784, 1024, 10), 256, 1, "float32")
    found += [Match(who, small) for who in (SKLEARN, TORCH, COMPILED, NUMPY)]
    found += [Match(who, large, cores, cores) for who in (SKLEARN, TORCH, NUMPY)]
    found.append(Match(TORCH, Network((64, 32, 10), 32, 2, nets=100), 1, cores))
    return found


def _dynamics(quick: bool) -> list[Match]:
    """Cycles: ours of many neurons at once, XPPAUT's one after another."""
    return [Match(XPPAUT, Cycles(1 if quick else 10), ours_task=Cycles(100 if quick else 10_000))]
