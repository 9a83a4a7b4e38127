"""Other libraries on the same edges; one that is not installed is said to be so."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["DUCKDB_CLOSURE", "DUCKDB_LABELS", "duckdb_of", "encoded", "igraph_of", "networkx_of", "rustworkx_of"]

DUCKDB_CLOSURE = """
WITH RECURSIVE reached(node, hops) USING KEY (node) AS (
    SELECT {start}::INTEGER, 0
    UNION
    SELECT e.target, min(r.hops) + 1 FROM reached r JOIN edges e ON e.source = r.node
    WHERE NOT EXISTS (FROM recurring.reached old WHERE old.node = e.target)
    GROUP BY e.target
) SELECT node, hops FROM reached
"""
DUCKDB_LABELS = """
WITH RECURSIVE marked(node, labels) USING KEY (node) AS (
    SELECT node, labels FROM begun
    UNION
    SELECT new.node, new.labels | coalesce(old.labels, 0) FROM (
        SELECT e.target AS node, bit_or(m.labels) AS labels
        FROM marked m JOIN edges e ON e.source = m.node GROUP BY e.target
    ) new LEFT JOIN recurring.marked old ON old.node = new.node
    WHERE new.labels & ~coalesce(old.labels, 0) <> 0
) SELECT node, labels FROM marked
"""


def _or_missing(module: str, make: Callable[[Any], Any]) -> Any:
    """What `make` makes of the library, or why it cannot."""
    try:
        library = importlib.import_module(module)
    except ImportError:
        return "not installed"
    return make(library)


def igraph_of(n: int, source: np.ndarray, target: np.ndarray) -> Any:
    """A directed igraph, from one array; or why there is none."""
    return _or_missing("igraph", lambda igraph: igraph.Graph(n=n, edges=np.column_stack([source, target]), directed=True))


def rustworkx_of(n: int, source: np.ndarray, target: np.ndarray) -> Any:
    """A rustworkx.PyDiGraph; or why there is none."""

    def make(rustworkx: Any) -> Any:
        graph = rustworkx.PyDiGraph(node_count_hint=n, edge_count_hint=len(source))
        graph.add_nodes_from(range(n))
        graph.extend_from_edge_list(list(zip(source.tolist(), target.tolist(), strict=True)))
        return graph

    return _or_missing("rustworkx", make)


def networkx_of(n: int, source: np.ndarray, target: np.ndarray) -> Any:
    """A networkx.DiGraph."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    return graph


def duckdb_of(source: np.ndarray, target: np.ndarray) -> Any:
    """A connection with a table of the edges; or why there is none."""

    def make(duckdb: Any) -> Any:
        connection = duckdb.connect()
        given = {"source": source.astype(np.int32), "target": target.astype(np.int32)}
        connection.register("given", given)
        connection.execute("CREATE TABLE edges AS SELECT source, target FROM given")
        return connection

    return _or_missing("duckdb", make)


def encoded(frame: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """Names and the two ends of every edge as their numbers.

    A join is the quickest safe way found in polars: an Enum takes 1.8 times as long and a dict 2.5 times. A Categorical
    is as quick, but its numbers are those of the whole process.
    """
    import polars as pl

    names = pl.concat([frame["source"], frame["target"]]).unique()
    numbers = pl.DataFrame({"name": names}).with_row_index()
    source, target = (
        frame.select(name=side).join(numbers, on="name", how="left", maintain_order="left")["index"].to_numpy()
        for side in ("source", "target")
    )
    return names, source, target
