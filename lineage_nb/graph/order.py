"""Strongly connected components and topological levels over arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lineage_nb.graph.csr import Csr, Ints, build_csr

__all__ = ["Condensation", "condense"]


@dataclass(frozen=True)
class Condensation:
    """A graph with its cycles collapsed.

    Attributes
    ----------
    component : numpy.ndarray
        Shape (n,). The component of every node.
    level : numpy.ndarray
        Shape (components,). Longest path from any source, in components; every edge between components goes
        to a higher level.
    source, target, edge : numpy.ndarray
        Edges between different components, and their numbers in the original graph.
    """

    component: Ints
    level: Ints
    source: Ints
    target: Ints
    edge: Ints

    @property
    def count(self) -> int:
        """Number of components."""
        return len(self.level)


def condense(n: int, source: Ints, target: Ints) -> Condensation:
    """Collapse the cycles of a graph and order what remains.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,).

    Examples
    --------
    >>> c = condense(3, np.array([0, 1, 1]), np.array([1, 0, 2]))
    >>> bool(c.component[0] == c.component[1]), c.level[c.component].tolist()
    (True, [0, 0, 1])
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    matrix = csr_array((np.ones(len(source), dtype=np.int8), (source, target)), shape=(n, n))
    count, component = connected_components(matrix, directed=True, connection="strong")
    outer_source, outer_target = component[source], component[target]
    edge = np.flatnonzero(outer_source != outer_target)
    outer_source, outer_target = outer_source[edge], outer_target[edge]
    level = _levels(count, outer_source, outer_target)
    return Condensation(component, level, outer_source, outer_target, edge)


def _levels(n: int, source: Ints, target: Ints) -> Ints:
    """Longest path from the sources of an acyclic graph, peeled level by level."""
    csr: Csr = build_csr(n, source, target)
    waiting = np.bincount(target, minlength=n)
    level = np.zeros(n, dtype=np.int32)
    ready = np.flatnonzero(waiting == 0)
    depth = 0
    while ready.size:
        level[ready] = depth
        reached = csr.expand(ready)[1]
        np.subtract.at(waiting, reached, 1)
        ready = np.unique(reached[waiting[reached] == 0])
        depth += 1
    return level
