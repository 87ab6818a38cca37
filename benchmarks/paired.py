"""Two programs timed against each other on a noisy machine: alternately, as the median of paired ratios."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter, process_time
from typing import Any, NamedTuple

DISTRUST = 0.05  # a noise floor wider than this says more about the machine than about the programs


class Paired(NamedTuple):
    """What `paired` found.

    Attributes
    ----------
    ratio : float
        How many times as fast `a` is as `b`: the median over the rounds of (time of b) / (time of a).
    spread : float
        Half the distance between the quartiles of the ratios, as a fraction of `ratio`.
    a, b : float
        Median time of one call, s.
    floor : float
        How far the ratio of `a` to itself strays from 1: the larger of its bias and its spread.  It comes from the
        first and the last timing of each round, and so costs nothing.
    cores : float
        How many cores `a` had: its CPU time per second.  Less than its threads means that others had them.
    """

    ratio: float
    spread: float
    a: float
    b: float
    floor: float
    cores: float

    def __str__(self) -> str:
        return f"{self.ratio:.3g}x +- {100 * self.spread:.1f} %"


def paired(
    a: Callable[[], Any],
    b: Callable[[], Any],
    rounds: int = 7,
    least: float = 0.05,
    clock: Callable[[], float] = perf_counter,
) -> Paired:
    """Time `a` against `b`, in rounds of a b b a, so that what drifts slowly hits both alike.

    Parameters
    ----------
    a, b : callable
        Called without arguments; once each before the clock starts (compiles, warms caches).  One that has a method
        ``time(many)``, such as a `Worker`, which has run before, is asked for the time of a call and the cores it had.
    rounds : int, default 7
        How many ratios to take.
    least : float, default 0.05
        Each timing repeats its program until it lasts about this long, s; 0 has each run once.
    clock : callable, default time.perf_counter
        For programs of one thread in this process, ``time.process_time`` says what they take of a core, however many
        others want it; on an idle machine the two agree.

    Examples
    --------
    >>> result = paired(lambda: sum(range(1000)), lambda: sum(range(4000)), rounds=3, least=0.001)
    >>> result.ratio > 1
    True
    """
    many = {}
    for program in (a, b):
        if not hasattr(program, "time"):
            program()
        many[program] = max(1, round(least / max(_time(program, 1, clock)[0], 1e-9))) if least else 1
    collecting = gc.isenabled()
    gc.disable()
    try:
        timed = [[_time(program, many[program], clock) for program in (a, b, b, a)] for _ in range(rounds)]
    finally:
        if collecting:
            gc.enable()
    first, second, third, fourth = ([seconds for seconds, _ in column] for column in zip(*timed, strict=True))
    cores = statistics.median(cores for one, _, _, other in timed for _, cores in (one, other))
    in_a, in_b = _means(first, fourth), _means(second, third)
    ratio, spread = _ratio(in_b, in_a)
    same, noise = _ratio(fourth, first)
    return Paired(ratio, spread, statistics.median(in_a), statistics.median(in_b), max(abs(same - 1), noise), cores)


def until_quiet(attempt: Callable[[], Paired], attempts: int = 3) -> Paired:
    """Of some attempts the first whose noise floor is narrow, or that with the narrowest."""
    found: list[Paired] = []
    while len(found) < attempts and not (found and found[-1].floor < DISTRUST):
        found.append(attempt())
    return min(found, key=lambda one: one.floor)


def _means(x: Sequence[float], y: Sequence[float]) -> list[float]:
    return [(one + other) / 2 for one, other in zip(x, y, strict=True)]


def _ratio(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """The median of x / y, and half the distance between its quartiles as a fraction of it."""
    ratios = [one / other for one, other in zip(x, y, strict=True)]
    middle = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return middle, (high - low) / 2 / middle


def _time(program: Callable[[], Any], many: int, clock: Callable[[], float]) -> tuple[float, float]:
    """Seconds per call by that clock, and how many cores it had."""
    if hasattr(program, "time"):
        return program.time(many)
    wall, cpu, begin = perf_counter(), process_time(), clock()
    for _ in range(many):
        program()
    return (clock() - begin) / many, (process_time() - cpu) / (perf_counter() - wall)
