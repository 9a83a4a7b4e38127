"""What is to be tagged: of each column the labels that no source says yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from lineage_nb.analyses.pii.labels import canonical_labels, spelled
from lineage_nb.analyses.pii.propagation import PREFIX, PiiAnswer, trace_of
from lineage_nb.analyses.pii.trace import VERDICTS
from lineage_nb.analyses.result import Answer
from lineage_nb.graph.lineage import Lineage

__all__ = ["Tagging", "taggings"]

_SUGGESTED = "suggested:"


@dataclass(frozen=True)
class Tagging:
    """One column, and what to say of it.

    Attributes
    ----------
    column, dataset : str
        Ids.
    name : str
        The column's own name.
    facts : Mapping
        Of the dataset: namespace, name, type, kind; null where they are not known.
    labels : Mapping
        label → the strongest verdict by which it is there for sure, those that a source states already included.
    maybe : Mapping
        label → verdict of what is only possible, or begins at a suggestion that nobody confirmed.
    new, new_maybe : frozenset of str
        Those of `labels` and `maybe` that no source tagged the column with.
    """

    column: str
    dataset: str
    name: str
    facts: Mapping[str, str | None]
    labels: Mapping[str, str] = field(default_factory=dict)
    maybe: Mapping[str, str] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    new_maybe: frozenset[str] = frozenset()


def taggings(answer: Answer) -> tuple[list[Tagging], int]:
    """List the columns with something new to say of them, by id, and count the places that are no columns.

    Raises
    ------
    LineageError
        For the answer of another analysis.
    """
    trace_of(answer)
    assert isinstance(answer, PiiAnswer)  # noqa: S101 - just checked
    lineage = answer.lineage
    rows = _rows(answer)
    columns = rows.filter(pl.col("kind") == "column")
    others = rows.filter(pl.col("kind") != "column")["node"].n_unique()
    datasets = lineage.frames["nodes"].select(dataset="id", namespace="namespace", dataset_name="name", type="type", dataset_kind="kind")
    made = columns.join(datasets, on="dataset", how="left", maintain_order="left")
    said: dict[str, list[str]] = {}
    rejected = answer.overruled.filter(pl.col("decision") == "is_not").select(id="node", label="label")
    for node, label in _said(lineage).join(rejected, on=["id", "label"], how="anti").sort("id", "label").iter_rows():
        said.setdefault(node, []).append(label)
    found = []
    for column, mine in groupby(made.iter_rows(named=True), key=itemgetter("node")):
        tagging = _tagging(column, list(mine), said.get(column, []))
        if tagging.new or tagging.new_maybe:
            found.append(tagging)
    return found, others


def _tagging(column: str, rows: list[dict[str, Any]], said: list[str]) -> Tagging:
    """One column; what sources say of it stays, also where the answer is of other labels."""
    sure, maybe = [r for r in rows if r["sure"]], [r for r in rows if not r["sure"]]
    told = dict.fromkeys(said, VERDICTS[0])
    labels = {r["label"]: r["verdict"] for r in sure} | told
    unsure = {r["label"]: r["verdict"] for r in maybe if r["label"] not in labels}
    first = rows[0]
    return Tagging(
        column,
        first["dataset"],
        first["name"] or column.rpartition("#")[2],
        {"namespace": first["namespace"], "name": first["dataset_name"], "type": first["type"], "kind": first["dataset_kind"]},
        labels,
        unsure,
        frozenset(labels) - set(said),
        frozenset(unsure),
    )


def _rows(answer: PiiAnswer) -> pl.DataFrame:
    """The answer's rows, the strongest of each node, label and certainty, with what is known of node and tag."""
    lineage, coded = answer.lineage, answer.lineage.coded
    suggested = _starting(lineage, _SUGGESTED)
    rank = pl.col("verdict").replace_strict({v: i for i, v in enumerate(VERDICTS)}, return_dtype=pl.Int64)
    rows = answer.frame.join(suggested.select(origin="id", label="label", only=True), on=["origin", "label"], how="left")
    rows = rows.with_columns(
        sure=(pl.col("certainty") == "proved") & ~pl.col("suspected") & pl.col("only").is_null(), rank=rank
    )
    rows = rows.sort("node", "label", "sure", "rank", descending=[False, False, True, False])
    rows = rows.unique(["node", "label", "sure"], keep="first", maintain_order=True)
    numbers = coded.numbers(rows["node"])
    nodes = lineage.frames["nodes"]
    facts = nodes.select(node="id", kind="kind", name="name")
    rows = rows.with_columns(dataset=coded.ids.gather(pl.Series(coded.data).gather(numbers)))
    return rows.join(facts, on="node", how="left", maintain_order="left")


def _starting(lineage: Lineage, prefix: str, frame: pl.DataFrame | None = None) -> pl.DataFrame:
    nodes = lineage.frames["nodes"] if frame is None else frame
    tags = nodes.select("id", tag="tags").explode("tag").drop_nulls()
    tags = tags.with_columns(tag=spelled(tags["tag"].str.strip_chars())).filter(pl.col("tag").str.to_lowercase().str.starts_with(prefix))
    found = tags.with_columns(label=canonical_labels(tags["tag"].str.slice(len(prefix))))
    return found.filter(pl.col("label") != "").select("id", "label").unique()


def _said(lineage: Lineage) -> pl.DataFrame:
    """Node and label of the tags that sources gave; what the classifier added is not among them."""
    tags = _starting(lineage, PREFIX)
    raw = lineage.data.frames["nodes"]
    if "evidence" not in raw.columns:
        return tags
    ours = pl.col("evidence").cast(pl.String).str.starts_with("classifier, ").fill_null(value=False)
    added, given = _starting(lineage, PREFIX, raw.filter(ours)), _starting(lineage, PREFIX, raw.filter(~ours))
    return tags.join(added.join(given, on=["id", "label"], how="anti"), on=["id", "label"], how="anti")
