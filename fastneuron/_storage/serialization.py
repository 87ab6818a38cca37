"""A recipe written down as plain values and arrays, and read again.

What is read is data: nothing is imported, and no class is made, because a file names it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import _check
from .._engine import summary as summaries
from .._engine.recipe import Recipe
from .._engine.recorded import checked_record
from .._integrators import METHODS
from .._version import __version__
from ..inputs.current import Current
from ..inputs.noise import Noise
from ..models import Model
from ..models.watched import checked_rearm, checked_refractory, checked_threshold
from ..receptors import Receptor
from . import parametrised
from .parametrised import Classes

PLAIN = ("n", "duration", "dt", "method", "rtol", "threshold", "interval", "bin_width", "spike_times", "refractory",
         "rearm", "after", "tolerant")  # fmt: skip
PACKAGE = Path(__file__).parent.parent
DECIDE_BITS = (  # but for what checks, counts, and carries data to and fro
    "_kernel", "_integrators", "inputs", "receptors", "models", "couplings", "network",
    "_parameters.py", "_formulas.py", "math.py",
    "_engine/recipe.py", "_engine/checked.py", "_engine/initial.py", "_engine/recorded.py", "_engine/sampling.py",
    "_engine/scheduler.py", "_engine/coupled.py", "_engine/network_scheduler.py", "_engine/network_chunk.py",
    "_engine/own_steps.py", "_engine/labels.py", "_engine/summary.py",
)  # fmt: skip


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
        "model": parametrised.written("model", recipe.model, arrays),
        "current": parametrised.written("current", recipe.current, arrays),
        "noise": recipe.noise and parametrised.written("noise", recipe.noise, arrays),
        "receptors": {
            name: parametrised.written(f"receptor.{name}", receptor, arrays)
            for name, receptor in recipe.receptors.items()
        },
        "record": list(recipe.record),
        "summary": list(recipe.summary),
        "seed": str(recipe.seed),  # JSON readers may hold whole numbers as floats
    }
    return text, arrays


def read(
    text: dict[str, Any], array: Callable[[str], np.ndarray], given: Classes = (), first_neuron: int = 0
) -> Recipe:
    """The recipe again, with each `array` by name; ValueError where a class is not there, or not what it was."""
    model = parametrised.read(Model, text["model"], array, "model", given)
    receptors = {
        name: parametrised.read(Receptor, receptor, array, f"receptor.{name}", given)
        for name, receptor in text["receptors"].items()
    }
    recipe = Recipe(
        **{name: text[name] for name in PLAIN},
        neurons=array("neurons"),
        atol=array("atol"),
        initial={name: array(f"initial.{name}") for name in [*model.states, *receptors]},
        dtype=np.dtype(text["dtype"]),
        model=model,
        receptors=receptors,
        current=parametrised.read(Current, text["current"], array, "current", given),
        noise=text["noise"] and parametrised.read(Noise, text["noise"], array, "noise", given),
        record=tuple(text["record"]),
        summary=tuple(text["summary"]),
        seed=int(text["seed"]),
        first_neuron=first_neuron,
    )
    _check_sizes(recipe)
    return recipe


def parametrised_of(recipe: Recipe) -> list[Any]:
    """All in a recipe that is of a class: to be told to a worker."""
    return [recipe.model, *recipe.inputs, *recipe.receptors.values()]


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
    if checked_record(recipe.record, recipe.variables) != recipe.record:
        raise ValueError(f"it records {', '.join(recipe.record)}, in no order of ours")
    threshold, states = checked_threshold(recipe.model, recipe.threshold), recipe.states
    checked_refractory(recipe.refractory, threshold, states)
    checked_rearm(recipe.rearm, threshold, states)
    summaries.checked(recipe.summary, recipe.variables, recipe.spiking)
    rows = recipe.neurons
    if rows.ndim != 1 or rows.dtype != np.int64 or (rows.size and not 0 <= rows.min() <= rows.max() < recipe.n):
        raise ValueError(f"it records neurons that are not among {recipe.n}")
    sizes = {name: value.size for name, value in recipe.initial.items()}
    sizes |= {"model": recipe.model.size, "current": recipe.current.size}
    sizes |= {"noise": recipe.noise.size} if recipe.noise is not None else {}
    sizes |= {name: receptor.size for name, receptor in recipe.receptors.items()}
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

    Numba and NumPy may be others: every fused multiply-add is written down and no kernel of ours calls a library, so
    that the bits are those of the package's own sources whatever compiles them; the initial state is in the store.
    Only the peak of a receptor with two time constants, which NumPy works out before, may differ in its last bit.
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
