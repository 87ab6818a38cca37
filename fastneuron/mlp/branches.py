"""Functions chosen by number inside a kernel: one compilation serves every name in a list."""

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic


def by_number(functions):
    """``f(number, arguments)``, for kernels, that calls ``functions[number](*arguments)``; all return the same type.

    A chain of ``if`` in Python took 5 of the compiler's 23 seconds for a first run, this takes none.
    """
    kinds = [numba.typeof(function) for function in functions]

    @intrinsic
    def chosen(typingctx, number, arguments):
        signatures = [typingctx.resolve_function_type(kind, tuple(arguments), {}) for kind in kinds]
        returned = {signature.return_type for signature in signatures}
        if len(returned) > 1:
            raise TypeError(f"functions chosen by number must return the same type; they return {returned}")

        def codegen(context, builder, signature, args):
            values = cgutils.unpack_tuple(builder, args[1])
            function, after = builder.function, builder.append_basic_block("chosen")
            switch = builder.switch(args[0], after)  # a number beyond the list does nothing
            result = context.get_constant_null(signature.return_type)
            incoming = [(result, builder.block)]
            for case, (kind, own) in enumerate(zip(kinds, signatures, strict=True)):
                block = function.append_basic_block(f"number{case}")
                switch.add_case(ir.Constant(args[0].type, case), block)
                builder.position_at_end(block)
                call = context.get_function(kind, own)
                context.add_linking_libs(getattr(call, "libs", ()))
                incoming.append((call(builder, values), builder.block))
                builder.branch(after)
            builder.position_at_end(after)
            phi = builder.phi(result.type)
            for value, block in incoming:
                phi.add_incoming(value, block)
            return phi

        return returned.pop()(number, arguments), codegen

    return chosen
