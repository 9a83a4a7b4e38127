"""Money pushed through a graph, exact to the last unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Ints, build_adjacency, stable_order
from lineage_nb.graph.order import Condensation, condense, condensed

__all__ = ["Flow", "push_money", "share_ending_at", "split", "split_rows"]

Amounts = NDArray[np.int64]
Floats = NDArray[np.float64]
_ROUNDS = 3  # units given out one by one before it pays to sort


def split(amount: Amounts, group: Ints, weight: Floats) -> Amounts:
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

    Raises
    ------
    ValueError
        Where the weights of a group do not have a positive, finite sum.

    Examples
    --------
    >>> split(np.array([10]), np.array([0, 0, 0]), np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    if not len(group):
        return np.zeros(0, dtype=np.int64)
    counts = np.bincount(group, minlength=len(amount))
    used = counts > 0
    if (group[1:] >= group[:-1]).all():
        return split_rows(amount[used], counts[used], weight)
    order, _ = stable_order(group, len(amount))
    result = np.empty(len(group), dtype=np.int64)
    result[order] = split_rows(amount[used], counts[used], weight[order])
    return result


def split_rows(amount: Amounts, counts: Ints, weight: Floats) -> Amounts:
    """Split as `split` does where the parts of each group lie one after another.

    Parameters
    ----------
    amount : numpy.ndarray of int64
        Shape (groups,).
    counts : numpy.ndarray
        Shape (groups,). Parts of each group, at least one.
    weight : numpy.ndarray of float
        Shape (parts,).

    Examples
    --------
    >>> split_rows(np.array([5, -3]), np.array([2, 1]), np.array([1.0, 3.0, 2.0])).tolist()
    [1, 4, -3]
    """
    begins = np.cumsum(counts) - counts
    total = np.bincount(np.repeat(np.arange(len(counts)), counts), weights=weight)
    if not ((total > 0) & np.isfinite(total)).all():
        raise ValueError("the weights of a group that shares out money need a positive, finite sum")
    whole = np.abs(amount)
    ideal = np.repeat(whole, counts) * (weight / np.repeat(total, counts))
    part = np.minimum(np.floor(ideal), 2.0**62).astype(np.int64)
    quotient, rest = np.divmod(whole - np.add.reduceat(part, begins), counts)
    if quotient.any():  # beyond 2**53 a float is off by more than one unit
        part += np.repeat(quotient, counts)
    unfinished = np.flatnonzero(rest)
    ideal -= np.floor(ideal)
    for _ in range(_ROUNDS):
        if not unfinished.size:
            break
        chosen = _largest(ideal, begins[unfinished], counts[unfinished])
        part[chosen] += 1
        ideal[chosen] = -1.0
        rest[unfinished] -= 1
        unfinished = unfinished[rest[unfinished] > 0]
    if unfinished.size:
        part[_largest_of_many(ideal, begins[unfinished], counts[unfinished], rest[unfinished])] += 1
    result: Amounts = np.where(np.repeat(amount < 0, counts), -part, part)
    return result


def _places(begins: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Give the places of rows that begin at `begins`, and where each row begins among these."""
    first = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(begins - first, counts), first


def _largest(value: Floats, begins: Ints, counts: Ints) -> Ints:
    """Find the place of the largest value of each row, ties to the earlier place."""
    place, first = _places(begins, counts)
    value = value[place]
    hit = np.flatnonzero(value == np.repeat(np.maximum.reduceat(value, first), counts))
    chosen: Ints = place[hit[np.searchsorted(hit, first)]]
    return chosen


def _largest_of_many(value: Floats, begins: Ints, counts: Ints, most: Ints) -> Ints:
    """Find the places of the `most` largest values of each row, ties to the earlier place."""
    place, first = _places(begins, counts)
    value = value[place]
    by_value = np.argsort(-value)
    row = np.repeat(np.arange(len(counts)), counts)
    by_row, _ = stable_order(row[by_value], len(counts))
    least = np.repeat(value[by_value[by_row[first + most - 1]]], counts)  # the last value that is taken
    above = value > least
    wanted = most - np.add.reduceat(above, first, dtype=np.int64)
    equal = np.flatnonzero(value == least)
    rank = np.arange(len(equal)) - np.searchsorted(equal, first)[row[equal]]
    chosen: Ints = np.concatenate([place[above], place[equal[rank < wanted[row[equal]]]]])
    return chosen


@dataclass(frozen=True)
class _Leaving:
    """Edges that leave components of one level, component by component.

    `component` are those with such edges, `counts` the edges of each; `target` the component at each edge's end.
    """

    component: Ints
    counts: Ints
    target: Ints
    edge: Ints


