"""How a function that only compiled code calls is called there: an argument is one value, whatever it holds.

Numba hands a tuple on number by number, puts it together again behind the call, and asks after each whether it has
failed.  What drives a block is a hundred numbers: of the 25,000 instructions of a kernel, 16,000 did nothing else.
"""

import hashlib
import re

from llvmlite.ir import Constant, Ret, Undefined
from numba.core import cgutils
from numba.core.callconv import CPUCallConv
from numba.core.imputils import fix_returning_optional
from numba.core.types import Omitted


class _Values:
    """Arguments as they are, in the place of Numba's `ArgPacker`."""

    def __init__(self, context, kinds):
        self.argument_types = tuple(map(context.get_value_type, kinds))

    def as_arguments(self, builder, values):
        return values

    def from_arguments(self, builder, arguments):
        return arguments

    def assign_names(self, arguments, names):
        for argument, name in zip(arguments, names, strict=True):
            argument.name = name


class ByValue(CPUCallConv):
    """Numba's convention, but that an argument is one value."""

    def _get_arg_packer(self, kinds):
        return _Values(self.context, kinds)


def declared(context, module, description):
    """The function of a description, to be called by value, in a module."""
    convention = ByValue(context)
    kind = convention.get_function_type(description.restype, description.argtypes)
    function = cgutils.get_or_insert_function(module, kind, description.mangled_name)
    convention.decorate_function(function, description.args, description.argtypes, noalias=description.noalias)
    if description.inline:
        function.attributes.add("alwaysinline")
    return function


def call_of(description, library, fails):
    """What a call of a described function is lowered to; `fails`: whether it may end in an exception."""

    def call(context, builder, signature, arguments):
        function, kind = declared(context, builder.module, description), description.restype
        places = zip(arguments, description.argtypes, function.args[2:], strict=True)
        arguments = [
            Constant(place.type, Undefined) if isinstance(given, Omitted) else value for value, given, place in places
        ]  # of a default, which its type says, there is nothing to hand on
        if not fails:
            with builder.goto_entry_block():
                room = builder.alloca(function.args[0].type.pointee)
            builder.call(function, [room, Constant(function.args[1].type, None), *arguments])
            return context.get_returned_value(builder, kind, builder.load(room))
        status, found = ByValue(context).call_function(builder, function, kind, description.argtypes, arguments)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return fix_returning_optional(context, builder, signature, status, found)

    call.signature, call.libs = description.argtypes, (library,)
    return call


def may_fail(function):
    """Whether a function that has been lowered returns anything but success somewhere."""
    ends = (block.terminator for block in function.blocks)
    return any(isinstance(end, Ret) and getattr(end.return_value, "constant", None) != 0 for end in ends)


def short_name(name, kinds, *, abi_tags=(), uid=None):
    """A name as unique as Numba's, which spells all that there is in the types of the arguments: kilobytes."""
    content = repr((name, [str(kind) for kind in kinds], abi_tags, uid))
    word = re.sub(r"\W", "_", name.rsplit(".", 1)[-1], flags=re.ASCII)
    return f"{word}.{hashlib.sha256(content.encode()).hexdigest()[:24]}"
