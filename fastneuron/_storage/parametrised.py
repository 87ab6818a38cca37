"""Models, currents, noises and receptors written down as plain values and arrays, and made again.

What is read is data: nothing is imported, and no class is made, because a file names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .. import _check
from .._kernel.function_hash import Unknown, describe
from .._parameters import PROCESS, Parametrised
from ..couplings import CouplingKind, StateCoupled
from ..inputs.current import Current, Sum
from ..inputs.noise import Noise
from ..inputs.per_cell import PerCell
from ..inputs.waveforms import Samples
from ..models import Circuit, Model
from ..models.circuit import Link, circuit_class
from ..receptors import Receptor
from .damage import Refused

Classes = tuple[type, ...]


def given_classes(models: Iterable[type]) -> Classes:
    """The classes that a caller gives; TypeError if one is no model, current, noise, receptor or kind of coupling."""
    kinds = tuple(models) if isinstance(models, Iterable) and not isinstance(models, str | bytes) else (models,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Model | Current | Noise | Receptor | CouplingKind)):
            raise TypeError(
                "models must be classes of models, currents, noises, receptors or kinds of coupling; "
                f"got {_check.shown(kind)}"
            )
    return kinds


def classes_of(things: Iterable[Parametrised]) -> Classes:
    """The classes that things are made of, to be given where they are read again."""
    return tuple(dict.fromkeys(kind for thing in things for kind in _kinds(thing)))


def _kinds(thing: Parametrised) -> list[type]:
    """The classes of a thing, which may have parts."""
    if isinstance(thing, Sum):
        return [type(part) for part in thing.parts]
    if isinstance(thing, Circuit):
        cells, links = thing.parts
        return [kind for _, kind in cells] + [link.kind for link in links]
    return [type(thing)]


def written(name: str, thing: Parametrised, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """A thing as values that JSON can hold; its arrays go into `arrays`, by names that begin with `name`."""
    kind = type(thing)
    text: dict[str, Any] = {"class": _place(kind)}
    if isinstance(thing, PerCell):
        text |= {"named": list(thing.named), "cells": list(thing.cells)}
    if isinstance(thing, Circuit):
        cells, links = thing.parts
        text["cells"] = {cell: {"class": _place(one), "formulas": _formulas(one)} for cell, one in cells}
        text["couplings"] = [
            link._asdict() | {"kind": {"class": _place(link.kind), "formulas": _formulas(link.kind)}} for link in links
        ]
    if isinstance(thing, Sum):
        return text | {"parts": [written(f"{name}.{i}", part, arrays) for i, part in enumerate(thing.parts)]}
    if isinstance(thing, Samples):
        arrays[f"{name}.values"] = thing.values
        return text | {"dt": thing.interval, "held": bool(thing.held)}
    text |= {"formulas": _formulas(kind), "parameters": {}}
    for parameter, value in thing.parameters.items():
        if np.ndim(value):
            arrays[f"{name}.{parameter}"] = value
        text["parameters"][parameter] = None if np.ndim(value) else repr(value)  # inf is no JSON
    return text | ({"state": thing.reads} if isinstance(thing, StateCoupled) else {})


def read(base: type, text: dict[str, Any], array: Any, name: str, given: Classes) -> Any:
    """The thing again; ValueError where its class is not there, or not what it was."""
    kind: Any = _circuit(text, given) if "couplings" in text else _class(base, text, given)
    if kind is PerCell:
        parts = [read(base, part, array, f"{name}.{i}", given) for i, part in enumerate(text["parts"])]
        return PerCell(dict(zip(text["named"], parts, strict=True)), text["cells"])
    if kind is Sum:
        return Sum(*(read(base, part, array, f"{name}.{i}", given) for i, part in enumerate(text["parts"])))
    if kind is Samples:
        return Samples(array(f"{name}.values"), text["dt"], text["held"])
    values = {
        parameter: float(value) if value is not None else array(f"{name}.{parameter}")
        for parameter, value in text["parameters"].items()
    }
    if list(values) != list(kind.names) or _formulas(kind) != text["formulas"]:
        raise Refused(f"the run is of another {kind.__name__}: its parameters or formulas have changed since")
    return kind(**values, **({"state": text["state"]} if kind is StateCoupled else {}))


def _place(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _circuit(text: dict[str, Any], given: Classes) -> Any:
    """The class of a circuit of the cells and couplings that a file names."""
    cells = tuple((name, _class(Model, cell, given)) for name, cell in text["cells"].items())
    links = [Link(**{**link, "kind": _class(CouplingKind, link["kind"], given)}) for link in text["couplings"]]
    written_parts = [*text["cells"].values(), *(link["kind"] for link in text["couplings"])]
    for kind, part in zip([kind for _, kind in cells] + [link.kind for link in links], written_parts, strict=True):
        if _formulas(kind) != part["formulas"]:
            raise Refused(f"the run is of another {kind.__name__}: its parameters or formulas have changed since")
    return circuit_class(cells, tuple(links))


def _class(base: type, text: dict[str, Any], given: Classes) -> Any:
    """The class that a file names, if it exists: one that the caller gives, or else one that is defined."""
    module, _, path = text["class"].partition(":")
    found = [kind for kind in given if kind.__qualname__ == path and issubclass(kind, base)]
    found = found or [kind for kind in _subclasses(base) if (kind.__module__, kind.__qualname__) == (module, path)]
    if not found:
        name = path.rpartition(".")[2]
        raise Refused(
            f"the run is of {path} from {module}, which is not there; define or import it first, or give it: "
            f"models=[{name}]"
        )
    same = [kind for kind in found if "formulas" in text and _formulas(kind) == text["formulas"]]
    return (same or found)[-1]  # of those defined again and again, as in a notebook, the latest


def _subclasses(base: type) -> Iterator[Any]:
    kind: Any
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)


def _formulas(kind: Any) -> str:
    """A name that is the same only for the same formulas."""
    name = type(kind.kernel_type()).__name__
    if not issubclass(kind, Receptor):
        return name
    try:  # its response is in Python, and in no kernel
        content = describe(kind.response)
    except Unknown:
        content = f"{id(kind)} {PROCESS}"
    return f"{name}_{hashlib.sha256(content.encode()).hexdigest()[:16]}"
