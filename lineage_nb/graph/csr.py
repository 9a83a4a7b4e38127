"""Compressed sparse rows: the successors and the predecessors of every node in arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Adjacency", "Csr", "Ints", "adjacency_of_pairs", "adjacency_of_sorted", "build_adjacency", "build_csr", "stable_order"]

Ints = NDArray[np.signedinteger[Any]]
_MOST = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Csr:
    """Adjacency of a directed graph over nodes 0 … n-1, in one direction; arrays are read-only.

    Attributes
    ----------
    indptr : numpy.ndarray
        Shape (n + 1,). The row of node i lies at ``indptr[i]:indptr[i + 1]``.
    indices : numpy.ndarray
        Shape (m,). Neighbours, ascending within a row.
    edge : numpy.ndarray or None
        Shape (m,). The number of the edge at each place; None where it is the place itself.
    """

    indptr: Ints
    indices: Ints
    edge: Ints | None = None

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

    def owner(self) -> Ints:
        """The node whose row each place is in; shape (m,)."""
        return np.repeat(np.arange(self.n, dtype=self.indices.dtype), self.degree())

    def owner_of(self, places: Ints) -> Ints:
        """The nodes whose rows the given places are in."""
        if 16 * len(places) > self.m:
            return self.owner()[places]
        return np.searchsorted(self.indptr, places, side="right").astype(self.indices.dtype) - 1

    def numbers(self) -> Ints:
        """Edge number of every place; shape (m,)."""
        return np.arange(self.m, dtype=self.indices.dtype) if self.edge is None else self.edge

    def places(self, nodes: Ints) -> tuple[Ints, Ints]:
        """Find the places of all edges that leave `nodes`.

        Parameters
        ----------
        nodes : numpy.ndarray
            Shape (k,).

        Returns
        -------
        tuple of numpy.ndarray
            (place of every edge, row by row; number of edges of each node).
        """
        starts = self.indptr[nodes]
        counts = self.indptr[nodes + 1] - starts
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        return np.arange(total, dtype=np.int64) + (starts - (ends - counts)).repeat(counts), counts

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
        at, counts = self.places(nodes)
        edge = at if self.edge is None else self.edge[at]
        return np.repeat(np.arange(len(nodes)), counts), self.indices[at], edge


@dataclass(frozen=True)
class Adjacency:
    """A directed graph over nodes 0 … n-1, both ways.

    Edges are numbered in the order of (source, target): the number of an edge is its place in `forward`.

    Attributes
    ----------
    forward : Csr
        Successors; `edge` is None.
    backward : Csr
        Predecessors.
    """

    forward: Csr
    backward: Csr

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.forward.n

    @property
    def m(self) -> int:
        """Number of edges."""
        return self.forward.m

    @property
    def source(self) -> Ints:
        """Source of every edge; shape (m,)."""
        return self.forward.owner()

    @property
    def target(self) -> Ints:
        """Target of every edge; shape (m,)."""
        return self.forward.indices

    def reversed(self) -> Adjacency:
        """The same graph with every edge turned round; edges are renumbered."""
        number = np.empty(self.m, dtype=self.forward.indices.dtype)
        number[self.backward.edge] = np.arange(self.m, dtype=number.dtype)
        back, forth = self.backward, self.forward
        return Adjacency(Csr(back.indptr, back.indices), Csr(forth.indptr, forth.indices, _frozen(number)))


def _frozen(array: Ints) -> Ints:
    array.setflags(write=False)
    return array


def _kind(n: int, m: int) -> type[np.int32] | type[np.int64]:
    return np.int32 if max(n, m) < _MOST else np.int64


def stable_order(key: Ints, n: int) -> tuple[Ints, Ints]:
    """Sort small whole numbers in time linear in their count (a counting sort).

    Parameters
    ----------
    key : numpy.ndarray
        Shape (m,), values in [0, n).
    n : int
        How many values there may be.

    Returns
    -------
    tuple of numpy.ndarray
        (positions in the order of their keys, equal keys in the order given, shape (m,); where each value
        begins, shape (n + 1,)).

    Examples
    --------
    >>> stable_order(np.array([2, 0, 2]), 3)[0].tolist()
    [1, 0, 2]
    """
    from scipy.sparse import csr_array

    m = len(key)
    kind = _kind(n, m)
    one_each = np.arange(m + 1, dtype=kind)
    cells: Any = (np.zeros(m, dtype=np.int8), key.astype(kind, copy=False), one_each)
    by_key = csr_array(cells, shape=(m, n)).tocsc()
    return by_key.indices, by_key.indptr


def build_adjacency(n: int, source: Ints, target: Ints) -> tuple[Adjacency, Ints]:
    """Sort edges into rows, both ways.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,), values in [0, n). Parallel edges stay.

    Returns
    -------
    tuple
        (adjacency, position in `source` of every edge in its new order). Arrays are int32 while counts fit,
        int64 beyond; 8 bytes a node and 12 an edge.

    Examples
    --------
    >>> graph, order = build_adjacency(3, np.array([2, 0]), np.array([0, 1]))
    >>> graph.forward.indptr.tolist(), graph.backward.indices.tolist(), order.tolist()
    ([0, 1, 1, 2], [2, 0], [1, 0])
    """
    by_target, _ = stable_order(target, n)
    by_both, indptr = stable_order(source[by_target], n)
    order = by_target[by_both]
    del by_target, by_both
    forward = Csr(_frozen(indptr), _frozen(target[order].astype(indptr.dtype, copy=False)))
    return Adjacency(forward, _turned(forward)), order


def adjacency_of_sorted(n: int, source: Ints, target: Ints) -> Adjacency:
    """Make both directions of edges that are sorted by (source, target) already.

    Examples
    --------
    >>> adjacency_of_sorted(3, np.array([0, 2]), np.array([1, 0])).backward.indices.tolist()
    [2, 0]
    """
    indptr = _starts(n, source)
    forward = Csr(indptr, _frozen(target.astype(indptr.dtype)))
    return Adjacency(forward, _turned(forward))


def adjacency_of_pairs(n: int, source: Ints, target: Ints) -> Adjacency:
    """Make both directions of edges in any order, each pair once.

    For edges whose order does not matter: a pair is one whole number to sort, on all cores.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,), values in [0, n).

    Examples
    --------
    >>> graph = adjacency_of_pairs(3, np.array([2, 0, 2]), np.array([0, 1, 0]))
    >>> graph.m, graph.backward.indices.tolist()
    (2, [2, 0])
    """
    if max(n, len(source)) >= _MOST:
        return adjacency_of_sorted(n, *_different(build_adjacency(n, source, target)[0]))
    pairs = _sorted_pairs(source, target)
    new = np.ones(len(pairs), dtype=bool)
    new[1:] = pairs[1:] != pairs[:-1]
    if not new.all():
        pairs = pairs[new]
    del new
    low = 0xFFFFFFFF
    source, target = (pairs >> 32).astype(np.int32), (pairs & low).astype(np.int32)
    forward = Csr(_starts(n, source), _frozen(target))
    del pairs
    pairs = _sorted_pairs(target, np.arange(len(target), dtype=np.int32))
    edge = (pairs & low).astype(np.int32)
    del pairs
    return Adjacency(forward, Csr(_starts(n, target), _frozen(source[edge]), _frozen(edge)))


def _sorted_pairs(high: Ints, low: Ints) -> Ints:
    """Sort pairs of numbers below 2**31, each packed into one."""
    packed = high.astype(np.int64)
    packed <<= 32
    packed |= low
    return pl.Series(packed).sort().to_numpy()


def _starts(n: int, row: Ints) -> Ints:
    indptr = np.zeros(n + 1, dtype=_kind(n, len(row)))
    np.cumsum(np.bincount(row, minlength=n), out=indptr[1:])
    return _frozen(indptr)


def _different(adjacency: Adjacency) -> tuple[Ints, Ints]:
    """Source and target of edges, without parallel ones."""
    source, target = adjacency.source, adjacency.target
    new = np.ones(adjacency.m, dtype=bool)
    new[1:] = (target[1:] != target[:-1]) | (source[1:] != source[:-1])
    return source[new], target[new]


def _turned(forward: Csr) -> Csr:
    edge, indptr = stable_order(forward.indices, forward.n)
    return Csr(_frozen(indptr), _frozen(forward.owner()[edge]), _frozen(edge))


def build_csr(n: int, source: Ints, target: Ints) -> Csr:
    """Sort edges into rows, one way, keeping their numbers.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,), values in [0, n).

    Returns
    -------
    Csr
        int32 while counts fit, int64 beyond; `edge` is the position in `source`.

    Examples
    --------
    >>> build_csr(3, np.array([2, 0]), np.array([0, 1])).indptr.tolist()
    [0, 1, 1, 2]
    """
    by_target, _ = stable_order(target, n)
    by_both, indptr = stable_order(source[by_target], n)
    order = by_target[by_both]
    return Csr(_frozen(indptr), _frozen(target[order].astype(indptr.dtype, copy=False)), _frozen(order))
