"""Dominators: which single node everything must come through, and what its removal cuts off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Csr, Ints
from lineage_nb.graph.order import Bools, masked_rows

__all__ = ["Dominators", "dominators"]


@dataclass(frozen=True)
class Dominators:
    """The dominator tree (forest) of what some roots reach.

    Attributes
    ----------
    immediate : numpy.ndarray
        Shape (n,). The last node before each one that every path to it from the roots goes through; -1 where
        there is none: at a root, at what no single node cuts off, and where the roots do not reach.
    reached : numpy.ndarray of bool
        Shape (n,). What the roots reach, they included.
    cut_off : numpy.ndarray of int64
        Shape (n,). How many other nodes the roots no longer reach once the node is removed.
    """

    immediate: Ints
    reached: Bools
    cut_off: NDArray[np.int64]


def dominators(graph: Adjacency, roots: Ints, *, allowed: Bools | None = None) -> Dominators:
    """Find the immediate dominator of every node and what each removal cuts off; cycles are no matter.

    Parameters
    ----------
    graph : Adjacency
        The graph. Give ``graph.reversed()`` and consumers as roots to ask who loses its way to a consumer.
    roots : numpy.ndarray
        Shape (k,). Where paths begin; with several, a node is cut off when no root reaches it any more.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.

    Returns
    -------
    Dominators
        Some seconds a million edges: the work is done node by node, on what the roots reach alone.

    References
    ----------
    Georgiadis, Tarjan and Werneck, "Finding dominators in practice", JGAA 10 (2006): Semi-NCA.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_adjacency
    >>> graph = build_adjacency(5, np.array([0, 1, 1, 2, 3]), np.array([1, 2, 3, 4, 4]))[0]
    >>> found = dominators(graph, np.array([0]))
    >>> found.immediate.tolist(), found.cut_off.tolist()
    ([-1, 0, 1, 1, 1], [4, 3, 0, 0, 0])
    """
    rows = graph.forward if allowed is None else masked_rows(graph.forward, allowed)
    n = rows.n
    node, parent = _preorder(rows, np.unique(np.asarray(roots, dtype=np.int64)))
    number = np.zeros(n, dtype=np.int64)  # 0 is one more node before all roots, and what is not reached
    number[node[1:]] = np.arange(1, len(node))
    backward = graph.backward if allowed is None else masked_rows(graph.backward, allowed)
    semi = _semidominators(backward, node, number, parent, roots)
    above = _nearest_common(parent, semi)
    size = _subtree_sizes(above)
    immediate = np.full(n, -1, dtype=rows.indices.dtype)
    immediate[node[1:]] = node[np.array(above[1:], dtype=np.int64)]
    reached = number > 0
    cut_off = np.zeros(n, dtype=np.int64)
    cut_off[node[1:]] = np.array(size[1:], dtype=np.int64) - 1
    return Dominators(immediate, reached, cut_off)


def _preorder(rows: Csr, roots: Ints) -> tuple[Ints, list[int]]:
    """Search depth first from a node before all roots: (node of each number, its parent's number)."""
    begin, after = rows.indptr.tolist(), rows.indices.tolist()
    seen = bytearray(rows.n)
    node, parent = [-1], [0]
    stack = [(iter(roots.tolist()), 0)]
    while stack:
        children, above = stack[-1]
        for child in children:
            if not seen[child]:
                seen[child] = 1
                stack.append((iter(after[begin[child] : begin[child + 1]]), len(node)))
                node.append(child)
                parent.append(above)
                break
        else:
            stack.pop()
    return np.array(node, dtype=np.int64), parent


def _semidominators(backward: Csr, node: Ints, number: Ints, parent: list[int], roots: Ints) -> list[int]:
    """Semidominator of every number, by paths compressed over those that are done (from the last to the first)."""
    at, counts = backward.places(node[1:])
    before = number[backward.indices[at]]
    ends = np.cumsum(counts)
    kept = before > 0
    ends = np.concatenate([[0], np.cumsum(kept)])[ends]
    before_list, end = before[kept].tolist(), [0, *ends.tolist()]
    count = len(node)
    semi, label, up = list(range(count)), list(range(count)), list(parent)
    from_root = bytearray(count)
    for root in number[np.asarray(roots, dtype=np.int64)].tolist():
        from_root[root] = 1
    for v in range(count - 1, 0, -1):
        best = 0 if from_root[v] else parent[v]
        if best:
            for u in before_list[end[v - 1] : end[v]]:
                if u > v:
                    if up[u] > v:
                        _compress(u, v, up, label, semi)
                    u = semi[label[u]]
                if u < best:
                    best = u
        semi[v] = best
    return semi


def _compress(u: int, last: int, up: list[int], label: list[int], semi: list[int]) -> None:
    """Shorten the way up from `u` among numbers beyond `last`, carrying the smallest semidominator along."""
    path = []
    while up[u] > last:
        path.append(u)
        u = up[u]
    for w in reversed(path):
        above = up[w]
        if semi[label[above]] < semi[label[w]]:
            label[w] = label[above]
        up[w] = up[above]


def _nearest_common(parent: list[int], semi: list[int]) -> list[int]:
    """Immediate dominators, from the first number to the last."""
    above = list(parent)
    for v in range(1, len(parent)):
        u, most = above[v], semi[v]
        while u > most:
            u = above[u]
        above[v] = u
    return above


def _subtree_sizes(above: list[int]) -> list[int]:
    size = [1] * len(above)
    for v in range(len(above) - 1, 0, -1):
        size[above[v]] += size[v]
    return size
