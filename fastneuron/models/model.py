"""What a model is: named states, named parameters, a derivative."""

from __future__ import annotations

import difflib
import types as python_types
import weakref
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numba import types

from .._check import known, number, shown
from .._formulas import as_function
from .._kernel.jit import generic, inline, specialises
from .._parameters import Parameter, Parametrised, formula

__all__ = [
    "Model",
    "Parameter",
    "can_be_steep",
    "derivative",
    "gates",
    "is_steep",
    "prepare",
    "reset",
    "resets",
    "threshold",
    "voltage",
]

RESULTS = {  # names in a run, a store or a dataset, with which a state's would clash
    *(
        "spike",
        "spikes",
        "spike_count",
        "spike_time",
        "spike_neuron",
        "spike_state",
        "isi",
        "rate",
        "current",
        "summary",
        "population",
    ),
    *("time", "neuron", "neurons", "recorded_neuron", "every_neuron", "sample", "bin", "final", "progress", "recipe"),
}


class Model(Parametrised):
    """Base class of the neuron models.  A subclass is a model, an instance is a model with its parameters chosen.

    A subclass lists its parameters as annotated class attributes with default values, and has:

    ``states``
        Mapping from each state's name to its initial value, in the order in which `derivative` takes and returns them:
        a number, or a function ``(V, parameters)`` of the first state's initial value.  The first state is the voltage.
    ``derivative(*states, I, p)``
        Static method in scalar arithmetic: the time derivative of each state, per ms; `I` is the current, `p` what
        `prepare` returned.  It may call other functions, and those of NumPy and `math`; of tables, that is arrays of
        the module, an index beyond the end means the last entry (see also `fastneuron.math.interp`).
    ``gates(V, p)``
        Static method, optional: what is costly and depends on the voltage alone, a number or a tuple; `derivative` then
        gets it as one more argument.  A loop of its own keeps more neurons in flight (67 instead of 52 million
        neuron-steps/s for Morris-Lecar on one Zen 3 core).
    ``prepare(p)``
        Static method, optional: a NamedTuple worked out once per run from the parameters `p`.
    ``threshold``
        A spike is an upward crossing of it by the first state: a number (mV), or the name of a parameter.
    ``spiking``
        Names of the states that spike, optional, where it is not the first alone: the threshold is that of each.
    ``reset(*states, p)``
        Static method, optional: the states after a spike, a tuple.  It acts at the spike's own time, inside the step.
    ``refractory``
        A parameter of this name, of a model with a reset, is for how long after a spike the voltage stays where the
        reset has put it, ms; the other states go on.
    ``steep(V, p)``
        Static method, optional, of a model with a reset: whether a voltage moves so fast that no step can follow, as
        in an exponential upstroke.  Steps there are divided until they are exact.
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
    threshold: ClassVar[float | str] = 0.0
    spiking: ClassVar[tuple[str, ...]] = ()
    thresholds_by_state: ClassVar[Mapping[str, float]] = {}  # where they differ between the cells of a circuit
    voltages: ClassVar[tuple[int, ...] | None] = None  # where a circuit has those of its cells among the states
    presets: ClassVar[tuple[str, ...]] = ()
    formulas: ClassVar = ("prepare", "gates", "derivative", "reset", "steep")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _check_names(cls)

    def __init__(self, *values: Any, **named: Any) -> None:
        if type(self) is not Model:
            _check_once(type(self))
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

    @staticmethod
    def reset(*args: Any) -> Any:
        """The states after a spike; a model without one goes on as it is."""
        raise NotImplementedError

    @staticmethod
    def steep(V: Any, p: Any) -> Any:
        """Whether no step can follow the voltage; here, one can."""
        return False

    @classmethod
    def resets(cls) -> bool:
        """Whether a spike changes the states."""
        return cls.reset is not Model.reset

    @property
    def thresholds(self) -> Any:
        """The threshold, mV: a float, or an (n,) array where it is a parameter that differs from neuron to neuron."""
        return getattr(self, self.threshold) if isinstance(self.threshold, str) else self.threshold

    @classmethod
    def checked_threshold(cls, given: Any) -> float:
        """The threshold that is `given`, or the model's own, mV; NaN where it is a parameter."""
        own = np.nan if isinstance(cls.threshold, str) else cls.threshold
        if given is None or (isinstance(given, float) and np.isnan(given) and np.isnan(own)):
            return own
        if isinstance(cls.threshold, str):
            raise ValueError(
                f"threshold is a parameter of {cls.__name__}, {cls.__name__}({cls.threshold}=...); got {shown(given)}"
            )
        return number("threshold", given, "a finite number of mV")

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
            found = np.asarray(value(V, parameters), float)
            return found if found.shape == V.shape else np.broadcast_to(found, V.shape)
        except Exception as error:
            wanted = f"the function of {type(self).__name__}.states[{name!r}] must take (V, parameters), arrays"
            raise TypeError(f"{wanted}, and return numbers; got {type(error).__name__}: {error}") from None


