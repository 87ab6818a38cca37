"""The way into a kernel without Numba's look at the types of the arguments: 1 us a call in place of 8."""

from __future__ import annotations

from typing import Any


class Entry:
    """Calls a kernel with arguments whose types never change.

    Its second call and those after it go straight to the machine code: what they are given is not looked at.  The GIL
    is released as in a call of the kernel.
    """

    __slots__ = ("_code", "_is_new")

    def __init__(self) -> None:
        self._is_new = True  # one call may be the only one, and to find the code takes 0.2 ms
        self._code: Any = None

    def call(self, kernel: Any, *arguments: Any) -> Any:
        """What the kernel, always the same, makes of these."""
        if self._code is None:
            if self._is_new:
                self._is_new = False
                return kernel(*arguments)
            self._code = kernel.compile(tuple(map(kernel.typeof_pyval, arguments)))
        return self._code(*arguments)
