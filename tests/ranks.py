"""Ranks that are threads of one process: a communicator for tests, with the methods that mpi4py's has."""

import threading

import numpy as np


class _Meeting:
    def __init__(self, size):
        self.barrier, self.given = threading.Barrier(size, timeout=120), [None] * size


class Comm:
    """One of them."""

    def __init__(self, meeting, rank):
        self._meeting, self._rank, self._size = meeting, rank, len(meeting.given)

    def Get_rank(self):
        return self._rank

    def Get_size(self):
        return self._size

    def allgather(self, value):
        self._meeting.barrier.wait()
        self._meeting.given[self._rank] = value
        self._meeting.barrier.wait()
        return list(self._meeting.given)

    def Allgather(self, mine, everything):
        everything[...] = np.array(self.allgather(mine.copy()))

    def Gatherv(self, mine, everything):
        assert (everything is None) == (self._rank > 0)
        self.Allgatherv(mine, everything)

    def Allgatherv(self, mine, everything):
        pieces = self.allgather(mine.copy())
        if everything is None:
            return
        array, counts = everything
        assert [piece.size for piece in pieces] == list(counts)
        array[...] = np.concatenate(pieces)


def on_ranks(size, work):
    """``work(comm)`` on so many ranks at once: what each returns, or the exception that ended it."""
    meeting, found = _Meeting(size), [None] * size

    def one(rank):
        try:
            found[rank] = work(Comm(meeting, rank))
        except BaseException as error:
            found[rank] = error

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
