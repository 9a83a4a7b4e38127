"""Who reads what, and what each reader counts as."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lineage_nb.analyses.usage_log import usage_log
from lineage_nb.graph.lineage import Lineage

__all__ = ["BY", "consumer_keys", "readers"]

BY = ("owner", "team", "report", "consumer", "dataset")
_MACHINES = ("report", "job", "dataset", "column")


def readers(lineage: Lineage, monitors: Sequence[str] = ()) -> pl.DataFrame:
    """List the direct readers of every dataset.

    Returns
    -------
    polars.DataFrame
        source, target (a dataset made from it, a report, or a person), bytes and reads (null: not known),
        one row a pair; no dataset reads itself.
    """
    log = usage_log(lineage, monitors)
    reads = log.reads.with_columns(pl.col("consumer").fill_null("unnamed reader"))
    own = reads.filter(~pl.col("consumer_kind").is_in(["job", "column"]) | pl.col("consumer_kind").is_null())
    direct = own.group_by(pl.col("node").alias("source"), pl.col("consumer").alias("target")).agg(
        pl.when(pl.col("bytes").is_not_null().all()).then(pl.col("bytes").sum()).alias("bytes"), pl.col("reads").sum()
    )
    nodes = lineage.frames["nodes"]
    reports = nodes.filter(pl.col("kind") == "report")["id"]
    direct = direct.filter(~pl.col("source").is_in(reports.implode()))
    edges = lineage.graph("dataset").edges.select("source", "target").filter(pl.col("source") != pl.col("target"))
    moved = edges.join(_by_runs(lineage), on=["source", "target"], how="left").select("source", "target", "bytes", "reads")
    moved = moved.join(direct.select("source", "target"), on=["source", "target"], how="anti")
    return pl.concat([direct, moved], how="vertical_relaxed").sort("source", "target")


def _by_runs(lineage: Lineage) -> pl.DataFrame:
    """What runs read from one dataset to write another: source, target, bytes, reads (number of runs)."""
    runs, io = lineage.frames["runs"], lineage.frames["io"]
    inputs = io.filter(pl.col("direction") == "in").join(runs.select("run", "job"), on="run")
    read = inputs.group_by("job", pl.col("dataset").alias("source")).agg(
        pl.when(pl.col("bytes").is_not_null().all()).then(pl.col("bytes").sum()).alias("bytes"),
        pl.len().cast(pl.Int64).alias("reads"),
    )
    writes = (
        lineage.frames["edges"].filter(pl.col("type") == "WRITE").select(pl.col("source").alias("job"), "target").unique()
    )
    return read.join(writes, on="job").group_by("source", "target").agg(
        pl.when(pl.col("bytes").is_not_null().all()).then(pl.col("bytes").sum()).alias("bytes"), pl.col("reads").sum()
    )


def consumer_keys(lineage: Lineage, by: str, people: pl.Series) -> pl.DataFrame:
    """Say what each final consumer counts as.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    by : str
        One of `BY`.
    people : polars.Series
        Ids of everything that reads; those that are no dataset are final consumers.

    Returns
    -------
    polars.DataFrame
        terminal, key: a row per pair; several owners of one report are several rows.
    """
    nodes = lineage.frames["nodes"]
    if by == "dataset":
        data = lineage.graph("dataset").nodes["id"]
        return pl.DataFrame({"terminal": data, "key": data})
    reports = nodes.filter(pl.col("kind") == "report").select(pl.col("id").alias("terminal"), "owners")
    data = nodes.filter(pl.col("kind").is_in(_MACHINES))["id"]
    graph = lineage.graph("dataset").nodes["id"]
    direct = pl.DataFrame({"terminal": people.unique()}).filter(
        ~pl.col("terminal").is_in(pl.concat([data, graph]).unique().implode())
    )
    if by == "consumer":
        both = pl.concat([reports.select("terminal"), direct])
        return both.with_columns(pl.col("terminal").alias("key")).sort("terminal")
    if by == "report":
        named = reports.select("terminal", pl.col("terminal").alias("key"))
        return pl.concat([named, direct.with_columns(pl.lit("other").alias("key"))]).sort("terminal", "key")
    owners = reports.explode("owners").select("terminal", pl.col("owners").alias("key"))
    pairs = pl.concat([owners, direct.with_columns(pl.col("terminal").alias("key"))])
    pairs = pairs.join(_principals(nodes), on="key", how="left")
    key = pl.coalesce("principal", "key")
    if by == "team":
        is_reader = pl.col("terminal") == pl.col("key")
        no_team = (pl.col("type") != "team").fill_null(is_reader) & pl.col("team").is_null()
        key = pl.when(~no_team).then(pl.coalesce("team", "principal", "key"))
    return pairs.select("terminal", key.fill_null("other").alias("key")).unique().sort("terminal", "key")


def _principals(nodes: pl.DataFrame) -> pl.DataFrame:
    """Principals by id and by name: key, principal, type, team (of a person)."""
    known = nodes.filter(pl.col("kind") == "principal").select(
        "name",
        pl.col("id").alias("principal"),
        "type",
        pl.when(pl.col("type").is_null() | (pl.col("type") != "team")).then("parent").alias("team"),
    )
    by_id = known.select(pl.col("principal").alias("key"), "principal", "type", "team")
    by_name = known.select(pl.col("name").alias("key"), "principal", "type", "team")
    return pl.concat([by_id, by_name]).unique("key", keep="first", maintain_order=True)
