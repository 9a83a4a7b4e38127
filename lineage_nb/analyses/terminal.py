"""Reads in which data ends: by people and services, shares, exports and deployed models; views of reports."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.unused.unlogged import EXPORTS, SHARES, is_served, word
from lineage_nb.analyses.usage_log import WHOLE_LOG, UsageLog, inside
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
        node, consumer (null: unnamed), day, reads, column (that was read; null: the record names none), i and c (numbers of node
        and consumer). The reads of a job that writes nothing and tests nothing are on
        the day of its last run. An export reads itself on the day on which it was last written.
    """
    quiet = not_exporting(lineage).implode()
    named = pl.col("consumer_kind").is_null() | ~pl.col("consumer_kind").is_in(NOT_TERMINAL)
    exporting = (pl.col("consumer_kind") == "job") & ~pl.col("consumer").is_in(quiet)
    leaving = (pl.col("consumer_kind") == "dataset") & pl.col("consumer").is_in(_ends(lineage).implode())
    reads = log.reads.filter(named | exporting | leaving).select("node", "consumer", "day", "reads", "column", "i", "c")
    exports = pl.concat([_exporting_jobs(lineage), _written_exports(lineage)])
    if log.end is not None:
        exports = exports.with_columns(pl.min_horizontal("day", pl.lit(log.end)).alias("day"))
    ids, nothing = lineage.coded.ids, pl.lit(None, pl.String)
    exports = exports.with_columns(
        ids.gather(exports["i"]).alias("node"), ids.gather(exports["c"]).alias("consumer"), reads=pl.lit(1, pl.Int64), column=nothing
    )
    return pl.concat([reads, exports.select(reads.columns)], how="vertical_relaxed")


def _last_runs(lineage: Lineage) -> pl.DataFrame:
    """Last run of each job: c (number), ran."""
    runs = lineage.frames["runs"].group_by("job").agg(pl.max_horizontal(pl.col("end").max(), pl.col("start").max()).alias("ran"))
    return runs.select(lineage.coded.numbers(runs["job"]).alias("c"), "ran")


def _exporting_jobs(lineage: Lineage) -> pl.DataFrame:
    """Reads of jobs that write nothing and test nothing, on the day of their last run: i, c, day."""
    edges = lineage.coded.edges.select("type", c="target", i="source_data").with_columns(lineage.frames["edges"]["last_seen"])
    quiet = lineage.coded.numbers(not_exporting(lineage)).drop_nulls()
    stated = edges.filter((pl.col("type") == "READ") & ~pl.col("c").is_in(quiet.implode()))
    ran = stated.join(_last_runs(lineage), on="c", how="left", maintain_order="left") if stated.height else stated.with_columns(ran="last_seen")
    return ran.select("i", "c", pl.coalesce("ran", "last_seen").dt.date().alias("day")).drop_nulls("day")


def _ends(lineage: Lineage) -> pl.Series:
    """Datasets that take data out of sight: shares, exports, and what deployed models are or read."""
    nodes = lineage.frames["nodes"].filter(pl.col("kind") == "dataset")
    return nodes.filter(word("type").is_in((*SHARES, *EXPORTS)) | is_served())["id"]


def _written_exports(lineage: Lineage) -> pl.DataFrame:
    """Exports, each its own reader, on the last day on which something wrote them: i, c, day."""
    graph, edges = lineage.graph("dataset"), lineage.coded.edges
    exports = (word("type").is_in(EXPORTS) | word("kind").is_in(EXPORTS)).fill_null(value=False)
    found = pl.Series(graph.members[graph.nodes.select(exports.alias("export"))["export"].to_numpy()])
    if found.is_empty():
        kind = edges.schema["source"]
        return pl.DataFrame(schema={"i": kind, "c": kind, "day": pl.Date})
    writer = pl.when(pl.col("type") == "WRITE").then("source").otherwise("job").alias("c")
    into = edges.select("type", writer, i="target").with_columns(lineage.frames["edges"]["last_seen"])
    into = into.filter(pl.col("i").is_in(found.implode()) & (pl.col("type") != "READ")).join(_last_runs(lineage), on="c", how="left")
    days = into.select("i", pl.coalesce("last_seen", "ran").dt.date().alias("day")).drop_nulls("day")
    return days.group_by("i").agg(pl.col("day").max()).select("i", pl.col("i").alias("c"), "day")


def views_logged(lineage: Lineage, log: UsageLog) -> Bools:
    """Tell of which reports the log would show views; true for everything that is no report.

    A log shows the views of a namespace when coverage says so, or when it holds a view of one of its reports. What
    deployed models are or read counts as a report here: only a log that speaks of it shows that nobody asks it.

    Returns
    -------
    numpy.ndarray of bool
        Shape (nodes of the dataset level,).
    """
    nodes = lineage.graph("dataset").nodes.select("id", "kind", "type", "namespace", "name", "deleted_at")
    nodes = nodes.with_columns(((pl.col("kind") == "report") | is_served()).alias("viewed"))
    reports = nodes.filter("viewed").select("id", "namespace", "name")
    stated = lineage.frames["coverage"].filter(pl.col("what") == "usage")["scope"].unique()
    named = pl.any_horizontal(pl.lit(value=False), *[inside(s) for s in stated if s != WHOLE_LOG])
    views = log.reads.filter(pl.col("consumer_kind").is_null() | ~pl.col("consumer_kind").is_in(NOT_TERMINAL))["node"].unique()
    seen = reports.filter(pl.col("id").is_in(views.implode()))["namespace"].fill_null("").unique()
    logged = reports.filter(named | pl.col("namespace").fill_null("").is_in(seen.implode()))
    shown = ~pl.col("viewed") | pl.col("id").is_in(logged["id"].implode())
    return nodes.select(shown.alias("logged"))["logged"].to_numpy()
