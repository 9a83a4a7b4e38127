"""Billed rows → money on datasets: jobs to what they write, warehouse hours to the jobs that ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.bill import stamp
from lineage_nb.graph.flow import split
from lineage_nb.graph.lineage import Lineage

__all__ = ["IDLE", "Placement", "place", "written"]

IDLE = ("line", "spread")
"""What becomes of warehouse time in which nothing ran."""

_US_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Placement:
    """Where money is spent.

    Attributes
    ----------
    amounts : polars.DataFrame
        node (dataset or report), amount (micro-units): what `own` says, and the jobs' by what they write.
    own : polars.DataFrame
        node (dataset or report), amount: billed to it.
    jobs : polars.DataFrame
        node (a job that writes something known), amount: billed to it, or its share of warehouse time.
    idle : int
        Micro-units of warehouse time in which nothing ran.
    unallocated : int
        Micro-units that no known dataset or job can be charged with.
    note : str
        What was placed how, in words; empty when there is nothing to say.
    lines : Mapping of str to polars.DataFrame
        For ``idle`` and ``unallocated``: node (as billed; null: billed to none), amount.
    """

    amounts: pl.DataFrame
    own: pl.DataFrame
    jobs: pl.DataFrame
    idle: int
    unallocated: int
    note: str
    lines: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def place(lineage: Lineage, spent: pl.DataFrame, *, idle: str = "line") -> Placement:
    """Put every billed row where it was spent.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    spent : polars.DataFrame
        Billed rows of `costs`.
    idle : {"line", "spread"}
        ``spread``: the idle time of a warehouse goes to the jobs that ran in its billed time, by execution time;
        where none ran it stays idle.

    Returns
    -------
    Placement
        ``amounts`` + ``idle`` + ``unallocated`` is the sum of `spent`, exactly.
    """
    nodes = lineage.frames["nodes"]
    data = pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data")
    rows = spent.join(nodes.select("id", "kind", data), left_on="node", right_on="id", how="left")
    hours = rows.filter(pl.col("kind") == "compute")
    to_jobs, unused, lost = _hours(lineage, hours, spread=idle == "spread")
    jobs = pl.concat([rows.filter(pl.col("kind") == "job").select("node", "amount"), to_jobs])
    by_job = jobs.group_by("node").agg(pl.col("amount").sum()).sort("node")
    writes = written(lineage, by_job["node"])
    on_data, homeless = _outputs(lineage, by_job, writes)
    graph = lineage.graph("dataset").nodes["id"]
    known = pl.col("data").is_in(graph.implode()) & ~pl.col("kind").is_in(["compute", "job"])
    own = rows.filter(known).select(pl.col("data").alias("node"), "amount")
    nowhere = rows.filter((pl.col("kind").is_null() | ~pl.col("kind").is_in(["compute", "job"])) & ~known.fill_null(value=False))
    own = own.group_by("node").agg(pl.col("amount").sum()).sort("node")
    amounts = pl.concat([own, on_data]).group_by("node").agg(pl.col("amount").sum()).sort("node")
    writing = by_job.filter(pl.col("node").is_in(writes["job"].implode()))
    unallocated = int(nowhere["amount"].sum()) + int(lost["amount"].sum()) + homeless
    note = ""
    if homeless:
        note = "Jobs that write nothing known are unallocated."
    lost_rows = [nowhere.select("node", "amount"), by_job.join(writing, on="node", how="anti"), lost]
    lines = {
        "unallocated": pl.concat(lost_rows).group_by("node").agg(pl.col("amount").sum()),
        "idle": unused,
    }
    return Placement(amounts, own, writing, int(unused["amount"].sum()), unallocated, note, lines)


def _hours(lineage: Lineage, hours: pl.DataFrame, *, spread: bool) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Warehouse time → jobs by execution time: (node, amount) of jobs, idle, and what no run tells of.

    The busy part of an hour is the union of the executions in it; it is shared by their lengths. A row without
    the columns start and end is taken as its whole day.
    """
    none = pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})
    if hours.is_empty():
        return none, none, none
    runs = lineage.frames["runs"].filter(pl.col("compute").is_not_null() & pl.col("start").is_not_null() & pl.col("end").is_not_null())
    is_metered = pl.col("node").is_in(runs["compute"].unique().implode())
    spans = _spans(hours.filter(is_metered)).sort("node", "from", "to", "amount").with_row_index("row")
    inside = _overlaps(runs, spans).sort("row", "a", "b", "run")
    reach = pl.col("b").cum_max().shift(1).over("row").fill_null(-1)
    busy = (pl.col("b") - pl.max_horizontal("a", reach)).clip(lower_bound=0)
    used = inside.with_columns(busy.alias("new")).group_by("row").agg(pl.col("new").sum().alias("busy"))
    spans = spans.join(used, on="row", how="left").with_columns(pl.col("busy").fill_null(0)).sort("row")
    spans = spans.with_columns(pl.max_horizontal('to', pl.col('from') + 1).alias('to'))
    length = (spans["to"] - spans["from"]).to_numpy().astype(np.float64)
    portions = np.column_stack([spans["busy"].to_numpy(), np.maximum(length - spans["busy"].to_numpy(), 0)])
    amount = spans["amount"].to_numpy()
    halves = split(amount, np.repeat(np.arange(len(amount)), 2), portions.ravel().astype(np.float64)).reshape(-1, 2)
    shares = split(halves[:, 0], inside["row"].to_numpy().astype(np.int64), (inside["b"] - inside["a"]).to_numpy().astype(np.float64))
    jobs = inside.select(pl.col("job").alias("node")).with_columns(pl.Series("amount", shares, dtype=pl.Int64))
    idle = spans.select("node").with_columns(pl.Series("amount", halves[:, 1], dtype=pl.Int64))
    idle = idle.group_by("node").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).sort("node")
    if spread:
        more, idle = _spread(idle, inside)
        jobs = pl.concat([jobs, more])
    return jobs, idle, hours.filter(~is_metered).select("node", "amount")


