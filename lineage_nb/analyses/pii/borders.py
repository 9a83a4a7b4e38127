"""Personal data across a border: found in another region, or for another purpose, than it began in."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.pii.trace import CERTAINTIES, Trace
from lineage_nb.graph.csr import Ints, build_csr
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.search import closure

__all__ = ["BORDERS", "NOWHERE", "Border", "crossings", "flows", "zones"]

Border = Literal["region", "purpose", "namespace"]
BORDERS: Final = ("region", "purpose")
"""Borders that tags draw: ``region:eu``, ``purpose:ads``."""
NOWHERE: Final = "(no region)"
_UNTOLD: Final = pl.DataFrame(schema={"node": pl.Int64, "zone": pl.String})


def zones(lineage: Lineage, border: Border) -> pl.DataFrame:
    """Tell in which zones nodes are.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    border : {"region", "purpose", "namespace"}
        Tags ``region:<zone>`` or ``purpose:<zone>``, in any case, of the node; of its dataset where it has none, of what its dataset
        is part of (parent) where that has none. Or the namespace of its dataset.

    Returns
    -------
    polars.DataFrame
        Columns node (number), zone; several rows where several tags say so, none where nobody says.
    """
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    if border == "namespace":
        namespace = nodes["namespace"].gather(coded.data)
        return pl.DataFrame({"node": np.arange(len(coded.ids)), "zone": namespace}, schema=_UNTOLD.schema).drop_nulls()
    prefix = border + ":"
    tagged = nodes.select("tags", node=pl.int_range(pl.len(), dtype=pl.Int64)).drop_nulls("tags").explode("tags")
    tag = pl.col("tags").str.strip_chars().str.to_lowercase()
    own = tagged.filter(tag.str.starts_with(prefix)).select("node", zone=tag.str.slice(len(prefix)).str.strip_chars())
    own = own.filter(pl.col("zone") != "").unique()
    if own.is_empty():
        return _UNTOLD
    parent = coded.numbers(nodes["parent"]).cast(pl.Int64)
    data = pl.Series(coded.data.astype(np.int64))
    is_column = pl.Series(coded.of_kind("column"))
    up = pl.select(pl.when(is_column).then(data).otherwise(parent)).to_series()
    found, left = [own], pl.DataFrame({"node": np.arange(len(coded.ids)), "at": np.arange(len(coded.ids))}).cast(pl.Int64)
    left = left.join(own, on="node", how="anti")
    for _ in range(16):  # deeper than any hierarchy of folders
        left = left.with_columns(at=up.gather(left["at"])).drop_nulls("at")
        told = left.join(own, left_on="at", right_on="node").select("node", "zone")
        found.append(told)
        left = left.join(told, on="node", how="anti")
    return pl.concat(found).unique().sort("node", "zone")


def crossings(trace: Trace, border: Border) -> list[tuple[str, Trace, Ints, str]]:
    """Follow what begins in each zone by itself; a copy in several zones crosses into each that it did not begin in.

    What begins where no region is told crosses into each region that it goes to.

    Returns
    -------
    list of tuple
        (zone, its trace, nodes that a label of it reaches, zone they are in): each pair of zones that data crosses.
    """
    known = zones(trace.lineage, border)
    tagged = trace.tagged.with_columns(pl.col("i").cast(pl.Int64))
    begin = tagged.join(known, left_on="i", right_on="node")
    begin = begin.filter(pl.col("zone").is_in(_left(trace, known).implode()))
    if border == "region" and known.height:
        told = pl.Series(trace.lineage.coded.data.astype(np.int64)).gather(known["node"]).unique()
        further = pl.Series(_leads(trace.lineage, told)).gather(trace.lineage.coded.data[tagged["i"].to_numpy()])
        nowhere = tagged.filter(further).join(known, left_on="i", right_on="node", how="anti")
        begin = pl.concat([begin, nowhere.with_columns(zone=pl.lit(NOWHERE))])
    found = []
    for (zone,), rows in begin.sort("zone").group_by("zone", maintain_order=True):
        mine = Trace(trace.lineage, trace.tagged.filter(pl.col("i").is_in(rows["i"].implode())), trace.every, trace.barred)
        arrived = mine.rows.filter((pl.col("certainty") < CERTAINTIES.index("suspected")) & (pl.col("node") != pl.col("origin")))
        reached = arrived.select("node").unique().join(known, on="node").filter(pl.col("zone") != zone)
        for (other,), places in reached.sort("zone", "node").group_by("zone", maintain_order=True):
            found.append((str(zone), mine, places["node"].to_numpy().astype(np.int64), str(other)))
    return found


def _left(trace: Trace, known: pl.DataFrame) -> pl.Series:
    """Zones that data may leave, by tables: some edge, or some job that reads there, goes on to another zone, or to where none is told but is further on.

    A table that is in several zones may pass data between them by itself.
    """
    coded = trace.lineage.coded
    zoned = known.select("zone", home=pl.Series(coded.data.astype(np.int64)).gather(known["node"])).unique()
    told = zoned.join(pl.DataFrame({"home": np.flatnonzero(~coded.of_kind("job"))}).cast(pl.Int64), on="home", how="semi")
    homes = told.group_by("home").agg(pl.col("zone").min(), several=pl.len() > 1)
    to = pl.DataFrame({"home": np.arange(len(coded.ids)), "leads": _leads(trace.lineage, homes["home"])}).cast({"home": pl.Int64})
    to = to.join(homes.rename({"zone": "to"}), on="home", how="left").filter("leads").with_columns(pl.col("several").fill_null(value=False))
    steps = coded.edges.select("target_kind", "source_kind", pl.col("source_data", "target_data").cast(pl.Int64)).unique()
    into = steps.filter(pl.col("target_kind") != "job").join(to, left_on="target_data", right_on="home").select("source_kind", "source_data", "to", "several")
    reads = steps.filter(pl.col("target_kind") == "job").join(zoned, left_on="source_data", right_on="home").select("zone", job="target_data").unique()
    writes = into.filter(pl.col("source_kind") == "job").select("to", "several", job="source_data").unique()
    ways = [into.join(zoned, left_on="source_data", right_on="home").select("zone", "to", "several"), reads.join(writes, on="job").select("zone", "to", "several")]
    left = pl.concat(ways).filter(pl.col("several") | pl.col("zone").ne_missing(pl.col("to")))["zone"]
    return pl.concat([left, told.join(homes.filter("several"), on="home", how="semi")["zone"]]).unique()


def _leads(lineage: Lineage, told: pl.Series) -> NDArray[np.bool_]:
    """Tables that are `told`, or lead to such by whatever edges; shape (n,)."""
    steps = lineage.coded.edges.select("source_data", "target_data").unique().cast(pl.Int64)
    before = build_csr(len(lineage.coded.ids), steps["target_data"].to_numpy(), steps["source_data"].to_numpy())
    marked = np.zeros(len(lineage.coded.ids), dtype=bool)
    marked[closure(before, told.unique().sort().to_numpy()).nodes] = True
    return marked


def flows(trace: Trace, border: Border) -> tuple[pl.DataFrame, dict[str, Trace]]:
    """List what crosses a border, in the columns of the answer's frame and key; and the trace behind each key.

    Data that leaves a zone and comes back is listed where it was outside. What is only suspected is left out: it is what
    tagged data was made of, and did not flow there.
    """
    parts, behind = [], {}
    for zone, mine, places, other in crossings(trace, border):
        key = f"{zone} → {other}"
        names = trace.graph.names(places)
        parts.append(mine.frame.filter(pl.col("node").is_in(names.implode()) & ~pl.col("suspected")).with_columns(key=pl.lit(key)))
        behind[key] = mine
    empty = trace.frame.clear().with_columns(key=pl.lit("").cast(pl.String))
    return pl.concat([empty, *parts]), behind
