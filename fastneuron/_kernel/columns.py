"""Columns: the numbers of a population, each a scalar or one per neuron, in one vector for a kernel."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .jit import inline


class Columns(NamedTuple):
    """Entry k of neuron i is ``values[first[k] + stride[k] * i]``, stride 0 or 1."""

    values: Any
    first: Any
    stride: Any


def columns(entries: Sequence[Any], n: int) -> Columns:
    """Scalars take one place, arrays n: nothing is blown up."""
    if {*map(type, entries)} <= {float}:
        return Columns(np.array(entries, np.float64), *_scalars(len(entries)))
    arrays = [np.ravel(entry) for entry in entries]
    sizes = np.array([array.size for array in arrays], np.int64)
    return Columns(np.concatenate([np.empty(0), *arrays]), np.cumsum(sizes) - sizes, (sizes == n).astype(np.int64))


@functools.lru_cache(64)
def _scalars(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where so many scalars stand, and their strides: nobody writes to these."""
    return np.arange(count), np.zeros(count, np.int64)


@inline
def read(columns, out, lane, neuron):
    """Put the entries of a neuron into a lane of `out`, (entry, lane)."""
    for k in range(out.shape[0]):
        out[k, lane] = columns.values[columns.first[k] + columns.stride[k] * neuron]
