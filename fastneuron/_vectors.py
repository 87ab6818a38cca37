"""Vectors: a SIMD register as a value inside a kernel, for reductions, which LLVM may not vectorise without fastmath.

A dot product is a sum in some order, and the order decides the bits.  Here it is part of the source: element k of a row
goes to lane k % lanes, each lane is one chain of fused multiply-adds, and ``total`` adds the lanes in a fixed tree.
LLVM cuts the vector into whatever registers the machine has (two of AVX2, one of AVX-512), and the bits stay the same.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

BYTES = 64  # of one vector: 8 float64 or 16 float32


class Vector(types.Type):
    """The Numba type of `lanes` floats."""

    def __init__(self, dtype, lanes):
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(f"Vector({dtype}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector):
        element = ir.FloatType() if vector.dtype == types.float32 else ir.DoubleType()
        super().__init__(manager, vector, ir.VectorType(element, vector.lanes))


def lanes_of(dtype):
    """How many of `dtype` make a vector."""
    return BYTES // (dtype.bitwidth // 8)


def _where(context, builder, array_type, array, indices):
    """The address of one element, bare of index wrap-around and bounds checks."""
    view = context.make_array(array_type)(context, builder, array)
    shape = cgutils.unpack_tuple(builder, view.shape)
    strides = cgutils.unpack_tuple(builder, view.strides)
    return cgutils.get_item_pointer2(
        context, builder, view.data, shape, strides, array_type.layout, indices, wraparound=False
    )


def _plain(llvm_vector):
    return ir.Constant(llvm_vector, [0.0] * llvm_vector.count)


def _vector_at(context, builder, signature, args, vector):
    pointer = _where(context, builder, signature.args[0], args[0], args[1:3])
    return builder.bitcast(pointer, context.get_value_type(vector).as_pointer())


@intrinsic
def zeros(typingctx, array):
    """A vector of zeros, of the kind of `array`."""
    vector = Vector(array.dtype, lanes_of(array.dtype))
    return vector(array), lambda context, builder, signature, args: _plain(context.get_value_type(vector))


@intrinsic
def load(typingctx, array, row, column):
    """The vector at ``array[row, column:]``."""
    vector = Vector(array.dtype, lanes_of(array.dtype))

    def codegen(context, builder, signature, args):
        pointer = _vector_at(context, builder, signature, args, vector)
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return vector(array, types.intp, types.intp), codegen


@intrinsic
def store(typingctx, array, row, column, vector):
    """Lay `vector` down at ``array[row, column:]``."""

    def codegen(context, builder, signature, args):
        builder.store(args[3], _vector_at(context, builder, signature, args, vector), align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, vector), codegen


@intrinsic
def load_part(typingctx, array, row, column, count):
    """The first `count` lanes at ``array[row, column:]``, zero in the others; nothing beyond them is touched."""
    vector = Vector(array.dtype, lanes_of(array.dtype))

    def codegen(context, builder, signature, args):
        llvm_vector = context.get_value_type(vector)
        mask_type = ir.VectorType(ir.IntType(1), vector.lanes)
        count_type = ir.VectorType(ir.IntType(64), vector.lanes)
        count = builder.insert_element(ir.Constant(count_type, ir.Undefined), args[3], ir.IntType(32)(0))
        count = builder.shuffle_vector(
            count, ir.Constant(count_type, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), None)
        )
        mask = builder.icmp_signed("<", ir.Constant(count_type, list(range(vector.lanes))), count)
        pointer = _vector_at(context, builder, signature, args, vector)
        function_type = ir.FunctionType(llvm_vector, [pointer.type, ir.IntType(32), mask_type, llvm_vector])
        kind = "f32" if array.dtype == types.float32 else "f64"
        name = f"llvm.masked.load.v{vector.lanes}{kind}.p0"
        masked_load = cgutils.get_or_insert_function(builder.module, function_type, name)
        align = ir.IntType(32)(array.dtype.bitwidth // 8)
        return builder.call(masked_load, [pointer, align, mask, _plain(llvm_vector)])

    return vector(array, types.intp, types.intp, types.intp), codegen


@intrinsic
def splat(typingctx, array, value):
    """`value` in every lane of a vector of the kind of `array`."""
    vector = Vector(array.dtype, lanes_of(array.dtype))

    def codegen(context, builder, signature, args):
        undefined = ir.Constant(context.get_value_type(vector), ir.Undefined)
        one = builder.insert_element(undefined, args[1], ir.IntType(32)(0))
        return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), None))

    return vector(array, array.dtype), codegen


@intrinsic
def muladd(typingctx, a, b, c):
    """``a * b + c`` in every lane, rounded once."""

    def codegen(context, builder, signature, args):
        llvm_vector = args[0].type
        kind = "f32" if a.dtype == types.float32 else "f64"
        function_type = ir.FunctionType(llvm_vector, [llvm_vector] * 3)
        return builder.call(
            cgutils.get_or_insert_function(builder.module, function_type, f"llvm.fma.v{a.lanes}{kind}"), args
        )

    return a(a, a, a), codegen


@intrinsic
def total(typingctx, vector):
    """The sum of the lanes: halves onto each other until one is left."""

    def codegen(context, builder, signature, args):
        value, lanes = args[0], vector.lanes
        while lanes > 1:
            lanes //= 2
            halves = [
                builder.shuffle_vector(
                    value,
                    ir.Constant(value.type, ir.Undefined),
                    ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(start, start + lanes))),
                )
                for start in (0, lanes)
            ]
            value = builder.fadd(*halves)
        return builder.extract_element(value, ir.IntType(32)(0))

    return vector.dtype(vector), codegen


@intrinsic
def plus(typingctx, a, b):
    """``a + b`` in every lane."""
    return a(a, a), lambda context, builder, signature, args: builder.fadd(*args)


@intrinsic
def prefetch(typingctx, array, row, column):
    """Ask for the cache line of ``array[row, column]``, to be there when its turn comes."""

    def codegen(context, builder, signature, args):
        pointer = _where(context, builder, signature.args[0], args[0], args[1:3])
        pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        i32 = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type, i32, i32, i32])
        builder.call(
            cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0"),
            [pointer, i32(0), i32(3), i32(1)],  # to read, first level, data
        )
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), codegen
