"""Impact: who and what is hit if something changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import polars as pl

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.analyses.usage_log import usage_log
from lineage_nb.errors import LineageError
from lineage_nb.graph.effective import active_edges
from lineage_nb.graph.lineage import Lineage

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
        For an unknown kind, or hops below 0.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.from_edges([("raw", "mart"), ("mart", "report")]).impact("raw").frame["node"].to_list()
    ['mart', 'report']
    """
    if max_hops is not None and (isinstance(max_hops, bool) or not isinstance(max_hops, int) or max_hops < 0):
        raise LineageError(f"max_hops is {max_hops!r}; give a whole number ≥ 0, or None for no limit")
    graph = lineage.graph("column")
    start = graph.resolve(node)
    hit = _hit(lineage, start, max_hops, indirect=indirect)
    nodes = lineage.frames["nodes"].select(pl.col("id").alias("node"), "kind", "owners")
    log = usage_log(lineage.frames)
    frame = (
        hit.join(nodes, on="node")
        .join(log.last_read(), on="node", how="left")
        .sort("hops", "node")
        .select("node", "kind", "hops", "via", "value", "certainty", "owners", "last_read")
    )
    wanted = _kinds(kinds, lineage)
    if wanted is not None:
        frame = frame.filter(pl.col("kind").is_in(wanted))
    summary = _summary(frame)
    return Answer(
        "impact",
        frame,
        _headline(lineage.spoken(start), summary),
        summary,
        _trust(lineage, frame, log.sentence()),
        lineage,
        partial(_explain, lineage, start, indirect, hit["node"]),
        focus=start,
        settings={"node": start, "max_hops": max_hops, "kinds": wanted, "indirect": indirect},
    )


def _kinds(kinds: Iterable[str] | None, lineage: Lineage) -> list[str] | None:
    if kinds is None:
        return None
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    known = sorted(lineage.frames["nodes"]["kind"].unique())
    unknown = [k for k in wanted if k not in known]
    if unknown:
        raise LineageError(f"unknown kind {', '.join(map(repr, unknown))}. In this snapshot: {', '.join(known)}.")
    return wanted


def _starts(lineage: Lineage, start: str) -> tuple[list[str], str]:
    """Ids to start from, and the kind of the start; a job starts from what it writes."""
    nodes = lineage.frames["nodes"]
    kind = nodes.row(by_predicate=pl.col("id") == start, named=True)["kind"]
    if kind != "job":
        return [start], kind
    edges = lineage.frames["edges"]
    written = edges.filter((pl.col("type") == "WRITE") & (pl.col("source") == start))["target"].unique().sort()
    return written.to_list(), kind


def _hit(lineage: Lineage, start: str, max_hops: int | None, *, indirect: bool) -> pl.DataFrame:
    """node, hops, via, value, certainty of everything hit; one row a node, the strongest claim."""
    graph = lineage.graph("column")
    ids, kind = _starts(lineage, start)
    if kind == "job" and max_hops is not None:
        if max_hops == 0:
            ids = []
        max_hops = max(max_hops - 1, 0)
    numbers = sorted({i for name in ids for i in graph.starts(name)})
    found = [graph.strongest(numbers, "downstream", max_hops=max_hops, indirect=indirect).drop("i")]
    if kind not in ("column", "job"):
        whole = lineage.graph("dataset")
        found.append(whole.strongest([whole.index(i) for i in ids], "downstream", max_hops=max_hops, indirect=indirect).drop("i"))
    if kind == "job":
        written = [{"node": i, "hops": 1, "via": start, "value": True, "certainty": "proved"} for i in ids]
        found = [f.with_columns(pl.col("hops") + 1) for f in found]
        found.append(pl.DataFrame(written, schema=found[0].schema))
    found.append(_datasets_of(lineage, found[0]))
    hit = _strongest(pl.concat(found))
    own = {start, *(graph.ids[i] for i in numbers)} if kind != "job" else {start}
    hit = hit.filter(~pl.col("node").is_in(list(own)))
    limit = max_hops if max_hops is None or kind != "job" else max_hops + bool(ids)
    jobs = _jobs(lineage, pl.concat([hit, _seed_rows(graph.ids, numbers, hit)]), limit)
    return _strongest(pl.concat([hit, jobs])).filter(pl.col("node") != start)


def _seed_rows(ids: list[str], numbers: list[int], like: pl.DataFrame) -> pl.DataFrame:
    rows = [{"node": ids[i], "hops": 0, "via": None, "value": True, "certainty": "proved"} for i in numbers]
    return pl.DataFrame(rows, schema=like.schema)


def _strongest(found: pl.DataFrame) -> pl.DataFrame:
    rank = (~pl.col("value")).cast(pl.Int8) + 2 * (pl.col("certainty") == "possible").cast(pl.Int8)
    return (
        found.sort("node", rank, "hops", "via", nulls_last=True)
        .unique("node", keep="first", maintain_order=True)
        .select("node", "hops", "via", "value", "certainty")
    )


def _datasets_of(lineage: Lineage, found: pl.DataFrame) -> pl.DataFrame:
    """A dataset is hit as soon as one of its columns is."""
    parents = lineage.frames["nodes"].filter(pl.col("kind") == "column").select(pl.col("id").alias("node"), "parent")
    return found.join(parents, on="node").select(
        pl.col("parent").alias("node"), "hops", "via", "value", "certainty"
    ).filter(pl.col("node").is_not_null())


def _jobs(lineage: Lineage, hit: pl.DataFrame, max_hops: int | None) -> pl.DataFrame:
    """Jobs that read what is hit: one hop on."""
    active = active_edges(lineage.frames)
    readers = active.filter((pl.col("type") == "READ") & (pl.col("target_kind") == "job")).select(
        pl.col("source").alias("node"), pl.col("target").alias("job"), pl.lit(value=True).alias("carries")
    )
    movers = active.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"]) & pl.col("job").is_not_null()).select(
        pl.col("source").alias("node"), "job", (pl.col("type") == "DIRECT").alias("carries")
    )
    jobs = hit.join(pl.concat([readers, movers]).unique(), on="node").select(
        pl.col("job").alias("node"),
        pl.col("hops") + 1,
        pl.col("node").alias("via"),
        (pl.col("value") & pl.col("carries")).alias("value"),
        "certainty",
    )
    return jobs if max_hops is None else jobs.filter(pl.col("hops") <= max_hops)


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
    expired = lineage.frames["edges"].height - active_edges(lineage.frames).height
    if expired:
        notes.append(f"{plural(expired, 'expired edge')} were left out.")
    rejected = lineage.data.report.rejected
    if rejected:
        notes.append(f"{plural(rejected, 'record')} of the sources could not be read (see report).")
    return tuple(notes)


def _explain(lineage: Lineage, start: str, indirect: bool, answered: pl.Series, node: str) -> pl.DataFrame:
    """Show the witness path from the start to `node`, hop by hop."""
    graph = lineage.graph("column")
    target = graph.resolve(node)
    if target not in answered:
        raise LineageError(f"{lineage.spoken(target)} is not in this answer: nothing of {lineage.spoken(start)} reaches it")
    ids, _ = _starts(lineage, start)
    best = [graph.path(i, target, indirect=indirect) for i in ids]
    best = [p for p in best if p.height]
    if not best and ids and target in lineage.graph("dataset").ids and ids[0] in lineage.graph("dataset").ids:
        best = [lineage.graph("dataset").path(ids[0], target, indirect=indirect)]
    if not best:
        return graph.hops_of([])
    return min(best, key=lambda p: p.height)
