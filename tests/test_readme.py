"""What the README says of the code is so (its examples are doctests)."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn
from benchmarks import page

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TABLE = README[README.index("| parameter |") :].split("\n\n")[0].splitlines()
HEAD, _, *ROWS = ([cell.strip(" `") for cell in line.strip("|").split("|")] for line in TABLE)


def test_there_are_exactly_two_commands():
    assert re.findall(r"<!-- command: (\w+) -->\n```sh\n[^\n]+\n```\n", README) == ["run", "test"]
    assert README.count("venv ") == 2


def test_every_parameter_is_in_the_table_with_its_unit():
    assert [row[0] for row in ROWS] == list(fn.MorrisLecar().parameters)
    assert {row[0]: row[2] for row in ROWS} == {name: fn.MorrisLecar.units[name] for name, *_ in ROWS}


@pytest.mark.parametrize("preset", fn.MorrisLecar.presets)
def test_published_sets_in_the_table(preset):
    column = HEAD.index(preset)
    model = getattr(fn.MorrisLecar, preset)()
    for row in ROWS:
        numerator, _, denominator = row[column].partition("/")
        stated = float(numerator) / float(denominator or 1)
        np.testing.assert_allclose(getattr(model, row[0]), stated, rtol=1e-15, err_msg=row[0])


def test_every_figure_and_file_it_names_is_there():
    checkout = (ROOT / "fastneuron").exists()  # what is installed has no figures
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).exists() or (not checkout and path.startswith("fastneuron/")), path


STORED = ROOT / "benchmarks/results/peers.json"
SPEED = README[README.index(page.BEGIN) : README.index(page.END) + len(page.END)]


def test_every_figure_of_speed_is_from_the_stored_run():
    stored = json.loads(STORED.read_text())
    assert page.section(stored) == SPEED, "`python -m benchmarks readme` puts it right"
    assert page.markdown(stored) == STORED.with_suffix(".md").read_text()


def test_its_rows_of_speed_are_few_and_to_be_trusted():
    rows = [line for line in SPEED.splitlines() if line.startswith("| ") and not line.startswith("| what")]
    assert 0 < len(rows) <= 8
    assert all(float(row.split("|")[6].strip(" %")) < 5 for row in rows)  # A/A
    assert "DISTRUST" not in SPEED
    assert SPEED.count("![") == 1


def test_python_stands_under_the_first_picture():
    assert README.index("![") < README.index("```python") < README.index("<!-- command: run -->")
