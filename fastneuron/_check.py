"""The boundary: every argument is checked here, before any work starts.

Each message names the argument, what was given and what is allowed.
"""

import difflib
import math
import operator
import os
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ._units import library_of

DTYPES = ("float64", "float32")  # the precisions of all that is trained

COUNTABLE = 2**53  # above, not every whole number is a float: steps, samples and bins are counted up to here


def shown(value):
    """What was given, in one line of bearable length."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:60]} ... {text[-30:]}"


def known(name, value, allowed):
    """`value` if it is one of the names `allowed`; else a ValueError with the nearest match."""
    allowed = list(allowed)
    if isinstance(value, str) and value in allowed:
        return value
    hint = None
    if isinstance(value, str):
        close = difflib.get_close_matches(value, allowed, n=1, cutoff=0.4)
        lower = {a.lower(): a for a in allowed}
        hint = lower.get(value.lower()) or (close[0] if close else None)
    message = f"{name} must be one of {', '.join(map(repr, allowed))}; got {shown(value)}"
    raise ValueError(message + (f"; did you mean {hint!r}?" if hint else ""))


def names(name, value, what, allowed):
    """`value`, one name or several, as a tuple of different names that are `allowed`; None is none."""
    if value is None:
        return ()
    scalar = isinstance(value, bytes) or (isinstance(value, np.ndarray) and value.ndim != 1)
    if scalar or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be the name of {what} or several names; got {shown(value)}")
    chosen = (value,) if isinstance(value, str) else tuple(value)
    for one in chosen:
        known(name, one, allowed)
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name} must name each at most once; got {shown(value)}")
    return tuple(map(str, chosen))


def path(name, value):
    """`value` if it can be the path of a file."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a path, a str or a pathlib.Path; got {shown(value)}")
    if not text or "\0" in text:
        raise ValueError(f"{name} must be a path that is not empty and has no null character; got {shown(value)}")
    return value


def numbers(name: str, value: Any, finite: bool = True, dimensions: int = 1, of: str = "neuron") -> np.ndarray:
    """A copy of `value` as a float64 array of so many dimensions at most, all finite (or at least not NaN).

    `of` says what an index is in a message: see `place`.
    """
    wanted = "numbers, a scalar or an array" + (" of one dimension" if dimensions == 1 else "")
    if isinstance(value, str | bytes) or value is None:
        raise TypeError(f"{name} must be {wanted}; got {shown(value)}")
    try:
        if library_of(value) is not None:
            raise TypeError("it has a unit")
        if np.ma.is_masked(value):
            raise TypeError("some values are masked")
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"dtype {array.dtype}")
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be {wanted}; got {shown(value)} ({error})") from None
    if array.ndim > dimensions:
        allowed = "a number or one value per neuron" if dimensions == 1 else "(samples,) or (n, samples)"
        raise ValueError(f"{name} must be {allowed}; got an array of shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must have at least one value; got an empty array of shape {array.shape}")
    if finite:
        satisfies(name, array, np.isfinite, "finite", of)
    else:
        satisfies(name, array, lambda x: ~np.isnan(x), "a number", of)
    return array


def satisfies(name, array, holds, wanted, of="neuron"):
    """Raise unless `holds` is true of every element of `array`; `of` says what an index is: see `place`."""
    bad = np.flatnonzero(~holds(np.asarray(array).ravel()))
    if bad.size:
        index = np.unravel_index(bad[0], np.shape(array))
        raise ValueError(f"{name} must be {wanted}; got {np.asarray(array)[index]}{place(index, of)}")


def place(index, of):
    """Where an element stands, to end a message with: at its neuron, in its row and column, or at its index."""
    index = tuple(map(int, index))
    if not index:
        return ""
    if of == "neuron" and len(index) == 1:
        return f" at neuron {index[0]}"
    if of == "row":
        return f" in row {index[0]}" + (f", column {index[1]}" if len(index) > 1 else "")
    return f" at index {index[0] if len(index) == 1 else index}"


def is_sparse(value: Any) -> bool:
    """Whether `value` is SciPy's; nothing can be before scipy.sparse is imported, which takes its time."""
    return "scipy.sparse" in sys.modules and sys.modules["scipy.sparse"].issparse(value)


