"""A conductance that rises and decays exponentially."""

from typing import Any, ClassVar

import numpy as np

from .._parameters import Parameter
from .receptor import Mode, Receptor


def rise_and_decay(rise: Any, decay: Any) -> tuple[Mode, Mode]:
    """``exp(-t / decay) - exp(-t / rise)``, scaled to a peak of 1."""
    peak = np.log(decay / rise) * rise * decay / (decay - rise)  # ms after the spike
    scale = 1.0 / (np.exp(-peak / decay) - np.exp(-peak / rise))
    return Mode(scale, 1.0 / decay), Mode(-scale, 1.0 / rise)


class DoubleExponential(Receptor):
    """A conductance that rises and decays, ``exp(-t / decay) - exp(-t / rise)`` with its peak at the weight.

    Parameters
    ----------
    rise, decay : float or (n,) array_like
        Time constants, ms; positive, `rise` below `decay`.
    E : float or (n,) array_like
        Reversal potential, mV.
    """

    rise: Parameter
    decay: Parameter
    E: Parameter
    units: ClassVar = {"rise": "ms", "decay": "ms", "E": "mV"}
    positive: ClassVar = ("rise", "decay")
    ordered: ClassVar = ("rise", "decay")

    @staticmethod
    def response(p: Any) -> Any:
        """Two exponentials."""
        return rise_and_decay(p.rise, p.decay)

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """Ohm's law."""
        return g * (p.E - V)
