"""A simulation in a file: its recipe and all that it goes on from, as data.

NumPy's npz format with two arrays: a text that says what there is, and the bytes of all arrays one after the other.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import _check, _files
from .._engine.network_recipe import NetworkRecipe
from .._engine.recipe import Recipe
from .._files import Field
from . import network_serialization, serialization
from .parametrised import Classes

FORMAT = 1
FIELDS = {"about": Field("text", ()), "numbers": Field("whole number", ("bytes",))}
KINDS = ("float64", "float32", "int64", "int32", "uint16", "uint32", "bool")  # of arrays


class Saved(NamedTuple):
    """What there is of a simulation in a file."""

    recipe: Recipe | NetworkRecipe
    step: int
    arrays: Mapping[str, np.ndarray]  # all that it goes on from
    weights: Mapping[int, np.ndarray]  # that have been set, by projection


def write(path: str | os.PathLike[str], saved: Saved) -> None:
    """Write a simulation, whole or not at all."""
    text, values = network_serialization.written(saved.recipe)
    groups = {"recipe": values, "state": saved.arrays, "weights": {str(k): one for k, one in saved.weights.items()}}
    listed, parts = {}, []
    for group, arrays in groups.items():
        listed[group] = {name: [array.dtype.name, *np.shape(array)] for name, array in arrays.items()}
        parts += [np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in arrays.values()]
    about = {"versions": serialization.versions(), "recipe": text, "step": saved.step, "arrays": listed}
    numbers = np.concatenate([np.empty(0, np.uint8), *parts])
    _files.write_arrays(path, format=FORMAT, about=json.dumps(about), numbers=numbers)


def read(path: str | os.PathLike[str], given: Classes) -> Saved:
    """The simulation that `write` wrote; ValueError that names the file where it is damaged or of other sources."""
    with _files.reading(path, "a saved Simulation", FIELDS, FORMAT) as file:
        about = json.loads(file.text("about"))
        serialization.check_sources(about["versions"], os.fspath(path))
        groups = _arrays(about["arrays"], file["numbers"])
        values = groups["recipe"]
        parts = network_serialization.read_parts(about["recipe"], values.__getitem__, given)
        recipe = network_serialization.read(about["recipe"], values.__getitem__, given, parts)
        step = _check.whole("step", about["step"], 0, _check.COUNTABLE)
        weights = {int(k): array for k, array in groups["weights"].items()}
        for name, array in [*groups["state"].items(), *groups["weights"].items()]:
            if array.dtype.kind == "f" and name not in ("counted", "last"):
                _check.satisfies(name, array, lambda x: ~np.isnan(x), "a number", "index")
        return Saved(recipe, step, groups["state"], weights)


def _arrays(listed: Mapping[str, Any], numbers: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """All arrays by group and name."""
    found: dict[str, dict[str, np.ndarray]] = {}
    begin, data = 0, numbers.astype(np.uint8, copy=False)
    for group, arrays in listed.items():
        found[group] = {}
        for name, (kind, *shape) in arrays.items():
            dtype = np.dtype(_check.known(f"the type of {name}", kind, KINDS))
            size = math.prod(_check.whole(f"a length of {name}", length, 0) for length in shape) * dtype.itemsize
            if begin + size > data.size:
                raise ValueError(f"{name} is longer than what is there")
            found[group][name] = data[begin : begin + size].view(dtype).reshape(shape).copy()
            begin += size
    if begin != data.size:
        raise ValueError(f"{data.size - begin} bytes belong to no array")
    return found
