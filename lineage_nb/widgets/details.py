"""What is known of one node, as HTML in which every string is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Protocol

import polars as pl

from lineage_nb.graph.lineage_graph import Level, LineageGraph
from lineage_nb.model.names import spoken_name
from lineage_nb.views.labels import caption, clean

__all__ = ["details_html"]

_MOST_COLUMNS = 60
_MOST_TEXT = 600


class _HasGraph(Protocol):
    def graph(self, level: Level = "dataset") -> LineageGraph: ...


def details_html(lineage: _HasGraph, nodes: pl.DataFrame, level: Level, node: str | None) -> str:
    """Describe a node: what it is, who owns it, how much is upstream and downstream, its columns.

    Parameters
    ----------
    lineage
        Gives the graphs that the counts come from.
    nodes : polars.DataFrame
        All nodes.
    level : {"dataset", "column", "job"}
        Level at which to count.
    node : str or None
        Full id; None gives a hint what to do.

    Returns
    -------
    str
        HTML; the counts are exact.
    """
    if node is None:
        return '<div class="ln-details"><p class="ln-quiet">Click a box to see what is known of it.</p></div>'
    row = nodes.row(by_predicate=pl.col("id") == node, named=True)
    is_column = row["kind"] == "column"
    graph = lineage.graph("column" if is_column else level)
    up, down = graph.upstream(node).height, graph.downstream(node).height
    what = str(row.get("type") or row["kind"])
    facts = [
        ("kind", _text(what if what == row["kind"] else f"{what} ({row['kind']})")),
        ("upstream", f"{up:,}"),
        ("downstream", f"{down:,}"),
        ("owners", _text(", ".join(spoken_name(str(owner)) for owner in row.get("owners") or []))),
        ("tags", _chips(row.get("tags"))),
        ("tier", _text(row.get("tier"))),
        ("type", _text(row.get("data_type"))),
        ("size", _bytes(row.get("bytes"))),
        ("last seen", _text(row["last_seen"].strftime("%Y-%m-%d %H:%M UTC") if row.get("last_seen") else None)),
        ("deleted", _text(row["deleted_at"].strftime("%Y-%m-%d") if row.get("deleted_at") else None)),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts if value)
    dataset = str(row["parent"]) if is_column and row.get("parent") else node
    about = f"<p>{_text(row['description'])}</p>" if row.get("description") else ""
    return (
        f'<div class="ln-details"><h4>{_text(caption(row)[0])}</h4><div class="ln-quiet">{_text(node)}</div>'
        f"<dl>{listed}</dl>{about}{_columns(nodes, dataset, node)}</div>"
    )


def _text(value: object) -> str:
    return escape(clean(value, _MOST_TEXT)) if value not in (None, "") else ""


def _chips(tags: Iterable[object] | None) -> str:
    return "".join(f'<span class="ln-chip">{_text(tag)}</span>' for tag in tags or [])


def _bytes(count: int | None) -> str:
    if count is None:
        return ""
    size, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB", "TB", "PB"):
        if size < 1_000 or unit == "PB":
            break
        size /= 1_000
    return f"{size:,.0f} B" if unit == "B" else f"{size:,.1f} {unit}"


def _columns(nodes: pl.DataFrame, dataset: str, chosen: str) -> str:
    own = nodes.filter((pl.col("kind") == "column") & (pl.col("parent") == dataset)).sort("ordinal", "id", nulls_last=True)
    if own.is_empty():
        return ""
    first = own.head(_MOST_COLUMNS)
    if own.height > _MOST_COLUMNS and chosen != dataset and chosen not in first["id"]:
        first = pl.concat([own.filter(pl.col("id") == chosen), first])
    rows = "".join(_column(row, chosen) for row in first.iter_rows(named=True))
    more = own.height - _MOST_COLUMNS
    rest = f'<p class="ln-quiet">and {more:,} more</p>' if more > 0 else ""
    return f'<div class="ln-quiet">{own.height:,} column{"s" if own.height != 1 else ""}</div><table>{rows}</table>{rest}'


def _column(row: Mapping[str, Any], chosen: str) -> str:
    mark = ' class="ln-chosen" aria-current="true"' if row["id"] == chosen else ""
    cells = (_text(caption(row)[0]), _text(row.get("data_type")), _chips(row.get("tags")))
    return f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
