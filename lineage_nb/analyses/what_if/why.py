"""Why a node is no longer needed, or who still needs it, hop by hop."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl

from lineage_nb.analyses.what_if.needs import Bools, Removal
from lineage_nb.analyses.what_if.outcome import UNNAMED, Outcome
from lineage_nb.graph.csr import Csr, Ints

__all__ = ["STATES", "explain"]

STATES = ("removed", "no longer needed", "unused before", "stays")
"""What becomes of the target of a hop."""
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "target": pl.String,
    "tie": pl.String,
    "state": pl.String,
    "certainty": pl.String,
    "jobs": pl.List(pl.String),
}


def explain(outcome: Outcome, node: str) -> pl.DataFrame:
    """Show why a node is no longer needed, who still needs it, or what a consumer loses.

    Parameters
    ----------
    outcome : Outcome
        What becomes of everything.
    node : str
        An id or short name.

    Returns
    -------
    polars.DataFrame
        source, target, tie (feeds, writes, tests, is read by, is kept, is assumed to be viewed), state of the
        target (see `STATES`), certainty, jobs; nearest first.

        Of a node that stays: one shortest way to a reader that stays. Of one that is gone or was unused: all the
        ways that led from it, each as far as what was removed or unused before; no row: nothing led anywhere.
        Of a consumer that loses something: the way from what is gone.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    """
    number = outcome.lineage.coded.numbers(pl.Series([outcome.lineage.names.resolve(node)])).item()
    number = int(outcome.lineage.coded.data[number])
    place, why = int(outcome.needs.places[number]), _Why(outcome)
    if place >= 0:
        if outcome.lost[place] and not outcome.gone[number] and why.is_report(place):
            return why.loss(place)
        return why.stays(place) if outcome.after["recorded"][place] else why.ways(np.array([place]))
    if outcome.lineage.coded.kinds[number] == "job" and (outcome.needs.ties[0] == number).any():
        return why.job(number)
    return why.reader(number)


class _Why:
    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.needs = outcome, outcome.needs
        self.coded, self.graph = outcome.lineage.coded, outcome.needs.graph

    def is_report(self, place: int) -> bool:
        """Whether it is a report."""
        return bool(self.graph.naming.of_kind("report")[place])

    # -- answers -------------------------------------------------------------------------------------------------

    def stays(self, place: int) -> pl.DataFrame:
        """One shortest way from what stays to a reader that stays, and that reader."""
        needs, removal = self.needs, self.outcome.removal
        rows = needs.adjacency.forward
        path = _way(rows, np.array([place]), needs.starts("recorded", removal), needs.edges("recorded", removal))
        return _joined([self._edges(_edges_of(rows, path)), self._reads_of(path[-1:], removal).head(1)])

    def ways(self, places: Ints) -> pl.DataFrame:
        """All ways from what is not needed any longer, as far as what is removed or was unused before."""
        rows = self.needs.adjacency.forward
        go_on = self.outcome.before["recorded"] & ~self.outcome.removal.data & ~self.outcome.after["recorded"]
        front, seen, found = places, np.zeros(len(self.graph), dtype=bool), []
        while len(front):
            seen[front] = True
            edge = rows.places(front)[0]
            found.append(_joined([self._edges(edge), self._reads_of(front, None)]))
            front = np.unique(rows.indices[edge]).astype(np.int64)
            front = front[go_on[front] & ~seen[front]]
        return _joined(found)

    def loss(self, place: int) -> pl.DataFrame:
        """One shortest way from what is gone to a report that stays."""
        back = self.needs.adjacency.backward
        path = _way(back, np.array([place]), self._origins(), np.ones(back.m, dtype=bool))
        return self._edges(_edges_of(self.needs.adjacency.forward, path[::-1]))

    def job(self, number: int) -> pl.DataFrame:
        """What a job works for, and, if it stays, who needs that."""
        job, place = self.needs.ties
        mine = place[job == number]
        wrote = "writes" if self.coded.edges.filter((pl.col("type") == "WRITE") & (pl.col("source") == number)).height else "tests"
        first = self._frame(np.full(len(mine), number), self.graph.members[mine], wrote)
        needed = mine[self.outcome.after["recorded"][mine]]
        return first if self.outcome.gone[number] or not len(needed) else _joined([first, self.stays(int(needed[0]))])

    def reader(self, number: int) -> pl.DataFrame:
        """What a reader loses, and the way there; of one that is removed, what it read."""
        reads = self.needs.reads.filter(pl.col("consumer") == number)
        places = reads["place"].to_numpy()
        lost = places if self.outcome.removed[number] else places[self.outcome.lost[places]]
        read = self._frame(self.graph.members[lost], np.full(len(lost), number), "is read by")
        if self.outcome.removed[number] or not len(lost):
            return read
        back = self.needs.adjacency.backward
        path = _way(back, lost, self._origins(), np.ones(back.m, dtype=bool))
        return _joined([self._edges(_edges_of(self.needs.adjacency.forward, path[::-1])), read])

    # -- rows ----------------------------------------------------------------------------------------------------

    def _origins(self) -> Bools:
        """What is gone, and what a removed job wrote."""
        found = self.outcome.gone[self.graph.members]
        job, place = self.needs.ties
        found[place[self.outcome.removed[job]]] = True
        return found

    def _states(self, numbers: Ints) -> Ints:
        """Place in `STATES` of nodes of the snapshot; a reader stays unless it is removed."""
        gone, unused = self.outcome.gone[numbers], self.outcome.already_unused[numbers]
        return np.select([self.outcome.removed[numbers], gone, unused], [0, 1, 2], default=3)

    def _frame(self, source: Ints, target: Ints, tie: str) -> pl.DataFrame:
        ids, known = self.coded.ids, pl.Series(target)
        state = pl.Series(STATES).gather(self._states(target))
        return pl.DataFrame({"source": ids.gather(source), "target": ids.gather(known), "state": state}).with_columns(
            tie=pl.lit(tie), certainty=pl.lit("proved"), jobs=pl.lit([], pl.List(pl.String))
        ).select(list(_SCHEMA))

    def _edges(self, edges: Ints) -> pl.DataFrame:
        """Describe edges of `Needs.adjacency`, by number."""
        adjacency, row = self.needs.adjacency, self.needs.rows[edges]
        members = self.graph.members
        source = adjacency.forward.owner_of(edges)
        frame = self._frame(members[source], members[adjacency.target[edges]], "feeds")
        stated = row >= 0
        if not stated.any():
            return frame.with_columns(tie=pl.lit("is read by"))
        facts = self.graph.table.frame(self.graph.names, self._jobs, row[stated]).select("certainty", "jobs")
        at = np.where(stated, np.cumsum(stated) - 1, 0)
        return frame.with_columns(
            pl.when(pl.Series(stated)).then(pl.lit("feeds")).otherwise(pl.lit("is read by")).alias("tie"),
            pl.when(pl.Series(stated)).then(facts["certainty"].gather(at)).otherwise(pl.lit("proved")).alias("certainty"),
            pl.when(pl.Series(stated)).then(facts["jobs"].gather(at)).otherwise("jobs").alias("jobs"),
        )

    def _jobs(self, numbers: Ints) -> pl.Series:
        return self.coded.ids.gather(pl.select(pl.when(pl.Series(numbers >= 0)).then(pl.Series(numbers))).to_series())

    def _reads_of(self, places: Ints, removal: Removal | None) -> pl.DataFrame:
        """Who reads the given places in the window, and what else keeps them."""
        needs = self.needs
        reads = needs.reads.filter(pl.col("place").is_in(pl.Series(places).cast(pl.Int64).implode()))
        if removal is not None:
            reads = reads.filter(~pl.col("consumer").is_in(pl.Series(removal.others).cast(pl.Int64).implode()))
        source, target = reads["place"].to_numpy(), reads["consumer"].to_numpy()
        frames = [self._frame(self.graph.members[source[target >= 0]], target[target >= 0], "is read by")]
        unnamed = self.graph.members[np.unique(source[target < 0])]
        frames.append(self._frame(unnamed, unnamed, "is read by").with_columns(target=pl.lit(UNNAMED), state=pl.lit(STATES[3])))
        for marks, tie in ((needs.protected, "is kept"), (needs.assumed, "is assumed to be viewed")):
            own = self.graph.members[places[marks[places]]]
            frames.append(self._frame(own, own, tie))
        return _joined(frames)


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=_SCHEMA), *frames])


def _edges_of(rows: Csr, path: Ints) -> Ints:
    """Numbers of the edges between consecutive nodes of a path."""
    found = [rows.indptr[a] + int(np.searchsorted(rows.row(int(a)), b)) for a, b in itertools.pairwise(path)]
    return np.array(found, dtype=np.int64)


def _way(rows: Csr, starts: Ints, goal: Bools, allowed: Bools) -> Ints:
    """A shortest path from one of some nodes to a marked one; ties to the smallest number. Shape (hops + 1,)."""
    parent = np.full(rows.n, -2, dtype=np.int64)
    front = np.unique(starts).astype(np.int64)
    parent[front] = -1
    while len(front):
        hit = front[goal[front]]
        if len(hit):
            path = [int(hit[0])]
            while parent[path[-1]] >= 0:
                path.append(int(parent[path[-1]]))
            return np.array(path[::-1], dtype=np.int64)
        at, counts = rows.places(front)
        edge = at if rows.edge is None else rows.edge[at]
        target, owner = rows.indices[at].astype(np.int64), np.repeat(front, counts)
        new = allowed[edge] & (parent[target] == -2)
        target, owner = target[new][::-1], owner[new][::-1]
        parent[target] = owner
        front = np.unique(target)
    return np.unique(starts)[:1].astype(np.int64)
