"""Which keys each resource reaches, and equal shares of its cost for them, exact at any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineage_nb.analyses.cost.shares import largest_first
from lineage_nb.graph.csr import Ints, build_adjacency, stable_order
from lineage_nb.graph.order import Condensation, condense
from lineage_nb.graph.propagate import live, push_max

__all__ = ["KeySets", "reached_keys"]

Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sets = NDArray[np.uint64]

_WORDS = 8
"""Words of a bit set: 512 keys at a time."""
_KEPT = 1 << 28
"""Bytes of bit sets that are kept; beyond, they are made twice."""
_BITS_OF_BYTE = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.float64)
_AT_ONCE = 1 << 18
"""Edges that are gathered together."""


def reached_keys(parts: Condensation, first: int) -> tuple[Longs, Longs]:
    """Give the last and the first key that each node leads to.

    Parameters
    ----------
    parts : Condensation
        A graph whose nodes from `first` on are the keys; nothing leads on from them.
    first : int
        Number of the first key.

    Returns
    -------
    tuple of numpy.ndarray
        Node numbers of keys, shape (n,) each. Equal where there is one key; a last one of -1 where there is none.

    Examples
    --------
    >>> last, least = reached_keys(condense(4, np.array([0, 0, 1]), np.array([2, 3, 3])), 2)
    >>> last.tolist(), least[:2].tolist()
    ([3, 3, 2, 3], [2, 3])
    """
    n = len(parts.component)
    own = np.arange(n)
    most = push_max(parts, np.where(own >= first, own, -1))
    least = -push_max(parts, np.where(own >= first, -own, -2 * n))
    return most, least


class KeySets:
    """Sets of keys by node, for nodes that reach at least two.

    Only what lies between money and two keys is looked at; a node with one way onwards has the set of the next.
    A node from which every edge leads to a single key is listed; for all others bit sets are united upstream,
    `_WORDS` words at a time, level by level.

    Parameters
    ----------
    parts : Condensation
        A graph whose nodes from `first` on are the keys; nothing leads on from them.
    first : int
        Number of the first key.
    at : numpy.ndarray
        Shape (r,). Nodes that are asked about.
    reached : tuple of numpy.ndarray, optional
        What `reached_keys` gives.

    Examples
    --------
    >>> parts = condense(5, np.array([0, 0, 1, 1]), np.array([1, 4, 2, 3]))  # keys 2, 3, 4
    >>> sets = KeySets(parts, 2, np.array([0, 1]))
    >>> sets.count.tolist(), sets.shares(np.array([10, 6])).tolist()
    ([3, 2], [7, 6, 3])
    """

    def __init__(self, parts: Condensation, first: int, at: Ints, reached: tuple[Longs, Longs] | None = None) -> None:
        most, least = reached if reached is not None else reached_keys(parts, first)
        self.keys = len(parts.component) - first
        self.wide: Bools = ((most >= 0) & (least < most))[at]
        heads = parts.order[parts.start[:-1]]
        most, least = most[heads], least[heads]
        wide = (most >= 0) & (least < most)
        wanted = parts.component[at[self.wide]]
        source, target = parts.source, parts.target
        kept = wide[source] & (most[target] >= 0)
        source, target = source[kept], target[kept]
        below = live(build_adjacency(parts.count, target, source)[0], _numbers_in(parts.count, wanted))
        kept = below[source]
        source, target = source[kept], target[kept]
        to_key = ~wide[target]
        pairs = _distinct(source[to_key], most[target[to_key]] - first, parts.count, self.keys)
        inner = _distinct(source[~to_key], target[~to_key], parts.count, parts.count)
        self._contract(parts.count, inner, pairs, wanted)

    def _contract(self, n: int, inner: tuple[Ints, Ints], pairs: tuple[Ints, Ints], wanted: Ints) -> None:
        """Let nodes with one way onwards stand for the next, and order the rest by level."""
        source, target = inner
        ways = np.bincount(source, minlength=n) + np.bincount(pairs[0], minlength=n)
        one = ways[source] == 1
        stands_for = np.arange(n)
        stands_for[source[one]] = target[one]
        while True:
            further = stands_for[stands_for]
            if (further == stands_for).all():
                break
            stands_for = further
        source, target = _distinct(source[~one], stands_for[target[~one]], n, n)
        nodes = _numbers_in(n, source, target, pairs[0], stands_for[wanted])
        number = np.zeros(n, dtype=np.int64)
        number[nodes] = np.arange(len(nodes))
        graph = condense(len(nodes), number[source], number[target])
        place = np.zeros(n, dtype=np.int64)
        place[nodes] = graph.component
        self._bounds = graph.level_start.tolist()
        self._after = build_adjacency(graph.count, place[source], place[target])[0].forward
        self._pairs = place[pairs[0]], pairs[1]
        self._at = place[stands_for[wanted]]
        self._n = graph.count
        rows = _numbers_in(self._n, self._at)
        deep = np.diff(self._after.indptr)[rows] > 0
        self._deep, self._flat = rows[deep], rows[~deep]

    # -- sets --------------------------------------------------------------------------------------------------

    @cached_property
    def _listed(self) -> tuple[Ints, Ints]:
        """Pairs of (node, key) of the nodes that are listed."""
        flat = np.zeros(self._n, dtype=bool)
        flat[self._flat] = True
        chosen = flat[self._pairs[0]]
        return self._pairs[0][chosen], self._pairs[1][chosen]

    def _blocks(self) -> Iterator[tuple[Ints, Sets]]:
        """Walk the blocks of keys: (the keys of a block, bit sets of the deep nodes)."""
        if not len(self._deep):
            return
        used = _numbers_in(self.keys, self._pairs[1])
        place = np.zeros(self.keys, dtype=np.int64)
        place[used] = np.arange(len(used))
        nth = place[self._pairs[1]]
        size = 64 * _WORDS
        sets = np.empty((self._n, _WORDS), dtype="<u8")
        for begin in range(0, len(used), size):
            sets[:] = 0
            inside = (nth >= begin) & (nth < begin + size)
            bit = (nth[inside] - begin).astype(np.uint64)
            cell = self._pairs[0][inside] * _WORDS + (bit >> np.uint64(6)).astype(np.int64)
            np.bitwise_or.at(sets.reshape(-1), cell, np.uint64(1) << (bit & np.uint64(63)))
            self._unite(sets)
            yield used[begin : begin + size], sets[self._deep]

    def _unite(self, sets: Sets) -> None:
        """Unite into every node what lies after it, level by level."""
        indptr, indices = self._after.indptr, self._after.indices
        for low, high in zip(self._bounds[-2::-1], self._bounds[:0:-1], strict=True):
            row = low
            while row < high:
                end = min(max(int(np.searchsorted(indptr, indptr[row] + _AT_ONCE, side="right")) - 1, row + 1), high)
                counts = np.diff(indptr[row : end + 1])
                rows = row + np.flatnonzero(counts)
                if len(rows):
                    found = sets[indices[indptr[row] : indptr[end]]]
                    if len(rows) < len(found):
                        found = np.bitwise_or.reduceat(found, indptr[rows] - indptr[row], axis=0)
                    sets[rows] |= found
                row = end

    @cached_property
    def _sets(self) -> list[tuple[Ints, Sets]] | None:
        """All blocks, where they are few enough to be kept."""
        used = len(_numbers_in(self.keys, self._pairs[1]))
        return list(self._blocks()) if len(self._deep) * (used + 511) // 8 <= _KEPT else None

    @cached_property
    def _counts(self) -> Longs:
        """Keys of each node; shape (nodes,)."""
        count = np.bincount(self._listed[0], minlength=self._n).astype(np.int64)
        for _, sets in self._blocks() if self._sets is None else self._sets:
            count[self._deep] += _bits(sets)
        return count

    @property
    def count(self) -> Longs:
        """Number of keys that each of the `wide` nodes asked about reaches."""
        return self._counts[self._at]

    # -- money -------------------------------------------------------------------------------------------------

    def shares(self, amount: Longs) -> Longs:
        """Share amounts equally between the keys reached.

        Parameters
        ----------
        amount : numpy.ndarray of int64
            Shape (wide nodes,). Their absolute sum stays below 2⁶².

        Returns
        -------
        numpy.ndarray of int64
            Shape (keys,). The sum is that of `amount`. Each key's exact sum of shares is rounded, once for all
            resources together: down, and what is missing goes to the largest remainders, ties to the earlier key.

        Notes
        -----
        Shares are summed as whole units and binary fractions, both small enough for floats to add without
        rounding: the result depends on no order. Fractions are cut after some 30 bits.
        """
        held = np.zeros(self._n, dtype=np.int64)
        np.add.at(held, self._at, amount)
        count = np.maximum(self._counts, 1)
        digits = 52 - max(len(self._deep) + len(self._flat), 1).bit_length()
        whole, rest = np.divmod(held, count)
        parts = [whole >> digits, whole & ((1 << digits) - 1), (rest << digits) // count]
        high, low, fraction = (total.astype(np.int64) for total in self._sums(parts))
        part = (high << digits) + low + (fraction >> digits)
        return largest_first(int(amount.sum()), part, fraction & ((1 << digits) - 1))

    def _sums(self, weights: Sequence[Longs]) -> list[NDArray[np.float64]]:
        """Sum each of several weights of the nodes by key, in one walk over the blocks."""
        node, key = self._listed
        totals = [np.bincount(key, weights=w[node], minlength=self.keys).astype(np.float64) for w in weights]
        used = [np.flatnonzero(w[self._deep]) for w in weights]
        if not any(map(len, used)):
            return totals
        for keys, sets in self._blocks() if self._sets is None else self._sets:
            for total, weight, at in zip(totals, weights, used, strict=True):
                if len(at):
                    total[keys] += _sums_by_bit(sets[at], weight[self._deep[at]])[: len(keys)]
        return totals


def _numbers_in(n: int, *arrays: Ints) -> Longs:
    """The numbers below `n` that occur, ascending."""
    found = np.zeros(n, dtype=bool)
    for array in arrays:
        found[array] = True
    return np.flatnonzero(found)


def _distinct(a: Ints, b: Ints, rows: int, columns: int) -> tuple[Ints, Ints]:
    """Pairs (a, b), each once, sorted; a lies below `rows`, b below `columns`."""
    by_column, _ = stable_order(b, columns)
    order = by_column[stable_order(a[by_column], rows)[0]]
    first, second = a[order], b[order]
    new = np.ones(len(order), dtype=bool)
    np.not_equal(first[1:], first[:-1], out=new[1:])
    new[1:] |= second[1:] != second[:-1]
    return first[new], second[new]


def _bits(sets: Sets) -> Longs:
    """Count the bits of each row."""
    count: Any = getattr(np, "bitwise_count", None)  # numpy 2
    if count is not None:
        return np.asarray(count(sets).sum(axis=1, dtype=np.int64))
    ones: Longs = np.unpackbits(sets.view(np.uint8), axis=1).sum(axis=1, dtype=np.int64)
    return ones


def _sums_by_bit(sets: Sets, weight: Longs) -> NDArray[np.float64]:
    """Sum for every bit the weights of the rows that have it: by histograms of bytes, or of pairs of bytes."""
    floats = weight.astype(np.float64)
    if len(sets) > 1 << 15:
        pairs = sets.view("<u2")
        both = [np.bincount(pairs[:, i], weights=floats, minlength=1 << 16).reshape(256, 256) for i in range(pairs.shape[1])]
        by_byte = [total for pair in both for total in (pair.sum(axis=0), pair.sum(axis=1))]
    else:
        cells = sets.view("u1")
        by_byte = [np.bincount(cells[:, i], weights=floats, minlength=256) for i in range(cells.shape[1])]
    return (np.array(by_byte) @ _BITS_OF_BYTE).ravel()
