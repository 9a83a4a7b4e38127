"""The k shortest witness paths from a set of starts to a node, over arrays."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Csr, Ints
from lineage_nb.graph.order import Bools, masked_rows
from lineage_nb.graph.propagate import live

__all__ = ["iter_witness_paths", "witness_paths"]


def witness_paths(
    graph: Adjacency, starts: Ints, target: int, k: int = 10, *, allowed: Bools | None = None
) -> list[list[int]]:
    """List the k shortest simple paths from any of `starts` to a node.

    Parameters
    ----------
    graph : Adjacency
        The graph.
    starts : numpy.ndarray
        Shape (s,). Where paths may begin; a path may also come through another start.
    target : int
        Where paths end.
    k : int
        How many paths at most.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.

    Returns
    -------
    list of list of int
        Nodes of each path, from its start to `target`; by hops, ties by the numbers of the nodes. Parallel edges
        make one path.

    Raises
    ------
    ValueError
        Where `k` is negative.

    References
    ----------
    Yen, "Finding the k shortest loopless paths in a network" (1971), with Lawler's partition; a deviation is
    searched for only when its lower bound, the hops without the nodes before it, comes up.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_adjacency
    >>> graph = build_adjacency(4, np.array([0, 0, 0, 1, 2]), np.array([1, 2, 3, 3, 3]))[0]
    >>> witness_paths(graph, np.array([0]), 3, k=2)
    [[0, 3], [0, 1, 3]]
    """
    if k < 0:
        raise ValueError(f"k is {k}; give 0 or more")
    return list(islice(iter_witness_paths(graph, starts, target, allowed=allowed), k))


def iter_witness_paths(
    graph: Adjacency, starts: Ints, target: int, *, allowed: Bools | None = None
) -> Iterator[list[int]]:
    """Yield all simple paths from any of `starts` to a node, shortest first, as `witness_paths` orders them.

    Parameters
    ----------
    graph : Adjacency
        The graph.
    starts : numpy.ndarray
        Shape (s,).
    target : int
        Where paths end.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number.

    Yields
    ------
    list of int
        Nodes of a path.
    """
    search = _Search.make(graph, np.unique(np.asarray(starts, dtype=np.int64)), int(target), allowed)
    heap: list[_Deviation] = []
    _push(heap, search, _Deviation(0, (), False, frozenset()))
    while heap:
        best = heapq.heappop(heap)
        if not best.found:
            path = search.complete(best)
            if path is not None:
                heapq.heappush(heap, _Deviation(len(path), path, True, best.barred, len(best.path)))
            continue
        yield list(best.path)
        # Lawler: deviations before the place where this path left its own parent are there already
        for i in range(best.fixed, len(best.path)):
            barred = {best.path[i]} | (best.barred if i == best.fixed else frozenset())
            _push(heap, search, _Deviation(0, best.path[:i], False, frozenset(barred)))


@dataclass(order=True)
class _Deviation:
    """A path, or all paths that begin with `path` and do not go on to `barred`.

    `length` is that of the path, or a lower bound. A prefix sorts before the paths that it begins.
    """

    length: int
    path: tuple[int, ...]
    found: bool
    barred: frozenset[int] = field(compare=False)
    fixed: int = field(compare=False, default=0)


def _push(heap: list[_Deviation], search: _Search, entry: _Deviation) -> None:
    first = search.steps(entry.path, entry.barred)
    if first.size:
        entry.length = len(entry.path) + 1 + int(search.hops[first].min())
        heapq.heappush(heap, entry)


@dataclass
class _Search:
    """The graph's part that lies between the starts and the target.

    `hops` is the distance of each node to the target, a bound for paths that must avoid some nodes.
    """

    forward: Csr
    backward: Csr
    starts: Ints
    target: int
    hops: NDArray[np.int32]

    @classmethod
    def make(cls, graph: Adjacency, starts: Ints, target: int, allowed: Bools | None) -> _Search:
        """Keep only nodes that starts reach, and measure their distance to the target."""
        forward, backward = graph.forward, graph.backward
        if allowed is not None:
            forward, backward = masked_rows(forward, allowed), masked_rows(backward, allowed)
        between = live(Adjacency(backward, forward), starts)
        hops = np.full(graph.n, -1, dtype=np.int32)
        search = cls(forward, backward, starts, target, hops)
        if between[target]:
            search.measure(hops, between)
        search.starts = starts[hops[starts] >= 0]
        return search

    def measure(self, hops: NDArray[np.int32], free: Bools, until: Ints | None = None) -> None:
        """Fill in the hops to the target through `free` nodes; may stop once one of `until` is passed."""
        level = np.array([self.target], dtype=np.int64)
        depth = 0
        while level.size:
            hops[level] = depth
            if until is not None and (hops[until] >= 0).any():
                return
            reached = self.backward.indices[self.backward.places(level)[0]]
            level = np.unique(reached[free[reached] & (hops[reached] < 0)])
            depth += 1

    def steps(self, path: tuple[int, ...], barred: frozenset[int]) -> Ints:
        """Where paths that begin with `path` may go on to, ascending."""
        if path and path[-1] == self.target:
            return self.starts[:0]
        first = self.forward.row(path[-1]) if path else self.starts
        first = first[self.hops[first] >= 0]
        gone = barred.union(path)
        return first[~np.isin(first, list(gone))] if gone else first

    def complete(self, entry: _Deviation) -> tuple[int, ...] | None:
        """Find the first of the shortest simple paths that begin as `entry` says."""
        first = self.steps(entry.path, entry.barred)
        rest = self.descend(first, entry.length - len(entry.path) - 1, self.hops, set(entry.path))
        if rest is None:
            free = self.hops >= 0
            free[list(entry.path)] = False
            exact = np.full(len(self.hops), -1, dtype=np.int32)
            self.measure(exact, free, until=first)
            first = first[exact[first] >= 0]
            if not first.size:
                return None
            rest = self.descend(first, int(exact[first].min()), exact, set())
        return None if rest is None else (*entry.path, *rest)

    def descend(
        self, first: Ints, hops: int, distance: NDArray[np.int32], gone: set[int]
    ) -> tuple[int, ...] | None:
        """Walk down to the target, one hop nearer at each step, the smallest numbers first, around `gone`."""
        gone = set(gone)  # and what was found to lead nowhere
        choices = [iter(first[distance[first] == hops].tolist())]
        path: list[int] = []
        while choices:
            node = next((v for v in choices[-1] if v not in gone), None)
            if node is None:
                choices.pop()
                if path:
                    gone.add(path.pop())
                continue
            path.append(node)
            if node == self.target:
                return tuple(path)
            row = self.forward.row(node)
            choices.append(iter(row[distance[row] == hops - len(path)].tolist()))
        return None
