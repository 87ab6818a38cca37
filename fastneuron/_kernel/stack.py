"""Arrays on the stack, whose shape is part of their type: to the compiler an address and no more.

NumPy's arrays are nine numbers each, which every call that takes a block hands on: with an address in their place there
is half as much code for LLVM to go through, and no reference is counted.
"""

import math
import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import impl_ret_untracked
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_getattr, register_model

WORD = ir.IntType(64)


class StackArray(types.Type):
    """The Numba type of an array of one or two dimensions on the stack; an index is 0 or more, and not checked."""

    def __init__(self, dtype, shape):
        self.dtype, self.shape, self.ndim = dtype, shape, len(shape)
        self.size = math.prod(shape)
        super().__init__(f"StackArray({dtype}, {shape})")


@register_model(StackArray)
class _StackArrayModel(models.PrimitiveModel):
    def __init__(self, manager, array):
        super().__init__(manager, array, manager.lookup(array.dtype).get_data_type().as_pointer())


def place(builder, array, data, indices):
    """The address of an element, or of the first one of a row; `array` is the type, `data` where it begins."""
    offset = WORD(0)
    for size, index in zip(array.shape, [*indices, *[WORD(0)] * (array.ndim - len(indices))], strict=True):
        offset = builder.add(builder.mul(offset, WORD(size)), index)
    return builder.gep(data, [offset], inbounds=True)


def allocated(context, builder, array):
    """Room for an array, as long as the function runs that this is lowered into."""
    with builder.goto_entry_block():
        memory = builder.alloca(context.get_data_type(array.dtype), size=WORD(array.size))
        memory.align = 64
    return memory


def _indices(index):
    return index if isinstance(index, types.BaseTuple) else (index,)


def _whole_numbers(index, most):
    return len(_indices(index)) <= most and all(isinstance(part, types.Integer) for part in _indices(index))


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, args, kws):
        array, index = args
        if isinstance(array, StackArray) and _whole_numbers(index, array.ndim):
            rest = array.shape[len(_indices(index)) :]
            return signature(StackArray(array.dtype, rest) if rest else array.dtype, array, index)
        return None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, args, kws):
        array, index, _ = args
        if not isinstance(array, StackArray):
            return None
        one = _whole_numbers(index, array.ndim) and len(_indices(index)) == array.ndim
        return signature(types.none, array, index, array.dtype) if one or isinstance(index, types.SliceType) else None


@infer_global(len)
class _Len(AbstractTemplate):
    def generic(self, args, kws):
        return signature(types.intp, *args) if isinstance(args[0], StackArray) else None


@infer_getattr
class _Attributes(AttributeTemplate):
    key = StackArray

    def resolve_shape(self, array):
        return types.UniTuple(types.intp, array.ndim)

    def resolve_size(self, array):
        return types.intp


@lower_getattr(StackArray, "shape")
def _shape(context, builder, array, value):
    sizes = [WORD(size) for size in array.shape]
    return context.make_tuple(builder, types.UniTuple(types.intp, array.ndim), sizes)


@lower_getattr(StackArray, "size")
def _size(context, builder, array, value):
    return WORD(array.size)


@lower_builtin(len, StackArray)
def _len(context, builder, sig, args):
    return WORD(sig.args[0].shape[0])


def _place_of(context, builder, sig, args):
    index = sig.args[1]
    values = cgutils.unpack_tuple(builder, args[1]) if isinstance(index, types.BaseTuple) else [args[1]]
    words = [
        context.cast(builder, value, kind, types.intp) for value, kind in zip(values, _indices(index), strict=True)
    ]
    return place(builder, sig.args[0], args[0], words)


@lower_builtin(operator.getitem, StackArray, types.Integer)
@lower_builtin(operator.getitem, StackArray, types.BaseTuple)
def _get(context, builder, sig, args):
    where = _place_of(context, builder, sig, args)
    if isinstance(sig.return_type, StackArray):
        return where
    return impl_ret_untracked(context, builder, sig.return_type, context.unpack_value(builder, sig.return_type, where))


@lower_builtin(operator.setitem, StackArray, types.Integer, types.Any)
@lower_builtin(operator.setitem, StackArray, types.BaseTuple, types.Any)
def _set(context, builder, sig, args):
    context.pack_value(builder, sig.args[2], args[2], _place_of(context, builder, sig, args))


@lower_builtin(operator.setitem, StackArray, types.SliceType, types.Any)
def _fill(context, builder, sig, args):
    """All of it: the slice is taken for a colon."""
    with cgutils.for_range(builder, WORD(sig.args[0].size)) as loop:
        context.pack_value(builder, sig.args[2], args[2], builder.gep(args[0], [loop.index]))


@intrinsic(prefer_literal=True)
def arrays_but(typingctx, record, names):
    """The arrays on the stack that a NamedTuple has, but those of these names: a tuple."""
    left = [name.literal_value for name in names]
    fields = zip(record.fields, record.types, strict=True)
    chosen = [i for i, (field, kind) in enumerate(fields) if isinstance(kind, StackArray) and field not in left]
    found = types.BaseTuple.from_types([record.types[i] for i in chosen])

    def codegen(context, builder, signature, args):
        return context.make_tuple(builder, found, [builder.extract_value(args[0], i) for i in chosen])

    return found(record, names), codegen


@intrinsic
def view_at(typingctx, kept, row, column, like):
    """The numbers at ``kept[row, column:]`` as an array of the shape of `like`, an array on the stack.

    LLVM knows how far from each other two of them in one row are.
    """

    def codegen(context, builder, signature, args):
        view = context.make_array(signature.args[0])(context, builder, args[0])
        step = builder.mul(args[1], cgutils.unpack_tuple(builder, view.shape)[1])
        return builder.gep(view.data, [builder.add(step, args[2])], inbounds=True)

    return like(kept, types.int64, types.int64, like), codegen
