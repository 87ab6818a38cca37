"""The formulas of a circuit, made of those of its cells and of what passes between them.

Tuples of a circuit are those of its cells end to end: states, parameters, constants and gates alike; behind the cells'
stands what belongs to the links.  Each formula here is a function that cuts out what is a part's own, calls the part's
formula, and joins what comes of all parts.  Python can call it as well as the compiler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba.core.types import BaseTuple

from .._formulas import as_function, compiled
from .._kernel.jit import for_tuples, generic, specialises
from .._kernel.lanes import fma
from ..couplings import CouplingKind
from .model import Model


class Link(NamedTuple):
    """A coupling as a circuit's class has it: what of it is no number."""

    name: str
    pre: int  # numbers of cells
    post: int
    kind: type[CouplingKind]
    reads: str | None
    symmetric: bool


class Part(NamedTuple):
    """A cell or a link: where its own stand in the tuples of the whole, and of what kind they are."""

    kind: Any
    parameters: slice  # of a link, without the weight, which stands before them
    constants: slice  # the same
    make_parameters: Any
    make_constants: Any  # None: a plain tuple
    states: slice = slice(0, 0)
    gates: slice = slice(0, 0)
    lone_gate: bool = False  # a number, no tuple


class Edge(NamedTuple):
    """A link in one direction."""

    part: Part
    source: int  # the number of the state that is read
    voltage: int  # the number of the cell whose voltage that is, or -1
    post: int
    gate: int  # where among the gates stands what is sent, or -1


class Layout(NamedTuple):
    """All parts of a circuit."""

    cells: tuple[Part, ...]
    links: tuple[Part, ...]
    edges: tuple[Edge, ...]
    voltages: tuple[int, ...]  # the numbers of the cells' first states
    content: str  # names the formulas of all parts


def layout_of(cells: tuple[tuple[str, Any], ...], links: tuple[Link, ...]) -> Layout:
    """Where everything stands in a circuit of these cells and links."""
    at = {"states": 0, "parameters": 0, "constants": 0, "gates": 0}

    def cut(what: str, count: int) -> slice:
        at[what] += count
        return slice(at[what] - count, at[what])

    parts = []
    for _, kind in cells:
        constants, gates = _mirrored(kind)
        parts.append(
            Part(
                kind,
                cut("parameters", len(kind.names)),
                cut("constants", len(constants)),
                type(kind.kernel_type()),
                type(constants) if hasattr(constants, "_fields") else None,
                cut("states", len(kind.states)),
                cut("gates", len(gates) if isinstance(gates, tuple) else 1),
                not isinstance(gates, tuple),
            )
        )
    tails, edges = [], []
    for link in links:
        cut("parameters", 1), cut("constants", 1)
        constants = _constants(link.kind)
        named = type(constants) if hasattr(constants, "_fields") else None
        own = cut("parameters", len(link.kind.names)), cut("constants", len(constants))
        tails.append(Part(link.kind, *own, type(link.kind.kernel_type()), named))
        for pre, post in [(link.pre, link.post), (link.post, link.pre)][: 1 + link.symmetric]:
            states = list(parts[pre].kind.states)
            place = 0 if link.reads is None else states.index(link.reads)
            early = place == 0 and link.kind.sent is not CouplingKind.sent
            gate = cut("gates", 1).start if early else -1
            edges.append(Edge(tails[-1], parts[pre].states.start + place, pre if place == 0 else -1, post, gate))
    names = [type(kind.kernel_type()).__name__ for kind in [kind for _, kind in cells] + [link.kind for link in links]]
    said = repr((names, [link._replace(name="", kind=None) for link in links]))  # type: ignore[arg-type]
    voltages = tuple(part.states.start for part in parts)
    return Layout(tuple(parts), tuple(tails), tuple(edges), voltages, hashlib.sha256(said.encode()).hexdigest()[:16])


def _constants(kind: Any) -> Any:
    """What the class prepares of its defaults, for the form of it."""
    values = (np.float64(getattr(kind, name, 1.0)) for name in kind.names)
    with np.errstate(all="ignore"):
        return as_function(kind.prepare)(type(kind.kernel_type())(*values))


def _mirrored(kind: Any) -> tuple[Any, Any]:
    """What a model's class prepares and opens by default, for the form of it."""
    constants, V = _constants(kind), next(iter(kind.states.values()))
    with np.errstate(all="ignore"):
        return constants, as_function(kind.gates)(np.float64(V if isinstance(V, int | float) else 0.0), constants)


