"""A formula of a user as the compiler gets it.

What it calls comes along: plain functions are compiled as scalar helpers, whatever they are decorated with, and the
functions of NumPy and `math` are those of `fastneuron.math`, which vectorise (``np.exp`` costs 6 to 17 times more).
An index beyond the end of a table means its last entry: there is no foreign memory to be read.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math as python_math
import types
from collections import namedtuple
from typing import Any

import numpy as np
from numba import types as numba_types
from numba.core import ir
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.ir_utils import build_definitions, guard, mk_unique_var
from numba.core.untyped_passes import GenericRewrites
from numba.np.ufunc.dufunc import DUFunc

from . import math
from ._kernel.compiler import Formulas
from ._kernel.function_hash import LIBRARIES
from ._kernel.inner import Inner
from ._kernel.jit import ALLOCATING, FLAGS, generic, inline, specialises

PACKAGE = __package__
OURS = {
    id(getattr(library, name)): getattr(math, name)
    for library in (np, python_math)
    for name in math.__all__
    if hasattr(library, name) and name != "interp"
}


def compiled(formula: Any, single: bool = False) -> Any:
    """A formula as a helper that melts into kernels, its literal numbers in single precision if asked."""
    function = as_function(formula)
    if single and hasattr(function, "in_single"):  # a formula that calls others, which are to be so as well
        function = function.in_single()
    if _owner(function) == PACKAGE:
        return inline(_narrowed(function) if single else function, TRUSTED)
    return inline(_rebuilt(function, single, {}), UNCHECKED)


def as_function(formula: Any) -> Any:
    """The function behind a formula that is jitted, partial, or an object that can be called.

    Raises TypeError if there is none.
    """
    formula = getattr(formula, "py_func", formula)
    if isinstance(formula, DUFunc):
        return formula._dispatcher.py_func  # type: ignore[attr-defined]
    if isinstance(formula, functools.partial):
        return _bound(as_function(formula.func), formula.args, formula.keywords)
    if isinstance(formula, types.FunctionType):
        return formula
    call = type(formula).__call__ if callable(formula) else None
    if not isinstance(call, types.FunctionType):
        raise TypeError(f"a formula must be a function in Python; got {formula!r}")
    make: Any = namedtuple  # the object's numbers are constants of the machine code
    return _bound(call, (make(type(formula).__name__, vars(formula))(**vars(formula)),), {})


def _bound(function: Any, first: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The function with some arguments chosen; those that have names become its defaults."""
    if named:
        code, missing = function.__code__, inspect.Parameter.empty
        default = {name: x.default for name, x in inspect.signature(function).parameters.items()} | named
        positional = code.co_varnames[: code.co_argcount]
        tail = [default[name] for name in itertools.dropwhile(lambda name: default[name] is missing, positional)]
        if missing in tail:
            raise TypeError(
                f"what a partial {function.__name__} chooses by name must come last; got {', '.join(named)}"
            )
        function = types.FunctionType(code, function.__globals__, function.__name__, tuple(tail), function.__closure__)
        function.__kwdefaults__ = {name: value for name, value in default.items() if name not in positional}
    if not first:
        return function
    formula: Any = lambda *rest: function(*(first + rest))  # noqa: E731, the compiler's language
    formula.__module__, formula.__name__ = function.__module__, function.__name__
    return formula


def underlying(formula: Any) -> Any:
    """The function that a user has written, wherever it is wrapped."""
    while not isinstance(formula, types.FunctionType):
        wrapped = getattr(formula, "py_func", None) or getattr(formula, "func", None)
        formula = as_function(formula) if isinstance(formula, DUFunc) else wrapped or type(formula).__call__
    return formula


# what a formula refers to ---------------------------------------------------------------------------------------------


def _owner(value: Any) -> str:
    return (getattr(value, "__module__", None) or "").partition(".")[0]


def _rebuilt(function: Any, single: bool, seen: dict[int, Any]) -> Any:
    """The function with all it refers to as formulas have it."""
    seen[id(function)] = None
    code = _flat(_literals(function.__code__)) if single else _flat(function.__code__)
    scope = {
        name: _referred(function.__globals__[name], single, seen)
        for name in _names(function.__code__)
        if name in function.__globals__
    }
    cells = tuple(_cell(cell, single, seen) for cell in function.__closure__ or ())
    new = types.FunctionType(code, {"__builtins__": __builtins__, **scope}, function.__name__, None, cells)
    defaults = *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()
    new.__defaults__ = tuple(_referred(value, single, seen) for value in defaults) or None
    new.__module__ = function.__module__
    return new


def _names(code: Any) -> set[str]:
    inner = [_names(value) for value in code.co_consts if isinstance(value, types.CodeType)]
    return set(code.co_names).union(*inner)


def _cell(cell: Any, single: bool, seen: dict[int, Any]) -> Any:
    try:
        return types.CellType(_referred(cell.cell_contents, single, seen))
    except ValueError:  # not filled yet
        return cell


def _flat(code: Any) -> Any:
    """Arguments by name alone as ordinary ones: the compiler knows no others, and these have their defaults."""
    return code.replace(co_argcount=code.co_argcount + code.co_kwonlyargcount, co_kwonlyargcount=0)


