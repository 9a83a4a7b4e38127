"""Where labels may go: the column level's arcs, with structs beside their fields and a clean sheet for what was rewritten.

Two facts need nodes that the graph does not have, *twins* of real ones:

- A struct holds what its fields hold, and a field may hold what arrived in the whole; but what a field gave to the
  whole is not in its neighbours. So what arrives in the whole arrives in a twin too, and only the twin feeds fields.
- What was dropped or rewritten as a whole no longer holds what was written before. Its copies elsewhere still do: so
  labels pass through the column itself, and what it holds today is what reaches its twin by later edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import ALL, POSSIBLE_ANY, POSSIBLE_VALUE, Arcs

__all__ = ["OVERWRITE", "Places", "places"]

OVERWRITE = "OVERWRITE"
"""Subtype of WRITE edges of jobs that replace all that a dataset held."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    """Arcs to search, twins included.

    Attributes
    ----------
    arcs : Arcs
        Of the graph; those of twins come with them.
    shown : numpy.ndarray
        Shape (n,). The real node of a twin; of any other node itself.
    reported : numpy.ndarray of bool
        Shape (n,). Nodes that tell what their real node holds today.
    whole : polars.DataFrame
        Columns leaf, whole, twin: fields with the struct that holds them.
    today : polars.DataFrame
        Columns node, twin, gone: nodes of which twins tell what they hold; `gone` where the dataset was dropped.
    """

    arcs: Arcs
    shown: Ints
    reported: Bools
    whole: pl.DataFrame
    today: pl.DataFrame

    def starts(self, nodes: Ints) -> Ints:
        """Nodes where a label that is known of `nodes` begins: their fields and twins as well."""
        found = [nodes]
        for _ in range(self.whole["leaf"].n_unique() + 1 if self.whole.height else 0):
            leaves = self.whole.filter(pl.col("whole").is_in(pl.Series(found[-1]).implode()))["leaf"].to_numpy()
            if not len(np.setdiff1d(leaves, np.concatenate(found))):
                break
            found.append(leaves)
        every = np.unique(np.concatenate(found))
        alive = self.today.filter(pl.col("node").is_in(pl.Series(every).implode()) & ~pl.col("gone"))["twin"].to_numpy()
        return np.concatenate([every, alive]).astype(np.int64)

    @cached_property
    def fields(self) -> Bools:
        """Shape (n,). Nodes that are twins of structs, which report nothing."""
        marked = np.zeros(self.arcs.n, dtype=bool)
        marked[self.whole["twin"].to_numpy()] = True
        return marked


def places(lineage: Lineage, graph: LineageGraph) -> Places:
    """Find where labels may go.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    graph : LineageGraph
        Its column level, expired edges included.
    """
    arcs = graph.arcs
    whole = _structs(lineage, arcs.n)
    today, fresh = _rewritten(lineage, graph, arcs.n + whole["twin"].n_unique())
    if whole.is_empty() and today.is_empty():
        return Places(arcs, np.arange(arcs.n), np.ones(arcs.n, dtype=bool), whole, today)
    real = np.concatenate([np.arange(arcs.n), whole.unique("whole", maintain_order=True)["whole"].to_numpy(), today["node"].to_numpy()])
    reported = np.ones(len(real), dtype=bool)
    reported[today["node"].to_numpy()] = False
    reported[whole["twin"].to_numpy()] = False
    return Places(_with_twins(arcs, whole, today, fresh, len(real)), real, reported, whole, today)


def _structs(lineage: Lineage, first: int) -> pl.DataFrame:
    """Columns whose name begins with another column's of their dataset and a dot: leaf, whole, twin."""
    coded = lineage.coded
    column = pl.DataFrame({"leaf": np.arange(len(coded.ids)), "id": coded.ids}).filter(pl.Series(coded.of_kind("column")))
    nested = column.filter(pl.col("id").str.contains(r"#.*\."))
    shape = {"leaf": pl.Int64, "whole": pl.Int64, "twin": pl.Int64}
    if nested.is_empty():
        return pl.DataFrame(schema=shape)
    left, found = nested.with_columns(prefix=pl.col("id")), []
    while left.height:
        left = left.with_columns(prefix=pl.col("prefix").str.extract(r"^(.*#.*)\.[^.#]*$")).drop_nulls("prefix")
        left = left.with_columns(whole=coded.numbers(left["prefix"]).cast(pl.Int64))
        found.append(left.drop_nulls("whole").select("leaf", "whole"))
        left = left.filter(pl.col("whole").is_null()).drop("whole")
    pairs = pl.concat(found).filter(pl.Series(coded.of_kind("column")).gather(pl.concat(found)["whole"]))
    twins = pairs.select("whole").unique().sort("whole").with_columns(twin=pl.int_range(pl.len(), dtype=pl.Int64) + first)
    return pairs.join(twins, on="whole").select("leaf", "whole", "twin").cast(shape).sort("whole", "leaf")  # type: ignore[arg-type]