def formulas_of(layout: Layout, single: bool = False) -> dict[str, Callable[..., Any]]:
    """`prepare`, `gates` and `derivative` of a circuit, in single precision if asked."""
    made = _Maker(layout.content, single)
    found = {
        "prepare": _of_prepare(made, layout),
        "gates": _of_gates(made, layout),
        "derivative": _of_derivative(made, layout),
    }
    for name, function in found.items():
        if function is Model.gates:
            continue
        function.__qualname__ = f"{name} {layout.content}{' single' * single}"
        if not single:
            function.in_single = lambda name=name: formulas_of(layout, single=True)[name]
    return found


def _of_prepare(made: _Maker, layout: Layout) -> Any:
    """The constants of the cells, and of each link its weight and its constants."""
    whole = made.melted(made.joined([*map(made.prepare, layout.cells), *map(made.prepare_link, layout.links)]))

    def prepare(p):
        return whole(p, ())

    return prepare


def _of_gates(made: _Maker, layout: Layout) -> Any:
    """What depends on voltages alone: the gates of the cells, and what is sent by a voltage."""
    opened = [made.gates_of_cell(i, cell) for i, cell in enumerate(layout.cells) if cell.gates.stop > cell.gates.start]
    sent = [made.sent_by_voltage(edge) for edge in layout.edges if edge.gate >= 0]
    if not opened and not sent:
        return Model.gates
    whole = made.melted(made.joined([*opened, *sent]))

    def gates(V, p):
        return whole(V, p)

    rows = [cell.gates.start for cell in layout.cells if cell.gates.stop > cell.gates.start]
    rows += [edge.gate for edge in layout.edges if edge.gate >= 0]
    gates.pieces = tuple(zip(rows, map(made.melted, [*opened, *sent]), strict=True))  # type: ignore[attr-defined]
    return gates


def _of_derivative(made: _Maker, layout: Layout) -> Any:
    """The slopes of all cells, each with its current and what reaches it."""
    states = layout.cells[-1].states.stop
    constants, gates = states + 1, states + 2  # where they stand among the arguments; no sum is a constant to Numba
    voltages = (0.0,) * len(layout.cells)
    has_gates = _has_gates(layout)
    slopes = []
    for i, cell in enumerate(layout.cells):
        reaching = [made.current_of_edge(edge, cell.states.start) for edge in layout.edges if edge.post == i]
        slopes.append(made.slopes_of_cell(i, cell, made.summed(reaching)))
    whole = made.melted(made.joined(slopes))

    def derivative(*arguments):
        currents = spread(voltages, arguments[states])
        return whole(arguments[0:states], (currents, arguments[constants], arguments[gates]))

    def ungated(*arguments):
        currents = spread(voltages, arguments[states])
        return whole(arguments[0:states], (currents, arguments[constants], ()))

    return derivative if has_gates else ungated


def _has_gates(layout: Layout) -> bool:
    cells = any(cell.gates.stop > cell.gates.start for cell in layout.cells)
    return cells or any(edge.gate >= 0 for edge in layout.edges)


@generic
def spread(like, current):
    """The current of each cell: `current` where it is a tuple, and else the same for each element of `like`."""
    return current if isinstance(current, tuple) else (current,) * len(like)


@for_tuples(spread)
def _spread_each(like, current):
    return _spread(current, like)


@generic
def _spread(current, like):
    """The same, by the type of the current."""


@specialises(_spread)
def _spread_by_type(current, like):
    if isinstance(current, BaseTuple):
        return lambda current, like: current
    if len(like) == 1:
        return lambda current, like: (current,)
    return lambda current, like: (current, *_spread(current, like[1:]))


