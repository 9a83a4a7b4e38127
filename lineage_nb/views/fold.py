"""Nodes that are not drawn, grouped into few bundles between those that are; every node is in exactly one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Ints, build_adjacency
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.propagate import live, reach_sets

__all__ = ["Part", "bits", "group", "label_counts", "label_sets"]

Bools = NDArray[np.bool_]
Sets = NDArray[np.uint64]
MIDDLE, SOURCE, END, ALONE = 0, 1, 2, 3
_DEEP = 2_000


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a graph with its own numbering.

    Attributes
    ----------
    nodes : numpy.ndarray
        Shape (k,). Numbers in the whole graph, ascending.
    adjacency : Adjacency
        Edges between them.
    down, up : Condensation
        Its cycles collapsed, in either direction.
    deep : bool
        Whether it has so many levels that going through them takes long; then searches take their place.
    """

    nodes: Ints
    adjacency: Adjacency
    down: Condensation

    @classmethod
    def of(cls, graph: LineageGraph, inside: Bools) -> Part:
        """Cut the marked nodes out."""
        nodes = np.flatnonzero(inside)
        if len(nodes) == len(graph):
            return cls(nodes, graph.adjacency, graph.condensation)
        at, found, _ = graph.forward.expand(nodes)
        keep = inside[found]
        number = np.cumsum(inside) - 1
        adjacency = build_adjacency(len(nodes), at[keep], number[found[keep]])[0]
        return cls(nodes, adjacency, condense(adjacency))

    @cached_property
    def up(self) -> Condensation:
        """The same against the edges."""
        return condense(self.adjacency.reversed())

    @property
    def deep(self) -> bool:
        """Whether searches are faster than levels."""
        return self.down.depth > _DEEP

    def roles(self) -> Ints:
        """Tell sources, ends and nodes without either from those in the middle; a cycle counts as one node."""
        parts = self.down
        s, t = parts.component[self.adjacency.source], parts.component[self.adjacency.target]
        outer = s != t
        into, out = (np.bincount(c[outer], minlength=parts.count) for c in (t, s))
        role = np.select([(into == 0) & (out == 0), into == 0, out == 0], [ALONE, SOURCE, END], MIDDLE)
        found: Ints = role[parts.component]
        return found

    def local(self, numbers: Sequence[int] | Ints) -> Ints:
        """Numbers within the part of nodes that are in it."""
        return np.searchsorted(self.nodes, np.asarray(numbers, dtype=np.int64))


def bits(count: int, places: Ints) -> Sets:
    """Give the i-th of `places` the i-th label; shape (count, words)."""
    sets = np.zeros((count, max(1, -(-len(places) // 64))), dtype=np.uint64)
    nth = np.arange(len(places))
    sets[places, nth // 64] |= np.uint64(1) << (nth % 64).astype(np.uint64)
    return sets


def label_sets(part: Part, places: Ints) -> tuple[Sets, Sets]:
    """Find for every node which of `places` lead to it, and to which it leads; each leads to itself."""
    if part.deep:
        return _searched(part.adjacency.reversed(), places), _searched(part.adjacency, places)
    own = bits(len(part.nodes), places)
    return reach_sets(part.down, own), reach_sets(part.up, own)


def _searched(graph: Adjacency, places: Ints) -> Sets:
    """The sets of all nodes that lead to a place, by one search each."""
    sets = bits(graph.n, places)
    for nth, place in enumerate(places.tolist()):
        sets[live(graph, np.array([place])), nth // 64] |= np.uint64(1) << np.uint64(nth % 64)
    return sets


def label_counts(sets: Sets, count: int) -> Ints:
    """Count the nodes that carry each label; shape (count,)."""
    total = [np.unpackbits(np.ascontiguousarray(word).view(np.uint8).reshape(-1, 8), axis=1, bitorder="little").sum(axis=0, dtype=np.int64) for word in sets.T]
    return np.concatenate(total)[:count]


def group(part: Part, drawn: Ints, inner: Ints, role: Ints, most: int) -> Ints:
    """Group the nodes that are not drawn so that bundles and drawn nodes stay in order: no false cycle.

    Parameters
    ----------
    part : Part
        Everything that is shown or counted.
    drawn : numpy.ndarray
        Shape (d,). Places of drawn nodes.
    inner : numpy.ndarray
        Those of them that have something before and after them.
    role : numpy.ndarray
        Shape (k,). As `Part.roles`; bundles do not mix them.
    most : int
        Groups wanted at most; the last way of grouping may need more, one for each step between drawn nodes.

    Returns
    -------
    numpy.ndarray of int
        Shape (k,). Number of the group; -1 for drawn nodes.

    Notes
    -----
    Nodes are grouped by the drawn nodes before and after them, if that gives few groups; else by those in the
    middle alone; else by how many drawn nodes in the middle follow each other before them. Along an edge the set
    before only grows, the set after only shrinks and the last number only rises, so no group lies both before
    and after another unless a real cycle joins them.
    """
    rest = np.ones(len(part.nodes), dtype=bool)
    rest[drawn] = False
    at = np.flatnonzero(rest)
    result = np.full(len(part.nodes), -1, dtype=np.int64)
    if not at.size:
        return result
    for chosen in (inner,) if part.deep else (drawn, inner):
        before, after = label_sets(part, chosen)
        keys = np.column_stack([role[at].astype(np.uint64), before[at], after[at]])
        kinds, number = np.unique(keys, axis=0, return_inverse=True)
        if len(kinds) <= most:
            break
    else:
        steps = _steps(part, before, inner)
        kinds, number = np.unique(np.column_stack([role[at], steps[at]]), axis=0, return_inverse=True)
    result[at] = number.reshape(-1)
    return result


def _steps(part: Part, before: Sets, inner: Ints) -> Ints:
    """Count for every node the drawn nodes that follow each other before it, at most."""
    depth = np.zeros(len(inner), dtype=np.int64)
    order = np.argsort(part.down.component[inner], kind="stable")
    own = np.zeros(len(inner), dtype=bool)
    for i in order.tolist():
        own[:] = [bool(before[inner[i], j // 64] >> np.uint64(j % 64) & np.uint64(1)) for j in range(len(inner))]
        own &= part.down.component[inner] < part.down.component[inner[i]]
        depth[i] = depth[own].max(initial=-1) + 1
    steps = np.zeros(len(part.nodes), dtype=np.int64)
    for j in range(len(inner)):
        carried = (before[:, j // 64] >> np.uint64(j % 64) & np.uint64(1)).astype(bool)
        steps[carried] = np.maximum(steps[carried], depth[j] + 1)
    return steps
