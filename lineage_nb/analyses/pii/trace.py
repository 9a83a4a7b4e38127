"""Personal data followed through a snapshot: the searches behind an answer, their rows, and the way to each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.blobs import suspects
from lineage_nb.analyses.pii.labels import PREFIX, is_special, tells_persons_apart
from lineage_nb.analyses.pii.person_keys import grouping_keys
from lineage_nb.analyses.pii.places import Places, places
from lineage_nb.analyses.pii.spread import Channel, Found, Lanes, spread
from lineage_nb.analyses.pii.strength import AGGREGATED, Strength
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.paths import POSSIBLE_ANY, POSSIBLE_VALUE, PROVED_ANY, PROVED_VALUE

__all__ = ["CERTAINTIES", "FRAME", "PREFIX", "VERDICTS", "Trace"]

VERDICTS = ("plain", "pseudonymised", "derived", "aggregated", "redacted")
"""Strongest first; a value of verdict ``none`` carries nothing, an unknown one counts as plain."""
CERTAINTIES = ("proved", "possible", "suspected")
FRAME = {
    "node": pl.String,
    "label": pl.String,
    "verdict": pl.String,
    "certainty": pl.String,
    "origin": pl.String,
    "hops": pl.Int64,
    "via": pl.String,
    "k": pl.Int64,
    "suspected": pl.Boolean,
}
"""Columns of the answer's frame."""
_MOST_GROUPS = 16
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Trace:
    """Labels on their way; everything is computed when it is asked for, and kept.

    Attributes
    ----------
    lineage : Lineage
        The snapshot.
    tagged : polars.DataFrame
        Columns i (node number), id, kind, label: where labels begin.
    every : polars.DataFrame
        As `tagged`, with the labels that were not asked for: they may be keys of groups.
    barred : polars.DataFrame
        Columns i, label: nodes that somebody decided not to hold a label.
    """

    lineage: Lineage
    tagged: pl.DataFrame
    every: pl.DataFrame
    barred: pl.DataFrame

    # -- what there is ---------------------------------------------------------------------------------------

    @cached_property
    def graph(self) -> LineageGraph:
        """The column level, expired edges included: what was written stays written."""
        return self.lineage.graph("column", expired=True)

    @cached_property
    def labels(self) -> list[str]:
        """Labels that are followed, sorted."""
        return self.tagged["label"].unique().sort().to_list()

    @cached_property
    def places(self) -> Places:
        """Where labels may go."""
        return places(self.lineage, self.graph)

    @cached_property
    def strength(self) -> Strength:
        """What becomes of values on each edge."""
        telling = [label for label in self.every["label"].unique() if tells_persons_apart(label)]
        tagged = self.every.filter(pl.col("label").is_in(telling))["i"]
        keys = self.places.starts(tagged.unique().sort().to_numpy().astype(np.int64))
        likely = grouping_keys(self.lineage, self.graph, self.every, self.barred)
        return Strength(self.lineage, self.graph, self.places, keys, likely, self.graph.table, self.lineage.coded.edges)

    @cached_property
    def renewed(self) -> Strength | None:
        """What becomes of values on edges into rewritten tables, by what was said later; None: nothing else was."""
        later = self.places.later
        return None if later is None else self.strength.part(later.table, later.said, later.gone)

    def strength_of(self, label: str, certainty: str = "proved") -> NDArray[np.int8]:
        """Verdict of every edge of the column level for a label, as a place in `VERDICTS`; 5 carries nothing.

        Parameters
        ----------
        label : str
            Special categories also go through predicates.
        certainty : {"proved", "possible"}
            Whether groups of one person count that only may be such.
        """
        return self.strength.channel(special=is_special(label), proved=certainty == "proved")

    def starts(self, label: str, certainty: str = "proved") -> Ints:
        """Numbers of the nodes where a label begins; for ``possible`` also columns of datasets that are tagged as a whole."""
        mine = self.tagged.filter(pl.col("label") == label)
        starts = self.places.starts(mine["i"].to_numpy().astype(np.int64))
        if certainty == "proved":
            return starts
        whole = mine.filter(pl.col("kind") != "column")["i"].to_list()
        more = [self._unclassified(dataset) for dataset in whole]
        return np.unique(np.concatenate([starts, *(self.places.starts(m) for m in more if len(m))]))

    def _unclassified(self, dataset: int) -> Ints:
        columns = self.graph.starts_of(dataset)[1:]
        return columns[~self._classified[columns]].astype(np.int64)

    @cached_property
    def _classified(self) -> Bools:
        marked = np.zeros(len(self.graph), dtype=bool)
        marked[self.every["i"].to_numpy()] = True
        return marked

    # -- the searches ----------------------------------------------------------------------------------------

    def channel(self, *, special: bool, proved: bool, below: int = 0) -> Channel:
        """What lanes of one kind take; with `below` no edge that aggregates over at least so many persons."""
        bits = self.places.arcs.bits
        strength = self.by_arc(lambda edges: edges.channel(special=special, proved=proved))
        deciding = self.by_arc(lambda edges: edges.deciding) if special else np.zeros(0, dtype=bool)
        if deciding.any():
            more = np.where(bits & PROVED_ANY, PROVED_VALUE, 0) | np.where(bits & POSSIBLE_ANY, POSSIBLE_VALUE, 0)
            bits = np.where(deciding, bits | more, bits).astype(np.uint8)
        if below:
            strength = np.where(self.by_arc(lambda edges: edges.least) >= below, np.int8(len(VERDICTS)), strength).astype(np.int8)
        restoring = self.by_arc(lambda edges: edges.restores)
        return Channel(bits, strength, restoring if restoring.any() else None)

    def by_arc(self, of: Callable[[Strength], NDArray[Any]]) -> NDArray[Any]:
        """What edges tell, as that of the arcs of `places`; 0 for arcs that are no edge."""
        found = self.of_arcs(of(self.strength))
        if self.renewed is None:
            return found
        at = np.flatnonzero(self.places.renewed >= 0)
        found = found.copy()
        found[at] = of(self.renewed)[self.places.renewed[at]]
        return found

    def of_arcs(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of the column level's edges as those of the arcs of `places`; 0 for arcs that are no edge."""
        row = self.places.arcs.row
        if row is None:
            return values
        found = np.zeros(len(row), dtype=values.dtype)
        found[row >= 0] = values[row[row >= 0]]
        return found

    @cached_property
    def named(self) -> Bools:
        """Places that a path may name: no jobs, no hubs."""
        named = np.zeros(self.places.arcs.n, dtype=bool)
        named[: self.graph.arcs.real] = ~self.graph.naming.of_kind("job")
        named[self.graph.arcs.n :] = True
        return named

    def search(self, lanes: Sequence[tuple[str, str, int]], *, below: int = 0) -> Found:
        """Search from the starts of labels.

        Parameters
        ----------
        lanes : sequence of (label, certainty, level)
            Certainty of `CERTAINTIES`; the level is the weakest verdict wanted, a place in `VERDICTS`.
        below : int
            Take no edge that aggregates over at least so many persons; 0 takes all.

        Returns
        -------
        Found
            `lane` counts in `lanes`; nodes are numbers of `places`.
        """
        kinds = sorted({(is_special(label), certainty == "proved") for label, certainty, _ in lanes})
        channels = [self.channel(special=s, proved=p, below=below) for s, p in kinds]
        begin = {(label, certainty): self.begins(label, certainty) for label, certainty, _ in lanes}
        starts = [begin[label, certainty] for label, certainty, _ in lanes]
        group = {label: i for i, label in enumerate(self.labels)}
        barred = self.barred.filter(pl.col("label").is_in(self.labels))
        where = self._with_twins(barred["i"].to_numpy().astype(np.int64), np.array([group[x] for x in barred["label"]], dtype=np.int64))
        searches = Lanes(
            channel=np.array([kinds.index((is_special(label), c == "proved")) for label, c, _ in lanes], dtype=np.int64),
            bit=np.array([PROVED_VALUE if c == "proved" else POSSIBLE_VALUE for _, c, _ in lanes], dtype=np.uint8),
            level=np.array([level for _, _, level in lanes], dtype=np.int8),
            group=np.array([group[label] for label, _, _ in lanes], dtype=np.int64),
            start_lane=np.repeat(np.arange(len(lanes)), [len(s) for s in starts]),
            start_node=np.concatenate(starts) if starts else np.zeros(0, dtype=np.int64),
            barred=where,
        )
        return spread(self.places.arcs.adjacency.forward, channels, searches, self.named)

    def _with_twins(self, node: Ints, group: Ints) -> tuple[Ints, Ints]:
        pairs = pl.DataFrame({"node": node, "group": group}, schema={"node": pl.Int64, "group": pl.Int64})
        more = pairs.join(self.places.twins, on="node")
        return np.concatenate([group, more["group"].to_numpy()]), np.concatenate([node, more["twin"].to_numpy()])

    def begins(self, label: str, certainty: str) -> Ints:
        """Places where a label enters with a certainty: ``proved``, ``possible`` or ``suspected``."""
        if certainty == "suspected":
            return self.places.starts(self._suspects.filter(label=label)["i"].to_numpy().astype(np.int64))
        return self.starts(label, certainty)

    @cached_property
    def _suspects(self) -> pl.DataFrame:
        return suspects(self.lineage, self.graph, self.tagged)

    @cached_property
    def used(self) -> list[int]:
        """Verdicts that some edge has, as places in `VERDICTS`; always plain."""
        told = (self.by_arc(lambda edges: edges.stated), *(edges.decided for edges in (self.strength, self.renewed) if edges is not None))
        present = np.unique(np.concatenate(told))
        return [v for v in range(len(VERDICTS)) if v == 0 or v in present]

    def lanes(self) -> list[tuple[str, str, int]]:
        """The searches behind the frame."""
        hidden = set(self._suspects["label"].to_list())
        named = [(label, c) for label in self.labels for c in CERTAINTIES if c != "suspected" or label in hidden]
        return [(label, certainty, level) for label, certainty in named for level in self.used]

    # -- the rows --------------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The strongest of each certainty, as numbers: node, label, certainty, verdict, hops, via, origin.

        Labels, certainties and verdicts are places in `labels`, `CERTAINTIES` and `VERDICTS`, nodes numbers of the
        graph, `via` -1 at a start. A possible row beside a proved one claims a stronger verdict.
        """
        lanes = self.lanes()
        found = self.search(lanes) if lanes else spread(self.places.arcs.adjacency.forward, [], _no_lanes(), self.named)
        return self._told(lanes, found)

    def _told(self, lanes: list[tuple[str, str, int]], found: Found) -> pl.DataFrame:
        shown = self.places.shown
        real = self.graph.arcs.real
        kept = np.flatnonzero(~found.helper & self.places.reported[found.node])
        kept = kept[(shown[found.node[kept]] < real)]
        node = shown[found.node[kept]]
        kept = kept[self.shown[node] | ((found.hops[kept] == 0) & self._no_job[node])]
        rank = {label: i for i, label in enumerate(self.labels)}
        of_lane = np.array([(rank[label], CERTAINTIES.index(c), level) for label, c, level in lanes], dtype=np.int64).reshape(-1, 3)
        label, certainty, level = of_lane[found.lane[kept]].T
        node = shown[found.node[kept]].astype(np.int64)
        order = np.argsort(((label * real + node) * len(CERTAINTIES) + certainty) * len(VERDICTS) + level, kind="stable")
        kept = kept[order][_strongest((label * real + node)[order], level[order])]
        label, certainty, level = of_lane[found.lane[kept]].T
        node, before = shown[found.node[kept]], found.via[kept]
        via = np.where(before >= 0, shown[found.node[before]], -1)
        frame = pl.DataFrame(
            {
                "node": node.astype(np.int64),
                "label": label,
                "certainty": certainty,
                "verdict": level,
                "hops": found.hops[kept].astype(np.int64),
                "via": via.astype(np.int64),
                "origin": shown[found.node[found.root[kept]]].astype(np.int64),
            }
        )
        unsure = (frame["certainty"] > 0).cast(pl.Int64).to_numpy()
        return frame[np.lexsort((frame["node"].to_numpy(), frame["hops"].to_numpy(), unsure, frame["label"].to_numpy()))]

    @cached_property
    def _no_job(self) -> Bools:
        return ~self.lineage.coded.of_kind("job")

    @cached_property
    def shown(self) -> Bools:
        """Which nodes are places that data may be in: no jobs, and no datasets whose columns are known."""
        whole = np.zeros(self.graph.arcs.real, dtype=bool)
        columns = np.flatnonzero(self.lineage.coded.of_kind("column"))
        whole[self.lineage.coded.data[columns]] = True
        return ~whole & self._no_job

    @cached_property
    def least(self) -> NDArray[np.int64]:
        """Beside `rows`: persons in the smallest group of an aggregated value, at least; 0 where that is not known."""
        rows, found = self.rows, np.zeros(self.rows.height, dtype=np.int64)
        counts = np.unique(self.by_arc(lambda edges: edges.least))
        counts = counts[counts > 0]
        mine = np.flatnonzero((rows["verdict"] == AGGREGATED).to_numpy())
        if not len(mine) or not len(counts):
            return found
        for k in counts[-_MOST_GROUPS:].tolist():
            pairs = sorted({(self.labels[a], CERTAINTIES[c], AGGREGATED) for a, c in rows[mine].select("label", "certainty").unique().rows()})
            around = self.search(pairs, below=k)
            reached = self._keys(pairs, around)
            own = self._row_keys(rows[mine])
            found[mine[~np.isin(own, reached)]] = k
        return found

    def _row_keys(self, rows: pl.DataFrame) -> Ints:
        label, certainty, node = (rows[c].to_numpy().astype(np.int64) for c in ("label", "certainty", "node"))
        keys: Ints = (label * len(CERTAINTIES) + certainty) * self.graph.arcs.real + node
        return keys

    def _keys(self, lanes: list[tuple[str, str, int]], found: Found) -> Ints:
        rank = {label: i for i, label in enumerate(self.labels)}
        lane = np.array([rank[label] * len(CERTAINTIES) + CERTAINTIES.index(c) for label, c, _ in lanes], dtype=np.int64)
        kept = self.places.reported[found.node] & ~found.helper
        return lane[found.lane[kept]] * self.graph.arcs.real + self.places.shown[found.node[kept]]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The rows in words (see `FRAME`)."""
        rows = self.rows
        names = self.graph.names(np.concatenate([rows[c].to_numpy() for c in ("node", "via", "origin")]))
        height = rows.height
        label, verdict = pl.Series(self.labels, dtype=pl.String), pl.Series(VERDICTS)
        least = pl.Series(self.least)
        return pl.DataFrame(
            {
                "node": names.slice(0, height),
                "label": label.gather(rows["label"]),
                "verdict": verdict.gather(rows["verdict"]),
                "certainty": pl.Series(["proved", "possible", "possible"]).gather(rows["certainty"]),
                "origin": names.slice(2 * height, height),
                "hops": rows["hops"],
                "via": names.slice(height, height),
                "k": pl.select(pl.when(least > 0).then(least)).to_series(),
                "suspected": rows["certainty"] == CERTAINTIES.index("suspected"),
            },
            schema=FRAME,
        )



def _strongest(key: Ints, level: Ints) -> Ints:
    """Places to keep of rows sorted by key: each that is stronger than all before it of its key."""
    if not len(key):
        return np.zeros(0, dtype=np.int64)
    new = np.ones(len(key), dtype=bool)
    new[1:] = key[1:] != key[:-1]
    value = level - np.cumsum(new) * (len(VERDICTS) + 1)  # every key's lie below those of the key before
    best = np.minimum.accumulate(value)
    new[1:] |= value[1:] < best[:-1]
    return np.flatnonzero(new)


def _no_lanes() -> Lanes:
    nothing = np.zeros(0, dtype=np.int64)
    return Lanes(nothing, nothing, nothing, nothing, nothing, nothing)

