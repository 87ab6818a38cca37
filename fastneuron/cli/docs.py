"""``fastneuron docs``: the guide, page by page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import _check

GUIDE = Path(__file__).parents[1] / "guide"


def add(commands: Any) -> None:
    """Say what the command takes."""
    parser = commands.add_parser("docs", help="list the pages of the guide, or print one")
    parser.set_defaults(command=run)
    parser.add_argument("page", nargs="?", metavar="PAGE", help="the page to print; all are listed by default")


def run(options: argparse.Namespace) -> None:
    """Print a page, or the names and titles of all."""
    pages = {path.stem: path for path in sorted(GUIDE.glob("*.md"))}
    if options.page is not None:
        print(pages[_check.known("PAGE", options.page, pages)].read_text(encoding="utf-8"), end="")
        return
    wide = max(map(len, pages), default=0)
    for name, path in pages.items():
        print(f"{name:{wide}}  {_title(path)}")


def _title(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.lstrip("# ") for line in lines if line.startswith("# ")), "")
