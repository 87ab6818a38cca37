"""Things with named parameters and a formula: models and currents.

A subclass lists its parameters as annotated class attributes, defaults and all, and has formulas as static methods in
scalar arithmetic.  The kernels see the *type* of a NamedTuple of the parameters; generic functions are resolved by
that type, so one kernel serves every model and current, and each gets machine code of its own.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import math
import uuid
import weakref
from collections import namedtuple
from typing import Any, ClassVar, Self, dataclass_transform

import numpy as np
import numpy.typing as npt

from . import _html
from ._check import known, numbers, population_size, satisfies, sizes
from ._formulas import compiled
from ._kernel.function_hash import Unknown, Witness, described, still_stands
from ._units import plain

Parameter = float | npt.ArrayLike
PROCESS = uuid.uuid4()


@dataclass_transform(kw_only_default=False)
class Parametrised:
    """Base class: an instance is the parameters' values, each a scalar or one per neuron, and does not change."""

    formulas: ClassVar[tuple[str, ...]]  # names of the static methods that are compiled
    units: ClassVar[dict[str, str]] = {}
    positive: ClassVar[tuple[str, ...]] = ()
    nonnegative: ClassVar[tuple[str, ...]] = ()
    nonzero: ClassVar[tuple[str, ...]] = ()
    unbounded: ClassVar[tuple[str, ...]] = ()  # may be infinite
    names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        fixed = {name for base in cls.__mro__[1:] for name in inspect.get_annotations(base)} - {*cls.names}
        own = [
            name
            for name, kind in inspect.get_annotations(cls).items()
            if "ClassVar" not in str(kind) and name not in fixed  # `states: dict = ...` is still the states
        ]
        for name in set(own) - {*cls.names}:
            if name.startswith("_"):
                raise TypeError(f"{cls.__name__}: the name of a parameter cannot begin with an underscore; got {name}")
            taken = [base.__name__ for base in cls.__mro__[1:] if name in vars(base)]
            if taken and name != "size":  # of a model, nobody asks for that one
                raise TypeError(f"{cls.__name__}: no parameter can be named {name}, for {taken[-1]} has one of its own")
        cls.names = (*cls.names, *(name for name in own if name not in cls.names))
        if (signature := _signature(cls)) is not None:
            cls.__signature__ = signature  # type: ignore[attr-defined]

    def __init__(self, *values: Any, **named: Any) -> None:
        kind = type(self).__name__
        if Parametrised in type(self).__bases__:
            raise TypeError(f"{kind} is a base class; make one of its subclasses")
        if (values or named) and not self.names:
            example = f"{min(named, default='g')}: float = 1.0"
            raise TypeError(f"{kind} has no parameters; a parameter is written with its type: {example}")
        if len(values) > len(self.names):
            raise TypeError(
                f"{kind} has {len(self.names)} parameters, {', '.join(self.names)}; got {len(values)} values"
            )
        for name in named:
            if name not in self.names:
                known(f"a parameter of {kind}", name, self.names)
        given = dict(zip(self.names, values, strict=False))
        if twice := given.keys() & named.keys():
            raise TypeError(f"{kind} got two values for {min(twice)}")
        given |= named
        for name in self.names:
            if name not in given and not hasattr(type(self), name):
                raise TypeError(f"{kind} needs a value for {name}")
            value = given[name] if name in given else getattr(type(self), name)
            if type(value) is int and abs(value) < 2**53:
                value = float(value)
            if type(value) is float and self._allows(name, value):
                self.__dict__[name] = value
            else:
                self._set(name, value)
        if {*map(type, self.__dict__.values())} != {float}:
            self.size  # noqa: B018, raises if they do not fit

    def _allows(self, name: str, value: float) -> bool:
        """Whether a number is one for a parameter."""
        allowed = math.isfinite(value) or (name in self.unbounded and not math.isnan(value))
        allowed = allowed and (value > 0 or name not in self.positive)
        return (
            allowed
            and (value > 0 or not (value < 0 and name in self.nonnegative))
            and (value != 0 or name not in self.nonzero)
        )

    def _set(self, name: str, value: Any) -> None:
        array = numbers(name, plain(name, value, self.units.get(name)), finite=name not in self.unbounded)
        if name in self.positive:
            satisfies(name, array, lambda x: x > 0, "positive")
        if name in self.nonnegative:
            satisfies(name, array, lambda x: x >= 0, "0 or more")
        if name in self.nonzero:
            satisfies(name, array, lambda x: x != 0, "other than 0")
        array.flags.writeable = False
        object.__setattr__(self, name, float(array) if array.ndim == 0 else array)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} does not change; use .replace({name}=...) to get another")

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter by name, a float or an (n,) array."""
        values = self.__dict__
        if len(values) == len(self.names):  # nothing else is in it, and in their order
            return values.copy()
        return {name: values[name] for name in self.names}

    @property
    def size(self) -> int:
        """The number of neurons that the parameters describe; 1 if all are scalars."""
        return population_size(sizes(self.parameters))

    def replace(self, **changes: Any) -> Self:
        """The same with some parameters changed."""
        return type(self)(**{**self.parameters, **changes})

    def part(self, low: int, high: int) -> Self:
        """The same for the neurons `low` to `high` alone."""
        return self.replace(**{name: value[low:high] for name, value in self.parameters.items() if np.ndim(value)})

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={_html.value(value)}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({given})"

    def _repr_html_(self) -> str:
        rows = ((name, _html.value(value), self.units.get(name, "")) for name, value in self.parameters.items())
        return _html.table(type(self).__name__, rows)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(np.array_equal(value, getattr(other, name)) for name, value in self.parameters.items())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return functools.partial(type(self), **self.parameters), ()

    @classmethod
    def kernel_type(cls) -> Any:
        """A NamedTuple of zeros, one per parameter, whose type stands for this class in a kernel."""
        content = cls.names, *[getattr(cls, name) for name in cls.formulas]
        kept = _KERNEL_TYPES.get(cls)
        if kept is not None and kept[0] == content and still_stands(kept[1]):
            return kept[2]
        witnesses: list[Witness] | None = None
        try:
            text, witnesses = described(content)
        except Unknown:  # a formula that refers to something that cannot be named: never the same twice
            text = f"{id(cls)} {PROCESS}"
        name = f"{cls.__name__}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        made = _type_named(cls, name)(*[0.0] * len(cls.names))
        if witnesses is not None:
            _KERNEL_TYPES[cls] = content, witnesses, made
        return made


# of each class what it was made of, what must not have changed for that to be so yet, and its kernel type
_KERNEL_TYPES: weakref.WeakKeyDictionary[type, tuple[Any, list[Witness], Any]] = weakref.WeakKeyDictionary()


def _signature(cls: type[Parametrised]) -> inspect.Signature | None:
    """What `help` shows of a class: its parameters by name, with their defaults."""
    if "__init__" in vars(cls):
        own = list(inspect.signature(cls.__init__).parameters.values())[1:]
        if own and own[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            return inspect.Signature(own)
    kind, missing = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    try:
        return inspect.Signature([inspect.Parameter(x, kind, default=getattr(cls, x, missing)) for x in cls.names])
    except ValueError:  # one without a default after one that has some
        return None


class KernelTypes:
    """The NamedTuples of all classes in use, attributes here so that a cached kernel finds them again by name."""


def _type_named(cls: Any, name: str) -> Any:
    # named by content: a class defined again with another formula is another type, the same again is the same
    if name not in KernelTypes.__dict__:
        kind = kernel_namedtuple(name, _fields(cls.names))
        kind.owner, kind.single = cls, {}
        kind.formulas = {name: compiled(getattr(cls, name)) for name in cls.formulas}
        setattr(KernelTypes, name, kind)
    return getattr(KernelTypes, name)


def _fields(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of parameters as fields: those of a circuit have dots in them, and nobody asks for them by name."""
    return names if all(map(str.isidentifier, names)) else tuple(f"of_{k}" for k in range(len(names)))


def kernel_namedtuple(name: str, fields: Any) -> Any:
    """A NamedTuple that a kernel's cache finds again as an attribute of `KernelTypes`."""
    make: Any = namedtuple
    kind = make(name, fields)
    kind.__module__, kind.__qualname__ = __name__, f"KernelTypes.{name}"
    return kind


def formula(numba_type: Any, name: str, single: bool = False) -> Any:
    """The compiled formula `name` of the class that a NamedTuple type stands for, in single precision if asked."""
    kind = numba_type.instance_class
    if not single:
        return kind.formulas[name]
    if name not in kind.single:
        kind.single[name] = compiled(getattr(kind.owner, name), single=True)
    return kind.single[name]
