"""What a run of circuits cannot have, which a run of single neurons can."""

from __future__ import annotations

from typing import Any

from .._integrators import METHODS
from ..inputs.per_cell import PerCell
from ..models import Circuit
from .recorded import CURRENT


def check_circuits(recipe: Any) -> None:
    """ValueError where a recipe of circuits asks for noise, for the one current of cells that differ, or for a method
    that is not for them.
    """
    if not isinstance(recipe.model, Circuit):
        return
    METHODS[recipe.method].refuse(recipe.model, [])
    if recipe.noise is not None:
        raise ValueError(
            f"noise is for single neurons, and a circuit has {len(recipe.model.cells)}; got {recipe.noise!r}"
        )
    if CURRENT in recipe.record and isinstance(recipe.current, PerCell):
        raise ValueError("record has no one current where cells differ in theirs: run.current['A'](t) is that of A")
