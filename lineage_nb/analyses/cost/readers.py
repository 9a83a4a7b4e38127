"""Who reads what, and how much of it, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.outputs import written
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.terminal import NOT_TERMINAL, not_exporting
from lineage_nb.analyses.usage_log import read_nearly_all, usage_log
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["UNNAMED", "Places", "readers", "scanners"]

UNNAMED = "unnamed reader"
"""Stands for readers that the log does not name."""


class Places:
    """Numbers of everything that can cost or read: all nodes but columns by id, then the unnamed reader.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    """

    def __init__(self, lineage: Lineage) -> None:
        coded = lineage.coded
        self._coded = coded
        inside = ~coded.of_kind("column")
        self._number = np.cumsum(inside) - 1
        self._inside = np.flatnonzero(inside)
        self.kinds = coded.kinds.cast(pl.String).gather(self._inside)
        self.unnamed = len(self._inside)
        self.n = self.unnamed + 1

    @cached_property
    def names(self) -> pl.Series:
        """Ids; shape (n,)."""
        return pl.concat([self._coded.ids.gather(self._inside), pl.Series([UNNAMED])]).alias("node")

    def of(self, ids: pl.Series) -> Ints:
        """Places of ids, a column's being its dataset's; null is the unnamed reader; shape (m,)."""
        at = self._coded.numbers(ids)
        named = at.fill_null(0).to_numpy()
        home = self._number[self._coded.data[named]] if len(self._number) else named
        known = np.where((ids == UNNAMED).fill_null(value=True).to_numpy() & at.is_null().to_numpy(), self.unnamed, home)
        if (at.is_null().to_numpy() & (known != self.unnamed)).any():
            raise KeyError(f"no node {ids.filter(at.is_null())[0]!r}")
        return known.astype(np.int64)

    def of_numbers(self, numbers: Ints) -> Ints:
        """Places of numbers of the snapshot's nodes, none of them a column."""
        return self._number[numbers]


def readers(lineage: Lineage, places: Places, monitors: Sequence[str], period: During | None, *, measured: bool) -> pl.DataFrame:
    """List who reads what.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    places : Places
        Its numbers.
    monitors : sequence of str
        Consumers whose reads do not count.
    period : During, optional
        What held in a period.
    measured : bool
        Look up how much runs read.

    Returns
    -------
    polars.DataFrame
        source, target (places), bytes, reads (null: not known), one row a pair, sorted. What a job reads, what it
        writes reads, each output an equal part; a job that writes nothing and tests nothing is itself a target.
    """
    reads = usage_log(lineage, monitors).reads
    reads = reads if period is None else period.reads(reads)
    of_job = (pl.col("consumer_kind") == "job").fill_null(value=False)
    own = reads.filter(~of_job & (~(pl.col("consumer_kind") == "column")).fill_null(value=True))
    report = _kind_is(places, "report")
    direct = pl.DataFrame(
        {"source": places.of(own["node"]), "target": places.of(own["consumer"]), "bytes": own["bytes"], "reads": own["reads"]}
    )
    direct = direct.filter(pl.Series(~report[direct["source"].to_numpy()]) & (pl.col("source") != pl.col("target")))
    direct = direct.group_by("source", "target").agg(_if_all_known("bytes"), pl.col("reads").sum())
    held = lineage if period is None else period.flow
    graph = held.graph("dataset")
    ends = {side: places.of_numbers(graph.members[getattr(graph.adjacency, side)]) for side in ("source", "target")}
    moved = pl.DataFrame(ends, schema=_PAIR)
    stated = _stated_reads(held, places)
    runs = _inputs(lineage, places, period)
    by_job = _counted(reads.filter(of_job), places)
    goes = _goes(lineage, places, period, pl.concat([f["job"] for f in (stated, runs, by_job)]))
    found = _attached(by_job, goes, moved)
    leaving = stated.join(goes.filter(pl.col("job") == pl.col("target")), on="job").select("source", "target")
    moved = pl.concat([moved, leaving, found.select(*_PAIR)]).unique().filter(pl.col("source") != pl.col("target"))
    moved = moved.filter(pl.Series(~report[moved["source"].to_numpy()])).join(direct, on=["source", "target"], how="anti")
    by_runs = (runs.join(goes, on="job") if measured else runs.clear().with_columns(target=pl.col("job"))).group_by(*_PAIR).agg(_if_all_known("bytes"), pl.col("reads").sum())
    moved = moved.join(found, on=list(_PAIR), how="left").join(by_runs, on=list(_PAIR), how="left", suffix="_by_runs")
    moved = moved.select(*_PAIR, *(pl.coalesce(c, f"{c}_by_runs").cast(pl.Float64).alias(c) for c in ("bytes", "reads")))
    return pl.concat([direct.select(moved.columns), moved], how="vertical_relaxed").sort("source", "target")


