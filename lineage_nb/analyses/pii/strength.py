"""What becomes of a value on each edge, as labels see it: predicates, decryption, groups of one person, their size."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.places import Places
from lineage_nb.graph.coded import VERDICTS
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.edge_table import EdgeTable, edge_numbers
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE
from lineage_nb.graph.search import closure

__all__ = ["AGGREGATED", "DECRYPTION", "DERIVED", "PREDICATE", "PSEUDONYMISED", "Strength"]

PSEUDONYMISED, DERIVED, AGGREGATED = (VERDICTS.index(v) for v in ("pseudonymised", "derived", "aggregated"))
DECRYPTION, PREDICATE = "DECRYPTION", "PREDICATE"
"""Subtypes of DIRECT edges: gives plain values for pseudonyms; compares the value with something."""
_NO_PREDICATE = ("TRANSFORMATION", "AGGREGATION")
_SILENT = 100
Ranks = NDArray[np.int8]


@dataclass(frozen=True)
class Strength:
    """Verdicts of the column level's edges, by edge number.

    Attributes
    ----------
    lineage : Lineage
        Whose edges.
    graph : LineageGraph
        The column level, expired edges included.
    places : Places
        Where labels may go in it.
    keys : numpy.ndarray
        Places where labels that tell persons apart begin.
    likely : numpy.ndarray
        Nodes that seem to tell persons apart, by name or as the key of a table about persons: they count as possible.
    table : EdgeTable
        The edges; those of the graph, or some of them as part of the statements tells.
    said : polars.DataFrame
        The statements about them (see `Coded.edges`).
    whole : Strength, optional
        Of all statements, where these are only part.
    gone : numpy.ndarray
        Places, among all statements, of filters that are none of these.
    """

    lineage: Lineage
    graph: LineageGraph
    places: Places
    keys: Ints
    likely: Ints
    table: EdgeTable
    said: pl.DataFrame
    whole: Strength | None = None
    gone: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def part(self, table: EdgeTable, said: pl.DataFrame, gone: Ints) -> Strength:
        """Verdicts as part of the statements give them, for edges of a table of their own; filters `gone` do not count."""
        return replace(self, table=table, said=said, whole=self, gone=gone)

    @cached_property
    def stated(self) -> Ranks:
        """Place in `VERDICTS`; an edge that gives none counts as plain."""
        return np.maximum(self.table.verdict, np.int8(0))

    @cached_property
    def words(self) -> pl.DataFrame:
        """Statements whose subtype says more than their verdict, with the number of their edge."""
        words = (DECRYPTION, PREDICATE, "CONDITIONAL")
        marked = [i for i, w in enumerate(self.lineage.coded.words) if w in words]
        said = self.said
        return self._numbered(said.filter(pl.col("subtype").is_in(marked).fill_null(value=False)) if marked else said.clear())

    def _numbered(self, said: pl.DataFrame) -> pl.DataFrame:
        """Add to statements the number of their edge; those without one are left out."""
        at, there = edge_numbers(self.table, said["source"].to_numpy(), said["target"].to_numpy())
        return said.with_columns(edge=pl.Series(at, dtype=pl.Int64)).filter(pl.Series(there))

    def _with_word(self, *words: str) -> pl.DataFrame:
        places = [i for i, w in enumerate(self.lineage.coded.words) if w in words]
        return self.words.filter(pl.col("subtype").is_in(places).fill_null(value=False))

    @cached_property
    def restores(self) -> NDArray[np.bool_]:
        """Edges that give plain values for pseudonyms."""
        plain = pl.col("verdict").is_null() | (pl.col("verdict") == 0)
        return self._marked(self._with_word(DECRYPTION).filter((pl.col("type") == "DIRECT") & plain)["edge"].to_numpy())

    @cached_property
    def deciding(self) -> NDArray[np.bool_]:
        """Whether each edge is one of `conditions`."""
        return self._marked(self.conditions)

    def _marked(self, edges: Ints) -> NDArray[np.bool_]:
        marked = np.zeros(len(self.table), dtype=bool)
        marked[edges] = True
        return marked

    @cached_property
    def conditions(self) -> Ints:
        """Edges that let a column decide another's value, as CASE does, whatever else they carry."""
        return self._decided["edge"].to_numpy()

    @cached_property
    def _decided(self) -> pl.DataFrame:
        """Conditions, sorted, with the strongest verdict of each: edge, verdict; a statement that gives none counts as plain."""
        found = self._with_word("CONDITIONAL").filter((pl.col("target_kind") == "column") & (pl.col("source_kind") == "column"))
        return found.group_by("edge").agg(pl.col("verdict").fill_null(0).min()).sort("edge")

    @property
    def decided(self) -> Ranks:
        """Verdicts of `conditions`."""
        found: Ranks = self._decided["verdict"].to_numpy().astype(np.int8)
        return found

    @cached_property
    def special(self) -> Ranks:
        """As `stated`, for special categories: a predicate tells the value, and so does what may be one."""
        known = [i for i, w in enumerate(self.lineage.coded.words) if w in _NO_PREDICATE]
        telling = (pl.col("verdict") == DERIVED) & ~pl.col("subtype").is_in(known).fill_null(value=False)
        found = self._numbered(self.said.filter((pl.col("type") == "DIRECT") & telling))["edge"].unique()
        strength = self.stated.copy()
        strength[found.to_numpy()] = 0
        edges = self.conditions
        strength[edges] = np.where(self.table.value[edges], np.minimum(strength[edges], self.decided), self.decided)
        return strength

    def person_keys(self, bit: int) -> NDArray[np.bool_]:
        """Nodes with one value a person, plain or pseudonymised: what is tagged so (or seems to be, for possible), and what it reaches."""
        if self.whole is not None:
            return self.whole.person_keys(bit)
        keys = self.keys if bit == PROVED_VALUE else np.union1d(self.keys, self.likely)
        return self._reached(keys, bit)

    def _reached(self, keys: Ints, bit: int) -> NDArray[np.bool_]:
        """Nodes that hold the values of keys, plain or pseudonymised."""
        who = np.zeros(self.graph.arcs.n, dtype=bool)
        if len(keys):
            arcs = self.places.arcs
            row = arcs.rows()
            ranks = np.where(row >= 0, self.stated[np.maximum(row, 0)], 0) if len(self.stated) else np.zeros(len(row), np.int8)
            found = closure(arcs.adjacency.forward, keys, allowed=((arcs.bits & bit) > 0) & (ranks <= PSEUDONYMISED)).nodes
            who[found[found < len(who)]] = True
        return who

    @cached_property
    def taken_for_keys(self) -> Ints:
        """Columns that jobs group by, of which only their names or tables say that they tell persons apart."""
        who = self.person_keys(POSSIBLE_VALUE) & ~self._reached(self.keys, POSSIBLE_VALUE)
        groups = self.grouped.filter(pl.col("word") != "FILTER")["source"].unique().sort().to_numpy().astype(np.int64)
        found: Ints = groups[who[groups]]
        return found

    def of_arcs(self, strength: NDArray[Any]) -> NDArray[Any]:
        """Values of edges as those of arcs; 0 for arcs of hubs."""
        row = self.graph.arcs.row
        if row is None:
            return strength
        found = np.zeros(len(row), dtype=strength.dtype)
        found[row >= 0] = strength[row[row >= 0]]
        return found

    @cached_property
    def grouped(self) -> pl.DataFrame:
        """What jobs group by, partition by or count: source, data (the dataset), column (-1: all), job (-1: none is named), evidence, word, k, row (its place)."""
        coded = self.lineage.coded
        frame = self.lineage.frames["edges"]
        k = frame["k"].cast(pl.Int64, strict=False) if "k" in frame.columns else pl.repeat(None, frame.height, dtype=pl.Int64, eager=True)
        said = coded.edges.with_columns(k=k, word=frame["subtype"], row=pl.int_range(pl.len(), dtype=pl.Int64)).filter(pl.col("word").is_in(["GROUP_BY", "WINDOW", "FILTER"]))
        column = pl.when(pl.col("target_kind") == "column").then("target").otherwise(-1)
        return said.select("source", pl.col("target_data").alias("data"), column.alias("column"), pl.col("job").fill_null(-1), "evidence", "word", "k", "row")

    @cached_property
    def aggregates(self) -> pl.DataFrame:
        """Edges that aggregate, with each job (-1: none is named): edge, data, column, job."""
        return self._with_jobs(np.flatnonzero(self.table.verdict == AGGREGATED))

    def _with_jobs(self, edges: Ints) -> pl.DataFrame:
        table = self.table
        of_jobs = table.jobs_of(edges, unnamed=True)
        target = table.adjacency.target[of_jobs["edge"].to_numpy()]
        data = self.lineage.coded.data[target]
        kinds = {c: self.grouped.schema[c] for c in ("data", "column", "job")}
        return of_jobs.with_columns(data=pl.Series(data), column=pl.Series(target)).cast(kinds)  # type: ignore[arg-type]

    def one_person_each(self, bit: int, *, special: bool = False) -> Ints:
        """Edges that aggregate over the rows of one person: a grouping key, or a window's, tells who it is.

        A sum by employee is that employee's, and so is for special categories what decides its terms. Statements that
        name no job are taken together.
        """
        aggregates = self.aggregates
        if special:
            aggregates = pl.concat([aggregates, self._with_jobs(self._decided.filter(verdict=AGGREGATED)["edge"].to_numpy())])
        if aggregates.is_empty() or self.grouped.is_empty():
            return np.zeros(0, dtype=np.int64)
        who = self.person_keys(bit)
        keyed = self.grouped.filter(pl.Series(who[self.grouped["source"].to_numpy()]))
        by_group = aggregates.join(keyed.filter(word="GROUP_BY"), on=["data", "job"], how="semi")
        by_window = aggregates.join(keyed.filter(word="WINDOW"), on=["column", "job"], how="semi")
        return np.union1d(by_group["edge"].to_numpy(), by_window["edge"].to_numpy())

    def channel(self, *, special: bool, proved: bool) -> Ranks:
        """Strength of every edge for one kind of label, at one certainty."""
        strength = (self.special if special else self.stated).copy()
        strength[self.one_person_each(PROVED_VALUE if proved else POSSIBLE_VALUE, special=special)] = 0
        return strength

    @property
    def _counted(self) -> pl.DataFrame:
        """Persons that jobs ask of each group, at least: source, data, job, k; the least that was ever asked for.

        A filter of no size lets any group through, whoever speaks of it.
        """
        filters = self.grouped.filter((pl.col("word") == "FILTER") & (pl.col("job") >= 0) & ~pl.col("row").is_in(pl.Series(self.gone, dtype=pl.Int64).implode()))
        least = pl.when(pl.col("k").null_count() == 0).then(pl.col("k").min()).alias("k")
        return filters.group_by("source", "data", "job").agg(least).filter(pl.col("k") > 0)

    @cached_property
    def least(self) -> NDArray[np.int64]:
        """Persons in the smallest group that an edge aggregates over, at least; 0 where that is not known."""
        least = np.zeros(len(self.table), dtype=np.int64)
        counted = self._counted
        if counted.is_empty() or self.aggregates.is_empty():
            return least
        who = self.person_keys(PROVED_VALUE)
        counted = counted.filter(pl.Series(who[counted["source"].to_numpy()]))
        told = counted.group_by("data", "job").agg(pl.col("k").max())  # each of several columns is counted
        every = self.aggregates.join(told, on=["data", "job"], how="left")
        all_jobs = every.group_by("edge").agg(pl.col("k").fill_null(0).min())
        least[all_jobs["edge"].to_numpy()] = all_jobs["k"].to_numpy()
        return least
