"""Questions about the shape of a graph: further paths, bottlenecks, sizes of what lies downstream, the critical path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.graph.counts import count_downstream, estimate_downstream
from lineage_nb.graph.critical import critical_path
from lineage_nb.graph.dominators import dominators
from lineage_nb.graph.witness import witness_paths

if TYPE_CHECKING:
    from lineage_nb.graph.lineage_graph import LineageGraph

__all__ = ["bottlenecks", "downstream_counts", "paths", "slack"]

_EXACT = 500_000


def paths(graph: LineageGraph, a: str, b: str, *, k: int = 5) -> pl.DataFrame:
    """List the shortest ways from `a` to `b`, hop by hop.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    a, b : str
        Ids or unique suffixes. A dataset `a` stands for its columns too.
    k : int
        How many ways at most; none visits a node twice.

    Returns
    -------
    polars.DataFrame
        path (from 1, fewest hops first, ties by id), hop (from 1) and the columns of `LineageGraph.path`.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    LineageError
        For `k` below 1.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> graph = ln.from_edges([("a", "b"), ("b", "d"), ("a", "c"), ("c", "d"), ("a", "d")]).graph()
    >>> graph.paths("a", "d", k=2).select("path", "hop", "source", "target").rows()
    [(1, 1, 'a', 'd'), (2, 1, 'a', 'b'), (2, 2, 'b', 'd')]
    """
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise LineageError(f"k is {k!r}; give a whole number ≥ 1")
    found = witness_paths(graph.adjacency, graph.starts_of(graph.index(a)), graph.index(b), k)
    numbered = [
        graph.hops_of(path).select(pl.lit(i, pl.Int64).alias("path"), pl.int_range(1, pl.len() + 1).alias("hop"), pl.all())
        for i, path in enumerate(found, start=1)
    ]
    return pl.concat(numbered or [graph.hops_of([]).select(pl.lit(0, pl.Int64).alias("path"), pl.lit(0, pl.Int64).alias("hop"), pl.all())])


def bottlenecks(graph: LineageGraph, node: str | None = None) -> pl.DataFrame:
    """Find the nodes whose removal cuts others off.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    node : str, optional
        Cut off from this node (and, of a dataset, its columns); by default from everything that nothing feeds.

    Returns
    -------
    polars.DataFrame
        node, cut_off (how many nodes have no other way from the start once it is gone); most first, only nodes
        that cut something off.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.from_edges([("a", "b"), ("b", "c"), ("b", "d")]).graph().bottlenecks("a").rows()
    [('b', 2)]
    """
    if node is None:
        parts = graph.condensation
        roots = parts.order[parts.start[: int(parts.level_start[1])]] if parts.depth else parts.order
    else:
        roots = graph.starts_of(graph.index(node))
    cut = dominators(graph.adjacency, roots).cut_off.copy()
    if node is not None:
        cut[roots] = 0
    at = np.flatnonzero(cut > 0)
    at = at[np.lexsort((at, -cut[at]))]
    return pl.DataFrame({"node": graph.names(at), "cut_off": pl.Series(cut[at], dtype=pl.Int64)})


def downstream_counts(graph: LineageGraph, *, exact: bool | None = None) -> pl.DataFrame:
    """Count for every node how many others lie downstream.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    exact : bool, optional
        Count each node once, or estimate; by default exact up to half a million nodes.

    Returns
    -------
    polars.DataFrame
        node, downstream, error (relative standard error of `downstream`; 0 where it is exact); most first.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.from_edges([("a", "b"), ("b", "c")]).graph().downstream_counts().rows()
    [('a', 2, 0.0), ('b', 1, 0.0), ('c', 0, 0.0)]
    """
    error = 0.0
    if exact or (exact is None and len(graph) <= _EXACT):
        count = count_downstream(graph.condensation).astype(np.int64)
    else:
        estimate = estimate_downstream(graph.condensation)
        count, error = np.rint(estimate.count).astype(np.int64), estimate.error
    order = np.lexsort((np.arange(len(count)), -count))
    return pl.DataFrame(
        {"node": graph.names(order), "downstream": count[order], "error": pl.repeat(error, len(count), eager=True, dtype=pl.Float64)}
    )


def slack(graph: LineageGraph, weights: Mapping[str, float]) -> pl.DataFrame:
    """Find the critical path: what would delay everything if it took longer.

    Parameters
    ----------
    graph : LineageGraph
        Any level; jobs, for run times.
    weights : mapping of str to float
        How long (or how much) each node takes, by id or unique suffix; 0 where it is left out.

    Returns
    -------
    polars.DataFrame
        node, weight, earliest (when it can begin), latest (when it must, so that nothing is late), slack (the
        difference), critical (on the path); earliest first. A cycle counts once, with the sum of its nodes.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> graph = ln.from_edges([("a", "c"), ("b", "c")]).graph()
    >>> graph.slack({"a": 5, "b": 2, "c": 1}).select("node", "slack", "critical").rows()
    [('a', 0.0, True), ('b', 3.0, False), ('c', 0.0, True)]
    """
    weight = np.zeros(len(graph))
    for name, value in weights.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise LineageError(f"the weight of {name!r} is {value!r}; give a number ≥ 0")
        weight[graph.index(name)] = value
    found = critical_path(graph.condensation, weight)
    on_path = np.zeros(len(graph), dtype=bool)
    on_path[found.path] = True
    order = np.lexsort((np.arange(len(graph)), found.earliest))
    columns = {"weight": weight, "earliest": found.earliest, "latest": found.latest, "slack": found.slack, "critical": on_path}
    return pl.DataFrame({"node": graph.names(order), **{n: a[order] for n, a in columns.items()}})
