"""Matrix products for layers: small ones by register tiles of our own, large ones by BLAS.

Every element of a small product is one chain of fused multiply-adds over the inner index, in order, whatever tile it
falls into: its bits depend neither on the tiling nor on the number of rows nor on the machine.  A tile that would
stick out is moved back inside and computes some elements twice, to the same bits.
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .._kernel.jit import ALLOCATING, generic, inline, noinline, outlined, specialises
from .._kernel.simd import lanes_of

LARGE = (
    32768  # entries of a weight matrix from which on BLAS wins (128 x 128: 0.8 of our time lost, 256 x 256: 0.9 gained)
)


class Two(NamedTuple):
    """Two 256-bit vectors, or one of 512: with 4 rows, 8 accumulators cover the latency of the FMA units."""

    bytes = 64


class One(NamedTuple):
    """One 256-bit vector."""

    bytes = 32


class Number(NamedTuple):
    """No vector at all."""

    bytes = 4


class FourRows(NamedTuple):
    """A tile of four rows."""

    rows = 4


class OneRow(NamedTuple):
    """A tile of one row."""

    rows = 1


@generic
def vector_length(width, array):
    """Return how many of the array's numbers a vector of this width holds, at least one."""


@specialises(vector_length)
def _vector_length(width, array):
    lanes = lanes_of(array.dtype, width.instance_class.bytes)
    return lambda width, array: lanes


def _define_tile(function, rows, scalar, lanes):
    """The tile as a function of its own: inlined everywhere, it took most of the compiler's time.

    `simd` has vectors of one width, and no way to outline: this wants three widths, or narrow layers pay for wide ones.
    """
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    a, b, start, out, a_row, a_inner, b_inner, out_row, count = function.args
    align = 8 if scalar == ir.DoubleType() else 4
    vector = ir.VectorType(scalar, lanes)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    fma_type = ir.FunctionType(vector, [vector] * 3)
    fma = cgutils.get_or_insert_function(function.module, fma_type, f"llvm.fma.v{lanes}f{align * 8}")
    undefined = ir.Constant(vector, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)

    def load(pointer, kind):
        return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=align)

    def along(pointer, row, stride):
        return builder.gep(pointer, [builder.mul(count.type(row), stride)])

    row_starts = [along(a, row, a_row) for row in range(rows)]
    first = load(start, vector)
    entry, body = builder.block, function.append_basic_block("body")
    builder.branch(body)
    builder.position_at_end(body)
    k = builder.phi(count.type)
    sums = [builder.phi(vector) for _ in range(rows)]
    terms = load(builder.gep(b, [builder.mul(k, b_inner)]), vector)
    totals = []
    for total, row_start in zip(sums, row_starts, strict=True):
        factor = load(builder.gep(row_start, [builder.mul(k, a_inner)]), scalar)
        factors = builder.insert_element(undefined, factor, ir.IntType(32)(0))
        totals.append(builder.call(fma, [builder.shuffle_vector(factors, undefined, zeros), terms, total]))
    following = builder.add(k, count.type(1))
    k.add_incoming(count.type(0), entry)
    k.add_incoming(following, body)
    for phi, total in zip(sums, totals, strict=True):
        phi.add_incoming(first, entry)
        phi.add_incoming(total, body)
    after = function.append_basic_block("after")
    builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    builder.position_at_end(after)
    for row, total in enumerate(totals):
        builder.store(total, builder.bitcast(along(out, row, out_row), vector.as_pointer()), align=align)
    builder.ret_void()


def _corners(context, builder, signature, args):
    """The addresses where a, b, start and out meet the tile's corner, and the strides of each."""
    i, j = args[4:6]
    pointers, strides = [], []
    for kind, arg, corner in zip(signature.args[:4], args, [(i, None), (None, j), (j,), (i, j)], strict=False):
        view = context.make_array(kind)(context, builder, arg)
        strides.append(cgutils.unpack_tuple(builder, view.strides))
        pointer = builder.bitcast(view.data, ir.IntType(8).as_pointer())
        for step, index in zip(strides[-1], corner, strict=True):
            pointer = pointer if index is None else builder.gep(pointer, [builder.mul(index, step)])
        pointers.append(pointer)
    return pointers, strides


@intrinsic
def _tile(typingctx, a, b, start, out, i, j, height, width):
    """``out[i, j] = start[j] + sum over k of a[i, k] b[k, j]`` for a tile with its corner at (i, j)."""
    rows, align = height.instance_class.rows, a.dtype.bitwidth // 8
    lanes = lanes_of(a.dtype, width.instance_class.bytes)
    scalar = ir.DoubleType() if align == 8 else ir.FloatType()

    def codegen(context, builder, signature, args):
        pointers, strides = _corners(context, builder, signature, args)
        count = cgutils.unpack_tuple(builder, context.make_array(a)(context, builder, args[0]).shape)[1]
        kind = ir.FunctionType(ir.VoidType(), [pointers[0].type] * 4 + [count.type] * 5)
        function = cgutils.get_or_insert_function(builder.module, kind, f"fastneuron_tile_{rows}x{lanes}x{align}")
        if function.is_declaration:
            _define_tile(function, rows, scalar, lanes)
        builder.call(function, [*pointers, *strides[0], strides[1][0], strides[3][0], count])
        return context.get_dummy_value()

    return types.void(a, b, start, out, types.intp, types.intp, height, width), codegen


@inline
def _band(a, b, start, out, j, width):
    """The columns from j on that fill a vector, for all rows."""
    rows = out.shape[0]
    if rows < 4:
        for i in range(rows):
            _tile(a, b, start, out, i, j, OneRow(), width)
    else:
        for i in range(0, rows, 4):
            _tile(a, b, start, out, min(i, rows - 4), j, FourRows(), width)


@inline
def _bands(a, b, start, out, j, width):
    """As many bands as fit, from column j on, and one moved back if it is more than half needed; the next column."""
    columns, lanes = out.shape[1], vector_length(width, out)
    while columns - j >= lanes:
        _band(a, b, start, out, j, width)
        j += lanes
    if 2 * (columns - j) > lanes and columns >= lanes:
        _band(a, b, start, out, columns - lanes, width)
        j = columns
    return j


@outlined
def _strided_product(a, b, start, out):
    noinline()
    j = _bands(a, b, start, out, 0, Two())
    j = _bands(a, b, start, out, j, One())
    if j < out.shape[1] and out.shape[1] >= vector_length(One(), out):
        _band(a, b, start, out, out.shape[1] - vector_length(One(), out), One())
    else:
        _bands(a, b, start, out, j, Number())


@inline
def small_product(a, b, start, out):
    """``out = start + a @ b``; a (M, K) of any strides, K at least 1; b (K, N), start (N,) and out (M, N) C-ordered."""
    _strided_product(a[::1, ::1], b, start, out)  # a slice of any strides by type: one compilation serves a and a.T


@functools.partial(outlined, flags=ALLOCATING)  # NumPy's hands its result back
def by_blas(a, b, out):
    """``out = a @ b``."""
    noinline()
    np.dot(a, b, out)


@inline
def large_product(a, b, start, out):
    """The same by BLAS."""
    by_blas(a, b, out)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] += start[j]
