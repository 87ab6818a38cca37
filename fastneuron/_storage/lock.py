"""One writer at a time: a lock that the operating system holds for a process, and that ends when the process does."""

from __future__ import annotations

import os
import socket
import warnings
from pathlib import Path
from typing import IO, Any

fcntl: Any
msvcrt: Any
try:
    import fcntl

    msvcrt = None
except ImportError:  # Windows
    import msvcrt

    fcntl = None

FAR = 2**30  # a byte that nobody reads: Windows lets nobody read what is locked


class Lock:
    """A lock on a file, which says who holds it.

    It is of the open file, not of the process, so that two threads exclude each other as two processes do.
    """

    def __init__(self, path: Path, what: str) -> None:
        """Take it; BlockingIOError if somebody else has it, FileNotFoundError if there is no such folder."""
        self.path, self.what = path, what
        self._file = open(path, "a+b")  # noqa: SIM115, open as long as the lock is held
        try:
            if not _acquire(self._file):
                raise BlockingIOError(f"{what} is being written by {self._holder()}: only one may go on with it")
            self.check()
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
            self._file.flush()
        except BaseException:
            self._file.close()
            raise

    def check(self) -> None:
        """OSError if the file is no longer the one at its path: whoever locks that one excludes nobody here."""
        try:
            there = os.path.samestat(os.fstat(self._file.fileno()), os.stat(self.path))
        except FileNotFoundError:
            there = False
        if not there:
            raise FileNotFoundError(f"{self.what} has been finished, moved, removed or replaced in the meantime")

    def release(self) -> None:
        """Let others have it, even if a fork of this process has the file open as well."""
        if not self._file.closed:
            _release(self._file)
            self._file.close()

    def _holder(self) -> str:
        self._file.seek(0)
        return self._file.read(300).decode(errors="replace") or "another process"


def _acquire(file: IO[bytes]) -> bool:
    try:
        if fcntl is not None:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:  # some network file systems
        warnings.warn(
            f"{file.name!r} cannot be locked ({error.strerror}): do not write to this run from two places",
            RuntimeWarning,
            stacklevel=4,
        )
    return True


def _release(file: IO[bytes]) -> None:
    try:
        if fcntl is not None:
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)
        else:
            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    except OSError:  # where there are no locks
        pass