def _leaving(parts: Condensation, held: Amounts | None = None, *, backward: bool = False) -> Iterator[_Leaving]:
    """Walk the levels; where `held` is given, only components that hold something when their turn comes."""
    rows = parts.graph.forward
    kind = parts.component.dtype
    for level in parts.levels(backward=backward):
        nodes = level.nodes
        owner = parts.component[nodes]
        if held is not None:
            busy = held[owner] != 0
            nodes, owner = nodes[busy], owner[busy]
        edge, counts = rows.places(nodes)
        target, source = parts.component[rows.indices[edge]], np.repeat(owner, counts)
        outer = target != source
        if parts.allowed is not None:
            outer &= parts.allowed[edge]
        if not outer.all():
            edge, target, source = edge[outer], target[outer], source[outer]
        if not len(edge):
            continue
        begins = np.flatnonzero(np.r_[True, source[1:] != source[:-1]])
        counts = np.diff(np.r_[begins, len(source)])
        yield _Leaving(source[begins].astype(kind, copy=False), counts, target, edge)


def push_money(graph: Adjacency | Condensation, weight: Floats, amount: Amounts) -> Amounts:
    """Let all money flow down until nothing leads on.

    Parameters
    ----------
    graph : Adjacency or Condensation
        The graph; a condensation's `allowed` holds.
    weight : numpy.ndarray of float
        Shape (m,), by edge number, not negative. Shares of what leaves a node; for a cycle, of what leaves the
        cycle. What leaves a node or cycle that money reaches needs a positive sum.
    amount : numpy.ndarray of int64
        Shape (n,). Money at each node at the start, in whole units.

    Returns
    -------
    numpy.ndarray of int64
        Shape (n,). Money where it ends; a cycle that nothing leaves keeps its own at its first node. The sum is
        that of `amount`.

    Examples
    --------
    >>> graph = build_adjacency(3, np.array([0, 0]), np.array([1, 2]))[0]
    >>> push_money(graph, np.array([1.0, 2.0]), np.array([10, 0, 0])).tolist()
    [0, 3, 7]
    """
    parts = condensed(graph)
    held = np.zeros(parts.count, dtype=np.int64)
    np.add.at(held, parts.component, amount)
    for rows in _leaving(parts, held):
        moved = split_rows(held[rows.component], rows.counts, weight[rows.edge])
        held[rows.component] = 0
        np.add.at(held, rows.target, moved)
    result = np.zeros(len(amount), dtype=np.int64)
    result[parts.order[parts.start[:-1]]] = held
    return result


def share_ending_at(graph: Adjacency | Condensation, weight: Floats, terminal: int) -> Floats:
    """Tell which fraction of the money at each node ends at a terminal.

    Parameters
    ----------
    graph : Adjacency or Condensation
        The graph; a condensation's `allowed` holds.
    weight : numpy.ndarray of float
        Shape (m,), by edge number, as for `push_money`.
    terminal : int
        A node.

    Returns
    -------
    numpy.ndarray of float
        Shape (n,), 0 to 1.

    Examples
    --------
    >>> graph = build_adjacency(3, np.array([0, 0]), np.array([1, 2]))[0]
    >>> share_ending_at(graph, np.array([1.0, 3.0]), 2).tolist()
    [0.75, 0.0, 1.0]
    """
    parts = condensed(graph)
    share = np.zeros(parts.count)
    share[parts.component[terminal]] = 1.0
    for rows in _leaving(parts, backward=True):
        begins = np.cumsum(rows.counts) - rows.counts
        taken = weight[rows.edge]
        total = np.add.reduceat(taken, begins)
        share[rows.component] = np.add.reduceat(taken * share[rows.target], begins) / total
    result: Floats = share[parts.component]
    return result


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
    weight: Floats

    @cached_property
    def _sorted(self) -> tuple[Condensation, Floats]:
        graph, order = build_adjacency(self.n, self.source, self.target)
        return condense(graph), self.weight[order]

    @property
    def parts(self) -> Condensation:
        """The graph with its cycles collapsed; its edges are numbered by (source, target)."""
        return self._sorted[0]

    def push(self, amount: Amounts) -> Amounts:
        """Let all money flow down until nothing leads on; see `push_money`."""
        return push_money(*self._sorted, amount)

    def share_of(self, terminal: int) -> Floats:
        """Fraction of the money at each node that ends at `terminal`; shape (n,), 0 to 1."""
        return share_ending_at(*self._sorted, terminal)
