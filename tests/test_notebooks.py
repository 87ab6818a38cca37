"""The notebooks among the examples run, and show what they are stored with."""

import re

import pytest

import fastneuron as fn

BOOKS = sorted(fn.examples.FOLDER.glob("*.ipynb"))
TITLES = {  # of the tables, one for a cell that ends with something
    "network": ["Network of 4,000 neurons, seed 1", "Estimate", "NetworkRun for 300 ms", "Simulation at 300 ms"],
    "population": ["MorrisLecar", "Run", "9,933 spikes of 1,000 neurons", "Excitability of MorrisLecar"],
}
WIDGET = "application/vnd.jupyter.widget-view+json"


def shown(book, kind):
    """What its cells show of a kind."""
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def check(book, name):
    tables = [re.match("<table><caption>(.*?)</caption>", text)[1] for text in shown(book, "text/html")]
    assert len(tables) == len(TITLES[name])
    assert all(map(str.startswith, tables, TITLES[name])), tables
    assert len(shown(book, "image/png")) >= 1
    assert len(shown(book, WIDGET)) == 1
    said = [output for cell in book.cells for output in cell.get("outputs", []) if output.output_type != "display_data"]
    assert not [output for output in said if output.output_type == "error" or output.get("name") == "stderr"]
    states = book.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    values = [str(one["state"].get("value")) for one in states]
    assert "100%" in values  # the bar has come to its end
    assert any(re.search(r"(\d+)/\1\sms\s.*neuron-steps/s", value) for value in values), values


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_is_stored_with_what_it_shows(path):
    nbformat = pytest.importorskip("nbformat")
    check(nbformat.read(path, 4), path.stem)
    assert path.stat().st_size < 250_000


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of the kernel's own packages
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_runs(path, tmp_path):
    import nbclient
    import nbformat

    book = nbformat.read(path, 4)
    nbclient.NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    check(book, path.stem)


def test_a_bar_of_a_notebook_without_widgets_is_that_of_a_terminal(python):
    program = """
import sys, types
sys.modules |= {name: types.ModuleType(name) for name in ("ipykernel.zmqshell", "IPython")} | {"ipywidgets": None}
sys.modules["IPython"].get_ipython = sys.modules["IPython"].version_info = lambda: None
from fastneuron._progress import bar
with bar(True, 3.0) as tick:
    tick(3.0)
print(sys.modules["tqdm.auto"].tqdm.__mro__[1].__module__, "tqdm.notebook" in sys.modules)
"""
    assert python(program).split() == ["tqdm.std", "True"]
