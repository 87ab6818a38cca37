"""Rows of inputs, dense or sparse: the products and sums that the rules and selections need, by the type of X."""

from typing import NamedTuple

import numpy as np

from .._kernel.cache_lines import LINE, zeros_on_lines
from .._kernel.jit import generic, inline, specialises
from .._kernel.lanes import _host_features, fma
from .._kernel.scalars import narrowed
from .._kernel.simd import (  # fmt: skip
    lanes,
    load,
    load_part,
    muladd,
    outer,
    prefetch,
    splat,
    store,
    store_totals,
    total,
    zero_sums,
    zeros,
)


class Sparse(NamedTuple):
    """A SciPy CSR matrix as the kernels see it."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray

    def square(X, row, like):
        """|x|^2 of a row."""
        result = X.data.dtype.type(0)
        for k in range(X.indptr[row], X.indptr[row + 1]):
            result = fma(X.data[k], X.data[k], result)
        return result

    def length(X, row, like):
        """|x| of a row where |x|^2 overflows."""
        largest, total = 0.0, 0.0
        for k in range(X.indptr[row], X.indptr[row + 1]):
            largest = max(largest, abs(np.float64(X.data[k])))
        for k in range(X.indptr[row], X.indptr[row + 1]):
            total += (X.data[k] / largest) ** 2
        return narrowed(like, largest * np.sqrt(total))

    def add(X, row, change, W, neuron):
        """Add `change` times the row to the weights of a neuron."""
        for k in range(X.indptr[row], X.indptr[row + 1]):
            j = X.indices[k]
            W[neuron, j] = fma(change, W.dtype.type(X.data[k]), W[neuron, j])


# whose every value is a number of that type, and which Numba knows
EXACT = {
    np.dtype(np.float64): frozenset(map(np.dtype, "?bBhHiIfd")),
    np.dtype(np.float32): frozenset(map(np.dtype, "?bBhHf")),
}


def readable(X, dtype):
    """Whether the kernels of a layer of `dtype` can read the dense rows X as they stand."""
    return X.dtype in EXACT[dtype] and X.flags.c_contiguous and X.flags.aligned


@inline
def dot(X, row, W, neuron, like):
    """Row `row` of X times row `neuron` of W, as numbers of `like`: element k is summed in lane k % lanes."""
    length = X.shape[1]
    full = length // lanes(like) * lanes(like)
    a = zeros(like)
    for k in range(0, full, lanes(like)):
        a = muladd(load(X, row, k, like), load(W, neuron, k, like), a)
    if full < length:
        rest = length - full
        a = muladd(load_part(X, row, full, rest, like), load_part(W, neuron, full, rest, like), a)
    return total(a)


class Tile(NamedTuple):
    """How many dots are taken at once: places of rows and of neurons, from 0 on."""

    rows: tuple[int, ...]
    neurons: tuple[int, ...]
    few: tuple[int, ...]  # of neurons, where no more are left


class TileOfAVX512(NamedTuple):
    """20 sums, in as many of 32 registers."""

    tile = Tile((0, 1, 2, 3), (0, 1, 2, 3, 4), (0, 1))


class TileOfAVX2(NamedTuple):
    """6 sums, each in two of 16 registers."""

    tile = Tile((0, 1, 2), (0, 1), (0, 1))


@generic
def tile_of(shape):
    """The `Tile` of a shape, a compile-time constant: to hand over its numbers took 7 us of a call with cold caches."""
    return shape.tile


@specialises(tile_of)
def _tile_of(shape):
    constant = shape.instance_class.tile
    return lambda shape: constant


def shape_of_this_machine():
    """The tile whose sums stay in registers; that of AVX2 takes 39 instead of 27 ns on AVX-512, for 784 float64."""
    return TileOfAVX512() if "avx512f" in _host_features() else TileOfAVX2()


def aligned(weights):
    """A copy (S, at least R), each row beginning with a cache line: a load across two takes twice as long.

    28 instead of 33 ns for a dot of 784 float64.
    """
    S, R = weights.shape
    line = LINE // weights.itemsize
    padded = -(-R // line) * line
    copy = zeros_on_lines((S, padded), weights.dtype)
    copy[:, :R] = weights
    return copy


class Place(NamedTuple):
    """Where dots are put: that of the i-th row with the j-th neuron to out[rows[i], columns[j]]."""

    out: np.ndarray
    rows: tuple[int, ...]
    columns: tuple[int, ...]


@inline
def dots(X, rows, W, neurons, upcoming, place):
    """Put the dots of rows with neurons, the bits of `dot`, to a `Place`: as many chains as that is, in registers.

    Meanwhile fetch row `upcoming` from memory.
    """
    length = X.shape[1]
    full = length // lanes(W) * lanes(W)
    sums = zero_sums(W, rows, neurons)
    for k in range(0, full, lanes(W)):
        prefetch(X, upcoming, k)
        sums = outer(load(X, rows, k, W), load(W, neurons, k, W), sums)
    if full < length:
        rest = length - full
        sums = outer(load_part(X, rows, full, rest, W), load_part(W, neurons, full, rest, W), sums)
    store_totals(place.out, place.rows, place.columns, sums)


@inline
def add_and_dots(W, neuron, change, X, row, rows, place):
    """Add `change` times a row to the weights of a neuron, then put its dots with `rows` to a `Place`, in one pass."""
    length = X.shape[1]
    full = length // lanes(W) * lanes(W)
    changes, sums = splat(W, change), zero_sums(W, rows, (neuron,))
    for k in range(0, full, lanes(W)):  # spelled out, as LLVM cannot know that X and W do not overlap
        w = muladd(changes, load(X, row, k, W), load(W, neuron, k, W))
        store(W, neuron, k, w)
        sums = outer(load(X, rows, k, W), (w,), sums)
    if full < length:
        for k in range(full, length):
            W[neuron, k] = fma(change, W.dtype.type(X[row, k]), W[neuron, k])
        rest = length - full
        sums = outer(load_part(X, rows, full, rest, W), (load_part(W, neuron, full, rest, W),), sums)
    store_totals(place.out, place.rows, place.columns, sums)


@generic
def square(X, row, like):
    """|x|^2 of a row, as a number of the type of `like`."""
    return dot(X, row, X, row, like)


@generic
def length(X, row, like):
    """|x| of a row where |x|^2 overflows, as a number of the type of `like`; infinite where it overflows itself."""
    largest, total = 0.0, 0.0
    for k in range(X.shape[1]):
        largest = max(largest, abs(np.float64(X[row, k])))
    for k in range(X.shape[1]):
        total += (X[row, k] / largest) ** 2
    return narrowed(like, largest * np.sqrt(total))


@generic
def add(X, row, change, W, neuron):
    """Add `change` times the row to the weights of a neuron, each product and sum rounded once."""
    for k in range(X.shape[1]):
        W[neuron, k] = fma(change, W.dtype.type(X[row, k]), W[neuron, k])
