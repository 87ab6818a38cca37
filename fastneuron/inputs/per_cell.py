"""Currents into chosen cells of a circuit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy.typing as npt

from .. import _check, _html
from .._kernel.jit import for_tuples, generic
from .._kernel.lanes import element, replaced
from .._units import plain
from ..models import Circuit
from . import port
from .current import Current, Sum, as_current


class PerCell(Sum):
    """Currents into the cells of a circuit, by name; into those that are not named, none.

    Parameters
    ----------
    currents : dict of float, (n,) array_like or Current
        By the name of the cell, uA/cm^2.
    cells : sequence of str
        The names of all cells, in order.
    """

    def __init__(self, currents: Mapping[str, Any], cells: Sequence[str]) -> None:
        for name in currents:
            _check.known("a cell in current", name, cells)
        given = {name: plain(f"current[{name!r}]", value, "uA/cm^2") for name, value in currents.items()}
        parts = {name: as_current(f"current[{name!r}]", given[name]) for name in cells if name in given}
        if nested := [name for name, part in parts.items() if isinstance(part, PerCell)]:
            raise TypeError(f"current[{nested[0]!r}] must be of one cell; got {_check.shown(parts[nested[0]])}")
        object.__setattr__(self, "parts", tuple(parts.values()))
        object.__setattr__(self, "named", tuple(parts))
        object.__setattr__(self, "cells", tuple(cells))
        self.size  # noqa: B018, raises where the arrays do not broadcast

    named: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of circuits that the parts describe."""
        sizes = {f"current[{name!r}]": part.size for name, part in zip(self.named, self.parts, strict=True)}
        return _check.population_size(sizes)

    def sources(self, n: int, seed: int, first_neuron: int) -> tuple[Any, ...]:
        """Those of all parts, each for its cell; of no part, one that is 0."""
        none = (0.0,) * len(self.cells)
        found = [
            CellSource(source, none[self.cells.index(name) :], none)
            for name, part in zip(self.named, self.parts, strict=True)
            for source in part.sources(n, seed, first_neuron)
        ]
        return tuple(found) or (CellSource(as_current("current", 0.0).sources(n, seed, first_neuron)[0], none, none),)

    def at(self, t: float, neuron: int) -> Any:
        """Refused: a circuit has no one current."""
        raise TypeError(
            f"the currents of cells differ: ask one of {', '.join(map(repr, self.named))}, as in current['A'](t)"
        )

    def __getitem__(self, name: str) -> Current:
        """The current into a cell."""
        cell = _check.known("a cell", name, self.cells)
        return self.parts[self.named.index(cell)] if cell in self.named else as_current("current", 0.0)

    def _with(self, parts: Sequence[Current]) -> Self:
        return type(self)(dict(zip(self.named, parts, strict=True)), self.cells)

    def __add__(self, other: Any) -> Any:
        raise TypeError("a current into chosen cells cannot be added to another: add to that of each cell")

    __radd__ = __add__

    def __mul__(self, factor: npt.ArrayLike) -> Self:
        """Every part times a number, or times one for each circuit."""
        return self._with([part * factor for part in self.parts])

    def part(self, low: int, high: int) -> Self:
        """The same for the circuits `low` to `high` alone."""
        return self._with([part.part(low, high) for part in self.parts])

    def _repr_html_(self) -> str:
        return _html.table("Currents", ((name, repr(part)) for name, part in zip(self.named, self.parts, strict=True)))

    def __repr__(self) -> str:
        return repr(dict(zip(self.named, self.parts, strict=True)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PerCell)
            and (self.cells, self.named) == (other.cells, other.named)
            and super().__eq__(other)
        )

    __hash__ = None

    def __reduce__(self) -> Any:
        return PerCell, (dict(zip(self.named, self.parts, strict=True)), self.cells)


def current_for(model: Any, current: Any) -> Current:
    """What is injected into a model: a mapping is of a circuit's cells."""
    cells = list(model.cells) if isinstance(model, Circuit) else []
    if isinstance(current, PerCell) and list(current.cells) != cells:
        raise ValueError(
            f"current must be of the cells {', '.join(cells) or 'of a circuit'}; got {_check.shown(current)}"
        )
    if not isinstance(current, Mapping):
        return as_current("current", current)
    if not cells:
        raise TypeError(f"current by cell is for a Circuit; got {_check.shown(current)} for {type(model).__name__}")
    return PerCell(current, cells)


def _room(source, lanes, zero, times):
    return port.room(source.source, lanes, zero, times)


def _prepare(source, room, lane, neuron, dt):
    port.prepare(source.source, room, lane, neuron, dt)


def _load(source, room, lane, neuron, first):
    port.load(source.source, room, lane, neuron, first)


def _begin_step(source, room, low, number, dt):
    port.begin_step(source.source, room, low, number, dt)


def _add_current(source, room, lane, V, t, stage, total):
    own = port.add_current(source.source, room, lane, V, t, stage, element(total, source.cell))
    return replaced(total, source.cell, own)


def _next_discontinuity(source, room, lane, t):
    return port.next_discontinuity(source.source, room, lane, t)


def _nothing(source):
    return _minus_zeros(source.cells)


@generic
def _minus_zeros(cells):
    return ()


@for_tuples(_minus_zeros)
def _minus_zero_each(cells):
    return (-0.0, *_minus_zeros(cells[1:]))


class CellSource(NamedTuple):
    """A current into one cell of every circuit, as an input of the kernels."""

    source: Any  # of the current
    cell: Any  # as many zeros as there are cells from it on
    cells: Any  # as many as there are cells

    room = _room
    prepare = _prepare
    load = _load
    begin_step = _begin_step
    add_current = _add_current
    next_discontinuity = _next_discontinuity
    nothing = _nothing

    @property
    def columns(self) -> Any:
        """Its numbers."""
        return self.source.columns

    def arrays(self) -> dict[str, Any]:
        """A function of time needs nothing to go on."""
        return {}
