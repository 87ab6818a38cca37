"""Atomic words: int64 numbers of an array that several threads read and write at once.

What a thread has written before its ``put`` is there for a thread whose ``get`` or ``compare_and_swap`` saw it.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .simd import element_at

WORD = types.int64


def _word(context, builder, signature, args):
    return element_at(context, builder, signature.args[0], args[0], args[1:3])


@intrinsic
def get(typingctx, words, row, column):
    """``words[row, column]``, as the last thread left it."""

    def codegen(context, builder, signature, args):
        return builder.load_atomic(_word(context, builder, signature, args), "acquire", 8)

    return WORD(words, types.intp, types.intp), codegen


@intrinsic
def put(typingctx, words, row, column, value):
    """``words[row, column] = value``, for all threads."""

    def codegen(context, builder, signature, args):
        builder.store_atomic(args[3], _word(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.intp, WORD), codegen


@intrinsic
def add(typingctx, words, row, column, value):
    """``words[row, column] += value``; what it was before."""

    def codegen(context, builder, signature, args):
        return builder.atomic_rmw("add", _word(context, builder, signature, args), args[3], "acq_rel")

    return WORD(words, types.intp, types.intp, WORD), codegen


@intrinsic
def compare_and_swap(typingctx, words, row, column, old, new):
    """``words[row, column] = new`` if it is `old`; whether it was."""

    def codegen(context, builder, signature, args):
        word = _word(context, builder, signature, args)
        return builder.extract_value(builder.cmpxchg(word, *args[3:], "acq_rel", "acquire"), 1)

    return types.boolean(words, types.intp, types.intp, WORD, WORD), codegen


PAUSES = {"x86_64": ("llvm.x86.sse2.pause", []), "aarch64": ("llvm.aarch64.isb", [ir.IntType(32)(15)])}


@intrinsic
def pause(typingctx):
    """Let 10 to 60 ns pass, in which another thread of the same core has it to itself."""

    def codegen(context, builder, signature, args):
        name, values = PAUSES.get(context.codegen().magic_tuple()[0].split("-")[0], ("llvm.donothing", []))
        function_type = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), values)
        return context.get_dummy_value()

    return types.void(), codegen
