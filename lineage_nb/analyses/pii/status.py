"""What is known of every column, also of those that nothing reached: whether it holds a label, is clean, or nobody can say."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.bare_tables import bare_tables
from lineage_nb.analyses.pii.labels import PREFIX, canonical, is_special
from lineage_nb.analyses.pii.propagation import trace_of
from lineage_nb.analyses.pii.trace import CERTAINTIES, VERDICTS, Trace
from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE
from lineage_nb.graph.search import closure

__all__ = ["ABOUT_PERSON", "STATUSES", "classified", "coverage", "status"]

STATUSES: Final = ("proved", "possible", "suspected", "clean", "name-disagrees", "unknown", "dropped")
ABOUT_PERSON: Final = "about-person"
_SURE: Final = 0.8
"""Confidence from which on a name speaks against the lineage."""
Sources = Literal["clean", "unknown"]
Zone = Literal["schema", "namespace", "tag"]
_ZONES: Final = ("schema", "namespace", "tag")


def status(answer: Answer, *, label: str | None = None, sources: Sources = "clean", names: bool = True) -> pl.DataFrame:
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
    names : bool
        Look at names, too (`lineage_nb.analyses.classify`). Without, no column is ``name-disagrees``, and `named` and `table`
        are null.

    Returns
    -------
    polars.DataFrame
        A row a column, by id: node, dataset, status (proved, possible, suspected: the label is or may be in it;
        clean: no label reaches it, and every writer upstream states all of its column lineage; unknown: no label
        reaches it, but some writer upstream does not say what it writes; name-disagrees: clean, though its name or comment
        surely says that a label is in it, and made of columns none of which holds it (constants make it clean); dropped: its table is gone, and
        nothing was written since), verdict (the strongest; null where no label is), labels (list), named (of a clean column:
        the label that its name suggests, though no tag or decision does; null: none), table (``about-person`` for columns
        of tables about persons, whatever the columns hold; null: nothing says so).

    Raises
    ------
    LineageError
        For the answer of another analysis, or a label that is not in it.
    """
    trace = trace_of(answer)
    if sources not in ("clean", "unknown"):
        raise LineageError(f"sources is {sources!r}; give 'clean' or 'unknown'")
    rows, wanted = trace.rows, None
    if label is not None:
        wanted = canonical(label)
        if wanted not in trace.labels:
            raise LineageError(f"label {label!r} is not in this answer. Labels here: {', '.join(trace.labels) or 'none'}.")
        rows = rows.filter(pl.col("label") == trace.labels.index(wanted))
    labels = pl.Series(trace.labels, dtype=pl.String)
    best = rows.group_by("node").agg(pl.col("certainty").min(), pl.col("verdict").min())
    columns = np.flatnonzero(trace.lineage.coded.of_kind("column"))
    homes = trace.lineage.coded.data[columns]
    gone = np.isin(columns, trace.places.today.filter("gone")["node"].to_numpy())
    special = any(map(is_special, trace.labels if wanted is None else [wanted]))
    made = pl.DataFrame({"i": columns.astype(np.int64), "open": _open(trace, sources, special=special)[columns], "gone": gone})
    made = made.join(best, left_on="i", right_on="node", how="left", maintain_order="left")
    word = pl.col("certainty").replace_strict(dict(enumerate(CERTAINTIES)), default=None, return_dtype=pl.String)
    verdict = pl.col("verdict").replace_strict(dict(enumerate(VERDICTS)), default=None, return_dtype=pl.String)
    known = pl.when("gone").then(pl.lit("dropped")).when("open").then(pl.lit("unknown")).otherwise(pl.lit("clean"))
    ids = trace.graph.names
    told = made.select("i", node=ids(columns), dataset=ids(homes), status=pl.coalesce(word, known), verdict=verdict)
    texts = rows.select("node", label=labels.gather(rows["label"])).unique().sort("label")
    lists = texts.group_by("node", maintain_order=True).agg(pl.col("label").alias("labels"))
    held = told.select(node="i").join(lists, on="node", how="left", maintain_order="left")["labels"]
    told = told.with_columns(labels=held.fill_null([]))
    return (_with_names(answer, trace, told, wanted) if names else told.with_columns(named=pl.lit(None, pl.String), table=pl.lit(None, pl.String))).drop("i")


def _with_names(answer: Answer, trace: Trace, told: pl.DataFrame, wanted: str | None) -> pl.DataFrame:
    """Add what names say of clean columns, and which tables are about persons."""
    from lineage_nb.analyses.pii.person import about_person

    found = _suggested(trace)
    if wanted is not None:
        found = found.filter(pl.col("label") == wanted)
    said = pl.when(pl.col("confidence") >= _SURE).then("status")
    found = found.unique("node", keep="first", maintain_order=True).select("node", named="label", said=said)
    told = told.join(found, on="node", how="left", maintain_order="left")
    table = trace.graph.table
    clean, made_of = pl.col("status") == "clean", pl.col("i").is_in(np.unique(table.adjacency.target[table.value & (trace.strength.stated < len(VERDICTS))]))
    persons = about_person(answer)["node"].unique()
    return told.with_columns(
        status=pl.when(clean & made_of & (pl.col("said") == "name-disagrees")).then(pl.lit("name-disagrees")).otherwise("status"),
        named=pl.when(clean).then("named"),
        table=pl.when(pl.col("dataset").is_in(persons.implode())).then(pl.lit(ABOUT_PERSON)),
    ).drop("said")


