"""Billed rows → money on datasets: jobs to what they write, warehouse hours to the jobs that ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lineage_nb.analyses.cost.bill import stamp
from lineage_nb.analyses.cost.outputs import output_weights, written
from lineage_nb.analyses.cost.period import During
from lineage_nb.graph.flow import split
from lineage_nb.graph.lineage import Lineage

__all__ = ["IDLE", "Placement", "place"]

IDLE = ("line", "spread")
"""What becomes of warehouse time in which nothing ran."""

_US_PER_HOUR, _US_PER_DAY = 3_600_000_000, 86_400_000_000
_HOURS = pl.DataFrame(schema={"node": pl.String, "quantity": pl.Float64})


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
    homeless : polars.DataFrame
        node (a job without known output), amount: part of `unallocated`.
    lines : Mapping of str to polars.DataFrame
        For ``idle`` and ``unallocated``: node (as billed; null: billed to none), amount.
    idle_hours : polars.DataFrame
        node (a machine), quantity: billed hours in which nothing ran.
    """

    amounts: pl.DataFrame
    own: pl.DataFrame
    jobs: pl.DataFrame
    idle: int
    unallocated: int
    homeless: pl.DataFrame
    lines: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    idle_hours: pl.DataFrame = field(default_factory=pl.DataFrame)


def place(lineage: Lineage, spent: pl.DataFrame, *, idle: str = "line", period: During | None = None) -> Placement:
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
    period : During, optional
        What jobs wrote in it counts; by default what they write at the end of the snapshot.

    Returns
    -------
    Placement
        ``amounts`` + ``idle`` + ``unallocated`` is the sum of `spent`, exactly.
    """
    nodes = lineage.frames["nodes"]
    data = pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data")
    rows = spent.join(nodes.select("id", "kind", data), left_on="node", right_on="id", how="left")
    hours = rows.filter(pl.col("kind") == "compute")
    to_jobs, unused, lost, free = _hours(lineage, hours, spread=idle == "spread")
    jobs = pl.concat([rows.filter(pl.col("kind") == "job").select("node", "amount"), to_jobs])
    by_job = jobs.group_by("node").agg(pl.col("amount").sum()).sort("node")
    on_data = _outputs(by_job, output_weights(lineage, by_job["node"], period))
    graph = lineage.graph("dataset").nodes["id"]
    known = pl.col("data").is_in(graph.implode()) & ~pl.col("kind").is_in(["compute", "job"])
    own = rows.filter(known).select(pl.col("data").alias("node"), "amount")
    nowhere = rows.filter((pl.col("kind").is_null() | ~pl.col("kind").is_in(["compute", "job"])) & ~known.fill_null(value=False))
    own = own.group_by("node").agg(pl.col("amount").sum()).sort("node")
    amounts = pl.concat([own, on_data]).group_by("node").agg(pl.col("amount").sum()).sort("node")
    writing = by_job.filter(pl.col("node").is_in(written(lineage, by_job["node"], period)["job"].implode()))
    homeless = by_job.join(writing, on="node", how="anti")
    unallocated = sum(int(rows["amount"].sum()) for rows in (nowhere, lost, homeless))
    lost_rows = [nowhere.select("node", "amount"), homeless, lost]
    lines = {
        "unallocated": pl.concat(lost_rows).group_by("node").agg(pl.col("amount").sum()),
        "idle": unused,
    }
    return Placement(amounts, own, writing, int(unused["amount"].sum()), unallocated, homeless, lines, free)


def _hours(lineage: Lineage, hours: pl.DataFrame, *, spread: bool) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Warehouse time → jobs by execution time: (node, amount) of jobs, idle, and what no run tells of; idle hours.

    The busy part of an hour is the union of the executions in it; it is shared by their lengths. A row without
    the columns start and end is taken as its whole day.
    """
    none = pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})
    if hours.is_empty():
        return none, none, none, _HOURS.clear()
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
    free = idle.select("node", pl.Series("quantity", portions[:, 1] / _US_PER_HOUR, dtype=pl.Float64)).group_by("node").agg(pl.col("quantity").sum())
    idle = idle.group_by("node").agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).sort("node")
    if spread:
        more, idle = _spread(idle, inside)
        jobs = pl.concat([jobs, more])
    return jobs, idle, hours.filter(~is_metered).select("node", "amount"), free.sort("node")


def _overlaps(runs: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Parts of runs that lie in spans of their warehouse: row, compute, job, run, a, b (microseconds)."""
    ends = {"a": pl.col("start").dt.timestamp("us"), "b": pl.col("end").dt.timestamp("us")}
    runs = runs.select("job", "run", "compute", **ends)
    size = (pl.col("to") - pl.col("from")).clip(lower_bound=1).log(2).floor().cast(pl.Int32).alias("size")
    billed = spans.with_columns(size).partition_by("node", "size", as_dict=True, maintain_order=True)
    of_machine = runs.partition_by("compute", as_dict=True, maintain_order=True)
    found = []
    for (compute, _), at in billed.items():  # one long row among short ones would meet every run
        mine = of_machine.get((compute,))
        if mine is None:
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


def _outputs(jobs: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Jobs → what they write, by weight: (node, amount) of datasets."""
    parts = jobs.rename({"node": "job"}).with_row_index("group").join(weights, on="job").sort("group", "node")
    if parts.is_empty():
        return pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})
    at = np.unique(parts["group"].to_numpy(), return_inverse=True)[1]
    amounts = parts.unique("group", keep="first", maintain_order=True)["amount"].to_numpy()
    return parts.select("node").with_columns(pl.Series("amount", split(amounts, at, parts["weight"].to_numpy()), dtype=pl.Int64))
