"""The usage log as the analyses read it: its window, its outliers, its gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from lineage_nb.analyses.result import as_list, plural
from lineage_nb.analyses.unused.unlogged import open_doors
from lineage_nb.errors import UnknownNameError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import NameIndex

__all__ = ["WHOLE_LOG", "UsageLog", "best_scopes", "coverage_sentences", "covered", "inside", "log_span", "read_nearly_all", "resolve_consumers", "usage_log"]

WHOLE_LOG = "(whole log)"
"""Scope of the coverage row that tells a part of a snapshot how far the log of the whole reaches."""
_SCANNER_SHARE, _SCANNER_MIN = 0.8, 10
_OUTLIER_GAP = 90
_OUTLIER_SHARE = 0.01


@dataclass(frozen=True)
class UsageLog:
    """Reads, cleaned of what cannot be.

    Attributes
    ----------
    reads : polars.DataFrame
        node (a column's reads are its dataset's), consumer, consumer_kind, day, reads, bytes, column (the column that
        was read; null: the record names none), i and c (numbers of node and consumer in the snapshot), named_columns (names of
        those of its columns that statements name; null: no statement tells), other_columns (what they read beside those:
        ``none``, ``swept``: all at once, ``untold``; null as before).
    start, end : datetime.date or None
        First and last day that the log covers; None for an empty log.
    outliers : polars.DataFrame
        Rows set aside because they lie after the end of the log.
    monitors : tuple of str
        Ids of consumers whose reads do not count, in whatever record they are.
    """

    reads: pl.DataFrame
    start: date | None
    end: date | None
    outliers: pl.DataFrame
    monitors: tuple[str, ...] = ()

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
    frames, coded, set_aside = lineage.frames, lineage.coded, tuple(monitors)
    usage = frames["usage"].filter(pl.col("reads") > 0)
    usage = usage.filter(~pl.col("consumer").is_in(list(set_aside)) | pl.col("consumer").is_null())
    by = coded.numbers(usage["consumer"])
    home = pl.Series(coded.data).gather(coded.numbers(usage["node"]))
    kind = coded.kinds.gather(by).cast(pl.String)
    column = pl.when(coded.ids.gather(home) != pl.col("node")).then("node").alias("column")
    reads = usage.select(
        coded.ids.gather(home).alias("node"), "consumer", kind.alias("consumer_kind"), "day", "reads", "bytes", column, home.alias("i"), by.alias("c"), *_said(usage)
    )
    start, end = log_span(frames)
    if end is None:
        return UsageLog(reads, None, None, reads.clear(), set_aside)
    return UsageLog(reads.filter(pl.col("day") <= end), start, end, reads.filter(pl.col("day") > end), set_aside)


def read_nearly_all(reads: pl.DataFrame, table: str) -> list[str]:
    """List who reads nearly every table that anybody reads, as scanners do: at least ten tables and four in five.

    Parameters
    ----------
    reads : polars.DataFrame
        Column consumer, and the tables that were read.
    table : str
        Name of the column of tables.

    Returns
    -------
    list of str
        Consumers, sorted.

    Examples
    --------
    >>> reads = pl.DataFrame({"consumer": ["scan"] * 10 + ["ana"], "i": [*range(10), 3]})
    >>> read_nearly_all(reads, "i")
    ['scan']
    """
    touched = reads.group_by("consumer").agg(pl.col(table).n_unique().alias("tables"))
    enough = max(_SCANNER_MIN, _SCANNER_SHARE * reads[table].n_unique())
    return touched.filter(pl.col("tables") >= enough)["consumer"].sort().to_list()


def _said(usage: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """What statements say of columns; both null where a source does not speak of that."""
    names, others = usage.schema.get("named_columns"), usage.schema.get("other_columns")
    nothing = pl.lit(None, pl.List(pl.String)).alias("named_columns"), pl.lit(None, pl.String).alias("other_columns")
    if others != pl.String or names not in (pl.List(pl.String), pl.String):
        return nothing
    listed = pl.col("named_columns").str.split(";") if names == pl.String else pl.col("named_columns")
    told = listed.is_not_null() & pl.col("other_columns").is_in(["none", "swept", "untold"])
    return pl.when(told).then(listed).alias("named_columns"), pl.when(told).then("other_columns").alias("other_columns")


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


def inside(scope: str) -> pl.Expr:
    """Tell nodes in a scope of `coverage`: its namespace, or a prefix of its id or name that ends before a separator.

    Examples
    --------
    >>> nodes = pl.DataFrame({"namespace": ["db", "db", None], "id": ["db/a.t", "db/ab.t", "a"], "name": ["a.t", "ab.t", "a"]})
    >>> nodes.select(inside("a").alias("in"))["in"].to_list()
    [True, False, True]
    """
    found = (pl.col("namespace") == scope).fill_null(value=False)
    for column in ("id", "name"):
        after = pl.col(column).str.slice(len(scope), 1)
        found |= pl.col(column).str.starts_with(scope) & (after.is_in(["", ".", "/", "#"]) | pl.lit(scope[-1:] in "./#:"))
    return found.fill_null(value=False)


def best_scopes(nodes: pl.DataFrame, scopes: pl.Series) -> pl.DataFrame:
    """Find the most specific scope of `coverage` that each node is in.

    A scope holds the nodes of which it is the namespace, the id or the name, or a prefix of id or name that ends before a
    separator. Every name is cut at its separators and looked up, so the work grows with the names, not with the scopes.

    Parameters
    ----------
    nodes : polars.DataFrame
        id, namespace, name.
    scopes : polars.Series of String
        Scopes.

    Returns
    -------
    polars.DataFrame
        id, scope (the longest; of equals the last in order): a row a node that is in one.

    Examples
    --------
    >>> nodes = pl.DataFrame({"namespace": ["db", "db", None], "id": ["db/a.t", "db/ab.t", "a"], "name": ["a.t", "ab.t", "a"]})
    >>> best_scopes(nodes, pl.Series(["a", "db/"])).sort("id").rows()
    [('a', 'a'), ('db/a.t', 'db/'), ('db/ab.t', 'db/')]
    """
    wanted = pl.DataFrame({"scope": scopes.drop_nulls().unique()}, schema={"scope": pl.String})
    parts = [nodes.select("id", scope="namespace")]
    for column in ("id", "name"):
        parts += [nodes.select("id", scope=column), *_prefixes(nodes, column, wanted["scope"])]
    found = pl.concat(parts).drop_nulls().join(wanted, on="scope", how="semi")
    return found.sort(pl.col("scope").str.len_bytes(), "scope", descending=True).unique("id", keep="first", maintain_order=True)


def _prefixes(nodes: pl.DataFrame, column: str, scopes: pl.Series) -> list[pl.DataFrame]:
    """Prefixes of a name, of the lengths that scopes have, that end before or with a separator: id, scope."""
    kept, text = [], pl.col(column)
    for length in scopes.str.len_chars().unique().sort().to_list():
        wanted = scopes.filter(scopes.str.len_chars() == length).implode()
        at = nodes.select("id", scope=text.str.head(length), after=text.str.slice(length, 1)).filter(pl.col("scope").is_in(wanted))
        ends = pl.col("after").is_in([".", "/", "#"]) | pl.col("scope").str.contains(r"[./#:]$")
        kept.append(at.filter(ends).select("id", "scope"))
    return kept


def covered(frames: Mapping[str, pl.DataFrame], log: UsageLog, window: tuple[date, date]) -> pl.DataFrame:
    """Say for every node but columns whether reads of it would have been recorded in the whole window.

    A node is covered by the `coverage` rows whose scope is its namespace, its id, or a prefix of its id or name
    ending before a separator; the most specific scope decides, and its rows are taken together. Without any such
    row in the snapshot, a namespace that appears in the log counts as covered as long as the log reaches.

    What can be read without a trace (`lineage_nb.analyses.unused.unlogged`) is not covered: shares and what outsiders may
    read, unless a row speaks of that very node; files by their paths, unless a row speaks of their place.

    Returns
    -------
    polars.DataFrame
        id, covered (bool), why (words, where it is not), sample_rate (share of reads that are recorded, where that
        is all that is missing; else null), since (first day of its log), told (its log, in words; null: none).
    """
    nodes = frames["nodes"].filter(pl.col("kind") != "column").select("id", "namespace", "name")
    if log.end is None:
        blind = nodes.select("id", pl.lit(value=False).alias("covered"), pl.lit("there is no usage log").alias("why"))
        return blind.with_columns(*_NOTHING_MORE)
    stated = _stated(frames)
    known = _unstated(nodes, log, window) if stated.is_empty() else _by_scope(nodes, stated, log, window)
    doors = open_doors(frames)
    if doors.is_empty():
        return known.drop("scope")
    exact = nodes.filter(pl.col("id").is_in(stated["scope"].implode()) | pl.col("name").is_in(stated["scope"].implode()))
    doors = doors.filter(~pl.col("id").is_in(exact["id"].implode()))
    known = known.join(doors, on="id", how="left", maintain_order="left")
    shut = pl.col("door").is_null() | (pl.col("path") & pl.col("scope").is_not_null())
    return known.select(
        "id",
        (pl.col("covered") & shut).alias("covered"),
        pl.when(shut).then("why").otherwise("door").alias("why"),
        pl.when(shut).then("sample_rate").alias("sample_rate"),
        "since",
        "told",
    )


_NOTHING_MORE = (
    pl.lit(None, pl.Float64).alias("sample_rate"),
    pl.lit(None, pl.Date).alias("since"),
    pl.lit(None, pl.String).alias("told"),
)


def _unstated(nodes: pl.DataFrame, log: UsageLog, window: tuple[date, date]) -> pl.DataFrame:
    """Take the log as complete for every namespace that appears in it."""
    seen = nodes.filter(pl.col("id").is_in(log.reads["node"].unique().implode()))["namespace"].unique()
    known = pl.col("namespace").is_in(seen.implode()).fill_null(value=False) | pl.col("namespace").is_null()
    short = f"the log begins on {log.start}, after the window's first day {window[0]}"
    return nodes.select(
        "id",
        (known & (log.start is not None and log.start <= window[0])).alias("covered"),
        pl.when(~known).then(pl.lit("no usage log for its namespace")).otherwise(pl.lit(short)).alias("why"),
        pl.lit(None, pl.Float64).alias("sample_rate"),
        pl.lit(log.start, pl.Date).alias("since"),
        pl.when(known).then(pl.lit(f"log from {log.start} to {log.end}")).alias("told"),
        pl.lit(None, pl.String).alias("scope"),
    )


def _by_scope(nodes: pl.DataFrame, stated: pl.DataFrame, log: UsageLog, window: tuple[date, date]) -> pl.DataFrame:
    states = [_state(scope, rows, log, window) for (scope,), rows in stated.sort("scope").group_by("scope", maintain_order=True)]
    best = best_scopes(nodes, stated["scope"]).join(pl.DataFrame(states, schema=_STATE), on="scope")
    missing = pl.col("scope").is_null()
    return nodes.select("id").join(best, on="id", how="left", maintain_order="left").with_columns(
        pl.col("covered").fill_null(value=False),
        pl.when(missing).then(pl.lit("no usage log covers it")).otherwise("why").alias("why"),
    ).select("id", "covered", "why", "sample_rate", "since", "told", "scope")


_STATE = {"scope": pl.String, "covered": pl.Boolean, "why": pl.String, "sample_rate": pl.Float64, "since": pl.Date, "told": pl.String}


def _state(scope: object, rows: pl.DataFrame, log: UsageLog, window: tuple[date, date]) -> dict[str, object]:
    """Take the rows of one scope together."""
    spans = []
    for row in rows.filter(pl.col("complete").fill_null(value=True)).iter_rows(named=True):
        rate = 1.0 if row["sample_rate"] is None else float(row["sample_rate"])
        rate = rate if 0 < rate < 1 else float(rate >= 1)
        spans.append((row["from"] or log.start or window[0], row["to"] or log.end or window[1], rate))
    whole, every = (_united([s for s in spans if s[2] >= least]) for least in (1.0, 0.0))
    state: dict[str, object] = {"scope": scope, "covered": False, "sample_rate": None, "since": None, "told": None, "why": ""}
    if not every:
        return {**state, "why": "its usage log is incomplete"}
    state |= {"since": every[0][0], "told": f"log of {scope} from {every[0][0]} to {every[-1][1]}"}
    if _reach(whole, window):
        return {**state, "covered": True}
    if _reach(every, window):
        rate = min(rate for first, last, rate in spans if first <= window[1] and last >= window[0])
        return {**state, "sample_rate": rate, "why": f"only {100 * rate:.3g} % of reads are recorded"}
    faults = []
    if every[0][0] > window[0]:
        faults.append(f"its usage log begins on {every[0][0]}")
    if every[-1][1] < window[1]:
        faults.append(f"its usage log ends on {every[-1][1]}")
    gaps = [f"its usage log has a gap after {last}" for (_, last), (first, _) in pairwise(every) if first > window[0] and last < window[1]]
    return {**state, "why": "; ".join(faults or gaps)}


def _united(spans: list[tuple[date, date, float]]) -> list[tuple[date, date]]:
    """Spans of days without what touches or overlaps, in order."""
    found: list[tuple[date, date]] = []
    for first, last, _ in sorted(s for s in spans if s[0] <= s[1]):
        if found and first <= found[-1][1] + timedelta(days=1):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _reach(spans: list[tuple[date, date]], window: tuple[date, date]) -> bool:
    return any(first <= window[0] and last >= window[1] for first, last in spans)


def coverage_sentences(lineage: Lineage, log: UsageLog) -> list[str]:
    """Say what is taken for granted about the log, and which of its names nothing else knows."""
    notes = []
    frames = lineage.frames
    if log.end is not None and _stated(frames).is_empty():
        members = lineage.graph("dataset").members
        never = len(np.setdiff1d(members, log.reads["i"].unique().to_numpy(), assume_unique=True))
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
    read = np.sort(log.reads["i"].unique().to_numpy())
    touched = np.zeros(len(coded.ids), dtype=bool)
    for side in ("source", "target"):
        touched[coded.edges[side].to_numpy()] = True
    found = coded.ids.gather(read[~touched[read] & lineage.frames["nodes"]["namespace"].is_null().to_numpy()[read]])
    return found.filter(~found.is_in(lineage.data.frames["nodes"]["id"].implode())) if found.len() else found
