"""NetworkX graphs: out of frames, and into frames."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.errors import SchemaError

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["from_networkx", "to_networkx"]


def _present(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if v is not None}


def to_networkx(nodes: pl.DataFrame, edges: pl.DataFrame, *, multigraph: bool = False) -> nx.DiGraph:
    """Make an independent DiGraph, or a MultiDiGraph.

    Parameters
    ----------
    nodes : polars.DataFrame
        A row a node: id (str), and any other columns.
    edges : polars.DataFrame
        A row an edge: source, target (str), and any other columns. Without `multigraph`, later rows of a
        pair overwrite the attributes of earlier ones.
    multigraph : bool
        One edge per row, however many rows a pair has: one per statement or job where the rows are.

    Returns
    -------
    networkx.DiGraph or networkx.MultiDiGraph
        Nodes are ids, in the order of the rows; edges too. Every other column that is not null is an
        attribute with a plain Python value. The keys of parallel edges count from 0.

    Examples
    --------
    >>> nodes = pl.DataFrame({"id": ["a", "b"]})
    >>> edges = pl.DataFrame({"source": ["a", "a"], "target": ["b", "b"], "job": ["load", "repair"]})
    >>> list(to_networkx(nodes, edges, multigraph=True).edges(data="job"))
    [('a', 'b', 'load'), ('a', 'b', 'repair')]
    """
    import networkx as nx

    graph = nx.MultiDiGraph() if multigraph else nx.DiGraph()
    graph.add_nodes_from((r.pop("id"), _present(r)) for r in nodes.iter_rows(named=True))
    graph.add_edges_from((r.pop("source"), r.pop("target"), _present(r)) for r in edges.iter_rows(named=True))
    return graph


def from_networkx(graph: nx.Graph) -> dict[str, list[dict[str, Any]]]:
    """Take a directed NetworkX graph apart into node and edge records.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        Nodes may be any hashable values; their `str` becomes the id. Attributes become columns.

    Raises
    ------
    SchemaError
        For an undirected graph.

    Returns
    -------
    dict
        ``{"nodes": [...], "edges": [...]}``.
    """
    if not graph.is_directed():
        raise SchemaError.of("NetworkX graph", ["is undirected, so nothing tells which way data flows; give a DiGraph"])
    nodes = [{"id": str(n), **_columns(d)} for n, d in graph.nodes(data=True)]
    edges = [{"source": str(a), "target": str(b), **_columns(d)} for a, b, d in graph.edges(data=True)]
    return {"nodes": nodes, "edges": edges}


def _columns(attributes: dict[Any, Any]) -> dict[str, Any]:
    """Attributes as columns; values that no column can hold become text."""
    plain = (str, int, float, bool, date, list, type(None))
    taken = {"id", "source", "target"}
    return {str(k): v if isinstance(v, plain) else str(v) for k, v in attributes.items() if k not in taken}
