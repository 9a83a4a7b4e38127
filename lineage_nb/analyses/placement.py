"""Billed rows → money on datasets: jobs to what they write, warehouse hours to the jobs that ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lineage_nb.graph.flow import split
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.normalise import parse_time

__all__ = ["Placement", "place", "written"]

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


def place(lineage: Lineage, spent: pl.DataFrame) -> Placement:
    """Put every billed row where it was spent.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    spent : polars.DataFrame
        Billed rows of `costs`.

    Returns
    -------
    Placement
        ``amounts`` + ``idle`` + ``unallocated`` is the sum of `spent`, exactly.
    """
    nodes = lineage.frames["nodes"]
    data = pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data")
    rows = spent.join(nodes.select("id", "kind", data), left_on="node", right_on="id", how="left")
    hours = rows.filter(pl.col("kind") == "compute")
    to_jobs, idle, lost = _hours(lineage, hours)
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
    unallocated = int(nowhere["amount"].sum()) + lost + homeless
    note = ""
    if homeless:
        note = "Jobs that write nothing known are unallocated."
    metered = lineage.frames["runs"]["compute"].drop_nulls().unique()
    lost_rows = [
        nowhere.select("node", "amount"),
        by_job.join(writing, on="node", how="anti"),
        hours.filter(~pl.col("node").is_in(metered.implode())).select("node", "amount"),
    ]
    lines = {
        "unallocated": pl.concat(lost_rows).group_by("node").agg(pl.col("amount").sum()),
        "idle": idle,
    }
    return Placement(amounts, own, writing, int(idle["amount"].sum()), unallocated, note, lines)


def _hours(lineage: Lineage, hours: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Warehouse time → jobs by execution time: (node, amount) of jobs, idle, unallocated.

    The busy part of an hour is the union of the executions in it; it is shared by their lengths. A row without
    the columns start and end is taken as its whole day.
    """
    none = pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})
    if hours.is_empty():
        return none, none, 0
    runs = lineage.frames["runs"].filter(pl.col("compute").is_not_null() & pl.col("start").is_not_null() & pl.col("end").is_not_null())
    metered = hours.filter(pl.col("node").is_in(runs["compute"].unique().implode()))
    lost = int(hours["amount"].sum()) - int(metered["amount"].sum())
    spans = _spans(metered).with_row_index("row")
    inside = (
        runs.select("job", "run", "compute", pl.col("start").dt.timestamp("us").alias("a"), pl.col("end").dt.timestamp("us").alias("b"))
        .join(spans, left_on="compute", right_on="node")
        .with_columns(pl.max_horizontal("a", "from").alias("a"), pl.min_horizontal("b", "to").alias("b"))
        .filter(pl.col("a") < pl.col("b"))
        .sort("row", "a", "b", "run")
    )
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
    return jobs, idle.group_by("node").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0), lost


def _spans(hours: pl.DataFrame) -> pl.DataFrame:
    """node, amount, from, to (microseconds) of every metered row."""
    day = pl.col("day").cast(pl.Datetime("us")).dt.timestamp("us")
    first, last = day, day + _US_PER_DAY
    if {"start", "end"} <= set(hours.columns):
        text = {c: hours.schema[c] == pl.String for c in ("start", "end")}
        stamps = {
            c: (parse_time(pl.col(c)) if text[c] else pl.col(c).cast(pl.Datetime("us"), strict=False)).dt.timestamp("us")
            for c in ("start", "end")
        }
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
