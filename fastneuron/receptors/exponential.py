"""A conductance that jumps at a spike and decays exponentially."""

from typing import Any, ClassVar

from .._parameters import Parameter
from .receptor import Mode, Receptor


class Exponential(Receptor):
    """A conductance that jumps by the weight at a spike and decays: ``dg/dt = -g / tau``, ``I = g (E - V)``.

    Parameters
    ----------
    tau : float or (n,) array_like
        Time constant of the decay, ms; positive.
    E : float or (n,) array_like
        Reversal potential, mV.
    """

    tau: Parameter
    E: Parameter
    units: ClassVar = {"tau": "ms", "E": "mV"}
    positive: ClassVar = ("tau",)

    @staticmethod
    def response(p: Any) -> Any:
        """exp(-t / tau)."""
        return (Mode(1.0, 1.0 / p.tau),)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """Ohm's law."""
        return g * (p.E - V)
