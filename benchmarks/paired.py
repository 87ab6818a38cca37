"""Two programs timed against each other on a noisy machine: alternately, as the median of paired ratios."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from time import perf_counter
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
    """

    ratio: float
    spread: float
    a: float
    b: float

    def __str__(self) -> str:
        return f"{self.ratio:.3g}x +- {100 * self.spread:.1f} %"


def paired(a: Callable[[], Any], b: Callable[[], Any], rounds: int = 7, least: float = 0.05) -> Paired:
    """Time `a` against `b`, in rounds of a b b a, so that what drifts slowly hits both alike.

    Parameters
    ----------
    a, b : callable
        Called without arguments; once each before the clock starts (compiles, warms caches).
    rounds : int, default 7
        How many ratios to take.
    least : float, default 0.05
        Each timing repeats its program until it lasts about this long, s.

    Examples
    --------
    >>> result = paired(lambda: sum(range(1000)), lambda: sum(range(4000)), rounds=3, least=0.001)
    >>> result.ratio > 1
    True
    """
    many = {}
    for program in (a, b):
        program()
        many[program] = max(1, round(least / max(_time(program, 1), 1e-9)))
    collecting = gc.isenabled()
    gc.disable()
    try:
        pairs = []
        for _ in range(rounds):
            first, second, third, fourth = (_time(program, many[program]) for program in (a, b, b, a))
            pairs.append(((first + fourth) / 2, (second + third) / 2))
    finally:
        if collecting:
            gc.enable()
    ratios = [in_b / in_a for in_a, in_b in pairs]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if rounds > 1 else ratios * 3
    return Paired(ratio, (high - low) / 2 / ratio, *(statistics.median(times) for times in zip(*pairs, strict=True)))


def noise_floor(a: Callable[[], Any], rounds: int = 7, least: float = 0.05) -> float:
    """How far the ratio of a program to itself strays from 1 on this machine, now: the larger of bias and spread."""
    same = paired(a, lambda: a(), rounds, least)
    return max(abs(same.ratio - 1), same.spread)


def _time(program: Callable[[], Any], many: int) -> float:
    """Seconds per call."""
    begin = perf_counter()
    for _ in range(many):
        program()
    return (perf_counter() - begin) / many
