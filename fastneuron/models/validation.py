"""A user's own model: its mistakes in one readable message, before the compiler sees them where that is possible."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import re
import textwrap
import traceback
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import boolean, float64, typeof
from numba.core.errors import NumbaError

from .._formulas import underlying
from .model import Model


def rehearse(model: Any, state: Any, current: float) -> None:
    """Call the derivative, and the reset if there is one, in Python, on the initial state of the first neuron.

    Raises TypeError if one fails or does not give one number for each state.
    """
    kind = type(model)
    gates = () if kind.gates is Model.gates else ("gates",)
    _rehearse(kind, "derivative", (*kind.states, "I", "p", *gates), lambda: slope(model, state, current))
    if kind.resets():
        arguments = (*kind.states, "p")
        _rehearse(kind, "reset", arguments, lambda: _called(kind.reset, *map(float, state), _prepared(model)))


def check_reset(model: Any, initial: Mapping[str, Any], threshold: float) -> None:
    """ValueError where a refractory time is negative, or a reset leaves a voltage above the threshold for ever."""
    if "refractory" in model.names and np.any(np.less(model.refractory, 0.0)):
        raise ValueError(f"refractory must be 0 or more; got {np.min(model.refractory)}")
    level = model.thresholds if np.isnan(threshold) else threshold
    V, *others = model.states
    states = (level, *(initial[name] for name in others))
    try:
        prepared = _called(type(model).prepare, SimpleNamespace(**model.parameters))
        after = np.asarray(_called(type(model).reset, *states, prepared)[0], float)
    except Exception:  # formulas that take one number at a time
        states = tuple(float(np.ravel(state)[0]) for state in states)
        after, level = np.asarray(_called(type(model).reset, *states, _prepared(model))[0], float), states[0]
    above = np.ravel(after > level)
    if above.any():
        first = int(np.argmax(above))
        values = [float(np.broadcast_to(value, above.shape)[first]) for value in (after, level)]
        raise ValueError(
            f"{type(model).__name__}.reset must not put {V} above the threshold, where it never spikes again; got "
            f"{V} = {values[0]:g} and a threshold of {values[1]:g}" + (f" for neuron {first}" if above.size > 1 else "")
        )


def _rehearse(kind: Any, name: str, arguments: tuple[str, ...], call: Callable[[], Any]) -> None:
    """Call a formula that gives one number for each state."""
    formula = getattr(kind, name)
    where = _source(formula)
    try:
        result = call()
    except (ArithmeticError, NumbaError):
        return  # a kernel goes on with inf or NaN where Python stops, and compiles helpers that Numba alone does not
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
        place = _place(where, frames[-1].lineno or 0 if frames else _definition(formula))
        said = re.sub("_[0-9a-f]{16}'", "'", f"{type(error).__name__}: {error}")
        hint = _hint(kind, formula, error, frames, f"{name}({', '.join(arguments)})")
        raise TypeError(f"{kind.__name__}.{name}: {said}{hint}{place}") from None
    is_tuple = isinstance(result, tuple)
    if not is_tuple or len(result) != len(kind.states) or not all(map(_is_number, result)):
        names = ", ".join(kind.states)
        short = is_tuple and all(map(_is_number, result))
        code = dis.get_instructions(underlying(formula))
        ends = [i.positions.lineno for i in code if i.opname.startswith("RETURN") and i.positions]
        what = "the derivatives of" if name == "derivative" else "the states"
        raise TypeError(
            f"{kind.__name__}.{name} must return {len(kind.states)} numbers, {what} {names}; "
            f"got {len(result) if short else repr(result)}{_place(where, ends[-1] or 0)}"
        )


ARGUMENTS = {  # of the formulas of currents and noises
    "value": ("t", "before", "table", "p"),
    "edge": ("t", "p"),
    "prepare": ("dt", "p"),
    "begin": ("z", "c"),
    "move": ("noise", "z", "c"),
}


def rehearse_input(thing: Any, dt: float) -> None:
    """Call each formula of a user's current or noise, or of those in a sum, once in Python; TypeError if one fails."""
    if hasattr(thing, "parts"):
        for part in thing.parts:
            rehearse_input(part, dt)
        return
    kind = type(thing)
    if kind.__module__.partition(".")[0] == __package__.partition(".")[0]:
        return
    values = {"t": 0.0, "before": False, "table": getattr(thing, "table", None), "dt": dt, "z": 0.0, "noise": 0.0}
    for name in kind.formulas:
        formula = getattr(kind, name)
        if name not in ARGUMENTS or underlying(formula).__module__.partition(".")[0] == __package__.partition(".")[0]:
            if name == "prepare":
                return  # the package's own
            continue
        where = _source(formula)
        try:
            result = _called(formula, *((values | {"p": first_neuron(thing)})[x] for x in ARGUMENTS[name]))
        except (ArithmeticError, NumbaError):
            return
        except Exception as error:
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
            place = _place(where, frames[-1].lineno if frames else _definition(formula))
            hint = "" if frames else f"; it is called as {name}({', '.join(ARGUMENTS[name])})"
            raise TypeError(f"{kind.__name__}.{name}: {type(error).__name__}: {error}{hint}{place}") from None
        if name == "prepare":
            values["c"] = result


