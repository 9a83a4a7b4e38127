"""Unused: what nobody reads, judged by the log and by everything made from it.

A table is live when, within the window, something terminal read it or anything made from it. Terminal are
people and services, unnamed readers, shares, exports, what deployed models are or read, reports that people view, and
jobs that read without writing. A report's refresh, a test (a job whose type says so) and a job with an output are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Literal

import numpy as np
import polars as pl

from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.analyses.terminal import NOT_TERMINAL
from lineage_nb.analyses.unread import unread_sentences
from lineage_nb.analyses.unused.columns import COLUMN_VERDICTS, Columns
from lineage_nb.analyses.unused.freed import billed_currencies, freed_amounts, freed_capacity
from lineage_nb.analyses.unused.protect import protected_ids
from lineage_nb.analyses.unused.tables import TABLE_VERDICTS, Tables, in_words
from lineage_nb.analyses.unused.words import table_words
from lineage_nb.analyses.usage_log import (
    coverage_sentences,
    read_nearly_all,
    resolve_consumers,
    usage_log,
)
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import POSSIBLE_ANY

__all__ = ["DROPPABLE", "VERDICTS", "unused"]

VERDICTS = COLUMN_VERDICTS
"""The first that applies is the verdict. An observed live read decides, so *live* comes before *unknown*, which means that
it cannot be told. *dropped* is gone already; *protected* is also what something protected is made from, unless it is read.
*swept* is for columns alone."""
DROPPABLE = VERDICTS[VERDICTS.index("superseded") :]
"""Verdicts that call a table or column unused."""
MEANINGS = {
    "dropped": "gone already by the records; not called unused, and nothing is promised for it",
    "protected": "kept, or what something kept is made from; not called unused",
    "swept": "no statement names the column, but whole rows of its table are read (SELECT *); not called unused",
    "seasonal": "silent, but no longer than between earlier reads",
    "superseded": "nobody reads it, and a live table has its columns and its origin or name",
    "self-only": "read by its own refresh alone",
    "refreshed-only": "a report that refreshes and nobody views, or a table that only feeds such reports",
    "zombie": "feeds others, of which nobody reads any",
    "write-only": "written in the window, never read",
    "unread": "nobody read it in the window, and nothing is made from it",
}
"""What the verdicts mean, for the reader of an answer."""

_LEVELS = ("dataset", "column")
_SHOWN = 5
_AROUND = 200


def unused(
    lineage: Lineage,
    *,
    days: int = 90,
    level: Literal["dataset", "column"] = "dataset",
    monitors: str | Iterable[str] = (),
    protect: str | Iterable[str] = ("protected",),
) -> Answer:
    """Judge every table and report, or every column: live, unused, or not known.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    days : int
        Length of the window, in days, counted back from the end of the usage log.
    level : {"dataset", "column"}
        What is judged.
    monitors : str or iterable of str
        Consumers (ids or short names) whose reads do not count: scanners, profilers, platform accounts.
        Accounts that read nearly everything are suggested in ``summary["suspected_monitors"]``.
    protect : str or iterable of str
        Tags, tiers, names of nodes or patterns of names (``*``, ``?``) that are never called unused; what they are made from
        is not either. A column stands for its dataset; at the level of columns, for itself. The word
        ``protected`` stands for the tags and types of `lineage_nb.analyses.unused.protect.HELD`: holds, backups, replicas.

    Returns
    -------
    Answer
        Frame: node, verdict (see `VERDICTS`), last_read (last terminal read of it or of anything made from
        it; null: none is recorded), evidence (words), bytes, freed (micro-units billed over the whole cost
        record that dropping all unused tables would have saved: their own, and the jobs that make nothing else, with
        their share of warehouse time; null: several currencies), without_monitors (the verdict if suspected
        monitors are not counted), read_by (who made the last read; null: nobody, or nobody named), rests_on_possible
        (edges that are only possible and that the verdict rests on). What is unused comes first, the most expensive
        before the others. Of columns, bytes and freed are null: no bill tells what dropping a column saves.

    Raises
    ------
    LineageError
        For days below 1, or an unknown level.
    UnknownNameError, AmbiguousNameError
        For a monitor or protected name that fits no or several nodes.

    Notes
    -----
    A table is *unknown* as soon as it, or anything made from it, has no complete log over the window, or can be
    read without a trace: shares, what outsiders may read, files by their paths. With a sampled log it is unknown until
    the chance to miss all reads, (1 - p)^(r × days) at rate p and the past pace r (terminal reads a day as recorded,
    not scaled up: the cautious side), is at most 5 %. A table is *seasonal* when its silence is at most 1.25 times its
    longest past gap.

    A column is live when it is named on the way to a terminal reader, by value or as a filter or join key. Where
    readers or jobs are recorded without columns, it is unknown, never unread.

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
    if level not in _LEVELS:
        raise LineageError(f"unknown level {level!r}.{did_you_mean(level, _LEVELS)} Known: {', '.join(_LEVELS)}.")
    named, named_kept = resolve_consumers(lineage, monitors), protected_ids(lineage, protect)
    log = usage_log(lineage, named)
    kept = named_kept if level == "column" else _homes(lineage, named_kept)
    tables = Tables(lineage, log, days, kept)
    judged = Columns(tables, kept) if level == "column" else tables
    suspects = _suspects(tables)
    without = Tables(lineage, usage_log(lineage, [*named, *suspects]), days, kept) if suspects else tables
    again = Columns(without, kept) if level == "column" else without
    frame = judged.frame() if isinstance(judged, Columns) else _table_frame(judged)
    codes = judged.codes if not suspects else again.codes
    frame = frame.with_columns(in_words(codes, COLUMN_VERDICTS if level == "column" else TABLE_VERDICTS).alias("without_monitors"))
    frame = _sorted(frame)
    summary = _summary(tables, frame, suspects, level)
    return Answer(
        "unused",
        frame,
        _headline(summary),
        summary,
        _trust(tables, suspects, frame, level),
        lineage,
        partial(_explain, judged),
        settings={"days": days, "monitors": named, "level": level},
    )


