"""Lanes: how a scalar formula runs on a block of neurons at once.

A block is a C-ordered array (variable, lane).  ``take`` lifts one lane's column out of it as a tuple, ``put`` lays a
tuple back down, and ``axpy`` is tuple arithmetic; all three melt into plain loads, stores and fused multiply-adds, so
that LLVM vectorises the loop over lanes.  The number of lanes is part of a type, hence a constant in the machine code.
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from .dual import has_dual
from .jit import generic, in_python, inline, specialises
from .scalars import ROUNDER
from .simd import element_at
from .stack import StackArray, allocated


class Lanes1(NamedTuple):
    """One: the numbers of a single neuron stay in registers."""

    lanes = 1


class Lanes8(NamedTuple):
    """8 lanes."""

    lanes = 8


class Lanes16(NamedTuple):
    """16 lanes."""

    lanes = 16


class Lanes32(NamedTuple):
    """32 lanes."""

    lanes = 32


class Lanes64(NamedTuple):
    """64 lanes: long loops, for populations."""

    lanes = 64


@generic
def width(lanes):
    """The number of lanes, a compile-time constant."""
    return lanes.lanes


@specialises(width)
def _width(lanes):
    constant = lanes.instance_class.lanes
    return lambda lanes: constant


def choose_lanes(n, itemsize=8, of_circuits=False):
    """The block for `n` neurons, whose numbers have so many bytes; the results are the same bits in all of them.

    Circuits have so many numbers that 64 of them leave the L1 cache (two Hodgkin-Huxley cells: 0.76 instead of 0.81).
    A few neurons waste less of a block of two vectors; a loop of one is unrolled and loses its SIMD form (420 ns a step
    instead of 165 on Zen 4).  One neuron alone has a lane of its own: 128 ns a step instead of 208.
    """
    if n == 1:
        return Lanes1()
    if n < 16 * Lanes64().lanes:
        return two_vectors(itemsize)
    return Lanes32() if of_circuits else Lanes64()


def two_vectors(itemsize=8):
    """The block of two vectors of this machine."""
    vector = 64 if "avx512f" in _host_features() else 32
    return {8: Lanes8(), 16: Lanes16(), 32: Lanes32()}[2 * vector // itemsize]


@functools.cache
def _host_features():
    return {name for name, present in binding.get_host_cpu_features().items() if present}


@intrinsic
def take(typingctx, like, array, lane):
    """Column `lane` of `array` as a tuple of the length and kind of `like`."""
    count = len(like)
    if isinstance(like, types.BaseNamedTuple):
        column = types.NamedUniTuple(array.dtype, count, like.instance_class)
    else:
        column = types.UniTuple(array.dtype, count)

    def codegen(context, builder, signature, args):
        _, array_type, _ = signature.args
        rows = (context.get_constant(types.intp, row) for row in range(count))
        values = [builder.load(element_at(context, builder, array_type, args[1], [row, args[2]])) for row in rows]
        return context.make_tuple(builder, column, values)

    return column(like, array, types.intp), codegen


@intrinsic
def put_at(typingctx, array, row, lane, values):
    """Store the tuple `values` in column `lane` of `array`, from `row` on."""

    def codegen(context, builder, signature, args):
        for i, kind in enumerate(values):
            index = builder.add(args[1], context.get_constant(types.intp, i))
            where = element_at(context, builder, signature.args[0], args[0], [index, args[2]])
            value = context.cast(builder, builder.extract_value(args[3], i), kind, array.dtype)
            builder.store(value, where)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, values), codegen


@inline
def put(array, lane, values):
    """Store the tuple `values` as column `lane` of `array`."""
    put_at(array, 0, lane, values)


@intrinsic(prefer_literal=True)
def local(typingctx, like, times, lanes, number):
    """An uninitialised array of `times` rows for each element of `like`, a column per lane, of the type of `number`.

    It lives on the stack, so that the optimiser knows that no two of them overlap; `times` is a literal.
    """
    array = StackArray(types.unliteral(number), (times.literal_value * len(like), lanes.instance_class.lanes))

    def codegen(context, builder, signature, args):
        return allocated(context, builder, array)

    return array(like, times, lanes, number), codegen


@intrinsic
def axpy(typingctx, h, k, y):
    """``y + h * k`` for tuples y and k, each element rounded once, in the precision of y."""

    def codegen(context, builder, signature, args):
        factor = context.cast(builder, args[0], h, y.dtype)
        slopes = [context.cast(builder, builder.extract_value(args[1], i), kind, y.dtype) for i, kind in enumerate(k)]
        sums = [builder.fma(factor, slope, builder.extract_value(args[2], i)) for i, slope in enumerate(slopes)]
        return context.make_tuple(builder, signature.return_type, sums)

    return types.UniTuple(y.dtype, len(y))(h, k, y), codegen


@intrinsic
def element(typingctx, y, rest):
    """The element of the tuple `y` that stands where the first of `rest`, its last elements, does."""
    index = len(y) - len(rest)
    return y.dtype(y, rest), lambda context, builder, signature, args: builder.extract_value(args[0], index)


@intrinsic
def replaced(typingctx, y, rest, value):
    """The tuple `y` with another value for that element."""
    index = len(y) - len(rest)
    return y(y, rest, value), lambda context, builder, signature, args: builder.insert_value(args[0], args[2], index)


@in_python(lambda a, b, c: a * b + c)
@intrinsic
def fma(typingctx, a, b, c):
    """``a * b + c``, rounded once."""
    if has_dual(a, b, c):
        return None  # see `dual_functions`
    return a(a, a, a), lambda context, builder, signature, args: builder.fma(*args)


def _bitcast(to):
    return lambda context, builder, signature, args: builder.bitcast(args[0], to)


@in_python(np.floor)
@intrinsic
def floor(typingctx, x):
    """The largest whole number not above x, as a float: math.floor gives an int, which AVX2 cannot convert in packs."""

    def codegen(context, builder, signature, args):
        return builder.call(builder.module.declare_intrinsic("llvm.floor", [args[0].type]), args)

    return x(x), codegen


def _viewed(x):
    x = np.asarray(x)
    return x.view(x.dtype.str.translate({ord("f"): "i", ord("i"): "f"}))[()]


@in_python(_viewed)
@intrinsic
def bits(typingctx, x):
    """The bit pattern of a float64 as an int64, of a float32 as an int32."""
    integer = {types.float64: types.int64, types.float32: types.int32}[x]
    return integer(x), _bitcast(ir.IntType(integer.bitwidth))


@in_python(_viewed)
@intrinsic
def from_bits(typingctx, pattern):
    """The float64 of an int64 bit pattern, the float32 of an int32 one."""
    kind = {types.int64: types.float64, types.int32: types.float32}[types.unliteral(pattern)]
    return kind(types.unliteral(pattern)), _bitcast(ir.DoubleType() if kind is types.float64 else ir.FloatType())


@inline
def nearest(x):
    """The whole number nearest to x, |x| < 2**51, by the bits of a sum: this packs where a conversion does not."""
    return bits(x + ROUNDER[0]) - bits(ROUNDER[0])
