"""Reads in which data ends: by people and services, and by jobs that write nothing; views of reports."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.usage_log import UsageLog
from lineage_nb.graph.lineage import Lineage

__all__ = ["NOT_TERMINAL", "not_exporting", "terminal_reads", "views_logged"]

Bools = NDArray[np.bool_]

_TEST = r"(^|[/ _-])tests?($|[/ _-])"
NOT_TERMINAL = ("report", "job", "dataset", "column")


def not_exporting(lineage: Lineage) -> pl.Series:
    """Jobs that write something, and tests."""
    edges, nodes = lineage.frames["edges"], lineage.frames["nodes"]
    writing = edges.filter(pl.col("type") == "WRITE")["source"]
    tests = nodes.filter((pl.col("kind") == "job") & pl.col("type").str.to_lowercase().str.contains(_TEST))["id"]
    return pl.concat([writing, tests]).unique()


def terminal_reads(lineage: Lineage, log: UsageLog) -> pl.DataFrame:
    """List the reads that nothing else is made from.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    log : UsageLog
        Its usage.

    Returns
    -------
    polars.DataFrame
        node, consumer (null: unnamed), day. The reads of a job that writes nothing and tests nothing are on the
        day of its last run.
    """
    quiet = not_exporting(lineage).implode()
    named = pl.col("consumer_kind").is_null() | ~pl.col("consumer_kind").is_in(NOT_TERMINAL)
    exporting = (pl.col("consumer_kind") == "job") & ~pl.col("consumer").is_in(quiet)
    reads = log.reads.filter(named | exporting).select("node", "consumer", "day")
    runs, coded = lineage.frames["runs"], lineage.coded
    last_run = runs.group_by("job").agg(pl.max_horizontal(pl.col("end").max(), pl.col("start").max()).alias("ran"))
    stated = lineage.frames["edges"].filter((pl.col("type") == "READ") & ~pl.col("target").is_in(quiet))
    homes = pl.Series(coded.data).gather(coded.numbers(stated["source"]))
    exports = stated.with_columns(coded.ids.gather(homes).alias("node")).join(
        last_run, left_on="target", right_on="job", how="left"
    )
    exports = exports.select(
        "node", pl.col("target").alias("consumer"), pl.coalesce("ran", "last_seen").dt.date().alias("day")
    ).drop_nulls("day")
    if log.end is not None:
        exports = exports.with_columns(pl.min_horizontal("day", pl.lit(log.end)).alias("day"))
    return pl.concat([reads, exports])


def views_logged(lineage: Lineage, log: UsageLog) -> Bools:
    """Tell of which reports the log would show views; true for everything that is no report.

    A log shows the views of a namespace when coverage says so, or when it holds a view of one of its reports.

    Returns
    -------
    numpy.ndarray of bool
        Shape (nodes of the dataset level,).
    """
    nodes = lineage.graph("dataset").nodes
    viewed = nodes.filter((pl.col("kind") == "report") & pl.col("id").is_in(log.reads["node"].unique().implode()))
    stated = lineage.frames["coverage"].filter(pl.col("what") == "usage")["scope"].to_list()
    named = pl.any_horizontal(
        pl.lit(value=False), *[(pl.col("namespace") == s) | pl.col("id").str.starts_with(s) for s in stated]
    )
    seen = viewed["namespace"].fill_null("").unique().implode()
    logged = (pl.col("kind") != "report") | pl.col("namespace").fill_null("").is_in(seen) | named
    return nodes.select(logged.fill_null(value=False).alias("logged"))["logged"].to_numpy()