def refuse_masked(name: str, value: Any) -> None:
    """Raise where values are masked, since what stands behind a mask is no datum; a mask of nothing does no harm."""
    rows = value if isinstance(value, list | tuple) else ()
    if np.ma.is_masked(value) or any(isinstance(row, np.ma.MaskedArray) and np.ma.is_masked(row) for row in rows):
        raise TypeError(
            f"{name} must be an array of numbers; some of its values are masked: fill them, or leave their rows out"
        )


def array(name: str, value: Any, dtype: npt.DTypeLike | None = None) -> np.ndarray:
    """`value` as an array of real numbers: as it stands, or converted to `dtype` where that is given.

    Numbers beyond the range of `dtype` become infinite; whether all are finite is not asked.
    """
    refuse_masked(name, value)
    wanted = f"{name} must be an array of numbers"
    try:
        found = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise ValueError(f"{wanted}; got {shown(value)} ({error})") from None
    except Exception as error:  # whatever the __array__ of another library raises
        raise TypeError(f"{wanted}; got a {type(value).__name__} ({error})") from None
    if found.dtype.kind not in "fiub":
        what = f"a {type(value).__name__} of {found.dtype}" if found.ndim else shown(value)
        raise TypeError(f"{wanted}; got {what}")
    if dtype is None:
        return found
    with np.errstate(over="ignore", invalid="ignore"):
        return found.astype(dtype, copy=False)


def finite(name: str, array: np.ndarray, of: str = "row") -> None:
    """Raise unless every number of `array` is finite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        satisfies(name, array, np.isfinite, "finite", of)


def targets(name: str, value: Any, n: int, outputs: int, labels: bool = True) -> np.ndarray:
    """Finite targets (n, outputs), or, where `labels` may be given and are, the class (n,) of each row."""
    found = array(name, value.toarray() if is_sparse(value) else value)
    if found.shape == (n,) and outputs == 1:
        found = found[:, np.newaxis]
    if found.shape == (n,) and labels:
        satisfies(
            name, found, lambda x: (x >= 0) & (x < outputs) & (x == np.floor(x)), f"classes 0 to {outputs - 1}", "row"
        )
        return found.astype(np.intp)
    if found.shape != (n, outputs):
        either = f"({n}, {outputs})" + (f" or ({n},)" if labels or outputs == 1 else "")
        raise ValueError(f"{name} must have shape {either}, a row for each row of X; got {found.shape}")
    finite(name, found)
    return found


def sample_weight(value: Any, n: int, dtype: npt.DTypeLike, outputs: int | None = None) -> np.ndarray:
    """The weights (n,) of the rows, or (n, outputs) where `outputs` is given: 0 or more, and not all 0."""
    name = "sample_weight"
    found = array(name, value, dtype)
    shapes = [(n,)] if outputs is None else [(n,), (n, outputs)]
    if found.shape not in shapes:
        raise ValueError(f"{name} must have shape {' or '.join(map(str, shapes))}; got {found.shape}")
    satisfies(name, found, lambda x: np.isfinite(x) & (x >= 0), "finite, and 0 or more", "row")
    if not found.any():
        raise ValueError(f"{name} must be above 0 for at least one row; got zeros only")
    return found


def dtype(value: npt.DTypeLike) -> np.dtype:
    """`value` as NumPy's float64 or float32."""
    try:
        found = None if value is None else np.dtype(value)
    except (TypeError, ValueError, SyntaxError):  # none of NumPy's types; SyntaxError: of some strings with brackets
        found = None
    if found is None or found not in map(np.dtype, DTYPES):
        raise ValueError(f"dtype must be {' or '.join(DTYPES)}; got {shown(value)}")
    return found


def threads(value: Any) -> int | None:
    """`value` as a number of threads; None, one per core, remains None."""
    return None if value is None else whole("threads", value, 1)


def seed(name: str, value: Any) -> Any:
    """`value` if `numpy.random.default_rng` takes it."""
    if value is None or (type(value) is int and value >= 0):  # to make a generator takes 20 us
        return value
    try:
        if isinstance(value, bool | str | bytes):
            raise TypeError
        np.random.default_rng(value)
    except (TypeError, ValueError) as error:
        wanted = "a whole number of at least 0, several of them, a numpy.random.Generator or None"
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} must be {wanted}; got {shown(value)}") from None
    return value


