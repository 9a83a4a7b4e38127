"""Results and snapshots as plain text: readable in a terminal and on any host."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.graph.coded import as_of
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import spoken_name

__all__ = ["MONEY_COLUMNS", "NODE_COLUMNS", "cell", "overview", "result_text", "rows_text", "shown_rows", "snapshot_text"]

_ROWS = 10
_WIDTH = 160
_NARROW = 12
NODE_COLUMNS = ("node", "via", "origin", "key", "source", "target", "read_by")
MONEY_COLUMNS = (
    *("amount", "billed", "exclusive", "shared", "freed", "cash", "promised", "realised"),
    *("before", "after", "change", "new", "gone", "volume", "price", "moved", "exchange", "unexplained"),
    *("invoiced", "recorded", "difference"),
)
"""Columns of results that hold micro-units, where they are whole numbers."""


def shown_rows(answer: Answer, rows: int) -> pl.DataFrame:
    """The first rows as people read them, all columns text: names without their namespace where that is clear."""
    currency = str(answer.summary.get("currency", ""))
    head = answer.frame.head(rows)
    spoken = answer.lineage.spoken
    return pl.DataFrame(
        {
            c: [(spoken(v) if v else "") if c in NODE_COLUMNS else cell(c, v, currency) for v in head[c].to_list()]
            for c in head.columns
        },
        schema=dict.fromkeys(head.columns, pl.String),
    )


def cell(column: str, value: Any, currency: str = "") -> str:
    """Write one value of a result for people."""
    if value is None:
        return ""
    if column in MONEY_COLUMNS and type(value) is int:
        return money(value, currency)
    if column == "share":
        return f"{value:.1%}"
    if column == "bytes":
        return _bytes(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(spoken_name(str(v)) for v in value)
    return str(value)


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if abs(size) < 1000 or unit == "TB":
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return ""


def result_text(answer: Answer) -> str:
    """Headline, first rows and trust, as text."""
    lines = [answer.headline, ""]
    if answer.frame.height:
        lines += [*rows_text(answer, _ROWS), ""]
    lines += [f"· {note}" for note in answer.trust]
    return "\n".join(lines)


def rows_text(answer: Answer, rows: int) -> list[str]:
    """First rows of an answer as lines of text, and what is left out of them."""
    shown = shown_rows(answer, rows)
    if shown.is_empty():
        return []
    empty = [c for c in shown.columns if not (shown[c] != "").any()]
    with pl.Config(
        tbl_rows=rows, tbl_cols=-1, tbl_width_chars=10 * _WIDTH, fmt_str_lengths=_WIDTH, tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True, tbl_formatting="NOTHING",
    ):
        lines = [str(_fitted(shown.drop(empty)))]
    if answer.frame.height > rows:
        lines.append(f"… {answer.frame.height - rows:,} more rows in .frame")
    return [*lines, f"Empty in these rows: {', '.join(empty)}."] if empty else lines


def _fitted(shown: pl.DataFrame) -> pl.DataFrame:
    """Clip the widest columns so that no row is broken into several lines."""
    widths = {c: max(len(c), *(len(v) for v in shown[c])) for c in shown.columns} if shown.height else {}
    room = _WIDTH - 2 * len(widths)
    while sum(widths.values()) > room and max(widths.values()) > _NARROW:
        widths[max(widths, key=lambda c: (widths[c], c not in NODE_COLUMNS))] -= 1
    return shown.with_columns(
        pl.when(pl.col(c).str.len_chars() > n).then(pl.col(c).str.slice(0, n - 1) + "…").otherwise(c).alias(c) for c, n in widths.items()
    )


def overview(lineage: Lineage) -> dict[str, str]:
    """What a snapshot holds, how fresh it is, what was rejected: name → words."""
    frames = lineage.frames
    kinds = frames["nodes"].group_by("kind").len().sort("len", "kind", descending=[True, False])
    counts = {f"{k}s" if n != 1 else k: f"{n:,}" for k, n in kinds.iter_rows()}
    end = as_of(frames)
    facts = {n: f"{frames[n].height:,}" for n in ("edges", "runs", "usage", "costs", "grants") if frames[n].height}
    fresh = f"{end:%Y-%m-%d %H:%M} UTC" if isinstance(end, datetime) else "no source gives a time"
    platforms = frames["nodes"].filter(pl.col("kind") == "dataset")["namespace"].drop_nulls().unique().sort()
    report = lineage.data.report
    read = ""
    if report.read:
        claimed = report.files.filter(pl.col("format").is_not_null())
        read = f"{report.accepted:,} records of {plural(claimed.height, 'file')} accepted, {report.rejected:,} rejected"
        if report.ignored:
            read += f", {plural(len(report.ignored), 'file')} ignored"
    return {
        "nodes": ", ".join(f"{v} {k}" for k, v in counts.items()) or "none",
        "facts": ", ".join(f"{v} {k}" for k, v in facts.items()) or "none",
        "platforms": ", ".join(platforms.head(4)) + (f" and {platforms.len() - 4} more" if platforms.len() > 4 else ""),
        "last seen": fresh,
        "read": read,
        **_conformance(lineage),
    }


def _conformance(lineage: Lineage) -> Mapping[str, str]:
    conformed = lineage.conformed
    notes = {}
    if conformed.ambiguous.height:
        notes["ambiguous"] = f"{plural(conformed.ambiguous.height, 'name')} fit several nodes and were left apart"
    if conformed.mentioned:
        notes["mentioned only"] = f"{plural(conformed.mentioned, 'node')} that no source describes"
    return notes


def snapshot_text(lineage: Lineage) -> str:
    """Say what a snapshot holds, as text."""
    rows = {k: v for k, v in overview(lineage).items() if v}
    width = max(map(len, rows))
    return "\n".join(["<Snapshot>", *(f"  {k:<{width}}  {v}" for k, v in rows.items())])
