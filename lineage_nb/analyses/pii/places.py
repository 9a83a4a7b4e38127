"""Where labels may go: the column level's arcs, with structs beside their fields and a clean sheet for what was rewritten.

Two facts need nodes that the graph does not have, *twins* of real ones:

- A struct holds what its fields hold, and a field may hold what arrived in the whole; but what a field gave to the
  whole is not in its neighbours. So what arrives in the whole arrives in a twin too, and only the twin feeds fields.
- What was dropped or rewritten as a whole no longer holds what was written before. Its copies elsewhere still do: so
  labels pass through the column itself, and what it holds today is what reaches its twin by later edges. A struct
  that was rewritten has both: what arrives in the whole by later edges feeds the twins of its fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.parts import parts
from lineage_nb.graph.csr import Ints, build_adjacency
from lineage_nb.graph.edge_table import EdgeTable, edge_numbers
from lineage_nb.graph.effective import Effective
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import ALL, POSSIBLE_ANY, POSSIBLE_VALUE, Arcs, plain_arcs

__all__ = ["OVERWRITE", "Later", "Places", "places"]

OVERWRITE = "OVERWRITE"
"""Subtype of WRITE edges of jobs that replace all that a dataset held."""
Bools = NDArray[np.bool_]
_POSSIBLE: Final = POSSIBLE_VALUE | POSSIBLE_ANY
_NOTHING: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Later:
    """Edges of which some statements came before their target was rewritten, and some after: as the later ones tell.

    Attributes
    ----------
    edges : numpy.ndarray
        Their numbers, ascending.
    table : EdgeTable
        The same edges in the same order.
    said : polars.DataFrame
        The later statements (see `Coded.edges`).
    gone : numpy.ndarray
        Places of the earlier filters of what was rewritten, among all statements.
    """

    edges: Ints
    table: EdgeTable
    said: pl.DataFrame
    gone: Ints


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
        Columns leaf, whole, twin: fields with the struct that holds them, and the twin of the struct that feeds fields.
    today : polars.DataFrame
        Columns node, twin, gone: nodes of which twins tell what they hold; `gone` where the dataset was dropped.
    twins : polars.DataFrame
        Columns node, twin: all twins, and parts beside what they are parts of.
    renewed : numpy.ndarray
        Shape (m,). Place in `later` of arcs that carry what the later statements tell; -1 for all others.
    later : Later or None
        Edges that were stated before and after their target was rewritten, in different words; None: there are none.
    parts : polars.DataFrame
        Parts of blobs, as in `parts.Parts.table`.
    """

    arcs: Arcs
    shown: Ints
    reported: Bools
    whole: pl.DataFrame
    today: pl.DataFrame
    twins: pl.DataFrame
    renewed: Ints = field(default_factory=_NOTHING.copy)
    later: Later | None = None
    parts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"part": pl.Int64, "whole": pl.Int64, "path": pl.String}))

    def starts(self, nodes: Ints) -> Ints:
        """Nodes where a label that is known of `nodes` begins: their fields, parts and twins as well."""
        found = [nodes]
        for _ in range(self.whole["leaf"].n_unique() + 1 if self.whole.height else 0):
            leaves = self.whole.filter(pl.col("whole").is_in(pl.Series(found[-1]).implode()))["leaf"].to_numpy()
            if not len(np.setdiff1d(leaves, np.concatenate(found))):
                break
            found.append(leaves)
        every = np.unique(np.concatenate(found))
        alive = self.today.filter(pl.col("node").is_in(pl.Series(every).implode()) & ~pl.col("gone"))["twin"].to_numpy()
        parts = self.parts.filter(pl.col("whole").is_in(pl.Series(every).implode()))["part"].to_numpy()
        return np.concatenate([every, alive, parts]).astype(np.int64)


def places(lineage: Lineage, graph: LineageGraph) -> Places:
    """Find where labels may go.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    graph : LineageGraph
        Its column level, expired edges included.
    """
    cut = parts(lineage, graph)
    arcs = cut.arcs
    whole = _structs(lineage, arcs.n)
    structs = whole.select(node="whole", twin="twin").unique().sort("node")
    today, fresh, later = _rewritten(lineage, graph, arcs.n + structs.height)
    renewed = structs.select("node").join(today.select("node"), on="node", how="semi").sort("node")
    renewed = renewed.with_columns(twin=pl.int_range(pl.len(), dtype=pl.Int64) + arcs.n + structs.height + today.height)
    twins = pl.concat([structs, today.select("node", "twin"), renewed])
    own = np.arange(arcs.n)
    own[cut.table["part"].to_numpy()] = cut.table["whole"].to_numpy()
    real = np.concatenate([own, twins["node"].to_numpy()])
    reported = np.ones(len(real), dtype=bool)
    for silent in (today["node"], structs["twin"], renewed["twin"], cut.table["part"]):
        reported[silent.to_numpy()] = False
    every = pl.concat([twins, cut.table.select(node="whole", twin="part")])
    if twins.is_empty():
        return Places(arcs, real, reported, whole, today, every, parts=cut.table)
    joined, places_of = _with_twins(arcs, _Twins(whole, structs, today, renewed, cut.table), fresh, later, len(real))
    return Places(joined, real, reported, whole, today, every, places_of, later, cut.table)


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


