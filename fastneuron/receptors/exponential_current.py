"""A current that jumps at a spike and decays exponentially."""

from typing import Any, ClassVar

from .._parameters import Parameter
from .receptor import Mode, Receptor


class ExponentialCurrent(Receptor):
    """A current that jumps by the weight at a spike and decays: ``dI/dt = -I / tau``, whatever the voltage.

    Parameters
    ----------
    tau : float or (n,) array_like
        Time constant of the decay, ms; positive.
    """

    tau: Parameter
    units: ClassVar = {"tau": "ms"}
    positive: ClassVar = ("tau",)
    weight_units: ClassVar = "uA/cm^2"

    @staticmethod
    def response(p: Any) -> Any:
        """exp(-t / tau)."""
        return (Mode(1.0, 1.0 / p.tau),)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """The current itself."""
        return g
