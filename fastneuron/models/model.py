"""What a model is: named states, named parameters, a derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numba import types

from .._check import known, number, shown
from .._kernel.jit import specialises
from .._parameters import Parameter, Parametrised, formula

__all__ = ["Model", "Parameter", "derivative", "gates", "prepare"]


class Model(Parametrised):
    """Base class of the neuron models.  A subclass is a model, an instance is a model with its parameters chosen.

    A subclass lists its parameters as annotated class attributes with default values, and has:

    ``states``
        Mapping from each state's name to its initial value, in the order in which `derivative` takes and returns them:
        a number, or a function ``(V, parameters)`` of the first state's initial value.  The first state is the voltage.
    ``derivative(*states, I, p)``
        Static method in scalar arithmetic: the time derivative of each state, per ms; `I` is the current, `p` what
        `prepare` returned.
    ``gates(V, p)``
        Static method, optional: a tuple of what is costly and depends on the voltage alone; `derivative` then gets it
        as one more argument.  A loop of its own keeps more neurons in flight (67 instead of 52 million neuron-steps/s
        for Morris-Lecar on one Zen 3 core).
    ``prepare(p)``
        Static method, optional: a NamedTuple worked out once per run from the parameters `p`.
    ``threshold``
        A spike is an upward crossing of it by the first state (mV).
    ``units``, ``positive``, ``nonzero``, ``presets``
        Units by name; parameters that must be positive or not 0; names of the methods that give published sets.

    Parameters
    ----------
    **parameters : float or (n,) array_like
        Any parameter by name: a scalar, or one value per neuron.

    Raises
    ------
    TypeError, ValueError
        If a name is no parameter of the model, or a value is not finite or not allowed.
    """

    states: ClassVar[Mapping[str, float | Callable[..., Any]]]
    threshold: ClassVar[float] = 0.0
    presets: ClassVar[tuple[str, ...]] = ()
    formulas: ClassVar = ("prepare", "gates", "derivative")

    def __init__(self, *values: Any, **named: Any) -> None:
        if type(self) is not Model:
            _check_class(type(self))
        super().__init__(*values, **named)

    @staticmethod
    def prepare(p: Any) -> Any:
        """What `derivative` gets as `p`: here, the parameters themselves."""
        return p

    @staticmethod
    def gates(V: Any, p: Any) -> Any:
        """What `derivative` gets as its last argument; nothing, unless a subclass says otherwise."""
        return ()

    @staticmethod
    def derivative(*args: Any) -> Any:
        """The time derivative of each state, per ms."""
        raise NotImplementedError

    def initial_state(self, given: Mapping[str, Any], n: int) -> np.ndarray:
        """The (D, n) state to start from: what is given by name, and the model's own initial values for the rest."""
        parameters = SimpleNamespace(**self.parameters)
        state = np.empty((len(self.states), n))
        with np.errstate(all="ignore"):  # a gate that is flat at V overflows on its way to 0 or 1
            for row, (name, default) in zip(state, self.states.items(), strict=True):
                value = given.get(name, default)
                row[:] = self._worked_out(name, value, state[0], parameters) if callable(value) else value
        return state

    def _worked_out(self, name: str, value: Callable[..., Any], V: np.ndarray, parameters: SimpleNamespace) -> Any:
        try:
            return np.broadcast_to(np.asarray(value(V, parameters), float), V.shape)
        except Exception as error:
            wanted = f"the function of {type(self).__name__}.states[{name!r}] must take (V, parameters), arrays"
            raise TypeError(f"{wanted}, and return numbers; got {type(error).__name__}: {error}") from None


def _check_class(kind: type[Model]) -> None:
    """TypeError or ValueError where a model's class is not complete."""
    name, states = kind.__name__, getattr(kind, "states", None)
    if not isinstance(states, Mapping) or not states or not all(isinstance(state, str) for state in states):
        example = "states = {'V': -60.0, 'N': 0.0}"
        raise TypeError(f"{name} must map its states to their initial values, as in {example}; got {shown(states)}")
    for state, value in states.items():
        if not callable(value):
            number(f"{name}.states[{state!r}]", value, "a finite number or a function (V, parameters)")
    if kind.derivative is Model.derivative:
        arguments = ", ".join((*states, "I", "p"))
        raise TypeError(f"{name} needs a derivative: a static method derivative({arguments})")
    number(f"{name}.threshold", kind.threshold, "a finite number of mV")
    for limit in ("positive", "nonnegative", "nonzero", "unbounded"):
        for parameter in getattr(kind, limit):
            known(f"a parameter in {name}.{limit}", parameter, kind.names)


def prepare(parameters):
    """Generic: one lane's parameters, as `derivative` wants them."""


def gates(parameters, V, prepared):
    """Generic: what a lane's voltage alone decides, resolved by the type of the (unused) `parameters`."""


def derivative(parameters, state, current, prepared, opened):
    """Generic: the derivative of a lane's state, with its gates."""


@specialises(prepare)
def _prepare(parameters):
    function = formula(parameters, "prepare")
    return lambda parameters: function(parameters)


@specialises(gates)
def _gates(parameters, V, prepared):
    function = formula(parameters, "gates", single=V is types.float32)
    return lambda parameters, V, prepared: function(V, prepared)


@specialises(derivative)
def _derivative(parameters, state, current, prepared, opened):
    function = formula(parameters, "derivative", single=state.dtype is types.float32)
    if len(opened) == 0:
        return lambda parameters, state, current, prepared, opened: function(*(state + (current, prepared)))  # noqa: RUF005
    return lambda parameters, state, current, prepared, opened: function(*(state + (current, prepared, opened)))  # noqa: RUF005
