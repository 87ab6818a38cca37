"""One file for each part of the page of `peers`: how it is measured, told and drawn.

What a part finds is a dict of ``rows``, each with the ``file`` of a contender, and of who is ``missing`` and why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..asked import Asked
from . import calls, dynamics, first, memory, network_precision, pieces, precision, roofline, rows, tables


class Part(NamedTuple):
    """A part.

    Attributes
    ----------
    title : str
        Of its section.
    measure : callable
        Given what is asked for, returns what is found.
    page : callable
        Given what was found, returns the lines of its section.
    minutes : float
        What it takes on two quiet cores.
    draw : callable, optional
        Makes a figure of what was found, in a file.
    ours : bool
        Whether nobody else is measured.
    """

    title: str
    measure: Callable[[Asked], dict[str, Any]]
    page: Callable[[dict[str, Any]], list[str]]
    minutes: float
    draw: Callable[[dict[str, Any], Path], None] | None = None
    ours: bool = False


PARTS = {
    "populations": Part("Populations", partial(rows.measure, "populations"), tables.populations, 5.3),
    "networks": Part("Networks", partial(rows.measure, "networks"), tables.networks, 5.8),
    "layers": Part("Perceptrons and their layers", partial(rows.measure, "layers"), tables.layers, 3.0),
    "precision": Part("Error against time", precision.measure, precision.page, 2.7, precision.draw),
    "network_precision": Part(
        "Error against time of networks", network_precision.measure, network_precision.page, 5.3, network_precision.draw
    ),
    "pieces": Part("Networks piece by piece", pieces.measure, pieces.page, 2.5, ours=True),
    "dynamics": Part("Dynamics", dynamics.measure, dynamics.page, 1.3),
    "calls": Part("What a call costs", calls.measure, calls.page, 0.2, ours=True),
    "first": Part("First results", first.measure, first.page, 3.1),
    "memory": Part("Memory", memory.measure, memory.page, 1.7),
    "roofline": Part("Roofline", roofline.measure, roofline.page, 0.7, ours=True),
}
