"""What a current is: a function of time, evaluated inside the kernel, so that no array over time is needed."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from .._kernel.columns import Columns, columns, read
from .._kernel.jit import generic, kernel, specialises
from .._kernel.lanes import Lanes8, local, take
from .._parameters import Parameter, Parametrised
from . import port
from .edges import KeptRoom, SteppedRoom, begin_in, current_in, edge, load_in
from .port import ANY_TIME, BEGIN, FixedSteps

NO_SAMPLES = np.zeros(1)  # nobody writes to it


class Current(Parametrised):
    """Base class of the currents, uA/cm^2; ``+`` adds them.

    A subclass has two formulas, static methods in scalar arithmetic: ``value(t, before, table, p)``, the current at
    time t (ms), or just before t if `before`; and ``edge(t, p)``, the first time after t at which it is not smooth.

    Edges need not be at whole steps.  An adaptive method stops at each; a fixed step with an edge inside takes the
    current's integral and first moment, so that its charge is right and the method's order, up to 3, is kept.
    """

    formulas: ClassVar = ("value", "edge")
    units: ClassVar = {
        **dict.fromkeys(("amplitude", "low", "high"), "uA/cm^2"),
        **dict.fromkeys(("start", "stop", "period", "width"), "ms"),
    }
    ordered: ClassVar[tuple[str, str] | None] = None  # two parameters of which the second is the larger
    may_be_equal: ClassVar[bool] = False  # these two
    whole: ClassVar[tuple[str, ...]] = ()  # whole numbers, or infinite where that is allowed
    changing_at_edges_only: ClassVar[tuple[Any, ...]] = ()  # the formulas of which that is so

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        for name in self.whole:
            _check.satisfies(name, getattr(self, name), lambda x: np.floor(x) == x, "a whole number")
        if self.ordered:
            first, second = self.ordered
            low, high = (np.broadcast_to(getattr(self, name), self.size) for name in self.ordered)
            bad = np.flatnonzero(low > high if self.may_be_equal else low >= high)
            if bad.size:
                wanted = "at least" if self.may_be_equal else "above"
                where = f" at neuron {bad[0]}" if self.size > 1 else ""
                raise ValueError(f"{second} must be {wanted} {first}; got {high[bad[0]]:g} and {low[bad[0]]:g}{where}")

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """The current at t, or just before."""
        raise NotImplementedError

    @staticmethod
    def edge(t: Any, p: Any) -> Any:
        """Smooth, unless a subclass says otherwise."""
        return math.inf

    @property
    def table(self) -> np.ndarray:
        """Samples, for the one kind of current that has some."""
        return NO_SAMPLES

    def sources(self, n: int, seed: int, first_neuron: int) -> tuple[WaveformSource, ...]:
        """The current as the kernels want it; a function of time is the same for any seed and place."""
        values = columns(list(self.parameters.values()), n)
        return (WaveformSource(self.kernel_type(), values, self.table, n == 1 or not values.stride.any()),)

    def nbytes(self, n: int) -> int:
        """Bytes of the arrays that the kernels have of it."""
        values = self.parameters
        several = _check.sizes(values)
        return 8 * (len(values) - len(several) + sum(several.values())) + self.table.nbytes

    def __call__(self, t: npt.ArrayLike) -> np.ndarray:
        """The current at some times (ms), uA/cm^2: (times,), or (n, times) where it differs from neuron to neuron."""
        times = _check.numbers("t", t)
        found = np.array([[self.at(time, i) for time in np.atleast_1d(times)] for i in range(self.size)])
        found = found.reshape(self.size, *times.shape)
        return found if self.size > 1 else found[0]

    def at(self, t: float, neuron: int) -> float:
        """The current of one neuron at time t (ms), uA/cm^2."""
        one = {name: np.ravel(value)[neuron if np.size(value) > 1 else 0] for name, value in self.parameters.items()}
        return float(self.value(t, False, self.table, SimpleNamespace(**one)))

    def __add__(self, other: Current | npt.ArrayLike) -> Sum:
        return Sum(self, other)

    def __radd__(self, other: npt.ArrayLike) -> Sum:
        return Sum(other, self)

    def __mul__(self, factor: npt.ArrayLike) -> Current:
        """The current times a number, or times one for each neuron: what is a current of its parameters is scaled."""
        strengths = [name for name in self.names if self.units.get(name) == "uA/cm^2"]
        if not strengths:
            raise TypeError(f"{type(self).__name__} names no parameter in uA/cm^2 in its units, so it cannot be scaled")
        return self.replace(**{name: np.multiply(getattr(self, name), factor) for name in strengths})

    def __rmul__(self, factor: npt.ArrayLike) -> Current:
        return self * factor

    def __neg__(self) -> Current:
        return self * -1.0

    def __sub__(self, other: Current | npt.ArrayLike) -> Sum:
        return Sum(self, -other if isinstance(other, Current) else np.negative(other))

    def __rsub__(self, other: npt.ArrayLike) -> Sum:
        return Sum(other, -self)

    __array_ufunc__ = None  # array + current is a current


def changes_at_edges_only(kind: type[Current]) -> type[Current]:
    """Say of a class, though not of one made from it with other formulas, that between edges its current is constant.

    So much faster, with the same bits, that a step costs what it costs with a current that does not change.
    """
    kind.changing_at_edges_only = kind.value, kind.edge
    return kind


class Constant(Current):
    """A current that does not change.

    Parameters
    ----------
    amplitude : float or (n,) array_like
        uA/cm^2.
    """

    amplitude: Parameter

    @staticmethod
    def value(t: Any, before: Any, table: Any, p: Any) -> Any:
        """Always the same."""
        return p.amplitude


class Sum(Current):
    """A sum of currents; written with ``+``."""

    parts: ClassVar[tuple[Current, ...]]

    def __init__(self, *parts: Any) -> None:
        flat: list[Current] = []
        for part in parts:
            flat += part.parts if isinstance(part, Sum) else [as_current("current", part)]
        object.__setattr__(self, "parts", tuple(flat))
        self.size  # noqa: B018, raises where the arrays do not broadcast

    @property
    def size(self) -> int:
        """The number of neurons that the parts describe."""
        return _check.population_size(
            {f"{type(part).__name__} number {i + 1} of the sum": part.size for i, part in enumerate(self.parts)}
        )

    def sources(self, n: int, seed: int, first_neuron: int) -> tuple[WaveformSource, ...]:
        """Those of all parts."""
        return tuple(source for part in self.parts for source in part.sources(n, seed, first_neuron))

    def at(self, t: float, neuron: int) -> float:
        """The current of one neuron at time t (ms), uA/cm^2."""
        return sum(part.at(t, neuron) for part in self.parts)

    def __mul__(self, factor: npt.ArrayLike) -> Sum:
        """Every part times a number, or times one for each neuron."""
        return Sum(*(part * factor for part in self.parts))

    def nbytes(self, n: int) -> int:
        """Bytes of the arrays of all parts."""
        return sum(part.nbytes(n) for part in self.parts)

    def part(self, low: int, high: int) -> Self:
        """The same for the neurons `low` to `high` alone."""
        return type(self)(*(part.part(low, high) for part in self.parts))

    def _repr_html_(self) -> str:
        return _html.table("Sum", ((repr(part),) for part in self.parts))

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return Sum, self.parts


def as_current(name: str, current: Any) -> Current:
    """A current as it is, numbers as a constant one."""
    if isinstance(current, Current):
        return current
    if isinstance(current, float) and math.isfinite(current):
        return Constant(float(current))
    if isinstance(current, type) and issubclass(current, Current):
        raise TypeError(
            f"{name} must be a number, an array or a current; got the class {current.__name__}, without its values"
        )
    if getattr(current, "ndim", 0) > 1 and current.size:
        raise ValueError(
            f"{name} must be a number or one value per neuron; got an array of shape {current.shape}: "
            f"if it is sampled in time, write fn.Samples(values, dt), with values (samples,) or (n, samples)"
        )
    return Constant(_check.numbers(name, current))


@generic
def precise(waveform, zero):
    """Return a zero of the type that the parameters need: float64 where they are times, else the one given."""


@specialises(precise)
def _precise(waveform, zero):
    constant = waveform.instance_class.owner is Constant
    return (lambda waveform, zero: zero) if constant else (lambda waveform, zero: 0.0)


class WaveformRoom(NamedTuple):
    """The current of a block that may ask for it at any time."""

    constants: Any  # (parameter, lane)


@generic
def room_for(waveform, lanes, zero, times):
    """Return the room of a current in a block; another where its edges may be inside steps of fixed length."""


@specialises(room_for)
def _room_for(waveform, lanes, zero, times):
    kind = waveform.instance_class.owner
    if times.instance_class is FixedSteps and kind.edge is not Current.edge:
        stepped = KeptRoom if kind.changing_at_edges_only == (kind.value, kind.edge) else SteppedRoom
        return lambda waveform, lanes, zero, times: stepped(
            local(waveform, 1, lanes, 0.0),
            local((0.0, 0.0, 0.0), 1, lanes, 0.0),
            local((0.0,), 1, lanes, 0.0),
            local((0.0,), 1, Lanes8(), 0.0),
        )
    return lambda waveform, lanes, zero, times: WaveformRoom(local(waveform, 1, lanes, precise(waveform, zero)))


def _room(source, lanes, zero, times):
    return room_for(source.type, lanes, zero, times)


def _prepare(source, room, lane, neuron, dt):
    read(source.columns, room.constants, lane, neuron)


def _load(source, room, lane, neuron, first):
    load_in(room, lane)


def _begin_step(source, room, low, number, dt):
    begin_in(room, source, number, dt)


def _add_current(source, room, lane, V, t, stage, total):
    return total + current_in(room, source, lane, t, stage)


def _next_discontinuity(source, room, lane, t):
    return edge(take(source.type, room.constants, lane), t)


class WaveformSource(NamedTuple):
    """The current of a population, as an input of the kernels."""

    type: Any  # the parameters as zeros: the type selects the formulas
    columns: Columns
    table: np.ndarray  # samples
    shared: bool  # whether all neurons have the same

    room = _room
    prepare = _prepare
    load = _load
    begin_step = _begin_step
    add_current = _add_current
    next_discontinuity = _next_discontinuity

    def arrays(self) -> dict[str, np.ndarray]:
        """A function of time needs nothing to go on."""
        return {}


@kernel
def sample_current(sources, neuron, row, times, out):
    """Put the sum of currents at some times (ms), behind what jumps there, of some neurons into their rows of `out`."""
    room = port.room(sources, Lanes8(), 0.0, ANY_TIME)
    for m in range(neuron.size):
        port.prepare(sources, room, 0, neuron[m], 0.0)
        for k in range(times.size):
            out[row[m], k] = port.add_current(sources, room, 0, 0.0, times[k], BEGIN, -0.0)
