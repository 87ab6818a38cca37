"""Workers: threads that stay for a moment after their work, for calls that are over before a thread has started.

A thread takes 0.1 ms to start.  A worker looks for more to do for about as long as that, then it ends: a loop of short
calls starts it once, and a single call wastes little more than what starting it took.

Each worker has a slot, a few words of memory where a kernel posts the address of compiled code:

    FREE -- the kernel posts --> POSTED -- the worker takes --> TAKEN -- the worker is done --> FREE
                                   +------ the kernel takes back, when its own work is done --> FREE

The kernel works too, part by part, so it needs no worker: one that is late, or that a fork has lost, is only not there.
"""

import _thread
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import typeof, types
from numba.core import cgutils
from numba.extending import intrinsic

from .atomics import add, compare_and_swap, get, pause, put
from .jit import inline, inline_ast, kernel
from .lanes import Lanes8, local
from .lowering import wide
from .threads import available

STATE, CODE, ARGUMENTS, PRESENT = range(4)  # of a slot
FREE, POSTED, TAKEN = range(3)  # its states
WORDS = 16  # two cache lines, so that slots do not disturb each other
SPIN_LIMIT = 10_000  # pauses, 0.2 ms or a little more
PARTS = 32  # for each thread, where there are several: what it waits for in the end is 3 % of its work
LINE = Lanes8()  # type: ignore[call-arg]  # int64 of a cache line

_slots = np.zeros((available() - 1, WORDS), np.int64)  # asking anew took 7 us of a call with cold caches
_mine = threading.Lock()
NO_WORKERS = _slots[:0]


def with_workers(threads: int, work: Callable[[np.ndarray], Any]) -> Any:
    """``work(slots)``, those of as many workers as make `threads` with the caller; none while another call has them.

    It should be little more than a kernel: workers do not wait for what comes before it.
    """
    wanted = min(threads - 1, len(_slots))
    mine = _mine
    if wanted < 1 or not mine.acquire(blocking=False):
        return work(NO_WORKERS)
    try:
        for slot in range(wanted):
            if not _slots[slot, PRESENT]:
                _start(slot)
        return work(_slots[:wanted])
    finally:
        mine.release()


def _start(slot):
    try:
        if not _work_at.signatures:  # compiled here: a thread may not be in the midst of that when the process ends
            _work_at(_slots, slot, 0)
        _slots[slot, PRESENT] = 1
        _thread.start_new_thread(_work_at, (_slots, slot, SPIN_LIMIT))  # threading.Thread waits for it
    except BaseException as error:
        _slots[slot, PRESENT] = 0
        if not isinstance(error, RuntimeError):  # which says that there are too many
            raise


def _after_fork():
    """After a fork no thread is here but the one that forked."""
    global _mine
    _mine = threading.Lock()
    _slots[:] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@kernel
def _work_at(slots, slot, spin_limit):
    """What a worker does: it runs what is posted in its slot, until nothing has been for so many pauses."""
    waited = 0
    while waited < spin_limit:
        if get(slots, slot, STATE) == POSTED and compare_and_swap(slots, slot, STATE, POSTED, TAKEN):
            _call(slots[slot, CODE], slots[slot, ARGUMENTS])
            put(slots, slot, STATE, FREE)
            waited = 0
        pause()
        waited += 1
    add(slots, slot, PRESENT, -1)


@inline_ast
def parallel_for(slots, function, n, multiple, arguments):
    """``function(begin, end, *arguments)`` for parts of range(n), here and by every worker that takes what is posted.

    A part has a multiple of `multiple`.  The function must not raise; it ``put``s what it finds into an argument.
    """
    parts = PARTS * (len(slots) + 1) if len(slots) else 1
    size = -(-n // (parts * multiple)) * multiple
    turn = local((0,), 1, LINE, size)
    turn[0, 0] = 0
    code, where = _trampoline(function, (n, size, turn, arguments))
    for slot in range(len(slots)):
        slots[slot, CODE], slots[slot, ARGUMENTS] = code, where
        put(slots, slot, STATE, POSTED)
    _call(code, where)
    for slot in range(len(slots)):
        if not compare_and_swap(slots, slot, STATE, POSTED, FREE):
            while get(slots, slot, STATE) != FREE:
                pause()


@inline
def _parts(function, n, size, turn, arguments):
    """One part after another, as long as there are some that no thread has taken."""
    begin = add(turn, 0, 0, size)
    while begin < n:
        function(begin, min(begin + size, n), *arguments)
        begin = add(turn, 0, 0, size)


@intrinsic
def _trampoline(typingctx, function, arguments):
    """The addresses of code that calls ``_parts`` with what it finds at an address, and of `arguments` for it."""
    parts = typeof(_parts)
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