def slope(model: Any, state: Any, current: float) -> Any:
    """What the derivative of the first neuron's state is in Python."""
    kind = type(model)
    prepared = _prepared(model)
    gates = _called(kind.gates, float(state[0]), prepared)
    opened = () if isinstance(gates, tuple) and not gates else (gates,)
    return _called(kind.derivative, *map(float, state), current, prepared, *opened)


def _prepared(model: Any) -> Any:
    """What the formulas of the first neuron get as `p`."""
    return _called(type(model).prepare, first_neuron(model))


def _called(formula: Any, *arguments: Any) -> Any:
    with np.errstate(all="ignore"):  # as in the kernels: a gate may overflow on its way to 0 or 1
        return getattr(formula, "py_func", formula)(*arguments)


def _is_number(value: Any) -> bool:
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "bfiu"


def _source(formula: Any) -> str:
    return inspect.getsourcefile(underlying(formula)) or "?"


def _place(where: str, line: int | None) -> str:
    return f"\n  {where}, line {line}: {linecache.getline(where, line or 0).strip()}"


def _definition(formula: Any) -> int:
    """The line of its def, not of a decorator."""
    function = underlying(formula)
    try:
        lines, first = inspect.getsourcelines(function)
    except OSError:  # typed in, or made by exec
        return function.__code__.co_firstlineno
    return first + next((i for i, line in enumerate(lines) if line.lstrip().startswith("def ")), 0)


TIMES = {"t", "time"}
NO_TIME = "; a model's formulas do not know the time: what changes in time is a current, such as fn.Sine or fn.Samples"


def _hint(kind: Any, formula: Any, error: Exception, frames: Any, called_as: str) -> str:
    """What may be meant, where that can be told."""
    missing = getattr(error, "name", None)
    asks = {missing} if isinstance(error, NameError) else {*inspect.signature(underlying(formula)).parameters}
    time = NO_TIME if asks & TIMES - {*kind.states} else ""
    if not frames and isinstance(error, TypeError):  # the call itself
        return f"; it is called as {called_as}{time}"
    if time and isinstance(error, NameError):
        return time
    if isinstance(error, AttributeError) and missing in vars(kind):
        return f"; write {missing} with its type to make it a parameter, as in {missing}: float = 1.0"
    if isinstance(error, AttributeError) and hasattr(error.obj, "_fields"):
        return f"; there are {', '.join(error.obj._fields)}"
    return ""


def first_neuron(model: Any) -> Any:
    """The parameters of neuron 0."""
    return model.kernel_type()._make(float(v if isinstance(v, float) else v[0]) for v in model.parameters.values())


# states that are no longer finite -------------------------------------------------------------------------------------


