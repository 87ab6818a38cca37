"""A name for what a Python function computes, so that a changed one never meets the machine code of the old."""

import hashlib
import types
import uuid

import numpy as np

from ._jit import PACKAGE


def digest(*values):
    """A short hexadecimal name of functions, numbers, strings and arrays, by content.

    A function counts with its bytecode, constants, defaults, closure, and the globals it reads, functions it calls
    included; this package's own functions count by name, their sources being part of the cache's fingerprint.
    """
    hasher = hashlib.sha256()
    _feed(hasher, values, set())
    return hasher.hexdigest()[:16]


def _feed(hasher, value, seen):
    value = getattr(value, "py_func", value)  # a jitted function is its Python function
    hasher.update(f"<{type(value).__name__}>".encode())
    if isinstance(value, types.FunctionType):
        _feed_function(hasher, value, seen)
    elif isinstance(value, types.CodeType):
        hasher.update(value.co_code + repr(value.co_names + value.co_varnames).encode())
        for constant in value.co_consts:
            _feed(hasher, constant, seen)
    elif isinstance(value, tuple | list):
        for element in value:
            _feed(hasher, element, seen)
    elif isinstance(value, np.ndarray):
        hasher.update(repr((value.dtype, value.shape)).encode() + value.tobytes())
    elif isinstance(value, int | float | complex | str | bytes | np.generic | None | types.BuiltinFunctionType):
        hasher.update(repr(value).encode())
    elif isinstance(value, types.ModuleType | type):
        hasher.update(f"{getattr(value, '__module__', '')} {value.__name__}".encode())
    else:
        hasher.update(uuid.uuid4().bytes)  # unknown: never the same twice, hence never stale


def _feed_function(hasher, function, seen):
    hasher.update(f"{function.__module__}.{function.__qualname__}".encode())
    if function in seen or str(function.__code__.co_filename).startswith(str(PACKAGE)):
        return
    seen.add(function)
    _feed(hasher, function.__code__, seen)
    _feed(hasher, function.__defaults__ or (), seen)
    cells = [cell.cell_contents for cell in function.__closure__ or () if cell.cell_contents is not function]
    _feed(hasher, cells, seen)
    for name in sorted(_globals_read(function.__code__)):
        if name in function.__globals__:
            hasher.update(name.encode())
            _feed(hasher, function.__globals__[name], seen)


def _globals_read(code):
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _globals_read(constant)
    return names
