"""Who reads what, and what each reader counts as, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.centres import CentresOn, principals
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.usage_log import usage_log
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["BY", "BY_MAP", "UNNAMED", "Consumers", "Places", "consumers", "owner_keys"]

BY = ("owner", "team", "report", "consumer", "dataset")
BY_MAP = "cost_centre"
"""The grouping that needs a map of owners (see `lineage_nb.analyses.cost.centres`)."""
UNNAMED = "unnamed reader"
"""Stands for readers that the log does not name."""


class Places:
    """Numbers of everything that can cost or read: all nodes but columns by id, then the unnamed reader.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    """

    def __init__(self, lineage: Lineage) -> None:
        coded = lineage.coded
        self._coded = coded
        inside = ~coded.of_kind("column")
        self._number = np.cumsum(inside) - 1
        self._inside = np.flatnonzero(inside)
        self.kinds = coded.kinds.cast(pl.String).gather(self._inside)
        self.unnamed = len(self._inside)
        self.n = self.unnamed + 1

    @cached_property
    def names(self) -> pl.Series:
        """Ids; shape (n,)."""
        return pl.concat([self._coded.ids.gather(self._inside), pl.Series([UNNAMED])]).alias("node")

    def of(self, ids: pl.Series) -> Ints:
        """Places of ids, a column's being its dataset's; null is the unnamed reader; shape (m,)."""
        at = self._coded.numbers(ids)
        named = at.fill_null(0).to_numpy()
        home = self._number[self._coded.data[named]] if len(self._number) else named
        known = np.where((ids == UNNAMED).fill_null(value=True).to_numpy() & at.is_null().to_numpy(), self.unnamed, home)
        if (at.is_null().to_numpy() & (known != self.unnamed)).any():
            raise KeyError(f"no node {ids.filter(at.is_null())[0]!r}")
        return known.astype(np.int64)

    def of_numbers(self, numbers: Ints) -> Ints:
        """Places of numbers of the snapshot's nodes, none of them a column."""
        return self._number[numbers]


@dataclass(frozen=True)
class Consumers:
    """The graph along which cost is consumed.

    Attributes
    ----------
    places : Places
        What the numbers stand for.
    source, target : numpy.ndarray
        Shape (m,). Who reads what: a dataset, and a dataset made from it, a report, or a person. No two alike,
        none from a node to itself, none from a final consumer.
    bytes, reads : numpy.ndarray of float
        Shape (m,). How much was read; 0: not known.
    terminal, key : numpy.ndarray
        Shape (k,). What each final consumer counts as: places in `keys`.
    keys : polars.Series of String
        Sorted, distinct.
    """

    places: Places
    source: Ints
    target: Ints
    bytes: NDArray[np.float64]
    reads: NDArray[np.float64]
    terminal: Ints
    key: Ints
    keys: pl.Series


def consumers(
    lineage: Lineage,
    by: str,
    monitors: Sequence[str] = (),
    *,
    measured: bool = True,
    paid_for: pl.Series | None = None,
    period: During | None = None,
    centres: CentresOn | None = None,
) -> Consumers:
    """List who reads what, and what each final consumer counts as.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    by : str
        One of `BY`, or `BY_MAP`.
    monitors : sequence of str
        Consumers whose reads do not count.
    measured : bool
        Look up how much was read.
    paid_for : polars.Series of String, optional
        Ids of nodes that money is spent on; the people among them consume it.
    period : During, optional
        What held in a period; the whole record by default.
    centres : CentresOn, optional
        Teams and cost centres of owners.
    """
    places = Places(lineage)
    read = _readers(lineage, places, monitors, period, measured=measured)
    target = read["target"].to_numpy()
    spent_on = places.of(paid_for) if paid_for is not None else np.zeros(0, dtype=np.int64)
    seen = np.unique(np.concatenate([target, spent_on]))
    final = _kind_is(places, "principal", "compute")
    final[places.unnamed] = True
    pairs = _keys(lineage, by, places.names.gather(seen[final[seen]]), centres)
    terminal = places.of(pairs["terminal"])
    keys = pairs["key"].unique().sort()
    key = keys.search_sorted(pairs["key"]).to_numpy().astype(np.int64) if pairs.height else np.zeros(0, dtype=np.int64)
    ends = np.zeros(places.n, dtype=bool)
    ends[terminal] = True
    source = read["source"].to_numpy()
    onward = ~ends[source]
    amount = {c: read[c].fill_null(0).cast(pl.Float64).to_numpy()[onward] for c in ("bytes", "reads")}
    return Consumers(places, source[onward], target[onward], amount["bytes"], amount["reads"], terminal, key, keys)


def _kind_is(places: Places, *kinds: str) -> NDArray[np.bool_]:
    return np.append(places.kinds.is_in(list(kinds)).to_numpy(), False)


