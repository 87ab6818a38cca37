"""Variational equations: of a model, the model of its states and of their derivatives along some directions.

Every formula is differentiated as it stands, by duals, one direction after the other; what they have in common is
worked out once, since the compiler finds it.  The states are to the bit those of the model alone.
"""

from __future__ import annotations

import copyreg
import functools
from typing import Any, NamedTuple

from .._formulas import compiled
from .._kernel.dual import dual, duals, parts
from .._kernel.lanes import axpy
from .._parameters import KernelTypes, kernel_namedtuple
from .model import Model

SCALE, DIRECTION = "time_scale", "tangent_direction"  # parameters of what is made here


class Variations(NamedTuple):
    """Of what the variational equations are made."""

    kind: Any  # the class of the model
    along: tuple[str | None, ...]  # of each direction: "current", a parameter, or None for that of an initial state
    steered: bool = False  # whether `DIRECTION`, a parameter, is by how much the parameter moves; else by 1
    scaled: bool = False  # whether time is in units of `SCALE` ms, which may differ by neuron

    @property
    def added(self) -> list[str]:
        """The parameters that the model does not have."""
        return [DIRECTION] * self.steered + [SCALE] * self.scaled

    @property
    def push(self) -> str:
        """By how much a parameter moves, in a formula."""
        return f"p.{DIRECTION}" if self.steered else "1.0"


class _Variational(type):
    """The class of the classes that `variational` makes: they are pickled by what they are made of."""

    made_of: tuple[Any, ...]
    spiking: Any
    states: Any


@functools.cache
def variational(variations: Variations, names: tuple[str, ...]) -> Any:
    """The class of the variational equations; `names` are those of the derivatives, direction by direction."""
    kind = variations.kind
    body = {
        "__module__": kind.__module__,
        "__doc__": f"`{kind.__name__}` and derivatives of its states.",
        "__annotations__": dict.fromkeys(variations.added, float),
        "states": kind.states,
        "presets": (),
        "gates": Model.gates,
        **dict.fromkeys(variations.added, 1.0),
        **_formulas(variations),
    }
    found = _Variational(f"{kind.__name__}_tangent", (kind,), body)
    found.states = {**kind.states, **dict.fromkeys(names, 0.0)}  # here, since dV/dg_Ca is no word, as states must be
    found.made_of = variations, names
    return found


copyreg.pickle(_Variational, lambda kind: (variational, kind.made_of))


def _formulas(variations: Variations) -> dict[str, Any]:
    """The formulas of the variational equations, which call those of the model with duals."""
    kind = variations.kind
    states = list(kind.states)
    moving = {j: _moving(kind, name) for j, name in enumerate(variations.along) if name not in (None, "current")}
    prepare, fields = _prepare(variations, moving)
    slopes = [[f"d{j}_{state}" for state in states] for j in range(len(variations.along))]
    lines = [f"def derivative({', '.join([*states, *(name for row in slopes for name in row)])}, I, p):"]
    results = []
    for j, name in enumerate(variations.along):
        moved = [f"dual({state}, {slope})" for state, slope in zip(states, slopes[j], strict=True)]
        lines += [f"    state = ({', '.join(moved)},)", "    c = p"]
        if j in moving:
            lines += [f"    c = Constants({_moved(fields, moving[j], f'd{j}_', kind, variations.push)})"]
        current = f"dual(I, {variations.push})" if name == "current" else "I"
        opened = ", model_gates(state[0], c)" if kind.gates is not Model.gates else ""
        lines += [f"    found = model_derivative(*state, {current}, c{opened})"]
        lines += ["    value = parts(found, 1, 0)"] * (j == 0) + [f"    slope{j} = parts(found, 1, 1)"]
        results += [f"slope{j}"]
    both = " + ".join(["value", *results])
    zeros = (-0.0,) * (len(states) * (1 + len(results)))
    lines += [f"    return axpy(p.{SCALE}, {both}, {zeros})" if variations.scaled else f"    return {both}"]
    scope = {
        **{"dual": dual, "duals": duals, "parts": parts, "axpy": axpy},
        "model_derivative": compiled(kind.derivative),
        "model_gates": compiled(kind.gates),
        "Constants": _namedtuple("Constants", fields),
    }
    return {"derivative": _made("\n".join(lines), "derivative", scope, variations), **prepare}


