"""What dropping tables would have saved: their own cost, and the jobs that write nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lineage_nb.graph.lineage import Lineage

__all__ = ["freed_costs"]


def freed_costs(lineage: Lineage, frame: pl.DataFrame, droppable: Sequence[str]) -> pl.DataFrame:
    """Add the column `freed` to a frame with node and verdict.

    A job is one indivisible resource: it is freed only when everything it writes is dropped, and then shared
    evenly by its outputs, so that the column adds up to the saving of dropping them all.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    frame : polars.DataFrame
        Columns node, verdict.
    droppable : sequence of str
        The verdicts that count as dropped.

    Returns
    -------
    polars.DataFrame
        `frame` and freed (Int64, micro-units, 0 for what is not dropped).
    """
    nodes = lineage.frames["nodes"].select("id", pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data"))
    billed = (
        lineage.frames["costs"]
        .filter(pl.col("role") == "billed")
        .join(nodes, left_on="node", right_on="id", how="left")
        .group_by(pl.coalesce("data", "node").alias("node"))
        .agg(pl.col("amount").sum())
    )
    dropped = frame.filter(pl.col("verdict").is_in(droppable)).select("node")
    own = dropped.join(billed, on="node").select("node", "amount")
    parents = nodes.rename({"id": "target", "data": "output"})
    moves = pl.when(pl.col("type") == "WRITE").then("source").when(pl.col("type") != "READ").then("job").alias("job")
    writes = (
        lineage.frames["edges"]
        .select(moves, "target")
        .drop_nulls("job")
        .join(parents, on="target")
        .select("job", pl.col("output").alias("node"))
        .unique()
    )
    kept = writes.join(dropped, on="node", how="anti")["job"].unique()
    idle = writes.filter(~pl.col("job").is_in(kept.implode())).join(billed.rename({"node": "job"}), on="job")
    idle = idle.sort("job", "node").with_columns(
        pl.len().over("job").alias("outputs"), pl.int_range(pl.len()).over("job").alias("nth")
    )
    base = pl.col("amount") // pl.col("outputs")
    extra = (pl.col("nth") < pl.col("amount") - base * pl.col("outputs")).cast(pl.Int64)
    shares = idle.select("node", (base + extra).alias("amount"))
    freed = pl.concat([own, shares]).group_by("node").agg(pl.col("amount").sum().alias("freed"))
    return frame.join(freed, on="node", how="left", maintain_order="left").with_columns(pl.col("freed").fill_null(0))
