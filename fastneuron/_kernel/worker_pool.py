"""Helpers: threads that stay for a moment after their work, for calls that are over before a thread has started.

A thread takes 0.1 ms to start.  A helper looks for more to do for about as long as that, then it ends: a loop of short
calls starts it once, and a single call wastes little more than what starting it took.

It waits at a desk, a few words of memory where a kernel posts the address of compiled code.  Nobody has to come: who
posts works too, part by part, and takes back what was not taken up.  So a helper that is late, or was left behind by a
fork, is only not there.
"""

import _thread
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .atomics import add, compare_and_swap, get, pause, put
from .jit import bare_inline, bare_inline_ast, kernel, wide
from .lanes import Lanes8, local
from .threads import available

STATE, CODE, ARGUMENTS, PRESENT = range(4)  # of a desk
FREE, POSTED, TAKEN = range(3)  # its states
WORDS = 16  # two cache lines, so that desks do not disturb each other
PATIENCE = 10_000  # pauses, 0.2 ms or a little more
PARTS = 32  # for each thread, where there are several: what it waits for in the end is 3 % of its work
LINE = Lanes8()  # type: ignore[call-arg]  # int64 of a cache line

_desks = np.zeros((available() - 1, WORDS), np.int64)  # asking anew took 7 us of a call with cold caches
_mine = threading.Lock()
NOBODY = _desks[:0]


def helped(threads: int, work: Callable[[np.ndarray], Any]) -> Any:
    """``work(desks)``, those of as many helpers as make `threads` with the caller; of none while others have them.

    It should be little more than a kernel: helpers do not wait for what comes before it.
    """
    wanted = min(threads - 1, len(_desks))
    mine = _mine
    if wanted < 1 or not mine.acquire(blocking=False):
        return work(NOBODY)
    try:
        for desk in range(wanted):
            if not _desks[desk, PRESENT]:
                _start(desk)
        return work(_desks[:wanted])
    finally:
        mine.release()


def _start(desk):
    try:
        if not _wait_at.signatures:  # compiled here: a thread may not be in the midst of that when the process ends
            _wait_at(_desks, desk, 0)
        _desks[desk, PRESENT] = 1
        _thread.start_new_thread(_wait_at, (_desks, desk, PATIENCE))  # threading.Thread waits for it
    except BaseException as error:
        _desks[desk, PRESENT] = 0
        if not isinstance(error, RuntimeError):  # which says that there are too many
            raise


def _left_behind():
    """After a fork no thread is here but the one that forked."""
    global _mine
    _mine = threading.Lock()
    _desks[:] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_left_behind)


@kernel
def _wait_at(desks, desk, patience):
    """What a helper does: what is posted at its desk, until nothing is for so many pauses."""
    waited = 0
    while waited < patience:
        if get(desks, desk, STATE) == POSTED and compare_and_swap(desks, desk, STATE, POSTED, TAKEN):
            _call(desks[desk, CODE], desks[desk, ARGUMENTS])
            put(desks, desk, STATE, FREE)
            waited = 0
        pause()
        waited += 1
    add(desks, desk, PRESENT, -1)


@bare_inline_ast
def in_parts(desks, function, n, multiple, arguments):
    """``function(begin, end, *arguments)`` for parts of range(n), here and by every helper that comes to a desk.

    A part is a multiple of so many.  The function must not raise, and ``put``s what it has to say into an argument.
    """
    parts = PARTS * (len(desks) + 1) if len(desks) else 1
    size = -(-n // (parts * multiple)) * multiple
    turn = local((0,), 1, LINE, size)
    turn[0, 0] = 0
    code, where = _trampoline(function, (n, size, turn, arguments))
    for desk in range(len(desks)):
        desks[desk, CODE], desks[desk, ARGUMENTS] = code, where
        put(desks, desk, STATE, POSTED)
    _call(code, where)
    for desk in range(len(desks)):
        if not compare_and_swap(desks, desk, STATE, POSTED, FREE):
            while get(desks, desk, STATE) != FREE:
                pause()


@bare_inline
def _parts(function, n, size, turn, arguments):
    """One part after another that nobody has taken."""
    begin = add(turn, 0, 0, size)
    while begin < n:
        function(begin, min(begin + size, n), *arguments)
        begin = add(turn, 0, 0, size)


@intrinsic
def _trampoline(typingctx, function, arguments):
    """The addresses of code that calls ``_parts`` with what it finds at an address, and of `arguments` for it."""
    parts = types.Dispatcher(_parts)
    call = parts.get_call_type(typingctx, (function, *arguments.types), {})

    def codegen(context, builder, signature, args):
        function_type = context.call_conv.get_function_type(types.void, (types.intp,))
        code = ir.Function(builder.module, function_type, builder.module.get_unique_name("trampoline"))
        code.linkage = "internal"
        wide(code)
        inside = ir.IRBuilder(code.append_basic_block("entry"))
        (where,) = context.call_conv.get_arguments(code)
        values = cgutils.unpack_tuple(inside, inside.load(inside.inttoptr(where, args[1].type.as_pointer())))
        context.get_function(parts, call)(inside, [context.get_dummy_value(), *values])
        context.call_conv.return_value(inside, context.get_dummy_value())
        word = context.get_value_type(types.intp)
        where = cgutils.alloca_once_value(builder, args[1])
        return context.make_tuple(
            builder, signature.return_type, [builder.ptrtoint(address, word) for address in (code, where)]
        )

    return types.UniTuple(types.intp, 2)(function, arguments), codegen


@intrinsic
def _call(typingctx, code, where):
    """Call the code at an address with the arguments at another."""

    def codegen(context, builder, signature, args):
        function_type = context.call_conv.get_function_type(types.void, (types.intp,))
        code = builder.inttoptr(args[0], function_type.as_pointer())
        context.call_conv.call_function(builder, code, types.void, (types.intp,), args[1:])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), codegen
