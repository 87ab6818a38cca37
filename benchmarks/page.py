"""What `peers` stored, as Markdown: the whole page, and the section of the project's README."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .asked import counted, where
from .paired import DISTRUST
from .parts import PARTS, precision, tables

Stored = Mapping[str, Mapping[str, Any]]  # by part: where and how it was measured, and what was found

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- performance -->", "<!-- /performance -->"
NOTE = (
    "`ours` is fastneuron in the same rounds; `faster` the median of paired ratios, how many times as fast it is, and",
    "half their interquartile range; A/A what the same ratio is for a program against itself, less 1.  One thread is",
    "timed by what it takes of its core, several by the clock on the wall.  DISTRUST marks a wide A/A and, by that",
    "clock, a machine on which others ran, after three attempts.  Ratios below 1 are what we lose.",
)


def markdown(stored: Stored) -> str:
    """The page."""
    rows = [row for part in stored.values() for row in part["found"]["rows"] if "ratio" in row]
    lines = ["# Beside others", "", *NOTE, "", "## In short", "", *_in_short(stored)]
    lines += ["", "## Where it loses", "", tables.lost(rows)]
    for name, part in stored.items():
        lines += ["", f"## {PARTS[name].title}", "", where(part["machine"]), f"`{part['command']} --parts {name}`"]
        lines += [f"{part['seconds'] / 60:.1f} minutes."] if part["seconds"] else []
        lines += ["*Quick: no figure to believe.*"] if part["quick"] else []
        lines += [f"- {who}: not measured: {why}" for who, why in part["found"]["missing"].items()]
        lines += ["", *PARTS[name].page(part["found"])]
    return "\n".join(lines) + "\n"


class Headline(NamedTuple):
    """A row of the README: who is faster at what, by how much, and how sure that is."""

    what: str
    rival: str
    ours: str
    theirs: str
    ratio: float
    floor: float
    errors: tuple[str, str] = ("", "")
    trusted: bool = True

    def line(self) -> str:
        """Of the table."""
        errors = " / ".join(self.errors) if any(self.errors) else ""
        return (
            f"| {self.what} | {self.rival} | {self.ours} | {self.theirs} | {self.ratio:.3g}x | {self.floor:.1%} | "
            f"{errors} |"
        )


BY_HAND = ("C, AVX intrinsics", "C, plain", "Numba, plain", "NumPy")  # a program for the purpose: no library
SIZE = {"Population": (1e6, "M steps/s"), "Training": (1e6, "M/s"), "Network": (1e3, "k steps/s")}
ALIKE = {"task": "Population", "n": 10_000, "every": 0, "slopes": 4}
WANTED = {  # what the README tells of rows: the fastest library at it
    "10,000 Morris-Lecar neurons, RK4": ALIKE | {"model": "morris_lecar"},
    "10,000 Hodgkin-Huxley neurons, RK4": ALIKE | {"model": "hodgkin_huxley"},
    "COBAHH, 4,000 coupled neurons, RK4": {"task": "Cobahh", "against": {"method": "rk4", "dt": 0.05}},
    "ten perceptrons, exact online rule, MNIST": {"task": "Training", "dtype": "float64"},
    "MLP 64-32-10, batches of 32": {"task": "Network", "layers": [64, 32, 10], "nets": 1},
}
EQUAL = 1e-9  # mV: the error at which dop853 and heyoka are compared


def headlines(stored: Stored) -> Iterator[Headline]:
    """The rows for the README, quiet or not, as far as they are measured."""
    rows = [row for part in stored.values() for row in part["found"]["rows"] if "ratio" in row]
    single = [row for row in rows if row["threads"] == row["ours_threads"] == 1]
    for title, wanted in WANTED.items():
        alike = [row for row in single if row["name"] not in BY_HAND and wanted.items() <= row.items()]
        if alike:
            yield _headline(title, min(alike, key=lambda row: row["ratio"]))
        if wanted["task"] == "Cobahh" and "precision" in stored:
            yield from _equal(stored["precision"]["found"]["rows"])
    if "first" in stored:
        yield from _cold(stored["first"]["found"]["rows"])
    worst = [row for row in single if row["trusted"]]
    if worst and (row := min(worst, key=lambda row: row["ratio"]))["ratio"] < 1:
        kind = tables.what(row)
        if row["task"] == "Population":
            kind = f"{tables.MODELS[row['model']]}, {counted(row['n'], 'neuron')}"
        yield _headline(f"where it loses most: {kind}", row)


def _headline(title: str, row: dict[str, Any]) -> Headline:
    """Of a row of a contender."""
    if row["task"] == "Cobahh":
        speeds = [f"{1 / row[key]:.3g} s per s" for key in ("ours_rate", "rate")]
    else:
        scale, unit = SIZE.get(row["task"], (1.0, "/s"))
        speeds = [f"{row[key] / scale:.3g} {unit}" for key in ("ours_rate", "rate")]
    if "accuracy" in row:
        errors = [f"{1 - row[key]:.1%} wrong" for key in ("ours_accuracy", "accuracy")]
    elif "differs" in row:
        errors = ["the same bits" if row["differs"] == 0 else f"differ by {row['differs']:.0e}", ""]
        errors = errors[:1]
    else:
        errors = [f"{row[key]:.0e} mV" for key in ("ours_error", "error") if key in row]
    return Headline(title, row["name"], *speeds, row["ratio"], row["floor"], tuple(errors), row["trusted"])


def _equal(rows: list[dict[str, Any]]) -> Iterator[Headline]:
    """Time for the same error."""
    if found := precision.equal(rows, EQUAL):
        times = [f"{1e3 * found[key]:.3g} ms" for key in ("ours", "theirs")]
        errors = (f"{EQUAL:.0e} mV", f"{EQUAL:.0e} mV")
        quiet = found["floor"] < DISTRUST
        what = f"4,096 Morris-Lecar neurons to {EQUAL:g} mV"
        yield Headline(what, "heyoka", *times, found["ratio"], found["floor"], errors, quiet)


def _cold(rows: list[dict[str, Any]]) -> Iterator[Headline]:
    """A process with nothing compiled."""
    people = {row["name"]: row for row in rows if "name" in row}
    others = [row for name, row in people.items() if name not in (*BY_HAND, "fastneuron")]
    if "fastneuron" in people and others:
        ours, theirs = people["fastneuron"], min(others, key=lambda row: row["cold_s"])
        times = [f"{row['cold_s']:.2g} s" for row in (ours, theirs)]
        floor = max(row["floor"] for row in (ours, theirs))
        ratio = theirs["cold_s"] / ours["cold_s"]
        what = "first result of a process, nothing compiled"
        yield Headline(what, theirs["name"], *times, ratio, floor, trusted=floor < DISTRUST)


def _in_short(stored: Stored) -> list[str]:
    """The table of the README, and what is left out of it."""
    found = list(headlines(stored))
    loud = [row.what for row in found if not row.trusted]
    left = [f"Left out, since three attempts were not quiet: {', '.join(loud)}.", ""] if loud else []
    return [
        *left,
        "| what | against | ours | theirs | faster | A/A | errors, ours / theirs |",
        "|---|---|--:|--:|--:|--:|---|",
        *(row.line() for row in found if row.trusted),
    ]


def section(stored: Stored) -> str:
    """What the project's README shows: a figure, and at most eight rows, all of them to be trusted."""
    places = dict.fromkeys(where(stored[name]["machine"]) for name in USED if name in stored)
    lines = [
        BEGIN,
        *places,
        "",
        "![How many times as fast as others](benchmarks/results/peers.png)",
        "",
        *_in_short(stored),
        "",
        "One thread each, in turns, against the fastest library with its best flags; `faster` is the median of paired",
        "ratios, A/A that of a program against itself, less 1.  Errors are of V at the end.",
        "[peers.md](benchmarks/results/peers.md) has the rest, all that we lose too, and",
        "[benchmarks/README.md](benchmarks/README.md) tells how it is measured.",
        END,
    ]
    return "\n".join(lines)


USED = ("populations", "networks", "layers", "precision", "first")  # what the README tells of


def into_readme(file: Path) -> None:
    """Put the section of what is stored in `file` in its place."""
    text, new = README.read_text(), section(json.loads(file.read_text()))
    README.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: new, text, flags=re.S))
