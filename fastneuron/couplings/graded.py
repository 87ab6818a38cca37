"""A graded synapse: the sender's voltage opens it at once."""

from typing import Any, ClassVar, NamedTuple

from .._kernel.elementary import exp_bounded
from .._parameters import Parameter
from .kind import CouplingKind


class Constants(NamedTuple):
    """The parameters as a formula needs them."""

    E: float
    half: float
    steepness: float  # 2 / slope


class Graded(CouplingKind):
    """A graded synapse: ``I = weight (1 + tanh((V_pre - half) / slope)) / 2 (E - V_post)``.

    Parameters
    ----------
    E : float or array_like
        Reversal potential, mV.
    half : float or array_like
        The sender's voltage at which half of it is open, mV.
    slope : float or array_like
        How far from there it is open by 0.88, mV; negative, it is opened by hyperpolarisation; not 0.

    References
    ----------
    Skinner FK, Kopell N, Marder E (1994). Mechanisms for oscillation and frequency control in reciprocally inhibitory
    model neural networks. J Comput Neurosci 1:69-87. doi:10.1007/BF00962719
    """

    E: Parameter
    half: Parameter
    slope: Parameter
    units: ClassVar = {"E": "mV", "half": "mV", "slope": "mV"}
    nonzero: ClassVar = ("slope",)
    linear: ClassVar[bool] = True

    @staticmethod
    def prepare(p: Any) -> Constants:
        """A division, done once."""
        return Constants(p.E, p.half, 2.0 / p.slope)

    @staticmethod
    def sent(x: Any, p: Constants) -> Any:
        """The part that is open: (1 + tanh(y)) / 2 = 1 / (1 + exp(-2 y))."""
        return 1.0 / (1.0 + exp_bounded((p.half - x) * p.steepness, (700.0, 87.0)))

    @staticmethod
    def current(V_post: Any, x_pre: Any, p: Constants) -> Any:
        """Ohm's law."""
        return x_pre * (p.E - V_post)
