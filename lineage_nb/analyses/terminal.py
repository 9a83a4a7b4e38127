"""Reads in which data ends: by people and services, shares, exports and deployed models; views of reports."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.unused.unlogged import EXPORTS, SHARES, is_served, word
from lineage_nb.analyses.usage_log import WHOLE_LOG, UsageLog, best_scopes
from lineage_nb.graph.lineage import Lineage

__all__ = ["NOT_TERMINAL", "not_exporting", "run_inputs", "shown_feeds", "terminal_reads", "undated_reads", "views_logged"]

Bools = NDArray[np.bool_]

_TEST = r"(^|[/ _-])tests?($|[/ _-])"
NOT_TERMINAL = ("report", "job", "dataset", "column")
_NO_DATA = ("job", "principal", "compute")


def not_exporting(lineage: Lineage) -> pl.Series:
    """Ids of jobs that write data or test it, and hand nothing to people: what they read is read for what they write."""
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    tests = nodes.filter((pl.col("kind") == "job") & pl.col("type").str.to_lowercase().str.contains(_TEST))["id"]
    handing = coded.active().filter((pl.col("type") == "WRITE") & (pl.col("target_kind") == "principal"))["source"]
    quiet = pl.concat([coded.ids.gather(lineage.effective.writes["job"].unique()), tests]).unique()
    return quiet.filter(~quiet.is_in(coded.ids.gather(handing.unique()).implode()))


def terminal_reads(lineage: Lineage, log: UsageLog) -> pl.DataFrame:
    """List the reads that nothing else is made from, as far as their day is known.

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
        and consumer), named_columns, other_columns (as in `UsageLog.reads`). What a job reads that exports (it writes no data that still holds, or hands data to people, and tests
        nothing) is on the day of its last run; what flows to people, on the day on which that was seen last. An export
        reads itself on the day on which it was last written. See `undated_reads` for what has no day.
    """
    quiet = not_exporting(lineage).implode()
    named = pl.col("consumer_kind").is_null() | ~pl.col("consumer_kind").is_in(NOT_TERMINAL)
    exporting = (pl.col("consumer_kind") == "job") & ~pl.col("consumer").is_in(quiet)
    leaving = (pl.col("consumer_kind") == "dataset") & pl.col("consumer").is_in(_ends(lineage).implode())
    reads = log.reads.filter(named | exporting | leaving).select("node", "consumer", "day", "reads", "column", "i", "c", "named_columns", "other_columns")
    exports = pl.concat([_recorded(lineage, log).drop_nulls("day"), _written_exports(lineage)], how="vertical_relaxed")
    if log.end is not None:
        exports = exports.with_columns(pl.min_horizontal("day", pl.lit(log.end)).alias("day"))
    ids, nothing = lineage.coded.ids, pl.lit(None, pl.String)
    exports = exports.with_columns(
        ids.gather(exports["i"]).alias("node"), ids.gather(exports["c"]).alias("consumer"), reads=pl.lit(1, pl.Int64), column=nothing, named_columns=pl.lit(None, pl.List(pl.String)), other_columns=nothing
    )
    return pl.concat([reads, exports.select(reads.columns)], how="vertical_relaxed")


def undated_reads(lineage: Lineage, log: UsageLog) -> pl.DataFrame:
    """List what exporting jobs and people are recorded to read, where no record tells when.

    Returns
    -------
    polars.DataFrame
        i, c (numbers of what is read and of the reader; of several readers the first), sorted.
    """
    found = _recorded(lineage, log).filter(pl.col("day").is_null())
    return found.group_by("i").agg(pl.col("c").min()).sort("i")


def shown_feeds(lineage: Lineage, log: UsageLog) -> pl.DataFrame:
    """List what the log or the inputs of runs alone show to feed something: source, target (numbers of datasets and reports).

    Refreshed reports, what a dataset is recorded to read, and what reading jobs write.
    """
    coded, kind = lineage.coded, pl.Int64
    by = log.reads.filter(pl.col("consumer_kind").is_in(["report", "dataset", "job", "column"])).select("i", "c", "consumer_kind").unique()
    data = by.filter(pl.col("consumer_kind") != "job")
    homes = pl.Series("target", coded.data[data["c"].to_numpy()], dtype=kind)
    jobs = [by.filter(pl.col("consumer_kind") == "job").select(pl.col("i").cast(kind), pl.col("c").cast(kind)), run_inputs(lineage).select("i", "c")]
    writes = lineage.effective.writes.select(pl.col("job").cast(kind).alias("c"), pl.col("target").cast(kind))
    written = pl.concat(jobs).unique().join(writes, on="c").select(source="i", target="target")
    return pl.concat([data.select(pl.col("i").cast(kind).alias("source"), homes), written]).unique().sort("source", "target")


def run_inputs(lineage: Lineage) -> pl.DataFrame:
    """What runs took in, by their `io`: i (a dataset), c (the job), day (of the last such run; null: none tells)."""
    coded, frames, kind = lineage.coded, lineage.frames, pl.Int64
    inputs = frames["io"].filter(pl.col("direction") == "in").select("run", "dataset")
    if inputs.is_empty():
        return pl.DataFrame(schema={"i": kind, "c": kind, "day": pl.Date})
    ran = frames["runs"].select("run", "job", day=pl.coalesce(pl.max_horizontal("start", "end"), "nominal_time").dt.date())
    inputs = inputs.join(ran, on="run")
    data = pl.Series("data", coded.data, dtype=kind).gather(coded.numbers(inputs["dataset"]))
    placed = inputs.select(data.alias("i"), coded.numbers(inputs["job"]).cast(kind).alias("c"), "day").drop_nulls(["i", "c"])
    return placed.group_by("i", "c").agg(pl.col("day").max())


def _last_runs(lineage: Lineage) -> pl.DataFrame:
    """Last run of each job: c (number), ran."""
    runs = lineage.frames["runs"].group_by("job").agg(pl.max_horizontal(pl.col("end").max(), pl.col("start").max()).alias("ran"))
    return runs.select(lineage.coded.numbers(runs["job"]).cast(pl.Int64).alias("c"), "ran")


def _recorded(lineage: Lineage, log: UsageLog) -> pl.DataFrame:
    """What lineage and runs show exporting jobs and people to read: i, c, day (null: no record tells when).

    A statement that has expired was read at the latest when it did. Monitors are left out.
    """
    coded, kind = lineage.coded, pl.Int64
    times = lineage.frames["edges"].select("last_seen", "expires_at")
    edges = coded.edges.select("type", "expired", "source_kind", "target_kind", i=pl.col("source_data").cast(kind), c=pl.col("target").cast(kind))
    edges = edges.hstack(times).filter((pl.col("type") == "READ") | (pl.col("target_kind") == "principal"))
    edges = edges.filter(~pl.col("source_kind").cast(pl.String).is_in(_NO_DATA).fill_null(value=False))
    quiet = coded.numbers(pl.concat([not_exporting(lineage), pl.Series(log.monitors, dtype=pl.String)])).drop_nulls().cast(kind).implode()
    by_job = edges.filter((pl.col("type") == "READ") & (pl.col("target_kind") == "job") & ~pl.col("c").is_in(quiet))
    to_people = edges.filter((pl.col("target_kind") == "principal") & ~pl.col("c").is_in(quiet))
    by_job = by_job.join(_last_runs(lineage), on="c", how="left", maintain_order="left")
    ended = pl.when("expired").then(pl.min_horizontal("last_seen", "expires_at")).otherwise(None)
    ran = by_job.select("i", "c", pl.coalesce(ended, "ran", "last_seen").dt.date().alias("day"))
    seen = to_people.select("i", "c", pl.coalesce(ended, "last_seen").dt.date().alias("day"))
    found = pl.concat([ran, seen, run_inputs(lineage).filter(~pl.col("c").is_in(quiet))])
    return found.group_by("i", "c").agg(pl.col("day").max())


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
    into = edges.select("type", writer.cast(pl.Int64), i="target").with_columns(lineage.frames["edges"]["last_seen"])
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
    within = best_scopes(reports, stated.filter(stated != WHOLE_LOG))["id"]
    views = log.reads.filter(pl.col("consumer_kind").is_null() | ~pl.col("consumer_kind").is_in(NOT_TERMINAL))["node"].unique()
    seen = reports.filter(pl.col("id").is_in(views.implode()))["namespace"].fill_null("").unique()
    logged = reports.filter(pl.col("id").is_in(within.implode()) | pl.col("namespace").fill_null("").is_in(seen.implode()))
    shown = ~pl.col("viewed") | pl.col("id").is_in(logged["id"].implode())
    return nodes.select(shown.alias("logged"))["logged"].to_numpy()
