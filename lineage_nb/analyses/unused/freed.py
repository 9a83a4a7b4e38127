"""What dropping tables would have saved: their own cost, and the jobs that write nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["freed_amounts", "freed_costs"]


def freed_costs(lineage: Lineage, frame: pl.DataFrame, droppable: Sequence[str]) -> pl.DataFrame:
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

    Returns
    -------
    polars.DataFrame
        `frame` and freed (Int64, micro-units, 0 for what is not dropped).
    """
    numbers = lineage.coded.numbers(frame["node"]).to_numpy()
    goes = frame["verdict"].is_in(list(droppable)).to_numpy()
    return frame.with_columns(pl.Series("freed", freed_amounts(lineage, numbers, goes), dtype=pl.Int64))


def freed_amounts(lineage: Lineage, numbers: Ints, goes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Tell what dropping some nodes would have saved.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    numbers : numpy.ndarray
        Shape (k,). Nodes, each once, by number in the snapshot.
    goes : numpy.ndarray of bool
        Shape (k,). Which of them are dropped.

    Returns
    -------
    numpy.ndarray of int64
        Shape (k,). Micro-units; 0 for what is not dropped.
    """
    coded, costs = lineage.coded, lineage.frames["costs"]
    billed = costs.filter((pl.col("role") == "billed") & pl.col("node").is_not_null()).select("node", "amount")
    billed = billed.group_by("node").agg(pl.col("amount").sum())
    home = pl.Series("node", coded.data, dtype=pl.Int64).gather(coded.numbers(billed["node"]))
    billed = billed.with_columns(home.alias("node")).group_by("node").agg(pl.col("amount").sum())
    dropped = np.zeros(len(coded.ids), dtype=bool)
    dropped[numbers[goes]] = True
    saved = np.zeros(len(coded.ids), dtype=np.int64)
    saved[billed["node"].to_numpy()] = billed["amount"].to_numpy()
    saved[~dropped] = 0
    idle = _idle_jobs(lineage, billed.rename({"node": "job"}), dropped)
    base = pl.col("amount") // pl.col("outputs")
    extra = (pl.col("nth") < pl.col("amount") - base * pl.col("outputs")).cast(pl.Int64)
    shares = idle.group_by("node").agg((base + extra).sum().alias("amount"))
    saved[shares["node"].to_numpy()] += shares["amount"].to_numpy()
    return saved[numbers]


def _idle_jobs(lineage: Lineage, billed: pl.DataFrame, dropped: NDArray[np.bool_]) -> pl.DataFrame:
    """What jobs with costs write that only write what is dropped: job, node, amount, outputs (how many), nth."""
    moves = pl.when(pl.col("type") == "WRITE").then("source").when(pl.col("type") != "READ").then("job").alias("job")
    edges = lineage.coded.edges.filter(pl.col("type") != "READ")
    writes = edges.select(moves.cast(pl.Int64), pl.col("target_data").cast(pl.Int64).alias("node"))
    writes = writes.join(billed, on="job", how="semi").unique().sort("job", "node")
    kept = writes.filter(pl.Series(~dropped[writes["node"].to_numpy()]))["job"].unique()
    idle = writes.filter(~pl.col("job").is_in(kept.implode())).join(billed, on="job", maintain_order="left")
    return idle.with_columns(pl.len().over("job").alias("outputs"), pl.int_range(pl.len()).over("job").alias("nth"))
