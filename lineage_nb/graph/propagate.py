"""Values pushed through a graph to a fixpoint, over arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.order import condense

__all__ = ["push_max", "reach_sets"]


def push_max(n: int, source: Ints, target: Ints, value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give every node the largest value of itself and of everything it reaches.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,). Values travel from target to source: upstream.
    value : numpy.ndarray of int64
        Shape (n,).

    Examples
    --------
    >>> push_max(3, np.array([0, 1]), np.array([1, 2]), np.array([1, 0, 5])).tolist()
    [5, 5, 5]
    """
    parts = condense(n, source, target)
    best = np.full(parts.count, np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(best, parts.component, value)
    if len(parts.source):
        order = np.argsort(-parts.level[parts.source], kind="stable")
        by_level = parts.level[parts.source[order]]
        starts = np.flatnonzero(np.r_[True, by_level[1:] != by_level[:-1]])
        for rows in np.split(order, starts[1:]):
            np.maximum.at(best, parts.source[rows], best[parts.target[rows]])
    return best[parts.component]


def reach_sets(n: int, source: Ints, target: Ints, labels: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Unite label sets downstream to a fixpoint.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : numpy.ndarray
        Shape (m,). Labels travel from source to target.
    labels : numpy.ndarray of uint64
        Shape (n, words). Bit sets at the start.

    Returns
    -------
    numpy.ndarray of uint64
        Shape (n, words).

    Examples
    --------
    >>> reach_sets(2, np.array([0]), np.array([1]), np.array([[1], [2]], dtype=np.uint64)).tolist()
    [[1], [3]]
    """
    parts = condense(n, source, target)
    sets = np.zeros((parts.count, labels.shape[1]), dtype=np.uint64)
    np.bitwise_or.at(sets, parts.component, labels)
    if len(parts.source):
        order = np.argsort(parts.level[parts.source], kind="stable")
        by_level = parts.level[parts.source[order]]
        starts = np.flatnonzero(np.r_[True, by_level[1:] != by_level[:-1]])
        for rows in np.split(order, starts[1:]):
            np.bitwise_or.at(sets, parts.target[rows], sets[parts.source[rows]])
    result: NDArray[np.uint64] = sets[parts.component]
    return result
