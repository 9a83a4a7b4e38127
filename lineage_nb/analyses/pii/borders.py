"""Personal data across a border: found in another region, or for another purpose, than it began in."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl

from lineage_nb.analyses.pii.trace import CERTAINTIES, Trace
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.lineage import Lineage

__all__ = ["BORDERS", "Border", "crossings", "flows", "zones"]

Border = Literal["region", "purpose", "namespace"]
BORDERS: Final = ("region", "purpose")
"""Borders that tags draw: ``region:eu``, ``purpose:ads``."""
_UNTOLD: Final = pl.DataFrame(schema={"node": pl.Int64, "zone": pl.String})


def zones(lineage: Lineage, border: Border) -> pl.DataFrame:
    """Tell in which zones nodes are.

    Parameters
    ----------
    lineage : Lineage
        The snapshot.
    border : {"region", "purpose", "namespace"}
        Tags ``region:<zone>`` or ``purpose:<zone>`` of the node; of its dataset where it has none, of what its dataset
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
    own = tagged.filter(pl.col("tags").str.starts_with(prefix)).select("node", zone=pl.col("tags").str.slice(len(prefix)).str.strip_chars().str.to_lowercase())
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

    Returns
    -------
    list of tuple
        (zone, its trace, nodes that a label of it reaches, zone they are in): each pair of zones that data crosses.
    """
    known = zones(trace.lineage, border)
    begin = trace.tagged.with_columns(pl.col("i").cast(pl.Int64)).join(known, left_on="i", right_on="node")
    begin = begin.filter(pl.col("zone").is_in(_left(trace, known).implode()))
    found = []
    for (zone,), rows in begin.sort("zone").group_by("zone", maintain_order=True):
        mine = Trace(trace.lineage, trace.tagged.filter(pl.col("i").is_in(rows["i"].implode())), trace.every, trace.barred)
        arrived = mine.rows.filter((pl.col("certainty") < CERTAINTIES.index("suspected")) & (pl.col("node") != pl.col("origin")))
        reached = arrived.select("node").unique().join(known, on="node").filter(pl.col("zone") != zone)
        for (other,), places in reached.sort("zone", "node").group_by("zone", maintain_order=True):
            found.append((str(zone), mine, places["node"].to_numpy().astype(np.int64), str(other)))
    return found


def _left(trace: Trace, known: pl.DataFrame) -> pl.Series:
    """Zones that data may leave: some edge, or some job that reads there, goes on to where the zone is another, or not told."""
    edges = trace.lineage.coded.edges
    read, written = pl.col("target_kind") == "job", pl.col("source_kind") == "job"
    plain = edges.filter(~read & ~written)
    pairs = pl.concat([plain.select("source", "target"), plain.select(source="source_data", target="target_data")]).cast(pl.Int64).unique()
    zone = known.rename({"node": "source"})
    to = known.select(target="node", to="zone")
    reads = edges.filter(read).select(pl.col("source").cast(pl.Int64), job="target").join(zone, on="source").select("job", "zone").unique()
    writes = edges.filter(written).select(pl.col("target").cast(pl.Int64), job="source").join(to, on="target", how="left").select("job", "to").unique()
    steps = [pairs.join(zone, on="source").join(to, on="target", how="left").select("zone", "to"), reads.join(writes, on="job").select("zone", "to")]
    return pl.concat(steps).filter(pl.col("zone").ne_missing(pl.col("to")))["zone"].unique()


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
