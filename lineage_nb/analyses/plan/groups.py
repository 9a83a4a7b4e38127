"""In which order things may go: jobs with all they write, cycles at once, consumers first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.plan.ties import Ties
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.order import condense

__all__ = ["Order", "order_of"]


@dataclass(frozen=True)
class Order:
    """What goes, in groups; consumers come before what they are made from.

    Attributes
    ----------
    data : polars.DataFrame
        data (number), group, rank: of every dataset and report that goes; within a group what is made from another
        has the lower rank, and members of one cycle have the same.
    stopped : polars.DataFrame
        job, group: jobs whose every output goes, or that only read what goes.
    changed : polars.DataFrame
        job, data, group, writes (bool): jobs that stay, and what they can no longer write or read.
    """

    data: pl.DataFrame
    stopped: pl.DataFrame
    changed: pl.DataFrame


def order_of(
    lineage: Lineage, found: Ties, goes: NDArray[np.bool_], freed: NDArray[np.int64], dropped: NDArray[np.bool_] | None = None
) -> Order:
    """Group and order what is to go.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    found : Ties
        Its ties.
    goes : numpy.ndarray of bool
        Shape (n,). The datasets and reports that are to go; nothing that stays is made from them.
    freed : numpy.ndarray of int64
        Shape (n,). Money by node: of groups that may come in any order, the most expensive comes first.
    dropped : numpy.ndarray of bool, optional
        Shape (n,). What is gone already: nothing is done about it.
    """
    if dropped is not None and dropped.any():
        there = pl.Series(~dropped)
        writes, reads = (t.filter(there.gather(t["job"]) & there.gather(t["data"])) for t in (found.writes, found.reads))
        found = replace(found, writes=writes, reads=reads)
    stops = _stopped(found, goes)
    group, rank = _groups(lineage, found, goes, stops["job"].to_numpy(), freed)
    numbers = np.flatnonzero(goes)
    columns = {"data": numbers, "group": group[numbers], "rank": rank[numbers]}
    data = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64))
    grouped = data.select(pl.col("data").cast(found.writes["data"].dtype), "group")
    touched = pl.concat([found.writes.select("job", "data"), found.reads.select("job", "data")]).join(grouped, on="data")
    writer_of = found.writes.join(stops, on="job", how="semi").join(grouped, on="data")
    first = pl.concat([writer_of.select("job", "group"), touched.join(writer_of, on="job", how="anti").select("job", "group")])
    stopped = stops.join(first.group_by("job").agg(pl.col("group").min()), on="job").sort("group", "job")
    writes = found.writes.filter("holds").select("job", "data", writes=pl.lit(value=True))
    reads = found.reads.select("job", "data").join(writes, on=["job", "data"], how="anti").with_columns(writes=pl.lit(value=False))
    changed = pl.concat([writes, reads]).join(stops, on="job", how="anti").join(grouped, on="data")
    return Order(data, stopped, changed.sort("group", "job", "data"))


def _stopped(found: Ties, goes: NDArray[np.bool_]) -> pl.DataFrame:
    """Jobs whose every output goes; of jobs whose writes no longer hold those whose every input goes."""
    outputs = found.writes.filter("holds")
    inputs = found.reads.join(outputs, on="job", how="anti")
    outputs = outputs.with_columns(goes=pl.Series(goes[outputs["data"].to_numpy()]))
    inputs = inputs.with_columns(goes=pl.Series(goes[inputs["data"].to_numpy()]))
    both = pl.concat([outputs.select("job", "goes"), inputs.select("job", "goes")])
    return both.group_by("job").agg(pl.col("goes").all()).filter("goes").select("job").sort("job")


def _groups(
    lineage: Lineage, found: Ties, goes: NDArray[np.bool_], stopped: NDArray[np.int64], freed: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group of every node, from 1, and its rank; a job that stops is one with all it writes."""
    n = len(goes)
    jobs = lineage.coded.of_kind("job")
    source, target = (found.links[side].to_numpy().astype(np.int64) for side in ("source", "target"))
    inside = (goes[source] | jobs[source]) & (goes[target] | jobs[target])
    stops = np.zeros(n, dtype=bool)
    stops[stopped] = True
    own = found.writes.filter(pl.Series(stops[found.writes["job"].to_numpy()]))
    job, output = (own[c].to_numpy().astype(np.int64) for c in ("job", "data"))
    source, target = source[inside], target[inside]
    rank = condense(n, target, source).component
    up = np.concatenate([source, job, output])
    down = np.concatenate([target, output, job])
    parts = condense(n, down, up)
    component = parts.component
    reports = lineage.coded.of_kind("report")
    facts = pl.DataFrame({"c": component, "node": np.arange(n), "freed": freed, "report": reports, "level": parts.level[component]})
    ranks = (
        facts.filter(pl.Series(goes))
        .group_by("c")
        .agg(pl.col("level").first(), pl.col("report").all(), pl.col("freed").sum(), pl.col("node").min())
        .sort("level", pl.col("report").not_(), -pl.col("freed"), "node")
        .with_row_index("group", offset=1)
    )
    group = np.zeros(parts.count, dtype=np.int64)
    group[ranks["c"].to_numpy()] = ranks["group"].to_numpy()
    return group[component], rank
