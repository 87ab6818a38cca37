"""The pages of the guide: links lead somewhere, figures are those of a stored run, sources are those of the docstrings.

`python tests/test_pages.py` writes the sources into the page on citing.
"""

import inspect
import re
import tomllib
from pathlib import Path

import pytest

import fastneuron as fn

ROOT = Path(__file__).parents[1]
GUIDE = Path(fn.__file__).parent / "guide"
PAGES = sorted(GUIDE.glob("*.md"))
SOURCES = "## Models, receptors, noise, dynamics\n"
SECTION = re.compile(r"References\n-+\n(.*?)(?=\n\n[A-Z]\w+\n-+\n|\Z)", re.DOTALL)  # of a docstring
DRIFT = 0.1  # that figures of another run of the benchmarks may have before a page must be written anew


def text_of(page):
    return page.read_text(encoding="utf-8")


def anchors(text):
    """What a forge makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", re.sub("```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    text = text_of(page)
    links = re.findall(r"\]\(([^)\s]+)\)|^\[\w+\]: (\S+)", re.sub("`[^`]*`", "", text), flags=re.MULTILINE)
    for link in filter(None, (part for both in links for part in both)):
        path, _, anchor = link.partition("#")
        assert not re.match(r"\w+:", path), f"{page.name} has an address, {link}: the package names none"
        target = (page.parent / path).resolve() if path else page
        if not target.exists() and not (ROOT / "benchmarks").exists():
            continue  # an installed package has no benchmarks
        assert target.exists(), f"{page.name} has a link to {path}, which is not there"
        assert not anchor or anchor in anchors(text_of(target)), f"{page.name}: there is no heading for #{anchor}"


def figures(page):
    """How many times as fast, where a page says so: 9.27x."""
    return [float(figure) for figure in re.findall(r"(\d[\d.]*)x\b", text_of(page))]


def test_figures_are_those_of_a_stored_run():
    stored = [figure for page in (ROOT / "benchmarks/results").glob("*.md") for figure in figures(page) if figure]
    for figure in figures(GUIDE / "coming_from.md"):
        near = any(abs(figure / one - 1) <= DRIFT for one in stored)
        assert near, f"coming_from.md says {figure}x, which no stored run says any more"


def test_the_version_is_this_one():
    text = text_of(GUIDE / "citing.md")
    said = re.findall(r"version = \{(.*?)\}", text) + re.findall(r"fastneuron (\d[\d.]*\d)", text)
    assert len(said) == 2
    assert set(said) == {fn.__version__}
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    assert f"license = {{{project['license']}}}" in text
    assert project["authors"][0]["name"].lower() in text.lower()


def sources():
    """The papers that docstrings name under References, each with what it is the source of."""
    found = {}
    for name in sorted(fn.__all__, key=str.lower):
        section = SECTION.search(inspect.getdoc(getattr(fn, name)) or "")
        for paper in section[1].split("\n\n") if section else ():
            paper, _, places = " ".join(paper.split()).partition(", eq. ")
            doi = re.search(r" doi:\S+", places)
            found.setdefault(paper.rstrip(".") + (f".{doi[0]}" if doi else ""), []).append(f"`{name}`")
    return "".join(f"- {', '.join(names)}: {paper}\n" for paper, names in found.items())


def test_sources_are_those_of_the_docstrings():
    there = text_of(GUIDE / "citing.md").partition(SOURCES)[2]
    assert there.strip() == sources().strip(), "the sources are out of date: python tests/test_pages.py"


if __name__ == "__main__":
    page = GUIDE / "citing.md"
    page.write_text(f"{text_of(page).partition(SOURCES)[0]}{SOURCES}\n{sources()}", encoding="utf-8")
