"""A recipe written down as plain values and arrays, and read again.

What is read is data: nothing is imported, and no class is made, because a file names it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .. import _check
from .._engine import summary as summaries
from .._engine.recipe import Recipe
from .._integrators import METHODS
from .._parameters import Parametrised
from .._version import __version__
from ..inputs.current import Current, Sum
from ..inputs.noise import Noise
from ..inputs.waveforms import Samples
from ..models import Model
from .damage import Refused

PLAIN = ("n", "duration", "dt", "method", "rtol", "threshold", "interval", "bin_width", "spike_times", "refractory")
PACKAGE = Path(__file__).parent.parent
DECIDE_BITS = (  # but for what checks, counts, and carries data to and fro
    "_kernel", "_integrators", "inputs", "receptors", "models", "network", "_parameters.py", "_formulas.py", "math.py",
    "_engine/recipe.py", "_engine/scheduler.py", "_engine/network_scheduler.py", "_engine/summary.py",
)  # fmt: skip
Classes = tuple[type, ...]


def _sources() -> str:
    """A hash of the sources that decide the bits of a run."""
    digest = hashlib.sha256()
    for name in DECIDE_BITS:
        for path in sorted((PACKAGE / name).rglob("*.py")) or [PACKAGE / name]:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


SOURCES = _sources()  # at import: these are the sources that this process runs


def written(recipe: Recipe) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The recipe as values that JSON can hold, and arrays by name."""
    arrays: dict[str, np.ndarray] = {"neurons": recipe.neurons, "atol": recipe.atol}
    arrays |= {f"initial.{name}": value for name, value in recipe.initial.items()}
    text = {name: getattr(recipe, name) for name in PLAIN} | {
        "dtype": recipe.dtype.name,
        "model": _written("model", recipe.model, arrays),
        "current": _written("current", recipe.current, arrays),
        "noise": recipe.noise and _written("noise", recipe.noise, arrays),
        "record": list(recipe.record),
        "summary": list(recipe.summary),
        "seed": str(recipe.seed),  # JSON readers may hold whole numbers as floats
    }
    return text, arrays


def read(text: dict[str, Any], array: Callable[[str], np.ndarray], given: Classes = ()) -> Recipe:
    """The recipe again, with each `array` by name; ValueError where a class is not there, or not what it was."""
    model = _read(Model, text["model"], array, "model", given)
    recipe = Recipe(
        **{name: text[name] for name in PLAIN},
        neurons=array("neurons"),
        atol=array("atol"),
        initial={name: array(f"initial.{name}") for name in model.states},
        dtype=np.dtype(text["dtype"]),
        model=model,
        current=_read(Current, text["current"], array, "current", given),
        noise=text["noise"] and _read(Noise, text["noise"], array, "noise", given),
        record=tuple(text["record"]),
        summary=tuple(text["summary"]),
        seed=int(text["seed"]),
    )
    _check_sizes(recipe)
    return recipe


def _check_sizes(recipe: Recipe) -> None:
    """ValueError where numbers of a recipe do not go together, or would take memory that nothing in the store has."""
    _check.whole("n", recipe.n, 1)
    _check.known("method", recipe.method, METHODS)
    _check.known("dtype", recipe.dtype.name, ["float64", "float32"])
    for name in ("duration", "dt", "interval", "bin_width", "rtol"):
        _check.number(name, getattr(recipe, name), "0 or more", lambda x: x >= 0)
    if not recipe.chosen.is_adaptive:
        _check.steps(recipe.duration, recipe.dt)
    if max(recipe.duration / recipe.interval, recipe.duration / recipe.bin_width) > _check.COUNTABLE:
        raise ValueError("it has more samples than can be counted")
    _check.names("record", recipe.record, "a state", recipe.states)
    summaries.checked(recipe.summary, recipe.states)
    rows = recipe.neurons
    if rows.ndim != 1 or rows.dtype != np.int64 or (rows.size and not 0 <= rows[0] <= rows[-1] < recipe.n):
        raise ValueError(f"it records neurons that are not among {recipe.n}")
    sizes = {name: value.size for name, value in recipe.initial.items()}
    sizes |= {"model": recipe.model.size, "current": recipe.current.size}
    sizes |= {"noise": recipe.noise.size} if recipe.noise is not None else {}
    for name, size in sizes.items():
        if size not in (1, recipe.n):
            raise ValueError(f"{name} is of {size} neurons, not {recipe.n}")


