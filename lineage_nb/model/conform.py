"""Evidence → one row a node: names that mean the same node meet, conflicts are resolved.

The frames of `SnapshotData` keep everything that was said. Here it becomes what the analyses stand on:

- different names of one node meet (`lineage_nb.model.synonyms`);
- several rows of one node become one: newest `last_seen` wins, then the largest value; lists unite;
- several rows of one edge become one a verdict, and a filter's one a size of group: what was written plain stays so,
  whatever was written later;
- what was replaced after it was dropped is there again;
- a node that is only mentioned gets a row, its kind read off its id.

A name that fits two nodes is left alone and listed in `Conformed.ambiguous`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import numpy as np
import polars as pl

from lineage_nb.model.bills import BILL_COLUMNS, settled
from lineage_nb.model.claims import settle
from lineage_nb.model.ids import PREFIXED
from lineage_nb.model.ordering import id_order
from lineage_nb.model.resources import BY_END, match_resources
from lineage_nb.model.schema import FRAMES, STRINGS
from lineage_nb.model.snapshot import SnapshotData
from lineage_nb.model.synonyms import synonyms
from lineage_nb.model.untold_runs import with_untold

__all__ = ["Conformed", "conform", "own_columns"]

REFERENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "nodes": ("id", "parent"),
        "edges": ("source", "target", "job"),
        "runs": ("job", "compute"),
        "io": ("dataset",),
        "usage": ("node", "consumer"),
        "costs": ("node",),
        "grants": ("principal", "node"),
        "aliases": ("node",),
    }
)
"""Columns that hold node ids, by frame."""

_KIND_OF = {
    ("edges", "job"): "job",
    ("runs", "job"): "job",
    ("runs", "compute"): "compute",
    ("usage", "consumer"): "principal",
    ("grants", "principal"): "principal",
}
_NO_HOME = ("column", "job", "principal", "compute")
_DEPTH = 100
"""Columns within columns are followed so far; beyond, they go in circles."""
_ONE_STATE = timedelta(days=1)
"""Sources that tell of one state of a job are written within so much: its nightly run, the project that is deployed."""
_MASKED = pl.col("masking").fill_null(value=False) & (pl.col("subtype").fill_null("") != "DECRYPTION")
_STATE_RANK = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL")


@dataclass(frozen=True)
class Conformed:
    """Frames with one row a node.

    Attributes
    ----------
    frames : Mapping of str to polars.DataFrame
        As `SnapshotData.frames`, conformed; nodes sorted by id.
    renamed : polars.DataFrame
        Columns name, node, why: which references were read as which node.
    ambiguous : polars.DataFrame
        Columns name, nodes: names that fit several nodes and were therefore left alone.
    mentioned : int
        Nodes that no source describes, known only from being mentioned.
    """

    frames: Mapping[str, pl.DataFrame]
    renamed: pl.DataFrame
    ambiguous: pl.DataFrame
    mentioned: int


def conform(data: SnapshotData) -> Conformed:
    """Derive the conformed frames from the evidence.

    Parameters
    ----------
    data : SnapshotData
        All evidence.

    Returns
    -------
    Conformed
        The same whatever order the evidence came in.
    """
    renamed, ambiguous = synonyms(data)
    frames = {name: own_columns(name, frame) for name, frame in data.frames.items()}
    frames["edges"] = settle(frames["edges"], frames["runs"], frames["io"], frames["nodes"])
    if renamed.height:
        mapping = _with_columns(renamed, _mentions(frames)["id"])
        frames["nodes"] = _without_other_names(frames["nodes"], mapping)
        for name, columns in REFERENCES.items():
            for column in columns:
                kind = _KIND_OF.get((name, column))
                fit = mapping if kind is None else mapping.join(frames["nodes"].filter(pl.col("kind") != kind).select("id").unique(), left_on="node", right_on="id", how="anti")
                frames[name] = _rename(frames[name], (column,), fit)
    frames["edges"] = with_untold(frames["edges"], frames["runs"], frames["io"], frames["nodes"])
    frames["edges"] = _one_edge_each(_with_verdicts(_masked(frames["edges"])))
    frames["runs"] = _one_run_each(frames["runs"])
    frames["io"] = _largest(frames["io"], FRAMES["io"].key)
    for name in ("usage", "costs"):
        frames[name] = _largest(frames[name], ("record",))
    frames["costs"] = settled(frames["costs"])
    described = frames["nodes"].height and frames["nodes"]["id"].n_unique()
    frames["nodes"] = _nodes(frames)
    frames["costs"], found = match_resources(frames["costs"], frames["nodes"], frames["aliases"])
    renamed = pl.concat([renamed, found.filter(pl.col("why") == BY_END)])
    return Conformed(MappingProxyType(frames), renamed, ambiguous, frames["nodes"].height - int(described or 0))


def _with_columns(renamed: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Extend the mapping of datasets to the columns (``dataset#column``) among `ids`."""
    columns = (
        pl.DataFrame({"id": ids})
        .filter(pl.col("id").str.contains("#", literal=True))
        .with_columns(
            pl.col("id").str.extract(r"^([^#]*)#").alias("name"), pl.col("id").str.extract(r"(#.*)$").alias("rest")
        )
        .join(renamed, on="name")
        .select(pl.col("id").alias("name"), pl.col("node") + pl.col("rest"))
    )
    return pl.concat([renamed.select("name", "node"), columns]).unique("name", keep="first", maintain_order=True)


