"""The one file that says what a store is: the metadata of all its arrays, what is simulated, and a checksum of it all.

It is zarr's own ``zarr.json``, written whole or not at all, so that what it names is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from .._files import whole_file
from .beside import left_beside
from .damage import Refused, damaged

NAME = "fastneuron"  # of what is ours among the attributes
FORMAT = 4  # 1 compressed its samples, 2 had no checksums, 3 no networks: no run may go on with another
OF_STATES = 5  # of a run in which something else than the voltage alone spikes; else as 4


def write(path: Path, about: dict[str, Any], without: Collection[str] = ()) -> None:
    """Say what the store in the folder `path` is, with the metadata of all arrays that are there, `without` some."""
    metadata = {name: document for name, document in _metadata(path) if name not in without}
    document = {
        "zarr_format": 3,
        "node_type": "group",
        # in one place, so that xarray opens the store at once and without a word
        "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": metadata},
        "attributes": {NAME: about},
    }
    about["checksum"] = _checksum(document)
    with whole_file(path / "zarr.json") as file:
        file.write(json.dumps(document, indent=2).encode())


def _metadata(folder: Path, inside: str = "") -> Iterator[tuple[str, Any]]:
    """The metadata of all arrays and groups in a folder, by name."""
    for child in sorted(folder.iterdir()):
        if (child / "zarr.json").exists():
            document = json.loads((child / "zarr.json").read_bytes())
            yield f"{inside}{child.name}", document
            if document["node_type"] == "group":
                yield from _metadata(child, f"{inside}{child.name}/")


def read(path: Path) -> dict[str, Any]:
    """What the store in a folder is; FileNotFoundError if there is none, ValueError if the file is damaged."""
    file = path / "zarr.json"
    try:
        document = json.loads(file.read_bytes())
        about = document["attributes"][NAME]
        written, expected = about["format"], about.get("checksum")
    except (FileNotFoundError, NotADirectoryError, KeyError):
        raise FileNotFoundError(f"no run of fastneuron in {os.fspath(path)!r}{left_beside(path)}") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(file, error) from None
    if written not in (FORMAT, OF_STATES):
        raise Refused(f"{os.fspath(path)!r} is of format {written}; this version reads {FORMAT} and {OF_STATES}")
    if expected != _checksum(document):
        raise damaged(file, "its checksum is another")
    return about


def is_foreign(path: Path) -> str | None:
    """What a folder is, if not all in it was written by a run; else None."""
    try:
        document = json.loads((path / "zarr.json").read_bytes())
        document["attributes"][NAME]["format"]
        arrays = set(document.get("consolidated_metadata", {}).get("metadata", {}))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return "no store of a run"
    arrays |= {"recipe", "progress"}
    for folder, _, files in os.walk(path):
        inside = Path(folder).relative_to(path).as_posix()
        array = re.sub(r"(/|^)c(/\d+)*$", "", inside)
        for file in files:
            known = file == "zarr.json" or file.endswith(".partial") or inside == "progress"
            known = known or (inside != array and array in arrays) or (file == "c" and array in arrays)
            if not known:
                return f"no store of a run alone: it has {os.fspath(Path(folder) / file)!r}"
    return None


def _checksum(document: dict[str, Any]) -> str:
    """Of all but the checksum itself."""
    ours = document["attributes"][NAME]
    attributes = document["attributes"] | {NAME: {name: ours[name] for name in ours if name != "checksum"}}
    text = json.dumps(document | {"attributes": attributes}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
