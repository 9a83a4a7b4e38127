"""Parts that were taken out of blobs by name: a label of ``doc.email`` is not in what ``$.dept`` of the same blob became.

A part of a blob, a pair of column and path, is a place of its own between the blob and what was made of it. What is
known of the whole blob, or of fields above the part, is in the part; so is what is known of fields at or below it. What
arrived in the whole may be in it; a copy of a blob has the same parts as the blob that it was copied from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from lineage_nb.graph.csr import build_adjacency
from lineage_nb.graph.edge_table import edge_numbers
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import ALL, POSSIBLE_ANY, POSSIBLE_VALUE, Arcs

__all__ = ["Parts", "parts", "plain_path"]

_POSSIBLE: Final = POSSIBLE_VALUE | POSSIBLE_ANY
_PAIR: Final = ["source", "target"]
_ARC: Final = {"s": pl.Int64, "t": pl.Int64, "bits": pl.UInt8, "row": pl.Int64}


@dataclass(frozen=True)
class Parts:
    """Arcs through parts of blobs.

    Attributes
    ----------
    arcs : Arcs
        Of the graph; what a part was taken by comes from the part, not from the blob.
    table : polars.DataFrame
        Columns part (its number), whole (the column that shows it), path (null: a field that parts lie in).
    """

    arcs: Arcs
    table: pl.DataFrame


def plain_path(path: pl.Expr) -> pl.Expr:
    """A path as it is compared: small letters, without quotes, brackets of elements and their positions."""
    clean = path.str.to_lowercase().str.replace_all(r"\[[^\]]*\]|[\"'`]", "")
    return clean.str.split(".").list.eval(pl.element().filter(~pl.element().str.contains(r"^\s*\d*\s*$")).str.strip_chars()).list.join(".")


def parts(lineage: Lineage, graph: LineageGraph) -> Parts:
    """Find the parts that edges take out of their sources.

    Parameters
    ----------
    lineage : Lineage
        The snapshot; the extra column `source_path` of its edges says what they take.
    graph : LineageGraph
        Its column level, expired edges included.
    """
    none = pl.DataFrame(schema={"part": pl.Int64, "whole": pl.Int64, "path": pl.String})
    if lineage.frames["edges"].schema.get("source_path") != pl.String:
        return Parts(graph.arcs, none)
    taken, copies = _said(lineage, graph)
    if taken.is_empty():
        return Parts(graph.arcs, none)
    wanted = _wanted(taken, copies).with_columns(part=pl.int_range(pl.len(), dtype=pl.Int64) + graph.arcs.n)
    fields = _fields(lineage, wanted)
    above = fields.filter("above").select(whole="field").unique().sort("whole")
    above = above.with_columns(part=pl.int_range(pl.len(), dtype=pl.Int64) + graph.arcs.n + wanted.height)
    table = pl.concat([wanted.select(none.columns), above.select("part", "whole", path=pl.lit(None, pl.String))])
    return Parts(_rewired(graph.arcs, taken, copies, wanted, fields, above), table)


def _said(lineage: Lineage, graph: LineageGraph) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Edges that take nothing but parts (source, target, row, path; a row a part), and edges that copy wholes (row, only: they do nothing else)."""
    coded = lineage.coded
    frame = lineage.frames["edges"]
    same = [i for i, w in enumerate(coded.words) if w == "IDENTITY"]
    said = coded.edges.with_columns(path=frame["source_path"], masking=frame["masking"]).filter(
        pl.col("type").is_in(["DIRECT", "INDIRECT"]) & (pl.col("source_kind") == "column") & (pl.col("target_kind") == "column")
    )
    copied = (pl.col("type") == "DIRECT") & pl.col("subtype").is_in(same) & pl.col("path").is_null() & (pl.col("verdict").fill_null(0) == 0) & ~pl.col("masking").fill_null(value=False)
    pairs = said.group_by(_PAIR).agg(
        copy=copied.fill_null(value=False).any(), only=copied.fill_null(value=False).all(), whole=pl.col("path").is_null().any(), path=pl.col("path").drop_nulls().unique()
    )
    pairs = pairs.filter(pl.col("copy") | ~pl.col("whole")).cast(dict.fromkeys(_PAIR, pl.Int64)).sort(_PAIR)
    row, there = edge_numbers(graph.table, pairs["source"].to_numpy(), pairs["target"].to_numpy())
    pairs = pairs.with_columns(row=pl.Series(row, dtype=pl.Int64)).filter(pl.Series(there, dtype=pl.Boolean))
    split = pairs.filter(~pl.col("whole")).explode("path").with_columns(pl.col("path").str.split("\n")).explode("path")
    split = split.with_columns(path=plain_path(pl.col("path")))
    vague = split.filter(pl.col("path").is_null() | (pl.col("path") == ""))["row"].unique()
    split = split.filter(~pl.col("row").is_in(vague.implode())).select(*_PAIR, "row", "path").unique().sort("row", "path")
    return split, pairs.filter("copy").select(*_PAIR, "row", "only")


