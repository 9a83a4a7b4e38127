"""Where labels begin: tags of the sources, and what people decided about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from os import PathLike
from typing import Any, Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.clock import decision_day
from lineage_nb.analyses.pii.decisions import Decisions, as_decisions
from lineage_nb.analyses.pii.labels import NO_LABEL, PREFIX, canonical_labels, spelled
from lineage_nb.analyses.pii.unmatched import unmatched_labels
from lineage_nb.analyses.result import plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.normalise import to_polars

__all__ = ["Origins", "is_book", "origins", "unknown_tags", "unread_tags"]

_OVERRIDES: Final = {"node": pl.String, "label": pl.String, "decision": pl.String}
_DENIED: Final = r"^(pii\s*[=:]\s*(false|no|none|0)$|(no|non|not)[^a-z]*pii|pii_(pseudonymised|derived|aggregated|redacted):|suggested:)"
_KEY: Final = ["node", "label"]
_SEARCHED: Final = 100_000


@dataclass(frozen=True)
class Origins:
    """Where labels begin, and where they do not go.

    Attributes
    ----------
    tagged : polars.DataFrame
        Columns i (node number), id, kind, label.
    barred : polars.DataFrame
        Columns i, label: nodes that somebody decided not to hold a label.
    overruled : polars.DataFrame
        The same as node, label, decision.
    denied : int
        Decisions behind them, of labels that some node is tagged with.
    notes : tuple of str
        Decisions that do not count, and why.
    """

    tagged: pl.DataFrame
    barred: pl.DataFrame
    overruled: pl.DataFrame
    denied: int
    notes: tuple[str, ...]


def origins(lineage: Lineage, decisions: Any) -> Origins:
    """Read tags, and judge decisions by the latest day recorded.

    A decision that a dataset does not hold a label is one about each of its columns that has none of its own.

    Parameters
    ----------
    lineage : Lineage
        A snapshot in which nodes carry tags ``pii:<label>``.
    decisions : optional
        `Decisions`, the path of a file of them, or a frame node, label, decision.

    Raises
    ------
    LineageError
        For a decision that does not fit, or a frame that says both of one node and label.
    """
    nodes = lineage.frames["nodes"].select(pl.int_range(pl.len()).alias("i"), "id", "kind", "parent")
    said, notes = _said(lineage, decisions)
    there = said.filter("there").select(list(_OVERRIDES))
    known = there.rename({"node": "id"}).join(nodes, on="id")
    tagged = _tagged(lineage)
    more = known.filter(pl.col("decision") == "is").select("i", "id", "kind", "label").cast(tagged.schema)
    denied = known.filter(pl.col("decision") == "is_not")
    inside = nodes.filter(pl.col("kind") == "column").select("i", "id", "parent")
    inside = denied.filter(pl.col("kind") != "column").select("label", parent="id").join(inside, on="parent")
    inside = inside.join(known.select("id", "label"), on=["id", "label"], how="anti")
    every = pl.concat([denied.select("i", "id", "label"), inside.select("i", "id", "label")]).unique().sort("label", "i")
    barred = every.select("i", "label")
    kept = pl.concat([tagged, more]).unique().join(barred.cast({"i": tagged.schema["i"]}), on=["i", "label"], how="anti")
    overruled = every.select(node="id", label="label", decision=pl.lit("is_not")).sort(_KEY)
    named = pl.concat([tagged["label"], more["label"]]).unique().sort()
    heeded = denied.filter(pl.col("label").is_in(named.implode())).height
    return Origins(kept.sort("id", "label"), barred, overruled, heeded, (*notes, *unmatched_labels(barred, named.to_list())))


def is_book(decisions: object) -> bool:
    """Whether decisions may also accept exposures, which a bare table of overrides does not."""
    return isinstance(decisions, Decisions | str | PathLike)


def _tagged(lineage: Lineage) -> pl.DataFrame:
    """Columns i, id, kind, label."""
    nodes = lineage.frames["nodes"].select(pl.int_range(pl.len()).alias("i"), "id", "kind", "tags")
    nodes = nodes.filter(pl.col("tags").is_not_null()).explode("tags")
    nodes = nodes.with_columns(tags=spelled(nodes["tags"]))
    found = nodes.filter(pl.col("tags").str.strip_chars().str.to_lowercase().str.starts_with(PREFIX))
    found = found.with_columns(label=canonical_labels(found["tags"])).filter(~pl.col("label").is_in(NO_LABEL))
    return found.select("i", "id", "kind", "label").unique().sort("id", "label")


def _said(lineage: Lineage, decisions: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Decisions in force, as node (id), label, decision, there (whether the node is); and what to say of the others.

    Names are resolved first: two names of one node are one node, of which the last decision counts.
    """
    if decisions is None:
        return pl.DataFrame(schema={**_OVERRIDES, "there": pl.Boolean}), ()
    book = is_book(decisions)
    rows = as_decisions(decisions).frame.filter(pl.col("decision") != "accepted") if book else _bare(decisions)
    rows = rows.with_columns(name="node", label=canonical_labels(rows["label"]), row=pl.int_range(1, pl.len() + 1))
    ids = {name: _found(lineage, name) for name in rows["node"].unique().drop_nulls().sort()}
    named = pl.DataFrame({"node": list(ids), "id": list(ids.values())}, schema={"node": pl.String, "id": pl.String})
    rows = rows.join(named, on="node", how="left", maintain_order="left")
    rows = rows.with_columns(node=pl.coalesce("id", "node"), there=pl.col("id").is_not_null())
    notes: list[str] = []
    if book:
        rows, notes = _in_force(rows, decision_day(lineage))
    else:
        _refuse_both(rows)
    if (gone := rows.filter(~pl.col("there"))["node"]).len():
        notes.append(f"{plural(gone.len(), 'decision')} about nodes that are not here, such as {gone[0]!r}, change{'s' if gone.len() == 1 else ''} nothing.")
    return rows.select(*_OVERRIDES, "there").unique().sort(list(_OVERRIDES)), tuple(notes)


