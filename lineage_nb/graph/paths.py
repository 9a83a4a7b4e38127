"""The edges a search may take, at the column level, with hubs in place of products.

Three facts would need a product of columns if they were written as plain edges: a filter on one column
touches all columns of a table; a job without column lineage may move any input column to any output column;
a report reads some columns of a table. Each becomes one *hub* with an edge per column on either side, so the
number of edges stays linear. Hubs are numbered after the real nodes and never shown.

Every edge tells in four bits which searches may take it: by value or also by influence, proved or possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.effective import NOT_DATA, reads, writers

__all__ = ["POSSIBLE_ANY", "POSSIBLE_VALUE", "PROVED_ANY", "PROVED_VALUE", "Arcs", "column_arcs", "plain_arcs"]

PROVED_VALUE, PROVED_ANY, POSSIBLE_VALUE, POSSIBLE_ANY = 1, 2, 4, 8
_ALL = 15
_INFLUENCE = PROVED_ANY | POSSIBLE_ANY
_POSSIBLE = POSSIBLE_VALUE | POSSIBLE_ANY
_SCHEMA = {"s": pl.Int64, "t": pl.Int64, "bits": pl.UInt8, "free": pl.Boolean, "row": pl.Int64}


@dataclass(frozen=True)
class Arcs:
    """Edges for searching, as arrays of equal length m.

    Attributes
    ----------
    n, real : int
        Nodes with and without hubs; hubs are numbered real … n - 1.
    source, target : numpy.ndarray
        Node numbers.
    bits : numpy.ndarray of uint8
        Sum of `PROVED_VALUE`, `PROVED_ANY`, `POSSIBLE_VALUE`, `POSSIBLE_ANY`.
    free : numpy.ndarray of bool
        Edges that add no hop.
    row : numpy.ndarray
        Row of the edge in the frame of its level; -1 for edges of hubs.
    """

    n: int
    real: int
    source: Ints
    target: Ints
    bits: NDArray[np.uint8]
    free: NDArray[np.bool_]
    row: Ints


def _bits(value: str = "value", certainty: str = "certainty") -> pl.Expr:
    proved = pl.col(certainty) == "proved"
    return (
        pl.when(pl.col(value) & proved)
        .then(_ALL)
        .when(pl.col(value))
        .then(_POSSIBLE)
        .when(proved)
        .then(_INFLUENCE)
        .otherwise(POSSIBLE_ANY)
        .cast(pl.UInt8)
    )


def _arcs(n: int, real: int, parts: list[pl.DataFrame]) -> Arcs:
    frame = pl.concat([p.select(*_SCHEMA).cast(_SCHEMA) for p in parts])  # type: ignore[arg-type]
    arrays = {c: frame[c].to_numpy().copy() for c in _SCHEMA}
    for array in arrays.values():
        array.setflags(write=False)
    return Arcs(n, real, arrays["s"], arrays["t"], arrays["bits"], arrays["free"], arrays["row"])


def _numbered(edges: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Add s and t, the node numbers of source and target."""
    for side, short in (("source", "s"), ("target", "t")):
        edges = edges.join(numbers.rename({"id": side, "i": short}), on=side, how="left", maintain_order="left")
    return edges


def plain_arcs(edges: pl.DataFrame, numbers: pl.DataFrame) -> Arcs:
    """Arcs of a level without hubs: one per edge.

    Parameters
    ----------
    edges : polars.DataFrame
        Columns source, target, value, certainty.
    numbers : polars.DataFrame
        Columns id, i: the number of every node.
    """
    arcs = _numbered(edges, numbers).with_row_index("row").with_columns(_bits().alias("bits"), pl.lit(value=False).alias("free"))
    return _arcs(numbers.height, numbers.height, [arcs])


