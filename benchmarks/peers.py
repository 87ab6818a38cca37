"""Side by side with what people use today: parts that are measured together or apart, one JSON, one page, figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from . import page
from .asked import Asked, machine
from .parts import PARTS

SAME = ("processor", "cores", "python", "numpy", "numba")  # of the machine whose rows may stand in one table


def report(out: Path, asked: Asked, parts: Iterable[str] = PARTS) -> None:
    """Measure parts, and write ``peers.json``, ``peers.md`` and the figures into the folder `out`.

    Parts that are not asked for stay as `out` has them, and, with `asked.only`, the rows of other contenders.
    """
    out.mkdir(parents=True, exist_ok=True)
    file = out / "peers.json"
    for name in parts:
        if PARTS[name].ours and not asked.wants("fastneuron"):
            continue
        stored = json.loads(file.read_text()) if file.exists() else {}
        stored[name] = measured(name, asked, stored.get(name))
        stored = {part: stored[part] for part in PARTS if part in stored}
        file.write_text(json.dumps(stored, indent=1) + "\n")  # what is measured is kept, whatever comes next
    write(out)


def measured(name: str, asked: Asked, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """A part as it is stored; of contenders that are not wanted now, it has the rows that were there `before`."""
    here = machine()
    partly = bool(asked.only and before)
    if partly and any(before["machine"][key] != here[key] for key in SAME):
        raise SystemExit(f"{name} was measured elsewhere: measure all of it, without --only")
    asked.tell(f"== {name}, about {PARTS[name].minutes:g} min" if not asked.quick else f"== {name}")
    begin = perf_counter()
    found = PARTS[name].measure(asked)
    seconds = perf_counter() - begin
    if partly:
        kept = before["found"]
        rows = [row for row in kept["rows"] if not asked.wants(row["file"])]
        missing = {file: why for file, why in kept["missing"].items() if not asked.wants(file)}
        found = kept | found | {"rows": found["rows"] + rows, "missing": found["missing"] | missing}
    return {"machine": here, "quick": asked.quick, "command": _command(asked), "seconds": seconds, "found": found}


def write(out: Path) -> None:
    """The page and the figures of what is stored in a folder."""
    stored = json.loads((out / "peers.json").read_text())
    (out / "peers.md").write_text(page.markdown(stored))
    if find_spec("matplotlib"):
        from . import draw

        draw.speeds(stored, out / "peers.png")
        for name, part in stored.items():
            if PARTS[name].draw:
                PARTS[name].draw(part["found"], out / f"{name}.png")


def _command(asked: Asked) -> str:
    """What made a part, in environments that are called as README.md calls them."""
    own = [f"{name}=.venv-{name}/bin/python" for name in asked.pythons]
    quick = ["--quick"] if asked.quick else []
    return " ".join(["python -m benchmarks peers", *quick, *(["--python", *own] if own else [])])