def _moved(fields: list[str], moving: set[str], prefix: str, kind: Any, push: str) -> str:
    """The constants, of which those that move are duals."""
    plain = kind.prepare is Model.prepare
    return ", ".join(
        f"dual(p.{name}, {push if plain else f'p.{prefix}{name}'})" if name in moving else f"p.{name}"
        for name in fields
    )


def _prepare(variations: Variations, moving: dict[int, set[str]]) -> tuple[dict[str, Any], list[str]]:
    """`prepare` of the variational equations, and the names of the model's own constants."""
    kind = variations.kind
    zeros = kind.kernel_type()
    names = list(zeros._fields)
    if kind.prepare is Model.prepare:
        return {}, names
    fields = list(compiled(kind.prepare)(zeros._replace(**_defaults(kind)))._fields)
    own = [(j, name) for j in moving for name in fields if name in moving[j]]
    lines = ["def prepare(p):", f"    found = model_prepare(Parameters({', '.join(f'p.{name}' for name in names)}))"]
    for j in moving:
        given = [f"dual(p.{x}, {variations.push})" if x == variations.along[j] else f"p.{x}" for x in names]
        lines += [f"    slope{j} = parts(model_prepare(Parameters({', '.join(given)})), 1, 1)"]
    got = [f"found.{name}" for name in fields] + [f"slope{j}[{fields.index(name)}]" for j, name in own]
    lines += [f"    return Prepared({', '.join([*got, *(f'p.{name}' for name in variations.added)])})"]
    scope = {
        **{"dual": dual, "parts": parts},
        "Prepared": _namedtuple("Prepared", [*fields, *(f"d{j}_{name}" for j, name in own), *variations.added]),
        "Parameters": _namedtuple("Parameters", names),
        "model_prepare": compiled(kind.prepare),
    }
    return {"prepare": _made("\n".join(lines), "prepare", scope, variations)}, fields


class _Traced:
    """A number of which nothing is known but that it depends on a parameter; what is made of it does, too."""

    def _made(self, *others: Any, **named: Any) -> Any:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _made
    __pow__ = __rpow__ = __mod__ = __rmod__ = __neg__ = __pos__ = __abs__ = __array_ufunc__ = _made

    def __bool__(self) -> bool:
        raise TypeError("what a branch depends on is not known")


def _moving(kind: Any, parameter: str) -> set[str]:
    """Those of a model's constants that may depend on a parameter: the others need no derivative.

    Told by what `prepare` does with a number of which nothing is known; where Python cannot carry that out, all may.
    """
    if kind.prepare is Model.prepare:
        return {parameter}
    try:
        given = _namedtuple("Parameters", kind.names)(**{**_defaults(kind), parameter: _Traced()})
        return {name for name, value in kind.prepare(given)._asdict().items() if isinstance(value, _Traced)}
    except Exception:  # whatever a formula that is written for a compiler does in Python
        found = compiled(kind.prepare)(kind.kernel_type()._replace(**_defaults(kind)))
        return set(found._fields)


def _defaults(kind: Any) -> dict[str, float]:
    return {name: float(getattr(kind, name, 1.0)) for name in kind.names}


def _namedtuple(what: str, fields: Any) -> Any:
    name = f"{what}_{'_'.join(fields)}"
    if not hasattr(KernelTypes, name):
        setattr(KernelTypes, name, kernel_namedtuple(name, fields))
    return getattr(KernelTypes, name)


def _made(source: str, name: str, scope: dict[str, Any], variations: Variations) -> Any:
    space = dict(scope)
    kind, *how = variations
    exec(compile(source, f"<{kind.__name__}, variational equations>", "exec"), space)
    function = space[name]
    function.__module__ = __name__
    # what stands for this code in the name of a kernel: the model's own formulas are in the name of its type
    function.__qualname__ = " ".join([name, type(kind.kernel_type()).__name__, *map(str, how)])
    return staticmethod(function)
