"""Unused: what nobody reads, judged by the log and by everything made from it.

A table is live when, within the window, something terminal read it or anything made from it. Terminal are
people and services, unnamed readers, reports that people view, and jobs that read without writing (exports).
A report's refresh, a test (a job whose type says so) and a job with an output are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.freed import freed_costs
from lineage_nb.analyses.result import Answer, as_list, money, plural
from lineage_nb.analyses.terminal import NOT_TERMINAL, terminal_reads, views_logged
from lineage_nb.analyses.usage_log import UsageLog, coverage_sentences, covered, resolve_consumers, usage_log
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.propagate import push_max

__all__ = ["DROPPABLE", "VERDICTS", "unused"]

VERDICTS = (
    "protected",
    "live",
    "unknown",
    "seasonal",
    "self-only",
    "refreshed-only",
    "zombie",
    "write-only",
    "unread",
)
"""The first that applies is the verdict."""
DROPPABLE = VERDICTS[4:]
"""Verdicts that call a table unused."""
MEANINGS = {
    "seasonal": "silent, but no longer than between earlier reads",
    "self-only": "read by its own refresh alone",
    "refreshed-only": "a report that refreshes and nobody views, or a table that only feeds such reports",
    "zombie": "feeds others, of which nobody reads any",
    "write-only": "written by a job, never read",
    "unread": "nobody read it in the window, and nothing is made from it",
}
"""What the verdicts mean, for the reader of an answer."""

_EPOCH = date(1970, 1, 1)
_NEVER = -(10**9)
_SEASON = 1.25
_SCANNER_SHARE = 0.8
_SCANNER_MIN = 10


def unused(
    lineage: Lineage,
    *,
    days: int = 90,
    monitors: str | Iterable[str] = (),
    protect: str | Iterable[str] = ("protected",),
) -> Answer:
    """Judge every table and report: live, unused, or not known.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    days : int
        Length of the window, in days, counted back from the end of the usage log.
    monitors : str or iterable of str
        Consumers (ids or short names) whose reads do not count: scanners, profilers, platform accounts.
        Accounts that read nearly everything are suggested in ``summary["suspected_monitors"]``.
    protect : str or iterable of str
        Names of nodes, or tags, that are never called unused.

    Returns
    -------
    Answer
        Frame: node, verdict (see `VERDICTS`), last_read (last terminal read of it or of anything made from
        it; null: none is recorded), evidence (words), bytes, freed (micro-units billed over the whole cost
        record that dropping all unused tables would have saved), without_monitors (the verdict if suspected
        monitors are not counted). What is unused comes first, the most expensive before the others.

    Raises
    ------
    LineageError
        For days below 1.
    UnknownNameError, AmbiguousNameError
        For a monitor or protected name that fits no or several nodes.

    Notes
    -----
    A table is *unknown* as soon as it, or anything made from it, has no complete log over the window. A table
    is *seasonal* when its silence is at most 1.25 times its longest past gap.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     edges={"source": ["a", "a"], "target": ["b", "c"]},
    ...     usage={"node": ["b", "c"], "consumer": ["ana", "ben"], "day": ["2025-06-30", "2025-01-01"]},
    ... )
    >>> snap.unused(days=90).frame.select("node", "verdict").rows()
    [('c', 'unread'), ('a', 'live'), ('b', 'live')]
    """
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise LineageError(f"days is {days!r}; give a whole number ≥ 1")
    named = resolve_consumers(lineage, monitors)
    log = usage_log(lineage, named)
    tags = lineage.frames["nodes"]["tags"].explode().drop_nulls().unique().to_list()
    kept = {p if p in tags or p == "protected" else lineage.names.resolve(p) for p in as_list(protect)}
    judge = _Judge(lineage, log, days, kept)
    frame = judge.frame()
    suspects = _suspects(lineage, log, days)
    without = frame
    if suspects:
        without = _Judge(lineage, usage_log(lineage, [*named, *suspects]), days, kept).frame()
    frame = frame.with_columns(without["verdict"].alias("without_monitors"))
    frame = freed_costs(lineage, frame, DROPPABLE)
    if lineage.frames["costs"]["currency"].n_unique() > 1:
        frame = frame.with_columns(pl.lit(None, pl.Int64).alias("freed"))
    place = {v: i for i, v in enumerate((*DROPPABLE, "unknown", "seasonal", "protected", "live"))}
    frame = frame.sort(
        pl.col("verdict").is_in(DROPPABLE).not_(), -pl.col("freed"), pl.col("verdict").replace_strict(place), "node"
    ).select("node", "verdict", "last_read", "evidence", "bytes", "freed", "without_monitors")
    summary = _summary(lineage, frame, suspects, log, days)
    return Answer(
        "unused",
        frame,
        _headline(summary),
        summary,
        _trust(lineage, log, suspects, frame),
        lineage,
        partial(_explain, judge),
        settings={"days": days, "monitors": named},
    )


@dataclass
class _Judge:
    lineage: Lineage
    log: UsageLog
    days: int
    kept: set[str]

    @property
    def graph(self) -> LineageGraph:
        """The dataset level."""
        return self.lineage.graph("dataset")

    @property
    def ends(self) -> tuple[Ints, Ints]:
        """Edges that reads travel up: lineage, and reports that the log shows reading a table."""
        arcs = self.graph.arcs
        refreshes = self.log.reads.filter(pl.col("consumer_kind") == "report").select("node", "consumer").unique()
        numbers = self.graph.nodes.select("id").with_row_index("i")
        both = refreshes.join(numbers, left_on="node", right_on="id").join(
            numbers, left_on="consumer", right_on="id", suffix="_to"
        )
        return (
            np.r_[arcs.adjacency.source, both["i"].to_numpy().astype(np.int64)],
            np.r_[arcs.adjacency.target, both["i_to"].to_numpy().astype(np.int64)],
        )

    def frame(self) -> pl.DataFrame:
        """node, verdict, last_read, evidence, bytes of every dataset and report."""
        window = self.log.window(self.days) or (_EPOCH, _EPOCH)
        n = len(self.graph)
        source, target = self.ends
        last, by = self._last_reads(n, source, target)
        live = last >= (window[0] - _EPOCH).days
        blind = self._blind(n, source, target, window)
        seasonal = push_max(n, source, target, self._seasonal(window).astype(np.int64)) > 0
        outer = source != target
        fans = np.bincount(source[outer], minlength=n) > 0
        itself = np.zeros(n, dtype=bool)
        itself[source[~outer]] = True
        refreshed = push_max(n, source, target, self._refreshed(window).astype(np.int64)) > 0
        only_reports = ~self._feeds_other(n, source, target)
        written = np.zeros(n, dtype=bool)
        written[target[outer]] = True
        ever = last > _NEVER
        nodes = self.graph.nodes
        tags = nodes["tags"].list.set_intersection(sorted(self.kept)).list.len().fill_null(0).to_numpy() > 0
        protected = tags | nodes["id"].is_in(sorted(self.kept)).to_numpy()
        assumed = self._assumed(n, source, target)
        conditions = {
            "protected": protected,
            "live": live | assumed,
            "unknown": blind >= 0,
            "seasonal": seasonal & ~live,
            "self-only": itself & ~fans & ~ever,
            "refreshed-only": refreshed & only_reports,
            "zombie": fans,
            "write-only": written & ~fans & ~ever & (nodes["kind"] != "report").to_numpy(),
            "unread": np.ones(n, dtype=bool),
        }
        verdict = np.select(list(conditions.values()), list(conditions), default="unread")
        days = pl.Series(np.where(last > _NEVER, last, 0)).cast(pl.Int32).cast(pl.Date)
        frame = pl.DataFrame({"node": nodes["id"], "verdict": verdict, "last_read": days, "bytes": nodes["bytes"]})
        frame = frame.with_columns(pl.when(pl.Series(last > _NEVER)).then("last_read").alias("last_read"))
        return frame.with_columns(self._evidence(verdict, by, last, blind, assumed & ~live))

    # -- facts per node ----------------------------------------------------------------------------------------

    @cached_property
    def _terminal(self) -> pl.DataFrame:
        """Terminal reads: node, consumer, day."""
        return terminal_reads(self.lineage, self.log)

    @cached_property
    def _views_logged(self) -> NDArray[np.bool_]:
        return views_logged(self.lineage, self.log)

    def _last_reads(self, n: int, source: Ints, target: Ints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Last terminal read of each node or of anything made from it (day number), and where it happened."""
        numbers = self.graph.nodes.select("id").with_row_index("i")
        last = self._terminal.group_by("node").agg(pl.col("day").max()).join(numbers, left_on="node", right_on="id")
        packed = np.full(n, -1, dtype=np.int64)
        packed[last["i"].to_numpy()] = last["day"].cast(pl.Int32).cast(pl.Int64).to_numpy() * n + last["i"].cast(pl.Int64).to_numpy()
        packed = push_max(n, source, target, packed)
        return np.where(packed >= 0, packed // n, _NEVER), np.where(packed >= 0, packed % n, -1)

    def _blind(self, n: int, source: Ints, target: Ints, window: tuple[date, date]) -> NDArray[np.int64]:
        """A node without a complete log that each node is or feeds; -1 where the log is complete."""
        known = covered(self.lineage.frames, self.log, window)
        mine = self.graph.nodes.select("id").join(known, on="id", how="left", maintain_order="left")
        self._why = mine["why"].fill_null("no usage log covers it").to_list()
        blind = ~mine["covered"].fill_null(value=False).to_numpy()
        blind &= (self.graph.nodes["kind"] != "report").to_numpy() | self._views_logged
        return push_max(n, source, target, np.where(blind, np.arange(n), -1))

    def _assumed(self, n: int, source: Ints, target: Ints) -> NDArray[np.bool_]:
        """Reports whose views no log shows, and what feeds them."""
        return push_max(n, source, target, (~self._views_logged).astype(np.int64)) > 0

    def _seasonal(self, window: tuple[date, date]) -> NDArray[np.bool_]:
        days = self._terminal.select("node", "day").unique().sort("node", "day")
        gaps = days.group_by("node").agg(
            pl.col("day").diff().dt.total_days().max().alias("gap"), pl.col("day").max().alias("last")
        )
        silence = (pl.lit(window[1]) - pl.col("last")).dt.total_days()
        hits = gaps.filter(silence <= _SEASON * pl.col("gap"))["node"]
        return self.graph.nodes["id"].is_in(hits.implode()).to_numpy()

    def _refreshed(self, window: tuple[date, date]) -> NDArray[np.bool_]:
        """Reports that refresh within the window."""
        recent = self.log.reads.filter((pl.col("consumer_kind") == "report") & (pl.col("day") >= window[0]))
        return self.graph.nodes["id"].is_in(recent["consumer"].unique().implode()).to_numpy()

    def _feeds_other(self, n: int, source: Ints, target: Ints) -> NDArray[np.bool_]:
        """Nodes that reach a dataset nothing leaves: not all they feed are reports."""
        outer = source != target
        leaves = np.bincount(source[outer], minlength=n) == 0
        dead_ends = leaves & (self.graph.nodes["kind"] != "report").to_numpy()
        return push_max(n, source, target, dead_ends.astype(np.int64)) > 0

    def _evidence(
        self, verdict: NDArray[np.str_], by: Ints, last: Ints, blind: Ints, assumed: NDArray[np.bool_]
    ) -> pl.Series:
        ids, spoken = self.graph.ids, self.lineage.spoken
        texts = []
        for i, what in enumerate(verdict):
            read = ""
            if last[i] > _NEVER:
                where = "" if by[i] == i else f" (through {spoken(ids[by[i]])})"
                read = f"last read on {_EPOCH + timedelta(days=int(last[i]))}{where}"
            if what == "live" and assumed[i]:
                texts.append("live (assumed): feeds or is a report whose views no log records")
            elif what == "unknown":
                other = "" if blind[i] == i else f"feeds {spoken(ids[blind[i]])}: "
                texts.append("; ".join(filter(None, [other + self._why[blind[i]], read])))
            else:
                texts.append(read or "no terminal read is recorded")
        return pl.Series("evidence", texts, dtype=pl.String)


def _suspects(lineage: Lineage, log: UsageLog, days: int) -> list[str]:
    """Accounts that read nearly every table which anybody reads."""
    window = log.window(days)
    if window is None:
        return []
    recent = log.reads.filter(
        (pl.col("day") >= window[0]) & pl.col("consumer_kind").is_not_null() & ~pl.col("consumer_kind").is_in(NOT_TERMINAL)
    )
    datasets = lineage.graph("dataset").nodes.filter(pl.col("kind") != "report")["id"]
    recent = recent.filter(pl.col("node").is_in(datasets.implode()))
    touched = recent.group_by("consumer").agg(pl.col("node").n_unique().alias("tables"))
    enough = max(_SCANNER_MIN, _SCANNER_SHARE * recent["node"].n_unique())
    return touched.filter(pl.col("tables") >= enough)["consumer"].sort().to_list()


def _summary(lineage: Lineage, frame: pl.DataFrame, suspects: list[str], log: UsageLog, days: int) -> dict[str, object]:
    dead = frame.filter(pl.col("verdict").is_in(DROPPABLE))
    currencies = lineage.frames["costs"]["currency"].unique().to_list()
    window = log.window(days)
    return {
        "tables": frame.height,
        "verdicts": dict(frame.group_by("verdict").len().sort("verdict").iter_rows()),
        "unused": dead.height,
        "bytes": int(dead["bytes"].sum()),
        "freed": int(dead["freed"].sum()),
        "currency": currencies[0] if len(currencies) == 1 else "",
        "window": window,
        "days": days,
        "suspected_monitors": suspects,
    }


def _headline(summary: dict[str, object]) -> str:
    window = summary["window"]
    if window is None:
        return "Nothing can be called unused: the snapshot holds no usage log."
    unused_count, total, freed = int(str(summary["unused"])), int(str(summary["tables"])), int(str(summary["freed"]))
    last = str(window[1]) if isinstance(window, tuple) else ""
    text = f"{unused_count:,} of {total:,} tables and reports are unused in the {summary['days']} days to {last}"
    return text + (f"; dropping them all would have saved {money(freed, str(summary['currency']))}." if freed else ".")


def _trust(lineage: Lineage, log: UsageLog, suspects: list[str], frame: pl.DataFrame) -> tuple[str, ...]:
    notes = [log.sentence(), *coverage_sentences(lineage, log)]
    present = set(frame["verdict"])
    notes += [f"{verdict}: {meaning}." for verdict, meaning in MEANINGS.items() if verdict in present]
    unknown = frame.filter(pl.col("verdict") == "unknown").height
    if unknown:
        notes.append(f"{plural(unknown, 'table')} cannot be judged: the log of it, or of something made from it, is incomplete.")
    if suspects:
        changed = frame.filter(pl.col("verdict") != pl.col("without_monitors")).height
        notes.append(
            f"{', '.join(suspects)} read nearly every table. Named as monitors, {plural(changed, 'verdict')} would change "
            "(column without_monitors)."
        )
    costs = lineage.frames["costs"]
    if costs.height:
        first, last = (str(d) for d in costs.select(pl.col("day").min(), last=pl.col("day").max()).row(0))
        notes.append(f"freed counts what was billed from {first} to {last}.")
        if costs["currency"].n_unique() > 1:
            notes.append("freed is empty: the costs are in several currencies.")
    return tuple(notes)


def _explain(judge: _Judge, node: str) -> pl.DataFrame:
    """Show the way from `node` to the last terminal read that speaks for it, hop by hop; empty: none."""
    graph = judge.graph
    start = graph.index(node)
    source, target = judge.ends
    last, by = judge._last_reads(len(graph), source, target)
    if last[start] == _NEVER or by[start] == start:
        return graph.hops_of([])
    return graph.path(graph.ids[start], graph.ids[int(by[start])])
