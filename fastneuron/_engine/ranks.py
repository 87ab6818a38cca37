"""Processes that share a network, each with neurons of its own, and what they say to each other.

All go through the same stretches of work, and an exchange ends each stretch, in which every process also says whether
it is well.  So an error at one of them ends all, at one place, and none waits for another for ever.  Nothing of MPI is
imported: whatever has its methods is a communicator.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from .. import _check
from ..network.exchange import Parcels

METHODS = ("Get_rank", "Get_size", "Allgather", "Allgatherv", "Gatherv", "allgather")  # of a communicator
STATUS, COUNT, WORD, HEAD = range(4)  # what stands at the begin of a row; HEAD is how many that are
WELL, FAILED = range(2)
ROOM = 64  # spikes in a row, at least
NOTHING = np.empty(0, np.int64), np.empty(0)


class EndedElsewhere(RuntimeError):
    """Another process could not go on."""


class Ranks:
    """The processes of a communicator, of which this is one.

    In a ``with`` statement, an error at one process ends the statement at all: there it is what it is, at the others an
    `EndedElsewhere` that tells it.

    Parameters
    ----------
    comm : communicator
        mpi4py's, or what has its methods.

    Attributes
    ----------
    rank, size : int
        Which this is, and how many there are.
    sent : int
        Bytes that this process has sent to each other in exchanges.
    """

    def __init__(self, comm: Any) -> None:
        if isinstance(comm, type) or not all(callable(getattr(comm, name, None)) for name in METHODS):
            raise TypeError(f"comm must be a communicator of mpi4py, such as MPI.COMM_WORLD; got {_check.shown(comm)}")
        self.comm, self.rank, self.size = comm, comm.Get_rank(), comm.Get_size()
        self.sent, self._room = 0, ROOM
        self._handles = self._undisturbed = self._heard = False  # Ctrl-C

    def exchange(self, code: np.ndarray, fraction: np.ndarray, word: int) -> tuple[Parcels, int]:
        """Send packed spikes and a number to all; the spikes of all, in order of rank, and the least of the numbers."""
        with self._collective():
            rows = self._rows(WELL, code, fraction, word)
            status, count, words = zip(*rows[:, :HEAD].tolist(), strict=True)
            if any(status):
                self._end(None)
        codes, fractions = rows[:, HEAD : HEAD + self._room], rows[:, HEAD + self._room :].view(np.float64)
        self._room = max(2 * max(count), self._room - self._room // 8, ROOM)  # a burst is forgotten
        return Parcels(codes, fractions, rows[:, COUNT]), min(words)

    def agree(self) -> None:
        """Go on when all have come to here."""
        self.exchange(*NOTHING, 0)

    def least(self, number: int) -> int:
        """The least of the numbers of all."""
        return self.exchange(*NOTHING, number)[1]

    def check_same(self, things: Mapping[str, Any]) -> None:
        """ValueError at every process unless all have the same things by the same names."""
        found = self._together(lambda: self.comm.allgather(dict(things)))
        for rank, other in enumerate(found):
            for name in (*found[0], *other):
                if found[0].get(name) != other.get(name):
                    raise ValueError(
                        f"every rank must be given the same network and arguments, but {name} differs between rank 0 "
                        f"and rank {rank}: draw what is random with the same seed at all of them"
                    )

    def gathered(self, arrays: Mapping[str, np.ndarray], everywhere: bool) -> list[dict[str, np.ndarray]]:
        """The arrays of each process, in order of rank, at all or at rank 0 alone; elsewhere nothing.

        Those that have any have the same names and types.
        """
        shapes = self._together(
            lambda: self.comm.allgather({name: (array.shape, array.dtype.str) for name, array in arrays.items()})
        )
        takes = everywhere or self.rank == 0
        found: list[dict[str, np.ndarray]] = [{} for _ in shapes] if takes else []
        for name, (_, kind) in next(one for one in shapes if one).items():
            counts = [int(np.prod(one[name][0])) if one else 0 for one in shapes]
            everything = np.empty(sum(counts) if takes else 0, kind)
            mine = np.ascontiguousarray(arrays.get(name, everything[:0])).ravel()
            gather = self.comm.Allgatherv if everywhere else self.comm.Gatherv
            self._together(functools.partial(gather, mine, (everything, counts) if takes else None))
            if not takes:
                continue
            pieces = np.split(everything, np.cumsum(counts)[:-1])
            for one, shape, piece in zip(found, shapes, pieces, strict=True):
                if shape:
                    one[name] = piece.reshape(shape[name][0])
        return found

    def _together(self, collective: Callable[[], Any]) -> Any:
        """What a collective call returns, once every process is there to take part."""
        with self._collective():
            self.agree()
            return collective()

    def _rows(self, status: int, code: np.ndarray, fraction: np.ndarray, word: int) -> np.ndarray:
        """A row from each process; longer ones, at a second attempt, where the room was too small for somebody."""
        while True:
            mine = np.zeros(HEAD + 2 * self._room, np.int64)
            mine[:HEAD] = status, code.size, word
            fits = min(code.size, self._room)
            mine[HEAD : HEAD + fits] = code[:fits]
            mine[HEAD + self._room : HEAD + self._room + fits] = fraction[:fits].view(np.int64)
            rows = np.empty((self.size, mine.size), np.int64)
            self.comm.Allgather(mine, rows)
            self.sent += mine.nbytes
            most = int(rows[:, COUNT].max())
            if most <= self._room:
                return rows
            self._room = 2 * most

    def _end(self, mine: BaseException | None) -> None:
        """Tell the others of an error here, or hear of theirs."""
        stories = self.comm.allgather(None if mine is None else f"{type(mine).__name__}: {mine}".rstrip(": "))
        if mine is None:
            rank, story = next((rank, story) for rank, story in enumerate(stories) if story is not None)
            raise EndedElsewhere(f"the run ended at rank {rank} of {self.size}: {story}")

    @contextlib.contextmanager
    def _collective(self) -> Iterator[None]:
        """Put Ctrl-C off: within a collective call, nobody could say afterwards whether it has taken place."""
        outer, self._undisturbed = self._undisturbed, True
        try:
            yield
        finally:
            self._undisturbed = outer
        if self._heard and not outer:
            self._heard = False
            raise KeyboardInterrupt

    def _interrupt(self, number: int, frame: Any) -> None:
        self._heard = self._undisturbed
        if not self._undisturbed:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        in_main = threading.current_thread() is threading.main_thread()
        self._handles = in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._handles:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if error is None:
                self.agree()
            elif not isinstance(error, EndedElsewhere):
                with self._collective():
                    self._rows(FAILED, *NOTHING, 0)
                    self._end(error)
        finally:
            if self._handles:
                signal.signal(signal.SIGINT, signal.default_int_handler)
