"""The website of the guide, the examples and the docstrings, by Sphinx (extra ``docs``).

``python -m sphinx -W --keep-going -b html fastneuron/guide SITE`` builds it.  Pages that are made of something else
are written into `api` and `examples`, which are in no repository, before Sphinx looks for pages.
"""

import ast
import dataclasses
import inspect
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fastneuron

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent
FRONT = ("cobahh",)  # figures of the first page
INSIDE = (
    "kernel_type",
    "checked_threshold",
    "thresholds_by_state",
    "initial_state",
    "objective_of",
    "nbytes",
    "compiled",
)

project, author, copyright = "fastneuron", "the fastneuron developers", "the authors of fastneuron"
release = version = fastneuron.__version__
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
root_doc = "index"
html_theme = "furo"
html_title = f"fastneuron {version}"
html_static_path, html_css_files = ["site.css"], ["site.css"]
html_show_copyright = html_show_sphinx = html_copy_source = False
default_role = "py:obj"  # `simulate` in a docstring is a link
autodoc_typehints = "none"  # a docstring says it in words
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
html_theme_options = {"light_css_variables": {"sidebar-item-font-size": "87%"}}
numpydoc_show_class_members = False
myst_heading_anchors = 3
toc_object_entries_show_parents = "hide"


def subjects() -> dict[str, dict[str, str]]:
    """The names in the package's docstring by subject, and what it says of each."""
    found: dict[str, dict[str, str]] = {}
    for line in inspect.getdoc(fastneuron).split("\n"):  # type: ignore[union-attr]
        if re.fullmatch(r"[A-Z][\w, ]+", line):
            found[line] = {}
        elif found and (entry := re.fullmatch(r" {4}(\w+) {2,}(.+)", line)):
            found[[*found][-1]][entry[1]] = entry[2]
    return found


def page(title: str, *parts: str) -> str:
    """A page of reStructuredText."""
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *parts]) + "\n"


def toctree(pages: Iterable[str], caption: str = "", hidden: bool = True) -> str:
    """A list of pages that Sphinx follows."""
    options = ["   :maxdepth: 1", *["   :hidden:"] * hidden, *[f"   :caption: {caption}"] * bool(caption)]
    return "\n".join([".. toctree::", *options, "", *(f"   {one}" for one in pages)])


def documented(name: str, value: Any) -> str:
    """What has autodoc write about a function, a class or a module."""
    if isinstance(value, types.ModuleType):
        own = [one for one, thing in vars(value).items() if getattr(thing, "__module__", "") == value.__name__]
        listed = getattr(value, "__all__", [one for one in own if one[0] != "_"])
        inside = [one for one in listed if getattr(fastneuron, one, None) is not getattr(value, one)]
        parts = [documented(f"{name}.{one}", getattr(value, one)) for one in inside]
        return "\n\n".join([f".. automodule:: fastneuron.{name}", *parts])
    if not isinstance(value, type):
        return f".. autofunction:: fastneuron.{name}"
    public = {getattr(fastneuron, one) for one in fastneuron.__all__ if isinstance(getattr(fastneuron, one), type)}
    elsewhere = [one.__name__ for one in value.__mro__[1:] if one in public or "fastneuron" not in one.__module__]
    return f".. autoclass:: fastneuron.{name}\n   :members:\n   :inherited-members: {', '.join(elsewhere)}"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """A table of two columns."""
    lines = (f"   * - {left}\n     - {right}" for left, right in rows)
    return "\n".join([".. list-table::\n   :widths: 30 70\n", *lines])


def linked(name: str) -> str:
    """A public name as a link."""
    return f"`{name} <fastneuron.{name}>`"


def reference() -> Iterator[tuple[str, str]]:
    """A page for each subject, with a line for each name, and one for each name: `cycles` and `Cycles` share one."""
    sharing: dict[str, list[str]] = {}
    for subject, lines in subjects().items():
        names = [name for name in lines if not name.startswith("__")]
        first = [name.lower() for name in names if name.lower() not in sharing]
        for name in names:
            sharing.setdefault(name.lower(), []).append(name)
        listed = table((linked(name), lines[name]) for name in names)
        yield file_of(subject), page(subject, ".. currentmodule:: fastneuron", listed, toctree(dict.fromkeys(first)))
    for file, names in sharing.items():
        parts = [documented(name, getattr(fastneuron, name)) for name in names]
        yield file, page(names[0], ".. currentmodule:: fastneuron", *parts)
    everything = table(
        (f":doc:`{subject} <{file_of(subject)}>`", ", ".join(linked(name) for name in names if name[0] != "_"))
        for subject, names in subjects().items()
    )
    yield "index", page("Reference", everything, toctree(map(file_of, subjects())))


