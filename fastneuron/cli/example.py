"""``fastneuron example``: small studies, listed, or one of them run and drawn."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import _check, examples
from .destination import drawable


def add(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.set_defaults(command=run)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the study to run; all are listed by default")
    parser.add_argument("--size", type=float, default=1.0, metavar="S", help="for a quick look, below 1 (default: 1)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to draw: .png, .pdf, .svg (default: NAME.png)")


def run(options: argparse.Namespace) -> None:
    """Run a study, or print what each of them asks."""
    if options.name is None:
        wide = max(map(len, examples.questions()))
        for name, question in examples.questions().items():
            print(f"{name:{wide}}  {question}")
        return
    source = examples.source(options.name)
    size = _check.number("--size", options.size, "a positive number", lambda size: size > 0)
    out = Path(f"{options.name}.png") if options.out is None else options.out
    drawable("--out", out)
    print(f"source   {source}", flush=True)
    examples.save(examples.study(options.name, size), out)