def column_arcs(active: pl.DataFrame, edges: pl.DataFrame, nodes: pl.DataFrame) -> Arcs:
    """Arcs of the column level.

    Parameters
    ----------
    active : polars.DataFrame
        From `effective.active_edges`.
    edges : polars.DataFrame
        From `effective.column_edges`; rows are what `Arcs.row` points at.
    nodes : polars.DataFrame
        Every node of the snapshot, one row each, sorted by id.
    """
    return _ColumnLevel(active, edges, nodes).build()


class _ColumnLevel:
    def __init__(self, active: pl.DataFrame, edges: pl.DataFrame, nodes: pl.DataFrame) -> None:
        self.active, self.edges = active, edges
        self.real = self.n = nodes.height
        self.numbers = nodes.select("id", pl.int_range(pl.len()).alias("i"))
        columns = nodes.select(pl.col("id").alias("column"), "parent", "kind", pl.int_range(pl.len()).alias("c"))
        self.columns = columns.filter(pl.col("kind") == "column").join(
            self.numbers.rename({"id": "parent", "i": "d"}), on="parent"
        ).select("column", "parent", "c", "d")
        self.parts: list[pl.DataFrame] = []

    def build(self) -> Arcs:
        """Assemble all arcs."""
        stated = _numbered(self.edges, self.numbers).with_row_index("row")
        stated = stated.with_columns(_bits().alias("bits"), pl.lit(value=False).alias("free"))
        jobs = self._unresolved_jobs()
        bare = self._bare_dataset_edges()
        self._leaving(stated, jobs, bare)
        self._arriving(stated)
        return _arcs(self.n, self.real, self.parts)

    def add(self, frame: pl.DataFrame, s: str, t: str, bits: int | None, *, free: bool) -> None:
        """Append arcs between two columns of numbers of `frame`; `bits` None takes its column."""
        shown = pl.col("bits") if bits is None else pl.lit(bits, pl.UInt8)
        row = pl.col("row").cast(pl.Int64) if "row" in frame.columns else pl.lit(-1, pl.Int64)
        self.parts.append(
            frame.select(pl.col(s).alias("s"), pl.col(t).alias("t"), shown.alias("bits"), pl.lit(free).alias("free"), row.alias("row"))
        )

    def hubs(self, datasets: pl.Series) -> pl.DataFrame:
        """Number a hub for each dataset that has columns; one without is its own hub: columns d, hub."""
        with_columns = self.columns["d"].unique()
        frame = pl.DataFrame({"d": datasets.unique().sort()}, schema={"d": pl.Int64})
        split = frame.with_columns(pl.col("d").is_in(with_columns.implode()).alias("needs"))
        needed = split.filter("needs").with_columns((pl.int_range(pl.len()) + self.n).alias("hub"))
        self.n += needed.height
        return pl.concat([needed, split.filter(~pl.col("needs")).with_columns(pl.col("d").alias("hub"))]).select("d", "hub")

    def _unresolved_jobs(self) -> pl.DataFrame:
        """Job → what it writes without stating from which column; returns READ arcs (d, j)."""
        outputs = writers(self.active).join(self.numbers.rename({"id": "job", "i": "j"}), on="job").join(
            self.numbers.rename({"id": "target", "i": "d"}), on="target"
        )
        inputs = reads(self.active)
        sure = outputs.group_by("job").agg(pl.len().alias("n_out")).join(
            inputs.group_by("job").agg(pl.len().alias("n_in")), on="job", how="left"
        ).select("job", (pl.min_horizontal("n_out", "n_in") == 1).alias("sure"))
        per_column = outputs.join(self.columns, on="d").with_columns(
            pl.col("column").is_in(pl.col("resolved").fill_null([])).alias("known")
        )
        opaque = per_column.filter(~pl.col("known"))
        whole = outputs.filter(pl.col("resolved").is_null()).join(sure, on="job", how="left").with_columns(
            pl.when(pl.col("sure").fill_null(value=True)).then(_ALL).otherwise(_POSSIBLE).cast(pl.UInt8).alias("bits")
        )
        self.add(opaque, "j", "c", _POSSIBLE, free=True)
        self.add(whole, "j", "d", None, free=True)
        open_jobs = pl.concat([opaque["job"], whole["job"]]).unique()
        closed = outputs.filter(~pl.col("job").is_in(open_jobs.implode()))["job"]
        return (
            inputs.filter(~pl.col("job").is_in(closed.implode()))
            .join(self.numbers.rename({"id": "source", "i": "d"}), on="source")
            .join(self.numbers.rename({"id": "job", "i": "j"}), on="job")
            .select("d", pl.col("j").alias("t"), pl.lit(_ALL, pl.UInt8).alias("bits"))
        )

    def _bare_dataset_edges(self) -> pl.DataFrame:
        """Dataset → dataset edges that neither a job nor the columns explain in full (d, t, bits)."""
        kinds = list(NOT_DATA)
        bare = self.active.filter(
            pl.col("type").is_in(["DIRECT", "INDIRECT"]) & ~pl.col("source_kind").is_in(kinds) & ~pl.col("target_kind").is_in(kinds)
        ).select("source", "target", "job", (pl.col("type") == "DIRECT").alias("value"), pl.lit("proved").alias("certainty"))
        by_job = reads(self.active).join(writers(self.active), on="job").select("source", "target", "job")
        by_column = self.active.filter(pl.col("target_kind") == "column").select(
            pl.col("source_data").alias("source"), pl.col("target_data").alias("target")
        )
        bare = bare.unique().join(by_job.unique(), on=["source", "target", "job"], how="anti").drop("job").unique()
        resolved = self.active.filter(pl.col("target_kind") == "column")["target"].unique()
        opaque = self.columns.filter(~pl.col("column").is_in(resolved.implode()))
        in_full = by_column.unique().join(opaque.select(pl.col("parent").alias("target")).unique(), on="target", how="anti")
        bare = bare.join(in_full, on=["source", "target"], how="anti")
        numbered = _numbered(bare, self.numbers).with_columns(_bits().alias("bits"))
        opaque = opaque.filter(pl.col("d").is_in(numbered["t"].implode()))
        self.add(opaque, "d", "c", _POSSIBLE, free=True)
        return numbered.select(pl.col("s").alias("d"), "t", "bits")

    def _leaving(self, stated: pl.DataFrame, jobs: pl.DataFrame, bare: pl.DataFrame) -> None:
        """What leaves a dataset as a whole leaves its hub, which each of its columns may feed."""
        from_data = stated.filter(~pl.col("source").is_in(self.columns["column"].implode()))
        leaving = pl.concat(
            [
                jobs.with_columns(pl.lit(-1, pl.Int64).alias("row")),
                bare.with_columns(pl.lit(-1, pl.Int64).alias("row")),
                from_data.select(pl.col("s").alias("d"), "t", "bits", pl.col("row").cast(pl.Int64)),
            ],
            how="vertical_relaxed",
        )
        hubs = self.hubs(leaving["d"])
        self.add(leaving.join(hubs, on="d"), "hub", "t", None, free=False)
        split = hubs.filter(pl.col("d") != pl.col("hub"))
        self.add(split, "d", "hub", _ALL, free=True)
        self.add(self.columns.join(split, on="d"), "c", "hub", _POSSIBLE, free=True)

    def _arriving(self, stated: pl.DataFrame) -> None:
        """A filter, join, grouping or order touches every column of its target, through a hub."""
        from_column = stated.filter(pl.col("source").is_in(self.columns["column"].implode()))
        sweeping = (~pl.col("value")) & ~pl.col("target").is_in(self.columns["column"].implode())
        self.add(from_column.filter(~sweeping), "s", "t", None, free=False)
        swept = from_column.filter(sweeping).with_columns(pl.col("t").alias("d"))
        hubs = self.hubs(swept["d"])
        self.add(swept.join(hubs, on="d"), "s", "hub", None, free=False)
        split = hubs.filter(pl.col("d") != pl.col("hub"))
        self.add(split, "hub", "d", _INFLUENCE, free=True)
        self.add(self.columns.join(split, on="d"), "hub", "c", _INFLUENCE, free=True)
