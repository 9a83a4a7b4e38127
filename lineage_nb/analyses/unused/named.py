"""Columns that the statements of a query log name, as reads of those columns."""

from __future__ import annotations

import polars as pl

__all__ = ["named_in_statements"]

_OF = ["i", "key"]
_BETWEEN = "\x1f"


def named_in_statements(reads: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """Turn reads of tables whose statements name columns into reads of those columns.

    Names meet whatever their case. Who names a field of a struct uses the struct, and who names a struct uses its
    fields.

    Parameters
    ----------
    reads : polars.DataFrame
        i (place of a table), c, day, named_columns (list of names; null: not told).
    columns : polars.DataFrame
        column (number), i (place of its table), name.

    Returns
    -------
    polars.DataFrame
        column, c (of several readers the first), day: a row for each column and day on which it is named.

    Examples
    --------
    >>> reads = pl.DataFrame({"i": [0, 1], "c": [7, 8], "day": [20, 21], "named_columns": [["A", "s.x"], None]})
    >>> columns = pl.DataFrame({"column": [3, 4, 5, 6], "i": [0, 0, 0, 0], "name": ["a", "s", "s.x", "s.y"]})
    >>> named_in_statements(reads, columns).sort("column").rows()
    [(3, 7, 20), (4, 7, 20), (5, 7, 20)]
    """
    told = reads.filter(pl.col("named_columns").list.len() > 0)
    if told.is_empty():
        return pl.DataFrame(schema={"column": pl.Int64, "c": pl.Int64, "day": pl.Int64})
    told = told.with_columns(pl.col("named_columns").list.join(_BETWEEN).alias("names"))
    lists = told.group_by("i", "names").agg(pl.col("named_columns").first()).with_row_index("said")
    days = told.join(lists.select("said", "i", "names"), on=["i", "names"]).group_by("said", "day").agg(pl.col("c").min())
    names = lists.select("said", "i", "named_columns").explode("named_columns").drop_nulls("named_columns")
    names = names.select("said", "i", pl.col("named_columns").str.to_lowercase().alias("key"))
    meant = _meant(names.select(_OF).unique(), columns.with_columns(pl.col("name").str.to_lowercase().alias("key")))
    pairs = names.join(meant, on=_OF).select("said", "column").unique()
    return days.join(pairs, on="said").group_by("column", "day").agg(pl.col("c").min()).select("column", "c", "day")


def _meant(names: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """Columns that each name stands for: i, key, column."""
    known = columns.join(names.select("i").unique(), on="i", how="semi").select(*_OF, "column")
    found = [names.join(known, on=_OF)]
    above = _with_structs(names).select("i", "key", "struct")
    found.append(above.join(known.rename({"key": "struct"}), on=["i", "struct"]).select(*_OF, "column"))
    within = _with_structs(known).select("i", "column", key="struct")
    found.append(names.join(within, on=_OF).select(*_OF, "column"))
    return pl.concat(found).unique()


def _with_structs(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of dotted names, once for each struct that such a name is within: its name is `struct`."""
    parts = rows.filter(pl.col("key").str.contains(".", literal=True))
    if parts.is_empty():
        return parts.with_columns(pl.col("key").alias("struct"))
    parts = parts.with_columns(pl.col("key").str.split(".").alias("part"))
    steps = parts.with_columns(pl.int_ranges(1, pl.col("part").list.len()).alias("depth")).explode("depth")
    return steps.with_columns(pl.col("part").list.head(pl.col("depth")).list.join(".").alias("struct"))