def _readers(lineage: Lineage, places: Places, monitors: Sequence[str], period: During | None, *, measured: bool) -> pl.DataFrame:
    """source, target, bytes, reads (null: not known), one row a pair, sorted."""
    reads = usage_log(lineage, monitors).reads
    reads = reads if period is None else period.reads(reads)
    own = reads.filter(~pl.col("consumer_kind").is_in(["job", "column"]) | pl.col("consumer_kind").is_null())
    report = _kind_is(places, "report")
    direct = pl.DataFrame(
        {"source": places.of(own["node"]), "target": places.of(own["consumer"]), "bytes": own["bytes"], "reads": own["reads"]}
    )
    direct = direct.filter(pl.Series(~report[direct["source"].to_numpy()]) & (pl.col("source") != pl.col("target")))
    direct = direct.group_by("source", "target").agg(_if_all_known("bytes"), pl.col("reads").sum())
    graph = (lineage if period is None else period.flow).graph("dataset")
    ends = {side: places.of_numbers(graph.members[getattr(graph.adjacency, side)]) for side in ("source", "target")}
    moved = pl.DataFrame(ends, schema={"source": pl.Int64, "target": pl.Int64}).filter(pl.col("source") != pl.col("target"))
    if direct.height:
        moved = moved.join(direct.select("source", "target"), on=["source", "target"], how="anti")
    unknown = [pl.lit(None, pl.Int64).alias(c) for c in ("bytes", "reads")]
    found = _by_runs(lineage, places, period) if measured else None
    moved = moved.join(found, on=["source", "target"], how="left") if found is not None else moved.with_columns(unknown)
    columns = ["source", "target", "bytes", "reads"]
    return pl.concat([direct.select(columns), moved.select(columns)], how="vertical_relaxed").sort("source", "target")


def _if_all_known(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)


def _by_runs(lineage: Lineage, places: Places, period: During | None) -> pl.DataFrame | None:
    """What runs read from one dataset to write another: source, target, bytes, reads (number of runs)."""
    runs, io = lineage.frames["runs"], lineage.frames["io"]
    runs = runs if period is None else period.runs(runs)
    inputs = io.filter(pl.col("direction") == "in").join(runs.select("run", "job"), on="run")
    if inputs.is_empty():
        return None
    read = inputs.group_by("job", pl.col("dataset").alias("source")).agg(
        _if_all_known("bytes"), pl.len().cast(pl.Int64).alias("reads")
    )
    written = lineage.frames["edges"].filter(pl.col("type") == "WRITE")
    writes = written.select(pl.col("source").alias("job"), "target").unique()
    found = read.join(writes, on="job")
    found = found.with_columns(pl.Series(c, places.of(found[c])) for c in ("source", "target"))
    return found.group_by("source", "target").agg(_if_all_known("bytes"), pl.col("reads").sum())


def _keys(lineage: Lineage, by: str, people: pl.Series, centres: CentresOn | None) -> pl.DataFrame:
    """terminal, key: what each final consumer counts as; several owners of one report are several rows."""
    nodes = lineage.frames["nodes"]
    if by == "dataset":
        data = lineage.graph("dataset").nodes["id"]
        return pl.DataFrame({"terminal": data, "key": data})
    reports = nodes.filter(pl.col("kind") == "report").select(pl.col("id").alias("terminal"), "owners")
    direct = pl.DataFrame({"terminal": people})
    if by == "consumer":
        both = pl.concat([reports.select("terminal"), direct])
        return both.with_columns(pl.col("terminal").alias("key")).sort("terminal")
    if by == "report":
        named = reports.select("terminal", pl.col("terminal").alias("key"))
        return pl.concat([named, direct.with_columns(pl.lit("other").alias("key"))]).sort("terminal", "key")
    owners = reports.explode("owners").select("terminal", pl.col("owners").alias("key"))
    pairs = pl.concat([owners, direct.with_columns(pl.col("terminal").alias("key"))])
    return owner_keys(nodes, pairs.rename({"key": "owner"}), by, centres)


def owner_keys(nodes: pl.DataFrame, pairs: pl.DataFrame, by: str, centres: CentresOn | None = None) -> pl.DataFrame:
    """Say what owners count as.

    Parameters
    ----------
    nodes : polars.DataFrame
        The conformed nodes.
    pairs : polars.DataFrame
        terminal, owner (an id or a name of a principal; null: nobody is named).
    by : str
        With ``team`` a person counts as the team, with ``cost_centre`` as the cost centre, else as himself.
    centres : CentresOn, optional
        Where it names a team it wins over the parent of a person; without an entry for an owner his cost centre
        is that of his team.

    Returns
    -------
    polars.DataFrame
        terminal, key: no two rows alike; ``other`` for nobody, and for whom the grouping has nothing.
    """
    pairs = pairs.rename({"owner": "key"}).join(principals(nodes), on="key", how="left")
    key = pl.coalesce("principal", "key")
    if by not in ("team", BY_MAP):
        return pairs.select("terminal", key.fill_null("other").alias("key")).unique().sort("terminal", "key")
    centres = centres or CentresOn()
    pairs = pairs.with_columns(key.alias("who"), (pl.col("terminal") == pl.col("key")).alias("is_reader"))
    pairs = pairs.join(centres.frame(pairs["who"]).rename({"key": "who"}), on="who", how="left")
    team = pl.coalesce("mapped_team", "team")
    no_team = (pl.col("type") != "team").fill_null(pl.col("is_reader")) & team.is_null()
    pairs = pairs.with_columns(pl.when(~no_team).then(pl.coalesce(team, "who")).alias("key"))
    if by == BY_MAP:
        of_team = centres.frame(pairs["key"]).select("key", pl.col("own_centre").alias("of_team"))
        pairs = pairs.join(of_team, on="key", how="left").with_columns(pl.coalesce("own_centre", "of_team").alias("key"))
    return pairs.select("terminal", pl.col("key").fill_null("other")).unique().sort("terminal", "key")