def _check_names(kind: type[Model]) -> None:
    """TypeError or ValueError where a name in a model's class means nothing, or something else."""
    name, states = kind.__name__, getattr(kind, "states", None)
    for state in states if isinstance(states, Mapping) else ():
        if not isinstance(state, str) or not state.isidentifier():
            raise TypeError(f"{name}: the name of a state must be a word, such as 'V'; got {shown(state)}")
        if state in RESULTS or state in kind.names:
            what = "of a parameter" if state in kind.names else "that a run gives to something else"
            raise ValueError(f"{name}: no state can be named {state!r}, a name {what}")
    if "current" in kind.names:
        raise ValueError(f"{name}: no parameter can be named 'current', the name of what is injected")
    usual = [one for one in dir(Model) if not (one.startswith("_") or isinstance(getattr(Model, one), property))]
    usual.append("states")
    for attribute, value in vars(kind).items():
        if attribute.startswith("_") or attribute in usual or attribute in kind.names:
            continue
        if "ClassVar" in str(vars(kind).get("__annotations__", {}).get(attribute, "")):
            continue
        helper = isinstance(value, python_types.FunctionType | staticmethod | classmethod | property | type)
        close = difflib.get_close_matches(attribute, set(usual) - {*vars(kind)}, n=1, cutoff=0.8)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        if not helper:
            hint += f"; write {attribute} with its type to make it a parameter, as in {attribute}: float = 1.0"
        if hint:
            raise TypeError(f"{name}: no model has {attribute!r}, and {shown(value)} would have no effect{hint}")


# of each class that is complete, what that was told from
_COMPLETE: weakref.WeakKeyDictionary[type, tuple[Any, ...]] = weakref.WeakKeyDictionary()
LIMITS = ("positive", "nonnegative", "nonzero", "unbounded")


def _check_once(kind: type[Model]) -> None:
    """TypeError or ValueError where a model's class is not complete; once, as long as nothing in it changes."""
    states = getattr(kind, "states", None)
    content = (
        states, tuple(states.items()) if isinstance(states, dict) else states, kind.threshold, kind.spiking, kind.names,
        *(getattr(kind, name) for name in kind.formulas), *(getattr(kind, name) for name in LIMITS),
    )  # fmt: skip
    if _COMPLETE.get(kind) != content:
        _check_class(kind)
        _COMPLETE[kind] = content


def _check_class(kind: type[Model]) -> None:
    """TypeError or ValueError where a model's class is not complete."""
    name, states = kind.__name__, getattr(kind, "states", None)
    if not isinstance(states, Mapping) or not states or not all(isinstance(state, str) for state in states):
        example = "states = {'V': -60.0, 'N': 0.0}"
        raise TypeError(f"{name} must map its states to their initial values, as in {example}; got {shown(states)}")
    for state, value in states.items():
        if not callable(value):
            number(f"{name}.states[{state!r}]", value, "a finite number or a function (V, parameters)")
    for each in kind.formulas:
        try:
            as_function(getattr(kind, each))
        except TypeError as error:
            raise TypeError(f"{name}.{each}: {error}") from None
    if kind.derivative is Model.derivative:
        arguments = ", ".join((*states, "I", "p"))
        raise TypeError(f"{name} needs a derivative: a static method derivative({arguments})")
    _check_spikes(kind)
    for limit in LIMITS:
        for parameter in getattr(kind, limit):
            known(f"a parameter in {name}.{limit}", parameter, kind.names)


def _check_spikes(kind: type[Model]) -> None:
    """TypeError or ValueError where what a class says of its spikes makes no sense."""
    name = kind.__name__
    if isinstance(kind.threshold, str):
        known(f"a parameter as {name}.threshold", kind.threshold, kind.names)
    else:
        number(f"{name}.threshold", kind.threshold, "a finite number of mV, or the name of a parameter")
    for state in kind.spiking:
        known(f"a state in {name}.spiking", state, kind.states)
    if kind.spiking and (kind.resets() or isinstance(kind.threshold, str)):
        why = "whose reset follows a spike of" if kind.resets() else "whose threshold is a parameter, that of"
        raise TypeError(f"{name}.spiking must be left out of a model {why} the first state; got {shown(kind.spiking)}")
    if not kind.resets():
        for needless, says in (("refractory", "refractory" in kind.names), ("steep", kind.steep is not Model.steep)):
            if says:
                raise TypeError(
                    f"{name}: {needless} is for a model with a reset: add reset({', '.join(kind.states)}, p)"
                )


