"""A small network that is a model: its cells, and what passes between them without delay."""

from __future__ import annotations

import copyreg
import functools
import keyword
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from .. import _check
from .._parameters import Parameter
from ..couplings import Coupling, Graded
from ._composition import Link, formulas_of, layout_of
from .model import Model
from .morris_lecar import MorrisLecar
from .validation import rehearse

LIMITS = ("positive", "nonnegative", "nonzero", "unbounded")
TAKEN = ("initial", "noise", "population", "parameter", "current", "spike", "isi")  # begin names of something else


class Circuit(Model):
    """A small network as a model: each neuron of a population is a circuit, with parameters of its own.

    Its states are ``"A.V"``, ``"A.N"``, ``"B.V"``, its parameters ``"A.g_Ca"``, ``"B.g_Ca"``, and of a coupling
    ``"A-B.weight"``, ``"A-B.half"``: so they are called in `initial`, `record`, `sweep` and `replace`.  Each may be
    one value, or one per circuit.

    Parameters
    ----------
    cells : dict of Model
        The neurons by name, without a reset.
    couplings : sequence of Coupling, optional
        What passes between them, from cell to cell by name.

    Attributes
    ----------
    cells : dict of Model
        The neurons by name.
    couplings : list of Coupling
        What passes between them.

    Raises
    ------
    TypeError, ValueError
        If there is no cell, a name is not a word or clashes, or a coupling is between cells, or reads a state, that
        do not exist.

    Notes
    -----
    ``current=`` of a run flows into every cell; ``current={"A": 0.8, "B": fn.Step(1.0, start=100.0)}`` into those
    that are named, 0 into the others.

    Examples
    --------
    Two neurons that inhibit each other fire by turns:

    >>> import fastneuron as fn
    >>> cell = fn.MorrisLecar.snic()
    >>> inhibition = fn.Coupling("A", "B", fn.Graded(E=-75.0, half=-5.0, slope=6.0), symmetric=True)
    >>> pair = fn.Circuit({"A": cell, "B": cell}, [inhibition])
    >>> run = fn.simulate(pair, 300.0, current=55.0, initial={"B.V": 5.0}, record=("A.V", "B.V"))
    >>> bool(run["A.V"].max() > 0 and run["B.V"].max() > 0)
    True
    >>> pair.replace(**{"A-B.weight": [0.5, 1.0, 2.0]}).size
    3
    """

    presets: ClassVar = ("half_centre",)
    parts: ClassVar[tuple[tuple[tuple[str, type[Model]], ...], tuple[Link, ...]]]  # cells and links, numbers apart

    def __init_subclass__(cls) -> None:
        super(Model, cls).__init_subclass__()  # names of states are no words here, and are checked one by one

    def __new__(cls, cells: Any = None, couplings: Any = (), **parameters: Any) -> Any:
        return object.__new__(circuit_class(*_parts(cells, couplings)) if cls is Circuit else cls)

    def __init__(
        self, cells: Mapping[str, Model] | None = None, couplings: Sequence[Coupling] = (), **parameters: Any
    ) -> None:
        if cells is not None:
            parameters = {
                f"{name}.{one}": value for name, cell in cells.items() for one, value in cell.parameters.items()
            }
            for link, coupling in zip(type(self).parts[1], couplings, strict=True):
                of_link = {"weight": coupling.weight, **coupling.kind.parameters}
                parameters |= {f"{link.name}.{one}": value for one, value in of_link.items()}
        super().__init__(**parameters)

    @classmethod
    def half_centre(cls, weight: Parameter = 0.008, half: Parameter = 30.0, **changes: Parameter) -> Any:
        """A half-centre oscillator: two Morris-Lecar neurons, A and B, that inhibit each other; current 0.8 uA/cm^2.

        The threshold of both synapses, `half`, decides how they take turns: where it is high the active cell falls
        through it and lets go (synaptic release), where it is low the silent one rises through it (synaptic escape).
        The cells must start apart, as with ``initial={"A.V": 20.0, "B.V": -40.0}``.

        Skinner, Kopell & Marder (1994), J Comput Neurosci 1:69, doi:10.1007/BF00962719; Wang & Rinzel (1992), Neural
        Comput 4:84, doi:10.1162/neco.1992.4.1.84.
        """
        cell = MorrisLecar(
            C=1.0, g_L=0.005, g_Ca=0.015, g_K=0.02, E_L=-50.0, E_Ca=100.0, E_K=-80.0,
            V1=0.0, V2=15.0, V3=0.0, V4=15.0, phi=5e-4,
        )  # fmt: skip
        inhibition = Coupling("A", "B", Graded(E=-80.0, half=half, slope=2.0), weight=weight, symmetric=True)
        return cls({"A": cell, "B": cell}, [inhibition]).replace(**changes)

    @property
    def cells(self) -> Mapping[str, Model]:
        """The neurons by name."""
        found = {name: kind(**self._own(name, kind.names)) for name, kind in self.parts[0]}
        return MappingProxyType(found)

    @property
    def couplings(self) -> list[Coupling]:
        """What passes between them."""
        return [self._coupling(link) for link in self.parts[1]]

    def _own(self, name: str, parameters: Iterable[str]) -> dict[str, Any]:
        return {one: getattr(self, f"{name}.{one}") for one in parameters}

    def _coupling(self, link: Link) -> Coupling:
        read = () if link.kind.reads == link.reads else (link.reads,)
        kind: Any = link.kind
        names = [name for name, _ in self.parts[0]]
        pre, post = names[link.pre], names[link.post]
        return Coupling(
            pre,
            post,
            kind(*read, **self._own(link.name, kind.names)),
            weight=getattr(self, f"{link.name}.weight"),
            symmetric=link.symmetric,
            name=None if link.name == f"{pre}-{post}" else link.name,
        )

    def initial_state(self, given: Mapping[str, Any], n: int) -> np.ndarray:
        """The (D, n) state to start from: what is given by name, and the cells' own initial values for the rest."""
        found = []
        for name, cell in self.cells.items():
            mine = {state: given[f"{name}.{state}"] for state in cell.states if f"{name}.{state}" in given}
            found.append(cell.initial_state(mine, n))
        return np.concatenate(found)

    def __repr__(self) -> str:
        return f"Circuit({dict(self.cells)!r}, {self.couplings!r})"