class _Maker:
    """Makes pieces of formulas: each a function (x, p), both tuples, of a name that no other function has."""

    def __init__(self, content: str, single: bool) -> None:
        self.content, self.single, self.count = content, single, 0

    def own(self, kind: Any, name: str) -> Any:
        """A formula of a part, compiled along."""
        return compiled(getattr(kind, name), single=self.single)

    def melted(self, function: Any) -> Any:
        """The function as others call it.  Its name is part of its symbol: two that differ must not share one."""
        self.count += 1
        function.__qualname__ = f"{function.__name__} {self.count} {self.content}{' single' * self.single}"
        return compiled(function)

    def joined(self, pieces: list[Any]) -> Any:
        """A function whose result is that of all pieces, end to end."""
        if not pieces:
            return lambda x, p: ()
        if len(pieces) == 1:
            return pieces[0]
        first, rest = self.melted(pieces[0]), self.melted(self.joined(pieces[1:]))
        return lambda x, p: first(x, p) + rest(x, p)

    def summed(self, pieces: list[Any]) -> Any:
        """A function (total, x, p) that adds to a total what all pieces give, in their order; None of no pieces."""
        if not pieces:
            return None
        first = self.melted(pieces[0])
        if len(pieces) == 1:
            return lambda total, x, p: first(total, x, p)
        rest = self.melted(self.summed(pieces[1:]))
        return lambda total, x, p: rest(first(total, x, p), x, p)

    # parts ------------------------------------------------------------------------------------------------------------

    def prepare(self, part: Part) -> Any:
        """The constants of a part, by all parameters."""
        function, make = self.own(part.kind, "prepare"), part.make_parameters
        first, last, count = *_ends(part.parameters), part.constants.stop - part.constants.start
        return lambda x, p: function(make(*x[first:last]))[0:count]

    def prepare_link(self, part: Part) -> Any:
        """The weight of a link and its constants."""
        constants, weight = self.melted(self.prepare(part)), part.parameters.start - 1
        return lambda x, p: (x[weight],) + constants(x, p)  # noqa: RUF005, Numba adds tuples

    def constants(self, part: Part) -> Any:
        """The constants of a part as its formulas want them, by all constants."""
        make, (first, last) = part.make_constants, _ends(part.constants)
        if make is None:
            return self.melted(lambda p: p[first:last])
        return self.melted(lambda p: make(*p[first:last]))

    def gates_of_cell(self, i: int, cell: Part) -> Any:
        """The gates of a cell, by all voltages and constants."""
        function, constants = self.own(cell.kind, "gates"), self.constants(cell)
        if cell.lone_gate:
            return lambda V, p: (function(V[i], constants(p)),)
        return lambda V, p: function(V[i], constants(p))

    def sent_by_voltage(self, edge: Edge) -> Any:
        """What is sent along an edge that reads a voltage, by all voltages and constants."""
        function, constants, i = self.own(edge.part.kind, "sent"), self.constants(edge.part), edge.voltage
        return lambda V, p: (function(V[i], constants(p)),)

    def current_of_edge(self, edge: Edge, voltage: int) -> Any:
        """What adds to a current what reaches the cell of a voltage along an edge; of `p` see `slopes_of_cell`."""
        function, constants, weight = self.own(edge.part.kind, "current"), self.constants(edge.part), _weight(edge)
        gate, source = edge.gate, edge.source
        if gate >= 0:
            return lambda total, x, p: fma(p[1][weight], function(x[voltage], p[2][gate], constants(p[1])), total)
        sent = self.own(edge.part.kind, "sent")

        def reaching(total, x, p):
            known = constants(p[1])
            return fma(p[1][weight], function(x[voltage], sent(x[source], known), known), total)

        return reaching

    def slopes_of_cell(self, i: int, cell: Part, reaching: Any) -> Any:
        """The derivative of a cell's states, by all states and `p`: the currents of all cells, constants and gates."""
        function, behind = self.own(cell.kind, "derivative"), self.melted(self.behind_current(cell))
        first, last = _ends(cell.states)
        if reaching is None:
            return lambda x, p: function(*(x[first:last] + (p[0][i],) + behind(p)))  # noqa: RUF005
        total = self.melted(reaching)
        return lambda x, p: function(*(x[first:last] + (total(p[0][i], x, p),) + behind(p)))  # noqa: RUF005

    def behind_current(self, cell: Part) -> Any:
        """What a cell's derivative gets behind the current: its constants, and its gates if it has some."""
        constants, (first, last) = self.constants(cell), _ends(cell.gates)
        if first == last:
            return lambda p: (constants(p[1]),)
        if cell.lone_gate:
            return lambda p: (constants(p[1]), p[2][first])
        return lambda p: (constants(p[1]), p[2][first:last])


def _ends(part: slice) -> tuple[int, int]:
    return part.start, part.stop


def _weight(edge: Edge) -> int:
    """Where its weight stands among the constants."""
    return edge.part.constants.start - 1
