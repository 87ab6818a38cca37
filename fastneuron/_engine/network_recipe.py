"""What a network is to do: every argument checked, before any work starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, NamedTuple, Self

import numpy as np

from .. import _check
from .._integrators import METHODS, Chunk, Method
from ..models.watched import names_of
from ..network.network import Network
from ..network.population import Population
from . import summary as summaries
from .checked import checked_population
from .recipe import Recipe
from .recorded import CURRENT
from .sampling import check_after, check_used

DELIVERIES = ("exact", "grid")
ALONE = "population"  # what a population that is simulated alone is called
OF_POPULATIONS = (
    "current",
    "noise",
    "threshold",
    "n",
    "refractory",
    "rearm",
)  # arguments of `simulate` that a Population has of its own
NO_EXECUTOR = (
    "executor is for neurons that do not see each other, and one network runs on threads; "
    "many networks are shared out: fn.simulate([net, ...], duration, executor=executor)"
)
BY_POPULATION = ("initial", "record", "neurons", "summary")


class SourceRecipe(NamedTuple):
    """What is kept of a source of spikes: less than a `Recipe` keeps of a population, by the same names."""

    n: int
    duration: float
    dt: float
    spike_times: bool
    record: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    spiking: tuple[str, ...] = ("",)


@dataclass(frozen=True, eq=False)
class NetworkRecipe:
    """All that decides the bits of a network's run; nothing in it is changed by the run.

    Attributes
    ----------
    parts : dict of Recipe
        That of each population of neurons, by name.
    delivery : {"exact", "grid"}
        Whether a spike acts at its own time, or at the next whole step as in other simulators.
    alone : bool
        Whether it is a population that is simulated alone, so that its run is what is wanted.
    low : dict of int
        Of a share of a network, the first neuron of each population: in `parts` they are counted from there.
    """

    network: Network
    parts: Mapping[str, Recipe]
    duration: float
    dt: float
    method: str
    delivery: str
    alone: bool = False
    low: Mapping[str, int] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, Recipe | SourceRecipe]:
        """What is kept of each population and of each source, by name; of a share, of what is here."""
        return {
            name: self.parts[name]
            if isinstance(group, Population)
            else SourceRecipe(group.n, self.duration, self.dt, self.spike_times)
            for name, group in self.network.populations.items()
            if name in self.parts or not isinstance(group, Population)
        }

    @property
    def n(self) -> int:
        """The number of neurons."""
        return sum(part.n for part in self.parts.values())

    @property
    def chosen(self) -> Method:
        """The method."""
        return METHODS[self.method]

    @property
    def interval(self) -> float:
        """Time between samples, ms."""
        return next(iter(self.parts.values())).interval

    @property
    def samples(self) -> int:
        """The number of multiples of the interval in the run, 0 and the end included."""
        return next(iter(self.parts.values())).samples

    @property
    def spike_times(self) -> bool:
        """Whether the time of every spike is kept."""
        return next(iter(self.parts.values())).spike_times

    @property
    def bytes_of_a_sample(self) -> int:
        """Bytes of what is recorded at one moment."""
        return sum(part.bytes_of_a_sample for part in self.parts.values())

    def chunks(self, size: int, done: int = 0) -> Iterator[Chunk]:
        """The run in chunks of `size` samples, without the first `done` of them."""
        return next(iter(self.parts.values())).chunks(size, done)

    def with_parts(self, parts: Mapping[str, Recipe], duration: float | None = None) -> Self:
        """The same with other recipes of its populations, and for another duration where one is given."""
        return replace(self, parts=parts, duration=self.duration if duration is None else duration)

    def low_of(self, name: str) -> int:
        """The first neuron of a population that is in this share of the network."""
        return self.low.get(name, 0)

    def share(self, bounds: Mapping[str, tuple[int, int]]) -> Self:
        """The same with some neurons of each population, from one to another; without those that have none."""
        parts = {name: self.parts[name].part(low, high) for name, (low, high) in bounds.items() if low < high}
        return replace(self, parts=parts, low={name: low for name, (low, _) in bounds.items()})


def population_of(recipe: Recipe) -> Population:
    """The population of a network that a recipe is of."""
    return Population(
        recipe.model,
        recipe.n,
        recipe.receptors,
        recipe.current,
        recipe.noise,
        recipe.threshold,
        recipe.refractory,
        recipe.rearm,
    )


def checked_network(asked: Mapping[str, Any]) -> NetworkRecipe:
    """The recipe that the arguments of `simulate`, by name, describe; TypeError or ValueError if one is not allowed."""
    a = SimpleNamespace(**asked)
    if asked.get("sensitivity") is not None:
        raise ValueError(f"sensitivity is for neurons that are not in a network; got it with {_check.shown(a.model)}")
    network = a.model if isinstance(a.model, Network) else Network({ALONE: a.model})
    if network is not a.model:
        asked = {**asked, **{name: {ALONE: getattr(a, name)} for name in BY_POPULATION if getattr(a, name) is not None}}
    _check_arguments(asked)
    cells = {name: group for name, group in network.populations.items() if isinstance(group, Population)}
    if not cells:
        raise ValueError("a network needs a population of neurons; this one has sources only")
    given = {name: _by_population(name, asked[name], cells) for name in BY_POPULATION}
    parts, first = {}, 0
    for name, group in cells.items():
        own = {what: given[what].get(name) for what in BY_POPULATION}
        own |= {"current": group.current, "noise": group.noise, "threshold": group.threshold, "model": group.model}
        own |= {"n": group.n, "seed": network.seed, "receptors": group.receptors, "refractory": group.refractory}
        own["rearm"] = group.rearm
        try:
            parts[name] = checked_population({**asked, **own}, first)
        except (TypeError, ValueError) as error:
            if len(cells) == 1:
                raise
            raise type(error)(f"{name}: {error}") from None
        first += group.n
    check_used(asked, parts.values())
    some = next(iter(parts.values()))
    network.check_delays(some.dt)
    _check_couplings(network, a.method)
    delivery = _check.known("delivery", a.delivery, DELIVERIES)
    if METHODS[a.method].is_adaptive:
        _check.steps(some.duration, some.dt)  # of which epochs are made
        if delivery == "grid":
            fixed = ", ".join(repr(name) for name, method in METHODS.items() if not method.is_adaptive)
            raise ValueError(
                f"delivery must be 'exact' with method={a.method!r}, whose steps end where spikes arrive: the grid is "
                f"for {fixed}; got {a.delivery!r}"
            )
    return NetworkRecipe(network, parts, some.duration, some.dt, a.method, delivery, network is not a.model)


def _check_couplings(network: Network, method: str) -> None:
    """Refuse what cannot be coupled without delay."""
    if network.couplings and not METHODS[method].stages:
        able = " or ".join(repr(name) for name, one in METHODS.items() if one.stages)
        raise ValueError(
            f"method must be {able} with a Coupling, whose neurons see each other at every stage of one common step; "
            f"got {method!r}"
        )


def _check_arguments(asked: Mapping[str, Any]) -> None:
    """Refuse what is not for networks."""
    check_after(asked)
    for name in OF_POPULATIONS:
        value = asked[name]
        if value is not None and not (name in ("current", "refractory") and np.ndim(value) == 0 and value == 0.0):
            raise ValueError(
                f"{name} belongs to a Population, fn.Population(..., {name}=...); got {_check.shown(value)}"
            )
    if asked["seed"] != 0:
        raise ValueError(f"seed belongs to the network, fn.Network(..., seed=...); got {_check.shown(asked['seed'])}")
    if asked["executor"] is not None:
        raise ValueError(NO_EXECUTOR)
    if np.dtype(asked["dtype"]) != np.float64:
        raise ValueError(f"dtype must be float64 for a network; got {_check.shown(asked['dtype'])}")


def _by_population(name: str, value: Any, cells: Mapping[str, Population]) -> dict[str, Any]:
    """An argument that each population may have of its own: a mapping, or the same for all that it fits."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        for key in value:
            _check.known(f"a population in {name}", key, cells)
        return dict(value)
    if name in ("initial", "neurons"):
        example = "{'cells': {'V': -60.0}}" if name == "initial" else "{'cells': [0, 1]}"
        raise TypeError(f"{name} must map names of populations, as in {example}; got {_check.shown(value)}")
    return _where_known(name, value, cells)


def _where_known(name: str, value: Any, cells: Mapping[str, Population]) -> dict[str, Any]:
    """Names of variables or summaries, for every population that has them; ValueError where none has one."""
    wanted = (value,) if isinstance(value, str) else tuple(value)
    has = {cell: _names(name, group) for cell, group in cells.items()}
    everything = dict.fromkeys(known for names in has.values() for known in names)
    for one in wanted:
        _check.known(name, one, everything)
    found = {cell: tuple(one for one in wanted if one in names) for cell, names in has.items()}
    return {cell: mine for cell, mine in found.items() if mine}


def _names(name: str, group: Population) -> list[str]:
    """All that can be recorded of a population, or summarised."""
    states = list(group.model.states)
    variables = [*states, *group.receptors]
    if name == "record":
        return [*variables, CURRENT]
    return summaries.names(variables, names_of(group.threshold, states))