def _homes(lineage: Lineage, ids: pl.Series) -> pl.Series:
    """Ids with the datasets of columns in the place of those."""
    coded = lineage.coded
    numbers = coded.numbers(ids).drop_nulls().to_numpy()
    return coded.ids.gather(np.unique(coded.data[numbers]))


def _table_frame(tables: Tables) -> pl.DataFrame:
    """A row a dataset or report, by place."""
    lineage, nodes = tables.lineage, tables.graph.nodes
    freed: pl.Series = pl.repeat(None, nodes.height, dtype=pl.Int64, eager=True).alias("freed")
    if len(billed_currencies(lineage)) < 2:
        goes = tables.verdicts.is_in(list(DROPPABLE)).to_numpy()
        freed = pl.Series("freed", freed_amounts(lineage, tables.graph.members, goes, tables.log, tables.saved), dtype=pl.Int64)
    told = table_words(tables)
    return pl.DataFrame([nodes["id"].alias("node"), tables.verdicts, nodes["bytes"], freed, *told.get_columns()])


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    """What is unused first, by what it frees; rows come by id."""
    place = {v: i for i, v in enumerate((*DROPPABLE, "unknown", "seasonal", "protected", "swept", "live", "dropped"))}
    verdict = frame["verdict"]
    keys = pl.DataFrame(
        {
            "kept": ~verdict.is_in(list(DROPPABLE)),
            "freed": -frame["freed"],
            "place": verdict.replace_strict(place, return_dtype=pl.UInt8),
            "row": pl.int_range(frame.height, eager=True),
        }
    )
    order = keys.sort("kept", "freed", "place", "row")["row"]
    columns = ("node", "verdict", "last_read", "evidence", "bytes", "freed", "without_monitors", "read_by", "rests_on_possible")
    return frame.select(*columns)[order]


def _suspects(tables: Tables) -> list[str]:
    """Accounts that read nearly every table which anybody reads."""
    log, window = tables.log, tables.log.window(tables.days)
    if window is None:
        return []
    recent = log.reads.filter(
        (pl.col("day") >= window[0]) & pl.col("consumer_kind").is_not_null() & ~pl.col("consumer_kind").is_in(NOT_TERMINAL)
    )
    report = (tables.graph.nodes["kind"] == "report").to_numpy()
    at = tables.places[recent["i"].to_numpy()]
    recent = recent.select("consumer", place=pl.Series(at)).filter(pl.Series((at >= 0) & ~report[at]))
    return read_nearly_all(recent, "place")


def _summary(tables: Tables, frame: pl.DataFrame, suspects: list[str], level: str) -> dict[str, object]:
    lineage, log, days = tables.lineage, tables.log, tables.days
    dead = frame.filter(pl.col("verdict").is_in(DROPPABLE))
    currencies = billed_currencies(lineage)
    window, freed = log.window(days), int(dead["freed"].sum())
    capacity = 0
    if freed and level == "dataset":
        numbers = lineage.coded.numbers(dead["node"]).to_numpy()
        capacity = freed_capacity(lineage, numbers, log, tables.saved)
    return {
        "tables" if level == "dataset" else "columns": frame.height,
        "verdicts": dict(frame.group_by("verdict").len().sort("verdict").iter_rows()),
        "unused": dead.height,
        "bytes": int(dead["bytes"].sum()),
        "freed": freed,
        "cash": freed - capacity,
        "capacity": capacity,
        "gone_already": frame.filter(pl.col("verdict") == "dropped").height,
        "currency": currencies[0] if len(currencies) == 1 else "",
        "window": window,
        "days": days,
        "suspected_monitors": suspects,
        "set_aside": log.outliers.height,
        "level": level,
    }


