"""What becomes of a value on each edge, as labels see it: predicates, decryption, groups of one person, their size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.coded import VERDICTS
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import POSSIBLE_VALUE, PROVED_VALUE

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
    keys : numpy.ndarray
        Nodes that tell persons apart: tagged with a label that does.
    """

    lineage: Lineage
    graph: LineageGraph
    keys: Ints

    @cached_property
    def stated(self) -> Ranks:
        """Place in `VERDICTS`; an edge that gives none counts as plain."""
        return np.maximum(self.graph.table.verdict, np.int8(0))

    @cached_property
    def words(self) -> pl.DataFrame:
        """Statements whose subtype says more than their verdict, with the number of their edge."""
        words = (DECRYPTION, PREDICATE, "CONDITIONAL")
        marked = [i for i, w in enumerate(self.lineage.coded.words) if w in words]
        coded = self.lineage.coded.edges
        return self._numbered(coded.filter(pl.col("subtype").is_in(marked).fill_null(value=False)) if marked else coded.clear())

    def _numbered(self, said: pl.DataFrame) -> pl.DataFrame:
        """Add to statements the number of their edge; those without one are left out."""
        adjacency = self.graph.table.adjacency
        n = max(adjacency.n, 1)
        key = said["source"].to_numpy().astype(np.int64) * n + said["target"].to_numpy()
        known = adjacency.source.astype(np.int64) * n + adjacency.target if len(key) else key
        at = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
        there = known[at] == key if len(known) else np.zeros(len(key), dtype=bool)
        return said.with_columns(edge=pl.Series(at, dtype=pl.Int64)).filter(pl.Series(there))

    def _with_word(self, *words: str) -> pl.DataFrame:
        places = [i for i, w in enumerate(self.lineage.coded.words) if w in words]
        return self.words.filter(pl.col("subtype").is_in(places).fill_null(value=False))

    @cached_property
    def restores(self) -> NDArray[np.bool_] | None:
        """Edges that give plain values for pseudonyms; None where there are none."""
        plain = pl.col("verdict").is_null() | (pl.col("verdict") == 0)
        edges = self._with_word(DECRYPTION).filter((pl.col("type") == "DIRECT") & plain)["edge"].to_numpy()
        return self._marked(edges) if len(edges) else None

    def _marked(self, edges: Ints) -> NDArray[np.bool_]:
        marked = np.zeros(len(self.graph.table), dtype=bool)
        marked[edges] = True
        return marked

    @cached_property
    def conditions(self) -> Ints:
        """Edges that let a column decide another's value, as CASE does, and carry no value themselves."""
        found = self._with_word("CONDITIONAL").filter((pl.col("target_kind") == "column") & (pl.col("source_kind") == "column"))
        edges: Ints = found["edge"].unique().sort().to_numpy()
        silent: Ints = edges[~self.graph.table.value[edges]]
        return silent

    @cached_property
    def special(self) -> Ranks:
        """As `stated`, for special categories: a predicate tells the value, and so does what may be one."""
        known = [i for i, w in enumerate(self.lineage.coded.words) if w in _NO_PREDICATE]
        telling = (pl.col("verdict") == DERIVED) & ~pl.col("subtype").is_in(known).fill_null(value=False)
        found = self._numbered(self.lineage.coded.edges.filter((pl.col("type") == "DIRECT") & telling))["edge"].unique()
        strength = self.stated.copy()
        strength[self.conditions] = 0
        if not len(found):
            return strength
        coded = self.lineage.coded
        of_columns = coded.edges.filter((pl.col("type") == "DIRECT") & ~pl.col("source_kind").is_in(["job"]))
        said = self._numbered(of_columns).filter(pl.col("edge").is_in(found.implode()))
        rank = pl.when(telling).then(0).otherwise(pl.col("verdict")).cast(pl.Int16)
        jobs = said.with_columns(rank=rank).group_by("edge", "job").agg(pl.col("rank").min().fill_null(0))
        best = jobs.group_by("edge").agg(pl.col("rank").min())
        strength[best["edge"].to_numpy()] = best["rank"].to_numpy()
        return strength

    def person_keys(self, bit: int) -> NDArray[np.bool_]:
        """Nodes with one value a person, plain or pseudonymised: what is tagged so, and what it reaches."""
        who = np.zeros(self.graph.arcs.n, dtype=bool)
        if len(self.keys):
            allowed = self.of_arcs(self.stated) <= PSEUDONYMISED
            who[self.graph.reacher.reach(self.keys, bit=bit, allowed=allowed).nodes] = True
        return who

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
        """What jobs group by, partition by or count: source, data (the dataset), column (-1: all), job, subtype, k."""
        coded = self.lineage.coded
        frame = self.lineage.frames["edges"]
        k = frame["k"].cast(pl.Int64, strict=False) if "k" in frame.columns else pl.repeat(None, frame.height, dtype=pl.Int64, eager=True)
        said = coded.edges.with_columns(k=k, word=frame["subtype"]).filter(pl.col("word").is_in(["GROUP_BY", "WINDOW", "FILTER"]))
        column = pl.when(pl.col("target_kind") == "column").then("target").otherwise(-1)
        return said.select("source", pl.col("target_data").alias("data"), column.alias("column"), "job", "word", "k").drop_nulls("job")

    @cached_property
    def aggregates(self) -> pl.DataFrame:
        """Edges that aggregate, with each job: edge, data, column, job."""
        table = self.graph.table
        edges = np.flatnonzero(table.verdict == AGGREGATED)
        of_jobs = table.jobs_of(edges)
        target = table.adjacency.target[of_jobs["edge"].to_numpy()]
        data = self.lineage.coded.data[target]
        kinds = {"data": self.grouped.schema["data"], "column": self.grouped.schema["column"], "job": self.grouped.schema["job"]}
        return of_jobs.with_columns(data=pl.Series(data), column=pl.Series(target)).cast(kinds)  # type: ignore[arg-type]

    def one_person_each(self, bit: int) -> Ints:
        """Edges that aggregate over the rows of one person: a grouping key, or a window's, tells who it is.

        A sum by employee is that employee's.
        """
        if self.aggregates.is_empty() or self.grouped.is_empty() or not len(self.keys):
            return np.zeros(0, dtype=np.int64)
        who = self.person_keys(bit)
        keyed = self.grouped.filter(pl.Series(who[self.grouped["source"].to_numpy()]))
        by_group = self.aggregates.join(keyed.filter(word="GROUP_BY"), on=["data", "job"], how="semi")
        by_window = self.aggregates.join(keyed.filter(word="WINDOW"), on=["column", "job"], how="semi")
        return np.union1d(by_group["edge"].to_numpy(), by_window["edge"].to_numpy())

    def channel(self, *, special: bool, proved: bool) -> Ranks:
        """Strength of every edge for one kind of label, at one certainty."""
        strength = (self.special if special else self.stated).copy()
        strength[self.one_person_each(PROVED_VALUE if proved else POSSIBLE_VALUE)] = 0
        return strength

    @cached_property
    def least(self) -> NDArray[np.int64]:
        """Persons in the smallest group that an edge aggregates over, at least; 0 where that is not known."""
        least = np.zeros(len(self.graph.table), dtype=np.int64)
        counted = self.grouped.filter((pl.col("word") == "FILTER") & (pl.col("k") > 0))
        if counted.is_empty() or self.aggregates.is_empty():
            return least
        who = self.person_keys(PROVED_VALUE)
        counted = counted.filter(pl.Series(who[counted["source"].to_numpy()]))
        told = counted.group_by("data", "job").agg(pl.col("k").max())
        every = self.aggregates.join(told, on=["data", "job"], how="left")
        all_jobs = every.group_by("edge").agg(pl.col("k").fill_null(0).min())
        named = self.graph.table.first
        edges = all_jobs["edge"].to_numpy()
        least[edges] = all_jobs["k"].to_numpy()
        if named is not None:
            silent = [e for e in edges.tolist() if (self.graph.table.job[named[e] : named[e + 1]] < 0).any()]
            least[silent] = 0
        return least
