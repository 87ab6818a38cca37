"""A conductance in the form of the alpha function."""

import math
from typing import Any, ClassVar

from .._parameters import Parameter
from .receptor import Mode, Receptor


class Alpha(Receptor):
    """A conductance in the form of the alpha function, ``t / tau exp(1 - t / tau)`` with its peak at the weight.

    Parameters
    ----------
    tau : float or (n,) array_like
        Time from a spike to the peak, ms; positive.
    E : float or (n,) array_like
        Reversal potential, mV.

    References
    ----------
    Rall W (1967). Distinguishing theoretical synaptic potentials computed for different soma-dendritic distributions
    of synaptic input. J Neurophysiol 30:1138-1168. doi:10.1152/jn.1967.30.5.1138
    """

    tau: Parameter
    E: Parameter
    units: ClassVar = {"tau": "ms", "E": "mV"}
    positive: ClassVar = ("tau",)

    @staticmethod
    def response(p: Any) -> Any:
        """The peak, at tau, is 1."""
        return (Mode(math.e / p.tau, 1.0 / p.tau, power=1),)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """Ohm's law."""
        return g * (p.E - V)
