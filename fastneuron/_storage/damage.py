"""Files are believed only as far as they prove themselves: whatever is wrong with one is an error that names it."""

from __future__ import annotations

import errno
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

ERRORS = (  # what readers of archives and numbers raise where bytes are not what they were
    ValueError, LookupError, TypeError, AttributeError, EOFError, ArithmeticError, RuntimeError, SyntaxError,
    MemoryError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


class Refused(ValueError):
    """A file cannot be read, for a reason that its message says in full."""


def damaged(path: str | os.PathLike[str], reason: object) -> Refused:
    """An error to raise: what the file holds is not what was written."""
    return Refused(f"{os.fspath(path)!r} is damaged: {reason}")


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever goes wrong with what a file holds is a ValueError that names it."""
    try:
        yield
    except (Refused, FileNotFoundError):
        raise
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a place before the beginning of the file, where an archive is damaged
            raise
        raise damaged(path, "it ends too early") from error
    except ERRORS as error:
        reason = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        raise damaged(path, reason) from error
