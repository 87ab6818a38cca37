"""Vectors: a SIMD register as a value inside a kernel, for reductions, which LLVM may not vectorise without fastmath.

A dot product is a sum in some order, and the order decides the bits.  Here it is part of the source: element k of a row
goes to lane k % lanes, each lane is one chain of fused multiply-adds, and ``total`` adds the lanes in a fixed tree.
LLVM cuts the vector into whatever registers the machine has (two of AVX2, one of AVX-512), and the bits stay the same.

Where a row may be given, so may a tuple of rows; the answer is then a tuple of vectors.  ``outer`` is many chains at
once from two such tuples: the tile of a matrix product, of the shape of its arguments' types.

What is loaded may be of a narrower type than what is computed with: integers, bools or float32 become the numbers of
`like`, an array or a number, as they are loaded.  Every one of them is such a number, so nothing is rounded.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

from .stack import StackArray, place

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


def lanes_of(dtype, size=BYTES):
    """How many of `dtype` make a vector of so many bytes, at least one."""
    return max(1, size // (dtype.bitwidth // 8))


def _vector_of(like):
    """The vector of the numbers of an array, or of a number."""
    dtype = getattr(like, "dtype", like)
    return Vector(dtype, lanes_of(dtype))


def element_at(context, builder, array_type, array, indices):
    """The address of one element, bare of index wrap-around and bounds checks."""
    if isinstance(array_type, StackArray):
        return place(builder, array_type, array, indices)
    view = context.make_array(array_type)(context, builder, array)
    shape = cgutils.unpack_tuple(builder, view.shape)
    strides = cgutils.unpack_tuple(builder, view.strides)
    return cgutils.get_item_pointer2(
        context, builder, view.data, shape, strides, array_type.layout, indices, wraparound=False
    )


def _plain(llvm_vector):
    return ir.Constant(llvm_vector, [0] * llvm_vector.count)


def _vector_at(context, builder, signature, args, lanes):
    """(the address of as many elements, the bytes of one)."""
    pointer = element_at(context, builder, signature.args[0], args[0], args[1:3])
    element = pointer.type.pointee
    return builder.bitcast(pointer, ir.VectorType(element, lanes).as_pointer()), context.get_abi_sizeof(element)


def _converted(context, builder, array, value, vector):
    """Elements of `array` as numbers of `vector`."""
    if array.dtype == vector.dtype:
        return value
    kind = context.get_value_type(vector)
    if isinstance(array.dtype, types.Float):
        return builder.fpext(value, kind)
    if getattr(array.dtype, "signed", False):
        return builder.sitofp(value, kind)
    return builder.uitofp(value, kind)


def _for_each(row, kind, codegen, at=1):
    """What ``codegen`` makes of type `kind` for args[at], a row; for a tuple of rows, a tuple of that."""
    if not isinstance(row, types.BaseTuple):
        return kind, types.intp, codegen
    answer = types.UniTuple(kind, len(row))

    def each(context, builder, signature, args):
        rows = cgutils.unpack_tuple(builder, args[at])
        return context.make_tuple(
            builder,
            answer,
            [codegen(context, builder, signature, [*args[:at], row, *args[at + 1 :]]) for row in rows],
        )

    return answer, types.UniTuple(types.intp, len(row)), each


def _all(builder, kind, value):
    """The values of a tuple, or the one there is."""
    return cgutils.unpack_tuple(builder, value) if isinstance(kind, types.BaseTuple) else [value]


@intrinsic
def lanes(typingctx, like):
    """How many numbers of the kind of `like` make a vector."""
    count = _vector_of(like).lanes
    return types.intp(like), lambda context, builder, signature, args: context.get_constant(types.intp, count)


@intrinsic
def zeros(typingctx, like):
    """A vector of zeros, of the kind of `like`."""
    vector = _vector_of(like)
    return vector(like), lambda context, builder, signature, args: _plain(context.get_value_type(vector))


@intrinsic
def load(typingctx, array, row, column, like):
    """The vector at ``array[row, column:]``, as numbers of `like`; of a tuple of columns, a tuple."""
    vector = _vector_of(like)

    def codegen(context, builder, signature, args):
        pointer, size = _vector_at(context, builder, signature, args, vector.lanes)
        return _converted(context, builder, array, builder.load(pointer, align=size), vector)

    if isinstance(column, types.BaseTuple):
        answer, column, codegen = _for_each(column, vector, codegen, at=2)
        return answer(array, types.intp, column, like), codegen
    answer, row, codegen = _for_each(row, vector, codegen)
    return answer(array, row, types.intp, like), codegen


@intrinsic
def store(typingctx, array, row, column, vector):
    """Lay `vector` down at ``array[row, column:]``; of a tuple of columns, at each its own."""
    lanes = (vector.dtype if isinstance(column, types.BaseTuple) else vector).lanes
    column = column if isinstance(column, types.BaseTuple) else types.intp

    def codegen(context, builder, signature, args):
        for at, value in zip(_all(builder, column, args[2]), _all(builder, vector, args[3]), strict=True):
            pointer, size = _vector_at(context, builder, signature, [*args[:2], at], lanes)
            builder.store(value, pointer, align=size)
        return context.get_dummy_value()

    return types.void(array, types.intp, column, vector), codegen


@intrinsic
def side_by_side(typingctx, array, places):
    """The columns of as many vectors side by side as there are `places`: numbers that the compiler knows."""
    answer = types.UniTuple(types.intp, len(places))
    columns = [k * lanes_of(array.dtype) for k in range(len(places))]
    return answer(array, places), lambda context, builder, signature, args: context.make_tuple(
        builder, answer, [context.get_constant(types.intp, column) for column in columns]
    )


@intrinsic
def load_part(typingctx, array, row, column, count, like):
    """The first `count` lanes at ``array[row, column:]``, zero in the others; nothing beyond them is touched."""
    vector = _vector_of(like)

    def codegen(context, builder, signature, args):
        mask_type = ir.VectorType(ir.IntType(1), vector.lanes)
        count_type = ir.VectorType(ir.IntType(64), vector.lanes)
        count = builder.insert_element(ir.Constant(count_type, ir.Undefined), args[3], ir.IntType(32)(0))
        count = builder.shuffle_vector(
            count, ir.Constant(count_type, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), None)
        )
        mask = builder.icmp_signed("<", ir.Constant(count_type, list(range(vector.lanes))), count)
        pointer, size = _vector_at(context, builder, signature, args, vector.lanes)
        stored = pointer.type.pointee
        function_type = ir.FunctionType(stored, [pointer.type, ir.IntType(32), mask_type, stored])
        name = f"llvm.masked.load.v{vector.lanes}{stored.element.intrinsic_name}.p0"
        masked_load = cgutils.get_or_insert_function(builder.module, function_type, name)
        value = builder.call(masked_load, [pointer, ir.IntType(32)(size), mask, _plain(stored)])
        return _converted(context, builder, array, value, vector)

    answer, row, codegen = _for_each(row, vector, codegen)
    return answer(array, row, types.intp, types.intp, like), codegen


@intrinsic
def splat(typingctx, like, value):
    """`value` in every lane of a vector of the kind of `like`."""
    vector = _vector_of(like)

    def codegen(context, builder, signature, args):
        return _everywhere(builder, context.get_value_type(vector), args[1])

    return vector(like, vector.dtype), codegen


def _everywhere(builder, llvm_vector, value):
    undefined = ir.Constant(llvm_vector, ir.Undefined)
    one = builder.insert_element(undefined, value, ir.IntType(32)(0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(ir.IntType(32), llvm_vector.count), None))


@intrinsic
def muladd(typingctx, a, b, c):
    """``a * b + c`` in every lane, rounded once."""
    return a(a, a, a), lambda context, builder, signature, args: _fma(builder, a, args)


def _fma(builder, vector, args):
    kind = "f32" if vector.dtype == types.float32 else "f64"
    function_type = ir.FunctionType(args[0].type, [args[0].type] * 3)
    return builder.call(
        cgutils.get_or_insert_function(builder.module, function_type, f"llvm.fma.v{vector.lanes}{kind}"), args
    )


@intrinsic
def masked_muladd(typingctx, a, b, c):
    """``a * b + c`` in every lane, rounded once; where a is 0, c, also -0."""

    def codegen(context, builder, signature, args):
        wanted = builder.fcmp_unordered("!=", args[0], _plain(args[0].type))
        return builder.select(wanted, _fma(builder, a, args), args[2])

    return a(a, a, a), codegen


@intrinsic
def outer(typingctx, xs, ws, sums):
    """``xs[i] * ws[j] + sums[i len(ws) + j]`` for all i and j, each rounded once."""

    def codegen(context, builder, signature, args):
        x, w, c = (cgutils.unpack_tuple(builder, arg) for arg in args)
        pairs = [[one, other] for one in x for other in w]
        return context.make_tuple(
            builder, sums, [_fma(builder, sums.dtype, [*pair, at]) for pair, at in zip(pairs, c, strict=True)]
        )

    return sums(xs, ws, sums), codegen


@intrinsic
def zero_sums(typingctx, like, rows, columns):
    """A zero vector of the kind of `like` for each of `rows` with each of `columns`, for `outer` to begin with."""
    vector = _vector_of(like)
    sums = types.UniTuple(vector, len(rows) * len(columns))

    def codegen(context, builder, signature, args):
        return context.make_tuple(builder, sums, [_plain(context.get_value_type(vector))] * len(sums))

    return sums(like, rows, columns), codegen


@intrinsic
def total(typingctx, vector):
    """The sum of the lanes: halves onto each other until one is left."""

    def codegen(context, builder, signature, args):
        (sum_,) = _totals(builder, args)
        return builder.extract_element(*sum_)

    return vector.dtype(vector), codegen


def _totals(builder, vectors):
    """``total`` of each: (vector, lane) where to find it.  Two by two, so that vectors stay full as their parts shrink.

    One by one, 20 sums of 16 float32 took a seventh of the time of dots of 784.
    """
    lanes = part = vectors[0].type.count
    numbers = ir.VectorType(ir.IntType(32), lanes)
    count = len(vectors)
    while part > 1:
        part //= 2
        merged = []
        for one, other in zip(vectors[::2], [*vectors[1::2], vectors[-1]], strict=False):
            starts = range(0, 2 * lanes, 2 * part)  # of the parts still to be halved: those of `one`, then of `other`
            low, high = (
                builder.shuffle_vector(
                    one, other, ir.Constant(numbers, [start + half + k for start in starts for k in range(part)])
                )
                for half in (0, part)
            )
            merged.append(builder.fadd(low, high))
        vectors = merged
    return [(vectors[k // lanes], ir.IntType(32)(k % lanes)) for k in range(count)]


@intrinsic
def store_totals(typingctx, out, rows, columns, sums):
    """``out[rows[i], columns[j]] = total(sums[i len(columns) + j])``."""

    def codegen(context, builder, signature, args):
        i, j, vectors = (cgutils.unpack_tuple(builder, arg) for arg in args[1:])
        corners = [(row, column) for row in i for column in j]
        for corner, total in zip(corners, _totals(builder, vectors), strict=True):
            where = element_at(context, builder, signature.args[0], args[0], corner)
            builder.store(builder.extract_element(*total), where)
        return context.get_dummy_value()

    return types.void(out, rows, columns, sums), codegen


@intrinsic
def clipped_range(typingctx, first, places, last):
    """``first + place`` for each of `places`, but at most `last`: a tuple."""
    answer = types.UniTuple(types.intp, len(places))

    def codegen(context, builder, signature, args):
        numbers = [builder.add(args[0], place) for place in cgutils.unpack_tuple(builder, args[1])]
        below = [builder.icmp_signed("<", number, args[2]) for number in numbers]
        return context.make_tuple(
            builder, answer, [builder.select(*pair, args[2]) for pair in zip(below, numbers, strict=True)]
        )

    return answer(types.intp, places, types.intp), codegen


@intrinsic
def take_each(typingctx, array, places):
    """``array[place]`` for each of `places`: a tuple; of None, the places themselves."""
    if isinstance(array, types.NoneType):
        return places(array, places), lambda context, builder, signature, args: args[1]
    answer = types.UniTuple(array.dtype, len(places))

    def codegen(context, builder, signature, args):
        where = [
            element_at(context, builder, signature.args[0], args[0], [place])
            for place in cgutils.unpack_tuple(builder, args[1])
        ]
        return context.make_tuple(builder, answer, [builder.load(pointer) for pointer in where])

    return answer(array, places), codegen


@intrinsic
def plus(typingctx, a, b):
    """``a + b`` in every lane, of vectors or of tuples of them."""

    def codegen(context, builder, signature, args):
        pairs = zip(_all(builder, a, args[0]), _all(builder, b, args[1]), strict=True)
        sums = [builder.fadd(*pair) for pair in pairs]
        return context.make_tuple(builder, a, sums) if isinstance(a, types.BaseTuple) else sums[0]

    return a(a, a), codegen


@intrinsic
def violates_margin(typingctx, vectors, signs, first, up, down):
    """A bit for each lane n of `vectors`: set unless n >= up where ``signs[first + lane]`` is above 0, and n < down
    where it is not; set too where n is not finite.
    """

    def codegen(context, builder, signature, args):
        found = ir.IntType(64)(0)
        for k, n in enumerate(cgutils.unpack_tuple(builder, args[0])):
            lanes = n.type.count
            sign_type = ir.VectorType(ir.IntType(8), lanes)
            at = builder.add(args[2], context.get_constant(types.intp, k * lanes))
            pointer = builder.bitcast(element_at(context, builder, signs, args[1], [at]), sign_type.as_pointer())
            positive = builder.icmp_signed(">", builder.load(pointer, align=1), ir.Constant(sign_type, [0] * lanes))
            low, high = (_everywhere(builder, n.type, bound) for bound in args[3:])
            wrong = builder.select(positive, builder.fcmp_unordered("<", n, low), builder.fcmp_unordered(">=", n, high))
            endless = builder.fcmp_unordered("uno", builder.fsub(n, n), _plain(n.type))
            bits = builder.zext(builder.bitcast(builder.or_(wrong, endless), ir.IntType(lanes)), found.type)
            found = builder.or_(found, builder.shl(bits, ir.IntType(64)(k * lanes)))
        return found

    number = vectors.dtype.dtype
    return types.intp(vectors, signs, types.intp, number, number), codegen


@intrinsic
def lowest(typingctx, bits):
    """The place of the lowest bit that is set; there must be one."""
    return types.intp(types.intp), lambda context, builder, signature, args: builder.cttz(
        args[0], ir.Constant(ir.IntType(1), 1)
    )


@intrinsic
def prefetch(typingctx, array, row, column):
    """Ask for the cache line of ``array[row, column]``, to be there when its turn comes."""

    def codegen(context, builder, signature, args):
        pointer = element_at(context, builder, signature.args[0], args[0], args[1:3])
        pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        i32 = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type, i32, i32, i32])
        builder.call(
            cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0"),
            [pointer, i32(0), i32(3), i32(1)],  # to read, first level, data
        )
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), codegen