class _Made(type):
    """The class of the classes that `circuit_class` makes: they are pickled by what they are made of."""

    parts: tuple[Any, ...]


def circuit_class(cells: tuple[tuple[str, Any], ...], links: tuple[Link, ...]) -> Any:
    """The class of all circuits of such cells and links: what is no number of them."""
    kinds = [kind for _, kind in cells] + [link.kind for link in links]
    return _circuit_class(cells, links, tuple(type(kind.kernel_type()).__name__ for kind in kinds))


copyreg.pickle(_Made, lambda kind: (circuit_class, kind.parts))


@functools.lru_cache(256)
def _circuit_class(cells: tuple[tuple[str, Any], ...], links: tuple[Link, ...], content: tuple[str, ...]) -> Any:
    """The same; `content` names the formulas, which a class may have others of by now."""
    named = [*cells, *((link.name, link.kind) for link in links)]
    names = [f"{name}.{one}" for name, kind in cells for one in kind.names]
    names += [f"{link.name}.{one}" for link in links for one in ("weight", *link.kind.names)]
    units = {f"{name}.{one}": unit for name, kind in named for one, unit in kind.units.items()}
    units |= {f"{link.name}.weight": link.kind.weight_units for link in links}
    layout = layout_of(cells, links)
    spiking = {f"{name}.{next(iter(kind.states))}": kind.threshold for name, kind in cells}
    body = {
        "__module__": __name__,
        "__doc__": Circuit.__doc__,
        "__annotations__": dict.fromkeys(names, float),
        "states": {f"{name}.{state}": value for name, kind in cells for state, value in kind.states.items()},
        "units": units,
        "presets": (),
        "parts": (cells, links),
        "voltages": layout.voltages,
        "threshold": cells[0][1].threshold,
        "spiking": tuple(spiking),
        "thresholds_by_state": spiking,
        **{limit: tuple(f"{name}.{one}" for name, kind in named for one in getattr(kind, limit)) for limit in LIMITS},
        **{name: staticmethod(function) for name, function in formulas_of(layout).items()},
    }
    return _Made("Circuit", (Circuit,), body)


