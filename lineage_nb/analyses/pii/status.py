"""What is known of every column, also of those that nothing reached: proved, possible, suspected, clean or unknown."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.propagation import trace_of
from lineage_nb.analyses.pii.trace import CERTAINTIES, PREFIX, VERDICTS, Trace
from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE
from lineage_nb.graph.search import closure

__all__ = ["STATUSES", "coverage", "status"]

STATUSES: Final = ("proved", "possible", "suspected", "clean", "unknown")
Sources = Literal["clean", "unknown"]
Zone = Literal["schema", "namespace", "tag"]
_ZONES: Final = ("schema", "namespace", "tag")


def status(answer: Answer, *, label: str | None = None, sources: Sources = "clean") -> pl.DataFrame:
    """Tell of every column what is known of it, before any policy.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    label : str, optional
        Of one label; by default of any that was followed.
    sources : {"clean", "unknown"}
        What to call an untagged column of a table that no writer is known of, where somebody has to say what is in
        it: clean, as its tags say; or unknown, unless a decision speaks of it.

    Returns
    -------
    polars.DataFrame
        A row a column, by id: node, dataset, status (proved, possible, suspected: the label is or may be in it;
        clean: no label reaches it, and every writer upstream states all of its column lineage; unknown: no label
        reaches it, but some writer upstream does not say what it writes), verdict (the strongest; null where no
        label is), labels (list).

    Raises
    ------
    LineageError
        For the answer of another analysis, or a label that is not in it.
    """
    trace = trace_of(answer)
    if sources not in ("clean", "unknown"):
        raise LineageError(f"sources is {sources!r}; give 'clean' or 'unknown'")
    rows = trace.rows
    if label is not None:
        wanted = label.removeprefix(PREFIX)
        if wanted not in trace.labels:
            raise LineageError(f"label {label!r} is not in this answer. Labels here: {', '.join(trace.labels) or 'none'}.")
        rows = rows.filter(pl.col("label") == trace.labels.index(wanted))
    names = pl.Series(trace.labels, dtype=pl.String)
    best = rows.group_by("node").agg(pl.col("certainty").min(), pl.col("verdict").min())
    columns = np.flatnonzero(trace.lineage.coded.of_kind("column"))
    open_ = _open(trace, sources)[columns]
    homes = trace.lineage.coded.data[columns]
    made = pl.DataFrame({"i": columns.astype(np.int64), "open": open_, "home": homes.astype(np.int64)})
    made = made.join(best, left_on="i", right_on="node", how="left", maintain_order="left")
    known = pl.when("open").then(pl.lit("unknown")).otherwise(pl.lit("clean"))
    word = pl.col("certainty").replace_strict(dict(enumerate(CERTAINTIES)), default=None, return_dtype=pl.String)
    verdict = pl.col("verdict").replace_strict(dict(enumerate(VERDICTS)), default=None, return_dtype=pl.String)
    ids = trace.graph.names
    told = made.select(
        node=ids(columns), dataset=ids(homes), status=pl.coalesce(word, known), verdict=verdict
    )
    texts = rows.select("node", label=names.gather(rows["label"])).unique().sort("label")
    lists = texts.group_by("node", maintain_order=True).agg(pl.col("label").alias("labels"))
    held = made.select(node="i").join(lists, on="node", how="left", maintain_order="left")["labels"]
    return told.with_columns(labels=held.fill_null([]))


def _open(trace: Trace, sources: Sources) -> NDArray[np.bool_]:
    """Nodes that a writer may have put anything into, or that are made of such."""
    arcs, n = trace.places.arcs, trace.places.arcs.n
    strength = trace.of_arcs(trace.strength.stated)
    value = ((arcs.bits & POSSIBLE_VALUE) > 0) & (strength < len(VERDICTS))
    doubtful = value & ((arcs.bits & PROVED_VALUE) == 0)
    target = arcs.adjacency.target
    seeds = np.zeros(n, dtype=bool)
    seeds[target[doubtful]] = True
    if sources == "unknown":
        seeds |= _sources(trace, value)
    found = closure(arcs.adjacency.forward, np.flatnonzero(seeds), allowed=value)
    reached = np.zeros(n, dtype=bool)
    reached[found.nodes] = True
    return reached


def _sources(trace: Trace, value: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Columns that no writer is known of, and that nobody tagged or decided about."""
    marked = np.zeros(trace.places.arcs.n, dtype=bool)
    columns = np.flatnonzero(trace.lineage.coded.of_kind("column"))
    marked[columns] = True
    marked[trace.places.arcs.adjacency.target[value]] = False
    written = trace.lineage.effective_with_expired.resolved["column"].to_numpy()
    for known in (written, trace.every["i"].to_numpy(), trace.barred["i"].to_numpy()):
        marked[known] = False
    return marked


def coverage(answer: Answer, *, by: Zone = "schema", label: str | None = None, sources: Sources = "clean") -> pl.DataFrame:
    """Count by zone how much is known of its columns.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    by : {"schema", "namespace", "tag"}
        What a zone is: the dataset's name up to its last dot, its namespace, or each of its tags (a dataset with
        several counts in each; one without any in a zone that is null).
    label, sources
        As in `status`.

    Returns
    -------
    polars.DataFrame
        A row a zone, by name: zone, columns (number), proved, possible, suspected, clean, unknown (numbers), and
        proved_share … unknown_share (0 to 1).

    Raises
    ------
    LineageError
        For an unknown zone, the answer of another analysis, or a label that is not in it.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.analyses.pii.propagation import pii
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t#mail", "u#mail", "u#day"], "kind": ["column"] * 3, "tags": ["pii:email", None, None]},
    ...     edges={"source": ["t#mail"], "target": ["u#mail"]},
    ... )
    >>> coverage(pii(snap), by="namespace").select("columns", "proved", "clean").rows()
    [(3, 2, 1)]
    """
    if by not in _ZONES:
        raise LineageError(f"by is {by!r}; give one of {', '.join(_ZONES)}")
    told = status(answer, label=label, sources=sources)
    nodes = answer.lineage.frames["nodes"].select("id", "namespace", "name", "tags")
    home = told.select("dataset", "status").join(nodes, left_on="dataset", right_on="id", how="left", maintain_order="left")
    if by == "namespace":
        zoned = home.with_columns(zone="namespace")
    elif by == "schema":
        zoned = home.with_columns(zone=pl.col("name").str.extract(r"(?s)^(.*)\.[^.]*$"))
    else:
        own = pl.col("tags").list.eval(pl.element().filter(~pl.element().str.starts_with(PREFIX)))
        zoned = home.with_columns(zone=own).explode("zone")
    counted = zoned.group_by("zone").agg(
        pl.len().cast(pl.Int64).alias("columns"), *(((pl.col("status") == s).sum()).cast(pl.Int64).alias(s) for s in STATUSES)
    )
    shares = [(pl.col(s) / pl.col("columns")).alias(f"{s}_share") for s in STATUSES]
    return counted.with_columns(shares).sort("zone", nulls_last=True)
