"""The columns of open boxes, and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl

from lineage_nb.graph.lineage_graph import Level, LineageGraph
from lineage_nb.views.labels import caption, clean
from lineage_nb.views.marks import Row

__all__ = ["MOST_FLOWS", "Columns", "Flow"]

MOST_FLOWS = 600
"""Edges between columns that are drawn at most."""


class HasGraphs(Protocol):
    """A snapshot, or the lineage below one."""

    @property
    def frames(self) -> Mapping[str, pl.DataFrame]:
        """Conformed frames by name."""
        ...

    def graph(self, level: Level = "dataset") -> LineageGraph:
        """Give the graph of a level."""
        ...


@dataclass(frozen=True, slots=True)
class Flow:
    """An edge between columns of open boxes, or from a column to a box: ids, and None for the box itself."""

    source_box: str
    source: str | None
    target_box: str
    target: str | None
    value: bool
    proved: bool


class Columns:
    """Looks up the columns of tables.

    Parameters
    ----------
    lineage : Snapshot or Lineage
        What they belong to.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(nodes={"id": ["t#b", "t#a"], "kind": ["column"] * 2, "parent": ["t"] * 2})
    >>> Columns(snap).counts(["t", "u"])
    {'t': 2}
    """

    def __init__(self, lineage: HasGraphs) -> None:
        self._lineage = lineage

    @cached_property
    def _own(self) -> pl.DataFrame:
        nodes = self._lineage.frames["nodes"]
        wanted = [c for c in ("id", "kind", "name", "namespace", "parent", "data_type", "tags", "ordinal") if c in nodes.columns]
        return nodes.select(wanted).filter((pl.col("kind") == "column") & pl.col("parent").is_not_null())

    def counts(self, tables: Iterable[str]) -> dict[str, int]:
        """Count the columns of tables; those without are left out."""
        mine = self._own.filter(pl.col("parent").is_in(list(tables)))
        return dict(mine.group_by("parent").len().sort("parent").iter_rows())

    def flows(self, tables: Sequence[str]) -> list[Flow]:
        """List the edges between columns of the given tables, and from columns to these tables, each once."""
        if not tables:
            return []
        graph = self._lineage.graph("column")
        boxes = {n: t for t in tables if (n := graph.naming.number(t)) is not None}
        inside = np.flatnonzero(np.isin(graph.homes, np.array(list(boxes), dtype=np.int64)))
        held = np.zeros(len(graph), dtype=bool)
        held[inside] = True
        at, found, edge = graph.forward.expand(inside)
        source = inside[at]
        keep = held[found] & (graph.homes[source] != graph.homes[found]) & (graph.homes[source] != source)
        source, found, edge = source[keep], found[keep], edge[keep]
        names = graph.names(np.concatenate([source, found])).to_list()
        value, proved = graph.table.value[edge].tolist(), graph.table.proved[edge].tolist()
        flows = []
        for i, (a, b) in enumerate(zip(source.tolist(), found.tolist(), strict=True)):
            home = int(graph.homes[b])
            target = None if home == b else names[len(source) + i]
            flows.append(Flow(boxes[int(graph.homes[a])], names[i], boxes[home], target, value[i], proved[i]))
        return flows

    def rows(self, table: str, most: int, linked: set[str], first: str | None = None) -> tuple[Row, ...]:
        """List at most `most` columns of a table: `first`, then those with lineage to others, then the rest."""
        mine = self._own.filter(pl.col("parent") == table)
        ranked = mine.sort(
            pl.col("id") != (first or ""), ~pl.col("id").is_in(list(linked)), pl.col("ordinal").fill_null(1 << 30), "id"
        )
        return tuple(self._row(row, linked) for row in ranked.head(most).iter_rows(named=True))

    @staticmethod
    def _row(row: Mapping[str, object], linked: set[str]) -> Row:
        tags = row.get("tags") or []
        flags = {
            "linked": row["id"] in linked,
            "pii": any(str(t).startswith("pii:") for t in tags),  # type: ignore[attr-defined]
        }
        kept = frozenset(name for name, is_so in flags.items() if is_so)
        return Row(str(row["id"]), clean(caption(row)[0]), clean(row.get("data_type") or ""), kept)
