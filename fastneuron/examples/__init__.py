"""Small studies, each a file to read from top to bottom: to be run, copied and changed (extra ``plot``).

``fastneuron example`` lists them; ``fastneuron example NAME`` runs one, as ``python -m fastneuron.examples.NAME`` does.

Examples
--------
>>> import fastneuron as fn
>>> fn.examples.questions()["f_i_curves"]
'How does firing begin with the current: from a rate of 0, or with a jump?'
>>> fn.examples.source("f_i_curves").name
'f_i_curves.py'
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from .. import _check
from .._figures import pyplot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = Path(__file__).parent
INSTALLED_AS = {"sklearn": "scikit-learn"}
DPI = 150


def questions() -> dict[str, str]:
    """What each study asks, by name: the first lines of their docstrings.  None of them is imported."""
    return {path.stem: _first_line(path) for path in sorted(FOLDER.glob("[!_]*.py"))}


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def source(name: str) -> Path:
    """Where the file of a study is."""
    return FOLDER / f"{_check.known('the example', name, questions())}.py"


def study(name: str, size: float = 1.0) -> Figure:
    """Run a study; its figure.

    Parameters
    ----------
    name : str
        One of `questions`.
    size : float, default 1
        For a quick look, less: numbers of neurons, and where needed durations, are in proportion to it.

    Raises
    ------
    ValueError
        If there is no such study.
    ImportError
        If it needs a package that is not installed.
    """
    source(name)
    try:
        return import_module(f"{__name__}.{name}").study(size)
    except ModuleNotFoundError as error:
        missing = error.name or "another package"
        raise ImportError(
            f"the example {name} needs {missing}: pip install {INSTALLED_AS.get(missing, missing)}"
        ) from None


def save(figure: Figure, path: str | Path) -> Path:
    """Save the figure of a study, say so, and close it; the path, which gets the suffix .png if it has none."""
    path = Path(path)
    path = path if path.suffix else path.with_suffix(".png")
    figure.savefig(path, dpi=DPI)
    pyplot().close(figure)
    print(f"drew     {path}")
    return path
