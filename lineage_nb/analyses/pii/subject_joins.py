"""Joins that lead from a table to one in which a person can be found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import polars as pl

from lineage_nb.graph.lineage import Lineage

__all__ = ["joins", "ways"]

_STEPS: Final = {"home": pl.Int64, "column": pl.Int64, "other": pl.Int64, "partner": pl.Int64, "job": pl.Int64}


def joins(lineage: Lineage) -> pl.DataFrame:
    """List the columns that jobs join.

    A job's JOIN edges name columns, not pairs: columns of two tables are paired where they have one name, or where they
    are the only two that the job joins into a dataset.

    Returns
    -------
    polars.DataFrame
        Columns home, column, other (the partner's table), partner, job (-1: none is named); both directions.
    """
    coded = lineage.coded
    words = [i for i, w in enumerate(coded.words) if w == "JOIN"]
    if not words:
        return pl.DataFrame(schema=_STEPS)
    said = coded.edges.filter(pl.col("subtype").is_in(words).fill_null(value=False) & (pl.col("source_kind") == "column"))
    names = lineage.frames["nodes"].select(pl.coalesce("name", "id").str.replace(r"(?s)^.*#", "").str.to_lowercase())["name"]
    side = said.select(
        column=pl.col("source").cast(pl.Int64), home=pl.col("source_data").cast(pl.Int64), into=pl.col("target_data").cast(pl.Int64), job=pl.col("job").cast(pl.Int64).fill_null(-1)
    ).unique()
    side = side.with_columns(name=names.gather(side["column"]), only=pl.len().over("into", "job") == 2)
    pairs = side.join(side.select("into", "job", partner="column", other="home", same="name"), on=["into", "job"])
    fits = (pl.col("home") != pl.col("other")) & ((pl.col("name") == pl.col("same")) | pl.col("only"))
    return pairs.filter(fits).select(list(_STEPS)).unique().sort(list(_STEPS))


def ways(steps: pl.DataFrame, known: Iterable[int]) -> dict[int, list[tuple[int, int, int]]]:
    """Find the shortest way by joins from each table to one of `known`: (column, partner, job) a step; ties to the smallest."""
    into: dict[int, list[tuple[int, int, int, int]]] = {}
    for home, column, other, partner, job in steps.iter_rows():
        into.setdefault(other, []).append((home, column, partner, job))
    found: dict[int, list[tuple[int, int, int]]] = {home: [] for home in sorted(known)}
    todo = deque(found)
    while todo:
        at = todo.popleft()
        for home, column, partner, job in sorted(into.get(at, [])):
            if home not in found:
                found[home] = [(column, partner, job), *found[at]]
                todo.append(home)
    return found
