"""``fastneuron benchmark``: how fast this machine is, against plain Numba and SciPy."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np

from .. import _check, models
from .._kernel import threads as _threads
from .._simulate import simulate


def add(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.set_defaults(command=run)
    parser.add_argument("--neurons", type=int, default=4096, metavar="N", help="size (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="repetitions, in turns (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> None:
    """Print a table of speeds and errors."""
    from .._baselines import numba_rk4, scipy_solve

    n, rounds = _check.whole("--neurons", options.neurons, 1), _check.whole("--rounds", options.rounds, 1)
    model, duration, dt = models.MorrisLecar.hopf(), 100.0, 0.05
    current = np.linspace(80.0, 130.0, n)
    begun = simulate(model, dt, dt, current, record=("V", "N"))
    V, N = begun["V"][:, 0].copy(), begun["N"][:, 0].copy()

    def ours(threads: int, dt: float) -> np.ndarray:
        return simulate(model, duration, dt, current, threads=threads).state["V"]

    def plain_numba() -> np.ndarray:
        v = V.copy()
        numba_rk4(v, N.copy(), current, dt, round(duration / dt), np.zeros(n, np.int64))
        return v

    def scipy(method: str, tolerance: float) -> np.ndarray:
        return scipy_solve(V, N, current, duration, method=method, rtol=tolerance, atol=tolerance)[0]

    cores = _threads.available()
    counts = sorted({2**k for k in range(cores.bit_length())} | {cores})
    programs: dict[str, Callable[[], np.ndarray]] = {}
    for threads in counts:
        programs[f"fastneuron, dt 0.05, {_counted(threads, 'thread')}"] = partial(ours, threads, dt)
    programs["fastneuron, dt 0.25, 1 thread"] = partial(ours, 1, 0.25)
    programs["plain Numba with fastmath, dt 0.05, 1 thread"] = plain_numba
    programs["SciPy solve_ivp DOP853, tolerance 1e-8"] = partial(scipy, "DOP853", 1e-8)
    programs["SciPy solve_ivp RK45, tolerance 1e-4"] = partial(scipy, "RK45", 1e-4)

    print(f"{n:,} Morris-Lecar neurons (hopf, I = 80 to 130), {duration:g} ms, float64; median of {rounds} turns")
    exact = ours(cores, 0.005)
    errors = {name: np.abs(program() - exact).max() for name, program in programs.items()}  # compiles, too
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            begin = perf_counter()
            program()
            times[name].append(perf_counter() - begin)
    wide = max(map(len, programs))
    print(f"{'':{wide}}  neuron-s per s   error in V     speed")
    first = times[next(iter(times))]
    for name, taken in times.items():
        speed = n * duration / 1000 / statistics.median(taken)
        ratio = statistics.median(mine / other for mine, other in zip(first, taken, strict=True))
        print(f"{name:{wide}}  {speed:14,.0f}  {errors[name]:8.1e} mV  {ratio:7.3g}x")
    steps = n * duration / dt / statistics.median(first) / 1e6
    print(f"One thread takes {steps:.1f} million neuron-steps per second: a neuron-second is {1000 / dt:,.0f} steps.")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"
