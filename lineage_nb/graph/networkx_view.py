"""NetworkX graphs: out of frames, and into frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["from_networkx", "to_networkx"]


def _present(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if v is not None}


def to_networkx(nodes: pl.DataFrame, edges: pl.DataFrame) -> nx.DiGraph:
    """Make an independent DiGraph.

    Parameters
    ----------
    nodes, edges : polars.DataFrame
        Frames of a `LineageGraph`; every column that is not null becomes an attribute.

    Returns
    -------
    networkx.DiGraph
        Nodes are ids.
    """
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from((r.pop("id"), _present(r)) for r in nodes.iter_rows(named=True))
    graph.add_edges_from((r.pop("source"), r.pop("target"), _present(r)) for r in edges.iter_rows(named=True))
    return graph


def from_networkx(graph: nx.Graph) -> dict[str, list[dict[str, Any]]]:
    """Take a directed NetworkX graph apart into node and edge records.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        Nodes may be any hashable values; their `str` becomes the id. Attributes become columns.

    Returns
    -------
    dict
        ``{"nodes": [...], "edges": [...]}``.
    """
    taken = {"id", "source", "target"}
    nodes = [
        {"id": str(n), **{str(k): v for k, v in d.items() if k not in taken}} for n, d in graph.nodes(data=True)
    ]
    edges = [
        {"source": str(a), "target": str(b), **{str(k): v for k, v in d.items() if k not in taken}}
        for a, b, d in graph.edges(data=True)
    ]
    return {"nodes": nodes, "edges": edges}