def file_of(subject: str) -> str:
    """The name of a subject's page."""
    return re.sub(r"\W+", "_", subject.lower())


def examples() -> Iterator[tuple[str, str]]:
    """A page for each example, with its figure and its source, and one that shows all."""
    shown = []
    for name, question in fastneuron.examples.questions().items():
        path = fastneuron.examples.source(name)
        said, *code = ast.parse(path.read_text("utf-8")).body
        rest = inspect.cleandoc(ast.literal_eval(said.value)).partition("\n")[2].strip()  # type: ignore[attr-defined]
        figure = (
            f".. image:: ../../examples/{name}.png\n   :alt: {question}" if path.with_suffix(".png").exists() else ""
        )
        source = f".. literalinclude:: ../../examples/{name}.py\n   :language: python\n   :lines: {code[0].lineno}-"
        yield name, page(name, f"*{question}*", rest, f"``fastneuron example {name}``", figure, source)
        small = f"{figure}\n   :width: 60%\n   :target: {name}.html" if figure else ""
        shown.append(f":doc:`{name}`: {question}\n\n{small}")
    books = [
        f":download:`{path.name} <../../examples/{path.name}>`" for path in sorted(PACKAGE.glob("examples/*.ipynb"))
    ]
    notebooks = f"As notebooks, stored with what they show: {', '.join(books)}." if books else ""
    yield "index", page("Examples", notebooks, toctree(fastneuron.examples.questions()), *shown)


def front() -> Iterator[tuple[str, str]]:
    """The first page, and the changes."""
    guide = re.findall(r"\]\((\w+)\.md\)", (HERE / "README.md").read_text("utf-8"))
    others = sorted({path.stem for path in HERE.glob("*.md")} - {"README", *guide})
    said = inspect.getdoc(fastneuron).split("\n\n")  # type: ignore[union-attr]
    questions = fastneuron.examples.questions()
    figures = [
        f".. image:: ../examples/{name}.png\n   :target: examples/{name}.html\n   :alt: {questions[name]}\n\n"
        f":doc:`{questions[name]} <examples/{name}>`"
        for name in FRONT
        if name in questions and (PACKAGE / f"examples/{name}.png").exists()
    ]
    trees = (
        toctree(["README", *dict.fromkeys(guide), *others], "Guide", hidden=False),
        toctree(["examples/index", "api/index", "api/changes"], "More", hidden=False),
    )
    yield "index", page("fastneuron", *said[:2], *figures, said[2], *trees)
    yield "api/changes", ".. include:: ../../../CHANGELOG.md\n   :parser: myst_parser.sphinx_\n"


def write_pages(app: Any) -> None:
    """Write what is made, where it has changed: Sphinx reads no more than that again."""
    made = dict(front())
    made |= {f"api/{name}": text for name, text in reference()}
    made |= {f"examples/{name}": text for name, text in examples()}
    for name, text in made.items():
        path = HERE / f"{name}.rst"
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in {*HERE.rglob("*.rst")} - {HERE / f"{name}.rst" for name in made}:
        path.unlink()


def stay_inside(app: Any, name: str, source: list[str]) -> None:
    """Links of the guide to examples lead to their pages, other links to outside of the guide to the file itself."""
    text = re.sub(r"\(\.\./examples/(\w+)\.py\)", r"(examples/\1.rst)", source[0])
    outside = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./[^)#\s]+)(?:#[^)\s]*)?\)")
    source[0] = outside.sub(lambda link: f"{{download}}`{link[1].replace('`', '')} <{link[2]}>`", text)


def skip(app: Any, kind: str, name: str, value: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out what is between the package and itself, and what scikit-learn adds to an estimator."""
    return True if name in INSIDE or name.endswith("_request") else None


def signature(app: Any, kind: str, name: str, value: Any, options: Any, given: str, returned: str) -> Any:
    """Nothing in brackets behind a class that users do not make: its attributes are listed below."""
    return ("", "") if kind == "class" and dataclasses.is_dataclass(value) else None


def setup(app: Any) -> None:
    """Sphinx calls this when it begins."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", stay_inside)
    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-signature", signature)
