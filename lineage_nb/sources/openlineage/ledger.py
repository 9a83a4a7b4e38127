"""Absorbed events, folded into small tables of numbers, so that memory holds only what is distinct.

That is contents with the first and last time of their events, runs, and what runs read and wrote.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage_nb.sources.openlineage.events import DECLARED, ENTRY, IN, OUT, STATES, Collector

__all__ = ["NO_JOB", "Ledger", "distinct", "numbers_of", "proven_by", "ragged", "spans"]

Numbers = npt.NDArray[Any]

NO_JOB: Final = -1
_START, _COMPLETE, _FAIL, _ABORT = (STATES.index(s) for s in ("START", "COMPLETE", "FAIL", "ABORT"))
_SEEN: Final = (pl.col("first").min(), pl.col("last").max())


def spans(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per distinct content, from its first to its last time."""
    content = [c for c in frame.columns if c not in ("first", "last")]
    if _all_differ(frame.select(content)):
        return frame.select(*content, "first", "last")
    return frame.group_by(content).agg(_SEEN)


def distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """Every row once."""
    return frame if _all_differ(frame) else frame.unique()


def _all_differ(frame: pl.DataFrame) -> bool:
    """Whether no two rows are equal, certainly: their hashes all differ, which is much faster than to group them."""
    return frame.hash_rows().n_unique() == frame.height


class _Set:
    """Rows without repetition, reduced whenever they have doubled."""

    def __init__(self, reduce: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        self._reduce = reduce
        self._parts: list[pl.DataFrame] = []
        self._reduced = 0

    def add(self, rows: pl.DataFrame) -> None:
        if not rows.height:
            return
        self._parts.append(rows)
        if sum(p.height for p in self._parts) > 2 * self._reduced + 100_000:
            self.frame()

    def frame(self) -> pl.DataFrame | None:
        if self._parts:
            self._parts = [self._reduce(pl.concat(self._parts))]
            self._reduced = self._parts[0].height
        return self._parts[0] if self._parts else None


def numbers_of(values: array[int]) -> Numbers:
    """View an array with numpy; it must not grow as long as the view lives."""
    return np.frombuffer(values, dtype=values.typecode) if values else np.empty(0, dtype=values.typecode)


class Ledger:
    """What a collector's events amount to.

    Parameters
    ----------
    collector : Collector
        Whose events are posted and emptied.
    """

    def __init__(self, collector: Collector) -> None:
        self._from = collector
        self._sets = {name: _Set(spans) for name in ("support", "parents", "stored")}
        self._sets |= {name: _Set(distinct) for name in ("runs", "io", "drops")}

    def post(self) -> None:
        """Fold the collected events in and forget them one by one."""
        source = self._from
        source.pack()
        events = source.events.frame()
        source.events.clear()
        if not events.height:
            return
        content = events["content"].to_numpy()
        fact = numbers_of(source.content_fact)[content]
        events = events.with_columns(pl.Series("job", source.jobs.jobs_of(fact)))
        time, state = pl.col("time"), pl.col("state")
        seen = (time.min().alias("first"), time.max().alias("last"))
        self._sets["support"].add(events.group_by("content", "state").agg(seen))
        self._sets["parents"].add(events.filter(pl.col("parent") >= 0).group_by("job", "parent").agg(seen))
        self._sets["runs"].add(
            events.filter(pl.col("run").is_not_null()).select(
                "job",
                "run",
                "nominal",
                pl.when(state == _START).then(time).alias("start"),
                pl.when(state.is_in([_COMPLETE, _FAIL, _ABORT])).then(time).alias("end"),
                "state",
            )
        )
        self._post_items(events, content, fact)

    def _post_items(self, events: pl.DataFrame, content: Numbers, fact: Numbers) -> None:
        source = self._from
        row, item = ragged(numbers_of(source.item_start), content)
        statement, role = numbers_of(source.item_statement)[item], numbers_of(source.item_role)[item]
        rows, size = numbers_of(source.item_rows)[item], numbers_of(source.item_bytes)[item]
        proven = proven_by(role, events["state"].to_numpy()[row], rows, size, source.jobs.is_endless(fact)[row])
        telling = np.zeros(len(source.statements.target), dtype=bool)  # of what columns are made
        telling[source.statements.flows.frame()["statement"].to_numpy()] = True
        by_job = np.zeros(events.height, dtype=bool)
        by_job[row[role == ENTRY]] = True
        table = events[["run", "time", "job"]][row].with_columns(
            pl.Series("told", telling[statement] | by_job[row]),
            pl.Series("dataset", numbers_of(source.statements.target)[statement]),
            pl.Series("role", role),
            pl.Series("rows", rows),
            pl.Series("bytes", size),
            pl.Series("stored", numbers_of(source.item_stored)[item]),
            pl.Series("proven", proven),
            pl.Series("claim", np.where(proven, -1, statement).astype(np.int32)),
        )
        proven_only = table.filter(pl.col("proven"))
        self._sets["stored"].add(
            proven_only.filter(pl.col("stored") >= 0)
            .group_by("dataset", "stored")
            .agg(pl.col("time").min().alias("first"), pl.col("time").max().alias("last"))
        )
        dropped = np.fromiter(source.statements.dropped, dtype=np.int32)
        if dropped.size:
            gone = proven & np.isin(statement, dropped)
            self._sets["drops"].add(table.filter(pl.Series(gone)).select("dataset", "time"))
        direct = pl.col("role").is_in([IN, OUT]) | (pl.col("claim") >= 0)
        self._sets["io"].add(
            table.filter(pl.col("run").is_not_null() & direct).select(
                "run",
                "dataset",
                (pl.col("role") != IN).alias("out"),
                "rows",
                "bytes",
                pl.when(pl.col("claim") >= 0).then(pl.col("job")).otherwise(NO_JOB).alias("job"),
                "claim",
                pl.when(pl.col("role") != IN).then("told"),
            )
        )

    def posted(self) -> dict[str, pl.DataFrame]:
        """Post what is left and hand out the tables that have rows.

        Returns
        -------
        dict of str to polars.DataFrame
            `support` (content, state), `parents` (job, parent) and `stored` (dataset, stored) with first and last
            time; `runs`, `io` (with the job and statement of a claim, else -1) and `drops` (dataset, time).
        """
        self.post()
        return {name: frame for name, rows in self._sets.items() if (frame := rows.frame()) is not None}


def ragged(starts: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Per row its items: (position of the row, number of the item) for every pair."""
    first = starts[rows]
    counts = starts[rows + 1] - first
    ends = np.cumsum(counts)
    row = np.repeat(np.arange(rows.size), counts)
    return row, np.arange(row.size) + np.repeat(first - (ends - counts), counts)


def proven_by(role: Numbers, state: Numbers, rows: Numbers, size: Numbers, goes_on: Numbers) -> Numbers:
    """Whether an event by itself shows that what it says of a dataset came about (see `openlineage_claims`)."""
    done = (state == _COMPLETE) | (state == DECLARED) | (rows > 0) | (size > 0) | goes_on
    proven: Numbers = done | ~np.isin(role, (OUT, ENTRY))
    return proven