def _headline(summary: dict[str, object]) -> str:
    window = summary["window"]
    if window is None:
        return "Nothing can be called unused: the snapshot holds no usage log."
    of_columns = summary["level"] == "column"
    total = int(str(summary["columns" if of_columns else "tables"]))
    unused_count, freed = int(str(summary["unused"])), int(str(summary["freed"]))
    last = str(window[1]) if isinstance(window, tuple) else ""
    what = "columns" if of_columns else "tables and reports"
    text = f"{unused_count:,} of {total:,} {what} are unused in the {summary['days']} days to {last}"
    text += f"; dropping them all would have saved {money(freed, str(summary['currency']))}" if freed else ""
    capacity = int(str(summary["capacity"]))
    return text + (f", of which {money(capacity, str(summary['currency']))} is capacity that saves nothing until it is resized." if capacity else ".")


def _trust(tables: Tables, suspects: list[str], frame: pl.DataFrame, level: str) -> tuple[str, ...]:
    lineage, log = tables.lineage, tables.log
    notes = [log.sentence(), *coverage_sentences(lineage, log), *_platforms(tables), *unread_sentences(lineage)]
    present = set(frame["verdict"])
    notes += [f"{verdict}: {meaning}." for verdict, meaning in MEANINGS.items() if verdict in present]
    unknown = frame.filter(pl.col("verdict") == "unknown").height
    if unknown and level == "dataset":
        notes.append(f"{plural(unknown, 'table')} cannot be judged: the log of it, or of something made from it, is incomplete.")
    elif unknown:
        notes.append(f"{plural(unknown, 'column')} cannot be judged: readers or jobs are recorded without columns, or logs are incomplete.")
    possible = frame.filter(pl.col("verdict").is_in(["live", *DROPPABLE]) & (pl.col("rests_on_possible") > 0)).height
    if possible:
        notes.append(f"{plural(possible, 'verdict')} rest on edges that are only possible (column rests_on_possible).")
    if suspects:
        changed = frame.filter(pl.col("verdict") != pl.col("without_monitors")).height
        notes.append(
            f"{', '.join(suspects)} read nearly every table. Named as monitors, {plural(changed, 'verdict')} would change "
            "(column without_monitors)."
        )
    if level == "column":
        notes.append("freed is empty: no bill tells what dropping a column saves.")
        return tuple(notes)
    costs = lineage.frames["costs"].filter(pl.col("role") == "billed")
    if costs.height:
        first, last = (str(d) for d in costs.select(pl.col("day").min(), last=pl.col("day").max()).row(0))
        notes.append(f"freed counts what was billed from {first} to {last}.")
        if len(billed_currencies(lineage)) > 1:
            notes.append("freed is empty: the costs are in several currencies; convert them with snap.in_currency(...) first.")
    return tuple(notes)


def _platforms(tables: Tables) -> list[str]:
    """What logs cover the tables, and which part of the tables none covers in full."""
    if tables.log.end is None or tables.coverage.is_empty():
        return []
    data = tables.coverage.filter(tables.graph.nodes["kind"] != "report")
    told = data.drop_nulls("told").group_by("told").len().sort(-pl.col("len").cast(pl.Int64), "told")
    notes = [f"{plural(count, 'table')}: {text}." for text, count in told.head(_SHOWN).iter_rows()]
    if told.height > _SHOWN:
        notes.append(f"{plural(int(told['len'][_SHOWN:].sum()), 'table')} are covered by other logs.")
    bare = int(data["told"].null_count())
    return notes + ([f"{plural(bare, 'table')}: no usage log."] if bare else [])


def _explain(judged: Tables | Columns, node: str) -> pl.DataFrame:
    """Show the way from `node` to the last terminal read that speaks for it, hop by hop.

    Where nobody read it nor anything made from it: what goes into it and all that is made from it, nearest first. Empty
    where it is read itself, or nothing is known around it.
    """
    if isinstance(judged, Tables):
        graph = judged.graph
        start = graph.index(node)
        end = int(judged.last[1][start])
    else:
        graph = judged.tables.lineage.graph("column")
        start = graph.index(node)
        row = int(np.searchsorted(judged.numbers, start))
        known = row < len(judged.numbers) and int(judged.numbers[row]) == start
        end = int(judged.last[1][row]) if known else -1
    if end < 0:
        return _around(graph, start)
    return graph.path(graph.id_of(start), graph.id_of(end)) if end != start else graph.hops_of([])


def _around(graph: LineageGraph, node: int) -> pl.DataFrame:
    """The edges into a node and those between all that is made from it, as hops; the nearest `_AROUND`."""
    made = graph.reacher.reach(np.array([node]), bit=POSSIBLE_ANY).nodes
    made = made[made < len(graph.homes)][:_AROUND]
    arcs = graph.arcs.adjacency
    into = arcs.backward.expand(np.array([node]))[1]
    at, found, _ = arcs.forward.expand(made)
    pairs = [(int(a), node) for a in into] + [(int(made[i]), int(b)) for i, b in zip(at, found, strict=True)]
    pairs = [(a, b) for a, b in dict.fromkeys(pairs) if max(a, b) < len(graph.homes)][:_AROUND]
    return pl.concat([graph.hops_of([a, b]) for a, b in pairs]) if pairs else graph.hops_of([])
