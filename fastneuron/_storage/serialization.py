"""A recipe written down as plain values and arrays, and read again."""

from __future__ import annotations

import importlib
import platform
from typing import Any

import numpy as np

from .._engine.recipe import Recipe
from .._kernel import jit
from .._parameters import Parametrised
from .._version import __version__
from ..inputs.waveforms import Samples, Sum

PLAIN = ("duration", "dt", "method", "every", "interval", "threshold", "rtol", "bin_width", "spike_times")


def written(recipe: Recipe) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The recipe as values that JSON can hold, and arrays by name."""
    arrays: dict[str, np.ndarray] = {"state": recipe.state, "neurons": recipe.neurons, "atol": recipe.atol}
    text = {name: getattr(recipe, name) for name in PLAIN} | {
        "model": _written("model", recipe.model, arrays),
        "current": _written("current", recipe.current, arrays),
        "noise": recipe.noise and _written("noise", recipe.noise, arrays),
        "record": list(recipe.record),
        "summary": list(recipe.summary),
        "seed": str(recipe.seed),  # JSON readers may hold whole numbers as floats
    }
    return text, arrays


def read(text: dict[str, Any], arrays: Any) -> Recipe:
    """The recipe again; ValueError where a class is not what it was."""
    values: dict[str, Any] = {name: text[name] for name in PLAIN}
    values |= {name: np.asarray(arrays[name][...]) for name in ("state", "neurons", "atol")}
    return Recipe(
        **values,
        model=_read(text["model"], arrays),
        current=_read(text["current"], arrays),
        noise=text["noise"] and _read(text["noise"], arrays),
        record=tuple(text["record"]),
        summary=tuple(text["summary"]),
        seed=int(text["seed"]),
    )


def versions() -> dict[str, str]:
    """What decides bits beside the recipe, and what else a reader may want to know."""
    import numba

    return {
        "fastneuron": __version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "sources": jit.FINGERPRINT,
    }


def _written(name: str, thing: Parametrised, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    kind = type(thing)
    text: dict[str, Any] = {"class": f"{kind.__module__}:{kind.__qualname__}"}
    if isinstance(thing, Sum):
        return text | {"parts": [_written(f"{name}.{i}", part, arrays) for i, part in enumerate(thing.parts)]}
    if isinstance(thing, Samples):
        arrays[f"{name}.values"] = thing.values
        return text | {"dt": thing.interval, "held": bool(thing.held)}
    text |= {"formulas": type(thing.like()).__name__, "parameters": {}}
    for parameter, value in thing.parameters.items():
        if np.ndim(value):
            arrays[f"{name}.{parameter}"] = value
        text["parameters"][parameter] = None if np.ndim(value) else repr(value)  # inf is no JSON
    return text | {"name": name}


def _read(text: dict[str, Any], arrays: Any, name: str = "current") -> Any:
    module, _, path = text["class"].partition(":")
    kind: Any
    try:
        kind = importlib.import_module(module)
        for part in path.split("."):
            kind = getattr(kind, part)
    except (ImportError, AttributeError):
        raise ValueError(f"the run is of {path} from {module}, which is not there; define or import it first") from None
    if "parts" in text:
        return Sum(*(_read(part, arrays, f"{name}.{i}") for i, part in enumerate(text["parts"])))
    if "held" in text:
        return Samples(np.asarray(arrays[f"{name}.values"][...]), text["dt"], text["held"])
    name = text["name"]
    given = {
        parameter: float(value) if value is not None else np.asarray(arrays[f"{name}.{parameter}"][...])
        for parameter, value in text["parameters"].items()
    }
    if list(given) != list(kind.names) or type(kind.like()).__name__ != text["formulas"]:
        raise ValueError(f"the run is of another {path}: its parameters or formulas have changed since")
    return kind(**given)
