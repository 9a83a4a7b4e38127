"""What jobs write, and how their cost is shared between it."""

from __future__ import annotations

import polars as pl

from lineage_nb.analyses.cost.period import During
from lineage_nb.graph.lineage import Lineage

__all__ = ["output_weights", "written"]

_NO_DATA = ["job", "principal", "compute"]


def written(lineage: Lineage, jobs: pl.Series, period: During | None = None) -> pl.DataFrame:
    """List what jobs write: job, node (a dataset, or whoever a query ran for), each pair once, sorted.

    A job writes what a WRITE edge says, and the targets of values that it moved (`job` of a DIRECT edge). Counted are
    the edges that hold at the end of the snapshot, or held in a period; all of a job only where none of its own does.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    jobs : polars.Series of String
        Ids of jobs.
    period : During, optional
        What held in a period.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.graph.lineage import Lineage
    >>> snap = ln.from_frames(nodes={"id": ["j"], "kind": ["job"]}, edges={"source": ["a"], "target": ["b"], "job": ["j"]})
    >>> written(Lineage(snap.data), pl.Series(["j"])).rows()
    [('j', 'b')]
    """
    coded = lineage.coded
    asked = coded.numbers(jobs.unique()).drop_nulls().unique()
    held = lineage.effective.active if period is None else period.flow.coded.edges
    found = _pairs(held, asked)
    silent = asked.filter(~asked.is_in(found["job"].implode()))
    if silent.len():
        found = pl.concat([found, _pairs(coded.edges, silent)])
    return found.select(coded.ids.gather(found["job"]).alias("job"), coded.ids.gather(found["node"]).alias("node")).sort("job", "node")


def _pairs(edges: pl.DataFrame, jobs: pl.Series) -> pl.DataFrame:
    """job, node (numbers), each pair once, of coded edges."""
    inside = jobs.implode()
    said = edges.filter((pl.col("type") == "WRITE") & pl.col("source").is_in(inside)).select(job="source", node="target_data")
    moved = edges.filter(
        (pl.col("type") == "DIRECT") & pl.col("job").is_in(inside)
        & ~pl.col("source_kind").cast(pl.String).is_in(_NO_DATA) & ~pl.col("target_kind").cast(pl.String).is_in(_NO_DATA)
    )
    return pl.concat([said, moved.select("job", node="target_data")], how="vertical_relaxed").unique()


def output_weights(lineage: Lineage, jobs: pl.Series, period: During | None = None) -> pl.DataFrame:
    """Weigh what jobs write: by bytes, else rows, else evenly.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    jobs : polars.Series of String
        Ids of jobs.
    period : During, optional
        Runs that count; all by default.

    Returns
    -------
    polars.DataFrame
        job, node, weight (above 0), sorted. A unit is used where it is recorded for every write of every run of the
        job, and above zero for each output.
    """
    runs = lineage.frames["runs"] if period is None else period.runs(lineage.frames["runs"])
    runs = runs.select("run", "job").filter(pl.col("job").is_in(jobs.unique().implode()))
    sizes = (
        lineage.frames["io"].filter(pl.col("direction") == "out").join(runs, on="run")
        .group_by("job", pl.col("dataset").alias("node"))
        .agg(pl.when(pl.col(c).is_not_null().all()).then(pl.col(c).sum()).alias(c) for c in ("bytes", "rows"))
    )
    parts = written(lineage, jobs, period).join(sizes, on=["job", "node"], how="left")
    whole = {c: (pl.col(c).fill_null(0) > 0).all().over("job") for c in ("bytes", "rows")}
    weight = pl.when(whole["bytes"]).then("bytes").when(whole["rows"]).then("rows").otherwise(1).cast(pl.Float64)
    return parts.select("job", "node", weight.alias("weight")).sort("job", "node")
