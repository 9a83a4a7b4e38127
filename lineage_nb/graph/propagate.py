"""Values pushed through a graph to a fixpoint, over arrays: label sets, largest values, what is alive."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Csr, Ints, build_adjacency
from lineage_nb.graph.order import Bools, Condensation, Level, condensed, masked_rows

__all__ = ["live", "merge_cycles", "push_max", "reach_sets", "segments"]

Graph = Adjacency | Condensation
Sets = NDArray[np.uint64]
Longs = NDArray[np.int64]
Values = NDArray[Any]


def segments(operation: np.ufunc, values: Values, counts: Ints) -> Values:
    """Reduce rows that lie one after another.

    Parameters
    ----------
    operation : numpy.ufunc
        Such as ``numpy.maximum``.
    values : numpy.ndarray
        Shape (sum of counts, …).
    counts : numpy.ndarray
        Shape (rows,). Length of each row; rows of length 0 have no place in the result.

    Returns
    -------
    numpy.ndarray
        Shape (rows that are not empty, …).

    Examples
    --------
    >>> segments(np.maximum, np.array([3, 1, 4]), np.array([2, 0, 1])).tolist()
    [3, 4]
    """
    filled = counts[counts > 0]
    if not len(filled):
        return values[:0]
    begins = np.cumsum(filled) - filled
    result: Values = operation.reduceat(values, begins)
    return result


def merge_cycles(operation: np.ufunc, values: Values, level: Level) -> Values:
    """Give all members of a component the reduction of their values.

    Parameters
    ----------
    operation : numpy.ufunc
        Such as ``numpy.maximum``.
    values : numpy.ndarray
        Shape (nodes of the level,).
    level : Level
        The level.
    """
    if level.size is None:
        return values
    result: Values = np.repeat(operation.reduceat(values, level.begins), level.size)
    return result


def _pull(
    parts: Condensation, columns: list[Any], operation: np.ufunc, nothing: Any, *, backward: bool = False
) -> None:
    """Reduce into every node, in place, the values of all nodes before (backward: after) it.

    The levels before are complete when a level is pulled. Within a cycle the neighbours are not, but what they
    hold belongs to all members, and these are merged at once. Each column has shape (n,).
    """
    rows = parts.graph.forward if backward else parts.graph.backward
    for level in parts.levels(backward=backward):
        nodes = level.nodes
        at, counts = rows.places(nodes)
        fed = nodes if counts.all() else nodes[counts > 0]
        neighbour, barred = rows.indices[at], None
        if parts.allowed is not None:
            barred = ~parts.allowed[at if rows.edge is None else rows.edge[at]]
        for values in columns:
            if len(at):
                got = values[neighbour]
                if barred is not None:
                    got[barred] = nothing
                values[fed] = operation(values[fed], segments(operation, got, counts))
            if level.size is not None:
                values[nodes] = merge_cycles(operation, values[nodes], level)


@overload
def reach_sets(graph: Graph, labels: Sets, /, *, allowed: Bools | None = None) -> Sets: ...
@overload
def reach_sets(n: int, source: Ints, target: Ints, labels: Sets, /) -> Sets: ...
def reach_sets(graph: Graph | int, *rest: Any, allowed: Bools | None = None) -> Sets:
    """Unite label sets downstream to a fixpoint.

    Parameters
    ----------
    graph : Adjacency, Condensation or int
        The graph, or its number of nodes; then ``source`` and ``target``, shape (m,), follow. Labels travel from
        source to target. A condensation of a cyclic graph is made anew where `allowed` takes edges away.
    labels : numpy.ndarray of uint64
        Shape (n, words). Bit sets at the start, 64 labels a word.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges carry nothing.

    Returns
    -------
    numpy.ndarray of uint64
        Shape (n, words). The labels of each node and of everything upstream of it.

    Examples
    --------
    >>> reach_sets(2, np.array([0]), np.array([1]), np.array([[1], [2]], dtype=np.uint64)).tolist()
    [[1], [3]]
    """
    graph, labels = _graph_and_values(graph, rest)
    parts = condensed(graph, allowed)
    columns = [np.array(labels[:, word]) for word in range(labels.shape[1])]
    _pull(parts, columns, np.bitwise_or, np.uint64(0))
    return np.stack(columns, axis=1) if columns else labels.copy()


@overload
def push_max(graph: Graph, value: Longs, /, *, allowed: Bools | None = None) -> Longs: ...
@overload
def push_max(n: int, source: Ints, target: Ints, value: Longs, /) -> Longs: ...
def push_max(graph: Graph | int, *rest: Any, allowed: Bools | None = None) -> Longs:
    """Give every node the largest value of itself and of everything it reaches.

    Parameters
    ----------
    graph : Adjacency, Condensation or int
        The graph, or its number of nodes; then ``source`` and ``target``, shape (m,), follow. Values travel
        from target to source: upstream.
    value : numpy.ndarray of int64
        Shape (n,).
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges carry nothing.

    Returns
    -------
    numpy.ndarray of int64
        Shape (n,).

    Examples
    --------
    >>> push_max(3, np.array([0, 1]), np.array([1, 2]), np.array([1, 0, 5])).tolist()
    [5, 5, 5]
    """
    graph, value = _graph_and_values(graph, rest)
    best = value.astype(np.int64)
    _pull(condensed(graph, allowed), [best], np.maximum, np.iinfo(np.int64).min, backward=True)
    return best


def _graph_and_values(graph: Graph | int, rest: tuple[Any, ...]) -> tuple[Graph, NDArray[Any]]:
    """Read either call form: (graph, values) or (n, source, target, values)."""
    if isinstance(graph, Adjacency | Condensation):
        (values,) = rest
        n = len((graph if isinstance(graph, Adjacency) else graph.graph).forward.indptr) - 1
    else:
        source, target, values = rest
        n, graph = graph, build_adjacency(graph, source, target)[0]
    if len(values) != n:
        raise ValueError(f"{len(values)} values for {n} nodes")
    return graph, values


def live(graph: Graph, starts: Ints, *, allowed: Bools | None = None) -> Bools:
    """Mark everything upstream of live nodes, and these.

    Parameters
    ----------
    graph : Adjacency or Condensation
        The graph; no condensation is needed.
    starts : numpy.ndarray
        Shape (k,). The live nodes.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.

    Returns
    -------
    numpy.ndarray of bool
        Shape (n,).

    Examples
    --------
    >>> graph = build_adjacency(4, np.array([0, 1, 2]), np.array([1, 2, 3]))[0]
    >>> live(graph, np.array([2])).tolist()
    [True, True, True, False]
    """
    if isinstance(graph, Condensation):
        if graph.allowed is not None:
            allowed = graph.allowed if allowed is None else allowed & graph.allowed
        graph = graph.graph
    rows = graph.backward if allowed is None else masked_rows(graph.backward, allowed)
    return _reached(rows, np.asarray(starts))


def _reached(rows: Csr, starts: Ints) -> Bools:
    """Search from one more node, whose row is the starts."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    n, m = rows.n, rows.m + len(starts)
    kind = np.int32 if max(n + 2, m) < np.iinfo(np.int32).max else np.int64
    indices = np.concatenate([rows.indices, starts]).astype(kind, copy=False)
    indptr = np.concatenate([rows.indptr, [m]]).astype(kind, copy=False)
    matrix = csr_array((np.broadcast_to(1.0, m), indices, indptr), shape=(n + 1, n + 1))
    found = breadth_first_order(matrix, n, directed=True, return_predecessors=False)
    marked = np.zeros(n + 1, dtype=bool)
    marked[found] = True
    return marked[:n]
