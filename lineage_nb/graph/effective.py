"""Evidence → the edges that hold: expiry, precedence, contraction of jobs.

Datasets are tied to jobs by READ and WRITE, and to each other directly where a source says so; columns by
typed edges. From these three levels are derived, each as one edge per ordered pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

__all__ = ["EDGE_SCHEMA", "NOT_DATA", "active_edges", "as_of", "column_edges", "dataset_edges", "job_edges", "writers"]

NOT_DATA = ("column", "job", "principal", "compute")
"""Kinds that are no datasets; every other kind (dataset, report, model, feature …) is treated as one."""

EDGE_SCHEMA = {
    "source": pl.String,
    "target": pl.String,
    "type": pl.String,
    "subtype": pl.String,
    "verdict": pl.String,
    "value": pl.Boolean,
    "certainty": pl.String,
    "jobs": pl.List(pl.String),
    "evidence": pl.List(pl.String),
}
_VERDICTS = ("plain", "pseudonymised", "derived", "aggregated", "redacted", "none")
Frames = Mapping[str, pl.DataFrame]


def as_of(frames: Frames) -> datetime | None:
    """The end of what the sources recorded about lineage: the newest `last_seen` or run; never the clock."""
    ends = [
        frames["edges"]["last_seen"].max(),
        frames["nodes"]["last_seen"].max(),
        frames["runs"]["start"].max(),
        frames["runs"]["end"].max(),
    ]
    return max((e for e in ends if isinstance(e, datetime)), default=None)


def active_edges(frames: Frames, *, expired: bool = False) -> pl.DataFrame:
    """Evidence edges that hold at the end of the snapshot, with the kind of both ends and their datasets.

    Parameters
    ----------
    frames : Mapping
        Conformed frames.
    expired : bool
        Keep edges whose `expires_at` has passed: what was written stays written.

    Returns
    -------
    polars.DataFrame
        The columns of `edges` and source_kind, target_kind, source_data, target_data (the dataset of a
        column, else the node itself).
    """
    edges = frames["edges"]
    end = as_of(frames)
    if not expired and end is not None:
        edges = edges.filter(pl.col("expires_at").is_null() | (pl.col("expires_at") > end))
    kinds = frames["nodes"].select(
        "id",
        "kind",
        pl.when(pl.col("kind") == "column").then("parent").otherwise(None).fill_null(pl.col("id")).alias("data"),
    )
    for side in ("source", "target"):
        named = kinds.rename({"id": side, "kind": f"{side}_kind", "data": f"{side}_data"})
        edges = edges.join(named, on=side, how="left", maintain_order="left")
    return edges


def _pairs(edges: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """Edges → the columns of `EDGE_SCHEMA`, one row per statement."""
    defaults = {
        "source": pl.col("source"),
        "target": pl.col("target"),
        "type": pl.col("type"),
        "subtype": pl.col("subtype"),
        "verdict": pl.col("verdict"),
        "value": pl.col("type") != "INDIRECT",
        "certainty": pl.lit("proved"),
        "jobs": pl.col("job"),
        "evidence": pl.col("evidence"),
    }
    return edges.select(**{**defaults, **columns})


def _one_each(pairs: pl.DataFrame) -> pl.DataFrame:
    """Unite statements about one ordered pair: the strongest of each, all jobs, all evidence.

    Of one job's statements those that give a verdict decide; between jobs the strongest wins, and a job that
    gives none counts as the strongest.
    """
    rank = pl.col("verdict").replace_strict(_VERDICTS, list(range(len(_VERDICTS))), default=None, return_dtype=pl.Int8)
    direct = pl.col("type") == "DIRECT"
    pairs = pairs.with_columns(
        direct.alias("direct"),
        pl.when(direct).then("subtype").alias("direct_subtype"),
        pl.when("value").then(rank).alias("rank"),
    )
    by_job = pairs.group_by("source", "target", "jobs").agg(pl.col("rank").min(), pl.col("value").any())
    strongest = by_job.group_by("source", "target").agg(
        pl.when("value").then(pl.col("rank").fill_null(-1)).min().alias("rank")
    )
    united = pairs.group_by("source", "target").agg(
        pl.col("direct").any(),
        pl.col("direct_subtype").min(),
        pl.col("subtype").min(),
        pl.col("value").any(),
        pl.col("certainty").max(),
        pl.col("jobs").drop_nulls().unique().sort(),
        pl.col("evidence").drop_nulls().unique().sort(),
    )
    names = dict(enumerate(_VERDICTS))
    return (
        united.join(strongest, on=["source", "target"])
        .with_columns(
            pl.when("direct").then(pl.lit("DIRECT")).otherwise(pl.lit("INDIRECT")).alias("type"),
            pl.when("direct").then("direct_subtype").otherwise("subtype").alias("subtype"),
            pl.col("rank").replace_strict(names, default=None, return_dtype=pl.String).alias("verdict"),
        )
        .sort("source", "target")
        .select(*EDGE_SCHEMA)
        .cast(EDGE_SCHEMA)  # type: ignore[arg-type]
    )


def column_edges(active: pl.DataFrame) -> pl.DataFrame:
    """The column level as sources state it: edges from a column or into one, also to and from datasets.

    Returns
    -------
    polars.DataFrame
        Columns of `EDGE_SCHEMA`; `jobs` and `evidence` are sorted lists.
    """
    typed = active.filter(
        pl.col("type").is_in(["DIRECT", "INDIRECT"])
        & ((pl.col("source_kind") == "column") | (pl.col("target_kind") == "column"))
        & ~pl.col("source_kind").is_in(["job", "principal", "compute"])
        & ~pl.col("target_kind").is_in(["job", "principal", "compute"])
    )
    return _one_each(_pairs(typed))


def writers(active: pl.DataFrame) -> pl.DataFrame:
    """Every (job, dataset) that a job writes, and how much of it is known by column.

    Returns
    -------
    polars.DataFrame
        Columns job, target, resolved (list of the columns whose inputs this job's lineage states).
    """
    writes = active.filter((pl.col("type") == "WRITE") & ~pl.col("target_kind").is_in(list(NOT_DATA))).select(
        pl.col("source").alias("job"), "target", "evidence"
    )
    stated = active.filter((pl.col("target_kind") == "column") & pl.col("type").is_in(["DIRECT", "WRITE"])).select(
        pl.when(pl.col("type") == "WRITE").then("source").otherwise("job").alias("job"),
        pl.col("target_data").alias("target"),
        pl.col("target").alias("column"),
    )
    resolved = stated.drop_nulls("job").group_by("job", "target").agg(pl.col("column").unique().alias("resolved"))
    return (
        writes.group_by("job", "target")
        .agg(pl.col("evidence").unique().sort())
        .join(resolved, on=["job", "target"], how="left")
        .sort("job", "target")
    )


def reads(active: pl.DataFrame) -> pl.DataFrame:
    """Every (source, job) that a job reads: columns source (a dataset), job, evidence (list)."""
    found = active.filter((pl.col("type") == "READ") & (pl.col("target_kind") == "job"))
    return (
        found.group_by(pl.col("source_data").alias("source"), pl.col("target").alias("job"))
        .agg(pl.col("evidence").unique().sort())
        .sort("source", "job")
    )


def _by_job(active: pl.DataFrame) -> pl.DataFrame:
    """Inputs × outputs of every job: proved for a single input or output, else possible."""
    inputs, outputs = reads(active), writers(active)
    inputs = inputs.with_columns(pl.len().over("job").alias("n_in"))
    outputs = outputs.with_columns(pl.len().over("job").alias("n_out"))
    both = inputs.join(outputs.select("job", "target", "resolved", "n_out"), on="job")
    stated = (
        active.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]) & (pl.col("target_kind") == "column"))
        .select(pl.col("source_data").alias("source"), pl.col("target_data").alias("target"), "job")
        .unique()
        .with_columns(pl.lit(value=True).alias("stated"))
    )
    both = both.join(stated, on=["source", "target", "job"], how="left")
    influences = (  # where columns of the target are stated, what only filters or joins carries no value into it
        active.filter((pl.col("type") == "INDIRECT") & (pl.col("source_kind") == "column"))
        .filter(pl.col("target_kind") != "column")
        .select(pl.col("source_data").alias("source"), pl.col("target_data").alias("target"), "job")
        .unique()
        .with_columns(pl.lit(value=True).alias("influences"))
    )
    both = both.join(influences, on=["source", "target", "job"], how="left")
    only_influences = pl.col("influences").is_not_null() & pl.col("resolved").is_not_null()
    both = both.with_columns(pl.when(only_influences).then(pl.lit(value=True)).otherwise("stated").alias("stated"))
    by_column = pl.col("resolved").is_not_null() & pl.col("stated").is_null()
    sure = pl.min_horizontal("n_in", "n_out") == 1
    return both.select(
        "source",
        "target",
        pl.lit("DIRECT").alias("type"),
        pl.lit(None, pl.String).alias("subtype"),
        pl.lit(None, pl.String).alias("verdict"),
        pl.lit(value=True).alias("value"),
        pl.when(sure & ~by_column).then(pl.lit("proved")).otherwise(pl.lit("possible")).alias("certainty"),
        pl.col("job").alias("jobs"),
        pl.col("evidence").list.join("; ").alias("evidence"),
        pl.col("stated").alias("stated"),
    )


def dataset_edges(active: pl.DataFrame) -> pl.DataFrame:
    """The dataset level: jobs contracted, column edges lifted, stated dataset edges kept.

    A pair that column lineage of the same job speaks of takes its type from there. A self-update is an edge
    from a dataset to itself.

    Returns
    -------
    polars.DataFrame
        Columns of `EDGE_SCHEMA`.
    """
    typed = active.filter(
        pl.col("type").is_in(["DIRECT", "INDIRECT"])
        & ~pl.col("source_kind").is_in(["job", "principal", "compute"])
        & ~pl.col("target_kind").is_in(["job", "principal", "compute"])
    )
    lifted = _pairs(typed, source=pl.col("source_data"), target=pl.col("target_data"))
    implied = _by_job(active).filter(pl.col("stated").is_null()).drop("stated")
    return _one_each(pl.concat([lifted, implied]))


def job_edges(active: pl.DataFrame) -> pl.DataFrame:
    """The job level: one job writes what another reads; reports follow the jobs that write what they show.

    Returns
    -------
    polars.DataFrame
        Columns of `EDGE_SCHEMA`; `jobs` is empty, `evidence` holds the datasets between the two.
    """
    outputs = writers(active).select(pl.col("job").alias("source"), pl.col("target").alias("dataset"))
    inputs = reads(active).select(pl.col("source").alias("dataset"), pl.col("job").alias("target"))
    shown = active.filter((pl.col("target_kind") == "report") & pl.col("type").is_in(["DIRECT", "INDIRECT"])).select(
        pl.col("source_data").alias("dataset"), "target"
    )
    pairs = outputs.join(pl.concat([inputs, shown]).unique(), on="dataset")
    nothing = pl.lit(None, pl.String)
    return _one_each(
        pairs.select(
            "source",
            "target",
            pl.lit("DIRECT").alias("type"),
            nothing.alias("subtype"),
            nothing.alias("verdict"),
            pl.lit(value=True).alias("value"),
            pl.lit("proved").alias("certainty"),
            nothing.alias("jobs"),
            pl.col("dataset").alias("evidence"),
        )
    )
