"""The methods: one file each."""

from collections.abc import Callable
from typing import Any, NamedTuple

from . import adaptive, fixed_step
from .dop853 import DOP853
from .heun import Heun
from .problem import Chunk, Clock, Problem, Traces, take_sample_of_all
from .rk4 import RK4
from .staggered import Staggered
from .statistics import SpikeTimes, Statistics, observe_all, observe_spikes
from .tableau import Tableau
from .tsit5 import TSIT5


class Method(NamedTuple):
    """A method, and what it can do."""

    name: str
    tag: Any  # what a kernel is given: its type selects the code; a table of numbers, if the method is one
    advance: Callable[..., Any]  # takes some neurons through a chunk
    new_clock: Callable[[int, float], Clock | None]
    noise: bool  # whether it takes noise
    single: bool  # whether it works in single precision
    refuse: Callable[[Any, list[float]], None]  # raises where a model is not for it
    stages: int = 0  # of a step, where neurons can see each other at each of them

    @property
    def is_adaptive(self) -> bool:
        """Whether it chooses its own steps."""
        return self.advance is adaptive.advance


def _refuse_none(model: Any, state: list[float]) -> None:
    """Any model will do."""


def _fixed_step(kind: Any) -> Method:
    refuse = getattr(kind, "refuse", _refuse_none)
    stages = len(getattr(kind, "stages", ((),))[0])
    return Method(kind.name, kind(), fixed_step.advance, lambda n, step: None, kind.noise, kind.single, refuse, stages)


def _adaptive(table: Tableau) -> Method:
    return Method(table.weights.name, table, adaptive.advance, adaptive.new_clock, False, False, _refuse_none)


METHODS = {
    method.name: method
    for method in (
        *map(_fixed_step, (RK4, Heun, Staggered)),
        *map(_adaptive, (DOP853, TSIT5)),
    )
}

__all__ = [
    "METHODS",
    "Chunk",
    "Clock",
    "Method",
    "Problem",
    "SpikeTimes",
    "Statistics",
    "Traces",
    "observe_all",
    "observe_spikes",
    "take_sample_of_all",
]
