"""``python -m benchmarks peers | gate | roofline``: see README.md in this folder."""

import argparse
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    quick = {"action": "store_true", "help": "small and short: shows that it still runs; no figure to believe"}
    peers = commands.add_parser("peers", help="side by side with what people use today")
    peers.add_argument("--quick", **quick)
    peers.add_argument("--out", type=Path, default=RESULTS, help="folder for JSON, table and figures")
    peers.add_argument("--neurons", type=int, nargs="+", help="sizes of the populations")
    gate = commands.add_parser("gate", help="this revision against another one, before a merge")
    gate.add_argument("--quick", **quick)
    gate.add_argument("--against", default="main", metavar="REV", help="git revision (default: %(default)s)")
    roofline = commands.add_parser("roofline", help="how far from the machine's peak, and what the next limit is")
    roofline.add_argument("--quick", **quick)
    options = parser.parse_args()
    if options.command == "peers":
        from .peers import report

        report(options.out, options.quick, options.neurons)
    elif options.command == "gate":
        from .gate import gate

        return gate(options.against, options.quick)
    else:
        from .roofline import roofline

        print(roofline(options.quick))
    return 0


sys.exit(main())
