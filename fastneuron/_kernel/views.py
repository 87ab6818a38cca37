"""Views on an array inside a kernel that cost an addition: no reference is counted and nothing is checked.

A tenth of the machine code of slices and ``reshape``.  Whoever makes one keeps the array alive.
"""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array


def _view(context, builder, vector_type, vector, at, kind, shape):
    """An array of type `kind` on the numbers from `at` on."""
    source = context.make_array(vector_type)(context, builder, vector)
    target = context.make_array(kind)(context, builder)
    size = context.get_abi_sizeof(context.get_data_type(vector_type.dtype))
    word = at.type
    strides = [word(size)] if len(shape) == 1 else [builder.mul(shape[1], word(size)), word(size)]
    populate_array(
        target,
        data=builder.gep(source.data, [at]),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=word(size),
        meminfo=None,
    )
    return target._getvalue()


@intrinsic
def part(typingctx, vector, at, size):
    """``vector[at : at + size]``."""
    kind = types.Array(vector.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        return _view(context, builder, signature.args[0], args[0], args[1], kind, [args[2]])

    return kind(vector, types.intp, types.intp), codegen


@intrinsic
def matrix(typingctx, vector, at, rows, columns):
    """``vector[at : at + rows * columns].reshape(rows, columns)``."""
    kind = types.Array(vector.dtype, 2, "C")

    def codegen(context, builder, signature, args):
        return _view(context, builder, signature.args[0], args[0], args[1], kind, [args[2], args[3]])

    return kind(vector, types.intp, types.intp, types.intp), codegen


@intrinsic
def flat(typingctx, array):
    """``array.ravel()`` of a C-ordered array."""
    kind = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        size = context.make_array(signature.args[0])(context, builder, args[0]).nitems
        return _view(context, builder, signature.args[0], args[0], size.type(0), kind, [size])

    return kind(array), codegen