def _without_other_names(nodes: pl.DataFrame, mapping: pl.DataFrame) -> pl.DataFrame:
    """A node that goes by another's id is named and placed as that one says."""
    renamed = pl.col("id").is_in(mapping["name"].implode())
    named = ~renamed | (pl.col("kind") == "column")
    return nodes.with_columns(
        pl.when(~renamed).then("namespace").alias("namespace"), pl.when(named).then("name").alias("name")
    )


def _rename(frame: pl.DataFrame, columns: tuple[str, ...], mapping: pl.DataFrame) -> pl.DataFrame:
    if frame.is_empty():
        return frame
    for column in columns:
        frame = (
            frame.join(
                mapping.rename({"name": column, "node": "__node"}), on=column, how="left", maintain_order="left"
            )
            .with_columns(pl.coalesce("__node", column).alias(column))
            .drop("__node")
        )
    return frame


_USED_EXTRAS = {"costs": ("start", "end", "resource", "resource_name", *BILL_COLUMNS), "edges": ("k", "expression", "source_path"), "io": ("claim", "told"), "nodes": ("url",), "usage": ("named_columns", "other_columns")}


def own_columns(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Leave columns beyond the model's to the evidence: their names are anybody's."""
    extras = [c for c in _USED_EXTRAS.get(name, ()) if c in frame.columns]
    return frame.select(*FRAMES[name].schema, *extras)


# -- one row each -------------------------------------------------------------------------------------------


def _one_row_each(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Resolve rows of equal key: newest `last_seen` wins, then the largest value; lists unite."""
    if frame.is_empty():
        return frame
    # Keys that only share a hash are told apart below.
    repeated = frame.select(pl.struct(key).hash().is_duplicated().alias("repeated"))["repeated"]
    if not repeated.any():
        return frame
    several = frame.filter(repeated)
    several = several.sort("last_seen", nulls_last=False, maintain_order=True)
    rules = []
    for column, dtype in frame.schema.items():
        value = pl.col(column)
        if column in key:
            continue
        if column == "first_seen":
            rules.append(value.min())
        elif column in ("last_seen", "deleted_at"):
            rules.append(value.max())
        elif isinstance(dtype, pl.List):
            rules.append(value.drop_nulls().explode().drop_nulls().unique().sort().implode().alias(column))
        else:
            newest = value.sort_by("last_seen", value, nulls_last=False).drop_nulls()
            rules.append(newest.last().alias(column))
    resolved = several.group_by(key).agg(rules).select(frame.columns)
    resolved = resolved.with_columns(
        pl.when(pl.col(c).list.len() > 0).then(pl.col(c)).alias(c)
        for c, t in frame.schema.items()
        if isinstance(t, pl.List)
    )
    return pl.concat([frame.filter(~repeated), resolved.cast(frame.schema)])


def _one_edge_each(edges: pl.DataFrame) -> pl.DataFrame:
    """One row for each edge, verdict, part of a value and, of filters, smallest group: a later one does not undo what an earlier let through."""
    key = (*FRAMES["edges"].key, "verdict", *(("source_path",) if "source_path" in edges.columns else ()))
    if "k" not in edges.columns:
        return _one_row_each(edges, key)
    edges = edges.with_columns(__k=pl.when(pl.col("subtype") == "FILTER").then("k"))
    return _one_row_each(edges, (*key, "__k")).drop("__k")


def _masked(edges: pl.DataFrame) -> pl.DataFrame:
    """What masks and does not say how leaves a pseudonym, which is still personal data, as OpenLineage's flag does.

    Not where the same job also says nothing at all of the same two columns, which counts as plain, nor where it gives a verdict.
    """
    silent = pl.col("verdict").is_null() & (pl.col("type") == "DIRECT")
    if edges.filter(silent & _MASKED).is_empty():
        return edges
    open_ = (silent & ~_MASKED) | ((pl.col("type") == "DIRECT") & pl.col("verdict").is_not_null())
    hidden = silent & _MASKED & ~open_.any().over("source", "target", "job")
    return edges.with_columns(verdict=pl.when(hidden).then(pl.lit("pseudonymised")).otherwise("verdict"))


def _with_verdicts(edges: pl.DataFrame) -> pl.DataFrame:
    """Call statements without a verdict plain where others of the job give one: silence counts as plain, a mask as a pseudonym.

    Of statements that differ in subtype or evidence only those count that nobody made any more for a day before the
    first with a verdict: beside one with a verdict, silence is but another source that knows less.
    """
    key, move = FRAMES["edges"].key, ("source", "target", "job")
    if edges.is_empty() or not edges["verdict"].has_nulls() or edges["verdict"].null_count() == edges.height:
        return edges
    direct, told = pl.col("type") == "DIRECT", pl.col("verdict").is_not_null()
    marked = edges.select(pl.struct(move).hash().alias("move"), told=direct & told, silent=direct & ~told)
    both = marked.filter("told")["move"].unique()
    both = marked.filter(pl.col("silent") & pl.col("move").is_in(both.implode()))["move"].unique()
    if both.is_empty():
        return edges
    given = edges.filter(marked.select(pl.col("told") & pl.col("move").is_in(both.implode())).to_series())
    alike = given.select(key).unique().with_columns(__alike=pl.lit(value=True))
    first = given.group_by(move).agg(pl.min_horizontal("first_seen", "last_seen").min().alias("__first"))
    edges = edges.join(alike, on=list(key), how="left", nulls_equal=True, maintain_order="left")
    edges = edges.join(first, on=list(move), how="left", nulls_equal=True, maintain_order="left")
    silent = edges.filter(direct & ~told & pl.col("__first").is_not_null())
    before = pl.col("last_seen").max() + _ONE_STATE < pl.col("__first").min()
    older = silent.group_by(key).agg(before.alias("__before")).filter("__before")
    edges = edges.join(older, on=list(key), how="left", nulls_equal=True, maintain_order="left")
    counts = direct & ~told & (pl.col("__alike").is_not_null() | pl.col("__before").is_not_null())
    left = pl.when(_MASKED).then(pl.lit("pseudonymised")).otherwise(pl.lit("plain"))
    return edges.with_columns(verdict=pl.when(counts).then(left).otherwise("verdict")).drop("__alike", "__first", "__before")


def _largest(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    if frame.is_empty() or not frame.select(pl.struct(key).is_duplicated().any()).item():
        return frame
    lists = [c for c, t in frame.schema.items() if isinstance(t, pl.List)]
    order = [*(pl.col(c) for c in frame.columns if c not in lists), *(pl.col(c).list.join("\x1f") for c in lists)]
    return frame.sort(order, nulls_last=False).unique(key, keep="last", maintain_order=True)


def _one_run_each(runs: pl.DataFrame) -> pl.DataFrame:
    """A run's events become one row: earliest start, latest end, final state."""
    if runs.is_empty():
        return runs
    key = list(FRAMES["runs"].key)
    rank = pl.col("state").replace_strict(_STATE_RANK, list(range(len(_STATE_RANK))), default=-1)
    rules = [
        pl.col("start").min() if c == "start" else pl.col(c).sort_by(rank).drop_nulls().last() if c == "state" else pl.col(c).max()
        for c, t in runs.schema.items()
        if c not in key and not isinstance(t, pl.List)
    ]
    return runs.group_by(key).agg(rules).select([c for c in runs.columns if not isinstance(runs.schema[c], pl.List)]).sort(key)


# -- nodes --------------------------------------------------------------------------------------------------


_NO_MENTIONS = pl.DataFrame(schema={"id": pl.String, "kind": pl.String})


def _mentions(frames: Mapping[str, pl.DataFrame], known: pl.Series | None = None) -> pl.DataFrame:
    """Every id that any frame mentions, but those `known`, all of nodes among them: id, kind (from where it is mentioned; null: no hint)."""
    edges, nodes = frames["edges"], frames["nodes"]
    parts = [
        (frames[name][column], _KIND_OF.get((name, column)))
        for name, columns in REFERENCES.items()
        for column in columns
        if name != "aliases" and (known is None or (name, column) != ("nodes", "id"))
    ]
    parts += [(edges.filter(pl.col("type") == word)[side], "job") for side, word in (("target", "READ"), ("source", "WRITE"))]
    parts += [(nodes.filter(pl.col("kind") == kind)["parent"], kind) for kind in ("principal", "job")]
    named = [pl.select(ids.unique().drop_nulls().alias("id"), kind=pl.lit(kind, pl.String)) for ids, kind in parts if ids.len()]
    every = pl.concat([_NO_MENTIONS, *named])
    if known is not None:
        every = every.join(known.to_frame("id"), on="id", how="anti")
    return every.group_by("id").agg(pl.col("kind").drop_nulls().min())


def _kind_of_id() -> pl.Expr:
    prefix = pl.col("id").str.extract(rf"^({'|'.join(PREFIXED)}):")
    is_column = pl.col("id").str.contains("#", literal=True)
    return pl.coalesce(prefix, pl.when(is_column).then(pl.lit("column")))


def _dataset_of_id() -> pl.Expr:
    """The dataset that a column's id names; every column has one, if only a stand-in of its own."""
    before, stand_in = pl.col("id").str.extract(r"^([^#]+)#"), pl.col("id") + pl.lit(" (dataset)")
    return pl.coalesce(before, pl.when(pl.col("id").str.starts_with("#")).then(pl.lit("(unnamed)")).otherwise(stand_in))


def _in_datasets(nodes: pl.DataFrame) -> pl.DataFrame:
    """Let the parent of every column be a dataset: of a column within a column that one's, of one within a job a stand-in."""
    inner = nodes.select(parent="id", within="kind", above="parent").filter(pl.col("within").is_in(list(_NO_HOME)))
    for _ in range(_DEPTH):
        nested = nodes.filter(pl.col("kind") == "column").join(inner.filter(pl.col("within") == "column"), on="parent")
        if nested.is_empty():
            break
        above = nested.select("id", "above")
        nodes = nodes.join(above, on="id", how="left", maintain_order="left").with_columns(pl.coalesce("above", "parent").alias("parent")).drop("above")
    homeless = nodes.filter(pl.col("kind") == "column").join(inner, on="parent", how="semi")["id"]
    if homeless.is_empty():
        return nodes
    stand_in = pl.col("id") + pl.lit(" (dataset)")
    mine = pl.col("id").is_in(homeless.implode())
    new = nodes.filter(mine).select(stand_in.alias("id"), pl.lit("dataset").alias("kind")).join(nodes, on="id", how="anti")
    nodes = nodes.with_columns(pl.when(mine).then(stand_in).otherwise("parent").alias("parent"))
    return pl.concat([nodes, new], how="diagonal_relaxed")


def _completed(nodes: pl.DataFrame, column: str, value: pl.Expr, of: pl.Expr | None = None) -> pl.DataFrame:
    """Fill nulls (of some rows) by an expression that is worked out for them alone."""
    empty = pl.col(column).is_null() if of is None else pl.col(column).is_null() & of
    rows = nodes.select(empty.arg_true()).to_series()
    if rows.is_empty():
        return nodes
    place = np.arange(nodes.height)
    place[rows.to_numpy()] = nodes.height + np.arange(len(rows))
    return nodes.with_columns(pl.concat([nodes[column], nodes[rows].select(value).to_series()])[place].alias(column))


def _nodes(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    nodes = _one_row_each(frames["nodes"], ("id",))
    missing = _mentions(frames, nodes["id"])
    parents = (
        pl.concat([nodes.select("id", "kind", "parent"), missing.select("id", _kind_of_id().alias("kind"), pl.lit(None, pl.String).alias("parent"))])
        .filter((pl.col("kind") == "column") & pl.col("parent").is_null())
        .select(_dataset_of_id().alias("id"), pl.lit(None, pl.String).alias("kind"))
        .unique()
    )
    missing = pl.concat([missing, parents.join(nodes.select("id"), on="id", how="anti")]).unique("id")
    missing = missing.with_columns(pl.coalesce(_kind_of_id(), "kind", pl.lit("dataset")).alias("kind"))
    nodes = pl.concat([nodes, missing], how="diagonal_relaxed")
    edges = frames["edges"]
    anew = edges.filter((pl.col("type") == "WRITE") & (pl.col("subtype") == "OVERWRITE")).group_by(id="target").agg(made=pl.col("last_seen").max())
    nodes = nodes.join(anew, on="id", how="left", maintain_order="left")
    newest = pl.max_horizontal("last_seen", "made")
    alive = newest.is_null() | (newest <= pl.col("deleted_at"))
    nodes = _in_datasets(_completed(nodes, "parent", _dataset_of_id(), pl.col("kind") == "column"))
    homes = nodes.select(pl.col("id").alias("parent"), pl.col("namespace").alias("home"))
    nodes = nodes.join(homes, on="parent", how="left", maintain_order="left")
    at_home = pl.when(pl.col("kind") == "column").then(pl.coalesce("home", "namespace")).otherwise("namespace")
    nodes = _completed(nodes, "name", pl.coalesce(pl.col("id").str.extract(r"#(.*)$"), "id"))
    nodes = nodes.with_columns(
        at_home.alias("namespace"),
        pl.when(alive).then("deleted_at").alias("deleted_at"),
        *(pl.col(c).cast(STRINGS) for c in ("owners", "tags")),
    ).drop("home", "made")
    return nodes[id_order(nodes["id"])].with_columns(pl.col("id").set_sorted())
