"""Compressed sparse rows: the successors of every node in one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Csr", "Ints", "build_csr"]

Ints = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class Csr:
    """Adjacency of a directed graph over nodes 0 … n-1; arrays are read-only.

    Attributes
    ----------
    indptr : numpy.ndarray
        Shape (n + 1,). The row of node i lies at ``indptr[i]:indptr[i + 1]``.
    indices : numpy.ndarray
        Shape (m,). Neighbours, ascending within a row.
    edge : numpy.ndarray
        Shape (m,). The number of the edge at each place, as given to `build_csr`.
    """

    indptr: Ints
    indices: Ints
    edge: Ints

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def m(self) -> int:
        """Number of edges."""
        return len(self.indices)

    def row(self, node: int) -> Ints:
        """Neighbours of one node."""
        return self.indices[self.indptr[node] : self.indptr[node + 1]]

    def degree(self) -> Ints:
        """Number of neighbours of every node; shape (n,)."""
        return np.diff(self.indptr)

    def expand(self, nodes: Ints) -> tuple[Ints, Ints, Ints]:
        """Gather all edges that leave `nodes`.

        Parameters
        ----------
        nodes : numpy.ndarray
            Shape (k,).

        Returns
        -------
        tuple of numpy.ndarray
            (position in `nodes`, neighbour, edge number) of every edge, row by row.

        Examples
        --------
        >>> csr = build_csr(3, np.array([0, 0, 1]), np.array([1, 2, 2]))
        >>> csr.expand(np.array([0]))[1].tolist()
        [1, 2]
        """
        starts = self.indptr[nodes]
        counts = self.indptr[nodes + 1] - starts
        total = int(counts.sum())
        if not total:
            none = np.empty(0, dtype=np.int64)
            return none, none.astype(self.indices.dtype), none.astype(self.edge.dtype)
        ends = np.cumsum(counts)
        at = np.arange(total) + np.repeat(starts - (ends - counts), counts)
        return np.repeat(np.arange(len(nodes)), counts), self.indices[at], self.edge[at]


def build_csr(n: int, source: Ints, target: Ints) -> Csr:
    """Sort edges into rows.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,), values in [0, n).

    Returns
    -------
    Csr
        int32 while counts fit, int64 beyond.

    Examples
    --------
    >>> build_csr(3, np.array([2, 0]), np.array([0, 1])).indptr.tolist()
    [0, 1, 1, 2]
    """
    m = len(source)
    kind: type[np.int32] | type[np.int64] = np.int32 if max(n, m) < np.iinfo(np.int32).max else np.int64
    order = np.lexsort((target, source))
    indptr = np.zeros(n + 1, dtype=kind)
    np.cumsum(np.bincount(source, minlength=n), out=indptr[1:])
    csr = Csr(indptr, target[order].astype(kind), order.astype(kind))
    for array in (csr.indptr, csr.indices, csr.edge):
        array.setflags(write=False)
    return csr
