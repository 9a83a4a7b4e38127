"""All rows of an answer as a live table: search, sort, pick a row, take the rows along."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as w
import polars as pl

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.views.export import write_csv, write_excel
from lineage_nb.views.labels import clean
from lineage_nb.views.table import MOST_ROWS, table_options, table_rows
from lineage_nb.widgets.asking import Asking
from lineage_nb.widgets.call import Call
from lineage_nb.widgets.rows import Rest, Rows, as_json

__all__ = ["FIRST_ROWS", "AnswerTable"]

FIRST_ROWS = 1_000
"""Rows sent at once; the others follow, up to `MOST_ROWS`."""

# Jupyter's server drops updates of a widget beyond 1 MB a second, but never the opening of a new one.
_MOST_UPDATED = 250_000
_ROW = {"align_items": "center", "flex_flow": "row wrap"}
_EXPORTS = {
    "csv": ("CSV", "text/csv", write_csv),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_excel),
}


class AnswerTable(w.VBox):  # type: ignore[misc]
    """The rows of an answer.

    Parameters
    ----------
    picked : callable
        Told the row of the answer's frame that was clicked.
    call : Call
        Hands files to the browser.

    Attributes
    ----------
    rows : Rows or None
        The table itself; None before the first answer with rows.
    exports : dict of str to Button
        By ending: csv, xlsx.
    """

    def __init__(self, picked: Callable[[int], object], call: Call) -> None:
        self._picked, self._call = picked, call
        self._answer: Answer | None = None
        self._columns: list[str] = []
        self.rows: Any = None
        self.caption = w.Label()
        self._rest: Rest | None = None
        self._asking = Asking(_further, self._follow, bool)
        self.exports = {}
        for ending, (title, _, _) in _EXPORTS.items():
            tooltip = f"Save all rows as {title}, with whole names and exact amounts"
            self.exports[ending] = w.Button(description=f"Save {title}", tooltip=tooltip, layout={"width": "auto"})
            self.exports[ending].on_click(lambda _, ending=ending: self._export(ending))
        self._bar = w.HBox([self.caption, *self.exports.values()], layout=_ROW)
        super().__init__([self._bar])

    def show(self, answer: Answer | None) -> None:
        """Show the rows of another answer; None: nothing."""
        self._answer = answer
        self.layout.display = "none" if answer is None or not answer.frame.height else None
        if answer is not None and answer.frame.height:
            self._begin(answer)

    def _begin(self, answer: Answer) -> None:
        """Show the first rows now, and let the others follow."""
        shown, coming = table_rows(answer, FIRST_ROWS), min(answer.frame.height, MOST_ROWS)
        self._asking.give_up()
        if shown.height == coming:
            self._put(shown)
            self.caption.value = _caption(coming, answer.frame.height)
            return
        self._put(shown, coming)
        self.caption.value = f"{plural(answer.frame.height, 'row')}. The first {shown.height:,} are here; search and order wait for the others."
        self._asking.ask((answer, self.rows, self._columns), 0.0)

    def _follow(self, found: tuple[Any, pl.DataFrame, str] | Exception) -> None:
        """Add the rows that were not sent at first."""
        if isinstance(found, Exception):
            self._call.said = clean(f"Only the first rows are here: {type(found).__name__}: {found}", 300)
            return
        table, shown, further = found
        answer = self._answer
        if answer is None or table is not self.rows:
            return
        if further:
            self._rest = Rest(data=further)
            table.frame = shown
            table.rest = f"IPY_MODEL_{self._rest.model_id}"
        else:
            self._put(shown)
        self.caption.value = _caption(shown.height, answer.frame.height)

    def _put(self, shown: pl.DataFrame, coming: int = 0) -> None:
        """Show rows; `coming` is how many they will be with those that follow, if any do."""
        options = table_options(shown)
        whole = self.rows is not None and not self.rows.total and not coming
        if whole and self._columns == shown.columns and shown.estimated_size() <= _MOST_UPDATED:
            self.rows.update(shown, selected_rows=[], **options)
            self.rows.frame = shown
            return
        old, rest = self.rows, self._rest
        self.rows, self._rest = Rows(shown, selected_rows=[], **options), None
        self.rows.total, self.rows.frame = coming, shown
        self._columns = shown.columns
        self.rows.observe(self._selected, "selected_rows")
        self.children = [self._bar, self.rows]
        for gone in (old, rest):
            if gone is not None:
                gone.close()

    def _selected(self, change: dict[str, Any]) -> None:
        """The browser counts rows as they were sent, however they are sorted."""
        chosen = change["new"]
        if self._answer is not None and chosen and chosen[0] < self._answer.frame.height:
            self._picked(chosen[0])

    def _export(self, ending: str) -> None:
        if self._answer is None:
            return
        _, mime, write = _EXPORTS[ending]
        name = f"{self._answer.analysis}.{ending}"
        try:
            with tempfile.TemporaryDirectory() as folder:
                content = write(self._answer, Path(folder) / name).read_bytes()
            self._call.hand_over(name, mime, content)
        except (LineageError, OSError) as error:
            self._call.said = clean(f"Not saved: {error}", 300)


def _further(question: tuple[Answer, Any, list[str]]) -> tuple[Any, pl.DataFrame, str] | Exception:
    """Write the rows after the first; none of them where they need other columns than those have."""
    answer, table, columns = question
    try:
        shown = table_rows(answer, MOST_ROWS)
        further = as_json(shown.slice(FIRST_ROWS), **table_options(shown)) if shown.columns == columns else ""
    except Exception as error:  # noqa: BLE001 - told beside the table; a thread has nobody else to tell
        return error
    return table, shown, further


def _caption(shown: int, total: int) -> str:
    if shown == total:
        return f"{plural(total, 'row')}. Click one to see why it is there."
    return (
        f"First {shown:,} of {total:,} rows: search and order look through these alone; all are in "
        "result.frame. Click one to see why it is there."
    )
