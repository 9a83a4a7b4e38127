"""What lineage says about a name: whether the columns it is made of are known, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.coded import NOT_DATA, VERDICTS
from lineage_nb.graph.csr import Adjacency, Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.order import condense
from lineage_nb.graph.propagate import reach_sets

__all__ = ["disagreeing"]

Bools = NDArray[np.bool_]
_LABELS_AT_ONCE = 63


def disagreeing(lineage: Lineage, candidates: pl.DataFrame, holders: pl.DataFrame, opaque: Iterable[str]) -> pl.Series:
    """Tell which names are contradicted by lineage that is fully known.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    candidates : polars.DataFrame
        node, label: columns whose name speaks for a label.
    holders : polars.DataFrame
        node, label: what holds a label, tagged or suggested; a dataset stands for each of its columns.
    opaque : iterable of str
        Columns that may hold anything (a JSON document, free text): nothing made of them is contradicted.

    Returns
    -------
    polars.Series of bool
        Per candidate: values reach it, or it is a constant among columns that they reach; each writer of it and of
        everything upstream states the inputs of its columns, and no other column upstream holds the label. A name
        that is itself to be judged by its lineage holds nothing: a copy of a contradicted column is contradicted as
        well. Columns that only feed one another have no lineage to judge them by, as roots have none.
    """
    if candidates.is_empty():
        return pl.Series([], dtype=pl.Boolean)
    edges = _Values(lineage)
    at = lineage.coded.numbers(candidates["node"]).to_numpy()
    fed = edges.fed[at]
    holders = holders.select("node", "label").join(candidates.filter(pl.Series(fed)), on=["node", "label"], how="anti")
    if not fed.any():
        return pl.Series(np.zeros(len(at), dtype=bool))
    labels = candidates.filter(pl.Series(fed))["label"].unique().sort().to_list()
    wrong = np.zeros(len(at), dtype=bool)
    for first in range(0, len(labels), _LABELS_AT_ONCE):
        some = labels[first : first + _LABELS_AT_ONCE]
        held = edges.above(_held(lineage, holders, some), lineage.coded.numbers(pl.Series(list(opaque), dtype=pl.String)).to_numpy(), len(some))
        place = candidates["label"].replace_strict(some, list(range(len(some))), default=None, return_dtype=pl.Int64)
        mine = fed & place.is_not_null().to_numpy()
        bits = (np.uint64(1) << place.fill_null(0).to_numpy().astype(np.uint64)) | np.uint64(1 << _LABELS_AT_ONCE)
        wrong |= mine & ((held[at] & bits) == 0)
    return pl.Series(wrong)


def _held(lineage: Lineage, holders: pl.DataFrame, labels: Sequence[str]) -> NDArray[np.uint64]:
    """A bit for each label that a node holds; those of a dataset are its columns' as well."""
    coded = lineage.coded
    held = np.zeros(len(coded.ids), dtype=np.uint64)
    mine = holders.filter(pl.col("label").is_in(list(labels)))
    at = coded.numbers(mine["node"])
    place = mine["label"].replace_strict(list(labels), list(range(len(labels))), return_dtype=pl.UInt64)
    known = at.is_not_null().to_numpy()
    np.bitwise_or.at(held, at.drop_nulls().to_numpy(), np.uint64(1) << place.to_numpy()[known])
    columns = np.flatnonzero(coded.of_kind("column"))
    held[columns] |= held[coded.data[columns]]
    return held


