"""What is gone already by the end of the records."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.usage_log import UsageLog
from lineage_nb.graph.lineage import Lineage

__all__ = ["LASTING", "dropped_days", "dropped_nodes"]

LASTING = -(10**9)
"""Day number of what is still there."""


def dropped_days(lineage: Lineage, log: UsageLog) -> NDArray[np.int64]:
    """Tell on which day each node was dropped.

    A deletion counts that lies within the time of the log or of what was recorded about lineage, and after which nothing
    read or wrote the node: what comes later is another of that name. What is dropped takes its columns along.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    log : UsageLog
        Its usage.

    Returns
    -------
    numpy.ndarray of int64
        Shape (nodes of the snapshot,). Days since 1970-01-01; `LASTING`: it is there.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.analyses.usage_log import usage_log
    >>> nodes = {"id": ["a", "b"], "deleted_at": ["2025-06-20T00:00:00Z", None]}
    >>> snap = ln.from_frames(nodes=nodes, usage={"node": ["b"], "consumer": ["ana"], "day": ["2025-06-30"]})
    >>> (dropped_days(snap, usage_log(snap)) > LASTING).tolist()[:2]
    [True, False]
    """
    coded, nodes, edges = lineage.coded, lineage.frames["nodes"], lineage.frames["edges"]
    found = np.full(len(coded.ids), LASTING, dtype=np.int64)
    told = nodes.select(i=pl.int_range(pl.len()), day=pl.col("deleted_at").dt.date()).drop_nulls("day")
    ends = [d for d in (log.end, coded.end.date() if coded.end else None) if d is not None]
    if ends:
        told = told.filter(pl.col("day") <= max(ends))
    if told.is_empty():
        return found
    writes = coded.edges.select("expired", i="target_data").hstack(edges.select("type", "last_seen"))
    writes = writes.filter((pl.col("type") != "READ") & ~pl.col("expired")).select(pl.col("i").cast(pl.Int64), day=pl.col("last_seen").dt.date())
    reads = log.reads.select(pl.col("i").cast(pl.Int64), "day")
    runs = lineage.frames["runs"].select("job", day=pl.max_horizontal("start", "end").dt.date())
    ran = runs.select(coded.numbers(runs["job"]).cast(pl.Int64).alias("i"), "day")
    again = pl.concat([writes, reads, ran]).drop_nulls().group_by("i").agg(pl.col("day").max().alias("later"))
    told = told.join(again, on="i", how="left").filter(pl.col("later").is_null() | (pl.col("later") <= pl.col("day")))
    found[told["i"].to_numpy()] = told["day"].cast(pl.Int32).to_numpy()
    return np.maximum(found, found[coded.data])


def dropped_nodes(lineage: Lineage, log: UsageLog) -> NDArray[np.bool_]:
    """Mark what was dropped; shape (nodes of the snapshot,)."""
    gone: NDArray[np.bool_] = dropped_days(lineage, log) > LASTING
    return gone
