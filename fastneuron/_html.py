"""Short tables for notebooks; all that stands in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

MOST = 40  # characters of a cell


def table(title: str, rows: Iterable[tuple[Any, ...]]) -> str:
    """A table of HTML."""
    lines = ["".join(f"<td>{_cell(value)}</td>" for value in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{escape(title)}</caption>{body}</table>"


def _cell(value: Any) -> str:
    text = str(value)
    return escape(text if len(text) <= MOST else text[: MOST - 1] + "…")
