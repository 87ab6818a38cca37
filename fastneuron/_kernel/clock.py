"""What time it is, for kernels."""

import sys

from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from .atomics import WORD

MONOTONIC = 6 if sys.platform == "darwin" else 1  # the number of the system's clock that is never set
SECOND = 1_000_000_000


@intrinsic
def ticks(typingctx):
    """A time since some moment: in ns, but on Windows in ticks of its own."""

    def codegen(context, builder, signature, args):
        word, number = context.get_value_type(WORD), ir.IntType(32)
        read = cgutils.alloca_once(builder, ir.ArrayType(word, 2))  # seconds and ns
        first = builder.bitcast(read, word.as_pointer())
        counts = sys.platform == "win32"
        name, clock = ("QueryPerformanceCounter", []) if counts else ("clock_gettime", [number(MONOTONIC)])
        function_type = ir.FunctionType(number, [value.type for value in clock] + [first.type])
        builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), [*clock, first])
        if counts:
            return builder.load(first)
        rest = builder.load(builder.gep(first, [word(1)]))
        return builder.add(builder.mul(builder.load(first), word(SECOND)), rest)

    return WORD(), codegen
