"""A user's own model: its mistakes in one readable message, before the compiler sees them where that is possible."""

from __future__ import annotations

import inspect
import linecache
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
        result = kind.derivative(*map(float, state), current, prepared)
    except ArithmeticError:  # a division by 0 or an overflow at this state: a kernel goes on with inf or NaN
        return
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
        place = f"\n  {where}, line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
        raise TypeError(
            re.sub("_[0-9a-f]{16}'", "'", f"{kind.__name__}.derivative: {type(error).__name__}: {error}{place}")
        ) from None
    count = len(result) if isinstance(result, tuple) else 1
    if count != len(kind.states) or not isinstance(result, tuple):
        names = ", ".join(kind.states)
        raise TypeError(
            f"{kind.__name__}.derivative must return {len(kind.states)} numbers, the derivatives of {names}; "
            f"got {count if isinstance(result, tuple) else repr(result)}\n  {where}"
        )


def first_neuron(model: Any) -> Any:
    """The parameters of neuron 0."""
    return model.like()._make(float(v if isinstance(v, float) else v[0]) for v in model.parameters.values())


def explain(model: Any, error: NumbaError) -> TypeError:
    """The compiler's objection to a model, in its own words but without the pages around them."""
    kind = type(model)
    like = model.like()
    formulas = type(like).formulas
    try:
        prepared = formulas["prepare"](like)
        formulas["derivative"].compile((float64,) * (len(kind.states) + 1) + (typeof(prepared),))
    except NumbaError as own:
        error = own
    where = inspect.getsourcefile(kind.derivative) or "?"
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    noise = ("Failed in", "During", "There are", "File ", "def ", "<source", ">>>", "^", "- ", "Of which")
    reasons = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(noise)]
    lines = [int(number) for number in re.findall(r'File "[^"]*", line (\d+)', text)]
    place = f"\n  {where}, line {lines[-1]}: {linecache.getline(where, lines[-1]).strip()}" if lines else f"\n  {where}"
    return TypeError(f"{kind.__name__}.derivative cannot be compiled: {reasons[0] if reasons else text}{place}")
