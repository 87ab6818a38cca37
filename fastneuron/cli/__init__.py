"""The command line, a command a file: ``fastneuron simulate``, ``benchmark``, ``info``, ``example`` and ``docs``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from .. import __version__

COMMANDS = {  # what each does, in the file of its name, which is imported for it alone: most take time
    "simulate": "simulate a population",
    "example": "list small studies, or run one and draw its figure",
    "docs": "list the pages of the guide, print one, or look something up",
    "benchmark": "how fast this machine is, against plain Numba and SciPy",
    "info": "versions, cores, SIMD width, cache folder",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 2 after an error, which is told in one line."""
    argv = sys.argv[1:] if argv is None else argv
    options = _parser(argv).parse_args(argv)
    try:
        options.command(options)
    except KeyboardInterrupt:
        print("fastneuron: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `fastneuron info | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ArithmeticError, ImportError, MemoryError, OSError, TypeError, ValueError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"fastneuron: error: {message}", file=sys.stderr)
        return 2
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """What reads these arguments; of the commands that they do not choose it knows what they do, and no more."""
    parser = _Parser(prog="fastneuron", description="Large populations of neurons, fast.")
    parser.add_argument("--version", action="version", version=f"fastneuron {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=_Parser)
    chosen = next((word for word in argv if not word.startswith("-")), None)
    for name, does in COMMANDS.items():
        command = commands.add_parser(name, help=does)
        if name == chosen:
            import_module(f".{name}", __name__).add(command)
    return parser
