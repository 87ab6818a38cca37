"""What the README says of the code is so (its examples are doctests)."""

import re
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn

README = (Path(__file__).parents[1] / "README.md").read_text()
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
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parents[1] / path).exists(), path


def test_every_figure_of_speed_is_from_the_stored_run():
    stored = (Path(__file__).parents[1] / "benchmarks/results/peers.md").read_text().splitlines()
    section = README[README.index("<!-- performance -->") :].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert rows
    assert set(rows) <= set(stored)
    assert stored[0] in section


def test_its_rows_of_speed_are_few_and_to_be_trusted():
    section = README[README.index("<!-- performance -->") :].split("\n## ")[0]
    rows = [line for line in section.splitlines() if " | " in line and "faster" not in line]
    assert 0 < len(rows) <= 8
    assert "DISTRUST" not in section
    assert "benchmarks/README.md" in section


def test_python_stands_under_the_first_picture():
    assert README.index("![") < README.index("```python") < README.index("<!-- command: run -->")
