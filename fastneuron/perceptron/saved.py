"""A layer as the arrays of a file."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import _check, _files
from .._files import Field
from .selection import Votes

FORMAT = 1
FIELDS = {
    "transfer": Field("text", ()),
    "weights": Field("number", ("S", "R")),
    "bias": Field("number", ("S",)),
    "votes_neuron": Field("whole number", ("V",), needed=False),
    "votes_weights": Field("number", ("V", "R"), needed=False),
    "votes_bias": Field("number", ("V",), needed=False),
    "votes_count": Field("whole number", ("V",), needed=False),
}


def write(path: str | os.PathLike[str], layer: Any) -> None:
    """Write a layer, whole or not at all."""
    votes = {} if layer.votes is None else layer.votes._asdict()
    _files.write_arrays(
        path,
        format=FORMAT,
        transfer=layer.transfer,
        weights=layer.weights,
        bias=layer.bias,
        **{f"votes_{name}": array for name, array in votes.items()},
    )


def read(path: str | os.PathLike[str], make: Any) -> tuple[Any, Votes | None]:
    """The layer that `write` wrote, made by ``make(n_inputs, n_neurons, transfer, dtype)``, and its voters."""
    with _files.reading(path, "a saved Perceptron", FIELDS, FORMAT) as file:
        S, R = file.shape("weights")
        layer = make(R, S, file.text("transfer"), file.dtype("weights"))
        layer.weights, layer.bias = file["weights"], file["bias"]
        voted = any(f"votes_{name}" in file for name in Votes._fields)
        return layer, _votes(file, S, layer.dtype) if voted else None


def _votes(file: _files.Arrays, S: int, dtype: np.dtype) -> Votes:
    """The voters in a file, as `Perceptron.vote` relies on them."""
    neuron, weights, bias, count = (file[f"votes_{name}"] for name in Votes._fields)
    if not np.array_equal(np.unique(neuron), np.arange(S)) or (np.diff(neuron) < 0).any():
        raise ValueError(f"votes_neuron must be the neurons 0 to {S - 1} in order, each at least once")
    _check.satisfies("votes_count", count, lambda x: (x >= 1) & (x < 2**53), "a whole number of at least 1", "index")
    if not weights.dtype == bias.dtype == dtype:
        raise ValueError(f"votes_weights and votes_bias must be of type {dtype}, as the weights are")
    return Votes(neuron.astype(np.int64), weights, bias, count.astype(np.int64))
