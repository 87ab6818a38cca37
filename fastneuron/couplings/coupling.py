"""A coupling: from whom to whom, of which kind, how strong."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _check, _html
from .._units import plain
from .kind import CouplingKind


class Coupling:
    """A coupling without delay: what a neuron feels of another's state at every moment.

    Parameters
    ----------
    pre, post : str, or Population or a view of one
        Who is felt, and who feels it: the names of two cells of a `Circuit`; or, in the list of a `Network`, neurons of
        a model without a reset.
    kind : CouplingKind
        What passes: `GapJunction`, `Graded`, `StateCoupled`, or a kind of one's own.
    connections : rule, (pre, post) or scipy.sparse matrix
        In a network, as those of a `Projection`: a matrix of the shape ``(len(pre), len(post))`` has the weights as its
        values.  `AllToAll` with one weight costs no more than a neighbour each, if the kind is linear.  Two cells of a
        circuit are one connection, and want none.
    weight : float, array_like or distribution, default 1 or the values of the matrix
        How strong, mS/cm^2.  In a circuit, a number or one for each circuit.
    symmetric : bool, optional
        Whether it acts from `post` to `pre` as well, with the same parameters; if not said, gap junctions do.  Where
        both ends are the same neurons, weights must then be those of both directions.
    name : str, optional
        What its parameters are called by: ``"name.weight"``; ``"pre-post"`` by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.Coupling("A", "B", fn.Graded(E=-80.0, half=0.0, slope=15.0), weight=0.01)
    Coupling('A', 'B', Graded(E=-80, half=0, slope=15), weight=0.01)

    In a network all neurons go through a step together, with `rk4` or `heun`, so that each stage sees the others at
    that stage:

    >>> cells = fn.Population(fn.MorrisLecar.hopf(), 4)
    >>> fn.Network({"cells": cells}, [fn.Coupling(cells, cells, fn.GapJunction(), fn.AllToAll(), weight=0.1)])
    Network({'cells': Population(MorrisLecar, 4)}, 0 projections, 1 couplings, seed=0)
    """

    def __init__(
        self,
        pre: Any,
        post: Any,
        kind: CouplingKind,
        connections: Any = None,
        weight: Any = None,
        *,
        symmetric: bool | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(kind, CouplingKind):
            hint = "; write it with its values: GapJunction()" if isinstance(kind, type) else ""
            wanted = "a GapJunction, a Graded, a StateCoupled or another CouplingKind"
            raise TypeError(f"kind must be {wanted}; got {_check.shown(kind)}{hint}")
        self.pre, self.post, self.kind, self.connections = pre, post, kind, connections
        self.weight = plain("weight", weight, kind.weight_units)
        if isinstance(pre, str):
            self.weight = _check.numbers("weight", 1.0 if weight is None else self.weight)
        self.symmetric = kind.symmetric if symmetric is None else _check.flag("symmetric", symmetric)
        self.name = name

    def _repr_html_(self) -> str:
        ends = (
            "between" if self.symmetric else "from",
            repr(self.pre),
            "and" if self.symmetric else "to",
            repr(self.post),
        )
        weight = () if self.weight is None else (("weight", _html.value(self.weight)),)
        return _html.table("Coupling", [ends[:2], ends[2:], ("kind", repr(self.kind)), *weight])

    def __repr__(self) -> str:
        value = self.weight
        plain_number = np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"
        shown = f"<{np.size(value)} values>" if np.ndim(value) else f"{value:g}" if plain_number else repr(value)
        weight = "" if value is None else f", weight={shown}"
        both = "" if self.symmetric == self.kind.symmetric else f", symmetric={self.symmetric}"
        return f"Coupling({self.pre!r}, {self.post!r}, {self.kind!r}{weight}{both})"
