"""Whom to ask before something goes."""

from __future__ import annotations

import polars as pl

from lineage_nb.analyses.plan.ties import Ties
from lineage_nb.graph.lineage import Lineage

__all__ = ["owners_of"]


def owners_of(lineage: Lineage, found: Ties, wanted: pl.Series) -> pl.DataFrame:
    """Name the owners of nodes: their own, else those of the jobs that write them, else those of the nearest consumers.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    found : Ties
        Its ties.
    wanted : polars.Series of int
        Numbers of datasets, reports and jobs.

    Returns
    -------
    polars.DataFrame
        node (number), owners (list, sorted; empty: nobody is named).
    """
    number = pl.Int64
    owned = lineage.frames["nodes"].select("owners").with_columns(node=pl.int_range(pl.len(), dtype=number))
    owned = owned.explode("owners").drop_nulls().rename({"owners": "owner"}).select("node", "owner")
    writes = found.writes.select(pl.col("data").cast(number), pl.col("job").cast(number))
    asked = pl.DataFrame({"node": wanted.cast(number).unique()})
    named = owned.join(asked, on="node", how="semi")
    open_ = asked.join(named, on="node", how="anti")
    writers = writes.join(open_, left_on="data", right_on="node", how="semi").join(owned, left_on="job", right_on="node")
    named = pl.concat([named, writers.select(pl.col("data").alias("node"), "owner")])
    known = pl.concat([owned, named]).unique()
    links = found.links.select(pl.col("source").cast(number), pl.col("target").cast(number))
    front, links = known, links.join(known, left_on="source", right_on="node", how="anti")
    while front.height and links.height:
        front = links.join(front, left_on="target", right_on="node").select(pl.col("source").alias("node"), "owner").unique()
        named = pl.concat([named, front.join(asked, on="node", how="semi")])
        links = links.join(front, left_on="source", right_on="node", how="anti")
    found_owners = named.unique().group_by("node").agg(pl.col("owner").sort().alias("owners"))
    empty = pl.lit([], dtype=pl.List(pl.String))
    return asked.join(found_owners, on="node", how="left").with_columns(pl.col("owners").fill_null(empty)).sort("node")
