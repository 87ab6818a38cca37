"""A file that takes the place of another once it is whole."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(target: Path, mode: int) -> Iterator[IO[bytes]]:
    """A new file of this mode, open for writing, that takes the place of `target` when it is closed without an error.

    Until then it stands beside it, and after an error it is gone; whether the disk has it is left to the caller.
    """
    partial = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.partial")  # names have 255 bytes at most
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(partial, flags, mode), "wb") as file:
            yield file
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
