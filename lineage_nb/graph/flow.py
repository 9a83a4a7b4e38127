"""Money pushed through a graph, exact to the last unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.order import Condensation, condense

__all__ = ["Flow", "split"]

Amounts = NDArray[np.int64]


def split(amount: Amounts, group: Ints, weight: NDArray[np.float64]) -> Amounts:
    """Split whole amounts by weight so that the parts add up exactly (largest remainder).

    Parameters
    ----------
    amount : numpy.ndarray of int64
        Shape (groups,). What each group shares out; may be negative.
    group : numpy.ndarray
        Shape (parts,). The group of each part, in [0, groups).
    weight : numpy.ndarray of float
        Shape (parts,), not negative, with a positive sum in every group that has parts.

    Returns
    -------
    numpy.ndarray of int64
        Shape (parts,). Ties of remainders go to the earlier part.

    Examples
    --------
    >>> split(np.array([10]), np.array([0, 0, 0]), np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    if not len(group):
        return np.zeros(0, dtype=np.int64)
    total = np.bincount(group, weights=weight, minlength=len(amount))
    ideal = np.abs(amount)[group] * (weight / total[group])
    part = np.minimum(np.floor(ideal), 2.0**62).astype(np.int64)
    missing = np.abs(amount) - _sums(part, group, len(amount))
    order = np.lexsort((np.arange(len(group)), part - ideal, group))
    starts = np.searchsorted(group[order], np.arange(len(amount)))
    rank = np.arange(len(group)) - starts[group[order]]
    size = np.bincount(group, minlength=len(amount))[group[order]]
    quotient, rest = np.divmod(missing[group[order]], np.maximum(size, 1))
    part[order] += quotient + (rank < rest)
    result: Amounts = np.where(amount[group] < 0, -part, part)
    return result


def _sums(part: Amounts, group: Ints, groups: int) -> Amounts:
    sums = np.zeros(groups, dtype=np.int64)
    np.add.at(sums, group, part)
    return sums


@dataclass(frozen=True)
class Flow:
    """A graph along which money flows from resources to terminals; cycles are collapsed.

    Attributes
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,).
    weight : numpy.ndarray of float
        Shape (m,). Shares of what leaves a node; for a cycle, of what leaves the cycle.
    """

    n: int
    source: Ints
    target: Ints
    weight: NDArray[np.float64]

    @cached_property
    def parts(self) -> Condensation:
        """The graph with its cycles collapsed."""
        return condense(self.n, self.source, self.target)

    @cached_property
    def _by_level(self) -> list[Ints]:
        """Rows of the outer edges, level by level of their source."""
        parts = self.parts
        if not len(parts.source):
            return []
        order = np.lexsort((parts.target, parts.source, parts.level[parts.source]))
        level = parts.level[parts.source[order]]
        starts = np.flatnonzero(np.r_[True, level[1:] != level[:-1]])
        return np.split(order, starts[1:])

    def push(self, amount: Amounts) -> Amounts:
        """Let all money flow down until nothing leads on.

        Parameters
        ----------
        amount : numpy.ndarray of int64
            Shape (n,). Money at each node at the start.

        Returns
        -------
        numpy.ndarray of int64
            Shape (n,). Money where it ends; a cycle that nothing leaves keeps its own at its first node.
            The sum is that of `amount`.
        """
        parts = self.parts
        held = _sums(amount, parts.component, parts.count)
        for rows in self._by_level:
            leaving, group = np.unique(parts.source[rows], return_inverse=True)
            weight = self.weight[parts.edge[rows]]
            moved = split(held[leaving], group, weight)
            held[leaving] = 0
            np.add.at(held, parts.target[rows], moved)
        result = np.zeros(self.n, dtype=np.int64)
        first = np.full(parts.count, self.n, dtype=np.int64)
        np.minimum.at(first, parts.component, np.arange(self.n))
        result[first] = held
        return result

    def share_of(self, terminal: int) -> NDArray[np.float64]:
        """Fraction of the money at each node that ends at `terminal`; shape (n,), 0 to 1."""
        parts = self.parts
        share = np.zeros(parts.count)
        share[parts.component[terminal]] = 1.0
        for rows in reversed(self._by_level):
            leaving, group = np.unique(parts.source[rows], return_inverse=True)
            weight = self.weight[parts.edge[rows]]
            total = np.bincount(group, weights=weight)
            share[leaving] = np.bincount(group, weights=weight * share[parts.target[rows]]) / total
        result: NDArray[np.float64] = share[parts.component]
        return result