class _Values:
    """Edges between columns that carry values, and where they may be incomplete."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage, coded = lineage, lineage.coded
        typed = lineage.effective_with_expired.typed.filter(pl.col("type") == "DIRECT")
        typed = typed.filter(pl.col("verdict").is_null() | (pl.col("verdict") != VERDICTS.index("none")))
        between = (pl.col("source_kind") == "column") & (pl.col("target_kind") == "column")
        pairs = typed.filter(between & (pl.col("source") != pl.col("target"))).select("source", "target").unique().sort("source", "target")
        n = len(coded.ids)
        self.graph: Adjacency = build_adjacency(n, pairs["source"].to_numpy(), pairs["target"].to_numpy())[0]
        self.parts = condense(self.graph)
        self.fed = self._fed(self._constant(typed))
        self.unresolved = self._unresolved(typed)

    def _fed(self, constant: Ints) -> Bools:
        """Columns that something else is put into; of those that feed one another, if anything enters any of them."""
        component = self.parts.component
        source, target = component[self.graph.source], component[self.graph.target]
        fed = np.zeros(self.parts.count, dtype=bool)
        fed[target[source != target]] = True
        fed[component[constant]] = True
        return fed[component]

    def _constant(self, typed: pl.DataFrame) -> Ints:
        """Columns that a job states to be made of nothing, beside others of the dataset that it makes of something.

        Of rows that are typed in (``INSERT … VALUES``) no column is made of anything: they may hold what they are called.
        """
        stated = self.lineage.effective_with_expired.resolved.select("job", "target", "column").cast(pl.Int64)
        made = typed.filter((pl.col("target_kind") == "column") & (pl.col("source") != pl.col("target"))).select("job", target="target_data").cast(pl.Int64).drop_nulls().unique()
        found: Ints = stated.join(made, on=["job", "target"], how="semi")["column"].unique().to_numpy()
        return found

    def _unresolved(self, typed: pl.DataFrame) -> Bools:
        """Which columns some writer fills without saying from what."""
        coded, effective = self.lineage.coded, self.lineage.effective_with_expired
        unresolved = np.zeros(len(coded.ids), dtype=bool)
        columns = _columns_of(coded.data, coded.of_kind("column"))
        writes = effective.writes.select("job", "target").cast(pl.Int64)
        stated = effective.resolved.select("job", "target", "column").cast(pl.Int64)
        silent = writes.join(columns, on="target").join(stated, on=["job", "target", "column"], how="anti")
        unresolved[silent["column"].to_numpy()] = True
        # A column fed by a whole dataset, and a dataset fed by something whose columns nobody states.
        whole = typed.filter((pl.col("source_kind") != "column") & (pl.col("target_kind") == "column"))
        unresolved[whole["target"].to_numpy()] = True
        loose = typed.filter(~pl.col("target_kind").is_in(list(NOT_DATA)) & (pl.col("target_kind") != "column"))
        loose = loose.select("job", source="source_data", target="target_data").cast(pl.Int64)
        spoken = typed.filter((pl.col("source_kind") == "column") & (pl.col("target_kind") == "column"))
        spoken = spoken.select("job", source="source_data", target="target_data").cast(pl.Int64).unique()
        loose = loose.join(spoken, on=["job", "source", "target"], how="anti", nulls_equal=True).select("target", "job").unique()
        open_ = loose.join(columns, on="target").join(stated, on=["job", "target", "column"], how="anti")
        unresolved[open_["column"].to_numpy()] = True
        return unresolved

    def above(self, held: NDArray[np.uint64], opaque: Ints, labels: int) -> NDArray[np.uint64]:
        """Bits held by other columns upstream of each; bit 63: something upstream, or the column, is not known."""
        unknown = np.uint64(1 << _LABELS_AT_ONCE)
        every = np.uint64((1 << labels) - 1)
        own = held.copy()
        own[opaque] |= every
        own[self.unresolved] |= unknown
        parts = self.parts
        component, size = parts.component, parts.size[parts.component]
        reached = reach_sets(parts, own[:, None])[:, 0]
        # What flows into a component from outside, and what its other members hold.
        outer = component[self.graph.source] != component[self.graph.target]
        entering = np.zeros(parts.count, dtype=np.uint64)
        np.bitwise_or.at(entering, component[self.graph.target[outer]], reached[self.graph.source[outer]])
        above = entering[component]
        above[self.unresolved] |= unknown
        cyclic = np.flatnonzero(size > 1)
        for bit in (np.uint64(1) << np.arange(64, dtype=np.uint64)) if len(cyclic) else ():
            has = (own[cyclic] & bit) != 0
            members = np.bincount(component[cyclic[has]], minlength=parts.count)
            others = members[component[cyclic]] - has
            above[cyclic[others > 0]] |= bit
        return above


def _columns_of(data: Ints, is_column: Bools) -> pl.DataFrame:
    """column, target: every column with its dataset."""
    column = np.flatnonzero(is_column)
    return pl.DataFrame({"column": column.astype(np.int64), "target": data[column].astype(np.int64)})
