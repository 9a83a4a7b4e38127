"""Strongly connected components and topological levels over arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Csr, Ints, build_adjacency, stable_order

__all__ = ["Condensation", "Level", "condense", "condensed", "masked_rows"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Level:
    """The nodes of one topological level.

    Attributes
    ----------
    nodes : numpy.ndarray
        Shape (k,). By component, ascending within it.
    first : int
        The first component of the level.
    size : numpy.ndarray or None
        Shape (components of the level,). Members of each component; None where each has one.
    """

    nodes: Ints
    first: int
    size: Ints | None

    @property
    def begins(self) -> Ints:
        """Where in `nodes` each component begins; shape (components of the level,)."""
        if self.size is None:
            return np.arange(len(self.nodes), dtype=np.int64)
        return np.cumsum(self.size) - self.size


@dataclass(frozen=True)
class Condensation:
    """A graph with its cycles collapsed, level by level; arrays are read-only.

    Components are numbered by (level, smallest member), so every edge between two components goes to a higher
    number, and the numbers do not depend on the order in which edges were given.

    Attributes
    ----------
    graph : Adjacency
        What was condensed.
    component : numpy.ndarray
        Shape (n,). The component of every node.
    order : numpy.ndarray
        Shape (n,). Nodes by (component, node).
    start : numpy.ndarray
        Shape (components + 1,). The members of component c are ``order[start[c]:start[c + 1]]``.
    level_start : numpy.ndarray
        Shape (levels + 1,). The components of level i are ``level_start[i]`` up to ``level_start[i + 1]``.
    allowed : numpy.ndarray of bool or None
        Shape (m,), by edge number: the edges that were there; None where all were.
    """

    graph: Adjacency
    component: Ints
    order: Ints
    start: Ints
    level_start: Ints
    allowed: Bools | None = None

    @property
    def count(self) -> int:
        """Number of components."""
        return len(self.start) - 1

    @property
    def depth(self) -> int:
        """Number of levels."""
        return len(self.level_start) - 1

    @property
    def cyclic(self) -> bool:
        """Whether a component has several members."""
        return self.count < len(self.component)

    @property
    def level(self) -> Ints:
        """Longest path from any source to each component, in components; shape (components,)."""
        return np.repeat(np.arange(self.depth, dtype=self.order.dtype), np.diff(self.level_start))

    @property
    def size(self) -> Ints:
        """Number of members of each component; shape (components,)."""
        return np.diff(self.start)

    @cached_property
    def edge(self) -> Ints:
        """Numbers of the edges between different components, ascending."""
        graph = self.graph
        outer = self.component[graph.source] != self.component[graph.target]
        if self.allowed is not None:
            outer &= self.allowed
        return np.flatnonzero(outer)

    @property
    def source(self) -> Ints:
        """Source components of the edges between different components."""
        return self.component[self.graph.source[self.edge]]

    @property
    def target(self) -> Ints:
        """Target components of the edges between different components."""
        return self.component[self.graph.target[self.edge]]

    def levels(self, *, backward: bool = False) -> Iterator[Level]:
        """Walk the levels, sources first (or sinks first)."""
        bounds = self.level_start.tolist()
        nodes = self.start[self.level_start].tolist()
        for i in reversed(range(self.depth)) if backward else range(self.depth):
            a, b = bounds[i], bounds[i + 1]
            size = np.diff(self.start[a : b + 1]) if nodes[i + 1] - nodes[i] > b - a else None
            yield Level(self.order[nodes[i] : nodes[i + 1]], a, size)

    def arrays(self) -> dict[str, Ints]:
        """Give the arrays to save beside those of the graph, by name."""
        return {name: getattr(self, name) for name in ("component", "order", "start", "level_start")}

    @classmethod
    def from_arrays(cls, graph: Adjacency, arrays: Mapping[str, Ints]) -> Condensation:
        """Take up saved arrays (memory maps too) again; no work is done.

        Parameters
        ----------
        graph : Adjacency
            The graph that was condensed, whole.
        arrays : mapping
            What `arrays` gave.

        Examples
        --------
        >>> parts = condense(2, np.array([0]), np.array([1]))
        >>> Condensation.from_arrays(parts.graph, parts.arrays()).count
        2
        """
        return cls(graph, arrays["component"], arrays["order"], arrays["start"], arrays["level_start"])


@overload
def condense(graph: Adjacency, /, *, allowed: Bools | None = None) -> Condensation: ...
@overload
def condense(n: int, source: Ints, target: Ints, /) -> Condensation: ...
def condense(
    graph: Adjacency | int, source: Ints | None = None, target: Ints | None = None, /, *, allowed: Bools | None = None
) -> Condensation:
    """Collapse the cycles of a graph and order what remains, in time linear in its edges.

    Parameters
    ----------
    graph : Adjacency or int
        The graph, or its number of nodes; then the edges follow.
    source, target : numpy.ndarray, optional
        Shape (m,). The edges, where a number of nodes is given.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.

    Returns
    -------
    Condensation
        12 bytes a node; edges are not copied. A deep graph costs some 20 µs a level on top.

    References
    ----------
    Kahn, "Topological sorting of large networks", CACM 5 (1962); Pearce, "An improved algorithm for finding the
    strongly connected components of a directed graph" (2005), as in SciPy.

    Examples
    --------
    >>> c = condense(3, np.array([0, 1, 1]), np.array([1, 0, 2]))
    >>> bool(c.component[0] == c.component[1]), c.level[c.component].tolist()
    (True, [0, 0, 1])
    """
    if not isinstance(graph, Adjacency):
        if source is None or target is None:
            raise TypeError("condense takes an Adjacency, or a number of nodes, sources and targets")
        graph = build_adjacency(graph, source, target)[0]
    rows = graph.forward if allowed is None else masked_rows(graph.forward, allowed)
    count, component = _components(rows)
    order = start = None
    if count < rows.n:
        component = _by_smallest_member(component, count)
        order, start = stable_order(component, count)
    waiting = _outer_in_degree(rows, count, component if order is not None else None)
    levels = _peel(rows, waiting, component if order is not None else None, order, start)
    return _numbered(graph, levels, component, order, start, allowed)


def condensed(graph: Adjacency | Condensation, allowed: Bools | None = None) -> Condensation:
    """Give the condensation that is exact for the edges `allowed`, the given one wherever it will do.

    Parameters
    ----------
    graph : Adjacency or Condensation
        An acyclic condensation serves for every part of its edges; a cyclic one is made anew where edges go.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number.

    Examples
    --------
    >>> ring = condense(2, np.array([0, 1]), np.array([1, 0]))
    >>> condensed(ring).count, condensed(ring, np.array([True, False])).count
    (1, 2)
    """
    if isinstance(graph, Adjacency):
        return condense(graph, allowed=allowed)
    if allowed is None or allowed is graph.allowed:
        return graph
    if graph.allowed is not None:
        allowed = allowed & graph.allowed
    if graph.cyclic:
        return condense(graph.graph, allowed=allowed)
    return Condensation(graph.graph, graph.component, graph.order, graph.start, graph.level_start, allowed)


def masked_rows(csr: Csr, allowed: Bools) -> Csr:
    """Copy the rows of a graph without the edges that are not `allowed`.

    Parameters
    ----------
    csr : Csr
        Either direction.
    allowed : numpy.ndarray of bool
        Shape (m,), by edge number.

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_csr
    >>> masked_rows(build_csr(2, np.array([0, 1]), np.array([1, 0])), np.array([False, True])).indptr.tolist()
    [0, 0, 1]
    """
    if len(allowed) != csr.m:
        raise ValueError(f"allowed has {len(allowed)} places for {csr.m} edges")
    kept = allowed if csr.edge is None else allowed[csr.edge]
    before = np.zeros(csr.m + 1, dtype=csr.indptr.dtype)
    np.cumsum(kept, out=before[1:])
    edge = np.flatnonzero(kept) if csr.edge is None else csr.edge[kept]
    return Csr(before[csr.indptr], csr.indices[kept], edge)


def _components(rows: Csr) -> tuple[int, Ints]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    if not rows.n:
        return 0, np.zeros(0, dtype=np.int32)
    rows = _without_parallels(rows)  # on parallel edges SciPy's search may never end
    ones = np.broadcast_to(1.0, rows.m)  # no bytes per edge
    matrix = csr_array((ones, rows.indices, rows.indptr), shape=(rows.n, rows.n))
    count, component = connected_components(matrix, directed=True, connection="strong")
    return int(count), component


def _by_smallest_member(component: Ints, count: int) -> Ints:
    """Number the components by their smallest member."""
    nodes = np.arange(len(component), dtype=component.dtype)
    first = np.empty(count, dtype=component.dtype)
    first[component[::-1]] = nodes[::-1]  # of several values for one place, the last stays
    begins = np.zeros(len(component), dtype=component.dtype)
    begins[first] = 1
    number = np.cumsum(begins, dtype=component.dtype) - 1
    result: Ints = number[first][component]
    return result


def _without_parallels(rows: Csr) -> Csr:
    again = np.zeros(rows.m, dtype=bool)
    again[1:] = rows.indices[1:] == rows.indices[:-1]
    begins = rows.indptr[:-1]
    again[begins[begins < rows.m]] = False
    if not again.any():
        return rows
    return masked_rows(Csr(rows.indptr, rows.indices), ~again)


def _outer_in_degree(rows: Csr, count: int, component: Ints | None) -> Ints:
    """Count the edges into each component from others."""
    owner, target = rows.owner(), rows.indices
    if component is not None:
        owner, target = component[owner], component[target]
    inner = owner == target
    degree = np.bincount(target, minlength=count)
    if inner.any():
        degree -= np.bincount(target[inner], minlength=count)
    return degree.astype(rows.indices.dtype)


def _peel(rows: Csr, waiting: Ints, component: Ints | None, order: Ints | None, start: Ints | None) -> list[Ints]:
    """Take away the components that nothing leads into, again and again; each level ascending."""
    one = waiting.dtype.type(1)  # of the same type: numpy's quick path
    levels = []
    ready = np.flatnonzero(waiting == 0).astype(waiting.dtype)
    while ready.size:
        levels.append(ready)
        members = ready
        if order is not None and start is not None:
            members = order[Csr(start, order).places(ready)[0]]
        reached = rows.indices[rows.places(members)[0]]
        if component is not None:
            reached = component[reached]
        # an inner edge takes a component that is done below zero, where it does no harm
        np.subtract.at(waiting, reached.astype(np.intp), one)
        ready = np.sort(reached[waiting[reached] == 0])
        ready = ready[np.r_[True, ready[1:] != ready[:-1]]] if ready.size else ready
    return levels


def _numbered(
    graph: Adjacency, levels: list[Ints], component: Ints, order: Ints | None, start: Ints | None, allowed: Bools | None
) -> Condensation:
    """Number the components by (level, smallest member)."""
    kind = graph.forward.indices.dtype
    level_start = np.cumsum([0, *map(len, levels)]).astype(kind)
    if order is None or start is None:
        order = np.concatenate(levels) if levels else np.zeros(0, dtype=kind)
        start = np.arange(len(order) + 1, dtype=kind)
    else:
        places, sizes = Csr(start, order).places(np.concatenate(levels))
        order = order[places]
        start = np.r_[0, np.cumsum(sizes)]
    made = np.empty(len(component), dtype=kind)
    made[order] = np.repeat(np.arange(len(start) - 1, dtype=kind), np.diff(start))
    order, start = order.astype(kind, copy=False), start.astype(kind, copy=False)
    for array in (made, order, start, level_start):
        array.setflags(write=False)
    return Condensation(graph, made, order, start, level_start, allowed)
