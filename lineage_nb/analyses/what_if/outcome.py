"""What becomes of every node when some are removed: gone, needed as before, or without an input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from lineage_nb.analyses.what_if.needs import WORLDS, Bools, Needs, Removal
from lineage_nb.analyses.what_if.savings import freed_of
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.propagate import live, push_max

__all__ = ["UNNAMED", "WHAT", "Outcome"]

WHAT = ("removed", "no longer needed", "loses an input")
"""What becomes of a node, in the order of the frame."""
UNNAMED = "unnamed reader"
"""Who reads where the log names nobody."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of everything.

    Attributes
    ----------
    needs : Needs
        Who needs what.
    asked : list of str
        Ids of what is to go.
    costs : polars.DataFrame
        What each resource costs (`lineage_nb.analyses.what_if.savings.resource_costs`).
    """

    needs: Needs
    asked: list[str]
    costs: pl.DataFrame

    @property
    def lineage(self) -> Lineage:
        """The snapshot."""
        return self.needs.lineage

    @cached_property
    def removal(self) -> Removal:
        """What is to go, in numbers."""
        numbers = self.lineage.coded.numbers(pl.Series(self.asked, dtype=pl.String)).to_numpy().astype(np.int64)
        data = np.zeros(len(self.needs.graph), dtype=bool)
        places = self.needs.places[numbers]
        data[places[places >= 0]] = True
        return Removal(data, numbers[places < 0])

    @cached_property
    def removed(self) -> Bools:
        """Marks what is to go; shape (nodes of the snapshot,)."""
        found = np.zeros(len(self.lineage.coded.ids), dtype=bool)
        found[self.needs.graph.members[self.removal.data]] = True
        found[self.removal.others] = True
        return found

    @cached_property
    def before(self) -> Mapping[str, Bools]:
        """What is needed today, by world; shape (nodes of the dataset level,)."""
        return {world: self.needs.needed(world) for world in WORLDS}

    @cached_property
    def after(self) -> Mapping[str, Bools]:
        """What is needed without the set, by world."""
        return {world: self.needs.needed(world, self.removal) for world in WORLDS}

    @cached_property
    def gone(self) -> Bools:
        """What is removed, or needed before and not after; shape (nodes of the snapshot,)."""
        was, remains = self.before["recorded"], self.after["recorded"]
        return self._with_jobs(was & ~remains, was, remains)

    @cached_property
    def surely_gone(self) -> Bools:
        """What is gone whatever is true: needed before even in the fewest ways, needed after by none of the most."""
        was, remains = self.before["fewest"], self.after["most"]
        return self._with_jobs(was & ~remains, was, remains)

    @cached_property
    def perhaps_gone(self) -> Bools:
        """What is gone in some case that the records allow.

        There, a way to a reader leads through what is removed, and nothing on it as far as that is needed for
        certain without the set: the case in which just this way exists.
        """
        needs, removal, was = self.needs, self.removal, self.before["most"]
        free, edges = ~self.after["fewest"] & ~removal.data, needs.adjacency
        there = needs.edges("recorded", removal)
        broken = np.concatenate([self._removed_of(reads)["place"].to_numpy() for reads in (needs.reads, needs.seasonal)])
        cut = edges.source[~there & was[edges.target]]
        starts = np.union1d(broken, cut).astype(np.int64)
        may = live(edges, starts[free[starts]], allowed=there & free[edges.source] & free[edges.target])
        return self._with_jobs(may, may | (removal.data & was), self.after["fewest"])

    def _with_jobs(self, data: Bools, was: Bools, remains: Bools) -> Bools:
        """Mark what is removed, the given data, and jobs that worked for what `was` needed and not for what `remains`."""
        found, jobs = self.removed.copy(), self.needs.jobs
        found[self.needs.graph.members[data]] = True
        nothing_left = self._tied & ~jobs(~self.removal.data)
        found |= (jobs(was) | nothing_left) & ~jobs(remains)
        return found

    @cached_property
    def _tied(self) -> Bools:
        """Jobs that write, or test, something known."""
        return self.needs.jobs(np.ones(len(self.needs.graph), dtype=bool))

    @cached_property
    def freed(self) -> tuple[int, int, int]:
        """Micro-units: at least, as recorded, at most."""
        least, exact, most = self.surely_gone, self.gone, self.perhaps_gone
        sums = [freed_of(self.costs, marked) for marked in (least, exact, most)]
        credits_ = self.costs.filter((pl.col("amount") < 0) & ~pl.col("kept"))
        if credits_.height:  # a credit that only may go makes the bounds wider, not narrower
            sums[0] += freed_of(credits_, most & ~least)
            sums[2] += freed_of(credits_, least) - freed_of(credits_, most)
        return sums[0], sums[1], sums[2]

    @cached_property
    def already_unused(self) -> Bools:
        """What nobody needed before, and is not removed; shape (nodes of the snapshot,)."""
        found = np.zeros(len(self.lineage.coded.ids), dtype=bool)
        found[self.needs.graph.members[~self.before["recorded"]]] = True
        return (found | (self._tied & ~self.needs.jobs(self.before["recorded"]))) & ~self.gone & ~self.needs.dropped

    @cached_property
    def lost(self) -> Bools:
        """What is gone, or misses an input or the job that writes it; shape (nodes of the dataset level,)."""
        return self._downstream(self.gone, "recorded")

    @cached_property
    def surely_lost(self) -> Bools:
        """The same by proved edges alone."""
        return self._downstream(self.surely_gone, "fewest")

    def _downstream(self, gone: Bools, world: str) -> Bools:
        seeds, edges = gone[self.needs.graph.members].copy(), self.needs.adjacency
        job, place = self.needs.ties
        seeds[place[self.removed[job]]] = True
        allowed = self.needs.edges(world)[edges.backward.numbers()]
        return live(edges.reversed(), np.flatnonzero(seeds), allowed=allowed)

    # -- frame ---------------------------------------------------------------------------------------------------

    def frame(self) -> pl.DataFrame:
        """The answer's frame."""
        gone, ids = self.gone, self.lineage.coded.ids
        numbers = np.flatnonzero(gone)
        rows = pl.DataFrame({"resource": numbers.astype(np.int64), "node": ids.gather(numbers), "removed": self.removed[numbers]})
        rows = rows.with_columns(
            pl.when("removed").then(pl.lit(WHAT[0])).otherwise(pl.lit(WHAT[1])).alias("what"),
            pl.Series("certainty", np.where(self.surely_gone[numbers], "proved", "possible")),
            self._evidence(numbers).alias("evidence"),
        )
        rows = rows.join(self.costs, on="resource", how="left")
        freed = pl.when(pl.col("kept")).then(0).otherwise(pl.col("amount")).fill_null(0)
        told = pl.when(pl.col("kept")).then(pl.lit("; it is billed on: the files are another's, or retained for a time")).otherwise(pl.lit(""))
        rows = rows.with_columns(
            freed.alias("freed"),
            pl.when(pl.col("capacity")).then(0).otherwise(freed).fill_null(0).alias("cash"),
            pl.lit(None, pl.List(pl.String)).alias("loses"),
            (pl.col("evidence") + told.fill_null("")).alias("evidence"),
        )
        columns = ["node", "what", "component", "freed", "cash", "loses", "certainty", "evidence"]
        place = {what: i for i, what in enumerate(WHAT)}
        both = pl.concat([rows.select(columns), self._losers().select(columns)])
        total = pl.col("freed").sum().over("node", "what")
        return both.sort(pl.col("what").replace_strict(place, return_dtype=pl.Int8), -total, "node", -pl.col("freed"), "component")

    def _evidence(self, numbers: Ints) -> pl.Series:
        """Why each is gone, in words."""
        lineage, places = self.lineage, self.needs.places[numbers]
        cause = np.where(places >= 0, self._towards[places], -1)
        known = np.unique(cause[cause >= 0])
        texts = ["needed by nobody else"]
        texts += [f"needed only for what goes, such as {lineage.spoken(node)}" for node in lineage.coded.ids.gather(known)]
        said = pl.Series(texts).gather(np.where(cause >= 0, np.searchsorted(known, cause) + 1, 0))
        asked, job = pl.Series(self.removed[numbers]), pl.Series(lineage.coded.of_kind("job")[numbers])
        other = pl.when(job).then(pl.lit("nothing it works for is needed any longer")).otherwise(said)
        before = pl.Series(self.needs.dropped[numbers])
        already = pl.when(before).then(pl.lit("it is gone already: dropped before the records end"))
        return pl.select(already.when(asked).then(pl.lit("asked to be removed")).otherwise(other)).to_series().alias("evidence")

    @cached_property
    def _towards(self) -> Ints:
        """Number of something removed that each dataset led to; -1: nothing. Shape (nodes of the dataset level,)."""
        needs, cause = self.needs, np.full(len(self.needs.graph), -1, dtype=np.int64)
        stopped = needs.edges("recorded") & ~needs.edges("recorded", self.removal)
        jobs = self.removal.others[self.lineage.coded.of_kind("job")[self.removal.others]]
        if len(jobs):
            cause[needs.adjacency.source[stopped]] = jobs[-1]
        reads = self._removed_of(needs.reads)
        cause[reads["place"].to_numpy()] = reads["consumer"].to_numpy()
        cause[self.removal.data] = needs.graph.members[self.removal.data]
        return push_max(needs.adjacency, cause)

    def _removed_of(self, reads: pl.DataFrame) -> pl.DataFrame:
        """The reads by what is removed."""
        return reads.filter(pl.col("consumer").is_in(pl.Series(self.removal.others, dtype=pl.Int64).implode()))

    def _losers(self) -> pl.DataFrame:
        """Consumers that stay and miss something: a row each."""
        needs, graph = self.needs, self.needs.graph
        ids, at = self.lineage.coded.ids, pl.Series(self.needs.graph.members)
        reads = needs.reads.filter(
            pl.Series(self.lost[needs.reads["place"].to_numpy()])
            & ~pl.col("consumer").is_in(pl.Series(self.removal.others).implode())
        )
        known = pl.when(pl.col("consumer") >= 0).then("consumer")
        people = reads.select(ids.gather(reads.select(known)["consumer"]).fill_null(UNNAMED).alias("node"), "place", "day")
        people = people.with_columns(
            pl.format("last read on {}", "day").alias("evidence"), sure=pl.Series(self.surely_lost[reads["place"].to_numpy()])
        )
        shown = self.lost & (graph.nodes["kind"] == "report").to_numpy() & ~self.gone[graph.members]
        edge = shown[needs.adjacency.target] & self.lost[needs.adjacency.source]
        reports = pl.DataFrame(
            {
                "node": ids.gather(at.gather(needs.adjacency.target[edge])),
                "place": needs.adjacency.source[edge].astype(np.int64),
                "evidence": pl.repeat("shows what is gone, or made from it", int(edge.sum()), dtype=pl.String, eager=True),
                "sure": self.surely_lost[needs.adjacency.source[edge]] & needs.edges("fewest")[edge],
            }
        )
        both = pl.concat([people.select(reports.columns), reports])
        both = both.with_columns(ids.gather(at.gather(both["place"])).alias("input"))
        told = both.group_by("node").agg(pl.col("input").unique().sort().alias("loses"), pl.col("evidence").max(), pl.col("sure").any())
        return told.select(
            "node",
            pl.lit(WHAT[2]).alias("what"),
            pl.lit(None, pl.String).alias("component"),
            pl.lit(0, pl.Int64).alias("freed"),
            pl.lit(0, pl.Int64).alias("cash"),
            "loses",
            pl.when("sure").then(pl.lit("proved")).otherwise(pl.lit("possible")).alias("certainty"),
            "evidence",
        )
