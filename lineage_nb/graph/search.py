"""Closures over arrays: who is reached, in how many hops, and from where.

A frontier pays for what it reaches and nothing else: its scratch arrays are reused, and reset only where they
were touched. When a closure grows large, scipy's breadth-first order takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Csr, Ints

__all__ = ["Allowed", "Bools", "Closure", "Searcher", "closure", "roots", "walk_back"]

Bools = NDArray[np.bool_]
Allowed = Bools | Callable[[Ints], Bools]
"""A filter of edges: an array by edge number, or what tells of edge numbers which may be taken."""

_LARGE = 2_000
_SHARE = 128
"""scipy's order pays for all nodes of the graph, and is the quicker one from this share of them on."""


@dataclass(frozen=True)
class Closure:
    """What a search reached; arrays of equal length k.

    Attributes
    ----------
    n : int
        Number of nodes of the graph.
    nodes : numpy.ndarray
        Nodes reached, starts included: by hops, and from a frontier by number.
    hops : numpy.ndarray
        Hops from the nearest start; 0 at a start.
    parents : numpy.ndarray
        The node before on a shortest path; -1 at a start.
    rows : Csr
        What was searched.
    smallest : bool
        Whether every parent is the smallest of several.
    """

    n: int
    nodes: Ints
    hops: Ints
    parents: Ints
    rows: Csr
    smallest: bool = True

    def __len__(self) -> int:
        """Count what was reached."""
        return len(self.nodes)

    @cached_property
    def reached(self) -> Ints:
        """Nodes reached, starts included, ascending."""
        return np.sort(self.nodes)

    @cached_property
    def _place(self) -> Ints:
        return np.argsort(self.nodes, kind="stable")

    def places(self, nodes: Ints) -> Ints:
        """Where nodes stand in `nodes`; -1 for those not reached."""
        if not len(self.nodes):
            return np.full(len(nodes), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.nodes, nodes, sorter=self._place), len(self.nodes) - 1)
        place = self._place[at]
        return np.where(self.nodes[place] == nodes, place, -1)

    def all_hops(self) -> NDArray[np.int32]:
        """Hops of every node of the graph, -1 where not reached; shape (n,)."""
        hops = np.full(self.n, -1, dtype=np.int32)
        hops[self.nodes] = self.hops
        return hops

    @cached_property
    def via(self) -> Ints:
        """The node before on a shortest path, the smallest of several; -1 at a start.

        A node that may not be named (a hub) is never there: the one before it is.
        """
        return self.parents if self.smallest else _smallest_parents(self)


def _smallest_parents(found: Closure) -> Ints:
    """The smallest parent of every node, from the hops alone."""
    hops = found.all_hops()
    place, target, _ = found.rows.expand(found.nodes)
    fits = hops[target] == found.hops[place] + 1
    parent, target = found.nodes[place[fits]], target[fits]
    order = np.argsort(parent, kind="stable")[::-1]
    smallest = np.empty(found.n, dtype=found.nodes.dtype)
    smallest[target[order]] = parent[order]
    return np.where(found.hops > 0, smallest[found.nodes], -1)


class _Scratch:
    """Arrays of a search, clean between searches."""

    def __init__(self, n: int) -> None:
        self.hops = np.full(n, -1, dtype=np.int32)
        self.first = np.empty(n, dtype=np.int64)
        self.via = np.empty(n, dtype=np.int64)


