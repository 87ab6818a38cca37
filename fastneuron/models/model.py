"""What a model is: named states, named parameters, a derivative.

The kernels see a model as the type of a NamedTuple of its parameters; the generic functions ``prepare`` and
``derivative`` are resolved by that type, so one kernel serves every model and each gets machine code of its own.
"""

from __future__ import annotations

import inspect
import uuid
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, dataclass_transform

import numpy as np
import numpy.typing as npt

from .._check import known, numbers, population_size, satisfies
from .._jit import inline, specialises

Parameter = float | npt.ArrayLike


@dataclass_transform(kw_only_default=True)
class Model:
    """Base class of the neuron models.  A subclass is a model, an instance is a model with its parameters chosen.

    A subclass lists its parameters as annotated class attributes with default values, and has:

    ``states``
        Mapping from each state's name to its initial value, in the order in which `derivative` takes and returns them:
        a number, or a function ``(V, parameters)`` of the first state's initial value.  The first state is the voltage.
    ``derivative(*states, I, p)``
        Static method in scalar arithmetic: the time derivative of each state, per ms; `I` is the current, `p` what
        `prepare` returned.
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
    units: ClassVar[Mapping[str, str]] = {}
    positive: ClassVar[tuple[str, ...]] = ()
    nonzero: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[tuple[str, ...]] = ()
    Parameters: ClassVar[Any]
    _derivative: ClassVar[Any]
    _prepare: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        reserved = Model.__annotations__
        annotated = [name for base in reversed(cls.__mro__[:-1]) for name in inspect.get_annotations(base)]
        names = [name for name in dict.fromkeys(annotated) if hasattr(cls, name) and name not in reserved]
        # Numba tells NamedTuples apart by __name__ alone, and a notebook's cell, run again, makes another of that name
        parameters: Any = namedtuple(f"{cls.__name__}_{uuid.uuid4().hex}", names)
        # a class of its own, found again by its place when a cached kernel is read back
        parameters.__module__ = cls.__module__
        parameters.__qualname__ = f"{cls.__qualname__}.Parameters"
        parameters.model = cls
        cls.Parameters = parameters
        cls._derivative = inline(cls.derivative)
        cls._prepare = inline(cls.prepare)

    def __init__(self, **parameters: Parameter) -> None:
        if type(self) is Model:
            raise TypeError("Model is the base class of the models; make one of them, for example MorrisLecar.hopf()")
        names = self.Parameters._fields
        for name in parameters:
            known(f"a parameter of {type(self).__name__}", name, names)
        for name in names:
            value = numbers(name, parameters.get(name, getattr(type(self), name)))
            if name in self.positive:
                satisfies(name, value, lambda x: x > 0, "positive")
            if name in self.nonzero:
                satisfies(name, value, lambda x: x != 0, "other than 0")
            value.flags.writeable = False
            object.__setattr__(self, name, float(value) if value.ndim == 0 else value)
        population_size({name: np.asarray(value) for name, value in self.parameters.items()})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a model does not change; use model.replace({name}=...) to get another")

    @staticmethod
    def prepare(p: Any) -> Any:
        """What `derivative` gets as `p`: here, the parameters themselves."""
        return p

    @staticmethod
    def derivative(*args: Any) -> Any:
        """The time derivative of each state, per ms."""
        raise NotImplementedError

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter by name, a float or an (n,) array."""
        return {name: getattr(self, name) for name in self.Parameters._fields}

    @property
    def size(self) -> int:
        """The number of neurons that the parameters describe; 1 if all are scalars."""
        return population_size({name: np.asarray(value) for name, value in self.parameters.items()})

    def replace(self, **changes: Parameter) -> Self:
        """The same model with some parameters changed."""
        return type(self)(**{**self.parameters, **changes})

    def __repr__(self) -> str:
        def show(value: Any) -> str:
            return f"{value:g}" if np.ndim(value) == 0 else f"<{value.size} values, {value.min():g} to {value.max():g}>"

        return f"{type(self).__name__}({', '.join(f'{name}={show(value)}' for name, value in self.parameters.items())})"

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.parameters)


def _rebuild(model: type[Model], parameters: dict[str, Any]) -> Model:
    return model(**parameters)


def prepare(parameters):
    """Generic: one lane's parameters, as `derivative` wants them."""


def derivative(parameters, state, current, prepared):
    """Generic: the derivative of a lane's state, resolved by the type of the (unused) `parameters`."""


@specialises(prepare)
def _prepare(parameters):
    function = parameters.instance_class.model._prepare
    return lambda parameters: function(parameters)


@specialises(derivative)
def _derivative(parameters, state, current, prepared):
    function = parameters.instance_class.model._derivative
    return lambda parameters, state, current, prepared: function(*(state + (current, prepared)))  # noqa: RUF005, all that Numba takes
