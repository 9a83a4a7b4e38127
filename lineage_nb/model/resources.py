"""What a bill calls a thing → the node that it is."""

from __future__ import annotations

import polars as pl

from lineage_nb.model.names import NameIndex

__all__ = ["BY_END", "match_resources"]

BY_END = "end of an id"
"""Why a resource was read as a node: its name is the end of one node's id."""
_PAIR = {"name": pl.String, "node": pl.String, "why": pl.String}


def match_resources(rows: pl.DataFrame, nodes: pl.DataFrame, aliases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Fill `node` of rows that only name a resource.

    A name is a node's id, one of its aliases, or the end of one node's id only (whole components, as people type
    it). A column is no resource. A name that fits none or several leaves `node` null.

    Parameters
    ----------
    rows : polars.DataFrame
        Columns node, resource and, optionally, resource_name: tried in this order.
    nodes, aliases : polars.DataFrame
        Conformed.

    Returns
    -------
    tuple of polars.DataFrame
        `rows` in their order; what was found (name, node, why).
    """
    every = []
    for column in ("resource", "resource_name"):
        if rows.schema.get(column) != pl.String:
            continue
        wanted = rows.filter(pl.col("node").is_null())[column].drop_nulls().unique().sort()
        if not len(wanted):
            continue
        found = _nodes_of(wanted, nodes, aliases)
        every.append(found)
        pairs = found.select(pl.col("name").alias(column), pl.col("node").alias("__node"))
        rows = rows.join(pairs, on=column, how="left", maintain_order="left")
        rows = rows.with_columns(pl.coalesce("node", "__node").alias("node")).drop("__node")
    return rows, pl.concat(every) if every else pl.DataFrame(schema=_PAIR)


def _nodes_of(names: pl.Series, nodes: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """name, node, why of the names that fit one node."""
    ids = nodes.filter(pl.col("kind") != "column")["id"]
    exact = names.filter(names.is_in(ids.implode()))
    known = aliases.select("name", "node").filter(pl.col("node").is_in(ids.implode())).unique()
    known = known.filter((pl.len().over("name") == 1) & pl.col("name").is_in(names.implode()) & ~pl.col("name").is_in(exact.implode()))
    left = names.filter(~names.is_in(pl.concat([exact, known["name"]]).implode()))
    parts = [
        pl.DataFrame({"name": exact, "node": exact}).with_columns(pl.lit("id").alias("why")),
        known.with_columns(pl.lit("alias").alias("why")),
        _by_end(left, NameIndex(nodes), ids) if len(left) else pl.DataFrame(schema=_PAIR),
    ]
    return pl.concat([part.select(*_PAIR).cast(pl.String) for part in parts]).sort("name")


def _by_end(names: pl.Series, index: NameIndex, ids: pl.Series) -> pl.DataFrame:
    pairs = [(name, node, BY_END) for name in names if (node := index.only(name)) is not None]
    return pl.DataFrame(pairs, schema=_PAIR, orient="row").filter(pl.col("node").is_in(ids.implode()))
