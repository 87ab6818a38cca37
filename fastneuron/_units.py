"""Quantities with units, of the libraries that people have: converted to the documented unit by their own library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# arguments of `simulate`
TIMES = ("duration", "dt", "sample_interval", "bin_width", "checkpoint_interval", "refractory", "after")
QUANTITIES = (*TIMES, "current", "threshold", "rearm")


PLAIN = {float, int, bool, str, type(None), np.ndarray, np.float64, np.int64}  # no quantities


def _of_pint(value: Any, unit: str) -> Any:
    return value.to("dimensionless" if unit == "1" else unit.replace("^", "**")).magnitude


def _of_quantities(value: Any, unit: str) -> Any:
    return value.rescale("dimensionless" if unit == "1" else unit.replace("^", "**")).magnitude


def _of_astropy(value: Any, unit: str) -> Any:
    return value.to_value("" if unit == "1" else unit.replace("^", ""))


def _of_unyt(value: Any, unit: str) -> Any:
    known = unit.replace("^", "**").replace("mS", "kohm**-1")  # it has no siemens
    return value.to_value("dimensionless" if unit == "1" else known)


def _of_brian2(value: Any, unit: str) -> Any:
    brian2 = sys.modules["brian2"]
    found = value / eval(unit.replace("^", "**"), {"__builtins__": {}}, vars(brian2))
    if not brian2.have_same_dimensions(found, 1):
        raise ValueError(f"dimensions {value.dim}")
    return np.asarray(found)


CONVERT: dict[str, Callable[[Any, str], Any]] = {
    "pint": _of_pint,
    "quantities": _of_quantities,
    "astropy": _of_astropy,
    "unyt": _of_unyt,
    "brian2": _of_brian2,
}


def library_of(value: Any) -> str | None:
    """Which library's quantity a value is, if it is one."""
    if type(value) in PLAIN:
        return None
    for kind in type(value).__mro__:
        library = (kind.__module__ or "").partition(".")[0]
        if library in CONVERT:
            return library
    return None


def plain(name: str, value: Any, unit: str | None) -> Any:
    """A number or an array in `unit`, of a quantity or a list of some; whatever is none stays what it is.

    Raises TypeError where there is no unit for it, ValueError where it is one of something else.
    """
    if isinstance(value, list | tuple) and any(map(library_of, value)):
        return [plain(name, one, unit) for one in value]
    library = library_of(value)
    if library is None:
        return value
    if not unit:
        raise TypeError(f"{name} has no documented unit, so that {value!r} cannot be converted; give numbers")
    try:
        return np.asarray(CONVERT[library](value, unit), float)[()]
    except Exception as error:
        raise ValueError(f"{name} must be convertible to {unit}; got {value!r} ({error})") from None


def plain_arguments(asked: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of `simulate` by name, quantities in the units of the model."""
    odd = [name for name in QUANTITIES if type(asked.get(name)) not in PLAIN]
    return _converted(asked, odd, units) if odd or asked.get("initial") is not None else dict(asked)


def _converted(asked: Mapping[str, Any], odd: list[str], units: Mapping[str, str]) -> dict[str, Any]:
    """The arguments, of which those that are `odd` may be quantities."""
    time = units.get("time", "ms")
    wanted = dict.fromkeys(TIMES, time) | {
        "current": units.get("current", "uA/cm^2"),
        "threshold": units.get("V", "mV"),
        "rearm": units.get("V", "mV"),
    }
    found = dict(asked)
    found |= {name: plain(name, asked[name], wanted[name]) for name in odd if name in asked}
    for name in ("threshold", "refractory", "rearm"):
        if isinstance(values := found.get(name), Mapping):
            unit = {} if name in TIMES else {"V": "mV", **units}
            found[name] = {
                state: plain(f"{name}[{state!r}]", value, unit.get(state, time if name in TIMES else "1"))
                for state, value in values.items()
            }
    initial = found.get("initial")
    if isinstance(initial, Mapping) and any(map(library_of, initial.values())):
        found["initial"] = {
            name: plain(f"initial[{name!r}]", value, units.get(name, "1")) for name, value in initial.items()
        }
    return found