def _overlaps(runs: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Parts of runs that lie in spans of their warehouse: row, compute, job, run, a, b (microseconds)."""
    ends = {"a": pl.col("start").dt.timestamp("us"), "b": pl.col("end").dt.timestamp("us")}
    runs = runs.select("job", "run", "compute", **ends)
    billed = dict(spans.partition_by("node", as_dict=True, maintain_order=True))
    found = []
    for (compute,), mine in runs.partition_by("compute", as_dict=True, maintain_order=True).items():
        at = billed.get((compute,))
        if at is None:
            continue
        begin, end = (mine[c].to_numpy() for c in ("a", "b"))
        first = np.searchsorted(at["to"].cum_max().to_numpy(), begin, side="right")
        count = np.maximum(np.searchsorted(at["from"].to_numpy(), end, side="left") - first, 0)
        nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        pairs = mine[np.repeat(np.arange(mine.height), count)].hstack(at[nth].select("row", "from", "to"))
        found.append(pairs.with_columns(pl.max_horizontal("a", "from").alias("a"), pl.min_horizontal("b", "to").alias("b")))
    if not found:
        return runs.clear().with_columns(pl.lit(0, pl.UInt32).alias("row"))
    return pl.concat(found).filter(pl.col("a") < pl.col("b"))


def _spread(idle: pl.DataFrame, inside: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Idle money of warehouses → their jobs by execution time: (node, amount) of jobs, what stays idle."""
    ran = inside.group_by("compute", "job").agg((pl.col("b") - pl.col("a")).sum().cast(pl.Float64).alias("ran"))
    parts = idle.with_row_index("group").join(ran, left_on="node", right_on="compute").sort("group", "job")
    shares = split(idle["amount"].to_numpy(), parts["group"].to_numpy().astype(np.int64), parts["ran"].to_numpy())
    jobs = parts.select(pl.col("job").alias("node"), pl.Series("amount", shares, dtype=pl.Int64))
    return jobs, idle.join(parts, on="node", how="anti")


def _spans(hours: pl.DataFrame) -> pl.DataFrame:
    """node, amount, from, to (microseconds) of every metered row."""
    day = pl.col("day").cast(pl.Datetime("us")).dt.timestamp("us")
    first, last = day, day + _US_PER_DAY
    if {"start", "end"} <= set(hours.columns):
        stamps = {c: stamp(hours, c).dt.timestamp("us") for c in ("start", "end")}
        first, last = pl.coalesce(stamps["start"], first), pl.coalesce(stamps["end"], last)
    return hours.select("node", "amount", first.alias("from"), last.alias("to"))


def written(lineage: Lineage, jobs: pl.Series) -> pl.DataFrame:
    """List what jobs write: job, node (a dataset, or whoever a query ran for), each pair once, sorted.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    jobs : polars.Series of String
        Ids of jobs.
    """
    nodes = lineage.frames["nodes"]
    data = nodes.select(pl.col("id").alias("target"), pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("node"))
    writes = lineage.frames["edges"].filter((pl.col("type") == "WRITE") & pl.col("source").is_in(jobs.unique().implode()))
    return writes.join(data, on="target").select(pl.col("source").alias("job"), "node").unique().sort("job", "node")


def _outputs(lineage: Lineage, jobs: pl.DataFrame, writes: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Jobs → what they write, by bytes, else rows, else evenly: (node, amount) of datasets, left over."""
    none = pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})
    if jobs.is_empty():
        return none, 0
    sizes = (
        lineage.frames["io"].filter(pl.col("direction") == "out").join(lineage.frames["runs"].select("run", "job"), on="run")
        .group_by("job", pl.col("dataset").alias("node")).agg(pl.col("bytes").sum(), pl.col("rows").sum())
    )
    parts = jobs.rename({"node": "job"}).with_row_index("group").join(writes, on="job").join(sizes, on=["job", "node"], how="left")
    homeless = int(jobs["amount"].sum()) - int(parts.unique("group")["amount"].sum())
    if parts.is_empty():
        return none, homeless
    whole = {c: (pl.col(c).fill_null(0) > 0).all().over("group") for c in ("bytes", "rows")}
    weight = pl.when(whole["bytes"]).then("bytes").when(whole["rows"]).then("rows").otherwise(1).cast(pl.Float64)
    parts = parts.with_columns(weight.alias("weight")).sort("group", "node")
    groups, at = np.unique(parts["group"].to_numpy(), return_inverse=True)
    del groups
    amounts = parts.group_by("group", maintain_order=True).agg(pl.col("amount").first())["amount"].to_numpy()
    shares = split(amounts, at, parts["weight"].to_numpy())
    return parts.select("node").with_columns(pl.Series("amount", shares, dtype=pl.Int64)), homeless
