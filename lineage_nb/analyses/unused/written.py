"""What was written since a day, by the times that edges, runs and their io tell."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.lineage import Lineage

__all__ = ["written_since"]


def written_since(lineage: Lineage, first: date) -> NDArray[np.bool_]:
    """Tell which nodes something wrote since a day.

    A statement's last time counts, else the last run of its job, else the day on which it ceased to hold. What is
    written at a time that nobody knows counts as written.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    first : datetime.date
        The day.

    Returns
    -------
    numpy.ndarray of bool
        Shape (nodes of the snapshot,). A column's writes are its dataset's.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> edges = {"source": ["j", "j"], "target": ["a", "b"], "type": ["WRITE"] * 2, "last_seen": ["2024-01-01", None]}
    >>> snap = ln.from_frames(nodes={"id": ["j"], "kind": ["job"]}, edges=edges)
    >>> dict(zip(snap.nodes["id"], written_since(snap, date(2025, 1, 1)).tolist()))
    {'a': False, 'b': True, 'j': False}
    """
    coded, frames = lineage.coded, lineage.frames
    edges = frames["edges"]
    numbered = coded.edges.select("type", "source", "job", "source_data", "target_data").with_columns(edges["last_seen"], edges["expires_at"])
    into = numbered.filter((pl.col("type") != "READ") & (pl.col("source_data") != pl.col("target_data")))
    runs = frames["runs"].select("job", "run", pl.max_horizontal("start", "end", "nominal_time").alias("ran"))
    if runs.height:
        ran = runs.group_by("job").agg(pl.col("ran").max())
        ran = ran.select(coded.numbers(ran["job"]).alias("writer"), "ran")
        writer = pl.when(pl.col("type") == "WRITE").then("source").otherwise("job").alias("writer")
        into = into.with_columns(writer).join(ran, on="writer", how="left")
    else:
        into = into.with_columns(pl.lit(None, runs.schema["ran"]).alias("ran"))
    day = pl.coalesce("last_seen", "ran", "expires_at").dt.date()
    found = np.zeros(len(coded.ids), dtype=bool)
    found[into.filter(day.is_null() | (day >= first))["target_data"].to_numpy()] = True
    outputs = frames["io"].filter(pl.col("direction") == "out").select("run", "dataset")
    if outputs.is_empty():
        return found
    outputs = outputs.join(runs.select("run", "ran"), on="run", how="left")
    outputs = outputs.filter(pl.col("ran").is_null() | (pl.col("ran").dt.date() >= first))
    found[coded.data[coded.numbers(outputs["dataset"].unique()).drop_nulls().to_numpy()]] = True
    return found
