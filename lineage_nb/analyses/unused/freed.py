"""What dropping tables would have saved: their own cost, and the jobs that write nothing else.

What a job costs is what it was billed and its share of the warehouses that it ran on, by execution time, as `cost` and
`what_if` have it. The latter is capacity: no cash until the warehouse is resized. What is billed on when a table is gone
(time travel, the files of clones) is not saved, nor is what was dropped before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.unused.dropped import dropped_nodes
from lineage_nb.analyses.usage_log import UsageLog
from lineage_nb.analyses.what_if.savings import resource_costs
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["billed_currencies", "freed_amounts", "freed_capacity", "freed_costs", "job_shares", "saved_costs"]


def billed_currencies(lineage: Lineage) -> list[str]:
    """Name the currencies of what was billed, in order; drivers do not count."""
    costs = lineage.frames["costs"]
    return sorted(costs.filter(pl.col("role") == "billed")["currency"].drop_nulls().unique().to_list())


def freed_costs(lineage: Lineage, frame: pl.DataFrame, droppable: Sequence[str], log: UsageLog) -> pl.DataFrame:
    """Add the column `freed` to a frame with node and verdict.

    A job is one indivisible resource: it is freed only when everything it writes is dropped, and then shared
    evenly by its outputs, so that the column adds up to the saving of dropping them all.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    frame : polars.DataFrame
        Columns node, verdict.
    droppable : sequence of str
        The verdicts that count as dropped.
    log : UsageLog
        Its usage.

    Returns
    -------
    polars.DataFrame
        `frame` and freed (Int64, micro-units, 0 for what is not dropped; null: several currencies).
    """
    if len(billed_currencies(lineage)) > 1:
        return frame.with_columns(pl.lit(None, pl.Int64).alias("freed"))
    numbers = lineage.coded.numbers(frame["node"]).to_numpy()
    goes = frame["verdict"].is_in(list(droppable)).to_numpy()
    return frame.with_columns(pl.Series("freed", freed_amounts(lineage, numbers, goes, log, saved_costs(lineage, log)), dtype=pl.Int64))


def saved_costs(lineage: Lineage, log: UsageLog) -> pl.DataFrame:
    """Sum what each resource costs that ends with it: resource (number), amount, capacity (micro-units, part of amount)."""
    if lineage.frames["costs"].filter(pl.col("role") == "billed").is_empty():
        return pl.DataFrame(schema=dict.fromkeys(("resource", "amount", "capacity"), pl.Int64))
    gone = pl.Series(dropped_nodes(lineage, log))
    costs = resource_costs(lineage)[0].filter(~pl.col("kept"))
    costs = costs.filter(~gone.gather(costs["resource"]))
    paid = pl.when("capacity").then("amount").otherwise(0)
    return costs.group_by("resource").agg(pl.col("amount").sum(), paid.sum().alias("capacity")).sort("resource")


def freed_amounts(lineage: Lineage, numbers: Ints, goes: NDArray[np.bool_], log: UsageLog, costs: pl.DataFrame) -> NDArray[np.int64]:
    """Tell what dropping some nodes would have saved.

    Parameters
    ----------
    lineage : Lineage
        A snapshot, its costs in one currency.
    numbers : numpy.ndarray
        Shape (k,). Nodes, each once, by number in the snapshot.
    goes : numpy.ndarray of bool
        Shape (k,). Which of them are dropped.
    log : UsageLog
        Its usage.
    costs : polars.DataFrame
        What ends with each resource (see `saved_costs`).

    Returns
    -------
    numpy.ndarray of int64
        Shape (k,). Micro-units; 0 for what is not dropped.
    """
    return _saved(lineage, numbers[goes], log, costs, "amount")[numbers]


def freed_capacity(lineage: Lineage, numbers: Ints, log: UsageLog, costs: pl.DataFrame) -> int:
    """Sum, in micro-units, what of the saving of dropping some nodes is capacity."""
    return int(_saved(lineage, numbers, log, costs, "capacity").sum())


def _saved(lineage: Lineage, numbers: Ints, log: UsageLog, costs: pl.DataFrame, what: str) -> NDArray[np.int64]:
    """Micro-units by number in the snapshot; jobs on what they write."""
    n = len(lineage.coded.ids)
    dropped, saved = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    dropped[numbers] = True
    saved[costs["resource"].to_numpy()] = costs[what].to_numpy()
    saved[~dropped] = 0
    shares = job_shares(lineage, costs, dropped, dropped_nodes(lineage, log)).group_by("node").agg(pl.col(what).sum())
    saved[shares["node"].to_numpy()] += shares[what].to_numpy()
    return saved


def job_shares(lineage: Lineage, costs: pl.DataFrame, dropped: NDArray[np.bool_], gone: NDArray[np.bool_]) -> pl.DataFrame:
    """Share the cost of jobs that only write what is dropped evenly by what they write.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    costs : polars.DataFrame
        See `saved_costs`.
    dropped, gone : numpy.ndarray of bool
        Shape (nodes of the snapshot,). What is dropped now, and what was before: nothing is written for that any longer.

    Returns
    -------
    polars.DataFrame
        job, node (numbers), amount, capacity (micro-units).
    """
    kind = pl.Int64
    moves = pl.when(pl.col("type") == "WRITE").then("source").when(pl.col("type") != "READ").then("job").alias("job")
    edges = lineage.coded.active().filter(pl.col("type") != "READ")
    edges = edges.filter(~pl.Series(gone).gather(edges["target_data"]))
    writes = edges.select(moves.cast(kind), pl.col("target_data").cast(kind).alias("node"))
    writes = writes.join(costs, left_on="job", right_on="resource", how="semi").unique().sort("job", "node")
    kept = writes.filter(pl.Series(~dropped[writes["node"].to_numpy()]))["job"].unique()
    idle = writes.filter(~pl.col("job").is_in(kept.implode())).join(costs, left_on="job", right_on="resource", maintain_order="left")
    outputs, nth = pl.len().over("job"), pl.int_range(pl.len()).over("job")
    idle = idle.with_columns(outputs.alias("outputs"), nth.alias("nth"))

    def part(what: str) -> pl.Expr:
        base = pl.col(what) // pl.col("outputs")
        return (base + (pl.col("nth") < pl.col(what) - base * pl.col("outputs")).cast(kind)).alias(what)

    return idle.select("job", "node", part("amount"), part("capacity"))
