"""The methods: one file each."""

from collections.abc import Callable
from typing import Any, NamedTuple

from . import adaptive, fixed_step
from .dop853 import DOP853
from .heun import Heun
from .problem import Chunk, Clock, Problem, Traces
from .rk4 import RK4
from .staggered import Staggered, refuse_nonlinear
from .statistics import Statistics, observe_all, observe_spikes
from .tsit5 import TSIT5


class Method(NamedTuple):
    """What selects the kernel's code or numbers, and what drives it."""

    tag: Any
    advance: Callable[..., Any]
    growth: float = 1.0  # by how much the first step may grow
    refuse: Callable[[Any, list[float]], None] = lambda model, state: None  # raises where a model is not for it

    @property
    def is_adaptive(self) -> bool:
        """Whether it chooses its own steps."""
        return self.advance is adaptive.advance


METHODS = {
    "rk4": Method(RK4(), fixed_step.advance),
    "heun": Method(Heun(), fixed_step.advance),
    "staggered": Method(Staggered(), fixed_step.advance, refuse=refuse_nonlinear),
    "dop853": Method(DOP853, adaptive.advance, adaptive.FASTEST),
    "tsit5": Method(TSIT5, adaptive.advance, adaptive.FASTEST),
}

__all__ = ["METHODS", "Chunk", "Clock", "Method", "Problem", "Statistics", "Traces", "observe_all", "observe_spikes"]
