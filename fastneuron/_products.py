"""Matrix products for layers: small ones by register tiles of our own, large ones by BLAS.

Every element of a small product is one chain of fused multiply-adds over the inner index, in order, whatever tile it
falls into: its bits depend neither on the tiling nor on the number of rows nor on the machine.  A tile that would
stick out is moved back inside and computes some elements twice, to the same bits.
"""

from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._jit import FLAGS, inline, specialises

LARGE = 32768  # entries of a weight matrix from which on BLAS wins (128 x 128: 0.8 of our time lost, 256 x 256: 0.9 gained)


class Two(NamedTuple):
    """Two 256-bit vectors, or one of 512: with 4 rows, 8 accumulators cover the latency of the FMA units."""

    bytes = 64


class One(NamedTuple):
    """One 256-bit vector."""

    bytes = 32


class Half(NamedTuple):
    """Half a vector."""

    bytes = 16


class Quarter(NamedTuple):
    """A quarter."""

    bytes = 8


class Least(NamedTuple):
    """One float32."""

    bytes = 4


class Four(NamedTuple):
    """A tile of four rows."""

    rows = 4


class Row(NamedTuple):
    """A tile of one row."""

    rows = 1


def lanes_of(width, array):
    """Generic: how many of the array's numbers are in a vector, at least one."""


@specialises(lanes_of)
def _lanes_of(width, array):
    lanes = max(1, width.instance_class.bytes * 8 // array.dtype.bitwidth)
    return lambda width, array: lanes


@intrinsic
def _tile(typingctx, a, b, start, out, i, j, height, width):
    """``out[i, j] = start[j] + sum over k of a[i, k] b[k, j]`` for a tile with its corner at (i, j)."""
    rows = height.instance_class.rows
    lanes = max(1, width.instance_class.bytes * 8 // a.dtype.bitwidth)
    align = a.dtype.bitwidth // 8

    def codegen(context, builder, signature, args):
        views = [context.make_array(kind)(context, builder, arg) for kind, arg in zip(signature.args, args[:4])]
        strides = [cgutils.unpack_tuple(builder, view.strides) for view in views]
        a, b, start, out = (builder.bitcast(view.data, ir.IntType(8).as_pointer()) for view in views)
        i, j = args[4:6]
        word = i.type
        scalar = context.get_data_type(signature.args[0].dtype)
        vector = ir.VectorType(scalar, lanes)
        undefined = ir.Constant(vector, ir.Undefined)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
        name = f"llvm.fma.v{lanes}f{align * 8}"
        fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)

        def at(pointer, *moves):
            for index, stride in moves:
                pointer = builder.gep(pointer, [builder.mul(index, stride)])
            return pointer

        def load(pointer, kind):
            return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=align)

        numbers = [builder.add(i, word(row)) for row in range(rows)]
        row_starts = [at(a, (number, strides[0][0])) for number in numbers]
        b_start = at(b, (j, strides[1][1]))
        first = load(at(start, (j, strides[2][0])), vector)
        count = cgutils.unpack_tuple(builder, views[0].shape)[1]

        before = builder.block
        body = builder.append_basic_block("tile.body")
        builder.branch(body)
        builder.position_at_end(body)
        k = builder.phi(word)
        sums = [builder.phi(vector) for _ in range(rows)]
        along = load(at(b_start, (k, strides[1][0])), vector)
        totals = []
        for total, row_start in zip(sums, row_starts):
            factor = builder.insert_element(undefined, load(at(row_start, (k, strides[0][1])), scalar), ir.IntType(32)(0))
            totals.append(builder.call(fma, [builder.shuffle_vector(factor, undefined, zeros), along, total]))
        following = builder.add(k, word(1))
        k.add_incoming(word(0), before)
        k.add_incoming(following, body)
        for entry, total in zip(sums, totals):
            entry.add_incoming(first, before)
            entry.add_incoming(total, body)
        after = builder.append_basic_block("tile.after")
        builder.cbranch(builder.icmp_signed("<", following, count), body, after)
        builder.position_at_end(after)
        for number, total in zip(numbers, totals):
            pointer = at(out, (number, strides[3][0]), (j, strides[3][1]))
            builder.store(total, builder.bitcast(pointer, vector.as_pointer()), align=align)
        return context.get_dummy_value()

    return types.void(a, b, start, out, types.intp, types.intp, height, width), codegen


@inline
def _band(a, b, start, out, j, width):
    """The columns from j on that fill a vector, for all rows."""
    rows = out.shape[0]
    if rows < 4:
        for i in range(rows):
            _tile(a, b, start, out, i, j, Row(), width)
    else:
        for i in range(0, rows, 4):
            _tile(a, b, start, out, min(i, rows - 4), j, Four(), width)


@inline
def _bands(a, b, start, out, j, width):
    """As many bands as fit, from column j on, and one moved back if it is more than half needed; the next column."""
    columns, lanes = out.shape[1], lanes_of(width, out)
    while columns - j >= lanes:
        _band(a, b, start, out, j, width)
        j += lanes
    if 2 * (columns - j) > lanes and columns >= lanes:
        _band(a, b, start, out, columns - lanes, width)
        j = columns
    return j


@numba.njit(**FLAGS)
def small_product(a, b, start, out):
    """``out = start + a @ b``; a (M, K) of any strides, K at least 1; b (K, N), start (N,) and out (M, N) C-ordered."""
    j = _bands(a, b, start, out, 0, Two())
    j = _bands(a, b, start, out, j, One())
    j = _bands(a, b, start, out, j, Half())
    j = _bands(a, b, start, out, j, Quarter())
    _bands(a, b, start, out, j, Least())


@numba.njit(**FLAGS)
def large_product(a, b, start, out):
    """The same by BLAS."""
    np.dot(a, b, out)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] += start[j]
