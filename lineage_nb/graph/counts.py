"""How many distinct nodes lie downstream of each node: exactly, or estimated by a sketch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Csr, Ints, build_adjacency
from lineage_nb.graph.order import Bools, Condensation, condensed
from lineage_nb.graph.propagate import segments

__all__ = ["Estimate", "count_downstream", "estimate_downstream"]

Sets = NDArray[np.uint64]
Registers = NDArray[np.uint8]

_REGISTERS = 256
_AT_ONCE = 64  # registers held in memory together: as many bytes a node


def count_downstream(
    graph: Adjacency | Condensation, *, of: Ints | None = None, allowed: Bools | None = None, words: int = 8
) -> NDArray[np.int64]:
    """Count the distinct nodes that each node reaches, exactly.

    Parameters
    ----------
    graph : Adjacency or Condensation
        The graph. Give ``graph.reversed()`` to count upstream.
    of : numpy.ndarray, optional
        Shape (k,). Count only these nodes (say, the reports); by default all.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.
    words : int
        Nodes are counted in blocks of 64 × `words`, which take 8 × `words` bytes a component.

    Returns
    -------
    numpy.ndarray of int64
        Shape (n,). A node does not count itself, in a cycle neither.

    Notes
    -----
    Time grows with the number of (node, node downstream) pairs over 64: seconds for hundreds of thousands of
    tables, too much for millions of columns, which `estimate_downstream` is for.

    Examples
    --------
    >>> graph = build_adjacency(4, np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3]))[0]
    >>> count_downstream(graph).tolist(), count_downstream(graph, of=np.array([3])).tolist()
    ([3, 1, 1, 0], [1, 1, 1, 0])
    """
    parts = condensed(graph, allowed)
    after = _between(parts)
    wanted = np.arange(len(parts.component)) if of is None else np.unique(of)
    homes = np.sort(parts.component[wanted])
    total = np.zeros(parts.count, dtype=np.int64)
    work = _Blocks(parts, after, after.owner(), total, words)
    for begin in range(0, len(homes), 64 * words):
        work.add(homes[begin : begin + 64 * words])
    result = total[parts.component]
    result[wanted] -= 1
    return result


def _between(parts: Condensation) -> Csr:
    """Successors of every component, each once."""
    forward = build_adjacency(parts.count, parts.source, parts.target)[0].forward
    owner, target = forward.owner(), forward.indices
    new = np.ones(forward.m, dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (target[1:] != target[:-1])
    before = np.zeros(forward.m + 1, dtype=forward.indptr.dtype)
    np.cumsum(new, out=before[1:])
    return Csr(before[forward.indptr], target[new])


class _Blocks:
    """Bit sets over the components, one bit for each node of a block; only what reaches the block is touched."""

    def __init__(
        self, parts: Condensation, after: Csr, owner: Ints, total: NDArray[np.int64], words: int
    ) -> None:
        self.after, self.owner, self.total = after, owner, total
        self.bounds = after.indptr[parts.level_start].tolist()
        self.level = parts.level
        self.sets = np.zeros((parts.count, words), dtype=np.uint64)
        self.active = np.zeros(parts.count, dtype=bool)

    def add(self, homes: Ints) -> None:
        """Count the nodes that live in components `homes`, ascending, for all that reaches them."""
        bit = np.arange(len(homes), dtype=np.uint64)
        np.bitwise_or.at(self.sets, (homes, (bit >> np.uint64(6)).astype(np.intp)), np.uint64(1) << (bit & np.uint64(63)))
        self.active[homes] = True
        touched = [np.unique(homes)]
        for level in range(int(self.level[homes[-1]]) - 1, -1, -1):
            rows = self._pull(self.bounds[level], self.bounds[level + 1])
            if rows.size:
                touched.append(rows)
        rows = np.unique(np.concatenate(touched))
        self.total[rows] += _bits(self.sets[rows])
        self.sets[rows] = 0
        self.active[rows] = False

    def _pull(self, begin: int, end: int) -> Ints:
        """Unite into the components of one level what is set after them; returns those that changed."""
        target = self.after.indices[begin:end]
        hit = np.flatnonzero(self.active[target])
        if not hit.size:
            return hit
        source = self.owner[begin:end][hit]
        begins = np.flatnonzero(np.r_[True, source[1:] != source[:-1]])
        rows = source[begins]
        found = self.sets[target[hit]]
        if len(begins) < len(hit):
            found = np.bitwise_or.reduceat(found, begins, axis=0)
        self.sets[rows] |= found
        self.active[rows] = True
        return rows


def _bits(sets: Sets) -> NDArray[np.int64]:
    """Count the bits of each row."""
    count: Any = getattr(np, "bitwise_count", None)  # numpy 2
    if count is not None:
        return np.asarray(count(sets).sum(axis=1, dtype=np.int64))
    ones: NDArray[np.int64] = np.unpackbits(sets.view(np.uint8), axis=1).sum(axis=1, dtype=np.int64)
    return ones


@dataclass(frozen=True)
class Estimate:
    """Counts that are not exact.

    Attributes
    ----------
    count : numpy.ndarray of float
        Shape (n,). Estimated number of distinct nodes, not rounded.
    error : float
        Standard error relative to the count: two thirds of the estimates lie within it.
    """

    count: NDArray[np.float64]
    error: float


def estimate_downstream(graph: Adjacency | Condensation, *, allowed: Bools | None = None) -> Estimate:
    """Estimate how many distinct nodes each node reaches, in time linear in the edges.

    Parameters
    ----------
    graph : Adjacency or Condensation
        The graph. Give ``graph.reversed()`` to count upstream.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.

    Returns
    -------
    Estimate
        A node does not count itself. The same for the same graph everywhere: nodes are hashed by their number.
        Estimates of nodes that reach nearly the same are wrong together.

    References
    ----------
    Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm" (2007), with
    256 registers and linear counting for small counts.

    Examples
    --------
    >>> graph = build_adjacency(1001, np.zeros(1000, dtype=np.int64), np.arange(1, 1001))[0]
    >>> estimate = estimate_downstream(graph)
    >>> bool(abs(estimate.count[0] - 1000) < 3 * estimate.error * 1000), round(estimate.error, 3)
    (True, 0.065)
    """
    parts = condensed(graph, allowed)
    register, rank = _hashed(len(parts.component))
    harmonic = np.zeros(parts.count)
    empty = np.zeros(parts.count, dtype=np.int32)
    for first in range(0, _REGISTERS, _AT_ONCE):
        sketch = np.zeros((parts.count, _AT_ONCE), dtype=np.uint8)
        own = np.flatnonzero((register >= first) & (register < first + _AT_ONCE))
        np.maximum.at(sketch, (parts.component[own], register[own] - first), rank[own])
        _pull_registers(parts, sketch)
        for rows in _chunks(parts.count):
            harmonic[rows] += _POWERS[sketch[rows]].sum(axis=1)
            empty[rows] += (sketch[rows] == 0).sum(axis=1)
    count = np.maximum(_cardinality(harmonic, empty)[parts.component] - 1.0, 0.0)
    return Estimate(count, 1.04 / _REGISTERS**0.5)


_POWERS = np.ldexp(np.float32(1.0), -np.arange(66)).astype(np.float32)


def _chunks(n: int, size: int = 1 << 17) -> Iterator[slice]:
    return (slice(begin, min(begin + size, n)) for begin in range(0, n, size))


def _pull_registers(parts: Condensation, sketch: Registers) -> None:
    rows = parts.graph.forward
    for level in parts.levels(backward=True):
        at, counts = rows.places(level.nodes)
        source = np.repeat(parts.component[level.nodes], counts)
        if parts.allowed is not None:
            kept = parts.allowed[at]
            at, source = at[kept], source[kept]
        if not at.size:
            continue
        begins = np.flatnonzero(np.r_[True, source[1:] != source[:-1]])
        sizes = np.diff(np.r_[begins, len(source)])
        found = segments(np.maximum, sketch[parts.component[rows.indices[at]]], sizes)
        sketch[source[begins]] = np.maximum(sketch[source[begins]], found)


def _hashed(n: int) -> tuple[Ints, Registers]:
    """Hash the numbers 0 … n-1 by SplitMix64: (register, rank of the first set bit in the rest)."""
    with np.errstate(over="ignore"):
        x = (np.arange(n, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    rest = x & np.uint64((1 << 52) - 1)  # a float holds 52 bits exactly, and its exponent is their length
    rank = (53 - np.frexp(rest.astype(np.float64))[1]).astype(np.uint8)
    return (x >> np.uint64(56)).astype(np.int32), rank


def _cardinality(harmonic: NDArray[np.float64], empty: Ints) -> NDArray[np.float64]:
    m = _REGISTERS
    raw = 0.7213 / (1 + 1.079 / m) * m * m / harmonic
    few = m * np.log(m / np.maximum(empty, 1))
    result: NDArray[np.float64] = np.where((raw <= 2.5 * m) & (empty > 0), few, raw)
    return result
