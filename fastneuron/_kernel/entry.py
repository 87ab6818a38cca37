"""The way into a kernel without Numba's look at the types of the arguments: 1 us a call in place of 8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def entry_of(kernel: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The machine code of a kernel for arguments of these types; whoever calls it gives no others: nothing is checked.

    The GIL is released as in a call of the kernel.
    """
    return kernel.compile(tuple(map(kernel.typeof_pyval, arguments)))