# what is given --------------------------------------------------------------------------------------------------------


def _parts(cells: Any, couplings: Any) -> tuple[tuple[tuple[str, Any], ...], tuple[Link, ...]]:
    """Cells and links without their numbers; TypeError or ValueError where they make no circuit."""
    if not isinstance(cells, Mapping) or not cells:
        example = "Circuit({'A': MorrisLecar(), 'B': MorrisLecar()})"
        raise TypeError(f"cells must map names to models, at least one, as in {example}; got {_check.shown(cells)}")
    for name, cell in cells.items():
        _check_cell(name, cell)
    if not isinstance(couplings, Sequence) or isinstance(couplings, str):
        raise TypeError(f"couplings must be a list of Couplings; got {_check.shown(couplings)}")
    links = tuple(_link(coupling, cells) for coupling in couplings)
    taken = {*cells}
    for link in links:
        if link.name in taken:
            raise ValueError(
                f"couplings must differ in their names; got {link.name!r} twice: give one another, as in "
                f"Coupling(..., name='{link.name}2')"
            )
        taken.add(link.name)
    return tuple((name, type(cell)) for name, cell in cells.items()), links


def _check_not_taken(of: str, name: str) -> None:
    """ValueError where names of something else begin like that, as ``"initial.V"``."""
    if name in TAKEN:
        taken = ", ".join(map(repr, TAKEN))
        raise ValueError(f"the name of {of} must be none of {taken}, which stand for something else; got {name!r}")


def _check_cell(name: Any, cell: Any) -> None:
    """TypeError or ValueError where a cell is none, or its name."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"the name of a cell must be a word, such as 'A'; got {_check.shown(name)}")
    _check_not_taken("a cell", name)
    if not isinstance(cell, Model) or isinstance(cell, Circuit):
        hint = "; write it with its parentheses" if isinstance(cell, type) else ""
        what = "a circuit" if isinstance(cell, Circuit) else _check.shown(cell)
        raise TypeError(f"cell {name} must be a Model, for example MorrisLecar(); got {what}{hint}")
    kind = type(cell).__name__
    if cell.resets():
        raise ValueError(f"cell {name} must be a model without a reset; got {kind}, which has one")
    if isinstance(cell.threshold, str):
        raise ValueError(f"cell {name} must spike at a fixed threshold; that of {kind} is its {cell.threshold}")
    rehearse(cell, cell.initial_state({}, cell.size)[:, 0], 0.0)


def _link(coupling: Any, cells: Mapping[str, Model]) -> Link:
    """A coupling without its numbers."""
    if not isinstance(coupling, Coupling):
        raise TypeError(
            f"couplings must be Couplings, as in Coupling('A', 'B', GapJunction()); got {_check.shown(coupling)}"
        )
    pre, post = (
        _check.known(f"a cell of a coupling ({end})", getattr(coupling, end), list(cells)) for end in ("pre", "post")
    )
    if pre == post and coupling.symmetric:
        raise ValueError(f"a coupling in both directions must be between two cells; got {pre!r} twice")
    if coupling.connections is not None:
        raise TypeError(f"a coupling of two cells takes no connections; got {_check.shown(coupling.connections)}")
    for end in [pre, post][: 1 + coupling.symmetric]:
        if coupling.kind.reads is not None:
            _check.known(f"a state of cell {end}, which is read,", coupling.kind.reads, list(cells[end].states))
    name = f"{pre}-{post}" if coupling.name is None else coupling.name
    if coupling.name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"the name of a coupling must be a word, such as 'slow'; got {_check.shown(name)}")
    _check_not_taken("a coupling", name)
    if not isinstance(coupling.weight, float) and np.ndim(coupling.weight) > 1:
        raise ValueError(
            f"the weight of {name} must be a number or one per circuit; got {_check.shown(coupling.weight)}"
        )
    places = list(cells)
    kind = coupling.kind
    return Link(name, places.index(pre), places.index(post), type(kind), kind.reads, coupling.symmetric)
