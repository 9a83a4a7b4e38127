"""A directed graph of labelled nodes over arrays, with the searches that NetworkX's algorithms come down to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, Protocol

import numpy as np
import polars as pl

from lineage_nb.graph.csr import Csr, Ints, stable_order

__all__ = ["ArrayGraph", "Ids", "Keys", "Labels", "Tree", "breadth_first", "components", "generations", "path_between"]

FEW = 2_000
"""Edges that a search follows in plain Python before it turns to scipy, whose cost begins at O(nodes)."""
MANY_LOOKUPS = 5_000
"""Binary searches before a dict of all ids pays."""


class Labels(Protocol):
    """What the nodes 0 … n-1 are called."""

    def __len__(self) -> int: ...

    def number(self, label: object) -> int | None:
        """Find the node that `label` names; None for an unknown one."""

    def pick(self, numbers: Ints | Sequence[int]) -> list[Any]:
        """Name nodes, in the order given."""

    @property
    def all(self) -> list[Any]:
        """Every label, by number."""


class Keys:
    """Labels of any hashable kind, in any order."""

    def __init__(self, keys: Sequence[Hashable]) -> None:
        self.all = list(keys)
        self._numbers = {key: i for i, key in enumerate(self.all)}

    def __len__(self) -> int:
        return len(self.all)

    def number(self, label: object) -> int | None:
        """Find the node that `label` names; None for an unknown one."""
        return self._numbers.get(label) if isinstance(label, Hashable) else None

    def pick(self, numbers: Ints | Sequence[int]) -> list[Any]:
        """Name nodes, in the order given."""
        return _picked(self.all, numbers)


def _picked(labels: Sequence[Any] | pl.Series, numbers: Ints | Sequence[int]) -> list[Any]:
    return list(map(labels.__getitem__, numbers.tolist() if isinstance(numbers, np.ndarray) else numbers))


class Ids:
    """Labels that are a column of distinct strings; in sorted order nothing is built before it pays.

    Parameters
    ----------
    ids : callable
        Gives the labels, a polars.Series of str, shape (n,), when they are first needed.

    Examples
    --------
    >>> ids = Ids(lambda: pl.Series(["a", "b", "d"]))
    >>> ids.number("b"), ids.number("c"), ids.pick([2, 0])
    (1, None, ['d', 'a'])
    """

    def __init__(self, ids: Callable[[], pl.Series]) -> None:
        self._make = ids
        self._asked = self._named = 0

    @cached_property
    def _ids(self) -> pl.Series:
        return self._make().rechunk()

    def __len__(self) -> int:
        return len(self._ids)

    @cached_property
    def all(self) -> list[str]:
        """Every label, by number."""
        return self._ids.to_list()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.all)}

    @cached_property
    def _sorted(self) -> bool:
        return self._ids.is_sorted()

    def number(self, label: object) -> int | None:
        """Find the node that `label` names; None for an unknown one."""
        if not isinstance(label, str):
            return None
        self._asked += 1
        if self._asked > MANY_LOOKUPS or not self._sorted:
            return self._numbers.get(label)
        ids = self._ids
        at = bisect_left(ids, label)
        return at if at < len(ids) and ids[at] == label else None

    def pick(self, numbers: Ints | Sequence[int]) -> list[Any]:
        """Name nodes, in the order given."""
        self._named += len(numbers)
        if "all" in self.__dict__ or self._named > 2 * len(self._ids):
            return _picked(self.all, numbers)  # strings that exist are named twice as fast as new ones
        if len(numbers) < 100:
            return _picked(self._ids, numbers)
        return self._ids.gather(np.asarray(numbers)).to_list()


@dataclass(frozen=True, eq=False)
class ArrayGraph:
    """A directed graph whose nodes have labels.

    Attributes
    ----------
    forward, backward : Csr
        Successors and predecessors; the order within a row is the order in which searches visit them.
    labels : Labels
        What the nodes are called.
    """

    forward: Csr
    backward: Csr
    labels: Labels

    def __len__(self) -> int:
        """Count the nodes."""
        return self.forward.n

    def reversed(self) -> ArrayGraph:
        """The same nodes with every edge turned round; no copy."""
        return ArrayGraph(self.backward, self.forward, self.labels)

    @cached_property
    def matrix(self) -> Any:
        """Ones where edges are, as a `scipy.sparse.csr_array`: the ones take no memory."""
        from scipy.sparse import csr_array

        rows = self.forward
        return csr_array((np.broadcast_to(1.0, rows.m), rows.indices, rows.indptr), shape=(rows.n, rows.n))

    @cached_property
    def loops(self) -> bool:
        """Whether an edge leads from a node to itself."""
        return bool((self.forward.owner() == self.forward.indices).any())


@dataclass(frozen=True, eq=False)
class Tree:
    """A breadth-first search: first come, first served, successors in the order of their rows.

    Attributes
    ----------
    order : numpy.ndarray
        Shape (k,). Nodes in the order they were reached; the start first.
    parent : numpy.ndarray
        Shape (k,), ascending. Where in `order` the node stands from which each was reached; -1 at the start.
    """

    order: Ints
    parent: Ints

    @cached_property
    def ends(self) -> list[int]:
        """Where in `order` each hop ends: nodes at hop h stand in ``order[ends[h - 1]:ends[h]]``."""
        ends = [1]
        while ends[-1] < len(self.order):
            ends.append(int(np.searchsorted(self.parent, ends[-1])))
        return ends

    def within(self, hops: int | None) -> int:
        """How many nodes lie within so many hops, the start included; None for no limit."""
        return len(self.order) if hops is None or hops >= len(self.ends) else self.ends[max(hops, 0)]

    def layers(self) -> Iterator[Ints]:
        """Nodes at 0, 1, 2 … hops."""
        for begin, end in pairwise([0, *self.ends]):
            yield self.order[begin:end]

    def hops(self) -> Ints:
        """Hops of every node of `order`; shape (k,)."""
        return np.repeat(np.arange(len(self.ends)), np.diff([0, *self.ends]))

    def path(self, node: int) -> list[int] | None:
        """Nodes from the start to `node`; None where it was not reached."""
        found = np.flatnonzero(self.order == node)
        if not len(found):
            return None
        path, at = [], int(found[0])
        while at >= 0:
            path.append(int(self.order[at]))
            at = int(self.parent[at])
        return path[::-1]


def breadth_first(graph: ArrayGraph, start: int) -> Tree:
    """Search everything downstream of a node; in `graph.reversed()` everything upstream.

    Parameters
    ----------
    graph : ArrayGraph
        Where to search.
    start : int
        Number of a node.

    Returns
    -------
    Tree
        In the order, and with the parents, of a first-in first-out queue.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_adjacency
    >>> arrays, _ = build_adjacency(4, np.array([0, 0, 2]), np.array([1, 2, 3]))
    >>> tree = breadth_first(ArrayGraph(arrays.forward, arrays.backward, Keys("abcd")), 0)
    >>> tree.order.tolist(), tree.hops().tolist(), tree.path(3)
    ([0, 1, 2, 3], [0, 1, 1, 2], [0, 2, 3])
    """
    return _few(graph.forward, start) or _all(graph, start)


def _few(rows: Csr, start: int) -> Tree | None:
    """Search in plain Python; None when it follows more than `FEW` edges."""
    indptr, indices = rows.indptr, rows.indices
    order, parent, seen, followed = [start], [-1], {start}, 0
    for at, node in enumerate(order):  # grows while it is read
        begin, end = indptr[node], indptr[node + 1]
        followed += end - begin
        if followed > FEW:
            return None
        for other in indices[begin:end].tolist():
            if other not in seen:
                seen.add(other)
                order.append(other)
                parent.append(at)
    return Tree(np.array(order, dtype=indices.dtype), np.array(parent, dtype=indices.dtype))


def _all(graph: ArrayGraph, start: int) -> Tree:
    from scipy.sparse.csgraph import breadth_first_order

    order, before = breadth_first_order(graph.matrix, start, directed=True, return_predecessors=True)
    place = np.empty(len(graph), dtype=order.dtype)
    place[order] = np.arange(len(order), dtype=order.dtype)
    before[start] = start
    parent = place[before[order]]
    parent[0] = -1
    return Tree(order, parent)


def path_between(graph: ArrayGraph, start: int, end: int) -> list[int] | None:
    """Find a shortest path; None where there is none.

    The side on which there is little to search is searched, else everything downstream of `start`.

    Returns
    -------
    list of int
        Node numbers, `start` and `end` included.
    """
    tree = _few(graph.forward, start)
    if tree is not None:
        return tree.path(end)
    tree = _few(graph.backward, end)
    if tree is not None:
        path = tree.path(start)
        return None if path is None else path[::-1]
    return _all(graph, start).path(end)


def components(graph: ArrayGraph, kind: Literal["strong", "weak"]) -> list[Ints]:
    """Split the nodes into connected components.

    Parameters
    ----------
    graph : ArrayGraph
        What to split.
    kind : {"strong", "weak"}
        Strongly connected ones come downstream first (no edge leads from a component to a later one), weakly
        connected ones by their first node.

    Returns
    -------
    list of numpy.ndarray
        (number of the component of every node, shape (n,); nodes by component, shape (n,); where each
        component begins among them, shape (components + 1,)).
    """
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(graph.matrix, directed=True, connection=kind)
    if kind == "weak":
        first = np.empty(count, dtype=label.dtype)
        first[label[::-1]] = np.arange(len(label), dtype=label.dtype)[::-1]  # of equal labels the last stays
        rank = np.empty(count, dtype=label.dtype)
        rank[np.argsort(first)] = np.arange(count, dtype=label.dtype)
        label = rank[label]
    members, begins = stable_order(label, count)
    return [label, members, begins]


def generations(graph: ArrayGraph) -> Iterator[list[int]]:
    """Take away the nodes that nothing leads to, again and again.

    Parameters
    ----------
    graph : ArrayGraph
        Nodes on a cycle, and downstream of one, never come.

    Yields
    ------
    list of int
        Nodes of one generation, in the order in which their last predecessor was taken (Kahn, 1962).
    """
    waiting = graph.backward.degree()
    last = np.empty(len(graph), dtype=np.int64)
    level = np.flatnonzero(waiting == 0).tolist()
    while level:
        yield level
        level = _freed(graph.forward, level, waiting, last)


def _freed(rows: Csr, level: list[int], waiting: Ints, last: Ints) -> list[int]:
    """Take `level` away: which nodes wait for no other any more; `last` is scratch."""
    if len(level) < 16:
        freed = []
        for node in level:
            for other in rows.row(node).tolist():
                left = waiting[other] = waiting[other] - 1
                if not left:
                    freed.append(other)
        return freed
    target = rows.expand(np.asarray(level))[1]
    place = np.arange(len(target))
    last[target] = place  # of equal targets the last stays
    ordered = np.sort(target)
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else place
    waiting[ordered[begins]] -= np.diff(begins, append=len(ordered)).astype(waiting.dtype)
    free: list[int] = target[(waiting[target] == 0) & (last[target] == place)].tolist()
    return free
