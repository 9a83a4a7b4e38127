"""Who reads what, and what each reader counts as, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.centres import CentresOn, principals
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.readers import Places, readers
from lineage_nb.analyses.cost.shares import apart
from lineage_nb.analyses.unused.unlogged import EXPORTS, SHARES, is_served, word
from lineage_nb.graph.csr import Ints, build_adjacency
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.propagate import live

__all__ = ["BY", "BY_MAP", "Consumers", "consumers", "owner_keys"]

BY = ("owner", "team", "report", "consumer", "dataset")
BY_MAP = "cost_centre"
"""The grouping that needs a map of owners (see `lineage_nb.analyses.cost.centres`)."""


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
    read = readers(lineage, places, monitors, period, measured=measured)
    target = read["target"].to_numpy()
    spent_on = places.of(paid_for) if paid_for is not None else np.zeros(0, dtype=np.int64)
    seen = np.unique(np.concatenate([target, spent_on]))
    final = np.append(places.kinds.is_in(["principal", "compute"]).to_numpy(), True)
    pairs = _keys(lineage, by, places.names.gather(seen[final[seen]]), centres)
    if by != "dataset":
        out = _out_of_sight(lineage, places, read, places.of(pairs["terminal"]))
        pairs = pl.concat([pairs, out.select(terminal="node", key=pl.lit("other"))]).sort("terminal", "key")
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


def _out_of_sight(lineage: Lineage, places: Places, read: pl.DataFrame, terminal: Ints) -> pl.DataFrame:
    """Ids (node) of consumers that no grouping has: jobs that export; shares, exports and models that lead to no other."""
    source, target = (read[c].to_numpy() for c in ("source", "target"))
    nodes = lineage.frames["nodes"]
    served = pl.any_horizontal(word(c).is_in((*SHARES, *EXPORTS)) for c in ("type", "kind")).fill_null(value=False) | is_served()
    data = ~pl.col("kind").is_in(["column", "job", "principal", "compute", "report"])
    job = np.append((places.kinds == "job").to_numpy(), False)
    at = np.union1d(target[job[target]], places.of(nodes.filter(data & served)["id"]))
    if len(at):
        at = at[~live(build_adjacency(places.n, source, target)[0], np.unique(terminal))[at]]
    return pl.DataFrame({"node": places.names.gather(at)}, schema={"node": pl.String})


def _keys(lineage: Lineage, by: str, people: pl.Series, centres: CentresOn | None) -> pl.DataFrame:
    """terminal, key: what each final consumer counts as; several owners of one report are several rows."""
    nodes = lineage.frames["nodes"]
    if by == "dataset":
        data = lineage.graph("dataset").nodes["id"]
        return pl.DataFrame({"terminal": data, "key": data}).with_columns(apart(pl.col("key"), by))
    reports = nodes.filter(pl.col("kind") == "report").select(pl.col("id").alias("terminal"), "owners")
    direct = pl.DataFrame({"terminal": people})
    if by == "consumer":
        both = pl.concat([reports.select("terminal"), direct])
        return both.with_columns(apart(pl.col("terminal"), by).alias("key")).sort("terminal")
    if by == "report":
        named = reports.select("terminal", apart(pl.col("terminal"), by).alias("key"))
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
        return pairs.select("terminal", apart(key, by).fill_null("other").alias("key")).unique().sort("terminal", "key")
    centres = centres or CentresOn()
    pairs = pairs.with_columns(key.alias("who"), (pl.col("terminal") == pl.col("key")).alias("is_reader"))
    pairs = pairs.join(centres.frame(pairs["who"]).rename({"key": "who"}), on="who", how="left")
    team = pl.coalesce("mapped_team", "team")
    no_team = (pl.col("type") != "team").fill_null(pl.col("is_reader")) & team.is_null()
    pairs = pairs.with_columns(pl.when(~no_team).then(pl.coalesce(team, "who")).alias("key"))
    if by == BY_MAP:
        of_team = centres.frame(pairs["key"]).select("key", pl.col("own_centre").alias("of_team"))
        pairs = pairs.join(of_team, on="key", how="left").with_columns(pl.coalesce("own_centre", "of_team").alias("key"))
    return pairs.select("terminal", apart(pl.col("key"), by).fill_null("other").alias("key")).unique().sort("terminal", "key")
