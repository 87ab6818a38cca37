"""The methods: one file each."""

from .block import Columns, SpikeBuffer, Traces
from .fixed_step import Span, integrate
from .rk4 import RK4

METHODS = {"rk4": RK4()}

__all__ = ["METHODS", "Columns", "Span", "SpikeBuffer", "Traces", "integrate"]
