"""Files with billing exports: which are, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from lineage_nb.errors import FormatError
from lineage_nb.model.merge import unite
from lineage_nb.model.normalise import normalise
from lineage_nb.model.report import ReportBuilder
from lineage_nb.sources.billing.reader import Layout, layout_of, lines_of, plain
from lineage_nb.sources.registry import Entry, Format
from lineage_nb.sources.tables import SUFFIXES, columns_of, load

__all__ = ["billing_format"]

_TELLING = ("BilledCost", "billed_cost", "lineItem/UnblendedCost", "line_item_unblended_cost")


def billing_format(layout: Layout, what: str) -> Format:
    """Make the format of one layout of billing exports.

    Parameters
    ----------
    layout : Layout
        What the columns hold.
    what : str
        What it is, for people.
    """

    def claims(entry: Entry) -> bool:
        if entry.suffix not in SUFFIXES or (entry.suffix != ".parquet" and not _may_be(entry.head)):
            return False
        return layout_of([columns_of(entry, _TELLING)]) is layout

    def read(entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]) -> Mapping[str, pl.DataFrame]:
        return _read(entries, report, layout, str(options.get("currency") or ""))

    return Format(name=layout.name, what=what, claims=claims, read=read, options=("currency",))


def _may_be(head: bytes) -> bool:
    line = plain(head.partition(b"\n")[0].decode("utf-8", "replace"))
    return "billedcost" in line or "unblendedcost" in line


def _read(entries: Sequence[Entry], report: ReportBuilder, layout: Layout, currency: str) -> Mapping[str, pl.DataFrame]:
    rows = []
    for entry in entries:
        file = report.file(entry.path, layout.name)
        try:
            table = load(entry, _TELLING)
            missing = sorted(set(layout.signs) - {plain(c) for c in table.columns}) if table.height else []
            fault = f"columns are missing: {', '.join(missing)}" if missing else ""
        except FormatError as error:
            fault = str(error)
        if fault:
            file.count()
            file.reject("file", f"cannot be read as {layout.name}", fault)
            continue
        if table.is_empty():
            file.note("empty")
            continue
        rows.append(lines_of(table, layout, file, currency))
    return unite([{"costs": normalise("costs", frame)} for frame in rows if frame.height])
