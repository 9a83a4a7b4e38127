"""Writes that an event announced and did not prove, and how the rest of the log settles them.

A batch job writes when it completes. What its START or RUNNING event says of an output (that it is
written, and from which columns) is a *claim*: it holds if the run completes, which another event says,
perhaps in another file, perhaps loaded next week. So that merging stays a plain union, a claim is kept as
evidence of its own: its edges carry ``:claim:<key>`` at the end of `evidence` and confidence 0, and the
column `claim` of `io` ties each run to the claims it made. `settle` derives what holds.
"""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["CLAIM", "settle"]

CLAIM: Final = ":claim:"
_ENDLESS: Final = r"^(streaming|service)"


def settle(edges: pl.DataFrame, runs: pl.DataFrame, io: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Replace claims by what came of them.

    A claim of a run on a dataset holds when the run completed, when rows or bytes are known to have been
    written to the dataset by it, or when its job is a streaming job or a service.

    Parameters
    ----------
    edges, runs, io, nodes : polars.DataFrame
        Frames of the model; `io` may lack the column `claim`.

    Returns
    -------
    polars.DataFrame
        `edges` without claims: those that hold became ordinary edges, seen when their runs ended, or where
        no end is known as long as they were claimed.

    Examples
    --------
    >>> from lineage_nb.model.normalise import normalise
    >>> edges = normalise("edges", [{"source": "job:a/j", "target": "t", "type": "WRITE", "job": "job:a/j",
    ...     "evidence": "openlineage:outputs:claim:1f", "confidence": 0.0}])
    >>> io = normalise("io", [{"run": "r1", "dataset": "t", "direction": "out", "claim": "1f"}])
    >>> done = normalise("runs", [{"job": "job:a/j", "run": "r1", "state": "COMPLETE", "end": "2025-01-01"}])
    >>> nodes = normalise("nodes", [{"id": "job:a/j", "kind": "job"}])
    >>> settle(edges, done, io, nodes).select("evidence", "last_seen").rows()
    [('openlineage:outputs', datetime.datetime(2025, 1, 1, 0, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC')))]
    >>> settle(edges, done.with_columns(state=pl.lit("FAIL")), io, nodes).height
    0
    """
    parts = pl.col("evidence").str.split_exact(CLAIM, 1).struct
    is_claim = pl.col("evidence").str.contains(CLAIM, literal=True)
    claims = edges.filter(is_claim)
    if not claims.height:
        return edges
    plain = edges.filter(~is_claim)
    if "claim" not in io.columns:
        return plain
    ended = runs.group_by("run").agg(
        (pl.col("state") == "COMPLETE").any().alias("complete"), pl.col("end").max(), pl.col("job").unique()
    )
    endless = nodes.filter((pl.col("kind") == "job") & pl.col("type").str.contains(_ENDLESS))["id"].unique()
    wrote = io.filter((pl.col("direction") == "out") & ((pl.col("rows") > 0) | (pl.col("bytes") > 0)))
    made = (
        io.filter(pl.col("claim").is_not_null())
        .select("run", "dataset", "claim")
        .unique()
        .join(ended, on="run", how="left")
        .join(wrote.select("run", "dataset", wrote=pl.lit(True)).unique(), on=["run", "dataset"], how="left")
    )
    of_endless = pl.col("job").list.eval(pl.element().is_in(endless.implode())).list.any()
    holding = (
        made.filter(pl.col("complete") | pl.col("wrote") | of_endless)
        .group_by("claim")
        .agg(pl.col("end").min().alias("from"), pl.col("end").max().alias("to"))
    )
    held = (
        claims.with_columns(claim=parts.field("field_1"))
        .join(holding, on="claim")
        .with_columns(
            evidence=parts.field("field_0"),
            confidence=pl.lit(None, pl.Float64),
            first_seen=pl.coalesce("from", "first_seen"),
            last_seen=pl.coalesce("to", "last_seen"),
        )
    )
    content = [c for c in edges.columns if c not in ("first_seen", "last_seen")]
    return (
        pl.concat([plain, held.select(edges.columns)])
        .group_by(content)
        .agg(pl.col("first_seen").min(), pl.col("last_seen").max())
        .select(edges.columns)
    )
