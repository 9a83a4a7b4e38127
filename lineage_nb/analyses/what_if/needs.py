"""Who needs what: everything that leads to a terminal read, with and without a set of nodes.

A dataset or report is needed if it, or anything made from it, is read by something terminal within the window:
a person or service, an unnamed reader, a job that exports, or a report that people view. Protected nodes are
needed as well. A job is needed if something it writes is; a test, if something it reads is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.terminal import (
    not_exporting,
    shown_feeds,
    terminal_reads,
    undated_reads,
    views_logged,
)
from lineage_nb.analyses.unused.dropped import dropped_nodes
from lineage_nb.analyses.usage_log import UsageLog, best_scopes, covered
from lineage_nb.graph.csr import Adjacency, Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.propagate import live

__all__ = ["WORLDS", "Needs", "Removal"]

Bools = NDArray[np.bool_]

WORLDS = ("fewest", "recorded", "most")
"""What may be true where records are incomplete. *fewest*: only proved edges, only readers that a log shows.
*recorded*: also edges that are possible, and reports whose views no log records are viewed. *most*: also, what
no complete log covers is read, and what was silent for a season is read again. Each needs all that the one
before needs."""

_EPOCH = date(1970, 1, 1)
_SEASON = 1.25


def _quiet(days: pl.DataFrame, by: list[str], end: date) -> pl.DataFrame:
    """Groups whose silence before the end is no longer than between their earlier reads, with some grace."""
    gaps = days.sort(*by, "day").group_by(by).agg(
        pl.col("day").diff().dt.total_days().max().alias("gap"), pl.col("day").max().alias("last")
    )
    silence = (pl.lit(end) - pl.col("last")).dt.total_days()
    return gaps.filter(silence <= _SEASON * pl.col("gap")).select(by)


@dataclass(frozen=True)
class Removal:
    """What is taken away.

    Attributes
    ----------
    data : numpy.ndarray of bool
        Shape (nodes of the dataset level,): datasets and reports.
    others : numpy.ndarray
        Numbers in the snapshot of jobs, people and services.
    """

    data: Bools
    others: Ints


@dataclass(frozen=True)
class Needs:
    """What is needed, and by whom.

    Attributes
    ----------
    lineage : Lineage
        A snapshot.
    log : UsageLog
        Its usage, without monitors.
    days : int
        Length of the window, counted back from the end of the log.
    kept : collection of str
        Ids and tags of protected nodes.
    """

    lineage: Lineage
    log: UsageLog
    days: int
    kept: Collection[str]

    @property
    def graph(self) -> LineageGraph:
        """The dataset level; places below are its node numbers."""
        return self.lineage.graph("dataset")

    @cached_property
    def places(self) -> Ints:
        """Place of every node of the snapshot at the dataset level; -1: it is none of these."""
        found = np.full(len(self.lineage.coded.ids), -1, dtype=np.int64)
        found[self.graph.members] = np.arange(len(self.graph))
        return found

    @property
    def window(self) -> tuple[date, date]:
        """First and last day of the window; without a log, the first day there is."""
        return self.log.window(self.days) or (_EPOCH, _EPOCH)

    # -- edges ---------------------------------------------------------------------------------------------------

    @cached_property
    def _ends(self) -> tuple[Adjacency, Ints]:
        """Lineage, and what the log or runs alone show to feed something; and the row of each edge (-1: not in lineage)."""
        arcs = self.graph.adjacency
        shown = shown_feeds(self.lineage, self.log)
        source, target = (self.places[shown[side].to_numpy()] for side in ("source", "target"))
        known = (source >= 0) & (target >= 0)
        row = np.concatenate([np.arange(arcs.m), np.full(int(known.sum()), -1)])
        both = [np.concatenate([a, b[known]]) for a, b in ((arcs.source, source), (arcs.target, target))]
        adjacency, order = build_adjacency(len(self.graph), both[0], both[1])
        return adjacency, row[order]

    @property
    def adjacency(self) -> Adjacency:
        """What needs travel up: lineage, the refreshes of reports, and inputs that only the log or runs show."""
        return self._ends[0]

    @property
    def rows(self) -> Ints:
        """Row of the dataset level's table that each edge is; -1: only the log shows it."""
        return self._ends[1]

    def _placed(self, ids: pl.Series) -> Ints:
        numbers = self.lineage.coded.numbers(ids).fill_null(-1).to_numpy()
        return np.where(numbers >= 0, self.places[numbers], -1)

    def edges(self, world: str, removal: Removal | None = None) -> Bools:
        """Tell which edges are there; shape (edges,), by edge number of `adjacency`.

        An edge goes with the last of the jobs that it names; in the world *most* it stays while a source
        states it without naming a job.
        """
        table, rows = self.graph.table, self.rows
        there = np.ones(len(rows), dtype=bool)
        if world == "fewest" and len(table):
            there &= (rows < 0) | table.proved[rows]
        if removal is None:
            return there
        there &= ~removal.data[self.adjacency.target] & ~removal.data[self.adjacency.source]
        if len(removal.others) and len(table):
            there &= (rows < 0) | ~self._stopped(removal.others, strictly=world == "most")[rows]
        return there

    def _stopped(self, jobs: Ints, *, strictly: bool) -> Bools:
        """Rows of the table that only the given jobs carry."""
        table = self.graph.table
        taken = np.zeros(len(self.lineage.coded.ids) + 1, dtype=bool)
        taken[jobs] = True
        named, mine = table.job >= 0, taken[table.job]
        if table.first is None:
            return mine
        begins = table.first[:-1]
        every: Bools = np.logical_and.reduceat(mine if strictly else mine | ~named, begins)
        some: Bools = np.logical_or.reduceat(mine, begins)
        return every & some

    # -- readers -------------------------------------------------------------------------------------------------

    @cached_property
    def _terminal(self) -> pl.DataFrame:
        return terminal_reads(self.lineage, self.log)

    @cached_property
    def reads(self) -> pl.DataFrame:
        """Terminal reads in the window: place, consumer (number; -1: unnamed), day (the last); a row a pair."""
        recent = self._terminal.filter(pl.col("day") >= self.window[0])
        found = recent.group_by("node", "consumer").agg(pl.col("day").max())
        return self._numbered(found)

    @cached_property
    def dropped(self) -> Bools:
        """What is gone already; shape (nodes of the snapshot,)."""
        return dropped_nodes(self.lineage, self.log)

    @cached_property
    def protected(self) -> Bools:
        """Nodes that are kept whatever is read."""
        nodes, kept = self.graph.nodes, sorted(self.kept)
        tagged = nodes["tags"].list.set_intersection(kept).list.len().fill_null(0).to_numpy() > 0
        protected: Bools = tagged | nodes["id"].is_in(kept).to_numpy()
        return protected

    @cached_property
    def assumed(self) -> Bools:
        """Reports whose views no log records."""
        return ~views_logged(self.lineage, self.log)

    @cached_property
    def unsure(self) -> Bools:
        """What may be read though no read is recorded: no complete log, no complete lineage."""
        known = covered(self.lineage.frames, self.log, self.window).select("id", "covered")
        mine = self.graph.nodes.select("id", "kind", "namespace", "name").join(known, on="id", how="left", maintain_order="left")
        blind = ~mine["covered"].fill_null(value=False).to_numpy() & (mine["kind"] != "report").to_numpy()
        stated = self.lineage.frames["coverage"].filter(pl.col("what") == "lineage")
        scopes = stated.group_by("scope").agg(pl.col("complete").fill_null(value=True).all())
        gaps = best_scopes(mine, scopes["scope"]).join(scopes, on="scope").filter(~pl.col("complete"))["id"]
        unsure: Bools = blind | mine["id"].is_in(gaps.implode()).to_numpy()
        undated = self.places[undated_reads(self.lineage, self.log)["i"].to_numpy()]
        unsure[undated[undated >= 0]] = True
        return unsure & ~self.dropped[self.graph.members]

    @cached_property
    def seasonal(self) -> pl.DataFrame:
        """Readers that may come back: place, consumer (number; -1: unnamed).

        Their silence, or that of all readers of the place together, is at most 1.25 times the longest past gap.
        """
        days = self._terminal.select("node", "consumer", "day").unique()
        own = _quiet(days, ["node", "consumer"], self.window[1])
        together = _quiet(days.select("node", "day").unique(), ["node"], self.window[1])
        live_now = self._terminal.filter(pl.col("day") >= self.window[0])["node"].unique()
        together = together.filter(~pl.col("node").is_in(live_now.implode()))
        pairs = days.select("node", "consumer").unique()
        found = pl.concat([own, pairs.join(together, on="node")]).unique()
        return self._numbered(found)

    def _numbered(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Columns node and consumer as place and number."""
        consumer = self.lineage.coded.numbers(pairs["consumer"]).cast(pl.Int64).fill_null(-1)
        places = pl.Series("place", self._placed(pairs["node"]), dtype=pl.Int64)
        numbered = pairs.drop("node", "consumer").with_columns(places, consumer.alias("consumer"))
        return numbered.filter(pl.col("place") >= 0).sort("place", "consumer")

    def starts(self, world: str, removal: Removal | None = None) -> Bools:
        """Tell what is read or kept itself; shape (nodes of the dataset level,)."""
        seeds = self.protected.copy()
        for reads in (self.reads, self.seasonal) if world == "most" else (self.reads,):
            others = np.zeros(0, dtype=np.int64) if removal is None else removal.others
            stay = reads.filter(~pl.col("consumer").is_in(pl.Series(others, dtype=pl.Int64).implode()))
            seeds[stay["place"].to_numpy()] = True
        if world != "fewest":
            seeds |= self.assumed
        if world == "most":
            seeds |= self.unsure
        return seeds if removal is None else seeds & ~removal.data

    # -- what is needed ------------------------------------------------------------------------------------------

    def needed(self, world: str = "recorded", removal: Removal | None = None) -> Bools:
        """Mark what is needed; shape (nodes of the dataset level,). What is removed is not.

        Parameters
        ----------
        world : str
            One of `WORLDS`.
        removal : Removal, optional
            What is not there.
        """
        seeds = np.flatnonzero(self.starts(world, removal))
        found = live(self.adjacency, seeds, allowed=self.edges(world, removal))
        return found if removal is None else found & ~removal.data

    @cached_property
    def ties(self) -> tuple[Ints, Ints]:
        """What each job works for: (number of a job, place); what it writes, or what a test reads."""
        coded = self.lineage.coded
        edges = coded.active().select("type", "source", "target", "source_data", "target_data")
        writes = edges.filter(pl.col("type") == "WRITE").select(job="source", data="target_data")
        quiet = coded.numbers(not_exporting(self.lineage)).drop_nulls()
        tests = edges.filter(
            (pl.col("type") == "READ")
            & pl.col("target").is_in(quiet.implode())
            & ~pl.col("target").is_in(writes["job"].unique().implode())
        ).select(job="target", data="source_data")
        both = pl.concat([writes, tests]).unique().sort("job", "data")
        places = self.places[both["data"].to_numpy()]
        return both["job"].to_numpy()[places >= 0], places[places >= 0]

    def jobs(self, data: Bools) -> Bools:
        """Mark the jobs that work for marked datasets and reports; shape (nodes of the snapshot,)."""
        job, place = self.ties
        found = np.zeros(len(self.lineage.coded.ids), dtype=bool)
        found[job[data[place]]] = True
        return found