def number(name, value, wanted="a finite number", holds=lambda x: True):
    """`value` as a finite Python float for which `holds`."""
    if type(value) is float and math.isfinite(value) and holds(value):
        return value
    try:
        odd = isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "fiu"
        if odd or isinstance(value, str | bytes | bool) or np.ma.is_masked(value) or library_of(value) is not None:
            raise TypeError
        result = float(value)
    except OverflowError:  # a whole number beyond the largest float
        result = np.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {wanted}; got {shown(value)}") from None
    if not (np.isfinite(result) and holds(result)):
        raise ValueError(f"{name} must be {wanted}; got {shown(value)}")
    return result


def rearm(name, value, threshold):
    """The voltage below which a neuron may spike again, or None."""
    wanted = f"a number of mV, at most threshold = {threshold:g}"
    return None if value is None else number(name, value, wanted, lambda x: x <= threshold)


def whole(name, value, least, most=None):
    """`value` as an int of at least `least`, and at most `most`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        result = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {_whole(least, most)}; got {shown(value)}") from None
    if result < least or (most is not None and result > most):
        raise ValueError(f"{name} must be {_whole(least, most)}; got {shown(value)}")
    return result


def _whole(least, most):
    return f"a whole number of at least {least}" + (f" and at most {most}" if most is not None else "")


def flag(name, value):
    """`value` if it is True or False."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name} must be True or False; got {shown(value)}")
    return bool(value)


def only(name, value, kind, method):
    """Raise where an argument is given to a method that has no use for it."""
    if value is not None:
        raise ValueError(f"{name} is for {kind}; got {name}={shown(value)} with method={method!r}")


def steps(duration, dt):
    """How many steps of `dt` make `duration`; it must be a whole number of them."""
    return multiple(duration, number("dt", dt, "a positive number of ms", lambda x: x > 0))


def multiple(duration, dt):
    """The same for a `dt` that has been checked."""
    duration = number("duration", duration, "a number of ms, 0 or more", lambda x: x >= 0)
    if duration / dt > COUNTABLE:
        raise ValueError(f"duration must be at most 2**53 steps of dt; got duration={duration!r}, dt={dt!r}")
    count = round(duration / dt)
    if abs(count * dt - duration) > 1e-9 * duration:
        raise ValueError(
            f"duration must be a multiple of dt; got duration={duration!r}, dt={dt!r}: "
            f"the nearest multiples are {np.floor(duration / dt) * dt:.12g} and {np.ceil(duration / dt) * dt:.12g}"
        )
    return count


def sizes(values):
    """How many values there are of each, by name; numbers of Python's own, of which there is one, are left out."""
    return {name: np.size(value) for name, value in values.items() if type(value) is not float}


def population_size(sizes):
    """The one size to which the named `sizes` broadcast: 1 stretches."""
    size, first = 1, None
    for name, length in sizes.items():
        if length == 1 or length == size:
            continue
        if size != 1:
            raise ValueError(
                f"{name} has {length} values, but {first} has {size}: each must be a scalar or one value per neuron"
            )
        size, first = length, name
    return size


def indices(name, value, n):
    """`value` as an int64 array of distinct neuron indices in 0..n-1."""
    try:
        if isinstance(value, slice):
            return np.arange(n)[value]
        array = np.asarray(value)
    except (TypeError, ValueError):  # a slice of anything but whole numbers, lists of different lengths
        array = np.empty(0, object)
    mask = array.dtype.kind == "b" and array.ndim > 0
    array = np.atleast_1d(array)
    if mask:
        if array.shape != (n,):
            raise ValueError(f"{name} as a mask must have one value per neuron, ({n},); got shape {array.shape}")
        return np.flatnonzero(array).astype(np.int64)
    if array.ndim > 1 or array.dtype.kind not in ("iu" if array.size else "iuf"):  # [] is an array of floats
        raise TypeError(f"{name} must be neuron indices (whole numbers), a slice or a mask; got {shown(value)}")
    bad = np.flatnonzero((array < -n) | (array >= n))
    if bad.size:
        raise ValueError(f"{name} must be indices from 0 to {n - 1}; got {array[bad[0]]}")
    array = array.astype(np.int64)
    array = np.where(array < 0, array + n, array)
    if np.unique(array).size != array.size:
        raise ValueError(f"{name} must name each neuron at most once; got {shown(value)}")
    return array
