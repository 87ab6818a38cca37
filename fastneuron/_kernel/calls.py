"""How a function of a large kernel meets its caller, where `jit.inline` would cost too much time in the compiler."""

import numba
from numba import types
from numba.extending import intrinsic

from .jit import FLAGS, INNER

# copied into its caller before typing: compiled once, not once per level
melt = numba.njit(inline="always", **FLAGS, **INNER)
whole = numba.njit(forceinline=False, **FLAGS, **INNER)  # said aloud, or it is inherited from an inlined caller


@intrinsic
def stay_whole(typingctx):
    """The function that calls this is not inlined, hence not optimised anew at every place that calls it."""

    def codegen(context, builder, signature, args):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), codegen
