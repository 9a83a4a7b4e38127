"""Closures over arrays: who is reached, in how many hops, and from where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Csr, Ints

__all__ = ["Closure", "closure", "roots", "walk_back"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Closure:
    """What a search reached.

    Attributes
    ----------
    hops : numpy.ndarray
        Shape (n,). Hops from the nearest start; 0 at a start, -1 where not reached.
    via : numpy.ndarray
        Shape (n,). The node before on a shortest path, the smallest of several; -1 at a start and where not
        reached. A node at or beyond `real` (a hub) is never named: the real node before it is.
    """

    hops: Ints
    via: Ints

    @property
    def reached(self) -> Ints:
        """Nodes reached, starts included, ascending."""
        return np.flatnonzero(self.hops >= 0)


def closure(
    csr: Csr,
    starts: Ints,
    *,
    allowed: Bools | None = None,
    free: Bools | None = None,
    named: Bools | None = None,
    max_hops: int | None = None,
) -> Closure:
    """Search breadth first from `starts` along the rows of `csr`.

    Parameters
    ----------
    csr : Csr
        Successors for downstream, predecessors for upstream.
    starts : numpy.ndarray
        Shape (k,). Nodes at hop 0.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.
    free : numpy.ndarray of bool, optional
        Shape (m,), by edge number. These edges add no hop.
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
    >>> closure(csr, np.array([0])).hops.tolist()
    [0, 1, 1, -1]
    """
    hops = np.full(csr.n, -1, dtype=np.int32)
    via = np.full(csr.n, -1, dtype=csr.indices.dtype)
    level = np.unique(np.asarray(starts)).astype(csr.indices.dtype)
    hops[level] = 0
    search = _Search(csr, hops, via, named, allowed, free)
    depth = 0
    while level.size:
        level = search.spread(level, depth)
        if depth == max_hops:
            break
        depth += 1
        level = search.step(level, depth, want_free=False)
    return Closure(hops, via)


@dataclass
class _Search:
    csr: Csr
    hops: NDArray[np.int32]
    via: Ints
    named: Bools | None
    allowed: Bools | None
    free: Bools | None

    def spread(self, level: Ints, depth: int) -> Ints:
        """Add to `level` what free edges reach from it."""
        if self.free is None:
            return level
        found = [level]
        while found[-1].size:
            found.append(self.step(found[-1], depth, want_free=True))
        return np.concatenate(found)

    def step(self, level: Ints, depth: int, *, want_free: bool) -> Ints:
        """Give the unreached neighbours of `level` their hops and predecessor."""
        place, target, edge = self.csr.expand(level)
        keep = self.hops[target] < 0
        if self.allowed is not None:
            keep &= self.allowed[edge]
        if self.free is not None:
            keep &= self.free[edge] == want_free
        place, target = place[keep], target[keep]
        if not target.size:
            return target
        source = level[place]
        before = source
        if self.named is not None:
            before = np.where(self.named[source] | (self.via[source] < 0), source, self.via[source])
        order = np.lexsort((before, target))
        target, before = target[order], before[order]
        first = np.ones(len(target), dtype=bool)
        first[1:] = target[1:] != target[:-1]
        target = target[first]
        self.hops[target] = depth
        self.via[target] = before[first]
        return target


def roots(found: Closure) -> Ints:
    """Find the start that each reached node's witness path begins at; shape (n,), -1 where not reached."""
    n = len(found.via)
    own = np.arange(n, dtype=found.via.dtype)
    root = np.where(found.via >= 0, found.via, own)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return np.where(found.hops >= 0, root, -1)
        root = further


def walk_back(found: Closure, node: int) -> list[int]:
    """List the witness path from its start to `node`."""
    path = [node]
    while found.via[path[-1]] >= 0:
        path.append(int(found.via[path[-1]]))
    return path[::-1]
