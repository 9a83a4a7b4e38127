"""The usage log as the analyses read it: its window, its outliers, its gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from lineage_nb.analyses.result import as_list, plural
from lineage_nb.errors import UnknownNameError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import NameIndex

__all__ = ["WHOLE_LOG", "UsageLog", "coverage_sentences", "covered", "log_span", "resolve_consumers", "usage_log"]

WHOLE_LOG = "(whole log)"
"""Scope of the coverage row that tells a part of a snapshot how far the log of the whole reaches."""
_OUTLIER_GAP = 90
_OUTLIER_SHARE = 0.01


@dataclass(frozen=True)
class UsageLog:
    """Reads, cleaned of what cannot be.

    Attributes
    ----------
    reads : polars.DataFrame
        node (a column's reads are its dataset's), consumer, consumer_kind, day, reads, bytes.
    start, end : datetime.date or None
        First and last day that the log covers; None for an empty log.
    outliers : polars.DataFrame
        Rows set aside because they lie after the end of the log.
    """

    reads: pl.DataFrame
    start: date | None
    end: date | None
    outliers: pl.DataFrame

    def window(self, days: int) -> tuple[date, date] | None:
        """First and last day of the last `days` days of the log."""
        if self.end is None:
            return None
        return self.end - timedelta(days=min(days, self.end.toordinal()) - 1), self.end

    def last_read(self) -> pl.DataFrame:
        """Last day on which each node was read: columns node, last_read."""
        return self.reads.group_by("node").agg(pl.col("day").max().alias("last_read"))

    def sentence(self) -> str:
        """What the log covers, in words."""
        if self.end is None:
            return "There is no usage log: nothing is known about who reads what."
        text = f"The usage log runs from {self.start} to {self.end}."
        if self.outliers.height:
            days = sorted({str(d) for d in self.outliers["day"]})
            text += f" Set aside: {plural(self.outliers.height, 'row')} dated after its end ({', '.join(days[:3])})."
        return text


def usage_log(lineage: Lineage, monitors: Iterable[str] = ()) -> UsageLog:
    """Read the usage frame.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    monitors : iterable of str
        Ids of consumers whose reads do not count.
    """
    frames, coded = lineage.frames, lineage.coded
    usage = frames["usage"].filter(pl.col("reads") > 0)
    usage = usage.filter(~pl.col("consumer").is_in(list(monitors)) | pl.col("consumer").is_null())
    home = pl.Series(coded.data).gather(coded.numbers(usage["node"]))
    kind = coded.kinds.cast(pl.String).gather(coded.numbers(usage["consumer"]))
    reads = usage.select(coded.ids.gather(home).alias("node"), "consumer", kind.alias("consumer_kind"), "day", "reads", "bytes")
    start, end = log_span(frames)
    if end is None:
        return UsageLog(reads, None, None, reads.clear())
    return UsageLog(reads.filter(pl.col("day") <= end), start, end, reads.filter(pl.col("day") > end))


def resolve_consumers(lineage: Lineage, names: str | Iterable[str]) -> list[str]:
    """Find the consumers that short names stand for: readers and people before anything else of that name.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    """
    nodes = lineage.frames["nodes"]
    readers_ = pl.concat([lineage.frames["usage"]["consumer"], nodes.filter(pl.col("kind") == "principal")["id"]])
    index = NameIndex(nodes.filter(pl.col("id").is_in(readers_.drop_nulls().unique().implode())), "the readers")
    found = []
    for name in as_list(names):
        try:
            found.append(index.resolve(name))
        except UnknownNameError:
            found.append(lineage.names.resolve(name))
    return found


def _stated(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    return frames["coverage"].filter((pl.col("what") == "usage") & (pl.col("scope") != WHOLE_LOG))


def log_span(frames: Mapping[str, pl.DataFrame]) -> tuple[date | None, date | None]:
    """First and last day that the usage log covers."""
    stated = frames["coverage"].filter(pl.col("what") == "usage")
    days = frames["usage"].group_by("day").len().sort("day")
    first = days["day"].min()
    ends = [d for d in (stated["to"].max(), _last_plausible(days) if stated["to"].null_count() or stated.is_empty() else None) if d]
    starts = [d for d in (stated["from"].min(), first if stated["from"].null_count() or stated.is_empty() else None) if d]
    end, start = max(ends, default=None), min(starts, default=None)
    return (start if isinstance(start, date) else None), (end if isinstance(end, date) else None)


def _last_plausible(days: pl.DataFrame) -> date | None:
    """The last day before a few stray rows far behind all others."""
    if days.is_empty():
        return None
    total = int(days["len"].sum())
    after = total - days["len"].cum_sum()
    gap = days["day"].diff().shift(-1).dt.total_days().fill_null(0)
    stray = days.filter((gap > _OUTLIER_GAP) & (after <= _OUTLIER_SHARE * total))
    last = stray["day"].min() if stray.height else days["day"].max()
    return last if isinstance(last, date) else None


def covered(frames: Mapping[str, pl.DataFrame], log: UsageLog, window: tuple[date, date]) -> pl.DataFrame:
    """Say for every node whether reads of it would have been recorded in the whole window.

    A node is covered by a `coverage` row whose scope is its namespace, its id, or a prefix of its id or name
    ending before a separator; the most specific scope decides. Without any such row in the snapshot, a
    namespace that appears in the log counts as covered as long as the log reaches.

    Returns
    -------
    polars.DataFrame
        id, covered (bool), why (words, where it is not).
    """
    nodes = frames["nodes"].select("id", "namespace", "name")
    stated = _stated(frames)
    if log.end is None:
        return nodes.select("id", pl.lit(value=False).alias("covered"), pl.lit("there is no usage log").alias("why"))
    short = f"the log begins on {log.start}, after the window's first day {window[0]}"
    if stated.is_empty():
        seen = log.reads.select("node").unique().join(nodes, left_on="node", right_on="id")["namespace"].unique()
        known = pl.col("namespace").is_in(seen.implode()) | pl.col("namespace").is_null()
        long_enough = log.start is not None and log.start <= window[0]
        return nodes.select(
            "id",
            (known & long_enough).alias("covered"),
            pl.when(~known).then(pl.lit("no usage log for its namespace")).otherwise(pl.lit(short)).alias("why"),
        )
    parts = [_in_scope(nodes, row, window, log) for row in stated.iter_rows(named=True)]
    best = pl.concat(parts).sort("length", "covered", descending=True).unique("id", keep="first", maintain_order=True)
    missing = pl.col("covered").is_null()
    return nodes.select("id").join(best, on="id", how="left").select(
        "id",
        pl.col("covered").fill_null(value=False),
        pl.when(missing).then(pl.lit("no usage log covers it")).otherwise("why").alias("why"),
    )


def coverage_sentences(lineage: Lineage, log: UsageLog) -> list[str]:
    """Say what is taken for granted about the log, and which of its names nothing else knows."""
    notes = []
    frames = lineage.frames
    if log.end is not None and _stated(frames).is_empty():
        never = lineage.graph("dataset").nodes.filter(~pl.col("id").is_in(log.reads["node"].unique().implode())).height
        notes.append(
            "No coverage is stated, so the log is taken as complete for every namespace that appears in it; "
            f"{plural(never, 'table')} never appear in it."
        )
    strangers = _strangers(lineage, log)
    if strangers.len():
        shown = ", ".join(strangers.head(3)) + (" …" if strangers.len() > 3 else "")
        notes.append(f"{plural(strangers.len(), 'name')} in the usage log fit no node that any other record knows: {shown}.")
    return notes


def _strangers(lineage: Lineage, log: UsageLog) -> pl.Series:
    """Nodes that nothing but the log names: no source describes them, no edge touches them."""
    coded = lineage.coded
    known = np.zeros(len(coded.ids), dtype=bool)
    known[coded.numbers(lineage.data.frames["nodes"]["id"]).drop_nulls().to_numpy()] = True
    for side in ("source", "target"):
        known[coded.edges[side].to_numpy()] = True
    known |= lineage.frames["nodes"]["namespace"].is_not_null().to_numpy()
    read = coded.numbers(log.reads["node"].unique()).to_numpy()
    return coded.ids.gather(np.sort(read[~known[read]]))


def _in_scope(nodes: pl.DataFrame, row: dict[str, object], window: tuple[date, date], log: UsageLog) -> pl.DataFrame:
    scope = str(row["scope"])
    inside = pl.col("namespace") == scope
    for column in ("id", "name"):
        after = pl.col(column).str.slice(len(scope), 1)
        inside |= pl.col(column).str.starts_with(scope) & (after.is_in(["", ".", "/", "#"]) | pl.lit(scope[-1:] in "./#:"))
    first, last = row["from"] or log.start, row["to"] or log.end
    faults = []
    if isinstance(first, date) and first > window[0]:
        faults.append(f"its usage log begins on {first}")
    if isinstance(last, date) and last < window[1]:
        faults.append(f"its usage log ends on {last}")
    if row["complete"] is False:
        faults.append("its usage log is incomplete")
    rate = row["sample_rate"]
    if isinstance(rate, float) and rate < 1:
        faults.append(f"only {rate:.0%} of reads are recorded")
    return nodes.filter(inside).select(
        "id", pl.lit(not faults).alias("covered"), pl.lit("; ".join(faults)).alias("why"), pl.lit(len(scope)).alias("length")
    )
