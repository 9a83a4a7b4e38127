"""What ties tables, jobs and reports together when some of them go: every record counts, also a possible one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.terminal import run_inputs, terminal_reads, undated_reads
from lineage_nb.analyses.unused.dropped import dropped_nodes
from lineage_nb.analyses.usage_log import UsageLog
from lineage_nb.graph.csr import Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.propagate import push_max

__all__ = ["Ties", "stays_below", "ties"]

_NO_DATA = ["job", "column", "principal", "compute"]


@dataclass(frozen=True)
class Ties:
    """Who touches what, by number in the snapshot (`Lineage.coded`); columns stand for their datasets.

    Attributes
    ----------
    links : polars.DataFrame
        source, target: data flows there, through jobs as nodes; also refreshes that only the usage log shows.
    writes : polars.DataFrame
        job, data (or a person that it hands data to), holds (the record has not expired), stated (a WRITE says so; else a
        typed edge names the job).
    reads : polars.DataFrame
        data, job; also what runs took in, and what the usage log shows a job reading.
    """

    links: pl.DataFrame
    writes: pl.DataFrame
    reads: pl.DataFrame


def ties(lineage: Lineage, log: UsageLog) -> Ties:
    """Collect the ties of a snapshot from its records.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    log : UsageLog
        Its usage log.
    """
    coded = lineage.coded
    people, kind = ["principal", "compute"], pl.Int64
    handing = coded.edges.filter((pl.col("type") == "WRITE") & (pl.col("source_kind") == "job") & (pl.col("target_kind") == "principal"))
    edges = coded.edges.filter(~pl.col("source_kind").is_in(people) & ~pl.col("target_kind").is_in(people))
    active = edges.filter(~pl.col("expired"))
    source, target = pl.col("source_data").alias("source"), pl.col("target_data").alias("target")
    shown = log.reads.filter(pl.col("consumer_kind") == "report").select("node", "consumer").unique()
    refreshes = pl.DataFrame({"source": coded.numbers(shown["node"]), "target": coded.numbers(shown["consumer"])})
    by_job = log.reads.filter(pl.col("consumer_kind") == "job").select(data=pl.col("i").cast(kind), job=pl.col("c").cast(kind))
    taken = pl.concat([by_job, run_inputs(lineage).select(data="i", job="c")]).unique()
    links = pl.concat([active.select(source, target), refreshes, taken.rename({"data": "source", "job": "target"})], how="vertical_relaxed")
    links = links.drop_nulls().unique()
    written = pl.concat([edges.filter((pl.col("type") == "WRITE") & (pl.col("source_kind") == "job")), handing])
    moved = active.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]) & pl.col("job").is_not_null())
    stated = written.select(pl.col("source").alias("job"), target.alias("data"), (~pl.col("expired")).alias("holds"), stated=pl.lit(value=True))
    named = moved.select("job", target.alias("data"), holds=pl.lit(value=True), stated=pl.lit(value=False))
    writes = pl.concat([stated, named]).group_by("job", "data").agg(pl.col("holds").any(), pl.col("stated").any())
    read = active.filter((pl.col("type") == "READ") & (pl.col("target_kind") == "job"))
    reads = [read.select(source.alias("data"), pl.col("target").alias("job")), moved.select(source.alias("data"), "job"), taken]
    return Ties(
        links.filter(pl.col("source") != pl.col("target")).sort("source", "target"),
        writes.sort("job", "data"),
        pl.concat(reads, how="vertical_relaxed").unique().sort("data", "job").cast(dict.fromkeys(("data", "job"), writes.schema["data"])),
    )


def stays_below(
    lineage: Lineage, found: Ties, log: UsageLog, goes: NDArray[np.bool_], window: tuple[date, date]
) -> NDArray[np.int64]:
    """Search, for everything that is to go, something that stays or was read and needs it.

    The search rests on the records alone: no verdict of another analysis enters it, only the set that is to go.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    found : Ties
        Its ties.
    log : UsageLog
        Its usage log, without monitors.
    goes : numpy.ndarray of bool
        Shape (n,). The datasets and reports that are to go.
    window : tuple of date
        First and last day in which a read by somebody counts.

    Returns
    -------
    numpy.ndarray of int64
        Shape (n,). The number of a node that stays and is made from this one, or of one that was read; -1: none.
    """
    n = len(lineage.coded.ids)
    own = np.arange(n, dtype=np.int64)
    needed = ~goes & ~lineage.coded.of_kind(*_NO_DATA) & ~dropped_nodes(lineage, log)
    needed[_read_since(lineage, log, window[0])] = True
    source, target = (found.links[side].to_numpy() for side in ("source", "target"))
    kept = goes[source] | lineage.coded.of_kind("job")[source]
    graph = build_adjacency(n, source[kept], target[kept])[0]
    return push_max(graph, np.where(needed, own, -1))


def _read_since(lineage: Lineage, log: UsageLog, first: date) -> Ints:
    """Numbers of what somebody read since a day, or at a time that no record tells; see `terminal_reads`."""
    read = terminal_reads(lineage, log).filter(pl.col("day") >= first)["i"].to_numpy()
    return np.union1d(read, undated_reads(lineage, log)["i"].to_numpy()).astype(np.int64)
