"""What a kind of coupling is: what a neuron sends at every moment, and the current that another has from it."""

from __future__ import annotations

from typing import Any, ClassVar

from .._kernel.jit import generic, specialises
from .._parameters import Parametrised, formula


class CouplingKind(Parametrised):
    """Base class of the kinds of coupling.  A subclass is a kind, an instance is one with its parameters chosen.

    A subclass lists its parameters as annotated class attributes, and has static methods in scalar arithmetic:

    ``current(V_post, x_pre, p)``
        The current into the receiving neuron (uA/cm^2) from one sender, at weight 1: `V_post` is the receiver's
        voltage (mV), `x_pre` what the sender sends.  It is multiplied by the weight.
    ``sent(x, p)``
        Optional: what a neuron sends, the state `x` being read of it; the state itself, unless a subclass says
        otherwise.  It is worked out once for all whom a neuron sends to.
    ``prepare(p)``
        Optional: a NamedTuple worked out once per run from the parameters, which the others then get as `p`.

    ``reads``
        The name of the state that is read of the sender; None, its voltage, which is the first state.
    ``symmetric``
        Whether a coupling acts in both directions unless it says otherwise.
    ``linear``
        Whether `current` is a straight line in `x_pre`: what reaches a neuron from many is then a sum of `x_pre`.

    Examples
    --------
    A gap junction that lets through more in one direction:

    >>> import fastneuron as fn
    >>> class Rectifying(fn.CouplingKind):
    ...     less: float = 0.1
    ...
    ...     @staticmethod
    ...     def current(V_post, x_pre, p):
    ...         return fn.math.where(x_pre > V_post, 1.0, p.less) * (x_pre - V_post)
    >>> Rectifying(less=0.2)
    Rectifying(less=0.2)
    """

    formulas: ClassVar = ("prepare", "sent", "current")
    weight_units: ClassVar[str] = "mS/cm^2"
    reads: ClassVar[str | None] = None
    symmetric: ClassVar[bool] = False
    linear: ClassVar[bool] = False

    @staticmethod
    def prepare(p: Any) -> Any:
        """What the other formulas get as `p`: here, the parameters themselves."""
        return p

    @staticmethod
    def sent(x: Any, p: Any) -> Any:
        """What a neuron sends: here, the state that is read of it."""
        return x

    @staticmethod
    def current(V_post: Any, x_pre: Any, p: Any) -> Any:
        """The current into the receiver."""
        raise NotImplementedError


@generic
def prepare_coupling(parameters):
    """Return the constants that `sent` and `coupling_current` want, by the parameters of a kind."""


@generic
def sent(kind_type, x, prepared):
    """Return what a neuron sends by its state `x`; the type of `kind_type` selects the formula."""


@generic
def coupling_current(kind_type, V_post, x_pre, prepared):
    """Return the current into a neuron at the voltage `V_post` from one that sends `x_pre`, at weight 1."""


@specialises(prepare_coupling)
def _prepare_coupling(parameters):
    function = formula(parameters, "prepare")
    return lambda parameters: function(parameters)


@specialises(sent)
def _sent(kind_type, x, prepared):
    function = formula(kind_type, "sent")
    return lambda kind_type, x, prepared: function(x, prepared)


@specialises(coupling_current)
def _coupling_current(kind_type, V_post, x_pre, prepared):
    function = formula(kind_type, "current")
    return lambda kind_type, V_post, x_pre, prepared: function(V_post, x_pre, prepared)
