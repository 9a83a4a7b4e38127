"""Verdicts on tables and reports, as arrays over the places of the dataset level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.terminal import shown_feeds, terminal_reads, undated_reads, views_logged
from lineage_nb.analyses.unused.dropped import LASTING, dropped_days
from lineage_nb.analyses.unused.freed import saved_costs
from lineage_nb.analyses.unused.twins import twins
from lineage_nb.analyses.unused.written import written_since
from lineage_nb.analyses.usage_log import UsageLog, best_scopes, covered
from lineage_nb.graph.csr import Adjacency, Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.propagate import live, push_max

__all__ = ["EPOCH", "NEVER", "SEASON", "TABLE_VERDICTS", "TOLD", "Tables", "in_words", "silence_is_short"]

Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]

TABLE_VERDICTS = (
    "dropped",
    "protected",
    "live",
    "unknown",
    "seasonal",
    "superseded",
    "self-only",
    "refreshed-only",
    "zombie",
    "write-only",
    "unread",
)
"""The first that applies is the verdict."""
EPOCH = date(1970, 1, 1)
NEVER = -(10**9)
SEASON = 1.25
TOLD = 0.05
"""How likely a sampled log may miss all reads of a table, at its past pace, and still tell that nobody read it."""


def in_words(codes: NDArray[np.int8], words: Sequence[str]) -> pl.Series:
    """Words by their places in a list."""
    return pl.Series(words, dtype=pl.String).gather(pl.Series(codes, dtype=pl.UInt32))


def silence_is_short(reads: pl.DataFrame, end: int) -> pl.Series:
    """Places (column i) whose silence before a day is at most 1.25 times the longest gap between reads (column day)."""
    days = reads.select("i", "day").unique().sort("i", "day")
    gaps = days.group_by("i").agg(pl.col("day").diff().max().alias("gap"), pl.col("day").max().alias("last"))
    return gaps.filter(end - pl.col("last") <= SEASON * pl.col("gap"))["i"]


@dataclass
class Tables:
    """What is known of every dataset and report.

    Attributes
    ----------
    lineage : Lineage
        A snapshot.
    log : UsageLog
        Its usage, without monitors.
    days : int
        Length of the window.
    kept : polars.Series
        Ids that are protected.
    """

    lineage: Lineage
    log: UsageLog
    days: int
    kept: pl.Series

    @property
    def graph(self) -> LineageGraph:
        """The dataset level; a place is a node number of it."""
        return self.lineage.graph("dataset")

    @property
    def window(self) -> tuple[date, date]:
        """First and last day of the window; without a log, the first day there is."""
        return self.log.window(self.days) or (EPOCH, EPOCH)

    @property
    def first(self) -> int:
        """First day of the window, as a number."""
        return (self.window[0] - EPOCH).days

    # -- edges ---------------------------------------------------------------------------------------------------

    @cached_property
    def places(self) -> Longs:
        """Place of every node of the snapshot; -1: it is no dataset or report."""
        found = np.full(len(self.lineage.coded.ids), -1, dtype=np.int64)
        found[self.graph.members] = np.arange(len(self.graph))
        return found

    @cached_property
    def ties(self) -> tuple[Ints, Ints]:
        """Places of what the log or runs alone show to feed something: refreshed reports, and what reading jobs write."""
        shown = shown_feeds(self.lineage, self.log)
        pairs = np.c_[self.places[shown["source"].to_numpy()], self.places[shown["target"].to_numpy()]]
        pairs = pairs[(pairs >= 0).all(axis=1)]
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def net(self) -> tuple[Adjacency, Bools]:
        """Edges that reads travel up: lineage and `ties`; and which of them are proved."""
        own, (source, target) = self.graph.adjacency, self.ties
        if not len(source):
            return own, self.graph.table.proved
        adjacency, order = build_adjacency(own.n, np.r_[own.source, source], np.r_[own.target, target])
        return adjacency, np.r_[self.graph.table.proved, np.ones(len(source), dtype=bool)][order]

    @cached_property
    def sorted_net(self) -> Condensation:
        """The same edges with their cycles collapsed."""
        return condense(self.net[0]) if len(self.ties[0]) else self.graph.condensation

    def feeding(self, marked: Bools) -> Bools:
        """Marked places, and all that feeds them."""
        return live(self.net[0], np.flatnonzero(marked))

    # -- reads ---------------------------------------------------------------------------------------------------

    @cached_property
    def saved(self) -> pl.DataFrame:
        """What each resource costs that ends with it (see `saved_costs`); the costs must be in one currency."""
        return saved_costs(self.lineage, self.log)

    @cached_property
    def reads(self) -> pl.DataFrame:
        """Terminal reads: i (place), c (number of the consumer; null: unnamed), column (number; null), day (number), reads, named_columns, other_columns."""
        found = terminal_reads(self.lineage, self.log)
        numbered = found.select(
            pl.Series("i", self.places[found["i"].to_numpy()], dtype=pl.Int64),
            pl.col("c").cast(pl.Int64),
            self._columns_of(found["column"]),
            pl.col("day").cast(pl.Int32).cast(pl.Int64),
            "reads",
            "named_columns",
            "other_columns",
        )
        return numbered.filter(pl.col("i") >= 0)

    def _columns_of(self, ids: pl.Series) -> pl.Series:
        if ids.null_count() == len(ids):
            return pl.repeat(None, len(ids), dtype=pl.Int64, eager=True).alias("column")
        return self.lineage.coded.numbers(ids).cast(pl.Int64).alias("column")

    @cached_property
    def last(self) -> tuple[Longs, Longs]:
        """Last terminal read of each place or of anything made from it (day number), and the place where it happened."""
        n = len(self.graph)
        last = self.reads.group_by("i").agg(pl.col("day").max())
        packed = np.full(n, -1, dtype=np.int64)
        packed[last["i"].to_numpy()] = last["day"].to_numpy() * n + last["i"].to_numpy()
        packed = push_max(self.sorted_net, packed)
        return np.where(packed >= 0, packed // max(n, 1), NEVER), np.where(packed >= 0, packed % max(n, 1), -1)

    @cached_property
    def readers(self) -> pl.DataFrame:
        """Who read a place last: i, c (of several the first by id; null: unnamed)."""
        latest = self.reads.filter(pl.col("day") == pl.col("day").max().over("i"))
        return latest.group_by("i").agg(pl.col("c").min())

    @cached_property
    def recent(self) -> Bools:
        """Places that something terminal read in the window."""
        found = np.zeros(len(self.graph), dtype=bool)
        found[self.reads.filter(pl.col("day") >= self.first)["i"].to_numpy()] = True
        return found

    @cached_property
    def shown(self) -> Bools:
        """Places whose views a log shows; true for all but reports and what deployed models are or read."""
        return views_logged(self.lineage, self.log)

    @cached_property
    def dropped(self) -> Longs:
        """Day number on which each place was dropped; `LASTING`: it is there."""
        found: Longs = dropped_days(self.lineage, self.log)[self.graph.members]
        return found

    @cached_property
    def undated(self) -> Longs:
        """Number of a job or person recorded to read each place, no record tells when; -1: none."""
        told = undated_reads(self.lineage, self.log)
        at = self.places[told["i"].to_numpy()]
        found = np.full(len(self.graph), -1, dtype=np.int64)
        found[at[at >= 0]] = told["c"].to_numpy()[at >= 0]
        return found

    # -- what the records cannot show ----------------------------------------------------------------------------

    @cached_property
    def coverage(self) -> pl.DataFrame:
        """What is known of the log of each place: covered, why, sample_rate, since, told."""
        known = covered(self.lineage.frames, self.log, self.window)
        mine = self.graph.nodes.select("id").join(known, on="id", how="left", maintain_order="left")
        return mine.with_columns(pl.col("covered").fill_null(value=False), pl.col("why").fill_null("no usage log covers it"))

    @cached_property
    def pace(self) -> NDArray[np.float64]:
        """Terminal reads a day, as recorded, from the first day of a log to the last read; the most of what is fed.

        Counted over at least as many days as the window has: a single read is no pace.
        """
        n = len(self.graph)
        since = pl.DataFrame({"i": np.arange(n), "since": self.coverage["since"].fill_null(self.window[0]).cast(pl.Int32).cast(pl.Int64)})
        own = self.reads.group_by("i").agg(pl.col("reads").sum(), pl.col("day").max()).join(since, on="i")
        span = np.maximum((own["day"] - own["since"] + 1).to_numpy(), self.days)
        pace = np.zeros(n, dtype=np.int64)
        pace[own["i"].to_numpy()] = own["reads"].to_numpy() * 1_000_000 // span
        return push_max(self.sorted_net, pace) / 1_000_000

    @cached_property
    def missed(self) -> NDArray[np.float64]:
        """How likely a sampled log misses every read of a window at the past pace; nan: the log is not sampled."""
        rate = self.coverage["sample_rate"].to_numpy().astype(np.float64)
        missed: NDArray[np.float64] = np.power(1 - rate, np.where(np.isnan(rate), np.nan, self.pace * self.days))
        return missed

    @cached_property
    def own_blind(self) -> Bools:
        """Places of which a read in the window might not be recorded."""
        table = self.coverage
        blind = ~table["covered"].to_numpy()
        if table["sample_rate"].null_count() < len(table):
            blind &= ~(self.missed <= TOLD)
        is_data = (self.graph.nodes["kind"] != "report").to_numpy()
        unsure: Bools = (blind & (is_data | self.shown)) | self.open_ended | (self.undated >= 0)
        return unsure & ~((self.dropped > LASTING) & (self.dropped < self.first))

    @cached_property
    def open_ended(self) -> Bools:
        """Places whose lineage is stated to be incomplete: what they feed may be unrecorded."""
        stated = self.lineage.frames["coverage"].filter(pl.col("what") == "lineage")
        if stated["complete"].fill_null(value=True).all():
            return np.zeros(len(self.graph), dtype=bool)
        scopes = stated.group_by("scope").agg(pl.col("complete").fill_null(value=True).all())
        best = best_scopes(self.graph.nodes.select("id", "namespace", "name"), scopes["scope"])
        gaps = best.join(scopes, on="scope").filter(~pl.col("complete"))["id"]
        return self.graph.nodes["id"].is_in(gaps.implode()).to_numpy()

    @cached_property
    def blind(self) -> Longs:
        """A place whose log or lineage is incomplete and that each place is or feeds; -1: none."""
        if not self.own_blind.any():
            return np.full(len(self.graph), -1, dtype=np.int64)
        return push_max(self.sorted_net, np.where(self.own_blind, np.arange(len(self.graph)), -1))

    # -- verdicts ------------------------------------------------------------------------------------------------

    @cached_property
    def live(self) -> Bools:
        """Places that something terminal read in the window, or anything made from them."""
        return self.last[0] >= self.first

    @cached_property
    def assumed(self) -> Bools:
        """Reports whose views no log shows, and what feeds them."""
        return np.zeros(len(self.graph), dtype=bool) if self.shown.all() else self.feeding(~self.shown)

    @cached_property
    def protected(self) -> Bools:
        """Places that are kept, and still there."""
        kept: Bools = self.graph.nodes["id"].is_in(self.kept.implode()).to_numpy() & (self.dropped == LASTING)
        return kept

    @cached_property
    def needed_by(self) -> Longs:
        """A place that is kept and that each place is or feeds; -1: none."""
        if not self.protected.any():
            return np.full(len(self.graph), -1, dtype=np.int64)
        return push_max(self.sorted_net, np.where(self.protected, np.arange(len(self.graph)), -1))

    @cached_property
    def fans(self) -> Bools:
        """Places that feed another."""
        net = self.net[0]
        return np.bincount(net.source[net.source != net.target], minlength=len(self.graph)) > 0

    @cached_property
    def conditions(self) -> Mapping[str, Bools]:
        """Which places each verdict would fit, in the order in which they apply; without *superseded*."""
        net, n = self.net[0], len(self.graph)
        report = (self.graph.nodes["kind"] == "report").to_numpy()
        seasonal = np.zeros(n, dtype=bool)
        seasonal[silence_is_short(self.reads, (self.window[1] - EPOCH).days).to_numpy()] = True
        itself = np.zeros(n, dtype=bool)
        itself[net.source[net.source == net.target]] = True
        refreshed = np.zeros(n, dtype=bool)
        again = self.log.reads.filter((pl.col("consumer_kind") == "report") & (pl.col("day") >= self.window[0]))
        at = self.places[again["c"].unique().to_numpy()]
        refreshed[at[at >= 0]] = True
        to_reports = ~self.feeding(~self.fans & ~report)
        never, read = self.last[0] == NEVER, self.live | self.assumed
        return {
            "dropped": self.dropped > LASTING,
            "protected": self.protected | ((self.needed_by >= 0) & ~read),
            "live": read,
            "unknown": self.blind >= 0,
            "seasonal": self.feeding(seasonal),
            "self-only": itself & ~self.fans,
            "refreshed-only": self.feeding(refreshed) & to_reports,
            "zombie": self.fans,
            "write-only": written_since(self.lineage, self.window[0])[self.graph.members] & never & ~report,
            "unread": np.ones(n, dtype=bool),
        }

    @cached_property
    def codes(self) -> NDArray[np.int8]:
        """Place in `TABLE_VERDICTS` of each verdict."""
        found = np.full(len(self.graph), len(TABLE_VERDICTS) - 1, dtype=np.int8)
        for verdict in reversed(list(self.conditions)):
            found[self.conditions[verdict]] = TABLE_VERDICTS.index(verdict)
        found[self.twins[0] >= 0] = TABLE_VERDICTS.index("superseded")
        return found

    @cached_property
    def twins(self) -> tuple[Ints, pl.DataFrame]:
        """A live twin of each dead table (see `lineage_nb.analyses.unused.twins`)."""
        told = ("dropped", "protected", "live", "unknown", "seasonal")
        data = (self.graph.nodes["kind"] != "report").to_numpy()
        dead = data & ~np.logical_or.reduce([self.conditions[verdict] for verdict in told])
        return twins(self.lineage, dead, data & self.conditions["live"] & ~self.conditions["dropped"])

    @cached_property
    def verdicts(self) -> pl.Series:
        """The verdict on each place."""
        return in_words(self.codes, TABLE_VERDICTS).alias("verdict")


