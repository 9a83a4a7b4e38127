"""Edges of one level, one per ordered pair, united from what was stated about the pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.coded import VERDICTS
from lineage_nb.graph.csr import Adjacency, Ints, adjacency_of_sorted, stable_order

__all__ = ["EDGE_SCHEMA", "Codes", "EdgeTable", "Statements", "edge_numbers", "unite"]

EDGE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "target": pl.String,
    "type": pl.String,
    "subtype": pl.String,
    "verdict": pl.String,
    "value": pl.Boolean,
    "certainty": pl.String,
    "jobs": pl.List(pl.String),
    "evidence": pl.List(pl.String),
}
_NONE = np.int32(np.iinfo(np.int32).max)
_NO_VERDICT = np.int8(100)
Bools = NDArray[np.bool_]
Codes = NDArray[np.int32]
Ranks = NDArray[np.int8]
Names = Callable[[Ints], pl.Series]


@dataclass(frozen=True)
class Statements:
    """Statements about ordered pairs, as arrays of equal length k.

    Attributes
    ----------
    source, target : numpy.ndarray
        Node numbers.
    job : numpy.ndarray
        Node number of the job; -1: none is named.
    direct, value, proved : numpy.ndarray of bool
        Whether it is DIRECT, carries values, is proved.
    subtype, evidence : numpy.ndarray of int32
        Places in a sorted list of words; -1: none.
    verdict : numpy.ndarray of int8
        Place in `VERDICTS`; -1: none is given.
    """

    source: Ints
    target: Ints
    job: Ints
    direct: Bools
    value: Bools
    proved: Bools
    subtype: Codes
    evidence: Codes
    verdict: Ranks

    def take(self, at: Ints) -> Statements:
        """The statements at the given places."""
        return Statements(**{name: array[at] for name, array in vars(self).items()})

    def join(self, other: Statements) -> Statements:
        """These statements and others."""
        return Statements(**{n: np.concatenate([a, getattr(other, n)]) for n, a in vars(self).items()})


@dataclass(frozen=True)
class EdgeTable:
    """Edges as arrays of length m, in the order of (source, target).

    Attributes
    ----------
    adjacency : Adjacency
        Both directions.
    direct, value, proved : numpy.ndarray of bool
        As in `Statements`, the strongest of all.
    subtype : numpy.ndarray of int32
        Place in `words`; -1: none.
    verdict : numpy.ndarray of int8
        Place in `VERDICTS`; -1: none.
    first : numpy.ndarray or None
        Shape (m + 1,). Where the statements of each edge begin in `job` and `evidence`; None: one each.
    job, evidence : numpy.ndarray
        Of every statement: the job's number and the place in `words`; -1: none.
    words : polars.Series
        Subtypes among them in their own order.
    """

    adjacency: Adjacency
    direct: Bools
    value: Bools
    proved: Bools
    subtype: Codes
    verdict: Ranks
    first: Ints | None
    job: Ints
    evidence: Codes
    words: pl.Series

    def __len__(self) -> int:
        """Count the edges."""
        return self.adjacency.m

    def frame(self, names: Names, jobs: Names, rows: Ints | None = None) -> pl.DataFrame:
        """Describe edges in words.

        Parameters
        ----------
        names, jobs : callable
            Ids that numbers of this level's nodes, and of jobs, stand for; null for -1.
        rows : numpy.ndarray, optional
            Numbers of the edges wanted; all by default.

        Returns
        -------
        polars.DataFrame
            Columns of `EDGE_SCHEMA`; `jobs` and `evidence` are sorted lists.
        """
        at = np.arange(len(self)) if rows is None else np.asarray(rows)
        return pl.DataFrame(
            {
                "source": names(self.adjacency.forward.owner_of(at)),
                "target": names(self.adjacency.target[at]),
                "type": _word(self.direct[at].astype(np.int8), ("INDIRECT", "DIRECT")),
                "subtype": _named(self.subtype[at], self.words),
                "verdict": _word(self.verdict[at], VERDICTS),
                "value": self.value[at],
                "certainty": _word(self.proved[at].astype(np.int8), ("possible", "proved")),
                "jobs": self._lists(at, self.job, jobs),
                "evidence": self._lists(at, self.evidence, partial(_named, names=self.words)),
            },
            schema=EDGE_SCHEMA,
        )

    def jobs_of(self, edges: Ints, *, unnamed: bool = False) -> pl.DataFrame:
        """The jobs that move what edges carry: edge, job (numbers), a row a statement that names one; `unnamed` keeps the others as -1."""
        edge, job = self._statements(edges, self.job)
        found = pl.DataFrame({"edge": edges[edge], "job": job})
        return found if unnamed else found.filter(pl.col("job") >= 0)

    def part(self, edges: Ints, number: Ints, n: int) -> EdgeTable:
        """Keep some edges among some nodes.

        Parameters
        ----------
        edges : numpy.ndarray
            Numbers of the edges to keep, ascending.
        number : numpy.ndarray
            New number of every node that stays, in the old order.
        n : int
            How many nodes stay.
        """
        first, at = None, edges
        if self.first is not None:
            begin, count = self.first[edges], self.first[edges + 1] - self.first[edges]
            first = np.append(0, np.cumsum(count))
            at = np.arange(int(first[-1])) - np.repeat(first[:-1] - begin, count)
        adjacency = adjacency_of_sorted(n, number[self.adjacency.source[edges]], number[self.adjacency.target[edges]])
        return EdgeTable(
            adjacency,
            self.direct[edges],
            self.value[edges],
            self.proved[edges],
            self.subtype[edges],
            self.verdict[edges],
            first,
            self.job[at],
            self.evidence[at],
            self.words,
        )

    def _statements(self, at: Ints, codes: Ints) -> tuple[Ints, Ints]:
        """Position in `at` and code of every statement about the edges `at`."""
        if self.first is None:
            return np.arange(len(at)), codes[at]
        begin, count = self.first[at], self.first[at + 1] - self.first[at]
        inside = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count - begin, count)
        return np.repeat(np.arange(len(at)), count), codes[inside]

    def _lists(self, at: Ints, codes: Ints, names: Names) -> pl.Series:
        """What the statements of each edge name, distinct and sorted."""
        edge, code = self._statements(at, codes)
        told = pl.DataFrame({"edge": edge[code >= 0], "name": names(code[code >= 0])})
        if self.first is not None:
            told = told.unique().sort("edge", "name")
        lists = told.group_by("edge", maintain_order=True).agg("name")
        every = pl.DataFrame({"edge": np.arange(len(at))}, schema={"edge": told.schema["edge"]})
        return every.join(lists, on="edge", how="left", maintain_order="left")["name"].fill_null([])


def edge_numbers(table: EdgeTable, source: Ints, target: Ints) -> tuple[Ints, Bools]:
    """Find the edges between pairs of nodes.

    Returns
    -------
    tuple of numpy.ndarray
        The number of each pair's edge, and whether there is one; where not, the number means nothing.
    """
    adjacency = table.adjacency
    n = max(adjacency.n, 1)
    if not (len(source) and adjacency.m):
        return np.zeros(len(source), dtype=np.int64), np.zeros(len(source), dtype=bool)
    key = source.astype(np.int64) * n + target
    known = adjacency.source.astype(np.int64) * n + adjacency.target
    at: Ints = np.minimum(np.searchsorted(known, key), len(known) - 1)
    return at, known[at] == key


def _named(codes: Ints, names: pl.Series) -> pl.Series:
    return names.gather(pl.select(pl.when(pl.Series(codes >= 0)).then(pl.Series(codes))).to_series())


def _word(codes: NDArray[Any], words: tuple[str, ...]) -> pl.Series:
    return _named(codes.astype(np.int32), pl.Series(words))


def unite(n: int, said: Statements, words: pl.Series) -> EdgeTable:
    """Unite statements about one ordered pair: the strongest of each, all jobs, all evidence.

    Of one job's statements those that give a verdict decide; between jobs the strongest wins, and a job that
    gives none counts as the strongest.

    Parameters
    ----------
    n : int
        Number of nodes.
    said : Statements
        In any order.
    words : polars.Series
        What `subtype` and `evidence` stand for; subtypes among them in their own order.
    """
    if len(said.source) and min(said.source.min(), said.target.min()) < 0:
        raise IndexError("an edge ends outside of the graph")
    most = int(said.job.max()) + 2 if len(said.job) else 1
    order = stable_order(said.job + 1, most)[0]
    order = order[stable_order(said.target[order], n)[0]]
    said = said.take(order[stable_order(said.source[order], n)[0]])
    new = np.ones(len(said.source), dtype=bool)
    new[1:] = (said.source[1:] != said.source[:-1]) | (said.target[1:] != said.target[:-1])
    first = np.flatnonzero(new)
    adjacency = adjacency_of_sorted(n, said.source[first], said.target[first])
    if len(first) == len(new):
        verdict = np.where(said.value, said.verdict, np.int8(-1))
        return EdgeTable(adjacency, said.direct, said.value, said.proved, said.subtype, verdict, None, said.job, said.evidence, words)
    direct = np.logical_or.reduceat(said.direct, first)
    wanted = said.direct | ~np.repeat(direct, np.diff(first, append=len(new)))
    subtype = np.minimum.reduceat(np.where(wanted & (said.subtype >= 0), said.subtype, _NONE), first)
    return EdgeTable(
        adjacency,
        direct,
        np.logical_or.reduceat(said.value, first),
        np.logical_or.reduceat(said.proved, first),
        np.where(subtype == _NONE, np.int32(-1), subtype),
        _strongest(said, new),
        np.append(first, len(new)).astype(adjacency.forward.indptr.dtype),
        said.job,
        said.evidence,
        words,
    )


def _strongest(said: Statements, new: Bools) -> Ranks:
    """Verdict of each pair: per job the strongest that is given, then the strongest job, silence before all."""
    of_job = new.copy()
    of_job[1:] |= said.job[1:] != said.job[:-1]
    begin = np.flatnonzero(of_job)
    given = np.minimum.reduceat(np.where(said.value & (said.verdict >= 0), said.verdict, _NO_VERDICT), begin)
    carries = np.logical_or.reduceat(said.value, begin)
    claim = np.where(carries, np.where(given == _NO_VERDICT, np.int8(-1), given), _NO_VERDICT)
    best = np.minimum.reduceat(claim, np.flatnonzero(new[begin]))
    return np.where(best == _NO_VERDICT, np.int8(-1), best).astype(np.int8)
