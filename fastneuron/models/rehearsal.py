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
        place = _place(where, frames[-1].lineno if frames else kind.derivative.__code__.co_firstlineno)
        raise TypeError(
            re.sub("_[0-9a-f]{16}'", "'", f"{kind.__name__}.derivative: {type(error).__name__}: {error}{place}")
        ) from None
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