def undefined_term(model: Any, neuron: int, state: Any, current: float) -> str:
    """The term of a neuron's derivative that is not finite at a finite state, in words; "" if all are, or none is told.

    The formula is worked out once more in Python, from the inside to the outside, as it is written.
    """
    one = model.part(neuron, neuron + 1)
    kind, values = type(one), [np.float64(value) for value in state]
    try:
        prepared = _prepared(one)
        gates = _called(kind.gates, values[0], prepared)
        opened = () if isinstance(gates, tuple) and not gates else (gates,)
        arguments = (*values, np.float64(current), prepared, *opened)
        found = _first_not_finite(underlying(kind.derivative), arguments)
        if np.all(np.isfinite(_called(kind.derivative, *arguments))):
            return ""
    except Exception:
        return ""
    names = zip(kind.states, values, strict=True)
    where = ", ".join(f"{name} = {value:.6g}" for name, value in names)
    return f"{found or f'{kind.__name__}.derivative'} is not finite at {where}"


class _Watched(ast.NodeTransformer):
    """Every operation and call of a formula hands its result to ``_watch(result, text)``."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        text = ast.unparse(node) if isinstance(node, ast.BinOp | ast.Call) else ""
        super().generic_visit(node)
        if not isinstance(node, ast.BinOp | ast.Call):
            return node
        name = ast.Name("_watch", ast.Load())
        return ast.copy_location(ast.Call(name, [node, ast.Constant(text)], []), node)


def _first_not_finite(function: Any, arguments: Any) -> str:
    """The text of the innermost part of a formula that is not finite; "" where the source is not there."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return ""
    definition = next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), None)
    if definition is None or definition.name != function.__name__:
        return ""
    definition.decorator_list = []
    found: list[str] = []

    def watch(value: Any, text: str) -> Any:
        if not found and isinstance(value, float | np.ndarray | np.generic) and not np.all(np.isfinite(value)):
            found.append(text)
        return np.float64(value) if isinstance(value, float) else value

    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    scope = function.__globals__ | {name: cell.cell_contents for name, cell in cells} | {"_watch": watch}
    module = ast.fix_missing_locations(ast.Module([_Watched().visit(definition)], []))
    exec(compile(module, "<formula>", "exec"), scope)
    _called(scope[function.__name__], *arguments)
    return found[0] if found else ""


# what the compiler says -----------------------------------------------------------------------------------------------


def _compiled(function: Any, *arguments: Any) -> Any:
    """The type of what a formula returns, once compiled for arguments of these types."""
    function.dispatcher.compile(arguments)
    return function.dispatcher.overloads[arguments].signature.return_type


def explain(model: Any, error: NumbaError, inputs: Any = ()) -> TypeError:
    """The compiler's objection to a model, its current or its noise, in its own words but without the pages around."""
    kind, name = type(model), "derivative"
    try:
        _compile_model(model)
        for given in (part for whole in inputs for part in getattr(whole, "parts", (whole,))):
            types: dict[str, Any] = {"before": boolean, "table": typeof(getattr(given, "table", 0.0))}
            types["p"] = typeof(given.kernel_type())
            for name in set(type(given).formulas) & set(ARGUMENTS):
                kind = type(given)
                if name not in ("begin", "move"):
                    wanted = (types.get(argument, float64) for argument in ARGUMENTS[name])
                    _compiled(type(given.kernel_type()).formulas[name], *wanted)
        kind, name = type(model), "derivative"
    except NumbaError as own:
        error = own
    where = _source(getattr(kind, name))
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    noise = ("Failed in", "During", "There are", "File ", "def ", "<source", ">>>", "^", "- ", "Of which")
    reasons = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(noise)]
    lines = [int(number) for number in re.findall(r'File "[^"]*", line (\d+)', text)]
    place = _place(where, lines[-1]) if lines else f"\n  {where}"
    return TypeError(f"{kind.__name__}.{name} cannot be compiled: {reasons[0] if reasons else text}{place}")


def _compile_model(model: Any) -> None:
    kernel_type = model.kernel_type()
    formulas = type(kernel_type).formulas
    prepared = _compiled(formulas["prepare"], typeof(kernel_type))
    gates = _compiled(formulas["gates"], float64, prepared)
    none = hasattr(gates, "__len__") and len(gates) == 0
    states = (float64,) * (len(type(model).states) + 1)
    _compiled(formulas["derivative"], *states, prepared, *(() if none else (gates,)))
