"""Joins that lead from a table to one in which a person can be found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import polars as pl

from lineage_nb.graph.lineage import Lineage

__all__ = ["joins", "only_pairs", "stems", "ways"]

_STEPS: Final = {"home": pl.Int64, "column": pl.Int64, "other": pl.Int64, "partner": pl.Int64, "job": pl.Int64}


def joins(lineage: Lineage) -> pl.DataFrame:
    """List the columns that jobs join, or compare as ``IN (SELECT …)`` does.

    A job's JOIN and FILTER edges name columns, not pairs: columns of two tables are paired where they have one name, where
    one is called after the table of which the other is the ``id`` (``user_id`` and ``users.id``), or where they are the
    only two that the job joins into a dataset.

    Returns
    -------
    polars.DataFrame
        Columns home, column, other (the partner's table), partner, job (-1: none is named); both directions.
    """
    return _pairs(lineage).select(list(_STEPS)).unique().sort(list(_STEPS))


def only_pairs(lineage: Lineage) -> pl.DataFrame:
    """Those of `joins` that are the only two columns which their job joins into a dataset: whatever they are called, they are compared."""
    return _pairs(lineage).filter("two").select(list(_STEPS)).unique().sort(list(_STEPS))


def _pairs(lineage: Lineage) -> pl.DataFrame:
    coded = lineage.coded
    place = {w: i for i, w in enumerate(coded.words) if w in ("JOIN", "FILTER")}
    if not place:
        return pl.DataFrame(schema={**_STEPS, "two": pl.Boolean})
    said = coded.edges.filter(pl.col("subtype").is_in(list(place.values())).fill_null(value=False) & (pl.col("source_kind") == "column"))
    named = lineage.frames["nodes"].select(pl.coalesce("name", "id"))["name"]
    join = pl.col("subtype") == place.get("JOIN", -1)
    side = said.select(
        join.alias("join"), column=pl.col("source").cast(pl.Int64), home=pl.col("source_data").cast(pl.Int64), into=pl.col("target_data").cast(pl.Int64), job=pl.col("job").cast(pl.Int64).fill_null(-1)
    ).group_by("column", "home", "into", "job").agg(pl.col("join").any())
    name = named.gather(side["column"]).str.replace(r"(?s)^.*#", "").str.to_lowercase()
    side = side.with_columns(name=name, stem=stems(named.gather(side["home"])), only=pl.col("join").sum().over("into", "job") == 2)
    other = side.select("into", "job", "join", partner="column", other="home", same="name", of="stem")
    pairs = side.join(other, on=["into", "job"])
    called = pl.any_horizontal(
        (pl.col(a) == pl.format("{}_{}", stem, b)) & pl.col(b).is_in(["id", "uuid", "key", "pk"]) for a, b, stem in (("name", "same", "of"), ("same", "name", "stem"))
    )
    two = pl.col("only") & pl.col("join") & pl.col("join_right")
    fits = (pl.col("home") != pl.col("other")) & ((pl.col("name") == pl.col("same")) | called | two)
    return pairs.filter(fits).with_columns(two=two)


def stems(tables: pl.Series) -> pl.Series:
    """What tables are called after: the last part of the name, in lower case and in the singular.

    Examples
    --------
    >>> stems(pl.Series(["shop.users", "Categories", "raw/access"])).to_list()
    ['user', 'category', 'access']
    """
    return tables.str.extract(r"([^./]+)/*$").str.to_lowercase().str.replace(r"ies$", "y").str.replace(r"([^s])s$", "$1")


def ways(steps: pl.DataFrame, known: Iterable[int]) -> dict[int, list[tuple[int, int, int]]]:
    """Find the shortest way by joins from each table to one of `known`: (column, partner, job) a step; ties to the smallest."""
    known = sorted(known)
    into: dict[int, list[tuple[int, int, int, int]]] = {}
    least = steps.filter(~pl.col("home").is_in(known)).sort("home", "other", "column", "partner", "job")
    for home, column, other, partner, job in least.unique(["home", "other"], keep="first", maintain_order=True).iter_rows():
        into.setdefault(other, []).append((home, column, partner, job))
    found: dict[int, list[tuple[int, int, int]]] = {home: [] for home in known}
    todo = deque(found)
    while todo:
        at = todo.popleft()
        for home, column, partner, job in sorted(into.get(at, [])):
            if home not in found:
                found[home] = [(column, partner, job), *found[at]]
                todo.append(home)
    return found
