"""A user's own model: its mistakes in one readable message, before the compiler sees them where that is possible."""

from __future__ import annotations

import dis
import inspect
import linecache
import numbers
import re
import traceback
from typing import Any

from numba import float64, typeof
from numba.core.errors import NumbaError

from .model import Model


def rehearse(model: Any, state: Any, current: float) -> None:
    """Call the derivative once, in Python, on the initial state of the first neuron.

    Raises TypeError if it fails or does not give one number for each state.
    """
    kind = type(model)
    where = inspect.getsourcefile(kind.derivative) or "?"
    try:
        prepared = kind.prepare(first_neuron(model))
        gates = kind.gates(float(state[0]), prepared)
        result = kind.derivative(*map(float, state), current, prepared, *([gates] if gates else []))
    except ArithmeticError:  # a division by 0 or an overflow at this state: a kernel goes on with inf or NaN
        return
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
        place = _place(where, frames[-1].lineno if frames else _definition(kind.derivative))
        said = re.sub("_[0-9a-f]{16}'", "'", f"{type(error).__name__}: {error}")
        raise TypeError(f"{kind.__name__}.derivative: {said}{_hint(kind, error, frames)}{place}") from None
    is_tuple = isinstance(result, tuple)
    if not is_tuple or len(result) != len(kind.states) or not all(isinstance(x, numbers.Real) for x in result):
        names = ", ".join(kind.states)
        short = is_tuple and all(isinstance(x, numbers.Real) for x in result)
        ends = [i.positions.lineno for i in dis.get_instructions(kind.derivative) if i.opname.startswith("RETURN")]
        raise TypeError(
            f"{kind.__name__}.derivative must return {len(kind.states)} numbers, the derivatives of {names}; "
            f"got {len(result) if short else repr(result)}{_place(where, ends[-1])}"
        )


def _place(where: str, line: int) -> str:
    return f"\n  {where}, line {line}: {linecache.getline(where, line).strip()}"


def _definition(function: Any) -> int:
    """The line of its def, not of a decorator."""
    lines, first = inspect.getsourcelines(function)
    return first + next((i for i, line in enumerate(lines) if line.lstrip().startswith("def ")), 0)


def _hint(kind: Any, error: Exception, frames: Any) -> str:
    """What may be meant, where that can be told."""
    if not frames and isinstance(error, TypeError):  # the call itself
        gates = () if kind.gates is Model.gates else ("gates",)
        return f"; it is called as derivative({', '.join((*kind.states, 'I', 'p', *gates))})"
    missing = getattr(error, "name", None)
    if isinstance(error, AttributeError) and missing in vars(kind):
        return f"; write {missing} with its type to make it a parameter, as in {missing}: float = 1.0"
    if isinstance(error, AttributeError) and hasattr(error.obj, "_fields"):
        return f"; there are {', '.join(error.obj._fields)}"
    return ""


def first_neuron(model: Any) -> Any:
    """The parameters of neuron 0."""
    return model.like()._make(float(v if isinstance(v, float) else v[0]) for v in model.parameters.values())


def _compiled(function: Any, *arguments: Any) -> Any:
    """The type of what a formula returns, once compiled for arguments of these types."""
    function.compile(arguments)
    return function.overloads[arguments].signature.return_type


def explain(model: Any, error: NumbaError) -> TypeError:
    """The compiler's objection to a model, in its own words but without the pages around them."""
    kind = type(model)
    like = model.like()
    formulas = type(like).formulas
    try:
        prepared = _compiled(formulas["prepare"], typeof(like))
        gates = _compiled(formulas["gates"], float64, prepared)
        _compiled(
            formulas["derivative"], *(float64,) * (len(kind.states) + 1), prepared, *([gates] if len(gates) else [])
        )
    except NumbaError as own:
        error = own
    where = inspect.getsourcefile(kind.derivative) or "?"
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    noise = ("Failed in", "During", "There are", "File ", "def ", "<source", ">>>", "^", "- ", "Of which")
    reasons = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(noise)]
    lines = [int(number) for number in re.findall(r'File "[^"]*", line (\d+)', text)]
    place = _place(where, lines[-1]) if lines else f"\n  {where}"
    return TypeError(f"{kind.__name__}.derivative cannot be compiled: {reasons[0] if reasons else text}{place}")
