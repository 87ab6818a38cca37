"""A conductance that is added to a model: ``model + channel``."""

from __future__ import annotations

import copyreg
import functools
import hashlib
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from .._formulas import as_function
from .._parameters import KernelTypes, Parametrised, kernel_namedtuple
from .model import Model


class Channel(Parametrised):
    """Base class of conductances that are added to a model, its equations as they are: ``model + channel``.

    A subclass lists its parameters as annotated class attributes, and has static methods in scalar arithmetic:

    ``current(V, *states, p)``
        The current that flows out through it, uA/cm^2.
    ``states``
        Optional: mapping from each of its states' names to its initial value, as of a `Model`.
    ``derivative(V, *states, p)``
        The time derivative of each of its states, per ms: a tuple.
    ``units``, ``positive``, ``nonzero``
        As of a `Model`.

    The sum is a model: parameters and states are those of both, by their names, so these must differ.

    Examples
    --------
    >>> import fastneuron as fn
    >>> class M(fn.Channel):
    ...     g_M: float = 1.0
    ...     E_M: float = -84.0
    ...     tau_M: float = 100.0
    ...     states = {"w": 0.0}
    ...
    ...     @staticmethod
    ...     def current(V, w, p):
    ...         return p.g_M * w * (V - p.E_M)
    ...
    ...     @staticmethod
    ...     def derivative(V, w, p):
    ...         return ((1 / (1 + fn.math.exp(-(V + 20) / 5)) - w) / p.tau_M,)
    >>> adapting = fn.MorrisLecar.hopf() + M(g_M=[0.0, 0.5])
    >>> fn.simulate(adapting, 1000.0, current=110.0).spike_count
    array([13, 12])
    """

    formulas: ClassVar = ("current", "derivative")
    states: ClassVar[Mapping[str, float | Callable[..., Any]]] = {}

    @staticmethod
    def current(*args: Any) -> Any:
        """The current that flows out, uA/cm^2."""
        raise NotImplementedError

    @staticmethod
    def derivative(*args: Any) -> Any:
        """The time derivative of each state; of none, unless a subclass has some."""
        return ()

    def __radd__(self, model: Any) -> Model:
        if not isinstance(model, Model):
            return NotImplemented
        kinds: Any = type(model), type(self)
        return with_channel(*kinds)(**model.parameters, **self.parameters)


class _Extended(type):
    """The class of the classes that `with_channel` makes: they are pickled by what they are made of."""

    made_of: tuple[Any, Any]


@functools.cache
def with_channel(kind: Any, channel: Any) -> Any:
    """The class of a model's class with a channel; TypeError or ValueError where they do not go together."""
    name = f"{kind.__name__}_{channel.__name__}"
    if channel.current is Channel.current:
        arguments = ", ".join(("V", *channel.states, "p"))
        raise TypeError(f"{channel.__name__} needs a current: a static method current({arguments})")
    if channel.states and channel.derivative is Channel.derivative:
        raise TypeError(f"{channel.__name__} has states, so it needs a derivative(V, {', '.join(channel.states)}, p)")
    if both := {*kind.names, *kind.states} & {*channel.names, *channel.states}:
        raise ValueError(
            f"{min(both)} is a name in {kind.__name__} and in {channel.__name__}: give it another in the channel"
        )
    given = {parameter: getattr(channel, parameter) for parameter in channel.names if hasattr(channel, parameter)}
    limits = {
        limit: (*getattr(kind, limit), *getattr(channel, limit))
        for limit in ("positive", "nonnegative", "nonzero", "unbounded")
    }
    body = {
        "__module__": channel.__module__,
        "__doc__": f"`{kind.__name__}` with the channel `{channel.__name__}`.",
        "__annotations__": dict.fromkeys(channel.names, float),
        "states": {**kind.states, **channel.states},
        "units": {**kind.units, **channel.units},
        "presets": (),
        **given,
        **limits,
        **_formulas(kind, channel),
    }
    found = _Extended(name, (kind,), body)
    found.made_of = kind, channel
    return found


copyreg.pickle(_Extended, lambda kind: (with_channel, kind.made_of))


def _formulas(kind: Any, channel: Any) -> dict[str, Any]:
    """The formulas of the sum, which call those of both."""
    opened = [] if kind.gates is Model.gates else ["gates"]
    scope = {
        "model_derivative": _own(kind.derivative, channel),
        "channel_current": _own(channel.current, channel),
        "channel_derivative": _own(channel.derivative, channel),
    }
    states, own = ", ".join(kind.states), ", ".join(("V", *channel.states, "p"))
    voltage = next(iter(kind.states))
    arguments = ", ".join([*kind.states, *channel.states, "I", "p", *opened])
    lines = [
        f"def derivative({arguments}):",
        f"    outward = channel_current({own.replace('V', voltage, 1)})",
        f"    slopes = model_derivative({states}, {', '.join(['I - outward', 'p', *opened])})",
    ]
    both = f"slopes + channel_derivative({own.replace('V', voltage, 1)})" if channel.states else "slopes"
    found = {"derivative": _made("\n".join([*lines, f"    return {both}"]), "derivative", scope, channel)}
    if opened:
        found["gates"] = staticmethod(_own(kind.gates, channel))
    if kind.prepare is not Model.prepare:
        found["prepare"] = _prepare(kind, channel)
    return found


def _prepare(kind: Any, channel: Any) -> Any:
    """What the model works out of its parameters, and the channel's parameters beside it."""
    constants = as_function(kind.prepare)(kind.kernel_type()._replace(**_defaults(kind)))._fields
    if both := {*constants} & {*channel.names}:
        raise ValueError(
            f"{min(both)} is a name that {kind.__name__}.prepare uses: give it another in {channel.__name__}"
        )
    fields = (*constants, *channel.names)
    name = f"Prepared_{hashlib.sha256(repr(fields).encode()).hexdigest()[:16]}"
    if not hasattr(KernelTypes, name):
        setattr(KernelTypes, name, kernel_namedtuple(name, fields))
    values = ", ".join([*(f"found.{one}" for one in constants), *(f"p.{one}" for one in channel.names)])
    source = f"def prepare(p):\n    found = model_prepare(p)\n    return Prepared({values})"
    return _made(
        source,
        "prepare",
        {"model_prepare": _own(kind.prepare, channel), "Prepared": getattr(KernelTypes, name)},
        channel,
    )


def _defaults(kind: Any) -> dict[str, float]:
    return {name: float(getattr(kind, name, 1.0)) for name in kind.names}


def _module(channel: Any) -> str:
    """The module of a formula of a sum, which is none of the package's, wherever the channel is from."""
    return f"channel:{channel.__module__}"


def _own(formula: Any, channel: Any) -> Any:
    """A formula as the channel's author might have written it, so that it is compiled along."""
    function = as_function(formula)
    copy = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__, copy.__module__ = function.__kwdefaults__, _module(channel)
    return copy


def _made(source: str, name: str, scope: dict[str, Any], channel: Any) -> Any:
    space = dict(scope)
    exec(compile(source, f"<{channel.__name__}>", "exec"), space)
    function = space[name]
    function.__module__ = _module(channel)
    return staticmethod(function)
