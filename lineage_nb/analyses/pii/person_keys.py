"""Columns that tell persons apart though nobody tagged them so: keys of tables about persons, and names that say so."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.labels import ATTRIBUTES, QUASI, tells_persons_apart
from lineage_nb.analyses.pii.subject_joins import stems
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import POSSIBLE_VALUE

__all__ = ["KEY", "PLAIN", "SHARED", "grouping_keys", "named_keys", "own_keys", "table_keys"]

KEY: Final = r"(?i)(^|_)(id|uuid|guid|key|no|nr|number|code|sk|pk|hash)$|[a-z](Id|ID|Key)$"
"""Names of columns that hold keys."""
PLAIN: Final = ("id", "uuid", "guid", "key", "pk", "sk")
"""Names of keys that do not say of what."""
SHARED: Final = QUASI | {"name", "full_name", "first_name", "last_name", "surname", "person_name", "address", "street", "ip", "ip_address"}
"""Labels whose values several persons may share: they narrow a search down, and do not end it."""
_SURE: Final = 0.7
"""Weight from which on a name counts."""
_GROUPS: Final = ("GROUP_BY", "WINDOW")


def table_keys(lineage: Lineage, every: pl.DataFrame) -> Ints:
    """Keys of tables where a label that tells persons apart begins, unless they are tagged themselves.

    The key is the table's first column, if its name is a key's; where no source tells the order of the columns, those
    that are called ``id``, or as the table is (``user_id`` of ``users``).

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    every : polars.DataFrame
        Columns i (node number), kind, label: where labels begin.
    """
    coded = lineage.coded
    telling = [x for x in every["label"].unique() if tells_persons_apart(x)]
    begins = every.filter((pl.col("kind") == "column") & pl.col("label").is_in(telling))
    homes = np.unique(coded.data[begins["i"].to_numpy()]) if begins.height else np.zeros(0, dtype=np.int64)
    keys = own_keys(lineage, homes)
    keys = keys[~np.isin(keys, every["i"].to_numpy())]
    shared = _called(lineage, keys).filter(pl.col("label").is_in([*SHARED, *ATTRIBUTES]))["i"].to_numpy()
    return keys[~np.isin(keys, shared)]


def own_keys(lineage: Lineage, tables: Ints) -> Ints:
    """Columns that are the keys of their tables (see `table_keys`), tagged or not.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    tables : numpy.ndarray
        Numbers of the datasets to look at.
    """
    coded = lineage.coded
    nodes = lineage.frames["nodes"].select("kind", "ordinal", "name").with_columns(i=pl.int_range(pl.len()), home=pl.Series(coded.data))
    mine = nodes.filter((pl.col("kind") == "column") & pl.col("home").is_in(pl.Series(tables).implode()))
    mine = mine.with_columns(table=nodes["name"].gather(mine["home"])).filter(pl.col("name").is_not_null())
    mine = mine.with_columns(stem=stems(mine["table"]))
    short = pl.col("name").str.to_lowercase()
    joined = short.str.replace_all("_", "")
    own = short.is_in(list(PLAIN)) | pl.any_horizontal(joined == pl.format("{}{}", pl.col("stem").str.replace_all("_", ""), pl.lit(k)) for k in PLAIN)
    in_order = pl.col("ordinal").is_not_null().any().over("home")
    first = (pl.col("ordinal") == pl.col("ordinal").min().over("home")).fill_null(value=False)
    found = mine.filter(pl.col("name").str.contains(KEY) & pl.when(in_order).then(first).otherwise(own))
    keys: Ints = found["i"].sort().to_numpy().astype(np.int64)
    return keys


def named_keys(lineage: Lineage, columns: Ints, *, groups: bool = False) -> Ints:
    """Of columns those whose names surely say that they tell persons apart (see `lineage_nb.analyses.classify`).

    Names, addresses and what else several persons share are no keys to find one by; a group by them may still be of one
    person (`groups`), unless it is by postcode.
    """
    told = _called(lineage, columns)
    telling = [x for x in told["label"].unique() if tells_persons_apart(x) and (groups or x not in SHARED)]
    found = told.filter(pl.col("label").is_in(telling) & ~pl.col("rule").str.contains("postcode"))
    keys: Ints = found["i"].unique().sort().to_numpy().astype(np.int64)
    return keys


def _called(lineage: Lineage, columns: Ints) -> pl.DataFrame:
    """What names of columns surely say: columns i, label, rule."""
    from lineage_nb.analyses.classify.hits import Columns, hits
    from lineage_nb.analyses.classify.rules import read_rules

    if not len(columns):
        return pl.DataFrame(schema={"i": pl.Int64, "label": pl.String, "rule": pl.String})
    ids = lineage.coded.ids.gather(columns)
    every = Columns.of(lineage)
    found, _ = hits(Columns(lineage, every.frame.filter(pl.col("node").is_in(ids.implode()))), read_rules())
    sure = found.filter((pl.col("kind") == "name") & (pl.col("weight") >= _SURE))
    return sure.select("label", "rule", i=lineage.coded.numbers(sure["node"]).cast(pl.Int64))


def grouping_keys(lineage: Lineage, graph: LineageGraph, every: pl.DataFrame, barred: pl.DataFrame) -> Ints:
    """Columns from which groups of aggregates may get one person each, though no tag says so.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    graph : LineageGraph
        Its column level.
    every : polars.DataFrame
        Columns i (node number), kind, label: where labels begin.
    barred : polars.DataFrame
        Columns i, label: nodes that somebody decided not to hold a label; their names say nothing any more.
    """
    words = [i for i, w in enumerate(lineage.coded.words) if w in _GROUPS]
    edges = lineage.coded.edges
    groups = edges.filter(pl.col("subtype").is_in(words).fill_null(value=False)) if words else edges.clear()
    if groups.is_empty():
        return np.zeros(0, dtype=np.int64)
    starts = groups["source"].unique().sort().to_numpy().astype(np.int64)
    before = graph.reacher.reach(starts, upstream=True, bit=POSSIBLE_VALUE).nodes
    before = before[before < graph.arcs.real]
    columns = before[lineage.coded.of_kind("column")[before]].astype(np.int64)
    said = np.concatenate([every["i"].to_numpy(), barred["i"].to_numpy()])
    found: Ints = np.union1d(table_keys(lineage, every), named_keys(lineage, columns[~np.isin(columns, said)], groups=True))
    return found
