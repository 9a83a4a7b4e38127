"""Synthetic lineage of a large company: layered, heavy-tailed, with cycles; the same for the same seed.

`column_edges(1)` has about 950,000 column edges over 370,000 columns of 30,000 tables, `column_edges(10)` ten times as
many. Tables lie in layers and read earlier ones, popular tables far more often than others; one edge in a
hundred points back. A column is made from one to a dozen columns of the tables that its table reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

__all__ = ["Synthetic", "edges_frame", "snapshot_frames", "synthetic"]

TABLES = 30_000
LAYERS = 12
_WORDS = ("customer", "order", "payment", "session", "title", "device", "region", "amount", "status", "created", "email", "score")


@dataclass(frozen=True)
class Synthetic:
    """Column lineage as numbers.

    Attributes
    ----------
    table : numpy.ndarray
        Shape (columns,). The table of every column.
    source, target : numpy.ndarray
        Shape (m,). Column edges, distinct, no column feeds itself.
    table_source, table_target : numpy.ndarray
        Table edges, distinct.
    """

    table: np.ndarray
    source: np.ndarray
    target: np.ndarray
    table_source: np.ndarray
    table_target: np.ndarray

    @property
    def n(self) -> int:
        """Number of columns."""
        return len(self.table)

    def table_names(self) -> pl.Series:
        """Ids of the tables."""
        i = pl.Series("i", np.arange(int(self.table[-1]) + 1))
        word = pl.Series(_WORDS).gather(np.asarray(i) % len(_WORDS))
        schema = (i % 97).cast(pl.String)
        return ("warehouse://prod/area_" + schema + "." + word + "_" + i.cast(pl.String)).alias("table")

    def column_names(self) -> pl.Series:
        """Ids of the columns."""
        first = np.r_[0, np.cumsum(np.bincount(self.table))[:-1]]
        nth = np.arange(self.n) - first[self.table]
        word = pl.Series(_WORDS).gather((nth * 5 + self.table) % len(_WORDS))
        return (self.table_names().gather(self.table) + "#" + word + "_" + pl.Series(nth).cast(pl.String)).alias("column")


def _numbered(word: str, numbers: np.ndarray) -> pl.Series:
    return word + pl.Series(numbers).cast(pl.String)


def synthetic(scale: float = 1.0, seed: int = 7) -> Synthetic:
    """Make lineage of about 950,000 × `scale` column edges."""
    rng = np.random.default_rng(seed)
    tables = max(int(TABLES * scale), 2 * LAYERS)
    width = np.clip(rng.lognormal(2.25, 0.75, tables), 2, 400).astype(np.int64)
    layer = np.sort(rng.integers(0, LAYERS, tables))
    first_of_layer = np.searchsorted(layer, np.arange(LAYERS))
    readers = np.flatnonzero(layer > 0)
    parents = np.minimum(rng.geometric(0.65, len(readers)), 8)
    child = np.repeat(readers, parents)
    # A popular table is one of the first of its layer; the pick of the layer favours the one just before.
    back = np.minimum(rng.geometric(0.75, len(child)), layer[child])
    from_layer = layer[child] - back
    low, high = first_of_layer[from_layer], np.r_[first_of_layer, tables][from_layer + 1]
    parent = low + ((high - low) * rng.random(len(child)) ** 5).astype(np.int64)
    turned = rng.random(len(child)) < 0.01
    parent, child = np.where(turned, child, parent), np.where(turned, parent, child)
    pairs = np.unique(np.column_stack([parent, child]), axis=0)
    table_source, table_target = pairs[:, 0], pairs[:, 1]
    source, target = _columns(rng, width, table_source, table_target)
    return Synthetic(np.repeat(np.arange(tables), width), source, target, table_source, table_target)


def _columns(
    rng: np.random.Generator, width: np.ndarray, table_source: np.ndarray, table_target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Every column of a table that reads takes columns from the tables that it reads."""
    first = np.r_[0, np.cumsum(width)[:-1]]
    order = np.argsort(table_target, kind="stable")
    by_target = table_source[order]
    counts = np.bincount(table_target, minlength=len(width))
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    column = np.arange(int(width.sum()))
    table = np.repeat(np.arange(len(width)), width)
    column, table = column[counts[table] > 0], table[counts[table] > 0]
    fan = np.minimum(rng.geometric(0.27, len(column)), 16)
    target, table = np.repeat(column, fan), np.repeat(table, fan)
    parent = by_target[starts[table] + (counts[table] * rng.random(len(table))).astype(np.int64)]
    source = first[parent] + (width[parent] * rng.random(len(parent)) ** 1.5).astype(np.int64)
    keep = source != target
    packed = np.sort(source[keep] * np.int64(width.sum()) + target[keep])
    packed = packed[np.r_[True, packed[1:] != packed[:-1]]]
    return packed // width.sum(), packed % width.sum()


