"""What the README says of the code is so (its examples are doctests)."""

import json
import re
from pathlib import Path

from benchmarks import page

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_there_are_exactly_two_commands():
    assert re.findall(r"<!-- command: (\w+) -->\n```sh\n[^\n]+\n```\n", README) == ["run", "test"]
    assert README.count("venv ") == 2


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


def test_it_is_read_in_five_minutes():
    assert len(README.splitlines()) < 200


def test_python_stands_under_the_first_picture():
    assert README.index("![") < README.index("```python") < README.index("<!-- command: run -->")
