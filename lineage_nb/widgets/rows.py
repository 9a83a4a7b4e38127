"""The table of itables with rows that are picked by click or keys, as fast at 100,000 rows as at ten."""

from __future__ import annotations

import re
from pathlib import Path

import itables.widget
from itables.widget import ITable

__all__ = ["Rows"]

_STATIC = Path(__file__).parent / "static"
_EXPORT = re.compile(r"export\s*\{\s*(\w+)\s+as\s+default\s*\}\s*;?")


def _joined() -> str:
    """Take the module of itables with its widget as a constant, then our own around it."""
    theirs = (Path(itables.widget.__file__).parent / "static" / "widget.js").read_text(encoding="utf-8")
    return _EXPORT.sub(r"const itablesWidget = \1;", theirs) + (_STATIC / "rows.js").read_text(encoding="utf-8")


class Rows(ITable):  # type: ignore[misc]
    """Rows of which one is picked at a time.

    Attributes
    ----------
    selected_rows : list of int
        The row picked, as a number in the frame, however the table is sorted; empty for none. The browser sets it.
    """

    _esm = _joined()
