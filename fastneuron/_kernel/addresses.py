"""Memory by its address: for tables of arrays of different lengths, which a kernel's types cannot hold.

Whoever puts an address into a table keeps the array alive, and has checked the indices that its kernel will use.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .simd import Vector, _fma, element_at

FOUR = Vector(types.float64, 4)
BYTES = 8 * FOUR.lanes


def _pointer(builder, address, kind):
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic
def number_at(typingctx, address, index, like):
    """Number `index` of the array of the kind of `like`, a number, at an address; as a float64 or an int64."""
    like = types.unliteral(like)
    answer = types.float64 if isinstance(like, types.Float) else types.int64

    def codegen(context, builder, signature, args):
        where = builder.gep(_pointer(builder, args[0], context.get_value_type(like)), [args[1]])
        return context.cast(builder, builder.load(where), like, answer)

    return answer(types.int64, types.int64, like), codegen


@intrinsic
def four_zeros(typingctx):
    """A vector of four zeros."""
    return FOUR(), lambda context, builder, signature, args: ir.Constant(context.get_value_type(FOUR), [0.0] * 4)


def _all(builder, number, kind):
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count))


@intrinsic
def next_power(typingctx, sum, x, address):
    """``sum * x + c``, c being the four float64 at an address: a step of Horner's rule for four series at once."""

    def codegen(context, builder, signature, args):
        kind = context.get_value_type(FOUR)
        coefficients = builder.load(_pointer(builder, args[2], kind), align=8)
        return _fma(builder, FOUR, [args[0], _all(builder, args[1], kind), coefficients])

    return FOUR(FOUR, types.float64, types.int64), codegen


@intrinsic
def add_at(typingctx, address, weight, four):
    """Add `weight` times a vector to the four float64 at an address."""

    def codegen(context, builder, signature, args):
        kind = context.get_value_type(FOUR)
        where = _pointer(builder, args[0], kind)
        before = builder.load(where, align=8)
        builder.store(_fma(builder, FOUR, [_all(builder, args[1], kind), args[2], before]), where, align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.float64, FOUR), codegen


@intrinsic
def prefetch_at(typingctx, address):
    """Fetch the cache line of an address, which need not be memory, while the kernel goes on."""

    def codegen(context, builder, signature, args):
        word = ir.IntType(32)
        pointer = _pointer(builder, args[0], ir.IntType(8))
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, word(0), word(3), word(1)])  # to be read, and again; data
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@intrinsic
def take_columns(typingctx, address, columns, out, lane):
    """Take eight rows of numbers, each as long as `columns`, a multiple of four, to eight lanes; leave zeros there.

    LLVM finds these shuffles too dear to make a loop over lanes of them.  Whole vectors of eight: one that is read a
    moment after it was written as two halves has to wait for both.
    """
    count = len(columns)

    def codegen(context, builder, signature, args):
        address, _, out, lane = args
        word, kind = address.type, ir.VectorType(ir.DoubleType(), 4)

        def part(neuron, first):  # four numbers of a neuron
            where = _pointer(builder, builder.add(address, word(8 * (count * neuron + first))), kind)
            four = builder.load(where, align=8)
            builder.store(ir.Constant(kind, [0.0] * 4), where, align=8)
            return four

        def pick(a, b, *which):
            return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(which)), list(which)))

        for first in range(0, count, 4):
            pairs = [pick(part(i, first), part(i + 1, first), *range(8)) for i in (0, 2, 4, 6)]
            for c in (0, 2):  # two columns of four neurons, twice; then each column
                which = [c, c + 4, c + 8, c + 12, c + 1, c + 5, c + 9, c + 13]
                halves = [pick(pairs[i], pairs[i + 1], *which) for i in (0, 2)]
                for k in (0, 1):
                    column = pick(*halves, *range(4 * k, 4 * k + 4), *range(4 * k + 8, 4 * k + 12))
                    row = word(first + c + k)
                    where = element_at(context, builder, signature.args[2], out, [row, lane])
                    builder.store(column, builder.bitcast(where, column.type.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(types.int64, columns, out, types.int64), codegen


@intrinsic
def copy_rows(typingctx, kept, row, out):
    """``out[:] = kept[row : row + len(out)]`` for arrays (row, lane) of as many lanes, which do not overlap."""

    def codegen(context, builder, signature, args):
        begin = element_at(context, builder, signature.args[0], args[0], [args[1], args[1].type(0)])
        count = args[1].type(out.shape[0] * out.shape[1])
        cgutils.raw_memcpy(builder, args[2], begin, count, out.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(kept, types.int64, out), codegen


@intrinsic
def read_numbers(typingctx, kept, row, column, out):
    """``out[:] = kept[row, column : column + out.size]``: all rows of `out`, which does not overlap, in one go."""

    def codegen(context, builder, signature, args):
        begin = element_at(context, builder, signature.args[0], args[0], [args[1], args[2]])
        cgutils.raw_memcpy(builder, args[3], begin, args[1].type(out.size), out.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(kept, types.int64, types.int64, out), codegen


@intrinsic
def write_numbers(typingctx, kept, row, column, values):
    """``kept[row, column : column + values.size] = values``, likewise."""

    def codegen(context, builder, signature, args):
        begin = element_at(context, builder, signature.args[0], args[0], [args[1], args[2]])
        cgutils.raw_memcpy(builder, begin, args[3], args[1].type(values.size), values.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(kept, types.int64, types.int64, values), codegen
