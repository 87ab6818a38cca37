"""A team: threads that run one kernel together and meet inside it, where work is too short for Python to share out.

A kernel that every member of a team calls has all of them wait in ``meet`` for the last.  Who waits long gives way to
other threads, since the machine may be shared and the last one asleep.  What a member has written before a meeting is
there for all after it.
"""

import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numba import types

from .atomics import add, get, pause, put
from .jit import helper

ARRIVED, MEETINGS, ABANDONED = range(3)  # rows of the words, each a cache line of its own
PATIENCE = 4_000  # pauses, about 0.1 ms

_give_way = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())


@helper
def meet(words, members):
    """Wait for the last of so many members; whether all have come, and none has been told to abandon its work."""
    if members == 1:
        return True
    meeting = get(words, MEETINGS, 0)
    if add(words, ARRIVED, 0, 1) == members - 1:
        put(words, ARRIVED, 0, 0)
        put(words, MEETINGS, 0, meeting + 1)
    waited = 0
    while get(words, MEETINGS, 0) == meeting:
        if get(words, ABANDONED, 0) != 0:
            return False
        waited += 1
        if waited < PATIENCE:
            pause()
        else:
            _give_way()
    return get(words, ABANDONED, 0) == 0


class Team:
    """Up to so many threads, the caller's being the first; fewer where no more can be started.

    Examples
    --------
    >>> with Team(2) as team:
    ...     team.run(lambda member, words: member < team.members)
    [True, True]
    """

    def __init__(self, threads: int) -> None:
        self.words = np.zeros((3, 8), np.int64)
        self._work: list[queue.SimpleQueue[Callable[[], Any] | None]] = []
        self._done: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
        for member in range(1, threads):
            work: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
            thread = threading.Thread(target=self._serve, args=(member, work), name=f"fastneuron-{member}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads are to be had
                break
            self._work.append(work)

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self._work) + 1

    def _serve(self, member: int, work: queue.SimpleQueue[Callable[[], Any] | None]) -> None:
        while (call := work.get()) is not None:
            try:
                self._done.put((member, call(), None))
            except BaseException as error:
                self.words[ABANDONED, 0] = 1
                self._done.put((member, None, error))

    def run(self, work: Callable[[int, np.ndarray], Any]) -> list[Any]:
        """``[work(member, words) for each member]``, all at once; what one raises ends the work of all."""
        results: list[Any] = [None] * self.members
        errors: dict[int, BaseException] = {}
        self.words[...] = 0
        waiting = 0
        try:
            for member, line in enumerate(self._work, 1):
                line.put(lambda member=member: work(member, self.words))  # type: ignore[misc]
                waiting += 1
            results[0] = work(0, self.words)
        except BaseException as error:  # Ctrl-C as well
            self.words[ABANDONED, 0] = 1
            errors[0] = error
        while waiting:
            try:
                member, results[member], failure = self._done.get()
            except BaseException as interrupt:
                self.words[ABANDONED, 0] = 1
                errors[0] = interrupt
                continue
            waiting -= 1
            if failure is not None:
                errors[member] = failure
        if errors:
            raise errors[min(errors)]
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._work:
            line.put(None)