_PAIR = {"source": pl.Int64, "target": pl.Int64}


def _kind_is(places: Places, *kinds: str) -> NDArray[np.bool_]:
    return np.append(places.kinds.is_in(list(kinds)).to_numpy(), False)


def _if_all_known(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)


def _stated_reads(held: Lineage, places: Places) -> pl.DataFrame:
    """source, job (places) of the READ edges that hold."""
    found = held.effective.active.filter((pl.col("type") == "READ") & (pl.col("target_kind") == "job"))
    ends = {"source": places.of_numbers(found["source_data"].to_numpy()), "job": places.of_numbers(found["target"].to_numpy())}
    return pl.DataFrame(ends, schema={"source": pl.Int64, "job": pl.Int64}).unique()


def _counted(reads: pl.DataFrame, places: Places) -> pl.DataFrame:
    """source, job (places), bytes, reads: how much the log says that jobs read."""
    ends = {"source": places.of(reads["node"]), "job": places.of(reads["consumer"]), "bytes": reads["bytes"], "reads": reads["reads"]}
    return pl.DataFrame(ends).group_by("source", "job").agg(_if_all_known("bytes"), pl.col("reads").sum())


def _inputs(lineage: Lineage, places: Places, period: During | None) -> pl.DataFrame:
    """source, job (places), bytes, reads (number of runs): what runs read."""
    runs, io = lineage.frames["runs"], lineage.frames["io"]
    runs = runs if period is None else period.runs(runs)
    inputs = io.filter(pl.col("direction") == "in").join(runs.select("run", "job"), on="run")
    ends = {"source": places.of(inputs["dataset"]), "job": places.of(inputs["job"]), "bytes": inputs["bytes"]}
    return pl.DataFrame(ends).group_by("source", "job").agg(_if_all_known("bytes"), pl.len().cast(pl.Int64).alias("reads"))


def _goes(lineage: Lineage, places: Places, period: During | None, jobs: pl.Series) -> pl.DataFrame:
    """job, target (places): what jobs write; the job itself where it writes nothing and tests nothing."""
    ids = places.names.gather(jobs.unique().sort())
    writes = written(lineage, ids, period)
    leaving = ids.filter(~ids.is_in(writes["job"].implode()) & ~ids.is_in(not_exporting(lineage).implode()))
    pairs = {"job": pl.concat([writes["job"], leaving]), "target": pl.concat([writes["node"], leaving])}
    return pl.DataFrame({c: places.of(ids) for c, ids in pairs.items()}, schema={"job": pl.Int64, "target": pl.Int64}).unique()


def _attached(by_job: pl.DataFrame, goes: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """source, target, bytes, reads: what jobs read as reads of what they make of it.

    That is the outputs to which lineage leads from the source; all outputs where it leads to none of them.
    """
    pairs = by_job.join(goes, on="job").join(moved.unique().with_columns(known=pl.lit(value=True)), on=list(_PAIR), how="left")
    known = pl.col("known").fill_null(value=False)
    pairs = pairs.filter(known | ~known.any().over("source", "job"))
    parts = pl.len().over("source", "job")
    return pairs.with_columns(pl.col("bytes") / parts, pl.col("reads") / parts).group_by(*_PAIR).agg(_if_all_known("bytes"), pl.col("reads").sum())


def scanners(lineage: Lineage, monitors: Sequence[str], period: During | None) -> list[str]:
    """List accounts that read nearly every table which anybody reads, sorted."""
    reads = usage_log(lineage, monitors).reads
    reads = reads if period is None else period.reads(reads)
    people = reads.filter(pl.col("consumer_kind").is_not_null() & ~pl.col("consumer_kind").is_in(NOT_TERMINAL))
    people = people.filter(~pl.Series(lineage.coded.of_kind("report")[people["i"].to_numpy()]))
    return read_nearly_all(people, "i")
