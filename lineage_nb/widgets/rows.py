"""The table of itables with rows that are picked by click or keys, as fast at 100,000 rows as at ten."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anywidget
import itables.widget
import polars as pl
import traitlets
from itables.javascript import get_itables_extension_arguments
from itables.widget import ITable

__all__ = ["Rest", "Rows", "as_json"]

_STATIC = Path(__file__).parent / "static"
_EXPORT = re.compile(r"export\s*\{\s*(\w+)\s+as\s+default\s*\}\s*;?")


def _joined() -> str:
    """Take the module of itables with its widget as a constant, then our own around it."""
    theirs = (Path(itables.widget.__file__).parent / "static" / "widget.js").read_text(encoding="utf-8")
    return _EXPORT.sub(r"const itablesWidget = \1;", theirs) + (_STATIC / "rows.js").read_text(encoding="utf-8")


def as_json(rows: pl.DataFrame, **options: Any) -> str:
    """Write rows as itables does, every string escaped; they must be some that `Rows` shows with the same options."""
    return str(get_itables_extension_arguments(rows, None, selected_rows=[], **options)[0]["data_json"])


class Rest(anywidget.AnyWidget):  # type: ignore[misc]
    """Further rows of a table. They travel in a widget of their own: its opening may be of any size."""

    _esm = "export default {};"

    data = traitlets.Unicode().tag(sync=True)


class Rows(ITable):  # type: ignore[misc]
    """Rows of which one is picked at a time.

    Attributes
    ----------
    selected_rows : list of int
        The row picked, as a number in the frame, however the table is sorted; empty for none. The browser sets it.
    frame : polars.DataFrame
        All rows, with those that follow.
    total : int
        How many rows there will be with those of `rest`.
    rest : str
        Name of the `Rest` whose rows follow; empty as long as there is none.
    """

    _esm = _joined()

    frame: pl.DataFrame
    total = traitlets.Int(0).tag(sync=True)
    rest = traitlets.Unicode("").tag(sync=True)
