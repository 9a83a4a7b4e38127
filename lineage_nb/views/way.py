"""The way that personal data took, as an overlay: its boxes and edges by verdict, possible ones dashed, all else faded."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.views.overlay import EDGES, NODES, Overlay
from lineage_nb.views.overlays import PII_LEVELS

__all__ = ["NAME", "Way", "way_of"]

NAME = "way"
_AFTER = ("GRANT", "MEMBER", "VIEW", "READ")


@dataclass(frozen=True, eq=False)
class Way:
    """Where a way begins and ends, and how it is drawn."""

    origin: str
    end: str
    overlay: Overlay


def way_of(answer: Answer, hops: pl.DataFrame, label: str) -> Way | None:
    """Make the overlay of one explained row of `pii` or `exposures`.

    Parameters
    ----------
    answer : Answer
        The answer.
    hops : polars.DataFrame
        What its `explain` gave: columns source, target, type, so_far, certainty, from the origin on.
    label : str
        Whose way it is.

    Returns
    -------
    Way or None
        None where there is no hop between nodes of the graph. Boxes and edges carry label and verdict in words and as
        a class; grants and reads at the end have no place in the graph and are left out.
    """
    if not {"source", "target", "type", "so_far", "certainty"} <= set(hops.columns):
        return None
    told = hops.filter(~pl.col("type").is_in(_AFTER)).drop_nulls(["source", "target"])
    if told.is_empty():
        return None
    level = pl.col("so_far").replace_strict({v: i for i, v in enumerate(PII_LEVELS)}, default=PII_LEVELS.index("plain"), return_dtype=pl.Int64)
    verdict = pl.when(pl.col("possible")).then(pl.format("possibly {}", "so_far")).otherwise("so_far")
    made = told.select("source", "target", "so_far", possible=pl.col("certainty") != "proved", level=level)
    made = made.with_columns(text=pl.format("{}: {}", pl.lit(label), verdict), width=pl.lit(3.0))
    first = pl.DataFrame({"id": [told["source"][0]], "text": [f"{label}: plain"], "level": [PII_LEVELS.index("plain")]})
    parents = answer.lineage.frames["nodes"].filter(pl.col("id").is_in(pl.concat([told["source"], told["target"]]).implode()) & (pl.col("kind") == "column"))
    home = dict(parents.select("id", "parent").drop_nulls().iter_rows())
    nodes = pl.concat([first, made.select("target", "text", "level").rename({"target": "id"})]).cast(NODES)  # type: ignore[arg-type]
    nodes = pl.concat([nodes, nodes.with_columns(pl.col("id").replace(home))]).unique("id", keep="last", maintain_order=True)
    edges = made.select(*EDGES).cast(EDGES)  # type: ignore[arg-type]
    boxes = edges.with_columns(pl.col(c).replace(home) for c in ("source", "target")).filter(pl.col("source") != pl.col("target"))
    edges = pl.concat([edges, boxes]).unique(["source", "target"], keep="last", maintain_order=True)
    return Way(told["source"][0], told["target"][-1], Overlay(NAME, "The way of personal data", PII_LEVELS, nodes, edges))
