"""A current that rises and decays exponentially."""

from typing import Any, ClassVar

from .._parameters import Parameter
from .double_exponential import rise_and_decay
from .receptor import Receptor


class DoubleExponentialCurrent(Receptor):
    """A current that rises and decays, ``exp(-t / decay) - exp(-t / rise)`` with its peak at the weight.

    Parameters
    ----------
    rise, decay : float or (n,) array_like
        Time constants, ms; positive, `rise` below `decay`.
    """

    rise: Parameter
    decay: Parameter
    units: ClassVar = {"rise": "ms", "decay": "ms"}
    positive: ClassVar = ("rise", "decay")
    ordered: ClassVar = ("rise", "decay")
    weight_units: ClassVar = "uA/cm^2"

    @staticmethod
    def response(p: Any) -> Any:
        """Two exponentials."""
        return rise_and_decay(p.rise, p.decay)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """The current itself."""
        return g
