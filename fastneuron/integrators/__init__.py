"""The methods: one file each."""

from .fixed_step import Columns, Span, SpikeBuffer, Traces, integrate
from .rk4 import RK4

METHODS = {"rk4": RK4()}

__all__ = ["METHODS", "Columns", "Span", "SpikeBuffer", "Traces", "integrate"]
