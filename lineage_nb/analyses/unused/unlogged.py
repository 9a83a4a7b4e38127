"""What can be read without a trace in any log: shares, what outsiders may read, files by their paths."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

__all__ = ["EXPORTS", "SERVED", "SHARES", "is_served", "open_doors", "word"]

SHARES = ("share", "data share", "datashare", "delta share", "outbound share", "external share", "listing")
"""Types of what hands tables to other organisations, whose reads stay in their logs."""
EXPORTS = ("export", "data export", "reverse etl")
"""Types of what hands copies of tables to other systems, each time it is written."""
SERVED = ("feature", "feature view", "feature table", "feature group", "model", "ml model", "model version", "serving endpoint")
"""Types of what deployed models are or read, which no log of a warehouse shows."""
_OUTSIDERS = (*SHARES, "external", "external user", "external account", "reader account", "recipient", "guest")
_TAGS = (*SHARES, *EXPORTS, "shared", "shared externally", "exported")
_ANYBODY = ("allusers", "allauthenticatedusers")
_WRITING = ("insert", "update", "delete", "truncate", "write", "create")
_PATH = r"^(s3|s3a|s3n|gs|gcs|abfs|abfss|adl|wasb|wasbs|hdfs|webhdfs|viewfs|file|dbfs|oss|cos|sftp|ftp)://?"


def word(column: str | pl.Expr) -> pl.Expr:
    """Write a type or tag in one way: lower case, words apart."""
    text = pl.col(column) if isinstance(column, str) else column
    return text.str.to_lowercase().str.strip_chars().str.replace_all("[_-]", " ")


def is_served() -> pl.Expr:
    """Tell nodes that deployed models are or read, until they are deleted."""
    kinds = word("kind").is_in(SERVED) | word("type").is_in(SERVED)
    data = ~pl.col("kind").is_in(["job", "column", "principal", "compute", "report"])
    return (kinds & data & pl.col("deleted_at").is_null()).fill_null(value=False)


def open_doors(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """List the datasets that can be read without a trace in a usage log.

    Parameters
    ----------
    frames : Mapping
        Conformed frames.

    Returns
    -------
    polars.DataFrame
        id, door (words), path (bool: only because its place is a path; a log of that place would show reads).
        A row a node; nodes with several doors show the first of share, tag, grant, path.
    """
    nodes = frames["nodes"].filter(~pl.col("kind").is_in(["column", "job", "report", "principal", "compute"]))
    shared = word("type").is_in((*SHARES, *EXPORTS)) | word("kind").is_in((*SHARES, *EXPORTS))
    tag = word(pl.element()).is_in(_TAGS)
    path = (pl.col("namespace") + "/").str.contains(_PATH) | pl.col("id").str.contains(_PATH)
    tagged = nodes.select("id", "tags").drop_nulls("tags").filter(pl.col("tags").list.eval(tag).list.any())
    parts = [
        _door(nodes.filter(shared), pl.lit("it is a ") + word(pl.coalesce("type", "kind")) + pl.lit(", read where no log shows it")),
        _door(tagged, pl.lit("its tags say that it is shared")),
        _outsiders(frames),
        _door(nodes.filter(path.fill_null(value=False)), pl.lit("it can be read by its path, without a log"), path=True),
    ]
    return pl.concat(parts).unique("id", keep="first", maintain_order=True).filter(pl.col("id").is_not_null())


def _door(nodes: pl.DataFrame, why: pl.Expr, *, path: bool = False) -> pl.DataFrame:
    return nodes.select("id", why.alias("door"), pl.lit(path).alias("path"))


def _outsiders(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Datasets that principals of another organisation, or anybody, may read."""
    nodes = frames["nodes"]
    grants = frames["grants"].filter(~word("privilege").is_in(_WRITING))
    told = nodes.filter(pl.col("id").is_in(grants["principal"].unique().implode()))
    told = told.select(pl.col("id").alias("principal"), "kind", "type", "name")
    grants = grants.join(told, on="principal", how="left", maintain_order="left")
    name = pl.coalesce("name", "principal").str.to_lowercase()
    foreign = word("type").is_in(_OUTSIDERS) | word("kind").is_in(_OUTSIDERS)
    guest = name.str.contains("#ext#", literal=True) | name.str.contains("%23ext%23", literal=True) | name.str.starts_with("share:")
    outside = grants.filter(foreign.fill_null(value=False) | guest | name.is_in(_ANYBODY))
    homes = nodes.filter(pl.col("id").is_in(outside["node"].unique().implode()))
    homes = homes.select(pl.col("id").alias("node"), pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("home"))
    outside = outside.join(homes, on="node").group_by("home").agg(pl.coalesce("name", "principal").min().alias("who"))
    outside = outside.sort("home").rename({"home": "id"})
    return _door(outside, pl.col("who") + pl.lit(" may read it, outside of any log"))
