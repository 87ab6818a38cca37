"""What a receptor is: a conductance that follows each spike in a way of its own, and the current it lets through."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

from .._kernel.jit import generic, specialises
from .._parameters import Parametrised, formula


class Mode(NamedTuple):
    """A term ``amplitude * t**power * exp(-rate * t)`` of a response, t ms after the spike has arrived."""

    amplitude: Any  # a number, or (n,) one per neuron
    rate: Any  # 1/ms, positive
    power: int = 0  # 0 or 1


class Receptor(Parametrised):
    """Base class of the receptors.  A subclass is a receptor, an instance is one with its parameters chosen.

    A subclass lists its parameters as annotated class attributes, a scalar or one value per neuron each, and has:

    ``response(p)``
        Static method in plain Python: the conductance after a spike of weight 1, as a sequence of `Mode`; `p` has the
        parameters.
    ``current(V, g, p)``
        Static method in scalar arithmetic: the current into the neuron (uA/cm^2) at the voltage V (mV) and the
        conductance g, which is the sum of all responses times their weights.

    ``weight_units``
        Units of a weight; of g as well.

    Examples
    --------
    A synapse with two time constants of decay:

    >>> import fastneuron as fn
    >>> class Slow(fn.Receptor):
    ...     E: float = 0.0
    ...     tau: float = 2.0
    ...     tau_slow: float = 80.0
    ...
    ...     @staticmethod
    ...     def response(p):
    ...         return fn.Mode(0.8, 1 / p.tau), fn.Mode(0.2, 1 / p.tau_slow)
    ...
    ...     @staticmethod
    ...     def current(V, g, p):
    ...         return g * (p.E - V)
    >>> Slow(tau=3.0)
    Slow(E=0, tau=3, tau_slow=80)
    """

    formulas: ClassVar = ("current",)
    weight_units: ClassVar[str] = "mS/cm^2"
    lasts: ClassVar[bool] = True  # whether anything remains of a spike after it

    @staticmethod
    def response(p: Any) -> Sequence[Mode]:
        """The conductance after a spike of weight 1."""
        raise NotImplementedError

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """The current into the neuron."""
        raise NotImplementedError

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The response of this receptor; ValueError where it is no sum of modes."""
        modes = tuple(self.response(SimpleNamespace(**self.parameters)))
        if bool(modes) != self.lasts or not all(isinstance(mode, Mode) and mode.power in (0, 1) for mode in modes):
            raise ValueError(
                f"{type(self).__name__}.response must return Modes, of power 0 or 1, as in (Mode(1.0, 1 / p.tau),)"
            )
        return modes


@generic
def receptor_current(receptor_type, V, g, parameters):
    """Return the current that a receptor lets through; the type of `receptor_type` selects its formula."""


@specialises(receptor_current)
def _receptor_current(receptor_type, V, g, parameters):
    function = formula(receptor_type, "current")
    return lambda receptor_type, V, g, parameters: function(V, g, parameters)
