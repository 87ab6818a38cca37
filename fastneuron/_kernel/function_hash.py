"""What a user's function does, as text: its code, and all that the code refers to.

The sources of this package are in the fingerprint of its cache; a user's model is not, and may change from one cell of
a notebook to the next.  Whatever is not understood here is not cached.
"""

import builtins
import types
from collections.abc import Iterator

import numpy as np

LIBRARIES = {"math", "numpy", "numba", "scipy", "operator", "builtins", __package__.partition(".")[0]}  # known by name
PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic)


class Unknown(Exception):
    """Something whose behaviour cannot be told from what Python shows of it."""


def describe(function: object) -> str:
    """A text that is the same only for functions that do the same.  Raises `Unknown`."""
    return "\n".join(_lines(function, set()))


def _lines(value, seen) -> Iterator[str]:
    value = getattr(value, "py_func", value)  # a jitted function
    owner = (getattr(value, "__module__", None) or "").partition(".")[0]
    if isinstance(value, PLAIN):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, tuple | frozenset):
        yield f"{type(value).__qualname__} of {len(value)}"
        for item in sorted(value, key=repr) if isinstance(value, frozenset) else value:
            yield from _lines(item, seen)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield f"array {value.dtype} {value.shape} {value.tobytes().hex()}"
    elif isinstance(value, np.ufunc):
        yield f"ufunc {value.__name__}"
    elif owner in LIBRARIES and callable(value):
        yield f"{value.__module__}.{value.__qualname__}"
    elif isinstance(value, types.FunctionType):
        if id(value) not in seen:
            seen.add(id(value))
            yield from _function(value, seen)
    elif isinstance(value, type) and hasattr(value, "_fields"):
        yield f"{value.__qualname__}({', '.join(value._fields)})"
    else:
        raise Unknown(repr(value))


def _function(function, seen) -> Iterator[str]:
    yield from _lines(function.__defaults__, seen)
    for cell in function.__closure__ or ():
        yield from _lines(cell.cell_contents, seen)
    yield from _code(function.__code__, function.__globals__, seen)


def _code(code, scope, seen) -> Iterator[str]:
    yield f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars}"
    for constant in code.co_consts:
        yield from _code(constant, scope, seen) if isinstance(constant, types.CodeType) else _lines(constant, seen)
    for name in code.co_names:  # names of globals and of attributes; an attribute may share a global's name: harmless
        value = scope.get(name, getattr(builtins, name, None))
        if not isinstance(value, types.ModuleType):
            yield from _lines(value, seen)
        elif value.__name__.partition(".")[0] in LIBRARIES:
            yield value.__name__
        else:
            for attribute in code.co_names:
                if hasattr(value, attribute):
                    yield from _lines(getattr(value, attribute), seen)
