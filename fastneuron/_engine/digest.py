"""Whether processes have been given the same: a digest of each thing that decides the bits of a network's run."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .network_recipe import NetworkRecipe


def digests(recipe: NetworkRecipe) -> dict[str, str]:
    """A digest by the name of what it is of."""
    network = recipe.network
    things: dict[str, Any] = {"the set of populations": [*network.populations], "the seed of the network": network.seed}
    things["delivery"] = recipe.delivery
    for name, part in recipe.parts.items():
        things |= {f"{field.name} of {name!r}": getattr(part, field.name) for field in dataclasses.fields(part)}
    things |= {f"the source {name!r}": group for name, group in network.populations.items() if name not in recipe.parts}
    for k, projection in enumerate(network.projections):
        ends = [(network.name_of(end), end.indices) for end in (projection.pre, projection.post)]
        own = {name: value for name, value in vars(projection).items() if name not in ("pre", "post")}
        things[f"projection {k}"] = ends, _fields(projection, own)
    return {name: _digest(value) for name, value in things.items()}


def _digest(value: Any) -> str:
    found = hashlib.blake2b(digest_size=16)
    _feed(found, value)
    return found.hexdigest()


def _fields(value: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes, without those that are worked out when they are first asked for."""
    late = functools.cached_property
    return {name: own[name] for name in sorted(own) if not isinstance(getattr(type(value), name, None), late)}


def _feed(found: Any, value: Any) -> None:
    """Feed a hash with a thing: all its numbers; of functions, their names alone."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, np.ndarray) and value.dtype != object:
        found.update(f"array {value.dtype} {value.shape} ".encode())
        found.update(np.ascontiguousarray(value).data.cast("B") if value.size else b"")
    elif isinstance(value, str | bytes | int | float | complex | np.generic | np.dtype | type(None)):
        found.update(f"{kind} {value!r} ".encode())
    elif isinstance(value, Mapping):
        _feed(found, [*value.items()])
    elif isinstance(value, list | tuple):
        found.update(f"{kind} of {len(value)} ".encode())
        for item in value:
            _feed(found, item)
    elif hasattr(value, "__qualname__"):
        found.update(f"{value.__module__}.{value.__qualname__} ".encode())
    else:
        found.update(f"{kind} ".encode())
        _feed(found, _fields(value, getattr(value, "__dict__", {})))
