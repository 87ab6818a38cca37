"""``python -m benchmarks peers | readme | gate``: see README.md in this folder."""

import argparse
import sys
import tempfile
from pathlib import Path

from .command import CONTENDERS, RESULTS, common


def main() -> int:
    """Run one command."""
    from .parts import PARTS

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    peers = commands.add_parser("peers", help="side by side with what people use today")
    common(peers)
    peers.add_argument("--out", type=Path, help="for JSON, page and figures (default: results; if --quick, nowhere)")
    told = f"of {', '.join(CONTENDERS)}; the rows of the others stay as they are stored"
    peers.add_argument("--only", nargs="+", metavar="NAME", choices=CONTENDERS, default=[], help=told)
    told = f"of {', '.join(PARTS)}; the others stay as they are stored (default: all)"
    peers.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=told)
    commands.add_parser("readme", help="put what `peers` stored into its page, its figure, and the project's README")
    gate = commands.add_parser("gate", help="this revision against another one, before a merge")
    gate.add_argument("--quick", action="store_true", help="one round: shows that it still runs")
    gate.add_argument("--against", default="main", metavar="REV", help="git revision (default: %(default)s)")
    options = parser.parse_args()
    if options.command == "gate":
        from .gate import gate

        return gate(options.against, options.quick)
    from .peers import report, write

    if options.command == "readme":
        from .page import into_readme

        write(RESULTS)
        into_readme(RESULTS / "peers.json")
        return 0
    from .asked import Asked

    out = options.out or (Path(tempfile.mkdtemp()) if options.quick else RESULTS)
    report(out, Asked(options.quick, dict(options.python), options.only), options.parts)
    print((out / "peers.md").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
