"""A team: threads that run one kernel together and meet inside it, where work is too short for Python to share out.

A kernel that every member of a team calls has all of them wait in ``meet`` for the last.  Who waits long gives way to
other threads, since the machine may be shared and the last one asleep.  What a member has written before a meeting is
there for all after it.

Where others have the cores, each meeting takes until they give one up, some ms: 50 times what the work takes.  So the
first member goes on alone where most of the time has gone in waiting, and the others come again a while later.
"""

import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numba import types

from .atomics import add, get, pause, put
from .clock import ticks
from .jit import helper

ARRIVED, MEETINGS, ABANDONED, MEMBERS, WAITS = range(5)  # rows of the words, each a cache line of its own
LONG, WAITED, SINCE = range(3)  # of the waits: how many were long, how long those were, since when
GLANCE = 200  # pauses, about 5 us: who waits no longer does not look at the clock
PATIENCE = 4_000  # pauses, about 0.1 ms
FEW = 4  # long waits: so many may happen on a machine that nobody else uses
SHORTEST, LONGEST = 0.1, 2.0  # seconds alone, each time twice as long: trying again takes some 10 ms

_give_way = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())


@helper
def meet(words, members):
    """Wait for the last of so many members; how many go on: the first of them, or none where one has given up."""
    if members == 1:
        return 1
    meeting, begin = get(words, MEETINGS, 0), 0
    if add(words, ARRIVED, 0, 1) == members - 1:
        put(words, ARRIVED, 0, 0)
        if get(words, WAITS, LONG) > FEW and _is_in_vain(words, members):
            put(words, MEMBERS, 0, 1)
        put(words, MEETINGS, 0, meeting + 1)
    waited = 0
    while get(words, MEETINGS, 0) == meeting:
        if get(words, ABANDONED, 0) != 0:
            return 0
        waited += 1
        if waited == GLANCE:
            begin = ticks()
        if waited < PATIENCE:
            pause()
        else:
            _give_way()
    if begin != 0:
        _write_down(words, begin)
    return 0 if get(words, ABANDONED, 0) != 0 else get(words, MEMBERS, 0)


@helper
def _write_down(words, begin):
    """A long wait, which has ended."""
    end = ticks()
    if add(words, WAITS, LONG, 1) == 0:
        put(words, WAITS, SINCE, begin)
    add(words, WAITS, WAITED, end - begin)


@helper
def _is_in_vain(words, members):
    """Whether members have waited so long that one alone would have come about as far: by a quarter less at most."""
    took = ticks() - get(words, WAITS, SINCE)
    return 4 * get(words, WAITS, WAITED) > (4 * members - 5) * took


class Company:
    """Whether the others are worth waiting for, as was found when they last worked."""

    def __init__(self) -> None:
        self._missed_until = 0.0
        self._alone = SHORTEST

    def is_wanted(self) -> bool:
        """Whether they should be tried."""
        return time.monotonic() >= self._missed_until

    def learn(self, was_in_vain: bool) -> None:
        """Take note of how it went."""
        if was_in_vain:
            self._missed_until = time.monotonic() + self._alone
        self._alone = min(2 * self._alone, LONGEST) if was_in_vain else SHORTEST


class Team:
    """Up to so many threads, the caller's being the first; fewer where no more can be started.

    `company` is what was found out before, if any was.

    Examples
    --------
    >>> with Team(2) as team:
    ...     team.run(lambda member, words, members: member < members)
    [True, True]
    """

    def __init__(self, threads: int, company: Company | None = None) -> None:
        self.threads = threads
        self.company = Company() if company is None else company
        self.words = np.zeros((5, 8), np.int64)
        self._work: list[queue.SimpleQueue[Callable[[], Any] | None]] = []
        self._done: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
        self._started = threads == 1

    def _start(self) -> None:
        self._started = True
        for member in range(1, self.threads):
            work: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
            thread = threading.Thread(target=self._serve, args=(member, work), name=f"fastneuron-{member}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads are to be had
                break
            self._work.append(work)

    def _serve(self, member: int, work: queue.SimpleQueue[Callable[[], Any] | None]) -> None:
        while (call := work.get()) is not None:
            try:
                self._done.put((member, call(), None))
            except BaseException as error:
                self.words[ABANDONED, 0] = 1
                self._done.put((member, None, error))

    def run(self, work: Callable[[int, np.ndarray, int], Any], worth_starting: bool = True) -> list[Any]:
        """``[work(member, words, members) for each member]``, all at once; what one raises ends the work of all.

        Where it is not worth starting the others, and they have not been, the first does all.
        """
        others: list[Any] = []
        if self.threads > 1 and self.company.is_wanted() and (worth_starting or self._started):
            if not self._started:
                self._start()
            others = self._work
        members = len(others) + 1
        results: list[Any] = [None] * members
        errors: dict[int, BaseException] = {}
        self.words[...] = 0
        self.words[MEMBERS, 0] = members
        waiting = 0
        try:
            for member, line in enumerate(others, 1):
                line.put(lambda member=member: work(member, self.words, members))
                waiting += 1
            results[0] = work(0, self.words, members)
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
        if members > 1:
            self.company.learn(self.words[MEMBERS, 0] == 1)
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._work:
            line.put(None)