def _rewritten(lineage: Lineage, graph: LineageGraph, first: int) -> tuple[pl.DataFrame, Bools, Later | None]:
    """Nodes of which older edges no longer tell: (node, twin, gone); which edges came later; edges told before and after."""
    coded = lineage.coded
    shape = {"node": pl.Int64, "twin": pl.Int64, "gone": pl.Boolean}
    gone = lineage.frames["nodes"].select(pl.int_range(pl.len()).alias("d"), at="deleted_at").drop_nulls().with_columns(gone=True)
    over = _overwrites(lineage).group_by("d").agg(pl.col("at").first()).with_columns(gone=False)
    cut = pl.concat([gone.cast({"d": pl.Int64}), over.select(gone.columns)]).sort("d", "gone").unique("d", keep="last", maintain_order=True)
    nodes = pl.DataFrame({"node": np.arange(len(coded.ids)), "d": coded.data}).cast(pl.Int64)
    inside = nodes.join(cut, on="d").join(nodes.filter(pl.Series(coded.of_kind("job"))), on="node", how="anti")
    if inside.is_empty():
        return pl.DataFrame(schema=shape), np.ones(len(graph.table), dtype=bool), None
    affected = inside.sort("node").with_columns(twin=pl.int_range(pl.len(), dtype=pl.Int64) + first)
    return affected.select("node", "twin", "gone").cast(shape), *_later(lineage, graph, inside)  # type: ignore[arg-type]


def _overwrites(lineage: Lineage) -> pl.DataFrame:
    """The newest rewriting of each dataset as a whole: d, job, at; several rows where several jobs did it at one time."""
    edges, coded = lineage.frames["edges"], lineage.coded.edges
    over = edges.select("type", "subtype", at="last_seen").with_columns(d=coded["target_data"].cast(pl.Int64), job=coded["source"].cast(pl.Int64))
    over = over.filter((pl.col("type") == "WRITE") & (pl.col("subtype") == OVERWRITE)).drop_nulls("at")
    return over.filter(pl.col("at") == pl.col("at").max().over("d")).select("d", "job", "at").unique()


def _later(lineage: Lineage, graph: LineageGraph, inside: pl.DataFrame) -> tuple[Bools, Later | None]:
    """Edges that a source saw after their target was rewritten or dropped, at a time that it does not tell, or of the rewriting itself.

    A job may tell its columns in one event and that it replaced the table in a later one: what it last said of each
    edge is in the table whatever the time, unless it told columns of the table since the rewriting.
    """
    coded, table = lineage.coded, graph.table
    number = pl.int_range(pl.len(), dtype=pl.Int64).alias("row")
    said = coded.edges.select(number, "subtype", "source", "target", "type", "job", d="target_data", column=pl.col("target_kind") == "column").with_columns(seen=lineage.frames["edges"]["last_seen"])
    said = said.filter(pl.col("type").is_in(["DIRECT", "INDIRECT"])).cast(dict.fromkeys(("source", "target", "job", "d"), pl.Int64))
    said = said.join(inside.select(target="node", at="at", gone="gone"), on="target")
    said = said.join(_overwrites(lineage).select("d", "job", own=pl.lit(value=True)), on=["d", "job"], how="left")
    after = pl.when("gone").then(pl.col("seen") > pl.col("at")).otherwise(pl.col("seen") >= pl.col("at"))
    said = said.with_columns(after=pl.coalesce(after, ~pl.col("gone")))
    again = (pl.col("column") & (pl.col("seen") >= pl.col("at")).fill_null(value=False)).any().over("job", "d")
    last = pl.col("seen") == pl.col("seen").max().over("source", "target", "job")
    mine = pl.col("own").is_not_null() & ~pl.col("gone") & ~again & last.fill_null(value=True)
    said = said.with_columns(after=pl.col("after") | mine).sort("row")
    pairs = said.group_by("source", "target").agg(pl.col("after").any().alias("any"), pl.col("after").all().alias("all"))
    fresh = np.ones(len(table), dtype=bool)
    at, there = edge_numbers(table, pairs["source"].to_numpy(), pairs["target"].to_numpy())
    fresh[at[there]] = pairs["any"].to_numpy()[there]
    filters = [i for i, w in enumerate(coded.words) if w == "FILTER"]
    gone = said.filter(~pl.col("after") & pl.col("subtype").is_in(filters) & ~pl.col("column"))
    limited = said.filter("column").join(gone.select("d", "job").unique(), on=["d", "job"], how="semi").select("source", "target").unique()
    mixed = pairs.filter(pl.Series(there) & pl.col("any")).join(limited.with_columns(limited=True), on=["source", "target"], how="left")
    mixed = mixed.filter(~pl.col("all") | pl.col("limited").fill_null(value=False))
    kept = said.filter("after").join(mixed, on=["source", "target"], how="semi")["row"].sort()
    if kept.is_empty():
        return fresh, None
    part = coded.edges[kept]
    later = Effective(replace(coded, edges=part), expired=True).columns()
    edges, _ = edge_numbers(table, later.adjacency.source, later.adjacency.target)
    return fresh, Later(edges, later, part, gone["row"].sort().to_numpy())