def _wanted(taken: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
    """Columns whole and path: of parts that were taken, and of the same parts of what blobs were copied from."""
    new = found = taken.select(whole="source", path="path").unique()
    while new.height:
        before = new.join(copies, left_on="whole", right_on="target").select(whole="source", path="path").unique()
        new = before.join(found, on=["whole", "path"], how="anti")
        found = pl.concat([found, new])
    return found.sort("whole", "path")


def _fields(lineage: Lineage, wanted: pl.DataFrame) -> pl.DataFrame:
    """Columns of the snapshot that lie above (or else at or below) parts: field, part, above."""
    coded = lineage.coded
    nested = pl.DataFrame({"field": np.arange(len(coded.ids), dtype=np.int64), "id": coded.ids}).filter(pl.Series(coded.of_kind("column")))
    nested = nested.filter(pl.col("id").str.contains(r"#.*\."))
    homes = wanted.select("whole").unique().with_columns(prefix=coded.ids.gather(wanted.select("whole").unique()["whole"]))
    left, found = nested.with_columns(prefix=pl.col("id")), []
    while left.height:
        left = left.with_columns(prefix=pl.col("prefix").str.extract(r"^(.*#.*)\.[^.#]*$")).drop_nulls("prefix")
        found.append(left.join(homes, on="prefix"))
    shape = {"field": pl.Int64, "part": pl.Int64, "above": pl.Boolean}
    if not found:
        return pl.DataFrame(schema=shape)
    inside = pl.concat(found).with_columns(own=pl.col("id").str.slice(pl.col("prefix").str.len_chars() + 1))
    inside = inside.with_columns(own=plain_path(pl.col("own"))).join(wanted, on="whole")
    own, path = pl.col("own") + ".", pl.col("path") + "."
    inside = inside.with_columns(above=path.str.starts_with(own) & (own != path), below=own.str.starts_with(path))
    return inside.filter(pl.col("above") | pl.col("below")).select(list(shape)).unique().sort("part", "field")


def _rewired(arcs: Arcs, taken: pl.DataFrame, copies: pl.DataFrame, wanted: pl.DataFrame, fields: pl.DataFrame, above: pl.DataFrame) -> Arcs:
    """The arcs, from and into parts."""
    every = pl.DataFrame({"s": arcs.adjacency.source, "t": arcs.adjacency.target, "bits": arcs.bits, "row": arcs.rows()}).cast(_ARC)  # type: ignore[arg-type]
    of_part = wanted.rename({"whole": "source"})
    through = taken.join(of_part, on=["source", "path"]).select("row", "part")
    kept = every.join(through, on="row", how="anti")
    out = every.join(through, on="row").select(s="part", t="t", bits="bits", row="row")
    now = pl.concat([kept, out])
    arriving = now.join(wanted.select(t="whole", into="part", path="path"), on="t")
    same = arriving.join(copies.select("row"), on="row", how="semi").join(of_part.select(s="source", path="path", own="part"), on=["s", "path"])
    same = same.select(s="own", t="into", bits="bits", row="row")
    other = arriving.join(copies.filter("only").select("row"), on="row", how="anti").select(s="s", t="into", bits=pl.col("bits") & _POSSIBLE, row="row")
    over = now.join(above.select(t="whole", into="part"), on="t").select(s="s", t="into", bits=pl.col("bits") & _POSSIBLE, row="row")
    parents = fields.filter("above").join(above.select(field="whole", cover="part"), on="field").select(s="cover", t="part")
    inner = fields.filter(~pl.col("above")).select(s="field", t="part")
    within = pl.concat([parents, inner]).with_columns(bits=pl.lit(ALL, pl.UInt8), row=pl.lit(-1, pl.Int64))
    joined = pl.concat([f.select(list(_ARC)).cast(_ARC) for f in (now, same, other, over, within)])  # type: ignore[arg-type]
    s, t = joined["s"].to_numpy(), joined["t"].to_numpy()
    adjacency, order = build_adjacency(arcs.n + wanted.height + above.height, s, t)
    return Arcs(arcs.real, adjacency, joined["bits"].to_numpy()[order], joined["row"].to_numpy()[order])
