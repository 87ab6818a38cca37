"""What a user's function does, as text: its code, and all that the code refers to.

The sources of this package are in the fingerprint of its cache; a user's model is not, and may change from one cell of
a notebook to the next.  Whatever is not understood here is not cached.
"""

import builtins
import dis
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numba.np.ufunc.dufunc import DUFunc

LIBRARIES = {"math", "numpy", "numba", "scipy", "operator", "builtins", __package__.partition(".")[0]}  # known by name
PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic)


class Unknown(Exception):
    """Something whose behaviour cannot be told from what Python shows of it."""


class Witness(NamedTuple):
    """Where a description has looked, and what it found there."""

    look: Callable[..., Any]
    place: tuple[Any, ...]
    found: Any


def describe(function: object) -> str:
    """A text that is the same only for functions that do the same.  Raises `Unknown`."""
    return described(function)[0]


def described(function: object) -> tuple[str, list[Witness] | None]:
    """The same with its witnesses, or None where it stands on something that may change in place, such as an array."""
    seen = _Seen()
    text = "\n".join(_lines(function, seen))
    return text, seen.witnesses if seen.steady else None


def still_stands(witnesses: list[Witness]) -> bool:
    """Whether a description would be the same again: nothing that it has looked at is another thing now."""
    try:
        return all(look(*place) is found for look, place, found in witnesses)
    except ValueError:  # a variable that has no value any more
        return False


class _Seen(set):
    """The functions that are described, and what their description stands on."""

    def __init__(self) -> None:
        super().__init__()
        self.witnesses: list[Witness] = []
        self.steady = True

    def note(self, look: Callable[..., Any], *place: Any) -> None:
        """Look at a place, and keep what is there."""
        self.witnesses.append(Witness(look, place, look(*place)))


def _lines(value, seen) -> Iterator[str]:
    value = getattr(value, "py_func", value)  # a jitted function
    if isinstance(value, DUFunc):
        value = value._dispatcher.py_func  # type: ignore[attr-defined]
    owner = (getattr(value, "__module__", None) or "").partition(".")[0]
    if isinstance(value, PLAIN):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, tuple | frozenset):
        yield f"{type(value).__qualname__} of {len(value)}"
        for item in sorted(value, key=repr) if isinstance(value, frozenset) else value:
            yield from _lines(item, seen)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        seen.steady = False
        yield f"array {value.dtype} {value.shape} {value.tobytes().hex()}"
    elif isinstance(value, np.ufunc):
        yield f"ufunc {value.__name__}"
    elif isinstance(value, functools.partial):
        seen.steady = False
        yield "partial"
        yield from _lines((value.func, value.args, *sorted(value.keywords.items())), seen)
    elif owner in LIBRARIES and callable(value):
        yield f"{value.__module__}.{value.__qualname__}"
    elif isinstance(value, types.FunctionType):
        if id(value) not in seen:
            seen.add(id(value))
            yield from _function(value, seen)
    elif isinstance(value, type) and hasattr(value, "_fields"):
        yield f"{value.__qualname__}({', '.join(value._fields)})"
    elif callable(value) and isinstance(type(value).__call__, types.FunctionType):
        seen.steady = False
        yield f"{type(value).__qualname__}"
        yield from _lines((type(value).__call__, *sorted(vars(value).items())), seen)
    else:
        raise Unknown(repr(value))


def _function(function, seen) -> Iterator[str]:
    for name in ("__code__", "__defaults__"):
        seen.note(getattr, function, name)
    for cell in function.__closure__ or ():
        _content(cell)
        seen.note(getattr, cell, "cell_contents")
    seen.steady = seen.steady and not function.__kwdefaults__
    yield from _lines(function.__defaults__, seen)
    yield from _lines(tuple(sorted((function.__kwdefaults__ or {}).items())), seen)
    closed = dict(zip(function.__code__.co_freevars, map(_content, function.__closure__ or ()), strict=True))
    for value in closed.values():
        if not isinstance(value, types.ModuleType):
            yield from _lines(value, seen)
    yield from _code(function.__code__, _Scope(function.__globals__, closed), seen)


class _Scope(NamedTuple):
    """The variables that a function knows beside its own."""

    everywhere: dict[str, Any]
    closed: dict[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of one."""
        return self.closed[name] if name in self.closed else self.everywhere.get(name, default)


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:
        raise Unknown("a variable that has no value yet") from None


def _code(code, scope, seen) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars}"
    for constant in code.co_consts:
        yield from _code(constant, scope, seen) if isinstance(constant, types.CodeType) else _lines(constant, seen)
    for path in _paths(code, scope):
        yield from _referred(path, scope, seen)


def _paths(code, scope) -> list[list[str]]:
    """The dotted names that code refers to; attributes of what is no module stay out."""
    paths: list[list[str]] = []
    growing = False
    for instruction in dis.get_instructions(code):
        name = instruction.argval
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") or (
            instruction.opname in ("LOAD_DEREF", "LOAD_CLASSDEREF") and isinstance(scope.get(name), types.ModuleType)
        ):
            paths.append([name])
            growing = True
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and growing:
            paths[-1].append(name)
        else:
            growing = False
    return paths


def _referred(path, scope, seen) -> Iterator[str]:
    """What a dotted name means, as far as it leads through modules."""
    value = scope.get(path[0], getattr(builtins, path[0], None))
    if path[0] not in scope.closed:
        seen.note(scope.everywhere.get, path[0])
    for name in path[1:]:
        if not isinstance(value, types.ModuleType):
            break
        if value.__name__.partition(".")[0] in LIBRARIES:
            break
        seen.note(getattr, value, name, None)
        value = getattr(value, name, None)
    if not isinstance(value, types.ModuleType):
        yield from _lines(value, seen)
    elif value.__name__.partition(".")[0] in LIBRARIES:
        yield f"{value.__name__} {'.'.join(path)}"
    else:
        raise Unknown(repr(value))  # a module that goes by another name: what of it is used cannot be seen
