"""The folder beside a store's place in which it is made, and what is left of one when its process is killed.

Nobody removes such a folder but who made it: another process may be making a store there now.
"""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path


def new_folder(path: Path) -> Path:
    """Where the store that is to be at `path` is made."""
    return path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex}")


def left_beside(path: Path) -> str:
    """The end of a message that says what has been left beside the place of a store, if anything has."""
    pattern = re.compile(re.escape(f".{path.name[:100]}.") + "[0-9a-f]{32}")
    try:
        found = sorted(entry for entry in os.listdir(path.parent) if pattern.fullmatch(entry))
    except OSError:
        return ""
    if not found:
        return ""
    return (
        f"; {', '.join(map(repr, found))} beside it has been left by a process that was killed while it made or "
        "replaced a store, unless one does so now: nothing reads it, and it may be removed"
    )
