"""What a tag says of the columns before: a plain copy that is an e-mail was made of one, a blob that it was taken out of held it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.classify.hits import OPAQUE
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import PROVED_VALUE

__all__ = ["BLOBS", "suspects"]

BLOBS = r"(?i)^\s*(json|jsonb|variant|object|super|struct|record|row|map|hstore|xml|bson|document)\b"
"""Data types that hold values under names of their own."""
_TEXT = r"(?i)char|text|string|clob|binary|bytes|blob|^\s*raw"
_COPIES = ("IDENTITY",)


def suspects(lineage: Lineage, graph: LineageGraph, tagged: pl.DataFrame) -> pl.DataFrame:
    """Find what tagged columns are plain copies of, blobs that they were taken out of, and what those are copies of.

    A blob is a column of a type for documents; one of text, or of a type that is not told, that is called as documents are
    (``payload``); and one of text out of which several columns of one table were taken, each from it alone.

    Parameters
    ----------
    lineage : Lineage
        The snapshot; columns' data types tell which are blobs.
    graph : LineageGraph
        Its column level.
    tagged : polars.DataFrame
        Columns i (node number), kind and label.

    Returns
    -------
    polars.DataFrame
        Columns i, label: columns that nobody tagged so.
    """
    shape = {"i": pl.Int64, "label": pl.String}
    labelled = tagged.filter(pl.col("kind") == "column").select(t=pl.col("i").cast(pl.Int64), label="label")
    if labelled.is_empty():
        return pl.DataFrame(schema=shape)
    table = graph.table
    source, target = table.adjacency.source, table.adjacency.target
    places = [i for i, w in enumerate(table.words) if w in _COPIES]
    plain = table.value & (np.maximum(table.verdict, 0) == 0)
    copies = plain & np.isin(table.subtype, places) & (table.verdict == 0)
    taken = np.flatnonzero(plain & _blobs(lineage, source, target, plain & ~copies, table.value)[source] & ~copies)
    out = pl.DataFrame({"i": source[taken], "t": target[taken]}).cast(pl.Int64)
    found = pl.concat([out.join(labelled, on="t").select("i", "label"), labelled.select(i="t", label="label")]).unique()
    known = labelled.rename({"t": "i"})
    return _with_originals(graph, copies, found).join(known, on=["i", "label"], how="anti").sort("label", "i")


def _blobs(lineage: Lineage, source: Ints, target: Ints, taken: NDArray[np.bool_], value: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which nodes hold values under names of their own."""
    leaf = pl.coalesce("name", "id").str.to_lowercase().str.extract(r"([^.#]+)$")
    told = lineage.frames["nodes"].select(
        blob=pl.col("data_type").str.contains(BLOBS).fill_null(value=False),
        text=pl.col("data_type").str.contains(_TEXT) & (pl.col("kind") == "column"),
        named=leaf.is_in(list(OPAQUE)).fill_null(value=False),
    )
    text, named, blob = (told[c].fill_null(value=False).to_numpy() for c in ("text", "named", "blob"))
    maybe = told["text"].fill_null(value=True).to_numpy()
    found: NDArray[np.bool_] = blob | (maybe & named)
    alone = np.bincount(target[value], minlength=told.height)[target] == 1
    parts = np.flatnonzero(taken & alone & text[source])
    into = pl.DataFrame({"i": source[parts], "table": lineage.coded.data[target[parts]]})
    found[into.filter(pl.len().over("i", "table") > 1)["i"].unique().to_numpy()] = True
    return found


def _with_originals(graph: LineageGraph, copies: NDArray[np.bool_], found: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that those found are plain copies of."""
    row = graph.arcs.rows()
    allowed = np.where(row >= 0, copies[np.maximum(row, 0)] if len(copies) else False, False)
    parts = [found]
    for label in found["label"].unique().sort() if copies.any() else ():
        starts = found.filter(pl.col("label") == label)["i"].to_numpy()
        back = graph.reacher.reach(starts, upstream=True, bit=PROVED_VALUE, allowed=allowed).nodes
        parts.append(pl.DataFrame({"i": back.astype(np.int64), "label": [label] * len(back)}, schema=found.schema))
    return pl.concat(parts).unique()