@generic
def prepare(parameters):
    """Return the constants that `derivative` wants of a lane, by its parameters."""


@generic
def voltage(parameters, state):
    """Return what `gates` takes of a state, a tuple: the voltage, or a tuple of those of a circuit's cells."""


@generic
def gates(parameters, V, prepared):
    """Return what the voltage of a lane alone decides; the type of `parameters` selects the formula."""


@generic
def derivative(parameters, state, current, prepared, opened):
    """Return the derivative of the state of a lane, by what `gates` returned."""


class LoneGate(NamedTuple):
    """The gate of a model whose `gates` returns a number, not a tuple."""

    value: Any


@generic
def as_gates(found):
    """Return as a tuple what the `gates` of a model returned."""


@specialises(as_gates)
def _as_gates(found):
    if isinstance(found, types.BaseTuple):
        return lambda found: found
    return lambda found: LoneGate(found)


@specialises(prepare)
def _prepare(parameters):
    function = formula(parameters, "prepare")
    return lambda parameters: function(parameters)


@generic
def pieces(parameters):
    """Return as many zeros as there are pieces of gates: one, or in a circuit one for each cell and synapse."""


@generic
def gates_piece(parameters, V, prepared, rest):
    """Return the row in which the gates of a piece begin, the first of the `rest`, and these gates."""


def _pieces_of(parameters, single=False):
    """The row and the formula of each piece; None where all is one."""
    whole = parameters.instance_class.owner.gates
    return getattr(whole.in_single() if single and hasattr(whole, "in_single") else whole, "pieces", None)


@specialises(pieces)
def _pieces(parameters):
    found = (0,) * len(_pieces_of(parameters) or (0,))
    return lambda parameters: found


@specialises(gates_piece)
def _gates_piece(parameters, V, prepared, rest):
    made = _pieces_of(parameters, single=getattr(V, "dtype", V) is types.float32)
    if made is None:
        return lambda parameters, V, prepared, rest: (0, gates(parameters, V, prepared))
    row, function = made[len(made) - len(rest)]
    return lambda parameters, V, prepared, rest: (row, function(V, prepared))


@specialises(voltage)
def _voltage(parameters, state):
    places = parameters.instance_class.owner.voltages
    if places is None:
        return lambda parameters, state: state[0]
    return _elements(*places)


def _elements(first, *rest):
    """A function (parameters, state) that returns some elements of the state, a tuple."""
    if not rest:
        return lambda parameters, state: (state[first],)
    others = inline(_elements(*rest))
    return lambda parameters, state: (state[first], *others(parameters, state))


@specialises(gates)
def _gates(parameters, V, prepared):
    function = formula(parameters, "gates", single=getattr(V, "dtype", V) is types.float32)
    return lambda parameters, V, prepared: as_gates(function(V, prepared))


@specialises(derivative)
def _derivative(parameters, state, current, prepared, opened):
    function = formula(parameters, "derivative", single=state.dtype is types.float32)
    if isinstance(opened, types.BaseNamedTuple) and opened.instance_class is LoneGate:
        return lambda parameters, state, current, prepared, opened: function(*(state + (current, prepared, opened[0])))  # noqa: RUF005
    if len(opened) == 0:
        return lambda parameters, state, current, prepared, opened: function(*(state + (current, prepared)))  # noqa: RUF005
    return lambda parameters, state, current, prepared, opened: function(*(state + (current, prepared, opened)))  # noqa: RUF005


def resets(parameters) -> bool:
    """Whether the model, of whose parameters this is Numba's type, resets its states."""
    return parameters.instance_class.owner.resets()


def can_be_steep(parameters) -> bool:
    """Whether the model, of whose parameters this is Numba's type, moves too fast for a step somewhere."""
    return parameters.instance_class.owner.steep is not Model.steep


@generic
def reset(parameters, state, prepared):
    """Return the states of a lane after a spike."""


@generic
def is_steep(parameters, V, prepared):
    """Return whether no step can follow the voltage of a lane."""


@generic
def threshold(parameters, prepared, given):
    """Return the voltage at which a lane spikes: the number `given`, or what its parameters say."""


@specialises(reset)
def _reset(parameters, state, prepared):
    function = formula(parameters, "reset")
    return lambda parameters, state, prepared: function(*(state + (prepared,)))  # noqa: RUF005


@specialises(is_steep)
def _is_steep(parameters, V, prepared):
    function = formula(parameters, "steep")
    return lambda parameters, V, prepared: function(V, prepared)


@specialises(threshold)
def _threshold(parameters, prepared, given):
    named = parameters.instance_class.owner.threshold
    if not isinstance(named, str):
        return lambda parameters, prepared, given: given
    place = prepared.instance_class._fields.index(named)
    return lambda parameters, prepared, given: prepared[place]
