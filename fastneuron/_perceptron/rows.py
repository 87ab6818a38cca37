"""Rows of inputs, dense or sparse: what the rules and the keepers do to one of them, chosen by the type of X."""

from typing import NamedTuple

import numpy as np
from numba import types

from .._jit import bare_inline, bare_specialises
from .._lanes import fma
from .._vectors import BYTES, load, load_part, muladd, prefetch, splat, store, total, zeros


class Sparse(NamedTuple):
    """A SciPy CSR matrix as the kernels see it."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray


@bare_inline
def dot(X, row, W, neuron):
    """Row `row` of X times row `neuron` of W: element k is summed in lane k % lanes."""
    length = X.shape[1]
    lanes = BYTES // X.itemsize
    full = length // lanes * lanes
    a = zeros(X)
    for k in range(0, full, lanes):
        a = muladd(load(X, row, k), load(W, neuron, k), a)
    if full < length:
        a = muladd(load_part(X, row, full, length - full), load_part(W, neuron, full, length - full), a)
    return total(a)


@bare_inline
def dot_3x2(X, i, j, k, W, p, q, coming):
    """The dots of rows i, j, k with neurons p and q, the bits of `dot`: twelve chains in AVX2 registers, five loads.

    Meanwhile row `coming` is fetched from memory.
    """
    length = X.shape[1]
    lanes = BYTES // X.itemsize
    full = length // lanes * lanes
    ip, iq, jp, jq, kp, kq = zeros(X), zeros(X), zeros(X), zeros(X), zeros(X), zeros(X)
    for at in range(0, full, lanes):
        prefetch(X, coming, at)
        wp, wq = load(W, p, at), load(W, q, at)
        x = load(X, i, at)
        ip, iq = muladd(x, wp, ip), muladd(x, wq, iq)
        x = load(X, j, at)
        jp, jq = muladd(x, wp, jp), muladd(x, wq, jq)
        x = load(X, k, at)
        kp, kq = muladd(x, wp, kp), muladd(x, wq, kq)
    if full < length:
        rest = length - full
        wp, wq = load_part(W, p, full, rest), load_part(W, q, full, rest)
        x = load_part(X, i, full, rest)
        ip, iq = muladd(x, wp, ip), muladd(x, wq, iq)
        x = load_part(X, j, full, rest)
        jp, jq = muladd(x, wp, jp), muladd(x, wq, jq)
        x = load_part(X, k, full, rest)
        kp, kq = muladd(x, wp, kp), muladd(x, wq, kq)
    return total(ip), total(iq), total(jp), total(jq), total(kp), total(kq)


@bare_inline
def add_and_dot(W, neuron, change, X, row, following, last):
    """Add `change` times the row, then the dots with the two that follow: one pass over the weights."""
    length = X.shape[1]
    lanes = BYTES // X.itemsize
    full = length // lanes * lanes
    changes, a, b = splat(W, change), zeros(X), zeros(X)
    for k in range(0, full, lanes):  # spelled out, as LLVM cannot know that X and W do not overlap
        w = muladd(changes, load(X, row, k), load(W, neuron, k))
        store(W, neuron, k, w)
        a = muladd(load(X, following, k), w, a)
        b = muladd(load(X, last, k), w, b)
    if full < length:
        rest = length - full
        for k in range(full, length):
            W[neuron, k] = fma(change, X[row, k], W[neuron, k])
        w = load_part(W, neuron, full, rest)
        a = muladd(load_part(X, following, full, rest), w, a)
        b = muladd(load_part(X, last, full, rest), w, b)
    return total(a), total(b)


def square(X, row):
    """|x|^2 of a row."""
    raise NotImplementedError


@bare_specialises(square)
def _square(X, row):
    if isinstance(X, types.BaseNamedTuple):

        def sparse(X, row):
            result = X.data.dtype.type(0)
            for k in range(X.indptr[row], X.indptr[row + 1]):
                result = fma(X.data[k], X.data[k], result)
            return result

        return sparse
    return lambda X, row: dot(X, row, X, row)


def add(W, neuron, change, X, row):
    """Add `change` times the row to the weights of a neuron, each product and sum rounded once."""
    raise NotImplementedError


@bare_specialises(add)
def _add(W, neuron, change, X, row):
    if isinstance(X, types.BaseNamedTuple):

        def sparse(W, neuron, change, X, row):
            for k in range(X.indptr[row], X.indptr[row + 1]):
                j = X.indices[k]
                W[neuron, j] = fma(change, W.dtype.type(X.data[k]), W[neuron, j])

        return sparse

    def dense(W, neuron, change, X, row):
        for k in range(X.shape[1]):
            W[neuron, k] = fma(change, W.dtype.type(X[row, k]), W[neuron, k])

    return dense
