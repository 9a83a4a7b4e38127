"""The critical path: the longest weighted path through a graph, and what slack everything else has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Adjacency, Ints
from lineage_nb.graph.order import Bools, Condensation, condensed
from lineage_nb.graph.propagate import segments

__all__ = ["CriticalPath", "critical_path"]

Numbers = NDArray[Any]


@dataclass(frozen=True)
class CriticalPath:
    """The longest path, and how far from it each node lies; in the unit of the weights.

    Attributes
    ----------
    path : numpy.ndarray
        Nodes of the longest path, in its order; all members of a cycle stand together, ascending.
    length : int or float
        Sum of the weights along it.
    earliest, latest : numpy.ndarray
        Shape (n,). The earliest start of each node, and the latest that does not make the whole longer. The
        members of a cycle start together.
    slack : numpy.ndarray
        Shape (n,). Latest less earliest; 0 on every longest path (for floats, up to rounding).
    """

    path: Ints
    length: int | float
    earliest: Numbers
    latest: Numbers
    slack: Numbers


def critical_path(
    graph: Adjacency | Condensation,
    weight: Numbers,
    edge_weight: Numbers | None = None,
    *,
    allowed: Bools | None = None,
) -> CriticalPath:
    """Find the longest path by the weights of its nodes and edges.

    Parameters
    ----------
    graph : Adjacency or Condensation
        The graph. A cycle counts once, with the sum of its members' weights; edges within it count nothing.
    weight : numpy.ndarray of int or float
        Shape (n,), not negative. Such as the seconds that each job runs.
    edge_weight : numpy.ndarray of int or float, optional
        Shape (m,), by edge number, not negative. Such as a wait between two jobs.
    allowed : numpy.ndarray of bool, optional
        Shape (m,), by edge number. Other edges are not there.

    Returns
    -------
    CriticalPath
        int64 and exact where all weights are whole numbers, else float64. Of several longest paths, the one that
        ends and then comes through the lowest component number (level, then smallest member).

    Raises
    ------
    ValueError
        Where a weight is negative or not finite, or there is not one for each node (edge).

    References
    ----------
    Kelley and Walker, "Critical-path planning and scheduling" (1959).

    Examples
    --------
    >>> from lineage_nb.graph.csr import build_adjacency
    >>> graph = build_adjacency(4, np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3]))[0]
    >>> found = critical_path(graph, np.array([1, 5, 2, 1]))
    >>> found.path.tolist(), found.length, found.slack.tolist()
    ([0, 1, 3], 7, [0, 0, 3, 0])
    """
    parts = condensed(graph, allowed)
    weight = _checked("weight", weight, len(parts.component))
    if edge_weight is not None:
        edge_weight = _checked("edge_weight", edge_weight, parts.graph.m)
    both = (weight,) if edge_weight is None else (weight, edge_weight)
    own = np.zeros(parts.count, dtype=np.result_type(*both))
    np.add.at(own, parts.component, weight.astype(own.dtype, copy=False))
    before = _longest(parts, own, edge_weight, backward=False)
    after = _longest(parts, own, edge_weight, backward=True)
    length = (before + own).max(initial=0)
    latest = length - after - own
    path = _backtrack(parts, before, own, edge_weight)
    at = parts.component
    return CriticalPath(path, length.item(), before[at], latest[at], (latest - before)[at])


def _checked(name: str, weight: Numbers, count: int) -> Numbers:
    if len(weight) != count:
        raise ValueError(f"{name} has {len(weight)} values, not {count}")
    if weight.size and not (np.isfinite(weight).all() and weight.min() >= 0):
        raise ValueError(f"{name} has values that are negative or not finite")
    return weight.astype(np.int64 if weight.dtype.kind in "iub" else np.float64, copy=False)


def _longest(parts: Condensation, own: Numbers, edge_weight: Numbers | None, *, backward: bool) -> Numbers:
    """Sum up the most that lies before (backward: after) each component, without its own."""
    rows = parts.graph.forward if backward else parts.graph.backward
    most = np.zeros_like(own)
    for level in parts.levels(backward=backward):
        at, counts = rows.places(level.nodes)
        home = np.repeat(parts.component[level.nodes], counts)
        other = parts.component[rows.indices[at]]
        edge = at if rows.edge is None else rows.edge[at]
        kept = home != other
        if parts.allowed is not None:
            kept &= parts.allowed[edge]
        if not kept.all():
            home, other, edge = home[kept], other[kept], edge[kept]
        if not home.size:
            continue
        reach = most[other] + own[other]
        if edge_weight is not None:
            reach += edge_weight[edge]
        begins = np.flatnonzero(np.r_[True, home[1:] != home[:-1]])
        most[home[begins]] = segments(np.maximum, reach, np.diff(np.r_[begins, len(home)]))
    return most


def _backtrack(parts: Condensation, before: Numbers, own: Numbers, edge_weight: Numbers | None) -> Ints:
    """Walk a longest path from its end to its begin."""
    if not parts.count:
        return parts.order
    rows = parts.graph.backward
    here = int(np.argmax(before + own))
    blocks = []
    while True:
        members = parts.order[parts.start[here] : parts.start[here + 1]]
        blocks.append(members)
        _, neighbour, edge = rows.expand(members)
        other = parts.component[neighbour]
        kept = other != here
        if parts.allowed is not None:
            kept &= parts.allowed[edge]
        other, edge = other[kept], edge[kept]
        reach = before[other] + own[other]
        if edge_weight is not None:
            reach = reach + edge_weight[edge]
        if not other.size:
            return np.concatenate(blocks[::-1])
        here = int(other[reach == reach.max()].min())
