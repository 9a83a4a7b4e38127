"""A path told hop by hop, each with what it rests on."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl

from lineage_nb.graph.edge_table import EDGE_SCHEMA

if TYPE_CHECKING:
    from lineage_nb.graph.lineage_graph import LineageGraph

__all__ = ["hop", "hops_of"]


def hops_of(graph: LineageGraph, path: list[int], certainty: str = "proved") -> pl.DataFrame:
    """Describe consecutive node numbers as hops.

    A hop is the stated edge between the two; else the filter, join or grouping that touches the whole of the
    target's dataset; else what ties the two datasets.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    path : list of int
        Node numbers.
    certainty : {"proved", "possible"}
        Of hops that are no stated edge.

    Returns
    -------
    polars.DataFrame
        source, target, type, subtype, verdict, certainty, jobs, evidence.
    """
    hops = [hop(graph, a, b, certainty) for a, b in itertools.pairwise(path)]
    schema = {c: t for c, t in EDGE_SCHEMA.items() if c != "value"}
    return pl.concat(hops) if hops else pl.DataFrame(schema=schema)


def hop(graph: LineageGraph, a: int, b: int, certainty: str, *, stated: bool = True) -> pl.DataFrame:
    """Describe one hop as `hops_of` does; not `stated`: it does not go by the edge between the two, if there is one."""
    ends = {"source": graph.id_of(a), "target": graph.id_of(b)}
    edge = graph.edge(a, b) if stated else None
    if edge is not None:
        return _told(graph.facts(edge), ends)
    sweeping = graph.edge(a, int(graph.homes[b]))
    if sweeping is not None:
        return _told(graph.facts(sweeping), ends, certainty)
    whole = graph.whole
    source, target = (whole.naming.number(graph.id_of(int(graph.homes[i]))) for i in (a, b))
    tie = None if source is None or target is None else whole.edge(source, target)
    if tie is not None:
        return _told(whole.facts(tie), ends, certainty)
    nothing = pl.DataFrame([ends], schema=EDGE_SCHEMA).with_columns(jobs=pl.lit(None), evidence=pl.lit(None))
    return _told(nothing.cast(EDGE_SCHEMA), ends, certainty)  # type: ignore[arg-type]


def _told(edge: pl.DataFrame, ends: dict[str, str], certainty: str | None = None) -> pl.DataFrame:
    named = edge.drop("value").with_columns(**{side: pl.lit(name) for side, name in ends.items()})
    return named if certainty is None else named.with_columns(certainty=pl.lit(certainty))