def _rewritten(lineage: Lineage, graph: LineageGraph, first: int) -> tuple[pl.DataFrame, Bools]:
    """Nodes of which older edges no longer tell: (node, twin, gone), and which edges came later, by edge number."""
    frames, coded = lineage.frames, lineage.coded
    edges = frames["edges"]
    gone = frames["nodes"].select(pl.int_range(pl.len()).alias("d"), at="deleted_at").drop_nulls().with_columns(gone=True)
    over = edges.select("type", "subtype", "last_seen", d=coded.edges["target_data"].cast(pl.Int64))
    over = over.filter((pl.col("type") == "WRITE") & (pl.col("subtype") == OVERWRITE)).drop_nulls("last_seen")
    over = over.group_by("d").agg(at=pl.col("last_seen").max()).with_columns(gone=False)
    cut = pl.concat([gone.cast({"d": pl.Int64}), over]).sort("d", "gone").unique("d", keep="last", maintain_order=True)
    nodes = pl.DataFrame({"node": np.arange(len(coded.ids)), "d": coded.data}).cast(pl.Int64)
    inside = nodes.join(cut, on="d").join(nodes.filter(pl.Series(coded.of_kind("job"))), on="node", how="anti")
    fresh = np.ones(len(graph.table), dtype=bool)
    shape = {"node": pl.Int64, "twin": pl.Int64, "gone": pl.Boolean}
    if inside.is_empty():
        return pl.DataFrame(schema=shape), fresh
    fresh = _later(lineage, graph, inside)
    affected = inside.sort("node").with_columns(twin=pl.int_range(pl.len(), dtype=pl.Int64) + first)
    return affected.select("node", "twin", "gone").cast(shape), fresh  # type: ignore[arg-type]


def _later(lineage: Lineage, graph: LineageGraph, inside: pl.DataFrame) -> Bools:
    """Edges that a source saw after their target was rewritten or dropped, or at a time that it does not tell."""
    coded, adjacency = lineage.coded, graph.table.adjacency
    said = coded.edges.select("source", "target", "type").with_columns(seen=lineage.frames["edges"]["last_seen"])
    said = said.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"])).cast({"source": pl.Int64, "target": pl.Int64})
    said = said.join(inside.select(target="node", at="at", gone="gone"), on="target")
    later = pl.when("gone").then(pl.col("seen") > pl.col("at")).otherwise(pl.col("seen") >= pl.col("at"))
    pairs = said.group_by("source", "target").agg(pl.coalesce(later, ~pl.col("gone")).any().alias("later"))
    n = max(adjacency.n, 1)
    fresh = np.ones(len(graph.table), dtype=bool)
    key = pairs["source"].to_numpy() * n + pairs["target"].to_numpy()
    known = adjacency.source.astype(np.int64) * n + adjacency.target
    at = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
    there = known[at] == key if len(known) else np.zeros(len(key), dtype=bool)
    fresh[at[there]] = pairs["later"].to_numpy()[there]
    return fresh


def _with_twins(arcs: Arcs, whole: pl.DataFrame, today: pl.DataFrame, fresh: Bools, n: int) -> Arcs:
    """The arcs, with those into and out of twins."""
    row = arcs.rows().astype(np.int64)
    source, target = arcs.adjacency.source.astype(np.int64), arcs.adjacency.target.astype(np.int64)
    parts = [(source, target, arcs.bits, row)]
    twins = whole.unique("whole").select(node="whole", twin="twin").with_columns(kind=pl.lit(0))
    kinds = today.select("node", "twin", kind=pl.when("gone").then(2).otherwise(1))
    every = pl.DataFrame({"node": target, "arc": np.arange(len(target))}).join(pl.concat([twins, kinds.cast(twins.schema)]), on="node")
    at, kind = every["arc"].to_numpy(), every["kind"].to_numpy()
    stated = row[at] >= 0
    late = np.where(stated, fresh[np.maximum(row[at], 0)] if len(fresh) else False, kind < 2)
    kept = (kind == 0) | late
    parts.append((source[at][kept], every["twin"].to_numpy()[kept], arcs.bits[at][kept], row[at][kept]))
    leaf, struct, twin = (whole[c].to_numpy() for c in ("leaf", "whole", "twin"))
    nowhere = np.full(len(leaf), -1, dtype=np.int64)
    parts.append((leaf, struct, np.full(len(leaf), ALL, np.uint8), nowhere))
    parts.append((twin, leaf, np.full(len(leaf), POSSIBLE_VALUE | POSSIBLE_ANY, np.uint8), nowhere))
    s, t, bits, rows = (np.concatenate(p) for p in zip(*parts, strict=True))
    adjacency, order = build_adjacency(n, s, t)
    return Arcs(arcs.real, adjacency, bits[order], rows[order])
