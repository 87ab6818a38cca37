"""``fastneuron docs``: the guide, page by page, and what it says about a message or about some words.

An entry of the page on trouble is a line such as "- `neuron … blew up`: what it means", in which … stands for a value.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

GUIDE = Path(__file__).parents[1] / "guide"
INDEX, TROUBLE, FIRST_WORDS = "README", "troubleshooting", "18. First words"
# of the index: a page, more of its name, what it answers
ROW = re.compile(r"^\| \[[^\]]*\]\((\w+)\.md\) ?([^|]*)\| (.*) \|$", re.MULTILINE)
ENTRY = re.compile(r"^- (`[^`]+`(?:,\s+`[^`]+`)*): ", re.MULTILINE)
ANY = "…"
MOST = 8  # entries, or sections, that a search shows
NOTHING = (False, 0, 0)  # of a pattern that a message has
WIDTH = 100


class Section(NamedTuple):
    """A part of a page, under a heading."""

    page: str
    heading: str
    text: str


def add(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.set_defaults(command=run)
    parser.add_argument("page", nargs="?", metavar="PAGE", help="the page to print; all are listed by default")
    parser.add_argument("--search", nargs="+", metavar="WORD", help="what a message means, or where words stand")


def run(options: argparse.Namespace) -> None:
    """Print a page, what is found, or what all pages answer."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # some terminals have no …
    pages = {path.stem: path for path in sorted(GUIDE.glob("*.md"))}
    if options.page is not None:
        if options.page not in pages:
            from .. import _check  # here: it takes 0.1 s to import

            _check.known("PAGE", options.page, pages)
        chosen = {options.page: pages[options.page]}
        _show(found(chosen, " ".join(options.search)) if options.search else _read(chosen[options.page]))
    elif options.search:
        _show(found(pages, " ".join(options.search)))
    else:
        print(*_listed(pages), sep="\n")


def _listed(pages: dict[str, Path]) -> list[str]:
    """A line for each page, in the order of the index; what is not in that comes last, by its title."""
    rows = ROW.findall(_read(pages[INDEX])) if INDEX in pages else []
    answers = {name: f"{more.strip()}: {answer}".removeprefix(": ") for name, more, answer in rows if name in pages}
    answers |= {name: _title(_read(path)) for name, path in pages.items() if name not in (*answers, INDEX)}
    wide = max(map(len, answers), default=0)
    return [f"{name:{wide}}  {answer}" for name, answer in answers.items()]


def found(pages: dict[str, Path], words: str) -> str:
    """The entries of a message that `words` are, or begin; else the sections that have all of them."""
    if not re.search(r"\w", words):
        raise ValueError(f"--search must be some words, or the begin of a message; got {words!r}")
    every = [section for name, path in pages.items() for section in sections(name, _read(path))]
    shown = of_message(every, words) or of_words(every, words)
    if not shown:
        raise ValueError(f"--search must be words that stand in one section of the guide; got {words!r}")
    lines = [f"{section.page}, {section.heading}\n{_indented(text)}\n" for section, text in shown[:MOST]]
    return "\n".join([*lines, *[f"and {len(shown) - MOST} more\n"] * (len(shown) > MOST)])


def of_message(every: list[Section], message: str) -> list[tuple[Section, str]]:
    """The entries that say most of a message."""
    ranked = [
        (rank, section, entry)
        for section in every
        if section.page == TROUBLE
        for rank, entry in entries_of(message, section.text)
    ]
    best = max((rank for rank, _, _ in ranked), default=None)
    return [(section, entry) for rank, section, entry in ranked if rank == best]


def of_words(every: list[Section], words: str) -> list[tuple[Section, str]]:
    """The sections that have all the words, and of each the paragraph, entry or row that has most of them."""
    shown = []
    for section in every:
        rest = _missing(words.split(), section.heading)  # what the heading says need not be said again
        if section.heading != FIRST_WORDS and not _missing(rest, section.text):
            parts = re.split(r"\n\n+|\n(?=- |\| )", section.text)
            shown.append((section, min(parts, key=lambda part: len(_missing(rest, part)))))
    return shown


def _missing(words: list[str], text: str) -> list[str]:
    """The words that do not stand in a text, nor begin one that does."""
    return [word for word in words if not re.search(rf"(?<!\w){re.escape(word)}", text, re.IGNORECASE)]


def sections(page: str, text: str) -> Iterator[Section]:
    """The parts of a page; a line of code that begins with # is no heading."""
    heading, lines, in_code = "", list[str](), False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        if line.startswith("#") and not in_code:
            yield Section(page, heading, "\n".join(lines).strip())
            heading, lines = line.lstrip("# "), []
        else:
            lines.append(line)
    yield Section(page, heading, "\n".join(lines).strip())


def entries_of(message: str, text: str) -> Iterator[tuple[tuple[bool, int, int], str]]:
    """The entries in a section that a message, or its begin, is of, each with a rank."""
    for entry in re.split(r"\n(?=- |\n)", text):
        head = ENTRY.match(entry.lstrip("\n"))
        rank = max(agreement(pattern, message) for pattern in re.findall("`([^`]+)`", head[1])) if head else NOTHING
        if rank[1]:
            yield rank, entry.strip("\n")


def agreement(pattern: str, message: str) -> tuple[bool, int, int]:
    """Whether a message begins with all of a pattern, how many letters of it, and how special it is.

    A message may be the begin of a pattern, too.
    """
    message, words = message.strip().rstrip(";:,"), pattern.split()
    for k in range(len(words), 0, -1):
        begin = r"\s+".join(".+?".join(map(re.escape, word.split(ANY))) for word in words[:k])
        if re.match(begin if k == len(words) else begin.rstrip(";:,") + "$", message):
            letters = sum(map(str.isalpha, "".join(words[:k])))
            return k == len(words), letters, -len(pattern) * pattern.startswith(ANY)
    return NOTHING


def _show(text: str) -> None:
    """Through a pager if somebody looks on."""
    if sys.stdout.isatty():
        import pydoc  # takes 20 ms

        pydoc.pager(text)
    else:
        print(text, end="")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _title(text: str) -> str:
    return next((line.lstrip("# ") for line in text.splitlines() if line.startswith("# ")), "")


def _indented(text: str) -> str:
    """A paragraph, or a row of a table, in lines of even length; code as it is."""
    if text.startswith(("```", ">>>")):
        return textwrap.indent(text, "    ")
    return textwrap.fill(" ".join(text.strip("|").split()), WIDTH, initial_indent="    ", subsequent_indent="    ")
