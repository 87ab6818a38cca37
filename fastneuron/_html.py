"""Short tables for notebooks; all that stands in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import Any

import numpy as np

from ._check import shown

MOST = 40  # characters of a cell
ROWS = 12  # of what there is one of for each neuron


def table(title: str, rows: Iterable[tuple[Any, ...]], heads: Sequence[str] = (), total: int = 0) -> str:
    """A table of HTML; of `total` rows, where it is given, the first few and how many more there are."""
    first = list(islice(rows, ROWS)) if total else list(rows)
    lines = [_line(heads, "th")] if heads else []
    lines += [_line(row, "td") for row in first]
    if total > len(first):
        lines.append(_line([f"and {total - len(first):,} more"], "td"))
    return f"<table><caption>{escape(title)}</caption>{''.join(lines)}</table>"


def value(given: Any) -> str:
    """A number, or how many there are and between which they lie; anything else as an error would show it."""
    if isinstance(given, np.ndarray) and given.ndim:
        return f"<{given.size} values, {given.min():g} to {given.max():g}>" if given.size else "<no values>"
    return f"{given:g}" if isinstance(given, int | float | np.ndarray | np.number) else shown(given)


def _line(cells: Iterable[Any], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{_cell(cell)}</{tag}>' for cell in cells)}</tr>"


def _cell(given: Any) -> str:
    text = str(given)
    return escape(text if len(text) <= MOST else text[: MOST - 1] + "…")
