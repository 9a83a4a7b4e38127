"""Impact: who and what is hit if something changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.analyses.unread import unread_sentences
from lineage_nb.analyses.usage_log import UsageLog, usage_log
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.strongest import Claims

__all__ = ["impact"]


def impact(
    lineage: Lineage,
    node: str,
    *,
    max_hops: int | None = None,
    kinds: Iterable[str] | None = None,
    indirect: bool = True,
) -> Answer:
    """Find everything downstream of a node.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    node : str
        Column, dataset, job or report; an id or a unique suffix of one. A dataset stands for all of its
        columns, a job for what it writes.
    max_hops : int, optional
        At most so many steps. A job between two datasets adds none.
    kinds : iterable of str, optional
        Keep only nodes of these kinds: dataset, column, job, report …
    indirect : bool
        Follow filters, joins, groupings and the like as well as values.

    Returns
    -------
    Answer
        Frame: node, kind, hops, via (the node before on a shortest path), value (reached by values, not only
        by influence), certainty (proved, or possible where lineage is incomplete), owners (null: nobody is
        named), last_read (last day in the usage log; null: no read is recorded). Nearest first.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    LineageError
        For an unknown kind, hops below 0, or a person or machine, from which no data flows.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.from_edges([("raw", "mart"), ("mart", "report")]).impact("raw").frame["node"].to_list()
    ['mart', 'report']
    """
    if max_hops is not None and (isinstance(max_hops, bool) or not isinstance(max_hops, int) or max_hops < 0):
        raise LineageError(f"max_hops is {max_hops!r}; give a whole number ≥ 0, or None for no limit")
    graph = lineage.graph("column")
    start = graph.index(node)
    kind = str(lineage.coded.kinds[start])
    if kind in ("principal", "compute"):
        raise LineageError(f"{node!r} is a {kind}, from which no data flows; ask for a dataset, column, job or report")
    hit = _hit(lineage, start, max_hops, indirect=indirect)
    hit = hit.take(np.lexsort((hit.node, hit.hops)))
    log = usage_log(lineage)
    nodes = lineage.frames["nodes"]
    frame = (
        graph.listed(hit)
        .with_columns(nodes["kind"].gather(hit.node), nodes["owners"].gather(hit.node), _last_read(lineage, log, hit.node))
        .select("node", "kind", "hops", "via", "value", "certainty", "owners", "last_read")
    )
    wanted = _kinds(kinds, lineage)
    if wanted is not None:
        frame = frame.filter(pl.col("kind").is_in(wanted))
    summary = _summary(frame)
    return Answer(
        "impact",
        frame,
        _headline(lineage.spoken(graph.id_of(start)), summary),
        summary,
        _trust(lineage, frame, log.sentence()),
        lineage,
        partial(_explain, lineage, start, indirect, hit.node),
        focus=graph.id_of(start),
        settings={"node": graph.id_of(start), "max_hops": max_hops, "kinds": wanted, "indirect": indirect},
    )


def _last_read(lineage: Lineage, log: UsageLog, nodes: Ints) -> pl.Series:
    """Last day on which each node was read; null: no read is recorded."""
    last = log.last_read()
    place = np.full(len(lineage.coded.ids), -1, dtype=np.int64)
    place[lineage.coded.numbers(last["node"]).to_numpy()] = np.arange(last.height)
    at = pl.Series(place[nodes])
    return last["last_read"].gather(pl.select(pl.when(at >= 0).then(at)).to_series())


def _kinds(kinds: Iterable[str] | None, lineage: Lineage) -> list[str] | None:
    if kinds is None:
        return None
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    known = sorted(lineage.frames["nodes"]["kind"].unique())
    unknown = [k for k in wanted if k not in known]
    if unknown:
        raise LineageError(f"unknown kind {', '.join(map(repr, unknown))}.{did_you_mean(unknown[0], known)} In this snapshot: {', '.join(known)}.")
    return wanted


def _starts(lineage: Lineage, start: int) -> Ints:
    """Nodes to start from; a job starts from what it writes."""
    if lineage.coded.kinds[start] != "job":
        return np.array([start], dtype=np.int64)
    edges = lineage.coded.edges
    written = edges.filter((pl.col("type") == "WRITE") & (pl.col("source") == start))["target"]
    return written.unique().sort().to_numpy().astype(np.int64)


def _hit(lineage: Lineage, start: int, max_hops: int | None, *, indirect: bool) -> Claims:
    """The strongest claim about everything hit, a node once."""
    graph, whole = lineage.graph("column"), lineage.graph("dataset")
    first, kind = _starts(lineage, start), str(lineage.coded.kinds[start])
    limit = max_hops
    if kind == "job" and max_hops is not None:
        if max_hops == 0:
            first = first[:0]
        limit = max(max_hops - 1, 0)
    seeds = np.unique(np.concatenate([first[:0], *(graph.starts_of(i) for i in first)]))
    found = [graph.reacher.claims(seeds, max_hops=limit, indirect=indirect)]
    if kind not in ("column", "job"):
        claims = whole.reacher.claims(np.searchsorted(whole.members, first), max_hops=limit, indirect=indirect)
        found.append(replace(claims, node=whole.members[claims.node], via=whole.members[claims.via]))
    if kind == "job":
        found = [replace(f, hops=f.hops + 1) for f in found]
        found.append(_certain(first, np.ones(len(first), dtype=np.int32), start))
    found.append(_datasets_of(lineage, found[0]))
    hit = Claims.of(found).strongest()
    hit = hit.take(np.flatnonzero(~np.isin(hit.node, [start] if kind == "job" else seeds)))
    further = hit.take(np.flatnonzero(~np.isin(hit.node, seeds)))
    jobs = _jobs(lineage, Claims.of([further, _certain(seeds, np.zeros(len(seeds), dtype=np.int32), -1)]), max_hops)
    every = Claims.of([hit, jobs]).strongest()
    return every.take(np.flatnonzero(every.node != start))


def _certain(nodes: Ints, hops: Ints, via: int) -> Claims:
    yes = np.ones(len(nodes), dtype=bool)
    return Claims(nodes, hops, np.full(len(nodes), via, dtype=np.int64), yes, yes)


def _datasets_of(lineage: Lineage, found: Claims) -> Claims:
    """A dataset is hit as soon as one of its columns is."""
    home = lineage.coded.data[found.node]
    return replace(found, node=home).take(np.flatnonzero(home != found.node))


def _jobs(lineage: Lineage, hit: Claims, max_hops: int | None) -> Claims:
    """Jobs that read what is hit: one hop on."""
    active, place = lineage.effective.active, np.full(len(lineage.coded.ids), -1, dtype=np.int64)
    place[hit.node] = np.arange(len(hit))
    carries = (pl.col("type") != "INDIRECT").alias("carries")
    reads = (pl.col("type") == "READ") & (pl.col("target_kind") == "job")
    moves = pl.col("type").is_in(["DIRECT", "INDIRECT"]) & pl.col("job").is_not_null()
    job = pl.when(pl.col("type") == "READ").then("target").otherwise("job").alias("job")
    touched = active.lazy().filter(pl.Series(place >= 0).gather(active["source"]), reads | moves)
    ends = touched.select("source", job, carries).unique().collect()
    at = place[ends["source"].to_numpy()]
    jobs = Claims(
        ends["job"].to_numpy().astype(np.int64),
        hit.hops[at] + 1,
        ends["source"].to_numpy().astype(np.int64),
        hit.value[at] & ends["carries"].to_numpy(),
        hit.proved[at],
    )
    return jobs if max_hops is None else jobs.take(np.flatnonzero(jobs.hops <= max_hops))


def _summary(frame: pl.DataFrame) -> dict[str, object]:
    counts = dict(frame.group_by("kind").len().sort("kind").iter_rows())
    owners = frame["owners"].explode().drop_nulls().unique().sort().to_list() if frame.height else []
    return {
        "nodes": frame.height,
        "kinds": counts,
        "by_value": int(frame["value"].sum()),
        "possible": int((frame["certainty"] == "possible").sum()),
        "furthest": frame["hops"].max(),
        "owners": owners,
    }


def _headline(name: str, summary: dict[str, object]) -> str:
    if not summary["nodes"]:
        return f"Nothing is downstream of {name}."
    kinds = summary["kinds"]
    parts = [plural(n, k) for k, n in kinds.items()] if isinstance(kinds, dict) else []
    text = f"Changing {name} hits {', '.join(parts)}, up to {summary['furthest']} hops away"
    possible = summary["possible"]
    return text + (f"; {possible:,} of them only possibly." if possible else ".")


def _trust(lineage: Lineage, frame: pl.DataFrame, usage: str) -> tuple[str, ...]:
    notes = [usage]
    possible = int((frame["certainty"] == "possible").sum())
    if possible:
        notes.append(
            f"{plural(possible, 'row')} rest on lineage that no source states by column: they may be hit, or not."
        )
    expired = int(lineage.coded.edges["expired"].sum())
    if expired:
        notes.append(f"{plural(expired, 'expired edge')} were left out.")
    rejected = lineage.data.report.rejected
    if rejected:
        notes.append(f"{plural(rejected, 'record')} of the sources could not be read (see report).")
    return (*notes, *unread_sentences(lineage))


def _explain(lineage: Lineage, start: int, indirect: bool, answered: Ints, node: str) -> pl.DataFrame:
    """Show the witness path from the start to `node`, hop by hop."""
    graph, whole = lineage.graph("column"), lineage.graph("dataset")
    target = graph.index(node)
    name = graph.id_of(target)
    if target not in answered:
        raise LineageError(f"{lineage.spoken(name)} is not in this answer: nothing of {lineage.spoken(graph.id_of(start))} reaches it")
    first = [graph.id_of(int(i)) for i in _starts(lineage, start)]
    best = [graph.path(i, name, indirect=indirect) for i in first]
    best = [p for p in best if p.height]
    if not best and first and name in whole and first[0] in whole:
        best = [whole.path(first[0], name, indirect=indirect)]
    if not best:
        return graph.hops_of([])
    return min(best, key=lambda p: p.height)
