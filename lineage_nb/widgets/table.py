"""All rows of an answer as a live table: search, sort, pick a row, take the rows along."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as w

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.views.export import write_csv, write_excel
from lineage_nb.views.labels import clean
from lineage_nb.views.table import MOST_ROWS, table_options, table_rows
from lineage_nb.widgets.call import Call
from lineage_nb.widgets.rows import Rows

__all__ = ["FIRST_ROWS", "AnswerTable"]

FIRST_ROWS = 10_000
"""Rows sent at once; up to `MOST_ROWS` on request."""

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
        self.more = w.Button(description="Load more rows", layout={"width": "auto"})
        self.more.on_click(lambda _: self._load(MOST_ROWS))
        self.exports = {}
        for ending, (title, _, _) in _EXPORTS.items():
            tooltip = f"Save all rows as {title}, with whole names and exact amounts"
            self.exports[ending] = w.Button(description=f"Save {title}", tooltip=tooltip, layout={"width": "auto"})
            self.exports[ending].on_click(lambda _, ending=ending: self._export(ending))
        self._bar = w.HBox([self.caption, self.more, *self.exports.values()], layout=_ROW)
        super().__init__([self._bar])

    def show(self, answer: Answer | None) -> None:
        """Show the rows of another answer; None: nothing."""
        self._answer = answer
        self.layout.display = "none" if answer is None or not answer.frame.height else None
        if answer is not None and answer.frame.height:
            self._load(FIRST_ROWS)

    def _load(self, most: int) -> None:
        answer = self._answer
        if answer is None:
            return
        shown = table_rows(answer, most)
        total = answer.frame.height
        self.caption.value = _caption(shown.height, total)
        self.more.layout.display = None if shown.height < min(total, MOST_ROWS) else "none"
        self.more.description = f"Load {'all' if total <= MOST_ROWS else f'the first {MOST_ROWS:,}'} rows"
        options = table_options(shown)
        if self.rows is not None and self._columns == shown.columns and shown.estimated_size() <= _MOST_UPDATED:
            self.rows.update(shown, selected_rows=[], **options)
            return
        old = self.rows
        self.rows = Rows(shown, selected_rows=[], **options)
        self._columns = shown.columns
        self.rows.observe(self._selected, "selected_rows")
        self.children = [self._bar, self.rows]
        if old is not None:
            old.close()

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


def _caption(shown: int, total: int) -> str:
    if shown == total:
        return f"{plural(total, 'row')}. Click one to see why it is there."
    return (
        f"First {shown:,} of {total:,} rows: search and order look through these alone; all are in "
        "result.frame. Click one to see why it is there."
    )
