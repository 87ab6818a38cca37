"""``python -m benchmarks peers | readme | gate | roofline``: see README.md in this folder."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from .roster import PARTS

RESULTS = Path(__file__).with_name("results")
CONTENDERS = sorted(file.stem for file in Path(__file__).with_name("contenders").glob("[!_]*.py"))


def interpreter(text: str) -> tuple[str, str]:
    """A contender and its Python, from the command line."""
    name, _, path = text.partition("=")
    if name not in CONTENDERS or not shutil.which(path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH, NAME one of {', '.join(CONTENDERS)}")
    return name, str(Path(path).absolute())


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    quick = {"action": "store_true", "help": "small and short: shows that it still runs; no figure to believe"}
    peers = commands.add_parser("peers", help="side by side with what people use today")
    peers.add_argument("--quick", **quick)
    peers.add_argument("--out", type=Path, help="for JSON, table and figures (default: results; if --quick, nowhere)")
    peers.add_argument("--only", nargs="+", metavar="NAME", choices=CONTENDERS, help=f"of {', '.join(CONTENDERS)}")
    told = f"of {', '.join(PARTS)}; the others stay as they are stored (default: all)"
    peers.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=told)
    peers.add_argument(
        "--python",
        nargs="+",
        default=[],
        type=interpreter,
        metavar="NAME=PATH",
        help="the interpreter of a contender that has an environment of its own",
    )
    commands.add_parser("readme", help="put what `peers` stored into the project's README")
    gate = commands.add_parser("gate", help="this revision against another one, before a merge")
    gate.add_argument("--quick", **quick)
    gate.add_argument("--against", default="main", metavar="REV", help="git revision (default: %(default)s)")
    roofline = commands.add_parser("roofline", help="how far from the machine's peak, and what the next limit is")
    roofline.add_argument("--quick", **quick)
    options = parser.parse_args()
    if options.command == "peers":
        from .peers import report

        out = options.out or (Path(tempfile.mkdtemp()) if options.quick else RESULTS)
        report(out, options.quick, dict(options.python), options.only, options.parts)
    elif options.command == "readme":
        from .page import into_readme

        into_readme(json.loads((RESULTS / "peers.json").read_text()))
    elif options.command == "gate":
        from .gate import gate

        return gate(options.against, options.quick)
    else:
        from . import roofline

        print(roofline.page(roofline.roofline(options.quick)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
