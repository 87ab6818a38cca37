"""The command line, a command a file: ``fastneuron simulate``, ``benchmark``, ``info``, ``example`` and ``docs``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from . import benchmark, docs, example, info, simulate

COMMANDS = (simulate, example, docs, benchmark, info)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 2 after an error, which is told in one line."""
    parser = _parser()
    options = parser.parse_args(argv)
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="fastneuron", description="Large populations of neurons, fast.")
    parser.add_argument("--version", action="version", version=f"fastneuron {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=_Parser)
    for command in COMMANDS:
        command.add(commands)
    return parser