def edges_frame(lineage: Synthetic, seed: int = 7) -> pl.DataFrame:
    """Column edges with string ids, in no order: source, target."""
    names = lineage.column_names()
    order = np.random.default_rng(seed).permutation(len(lineage.source))
    return pl.DataFrame({"source": names.gather(lineage.source[order]), "target": names.gather(lineage.target[order])})


def snapshot_frames(lineage: Synthetic, seed: int = 7) -> dict[str, pl.DataFrame]:
    """Everything that the four analyses take: nodes with tags and owners, jobs, edges, reads, costs."""
    rng = np.random.default_rng(seed)
    tables, columns = lineage.table_names(), lineage.column_names()
    count = len(tables)
    jobs = ("job:airflow/load_" + pl.Series(np.arange(count)).cast(pl.String)).alias("job")
    written = np.unique(lineage.table_target)
    ends = np.setdiff1d(np.arange(count), lineage.table_source)
    reports = ("report:bi/board_" + pl.Series(np.arange(len(ends) // 4)).cast(pl.String)).alias("report")
    shown = ends[rng.integers(0, len(ends), len(reports))]
    tags = pl.Series(np.where(rng.random(lineage.n) < 0.001, "pii:email", ""))
    nodes = pl.concat(
        [
            pl.DataFrame({"id": tables, "kind": "dataset", "namespace": "warehouse://prod"}),
            pl.DataFrame({"id": columns, "kind": "column", "parent": tables.gather(lineage.table), "tags": tags}),
            pl.DataFrame({"id": reports, "kind": "report", "owners": _numbered("team_", np.arange(len(reports)) % 40)}),
            pl.DataFrame({"id": jobs.gather(written), "kind": "job"}),
        ],
        how="diagonal",
    ).with_columns(pl.when(pl.col("tags") != "").then("tags"))
    job_of = jobs.gather(lineage.table[lineage.target])
    edges = pl.concat(
        [
            edges_frame_in_order(lineage).with_columns(job_of.alias("job"), pl.lit("DIRECT").alias("type"), pl.lit("TRANSFORMATION").alias("subtype")),
            pl.DataFrame({"source": tables.gather(lineage.table_source), "target": jobs.gather(lineage.table_target), "type": "READ"}),
            pl.DataFrame({"source": jobs.gather(written), "target": tables.gather(written), "type": "WRITE"}),
            pl.DataFrame({"source": tables.gather(shown), "target": reports, "type": "DIRECT"}),
        ],
        how="diagonal",
    )
    day = np.datetime64("2026-06-30") - rng.integers(0, 180, count)
    read = rng.random(count) < 0.5
    people = _numbered("person_", rng.integers(0, 500, count))
    usage = pl.DataFrame({"node": tables, "consumer": people, "day": day, "reads": 3}).filter(pl.Series(read))
    costs = pl.DataFrame({"node": tables, "day": day, "amount": rng.integers(1, 10**8, count) / 1e6, "currency": "USD"})
    return {"nodes": nodes, "edges": edges, "usage": usage, "costs": costs}


def edges_frame_in_order(lineage: Synthetic) -> pl.DataFrame:
    """Column edges with string ids, sorted as the arrays are: source, target."""
    names = lineage.column_names()
    return pl.DataFrame({"source": names.gather(lineage.source), "target": names.gather(lineage.target)})