def classified(trace: Trace) -> tuple[pl.DataFrame, dict[str, str]]:
    """What `lineage_nb.analyses.classify` says without decisions: its frame, and how tags spell its labels; found once a trace."""
    from lineage_nb.analyses.classify.classifier import classify

    kept: dict[str, tuple[pl.DataFrame, dict[str, str]]] = vars(trace)
    if "classified" not in kept:
        told = classify(trace.lineage)
        kept["classified"] = told.frame, dict(told.settings["spelling"])
    return kept["classified"]


def _suggested(trace: Trace) -> pl.DataFrame:
    """What names say of columns that no tag or decision speaks of, the surest first: node, label, status, confidence; found once a trace."""
    kept: dict[str, pl.DataFrame] = vars(trace)
    if "suggested" not in kept:
        found = classified(trace)[0].filter(pl.col("status").is_in(["suggested", "name-disagrees"]))
        words = {x: canonical(x) for x in found["label"].unique()}
        found = found.with_columns(label=pl.col("label").replace_strict(words, return_dtype=pl.String)) if words else found
        barred = trace.barred.select("label", node=trace.lineage.coded.ids.gather(trace.barred["i"]))
        found = found.join(barred, on=["node", "label"], how="anti").sort("confidence", "node", "label", descending=[True, False, False])
        kept["suggested"] = found.select("node", "label", "status", "confidence")
    return kept["suggested"]


def _open(trace: Trace, sources: Sources, *, special: bool) -> NDArray[np.bool_]:
    """Nodes that a writer may have put anything into, or that are made of such."""
    places, arcs = trace.places, trace.places.arcs
    channel = trace.channel(special=special, proved=False)
    value = ((channel.bits & POSSIBLE_VALUE) > 0) & (channel.strength < len(VERDICTS))
    # A struct's twin feeds fields of which nobody says what they hold; only where it holds something itself. So do parts.
    part, of = (places.parts[c].to_numpy() for c in ("part", "whole"))
    stated = (arcs.adjacency.source < trace.graph.arcs.n) | (arcs.rows() >= 0)
    doubtful = value & ((channel.bits & PROVED_VALUE) == 0) & stated & ~np.isin(arcs.adjacency.target, part)
    seeds = np.zeros(arcs.n, dtype=bool)
    seeds[arcs.adjacency.target[doubtful]] = True
    if sources == "unknown":
        seeds |= _sources(trace, value)
        alive = places.today.filter(~pl.col("gone"))
        seeds[alive["twin"].to_numpy()] |= seeds[alive["node"].to_numpy()]
    seeds[part] |= seeds[of]
    found = closure(arcs.adjacency.forward, np.flatnonzero(seeds), allowed=value).nodes
    reached = np.zeros(arcs.n, dtype=bool)
    reached[places.shown[found[places.reported[found]]]] = True
    return reached


def _sources(trace: Trace, value: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Columns that no writer is known of, and that nobody tagged or decided about."""
    marked = np.zeros(trace.places.arcs.n, dtype=bool)
    columns = np.flatnonzero(trace.lineage.coded.of_kind("column"))
    marked[columns] = True
    arcs = trace.places.arcs
    within = (arcs.rows() < 0) & (marked[arcs.adjacency.source] | (arcs.adjacency.source >= trace.graph.arcs.n))
    marked[arcs.adjacency.target[value & ~within]] = False
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
        A row a zone, by name: zone, columns (number; 0 where tables have no known columns), proved, possible, suspected, clean, name-disagrees, unknown, dropped
        (numbers), proved_share … dropped_share (0 to 1; null without columns), named (how many of the clean columns have
        names that speak of personal data: nobody decided about them), and bare (tables whose columns no source lists:
        what is in them is unknown, and they are in none of the shares).

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
    ids = answer.lineage.coded.ids.gather(bare_tables(answer.lineage))
    bare = pl.DataFrame({"dataset": ids}).with_columns(status=pl.lit(None, pl.String), named=pl.lit(None, pl.String))
    home = pl.concat([told.select("dataset", "status", "named"), bare]).join(nodes, left_on="dataset", right_on="id", how="left", maintain_order="left")
    if by == "namespace":
        zoned = home.with_columns(zone="namespace")
    elif by == "schema":
        zoned = home.with_columns(zone=pl.col("name").str.extract(r"(?s)^(.*)\.[^.]*$"))
    else:
        own = pl.col("tags").list.eval(pl.element().filter(~pl.element().str.strip_chars().str.to_lowercase().str.starts_with(PREFIX)))
        zoned = home.with_columns(zone=own).explode("zone")
    counted = zoned.group_by("zone").agg(
        pl.col("status").count().cast(pl.Int64).alias("columns"), *(((pl.col("status") == s).sum()).cast(pl.Int64).alias(s) for s in STATUSES),
        named=((pl.col("status") == "clean") & pl.col("named").is_not_null()).sum().cast(pl.Int64),
        bare=pl.col("status").null_count().cast(pl.Int64),
    )
    shares = [pl.when(pl.col("columns") > 0).then(pl.col(s) / pl.col("columns")).alias(f"{s}_share") for s in STATUSES]
    return counted.with_columns(shares).select(pl.exclude("named", "bare"), "named", "bare").sort("zone", nulls_last=True)
