"""A current in the form of the alpha function."""

import math
from typing import Any, ClassVar

from .._parameters import Parameter
from .receptor import Mode, Receptor


class AlphaCurrent(Receptor):
    """A current in the form of the alpha function, ``t / tau exp(1 - t / tau)`` with its peak at the weight.

    Parameters
    ----------
    tau : float or (n,) array_like
        Time from a spike to the peak, ms; positive.
    """

    tau: Parameter
    units: ClassVar = {"tau": "ms"}
    positive: ClassVar = ("tau",)
    weight_units: ClassVar = "uA/cm^2"

    @staticmethod
    def response(p: Any) -> Any:
        """The peak, at tau, is 1."""
        return (Mode(math.e / p.tau, 1.0 / p.tau, power=1),)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """The current itself."""
        return g