def _referred(value: Any, single: bool, seen: dict[int, Any]) -> Any:
    """What stands for a value that a formula refers to."""
    if id(value) in OURS:
        return OURS[id(value)]
    if single and isinstance(value, float):
        return np.float32(value)
    if isinstance(value, types.ModuleType):
        return value if _owner_of_module(value) not in ("numpy", "math") and _library(value) else _module(value, single)
    if isinstance(value, Inner) or (isinstance(value, types.FunctionType) and _owner(value) in LIBRARIES):
        return value
    if isinstance(value, Dispatcher | DUFunc | functools.partial | types.FunctionType):
        if id(value) not in seen:
            function = as_function(value)
            if id(function) in seen:  # a function that calls itself
                return value
            seen[id(value)] = inline(_rebuilt(function, single, seen), UNCHECKED)
        return seen[id(value)] or value
    return value


def _owner_of_module(module: Any) -> str:
    return module.__name__.partition(".")[0]


def _library(module: Any) -> bool:
    return _owner_of_module(module) in LIBRARIES


class _Module(types.ModuleType):
    """A module whose functions are as formulas have them."""

    def __init__(self, module: Any, single: bool) -> None:
        super().__init__(module.__name__)
        self._original, self._single = module, single

    def __getattr__(self, name: str) -> Any:
        found = _referred(getattr(self._original, name), self._single, {})
        setattr(self, name, found)  # the same each time: a type of the compiler
        return found


def _module(module: Any, single: bool) -> Any:
    if _library(module):
        return _kept_module(module, single)
    return _Module(module, single)  # a user's may change


@functools.cache
def _kept_module(module: Any, single: bool) -> Any:
    return _Module(module, single)


# single precision -----------------------------------------------------------------------------------------------------


def _literals(code: Any) -> Any:
    """The code with its literal numbers in float32: one float64 among them would widen all that it meets."""

    def narrow(value: Any) -> Any:
        if isinstance(value, types.CodeType):
            return _literals(value)
        return np.float32(value) if isinstance(value, float) else value

    return code.replace(co_consts=tuple(map(narrow, code.co_consts)))


def _narrowed(function: Any) -> Any:
    new = types.FunctionType(
        _literals(function.__code__), function.__globals__, function.__name__, None, function.__closure__
    )
    new.__module__ = function.__module__
    return new


# tables ---------------------------------------------------------------------------------------------------------------


@functools.partial(generic, flags=ALLOCATING)  # a row of a table is an array
def item(values: Any, index: Any) -> Any:
    """Return ``values[index]``; an index beyond an end means the entry there."""
    return values[index]


@generic
def _inside(index: Any, size: Any) -> Any:
    """Return a whole number moved to within -size to size - 1, and any other index as it is."""
    return index


@specialises(_inside)
def _inside_by_type(index, size):
    if isinstance(index, numba_types.Integer):
        return lambda index, size: max(min(index, size - 1), -size)
    return lambda index, size: index


@specialises(item)
def _item(values, index):
    if isinstance(values, numba_types.UniTuple) and isinstance(index, numba_types.Integer):
        return lambda values, index: values[_inside(index, len(values))]
    if not isinstance(values, numba_types.Array):
        return lambda values, index: values[index]
    if isinstance(index, numba_types.BaseTuple):
        if len(index) == 2:
            return lambda values, index: values[_inside(index[0], values.shape[0]), _inside(index[1], values.shape[1])]
        return lambda values, index: values[index]
    return lambda values, index: values[_inside(index, values.shape[0])]


@register_pass(mutates_CFG=False, analysis_only=False)
class _IndexInside(FunctionPass):
    """Every index goes through `item`, but for constant ones of tuples."""

    _name = "fastneuron_index_inside"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        for block in state.func_ir.blocks.values():
            block.body = [new for statement in block.body for new in self._replaced(statement, state.func_ir)]
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True

    def _replaced(self, statement: Any, func_ir: Any) -> list[Any]:
        value: Any = getattr(statement, "value", None)
        op = value.op if isinstance(value, ir.Expr) else None
        if op not in ("getitem", "static_getitem"):
            return [statement]
        index = value.index if op == "getitem" else value.index_var
        source = guard(_defined, func_ir, value.value)
        table = isinstance(source, ir.Global | ir.FreeVar) and isinstance(source.value, np.ndarray)
        if index is None or (op == "static_getitem" and not table):
            return [statement]
        scope, loc = statement.target.scope, statement.loc
        function = ir.Var(scope, mk_unique_var("$item"), loc)
        scope.define(function.name, loc)
        call = ir.Expr.call(function, (value.value, index), (), loc)
        return [
            ir.Assign(ir.Global("item", item, loc), function, loc),
            ir.Assign(call, statement.target, loc),
        ]


def _defined(func_ir: Any, variable: Any) -> Any:
    return func_ir.get_definition(variable)


class _UsersFormulas(Formulas):
    """The compiler of users' formulas."""

    @staticmethod
    def passes(state: Any) -> Any:
        """Indices are made safe once the ordinary rewrites are done."""
        chosen = Formulas.passes(state)
        chosen.add_pass_after(_IndexInside, GenericRewrites)
        return chosen


UNCHECKED = ALLOCATING | {"pipeline_class": _UsersFormulas}  # what they hand back to kernels is numbers
TRUSTED = FLAGS | {"pipeline_class": Formulas}
