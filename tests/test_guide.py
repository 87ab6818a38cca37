"""What the tables of the guide say of the code is so (its examples are doctests, its links are in `test_pages`)."""

import inspect
import itertools
import re
from pathlib import Path

import pytest
from conftest import PACKAGE

import fastneuron as fn
from fastneuron import models
from fastneuron._integrators import METHODS

GUIDE = PACKAGE / "guide"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(GUIDE.glob("*.md"))}
RESULTS = Path(__file__).parents[1] / "benchmarks/results"
KINDS = [
    kind
    for kind in vars(models).values()
    if inspect.isclass(kind) and issubclass(kind, fn.Model) and kind not in (fn.Model, fn.Circuit)
]


def rows(page, begin):
    """The cells of the rows of the first table whose head begins so."""
    text = PAGES[page][PAGES[page].index(f"\n{begin}") :].lstrip().split("\n\n")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_every_page_is_in_the_index():
    assert {*re.findall(r"\]\((\w+\.md)\)", PAGES["README.md"]), "README.md"} == {*PAGES}


def test_every_public_name_is_on_some_page():
    code = itertools.chain.from_iterable(re.findall(r"```.*?```|`[^`]+`", page, re.S) for page in PAGES.values())
    assert {*fn.__all__} - {*re.findall(r"\w+", " ".join(code))} == set()


def test_every_figure_is_in_the_table():
    table = rows("getting_started.md", "| `plot.` | draws |")
    assert {name for names, _ in table for name in names.split("`, `")} == {*fn.plot.__all__} - {"steady_rate"}


def row_of(kind):
    """The row of a model in the table of all, by its class."""

    def unit_of(name, usual=""):
        unit = kind.units.get(name, usual)
        return "no unit" if unit == "1" else unit

    groups = itertools.groupby(kind.names, unit_of)
    parameters = "; ".join(f"{', '.join(f'`{name}`' for name in names)} {unit}" for unit, names in groups)
    threshold = f"`{kind.threshold}`" if isinstance(kind.threshold, str) else f"{kind.threshold:g}"
    cells = (
        f"`{kind.__name__}`",
        ", ".join(f"`{state}`" for state in kind.states),
        parameters,
        unit_of("current", "uA/cm^2"),
        threshold,
    )
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_row_of_a_model_is_what_its_class_says(kind):
    assert row_of(kind) in PAGES["models.md"].splitlines()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_model_has_its_presets_and_its_source(kind):
    found = {name: (presets, source) for name, presets, source in rows("models.md", "| model | presets | source |")}
    presets, source = found[kind.__name__]
    assert presets.split("`, `") == list(kind.presets or ["its defaults"])
    assert re.search(r"\d{4}", source)


def test_the_table_of_morris_and_lecar():
    head = "| parameter | what it is | unit |"
    table = rows("models.md", head)
    assert [row[0] for row in table] == list(fn.MorrisLecar.names)
    assert {row[0]: row[2] for row in table} == {row[0]: fn.MorrisLecar.units[row[0]] for row in table}
    for column, preset in enumerate(fn.MorrisLecar.presets, 3):
        model = getattr(fn.MorrisLecar, preset)()
        for row in table:
            numerator, _, denominator = row[column].partition("/")
            assert getattr(model, row[0]) == pytest.approx(float(numerator) / float(denominator or 1), rel=1e-15)


@pytest.mark.parametrize(("kind", "head"), [("AdaptiveExponential", " (pA)"), ("Izhikevich", "")])
def test_a_preset_fires_as_it_is_called_at_the_current_of_its_docstring(kind, head):
    for names, current in rows("models.md", f"| `{kind}` | at{head} |"):
        for name in names.split("`, `"):
            given = re.search(r"(-?[\d.]+\d|\d)( pA|[ :.])", inspect.getdoc(getattr(getattr(fn, kind), name)))
            assert float(current.split(",")[0]) == float(given[1])


def test_what_methods_can_do():
    for name, _, order, step, noise, single, *_ in rows("methods.md", "| `method=` | what it is |"):
        method = METHODS[name.strip('"')]
        assert order[0].isdigit()
        assert (step != "fixed") == method.is_adaptive
        assert noise == ("none" if method.is_adaptive else "all" if method.noise else "Poisson")
        assert (single == "yes") == method.single
    assert len(rows("methods.md", "| `method=` | what it is |")) == len(METHODS)


def test_error_against_time_is_about_that_of_the_stored_run():
    head, _, *lines = (RESULTS / "peers.md").read_text(encoding="utf-8").split("\n| method | step")[1].splitlines()
    names, stored = [name.strip() for name in f" step{head}".split("|")], {}
    for line in itertools.takewhile(str.strip, lines):
        who, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        wanted = ("time", "largest error in V", "largest in spike times")
        columns = ("step or tolerance", *wanted)
        found = {
            name: float(cell.split()[0]) for name, cell in zip(names, cells, strict=False) if cell and name in columns
        }
        stored[who, found["step or tolerance"]] = [found.get(name) for name in wanted]
    table = rows("methods.md", "| method | step or tolerance | time | largest")
    assert table
    for method, setting, *given in table:
        assert [*map(float, given)] == pytest.approx(stored[f"fastneuron {method}", float(setting)], rel=0.5)


def test_the_tests_that_determinism_names_are_there():
    named = set(re.findall(r"`tests/(\w+\.py)`", PAGES["determinism.md"]))
    assert named
    assert named <= {path.name for path in Path(__file__).parent.glob("test_*.py")}
