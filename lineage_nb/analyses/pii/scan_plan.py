"""Which columns to look into: the fewest samples after which the status of every column is known."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.bare_tables import bare_tables
from lineage_nb.analyses.pii.cure_units import Bools, fewest_nodes
from lineage_nb.analyses.pii.propagation import pii, trace_of
from lineage_nb.analyses.pii.status import Sources, status
from lineage_nb.analyses.pii.trace import CERTAINTIES, VERDICTS, Trace
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE
from lineage_nb.graph.search import closure

__all__ = ["scan_plan"]

_SCHEMA: Final[dict[str, Any]] = {
    "order": pl.Int64,
    "node": pl.String,
    "decides": pl.Int64,
    "columns": pl.List(pl.String),
    "status": pl.String,
    "why": pl.String,
}
_OPEN: Final = ("possible", "suspected", "unknown", "name-disagrees")


def scan_plan(lineage: Lineage, answer: Answer | None = None, *, sources: Sources = "clean") -> Answer:
    """Plan which columns to look into, so that it becomes known of every column whether personal data is in it.

    A column is known when it is proved or clean and its name does not contradict that, when it is looked into, or when every writer of it states what it is
    made of and all of that is known: of a cycle, all that comes in from outside. So what has to be looked into is what
    nothing stated decides, and the least set parts it from all columns that are not known. A table whose columns no source
    lists is looked into itself, unless a label is proved there.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    answer : Answer, optional
        Of `pii`, on this snapshot; by default of all labels.
    sources : {"clean", "unknown"}
        What to call untagged columns of tables that no writer is known of (see `lineage_nb.analyses.pii.status.status`):
        with ``unknown`` they are looked into as well.

    Returns
    -------
    Answer
        Frame: order (1 first: decides the most), node (a column, or a table whose columns nobody lists), decides
        (number of columns that are not known and made of it, itself included), columns (these), status (today), why.
        Several nodes may decide a column together: it is known when all of them are looked into.

    Raises
    ------
    LineageError
        For the answer of another analysis or snapshot, or another word for `sources`.

    Notes
    -----
    It is assumed that a sample shows what is in the column, that stated lineage is right, and that copies hold what
    they are copies of. A sample is of what is there today: columns that were copied before their source was rewritten are
    looked into themselves. The least set is a minimum vertex cut between what nothing decides and what is to be known
    (Menger, "Zur allgemeinen Kurventheorie", 1927); of several the one nearest to the sources.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["raw#mail", "crm#a", "out#a"], "kind": ["column"] * 3, "tags": ["pii:email", None, None]},
    ...     edges={
    ...         "source": ["raw", "job:crm", "crm#a"],
    ...         "target": ["job:crm", "crm", "out#a"],
    ...         "type": ["READ", "WRITE", "DIRECT"],
    ...     },
    ... )
    >>> scan_plan(snap).frame.select("node", "decides").rows()
    [('crm#a', 2)]
    """
    if answer is not None and answer.lineage.data != lineage.data:
        raise LineageError("this result is of another snapshot: give one of this snapshot's pii(), or none")
    asked = pii(lineage) if answer is None else answer
    trace = trace_of(asked)
    told = _status(asked, sources)
    unknown = told.filter(pl.col("status").is_in(_OPEN))
    targets = lineage.coded.numbers(unknown["node"]).to_numpy().astype(np.int64)
    flow = _carrying(trace)
    seeds = _undecided(trace, flow, told, sources)
    chosen = _chosen(trace, flow, seeds, targets)
    bare = len(bare_tables(lineage))
    frame = _frame(trace, flow, chosen, targets, told, seeds)
    summary = {
        "samples": frame.height,
        "columns": told.height - bare,
        "tables": bare,
        "unknown": unknown.height,
        "known": told.height - unknown.height,
        "by_status": dict(unknown.group_by("status").len().sort("status").iter_rows()),
    }
    return Answer(
        "scan_plan",
        frame,
        _headline(frame.height, unknown),
        summary,
        (
            "It is assumed that a sample shows what is in a column, and that lineage that is stated is right.",
            "Columns that are clean or proved by their lineage are not looked into; untagged columns at the sources count as "
            + ("clean: sources='unknown' plans for them too." if sources == "clean" else "unknown."),
        ),
        lineage,
        asked.explain,
        settings={"sources": sources},
    )


def _headline(samples: int, unknown: pl.DataFrame) -> str:
    if unknown.is_empty():
        return "The status of every column is known: nothing to look into."
    verb = "settles" if samples == 1 else "settle"
    bare = unknown.filter(pl.col("node") == pl.col("dataset")).height
    columns = unknown.height - bare
    parts = [plural(columns, "column")] if columns else []
    parts += [plural(bare, "table") + " without known columns"] if bare else []
    return f"{plural(samples, 'sample')} {verb} {' and '.join(parts)} whose status is not known."


def _status(asked: Answer, sources: Sources) -> pl.DataFrame:
    """Status of every column, and of every table whose columns nobody lists: there node and dataset are the same."""
    trace = trace_of(asked)
    told = status(asked, sources=sources).select("node", "dataset", "status")
    tables = bare_tables(trace.lineage)
    best = trace.rows.filter(pl.col("node").is_in(pl.Series(tables).implode())).group_by("node").agg(pl.col("certainty").min())
    made = pl.DataFrame({"node": tables}, schema={"node": pl.Int64}).join(best, on="node", how="left", maintain_order="left")
    word = pl.col("certainty").replace_strict(dict(enumerate(CERTAINTIES)), default="unknown", return_dtype=pl.String)
    ids = trace.lineage.coded.ids.gather(tables)
    return pl.concat([told, made.select(node=ids, dataset=ids, status=word)])


def _carrying(trace: Trace) -> Bools:
    """Arcs that may carry a value of any label."""
    places = trace.places
    channel = trace.channel(special=True, proved=False)
    taken: Bools = ((channel.bits & POSSIBLE_VALUE) > 0) & (channel.strength < len(VERDICTS))
    taken &= places.arcs.adjacency.source != places.arcs.adjacency.target
    return taken


def _undecided(trace: Trace, flow: Bools, told: pl.DataFrame, sources: Sources) -> Ints:
    """Places that nothing stated decides: what a writer may have put anything into, and where a label may begin."""
    arcs, places = trace.places.arcs, trace.places
    sure = (trace.channel(special=True, proved=True).bits & PROVED_VALUE) > 0
    marked, doubtful = np.zeros(arcs.n, dtype=bool), np.flatnonzero(flow & ~sure)
    source, target = arcs.adjacency.source[doubtful], arcs.adjacency.target[doubtful]
    unknown = trace.lineage.coded.numbers(told.filter(pl.col("status").is_in(_OPEN))["node"]).to_numpy()
    marked[target[(source < trace.graph.arcs.n) | np.isin(places.shown[target], unknown)]] = True
    for label in trace.labels:
        sure_of = trace.starts(label, "proved")
        for certainty in ("possible", "suspected"):
            marked[np.setdiff1d(trace.begins(label, certainty), sure_of)] = True
    if sources == "unknown":
        marked |= _sources(trace, told, marked, flow)
    bare = told.filter((pl.col("node") == pl.col("dataset")) & pl.col("status").is_in(_OPEN))["node"]
    marked[trace.lineage.coded.numbers(bare).to_numpy()] = True
    marked[_disagreeing(trace, told, flow)] = True
    return np.flatnonzero(marked & (places.shown < trace.graph.arcs.real))


def _disagreeing(trace: Trace, told: pl.DataFrame, flow: Bools) -> Ints:
    """Columns whose names contradict their lineage, and that are made of no other such; of a circle of them all."""
    names = trace.lineage.coded.numbers(told.filter(pl.col("status") == "name-disagrees")["node"]).to_numpy()
    mine = np.flatnonzero(np.isin(trace.places.shown, names) & trace.places.reported)
    if not len(mine):
        return mine
    arcs = trace.places.arcs.adjacency
    leaving = np.isin(arcs.source, mine) & flow & (trace.places.shown[arcs.source] != trace.places.shown[arcs.target])
    behind = closure(arcs.forward, np.unique(arcs.target[leaving]), allowed=flow).nodes
    first = np.setdiff1d(mine, behind)
    settled = closure(arcs.forward, first, allowed=flow).nodes if len(first) else first
    return np.union1d(first, np.setdiff1d(mine, settled))


def _sources(trace: Trace, told: pl.DataFrame, marked: Bools, flow: Bools) -> Bools:
    """Columns that are called unknown though nothing before them is."""
    arcs, shown = trace.places.arcs, trace.places.shown
    unknown = trace.lineage.coded.numbers(told.filter(pl.col("status") == "unknown")["node"]).to_numpy().astype(np.int64)
    fed = np.zeros(arcs.n, dtype=bool)
    fed[arcs.adjacency.target[flow]] = True
    found: Bools = np.isin(shown, unknown) & ~fed & ~marked
    return found


def _chosen(trace: Trace, flow: Bools, seeds: Ints, targets: Ints) -> Ints:
    """The fewest nodes to look into."""
    places, real = trace.places, trace.graph.arcs.real
    ends = np.flatnonzero(np.isin(places.shown, targets) & places.reported)
    can = places.reported & (places.shown < real)
    can[can] = trace.shown[places.shown[can]]
    found = fewest_nodes(places.arcs.adjacency, flow, seeds, ends, can)
    return np.unique(places.shown[found]).astype(np.int64)


def _frame(trace: Trace, flow: Bools, chosen: Ints, targets: Ints, told: pl.DataFrame, seeds: Ints) -> pl.DataFrame:
    places, graph = trace.places, trace.graph
    wanted = np.zeros(graph.arcs.real, dtype=bool)
    wanted[targets] = True
    known = dict(told.select("node", "status").iter_rows())
    begun = set(places.shown[seeds].tolist())
    disagree = set(trace.lineage.coded.numbers(told.filter(pl.col("status") == "name-disagrees")["node"]).to_list())
    tagged = {int(i) for label in trace.labels for c in ("possible", "suspected") for i in places.shown[trace.begins(label, c)]}
    rows = []
    for node in chosen.tolist():
        own = np.flatnonzero((places.shown == node) & places.reported)
        reached = closure(places.arcs.adjacency.forward, own, allowed=flow).nodes
        shown = np.unique(places.shown[reached[places.reported[reached]]])
        shown = shown[shown < graph.arcs.real]
        decides = np.sort(shown[wanted[shown]])
        name = graph.id_of(node)
        rows.append(
            {
                "node": name,
                "decides": len(decides),
                "columns": graph.names(decides).to_list(),
                "status": known.get(name),
                "why": _why(trace, node, begun, tagged, disagree),
            }
        )
    frame = pl.DataFrame(rows, schema={c: t for c, t in _SCHEMA.items() if c != "order"})
    frame = frame.sort("decides", "node", descending=[True, False]).with_columns(order=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return frame.select(list(_SCHEMA))


def _why(trace: Trace, node: int, begun: set[int], tagged: set[int], disagree: set[int]) -> str:
    if trace.lineage.coded.data[node] == node:
        return "no source lists its columns"
    if node in disagree:
        return "its name says that it is personal data, and its lineage does not"
    if node not in begun:
        return "others that are not known are made of it"
    if node in tagged:
        return "what is tagged suggests that a label is in it, and nothing says so"
    writers = trace.lineage.effective_with_expired.writes.filter(pl.col("target") == int(trace.lineage.coded.data[node]))["job"]
    names = sorted({trace.lineage.spoken(trace.lineage.coded.ids[int(j)]) for j in writers})
    if not names:
        return "no source says what it is made of"
    return f"not all of its writers say what it is made of: {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
