"""What can be recorded of a population: its variables, and what is injected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _check
from ..models import Model

if TYPE_CHECKING:
    from ..receptors import Receptor

CURRENT = "I"  # what is injected; a state or a receptor of this name comes first


class Variables(NamedTuple):
    """The names of all that can be recorded, and of the states that spike."""

    every: Sequence[str]
    spiking: Sequence[str]


def checked_record(record: Any, variables: Sequence[str]) -> tuple[str, ...]:
    """The names of what is to be recorded, that of the current behind the variables."""
    names = _check.names("record", record, "a state", (*variables, CURRENT))
    return tuple(sorted(names, key=lambda name: name not in variables))


def units_of(model: Model, receptors: Mapping[str, Receptor]) -> dict[str, str]:
    """The units of a model's states and parameters, of its current, and of conductances, by name."""
    current = model.units.get("current", "uA/cm^2")
    return {CURRENT: current, **model.units, **{name: receptor.weight_units for name, receptor in receptors.items()}}
