"""Receptors: what a spike opens in the neuron that it reaches.  One class, one file."""

from .alpha import Alpha
from .alpha_current import AlphaCurrent
from .delta import Delta
from .double_exponential import DoubleExponential
from .double_exponential_current import DoubleExponentialCurrent
from .exponential import Exponential
from .exponential_current import ExponentialCurrent
from .nmda import NMDA
from .receptor import Mode, Receptor

__all__ = [
    "NMDA",
    "Alpha",
    "AlphaCurrent",
    "Delta",
    "DoubleExponential",
    "DoubleExponentialCurrent",
    "Exponential",
    "ExponentialCurrent",
    "Mode",
    "Receptor",
]
