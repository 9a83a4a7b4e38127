"""The edges a search may take, at the column level, with hubs in place of products.

Three facts would need a product of columns if they were written as plain edges: a filter on one column
touches all columns of a table; a job without column lineage may move any input column to any output column;
a report reads some columns of a table. Each becomes one *hub* with an edge per column on either side, so the
number of edges stays linear. Hubs are numbered after the real nodes and never shown.

Every edge tells in four bits which searches may take it: by value or also by influence, proved or possible;
and in a fifth that it adds no hop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.coded import NOT_DATA
from lineage_nb.graph.csr import Adjacency, Ints, build_adjacency
from lineage_nb.graph.edge_table import EdgeTable
from lineage_nb.graph.effective import Effective

__all__ = ["ALL", "FREE", "POSSIBLE_ANY", "POSSIBLE_VALUE", "PROVED_ANY", "PROVED_VALUE", "Arcs", "column_arcs", "plain_arcs"]

PROVED_VALUE, PROVED_ANY, POSSIBLE_VALUE, POSSIBLE_ANY, FREE = 1, 2, 4, 8, 16
ALL = 15
_INFLUENCE = PROVED_ANY | POSSIBLE_ANY
_POSSIBLE = POSSIBLE_VALUE | POSSIBLE_ANY
_SCHEMA = {"s": pl.Int64, "t": pl.Int64, "bits": pl.UInt8, "row": pl.Int64}


@dataclass(frozen=True)
class Arcs:
    """Edges for searching.

    Attributes
    ----------
    real : int
        Nodes without hubs; hubs are numbered real … n - 1.
    adjacency : Adjacency
        All m arcs, over n nodes.
    bits : numpy.ndarray of uint8
        Shape (m,), by edge number. Sum of `PROVED_VALUE`, `PROVED_ANY`, `POSSIBLE_VALUE`, `POSSIBLE_ANY`, `FREE`.
    row : numpy.ndarray or None
        Shape (m,). Number of the edge of the level; -1 for arcs of hubs; None: arcs are the level's edges.
    """

    real: int
    adjacency: Adjacency
    bits: NDArray[np.uint8]
    row: Ints | None = None

    @property
    def n(self) -> int:
        """Number of nodes, hubs included."""
        return self.adjacency.n

    def rows(self) -> Ints:
        """Number of the edge of the level that each arc is; -1 for arcs of hubs."""
        return np.arange(self.adjacency.m) if self.row is None else self.row


def _bits(table: EdgeTable) -> NDArray[np.uint8]:
    proved, value = table.proved, table.value
    bits = np.where(value, np.where(proved, ALL, _POSSIBLE), np.where(proved, _INFLUENCE, POSSIBLE_ANY)).astype(np.uint8)
    bits.setflags(write=False)
    return bits


def plain_arcs(table: EdgeTable) -> Arcs:
    """Arcs of a level without hubs: its edges."""
    return Arcs(table.adjacency.n, table.adjacency, _bits(table))


def column_arcs(effective: Effective, table: EdgeTable) -> Arcs:
    """Arcs of the column level.

    Parameters
    ----------
    effective : Effective
        The statements that hold.
    table : EdgeTable
        The column level's edges; their numbers are what `Arcs.row` tells.
    """
    return _ColumnLevel(effective, table).build()


class _ColumnLevel:
    """Assembles arcs: frames of numbers s (source), t (target), bits, row; d is a dataset, c a column, j a job."""

    def __init__(self, effective: Effective, table: EdgeTable) -> None:
        self.effective, self.table = effective, table
        coded = effective.coded
        self.real = self.n = len(coded.ids)
        self.is_column = coded.of_kind("column")
        column = np.flatnonzero(self.is_column)
        self.columns = pl.DataFrame({"c": column, "d": coded.data[column].astype(np.int64)})
        self.columns = self.columns.filter(pl.col("c") != pl.col("d"))
        self.parts: list[pl.DataFrame] = []

    def build(self) -> Arcs:
        """Assemble all arcs."""
        jobs, bare = self._unresolved_jobs(), self._bare_dataset_edges()
        source, target = self.table.adjacency.source, self.table.adjacency.target
        owned = np.zeros(self.real, dtype=bool)
        owned[self.columns["c"].to_numpy()] = True
        sweeping = owned[source] & ~self.table.value & ~owned[target]
        if owned[source].all() and not (sweeping.any() or self.parts or jobs.height or bare.height):
            return plain_arcs(self.table)
        edges = pl.DataFrame({"s": source, "t": target, "bits": _bits(self.table), "row": np.arange(len(self.table))})
        self._leaving(edges.filter(pl.Series(~owned[source])), jobs, bare)
        self.add(edges.filter(pl.Series(owned[source] & ~sweeping)), "s", "t")
        self._arriving(edges.filter(pl.Series(sweeping)))
        every = pl.concat(self.parts)
        adjacency, order = build_adjacency(self.n, every["s"].to_numpy(), every["t"].to_numpy())
        bits, row = every["bits"].to_numpy()[order], every["row"].to_numpy()[order].astype(adjacency.target.dtype)
        for array in (bits, row):
            array.setflags(write=False)
        return Arcs(self.real, adjacency, bits, row)

    def add(self, frame: pl.DataFrame, s: str, t: str, bits: int | None = None, *, free: bool = False) -> None:
        """Append arcs between two columns of numbers of `frame`; `bits` None takes its column."""
        if frame.is_empty():
            return
        shown = pl.col("bits").cast(pl.UInt8) if bits is None else pl.lit(bits, pl.UInt8)
        row = pl.col("row") if "row" in frame.columns else pl.lit(-1)
        arcs = frame.select(s=pl.col(s), t=pl.col(t), bits=shown | (FREE if free else 0), row=row)
        self.parts.append(arcs.cast(_SCHEMA))  # type: ignore[arg-type]

    def hubs(self, datasets: pl.Series) -> pl.DataFrame:
        """Number a hub for each dataset that has columns; one without is its own hub: columns d, hub."""
        split = pl.DataFrame({"d": datasets.unique().sort()}, schema={"d": pl.Int64})
        needed = split.join(self.columns.select("d").unique(), on="d", how="semi").sort("d")
        needed = needed.with_columns((pl.int_range(pl.len(), dtype=pl.Int64) + self.n).alias("hub"))
        self.n += needed.height
        return pl.concat([needed, split.join(needed, on="d", how="anti").with_columns(pl.col("d").alias("hub"))])

    def _unresolved_jobs(self) -> pl.DataFrame:
        """Job → what it writes without stating from which column; returns READ arcs (d, t, bits)."""
        wide = {"job": pl.Int64, "target": pl.Int64, "source": pl.Int64, "column": pl.Int64}
        writes, reads, resolved = (
            f.cast({c: t for c, t in wide.items() if c in f.columns})
            for f in (self.effective.writes, self.effective.reads, self.effective.resolved)
        )
        n_out = writes.group_by("job").agg(pl.len().alias("n_out"))
        n_in = reads.group_by("job").agg(pl.len().alias("n_in"))
        counts = n_out.join(n_in, on="job", how="left")
        sure = counts.select("job", (pl.min_horizontal("n_out", "n_in") == 1).fill_null(value=True).alias("sure"))
        every = writes.join(self.columns, left_on="target", right_on="d")
        opaque = every.join(resolved, left_on=["job", "target", "c"], right_on=["job", "target", "column"], how="anti")
        bits = pl.when("sure").then(ALL).otherwise(_POSSIBLE).alias("bits")
        whole = writes.filter(~pl.col("stated")).join(sure, on="job", how="left").with_columns(bits)
        self.add(opaque, "job", "c", _POSSIBLE, free=True)
        self.add(whole, "job", "target", free=True)
        open_jobs = pl.concat([opaque["job"], whole["job"]]).unique()
        closed = writes.filter(~pl.col("job").is_in(open_jobs.implode())).select("job").unique()
        reading = reads.join(closed, on="job", how="anti")
        return reading.select(d="source", t="job", bits=pl.lit(ALL, pl.UInt8))

    def _bare_dataset_edges(self) -> pl.DataFrame:
        """Dataset → dataset edges that neither a job nor the columns explain in full (d, t, bits)."""
        kinds = list(NOT_DATA)
        typed = self.effective.typed
        bare = typed.filter(~pl.col("source_kind").is_in(kinds) & ~pl.col("target_kind").is_in(kinds))
        bare = bare.select("source", "target", "job", (pl.col("type") == "DIRECT").alias("value")).unique()
        if bare.is_empty():
            return pl.DataFrame(schema={"d": pl.Int64, "t": pl.Int64, "bits": pl.UInt8})
        reads, writes = self.effective.reads, self.effective.writes
        ends = ["source", "target"]
        moved = reads.select("source", "job").join(writes.select("job", "target"), on="job")
        bare = bare.join(moved, on=[*ends, "job"], how="anti").drop("job").unique()
        into = self.effective.active.filter(pl.col("target_kind") == "column")
        known = into.select(c=pl.col("target").cast(pl.Int64)).unique()
        opaque = self.columns.join(known, on="c", how="anti")
        partly = opaque.select(target=pl.col("d").cast(bare.schema["target"])).unique()
        told = into.select(source="source_data", target="target_data").unique()
        bare = bare.join(told.join(partly, on="target", how="anti"), on=ends, how="anti")
        bits = pl.when("value").then(ALL).otherwise(_INFLUENCE).cast(pl.UInt8)
        untold = bare.join(told, on=ends, how="anti")
        arcs, whole = (f.select(d=pl.col("source").cast(pl.Int64), t=pl.col("target").cast(pl.Int64), bits=bits) for f in (bare, untold))
        self.add(opaque.join(arcs.select(d="t").unique(), on="d", how="semi"), "d", "c", _POSSIBLE, free=True)
        return pl.concat([arcs, self._into_columns(whole, known)])

    def _into_columns(self, whole: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
        """Let what reaches a dataset as a whole reach also its columns that others explain: through a hub (d, t, bits)."""
        explained = self.columns.join(known, on="c", how="semi")
        into = whole.join(explained.select(t="d").unique(), on="t", how="semi")
        hubs = into.select("t").unique().sort("t").with_columns((pl.int_range(pl.len(), dtype=pl.Int64) + self.n).alias("hub"))
        self.n += hubs.height
        self.add(explained.join(hubs, left_on="d", right_on="t"), "hub", "c", _POSSIBLE, free=True)
        return into.join(hubs, on="t").select("d", t="hub", bits="bits")

    def _leaving(self, stated: pl.DataFrame, jobs: pl.DataFrame, bare: pl.DataFrame) -> None:
        """What leaves a dataset as a whole leaves its hub, which each of its columns may feed."""
        nowhere = pl.lit(-1, pl.Int64).alias("row")
        wide = stated.select(d=pl.col("s").cast(pl.Int64), t=pl.col("t").cast(pl.Int64), bits="bits", row=pl.col("row").cast(pl.Int64))
        leaving = pl.concat([jobs.with_columns(nowhere), bare.with_columns(nowhere), wide])
        hubs = self.hubs(leaving["d"])
        self.add(leaving.join(hubs, on="d"), "hub", "t")
        split = hubs.filter(pl.col("d") != pl.col("hub"))
        self.add(split, "d", "hub", ALL, free=True)
        self.add(self.columns.join(split, on="d"), "c", "hub", _POSSIBLE, free=True)

    def _arriving(self, swept: pl.DataFrame) -> None:
        """A filter, join, grouping or order touches every column of its target, through a hub."""
        swept = swept.with_columns(d=pl.col("t").cast(pl.Int64))
        hubs = self.hubs(swept["d"])
        self.add(swept.join(hubs, on="d"), "s", "hub")
        split = hubs.filter(pl.col("d") != pl.col("hub"))
        self.add(split, "hub", "d", _INFLUENCE, free=True)
        self.add(self.columns.join(split, on="d"), "hub", "c", _INFLUENCE, free=True)
