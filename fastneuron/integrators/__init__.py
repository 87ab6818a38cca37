"""The methods: one file each."""

from collections.abc import Callable
from typing import Any, NamedTuple

from . import adaptive, fixed_step
from .dop853 import DOP853
from .heun import Heun
from .problem import Problem, Traces
from .rk4 import RK4
from .tsit5 import TSIT5


class Method(NamedTuple):
    """What selects the kernel's code or numbers, and what drives it."""

    tag: Any
    advance: Callable[..., Any]

    @property
    def is_adaptive(self) -> bool:
        """Whether it chooses its own steps."""
        return self.advance is adaptive.advance


METHODS = {
    "rk4": Method(RK4(), fixed_step.advance),
    "heun": Method(Heun(), fixed_step.advance),
    "dop853": Method(DOP853, adaptive.advance),
    "tsit5": Method(TSIT5, adaptive.advance),
}

__all__ = ["METHODS", "Method", "Problem", "Traces"]