def versions() -> dict[str, str]:
    """What decides bits beside the recipe, and what else a reader may want to know."""
    import numba

    return {
        "fastneuron": __version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "sources": SOURCES,
    }


def check_sources(theirs: dict[str, str], path: str) -> None:
    """ValueError if a run was begun by sources that may have given other bits.

    Numba and NumPy may be others: every fused multiply-add is written down and no formula calls a library, so that the
    bits are those of the package's own sources whatever compiles them; the initial state is in the store.
    """
    if theirs["fastneuron"] != __version__:
        begun, this = f"fastneuron {theirs['fastneuron']}", f"this is {__version__}"
    elif theirs["sources"] != SOURCES:
        begun, this = f"other sources of fastneuron {__version__}", f"theirs are {theirs['sources']}, these {SOURCES}"
    else:
        return
    raise ValueError(
        f"the run in {path!r} was begun by {begun} and can go on with no other; {this}: what follows could have other "
        "bits than what is there; go on with what it was begun with, or begin it again"
    )


def given_classes(models: Iterable[type]) -> Classes:
    """The classes that a caller gives; TypeError if one is no model, current or noise."""
    kinds = tuple(models) if isinstance(models, Iterable) and not isinstance(models, str | bytes) else (models,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Model | Current | Noise)):
            raise TypeError(f"models must be classes of models, currents or noises; got {_check.shown(kind)}")
    return kinds


def classes_of(recipe: Recipe) -> Classes:
    """The classes that a recipe is made of, to be given where it is read again."""
    currents = recipe.current.parts if isinstance(recipe.current, Sum) else (recipe.current,)
    things = [recipe.model, *currents, *([recipe.noise] if recipe.noise else [])]
    return tuple(dict.fromkeys(map(type, things)))


def _written(name: str, thing: Parametrised, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    kind = type(thing)
    text: dict[str, Any] = {"class": f"{kind.__module__}:{kind.__qualname__}"}
    if isinstance(thing, Sum):
        return text | {"parts": [_written(f"{name}.{i}", part, arrays) for i, part in enumerate(thing.parts)]}
    if isinstance(thing, Samples):
        arrays[f"{name}.values"] = thing.values
        return text | {"dt": thing.interval, "held": bool(thing.held)}
    text |= {"formulas": _formulas(kind), "parameters": {}}
    for parameter, value in thing.parameters.items():
        if np.ndim(value):
            arrays[f"{name}.{parameter}"] = value
        text["parameters"][parameter] = None if np.ndim(value) else repr(value)  # inf is no JSON
    return text


def _read(base: type, text: dict[str, Any], array: Any, name: str, given: Classes) -> Any:
    """A model, current or noise; its arrays are called by `name`."""
    kind: Any = _class(base, text, given)
    if kind is Sum:
        return Sum(*(_read(base, part, array, f"{name}.{i}", given) for i, part in enumerate(text["parts"])))
    if kind is Samples:
        return Samples(array(f"{name}.values"), text["dt"], text["held"])
    values = {
        parameter: float(value) if value is not None else array(f"{name}.{parameter}")
        for parameter, value in text["parameters"].items()
    }
    if list(values) != list(kind.names) or _formulas(kind) != text["formulas"]:
        raise Refused(f"the run is of another {kind.__name__}: its parameters or formulas have changed since")
    return kind(**values)


def _class(base: type, text: dict[str, Any], given: Classes) -> Any:
    """The class that a file names, if it exists: one that the caller gives, or else one that is defined."""
    module, _, path = text["class"].partition(":")
    found = [kind for kind in given if kind.__qualname__ == path and issubclass(kind, base)]
    found = found or [kind for kind in _subclasses(base) if (kind.__module__, kind.__qualname__) == (module, path)]
    if not found:
        name = path.rpartition(".")[2]
        raise Refused(
            f"the run is of {path} from {module}, which is not there; define or import it first, or give it: "
            f"models=[{name}]"
        )
    same = [kind for kind in found if "formulas" in text and _formulas(kind) == text["formulas"]]
    return (same or found)[-1]  # of those defined again and again, as in a notebook, the latest


def _subclasses(base: type) -> Iterator[Any]:
    kind: Any
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)


def _formulas(kind: Any) -> str:
    """A name that is the same only for the same formulas."""
    return type(kind.like()).__name__