@dataclass(frozen=True)
class _Twins:
    """Twins by kind: of structs for all that arrives, of anything for today, of structs for today; fields as in `Places.whole`."""

    whole: pl.DataFrame
    structs: pl.DataFrame
    today: pl.DataFrame
    renewed: pl.DataFrame
    parts: pl.DataFrame

    def entered(self) -> pl.DataFrame:
        """Twins that arcs of their nodes lead into: node, twin, kind (0: all arcs; 1: later ones; 2: later ones after a drop)."""
        kinds = self.today.select("node", "twin", kind=pl.when("gone").then(2).otherwise(1))
        renewed = self.renewed.join(kinds.select("node", "kind"), on="node")
        parts = [self.structs.with_columns(kind=pl.lit(0)), kinds, renewed]
        return pl.concat([p.cast(pl.Int64) for p in parts])

    def within(self) -> list[tuple[Ints, Ints, int]]:
        """Arcs between structs and their fields: source, target, bits."""
        whole, of = self.whole.select("leaf", "whole"), self._of
        stays = [(whole["leaf"].to_numpy(), whole["whole"].to_numpy(), ALL), (*of(self.today, self.today), ALL)]
        feeds = [(t, f, _POSSIBLE) for f, t in (of(None, self.structs), of(self.structs, self.structs), of(self.today, self.renewed), of(self.renewed, self.renewed))]
        more = pl.DataFrame({"s": feeds[0][0], "whole": feeds[0][1]}, schema={"s": pl.Int64, "whole": pl.Int64}).join(self.parts, on="whole")
        return [*stays, *feeds, (more["s"].to_numpy(), more["part"].to_numpy(), _POSSIBLE)]

    def _of(self, leaves: pl.DataFrame | None, wholes: pl.DataFrame) -> tuple[Ints, Ints]:
        """Twins of fields (or the fields themselves) beside those of their structs."""
        pairs = self.whole.select("leaf", "whole")
        if leaves is not None:
            pairs = pairs.join(leaves.select(leaf="node", by="twin"), on="leaf").select("whole", leaf="by")
        pairs = pairs.join(wholes.select(whole="node", by="twin"), on="whole")
        return pairs["leaf"].to_numpy(), pairs["by"].to_numpy()


def _with_twins(arcs: Arcs, twins: _Twins, fresh: Bools, later: Later | None, n: int) -> tuple[Arcs, Ints]:
    """The arcs, with those into and out of twins; and for each its place in `later` (-1: none)."""
    row = arcs.rows().astype(np.int64)
    source, target = arcs.adjacency.source.astype(np.int64), arcs.adjacency.target.astype(np.int64)
    parts = [(source, target, arcs.bits, row, np.full(len(row), -1, dtype=np.int64))]
    every = pl.DataFrame({"node": target, "arc": np.arange(len(target))}).join(twins.entered(), on="node")
    at, kind, twin = (every[c].to_numpy() for c in ("arc", "kind", "twin"))
    stated = row[at] >= 0
    late = np.where(stated, fresh[np.maximum(row[at], 0)] if len(fresh) else False, kind < 2)
    kept = (kind == 0) | late
    at, kind, twin = at[kept], kind[kept], twin[kept]
    place, bits = np.full(len(at), -1, dtype=np.int64), arcs.bits[at].copy()
    if later is not None:
        of_edge = np.full(len(fresh), -1, dtype=np.int64)
        of_edge[later.edges] = np.arange(len(later.edges))
        place = np.where((kind > 0) & (row[at] >= 0), of_edge[np.maximum(row[at], 0)], -1)
        bits = np.where(place >= 0, plain_arcs(later.table).bits[np.maximum(place, 0)], bits).astype(np.uint8)
    parts.append((source[at], twin, bits, row[at], place))
    for a, b, bit in twins.within():
        nowhere = np.full(len(a), -1, dtype=np.int64)
        parts.append((a, b, np.full(len(a), bit, np.uint8), nowhere, nowhere))
    s, t, bits, rows, places_of = (np.concatenate(p) for p in zip(*parts, strict=True))
    adjacency, order = build_adjacency(n, s, t)
    return Arcs(arcs.real, adjacency, bits[order], rows[order]), places_of[order]
