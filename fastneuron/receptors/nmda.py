"""The NMDA receptor: a slow conductance that magnesium blocks at rest."""

from typing import Any, ClassVar

from .._kernel.elementary import exp
from .._parameters import Parameter
from .double_exponential import rise_and_decay
from .receptor import Receptor


class NMDA(Receptor):
    """A slow conductance that magnesium blocks at rest: ``I = g (E - V) / (1 + Mg / 3.57 exp(-0.062 V))``.

    g rises and decays as that of `DoubleExponential`.

    Parameters
    ----------
    rise, decay : float or (n,) array_like, default 2 and 100
        Time constants, ms; positive, `rise` below `decay`.
    E : float or (n,) array_like, default 0
        Reversal potential, mV.
    Mg : float or (n,) array_like, default 1
        Concentration of magnesium outside the cell, mM; 0 or more.

    References
    ----------
    Jahr CE, Stevens CF (1990). Voltage dependence of NMDA-activated macroscopic conductances predicted by
    single-channel kinetics. J Neurosci 10:3178-3182, eq. 4a. doi:10.1523/JNEUROSCI.10-09-03178.1990
    """

    rise: Parameter = 2.0
    decay: Parameter = 100.0
    E: Parameter = 0.0
    Mg: Parameter = 1.0
    units: ClassVar = {"rise": "ms", "decay": "ms", "E": "mV", "Mg": "mM"}
    positive: ClassVar = ("rise", "decay")
    nonnegative: ClassVar = ("Mg",)
    ordered: ClassVar = ("rise", "decay")

    @staticmethod
    def response(p: Any) -> Any:
        """Two exponentials."""
        return rise_and_decay(p.rise, p.decay)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """Ohm's law, times the part of the channels that is not blocked."""
        return g * (p.E - V) / (1.0 + p.Mg * (1.0 / 3.57) * exp(-0.062 * V))