class Searcher:
    """Searches one graph from many starts; safe to use from several threads at once.

    Parameters
    ----------
    adjacency : Adjacency
        The graph.
    free : callable, optional
        Tells of edge numbers which add no hop.
    named : numpy.ndarray of bool, optional
        Shape (n,). Nodes that a path may name; by default all.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_adjacency
    >>> graph, _ = build_adjacency(4, np.array([0, 1, 0]), np.array([1, 2, 2]))
    >>> found = Searcher(graph).closure(np.array([0]))
    >>> found.nodes.tolist(), found.hops.tolist(), found.via.tolist()
    ([0, 1, 2], [0, 1, 1], [-1, 0, 0])
    """

    def __init__(self, adjacency: Adjacency, *, free: Allowed | None = None, named: Bools | None = None) -> None:
        self.adjacency = adjacency
        self._free = _filter(free)
        self._named = named
        self._pool: list[_Scratch] = []

    def closure(
        self,
        starts: Ints,
        *,
        upstream: bool = False,
        allowed: Allowed | None = None,
        max_hops: int | None = None,
    ) -> Closure:
        """Search breadth first from `starts`.

        Parameters
        ----------
        starts : numpy.ndarray
            Shape (k,). Nodes at hop 0.
        upstream : bool
            Along predecessors instead of successors.
        allowed : numpy.ndarray of bool or callable, optional
            By edge number. Other edges are not there.
        max_hops : int, optional
            Stop after so many hops.

        Returns
        -------
        Closure
            Independent of the order of edges.
        """
        rows = self.adjacency.backward if upstream else self.adjacency.forward
        try:
            scratch = self._pool.pop()
        except IndexError:
            scratch = _Scratch(rows.n)
        plain = allowed is None and self._free is None and self._named is None
        search = _Frontier(rows, scratch, self._named, _filter(allowed), self._free)
        # scipy searches graphs of 32-bit numbers only.
        most = max(_LARGE, rows.n // _SHARE) if plain and max_hops is None and rows.indices.dtype == np.int32 else None
        try:
            found = search.run(starts, max_hops, most)
        finally:
            search.clean()
            self._pool.append(scratch)
        return _by_scipy(rows, starts) if found is None else found


def closure(
    csr: Csr,
    starts: Ints,
    *,
    allowed: Allowed | None = None,
    free: Allowed | None = None,
    named: Bools | None = None,
    max_hops: int | None = None,
) -> Closure:
    """Search breadth first from `starts` along the rows of `csr`, once.

    Parameters
    ----------
    csr : Csr
        Successors for downstream, predecessors for upstream.
    starts : numpy.ndarray
        Shape (k,). Nodes at hop 0.
    allowed, free : numpy.ndarray of bool or callable, optional
        By edge number: edges that are there, and edges that add no hop.
    named : numpy.ndarray of bool, optional
        Shape (n,). Nodes that `via` may name; by default all.
    max_hops : int, optional
        Stop after so many hops.

    Returns
    -------
    Closure
        Independent of the order of edges.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_csr
    >>> csr = build_csr(4, np.array([0, 1, 0]), np.array([1, 2, 2]))
    >>> closure(csr, np.array([0])).all_hops().tolist()
    [0, 1, 1, -1]
    """
    search = _Frontier(csr, _Scratch(csr.n), named, _filter(allowed), _filter(free))
    found = search.run(starts, max_hops, None)
    assert found is not None  # noqa: S101 - without a limit a frontier never gives up
    return found


def _filter(edges: Allowed | None) -> Callable[[Ints], Bools] | None:
    if edges is None or callable(edges):
        return edges
    array = edges
    return lambda numbers: array[numbers]


class _Frontier:
    """One search, level by level; levels are sorted, so that the first to reach a node is its smallest parent."""

    def __init__(
        self,
        rows: Csr,
        scratch: _Scratch,
        named: Bools | None,
        allowed: Callable[[Ints], Bools] | None,
        free: Callable[[Ints], Bools] | None,
    ) -> None:
        self.rows, self.scratch, self.named = rows, scratch, named
        self.allowed, self.free = allowed, free
        self.levels: list[Ints] = []
        self.hops: list[int] = []
        self.parents: list[Ints] = []

    def run(self, starts: Ints, max_hops: int | None, most: int | None) -> Closure | None:
        """Search; None when more than `most` nodes are reached."""
        level = np.asarray(starts).astype(self.rows.indices.dtype)
        if level.size > 1:
            level = np.unique(level)
        self._found(level, np.full(level.size, -1, dtype=level.dtype), 0)
        depth = count = 0
        while level.size:
            if self.free is not None:
                level = self._spread(level, depth)
            if depth == max_hops:
                break
            depth += 1
            level = self._step(level, depth, want_free=False)
            count += level.size
            if most is not None and count > most:
                return None
        return self._closure()

    def clean(self) -> None:
        """Leave the scratch as it was."""
        for level in self.levels:
            self.scratch.hops[level] = -1

    def _closure(self) -> Closure:
        hops = np.repeat(np.array(self.hops, dtype=np.int32), [len(x) for x in self.levels])
        if len(self.levels) == 1:
            return Closure(self.rows.n, self.levels[0], hops, self.parents[0], self.rows)
        return Closure(self.rows.n, np.concatenate(self.levels), hops, np.concatenate(self.parents), self.rows)

    def _found(self, nodes: Ints, parents: Ints, depth: int) -> None:
        self.scratch.hops[nodes] = depth
        self.levels.append(nodes)
        self.hops.append(depth)
        self.parents.append(parents)
        if self.named is not None:
            self.scratch.via[nodes] = parents

    def _spread(self, level: Ints, depth: int) -> Ints:
        """Add to `level` what free edges reach from it."""
        found = [level]
        while found[-1].size:
            found.append(self._step(found[-1], depth, want_free=True))
        return np.sort(np.concatenate(found)) if len(found) > 2 else level

    def _edges(self, level: Ints) -> tuple[Ints, Ints, Ints]:
        """Source, target and place of every edge that leaves `level`."""
        rows = self.rows
        if level.size == 1:
            start, end = rows.indptr[level[0]], rows.indptr[level[0] + 1]
            target = rows.indices[start:end]
            return np.broadcast_to(level, target.shape), target, np.arange(start, end)
        at, counts = rows.places(level)
        return level.repeat(counts), rows.indices[at], at

    def _step(self, level: Ints, depth: int, *, want_free: bool) -> Ints:
        """Give the unreached neighbours of `level` their hops and parent; returned ascending."""
        source, target, at = self._edges(level)
        if not target.size:
            return target
        keep = self.scratch.hops[target] < 0
        if self.allowed is not None or self.free is not None:
            edge = at if self.rows.edge is None else self.rows.edge[at]
            if self.allowed is not None:
                keep &= self.allowed(edge)
            if self.free is not None:
                keep &= self.free(edge) == want_free
        source, target = source[keep], target[keep]
        if not target.size:
            return target
        if self.named is not None and not (named := self.named[source]).all():
            before = self.scratch.via[source].astype(source.dtype)
            source = np.where(named | (before < 0), source, before)
            order = np.lexsort((source, target))
            source, target = source[order], target[order]
        if target.size > 1:
            source, target = self._first_each(source, target)
        self._found(target, source, depth)
        return target

    def _first_each(self, source: Ints, target: Ints) -> tuple[Ints, Ints]:
        """Keep the first edge into every target, targets ascending."""
        number = np.arange(target.size)
        self.scratch.first[target[::-1]] = number[::-1]
        first = self.scratch.first[target] == number
        source, target = source[first], target[first]
        order = target.argsort()
        return source[order], target[order]


def _by_scipy(rows: Csr, starts: Ints) -> Closure:
    """Search the whole graph in compiled code; several starts hang on one node that stands before them."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    n, starts = rows.n, np.unique(np.asarray(starts)).astype(rows.indices.dtype)
    indptr, indices, first = rows.indptr, rows.indices, int(starts[0])
    if len(starts) > 1:
        indptr = np.append(indptr, indptr[-1] + len(starts)).astype(indptr.dtype)
        indices, first = np.concatenate([indices, starts]), n
    size = len(indptr) - 1
    # Weights that nobody needs, without a byte an edge.
    matrix = csr_array((np.broadcast_to(1.0, len(indices)), indices, indptr), shape=(size, size))
    order, before = breadth_first_order(matrix, first, directed=True, return_predecessors=True)
    hops = np.repeat(*_levels(order, before))
    parents = before[order]
    parents[0] = -1
    if first == n:
        order, hops, parents = order[1:], hops[1:] - 1, parents[1:].copy()
        parents[hops == 0] = -1
    return Closure(n, order.astype(rows.indices.dtype, copy=False), hops, parents, rows, smallest=False)


def _levels(order: Ints, before: Ints) -> tuple[Ints, Ints]:
    """Hops and number of nodes of every level of a breadth-first order.

    The levels follow each other in the order, and a node's parent lies in the level before its own: where the
    parents are no longer marked, the next level begins.
    """
    marked = np.zeros(len(before), dtype=bool)
    ends = [0, 1]
    while ends[-1] < len(order):
        marked[order[ends[-2] : ends[-1]]] = True
        low, step = ends[-1], max(ends[-1] - ends[-2], 1)
        while low + step < len(order) and marked[before[order[low + step]]]:
            low, step = low + step, 2 * step
        high = min(low + step, len(order))
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if marked[before[order[middle]]] else (low, middle)
        ends.append(high)
    sizes = np.diff(ends)
    return np.arange(len(sizes), dtype=np.int32), sizes


def roots(found: Closure) -> Ints:
    """Find the start that each reached node's witness path begins at; shape (k,), beside `found.nodes`."""
    before = found.places(found.via)
    root = np.where(before >= 0, before, np.arange(len(found)))
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return found.nodes[root]
        root = further


def walk_back(found: Closure, node: int) -> list[int]:
    """List the witness path from its start to `node`."""
    path = [node]
    while True:
        place = int(found.places(np.array([path[-1]]))[0])
        if place < 0 or found.via[place] < 0:
            return path[::-1]
        path.append(int(found.via[place]))
