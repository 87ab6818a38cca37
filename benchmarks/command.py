"""What the command lines of measurements have in common."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .asked import Asked

RESULTS = Path(__file__).with_name("results")
CONTENDERS = sorted(file.stem for file in Path(__file__).with_name("contenders").glob("[!_]*.py"))


def common(parser: argparse.ArgumentParser) -> None:
    """The options of all that measure beside others."""
    told = "small and short: shows that it still runs; no figure to believe, nothing stored"
    parser.add_argument("--quick", action="store_true", help=told)
    told = "the interpreter of a contender that has an environment of its own"
    parser.add_argument("--python", nargs="+", default=[], type=_interpreter, metavar="NAME=PATH", help=told)


def _interpreter(text: str) -> tuple[str, str]:
    """A contender and its Python, from the command line."""
    name, _, path = text.partition("=")
    if name not in CONTENDERS or not shutil.which(path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH, NAME one of {', '.join(CONTENDERS)}")
    return name, str(Path(path).absolute())


def measured(name: str, told: str, measure: Callable[[Asked], Any], markdown: Callable[[Any], str]) -> Any:
    """Measure as the command line asks, and print; what is stored as ``NAME.json`` and ``NAME.md``, if quick None."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=told)
    common(parser)
    options = parser.parse_args()
    found = measure(Asked(options.quick, dict(options.python)))
    print(markdown(found))
    if options.quick:
        return None
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(markdown(found))
    return found