def _bare(decisions: Any) -> pl.DataFrame:
    """A table of overrides, checked."""
    try:
        frame = to_polars(decisions, "decisions")
    except LineageError as error:
        raise LineageError(
            f"decisions is a {type(decisions).__name__}; give a frame with {', '.join(_OVERRIDES)}, Decisions, or their file"
        ) from error
    missing = [c for c in _OVERRIDES if c not in frame.columns]
    if missing:
        raise LineageError(f"decisions lack the column {missing[0]!r}. Found: {', '.join(frame.columns) or 'none'}.")
    frame = frame.select(pl.col(c).cast(pl.String) for c in _OVERRIDES)
    bad = frame.filter(~pl.col("decision").is_in(["is", "is_not"]).fill_null(value=False))
    if bad.height:
        raise LineageError(f"decisions: {bad['decision'][0]!r} about {bad['node'][0]!r} is neither 'is' nor 'is_not'")
    return frame


def _refuse_both(rows: pl.DataFrame) -> None:
    both = rows.filter(pl.col("decision").n_unique().over(_KEY) > 1)
    if both.height:
        first = both.filter((pl.col("node") == both["node"][0]) & (pl.col("label") == both["label"][0]))
        a, b = (first.filter(pl.col("decision") == w).row(0, named=True) for w in ("is", "is_not"))
        raise LineageError(
            f"decisions: row {a['row']} says that {a['name']!r} is {a['label']!r}, and row {b['row']} that {b['name']!r} is not; keep one of them"
        )


def _in_force(rows: pl.DataFrame, day: date | None) -> tuple[pl.DataFrame, list[str]]:
    """Decisions that hold on a day, the last about each node and label; and what to say of those that ended."""
    last = rows.unique(_KEY, keep="last", maintain_order=True)
    ending = last.filter(pl.col("until").is_not_null()).height
    if day is None:
        return last, [f"No time is recorded here, so none of {plural(ending, 'decision')} that end on a day has expired."] if ending else []
    late = (pl.col("until") < day).fill_null(value=False)
    gone = last.filter(late)
    note = f"{plural(gone.height, 'decision')} expired before {day}, the latest day recorded, and count{'s' if gone.height == 1 else ''} no more, such as {gone['node'][0]!r} ({gone['label'][0]})." if gone.height else None
    return rows.filter(~late).unique(_KEY, keep="last", maintain_order=True), [note] if note else []


def _found(lineage: Lineage, name: str) -> str | None:
    try:
        return lineage.names.resolve(name)
    except LineageError:
        return None


def unread_tags(lineage: Lineage) -> tuple[str, ...]:
    """Say which tags speak of pii and are no ``pii:<label>``; what denies it, and what `tag_yaml` writes of weaker verdicts, is left out."""
    tags = lineage.frames["nodes"].select("id", tag="tags").drop_nulls("tag").explode("tag").drop_nulls("tag")
    small = pl.col("tag").str.strip_chars().str.to_lowercase()
    speaks = small.str.contains(r"(^|[^a-z])pii([^a-z]|$)") & ~small.str.starts_with(PREFIX) & (small != PREFIX[:-1])
    odd = tags.filter(speaks & ~small.str.contains(_DENIED)).sort("tag", "id")
    if odd.is_empty():
        return ()
    tag, node = odd.select("tag", "id").row(0)
    count = odd["tag"].n_unique()
    return (f"{plural(count, 'tag')} that {'speaks' if count == 1 else 'speak'} of pii {'is' if count == 1 else 'are'} not read, such as {tag[:60]!r} of {lineage.spoken(node)}: write pii:<label>.",)


def unknown_tags(lineage: Lineage, tagged: pl.DataFrame) -> tuple[str, ...]:
    """Say which tagged nodes no lineage speaks of though other nodes go by nearly the same name: spelling may differ."""
    edges = lineage.coded.edges
    if edges.is_empty():
        return ()
    spoken = np.zeros(len(lineage.coded.ids), dtype=bool)
    for side in ("source_data", "target_data"):
        spoken[edges[side].drop_nulls().to_numpy()] = True
    alone = tagged.filter(pl.Series(~spoken[lineage.coded.data[tagged["i"].to_numpy()]], dtype=pl.Boolean))
    if alone.is_empty():
        return ()
    same = lineage.frames["nodes"].select(near="id", folded=pl.col("id").str.to_lowercase())
    pairs = alone.select("id", folded=pl.col("id").str.to_lowercase()).unique().join(same, on="folded").filter(pl.col("id") != pl.col("near")).sort("id", "near")
    count = alone["id"].n_unique()
    first = pairs["id"][0] if pairs.height else alone["id"].min()
    near = pairs["near"][0] if pairs.height else _nearest(lineage, str(first))
    hint = f", such as {first!r}" + (f"; the nearest name that is known is {near!r}" if near else "")
    return (f"{plural(count, 'tagged node')} {'has' if count == 1 else 'have'} no lineage at all{hint}.",)


def _nearest(lineage: Lineage, name: str) -> str | None:
    """Another node with a similar name; not searched for among very many, which takes longer than the question itself."""
    if len(lineage.coded.ids) > _SEARCHED:
        return None
    return next((n for n in lineage.names.nearest(name) if n != name), None)
