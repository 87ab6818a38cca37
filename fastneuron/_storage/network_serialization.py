"""The recipe of a network written down as values and arrays, and read again: rules and their numbers, not synapses.

What is read is checked by the classes that it describes.  Recipes of populations alone go through here as well.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import _check
from .._engine.network_recipe import DELIVERIES, NetworkRecipe, SourceRecipe, population_of
from .._engine.recipe import Recipe
from .._engine.spikes import Spikes
from ..couplings import Coupling, CouplingKind
from ..inputs.current import Current
from ..network.connections import (
    AllToAll,
    Explicit,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotal,
    OneToOne,
)
from ..network.coupling import NetworkCoupling
from ..network.distributions import Distribution, LogNormal, Normal, Uniform
from ..network.network import Network
from ..network.population import LARGEST, Group
from ..network.projection import Projection
from ..network.sources import PoissonSource, SpikeSource
from . import parametrised, serialization
from .parametrised import Classes

Array = Callable[[str], np.ndarray]
Arrays = dict[str, np.ndarray]
RULES: dict[str, tuple[type, tuple[str, ...]]] = {  # the arguments that each is made of
    "AllToAll": (AllToAll, ()),
    "OneToOne": (OneToOne, ()),
    "FixedProbability": (FixedProbability, ("p",)),
    "FixedInDegree": (FixedInDegree, ("degree",)),
    "FixedOutDegree": (FixedOutDegree, ("degree",)),
    "FixedTotal": (FixedTotal, ("number",)),
    "Explicit": (Explicit, ("pre", "post")),
}
DISTRIBUTIONS: dict[str, type[Distribution]] = {"Normal": Normal, "LogNormal": LogNormal, "Uniform": Uniform}
FLAGS = ("autapses", "multapses", "stored")
COMMON = ("duration", "dt", "method", "interval", "spike_times", "seed")  # to all populations of a network
NAME = re.compile(r"[^\W_][^/\\:*?\"<>|\0-\x1f]{0,99}")  # of a folder, on every system
OURS = {"recipe", "progress", "zarr.json"}


def written(recipe: Recipe | NetworkRecipe) -> tuple[dict[str, Any], Arrays]:
    """The recipe as values that JSON can hold, and arrays by name; ValueError where it cannot be written down."""
    if isinstance(recipe, Recipe):
        return serialization.written(recipe)
    check_names(recipe.everything)
    arrays: Arrays = {}
    populations = {}
    for k, (name, group) in enumerate(recipe.network.populations.items()):
        if name in recipe.parts:
            populations[name], own = serialization.written(recipe.parts[name])
            arrays |= {f"{k}.{key}": array for key, array in own.items()}
        else:
            populations[name] = _written_source(f"{k}", group, arrays)
    text = {
        "populations": populations,
        "projections": [
            _written_projection(recipe.network, k, projection, arrays)
            for k, projection in enumerate(recipe.network.projections)
        ],
        "delivery": recipe.delivery,
        "alone": recipe.alone,
    }
    if recipe.network.couplings:
        text["couplings"] = [
            _written_coupling(recipe.network, k, coupling, arrays)
            for k, coupling in enumerate(recipe.network.couplings)
        ]
    return text, arrays


def read_parts(text: dict[str, Any], array: Array, given: Classes = ()) -> dict[str, Recipe | SourceRecipe]:
    """What is kept of each population and source, by name; of a population that is no network, by the name ""."""
    if "populations" not in text:
        return {"": serialization.read(text, array, given)}
    check_names(text["populations"])
    recipes: dict[str, Recipe | SourceRecipe] = {}
    first = 0
    for k, (name, part) in enumerate(text["populations"].items()):
        if "model" in part:
            recipes[name] = recipe = serialization.read(part, _behind(array, k), given, first)
            first += recipe.n
    some = next((found for found in recipes.values() if isinstance(found, Recipe)), None)
    if some is None:
        raise ValueError("it has no population of neurons")
    for name, found in recipes.items():
        if any(getattr(found, what) != getattr(some, what) for what in COMMON):
            raise ValueError(f"{name} is not of the same run as the other populations")
    sizes = {name: _check.whole("n", part["n"], 1, LARGEST) for name, part in text["populations"].items()}
    return {
        name: recipes.get(name) or SourceRecipe(n, some.duration, some.dt, some.spike_times)
        for name, n in sizes.items()
    }


def read(text: dict[str, Any], array: Array, given: Classes, parts: dict[str, Any]) -> Recipe | NetworkRecipe:
    """The whole recipe again, of which the parts have been read."""
    if "populations" not in text:
        return parts[""]
    recipes = {name: part for name, part in parts.items() if isinstance(part, Recipe)}
    some = next(iter(recipes.values()))
    populations = {
        name: population_of(recipes[name]) if name in recipes else _read_source(part, array, f"{k}", given)
        for k, (name, part) in enumerate(text["populations"].items())
    }
    projections = [
        _read_projection(populations, projection, _behind(array, f"projection.{k}"))
        for k, projection in enumerate(text["projections"])
    ]
    couplings = [
        _read_coupling(populations, coupling, _behind(array, f"coupling.{k}"), given)
        for k, coupling in enumerate(text.get("couplings", ()))
    ]
    network = Network(populations, [*projections, *couplings], some.seed)
    network.check_delays(some.dt)
    delivery = _check.known("delivery", text["delivery"], DELIVERIES)
    return NetworkRecipe(network, recipes, some.duration, some.dt, some.method, delivery, text["alone"] is True)


def classes_of(parts: Iterable[Recipe | SourceRecipe]) -> Classes:
    """The classes that recipes are made of, to be given where they are read again."""
    recipes = (part for part in parts if isinstance(part, Recipe))
    return parametrised.classes_of(itertools.chain.from_iterable(map(serialization.parametrised_of, recipes)))


def check_names(names: Iterable[str]) -> None:
    """ValueError where populations cannot have folders of their names."""
    seen: set[str] = set()
    for name in names:
        if not NAME.fullmatch(name) or name.endswith((".", " ")) or name.lower() in OURS:
            raise ValueError(
                f"the name of a population in a run with out= is that of a folder: letters, digits, '_', '-', '.' and "
                f"blanks, at most 100, none of {', '.join(sorted(OURS))}; got {_check.shown(name)}"
            )
        if name.lower() in seen:
            raise ValueError(f"names of populations in a run with out= must differ in more than case; got {name!r}")
        seen.add(name.lower())


def _behind(array: Array, prefix: Any) -> Array:
    return lambda name: array(f"{prefix}.{name}")


def _written_source(name: str, source: Group, arrays: Arrays) -> dict[str, Any]:
    if isinstance(source, PoissonSource):
        return {"n": source.n, "rate": parametrised.written(f"{name}.rate", source.rate, arrays)}
    if isinstance(source, SpikeSource):
        arrays |= {f"{name}.source": source.source, f"{name}.time": source.time}
        return {"n": source.n}
    raise ValueError(f"out= keeps a PoissonSource or a SpikeSource; got {_check.shown(source)}")


def _read_source(text: dict[str, Any], array: Array, name: str, given: Classes) -> Group:
    if "rate" in text:
        return PoissonSource(text["n"], parametrised.read(Current, text["rate"], array, f"{name}.rate", given))
    return SpikeSource(Spikes(array(f"{name}.source"), array(f"{name}.time")), text["n"])


def _written_projection(network: Network, k: int, projection: Projection, arrays: Arrays) -> dict[str, Any]:
    text = {"receptor": projection.receptor}
    text |= _written_link(network, f"projection {k}", f"connections({k})", projection, ("weight", "delay"), arrays)
    return text | {flag: getattr(projection, flag) for flag in FLAGS}


def _read_projection(populations: dict[str, Group], text: dict[str, Any], array: Array) -> Projection:
    (pre, post), rule = _read_link(populations, text, array)
    weight, delay = (_read_value(text[name], array, name) for name in ("weight", "delay"))
    return Projection(pre, post, text["receptor"], rule, weight, delay, **{flag: text[flag] for flag in FLAGS})


def _written_coupling(network: Network, k: int, coupling: NetworkCoupling, arrays: Arrays) -> dict[str, Any]:
    text = {"kind": parametrised.written(f"coupling.{k}.kind", coupling.kind, arrays)}
    text |= _written_link(network, f"coupling {k}", "connections(coupling)", coupling, ("weight",), arrays)
    return text | {"symmetric": coupling.declared.symmetric}


def _read_coupling(populations: dict[str, Group], text: dict[str, Any], array: Array, given: Classes) -> Coupling:
    kind = parametrised.read(CouplingKind, text["kind"], array, "kind", given)
    (pre, post), rule = _read_link(populations, text, array)
    return Coupling(pre, post, kind, rule, _read_value(text["weight"], array, "weight"), symmetric=text["symmetric"])


def _written_link(
    network: Network, title: str, listed: str, link: Any, numbers: tuple[str, ...], arrays: Arrays
) -> dict[str, Any]:
    """The rule of a projection or a coupling, its ends, and those of its numbers."""
    rule, name = link.rule, title.replace(" ", ".")
    kind = type(rule).__name__
    callables = [what for what in numbers if callable(getattr(link, what))]
    if RULES.get(kind, (None,))[0] is not type(rule) or callables:
        what = f"a function for {callables[0]}" if callables else f"{rule!r}"
        raise ValueError(
            f"out= keeps a network as data, and {title} has {_check.shown(what)}, which is code: give its "
            f"synapses as arrays, those of net.{listed}"
        )
    text: dict[str, Any] = {"rule": kind}
    text |= {what: _written_value(f"{name}.{what}", getattr(rule, what), arrays) for what in RULES[kind][1]}
    for what in numbers:
        value = getattr(link, what)
        value = value.ravel() if isinstance(rule, OneToOne) and isinstance(value, np.ndarray) else value
        text[what] = _written_value(f"{name}.{what}", value, arrays)
    for end in ("pre", "post"):
        group = getattr(link, end)
        text[f"{end}_population"] = network.name_of(group)
        text[f"{end}_neurons"] = _written_view(f"{name}.{end}_neurons", group, arrays)
    return text


def _read_link(populations: dict[str, Group], text: dict[str, Any], array: Array) -> tuple[list[Any], Any]:
    """The two ends, and the rule."""
    kind, names = RULES[_check.known("rule", text["rule"], RULES)]
    ends: list[Any] = []
    for end in ("pre", "post"):
        group = populations[_check.known("a population", text[f"{end}_population"], populations)]
        ends.append(_read_view(group, text[f"{end}_neurons"], array, f"{end}_neurons"))
    return ends, kind(*(_read_value(text[name], array, name) for name in names))


def _written_view(name: str, group: Group, arrays: Arrays) -> Any:
    """All, or from where to where, or none where it is an array."""
    if group.population is group:
        return "all"
    indices = group.indices
    low, high = int(indices[0]), int(indices[-1]) + 1
    if np.array_equal(indices, np.arange(low, high)):
        return [low, high]
    arrays[name] = indices
    return None


def _read_view(group: Group, which: Any, array: Array, name: str) -> Group:
    if which == "all":
        return group
    if which is None:
        return group[array(name)]
    low, high = which
    if not 0 <= low < high <= group.n:
        raise ValueError(f"{low} to {high} are not among {group.n}")
    return group[low:high]


def _written_value(name: str, value: Any, arrays: Arrays) -> Any:
    """A number, the numbers of a distribution, or none where it is an array."""
    if isinstance(value, Distribution):
        kind = type(value)
        fields = dict.fromkeys([*kind.names, "low", "high"])
        return {"distribution": kind.__name__} | {field: repr(getattr(value, field)) for field in fields}
    if np.ndim(value) == 0:
        return value
    arrays[name] = value
    return None


def _read_value(value: Any, array: Array, name: str) -> Any:
    if isinstance(value, dict):
        fields = dict(value)
        kind = DISTRIBUTIONS[_check.known("distribution", fields.pop("distribution"), DISTRIBUTIONS)]
        return kind(**{field: float(number) for field, number in fields.items()})
    return array(name) if value is None else value
