"""The strongest claim about everything that is reached: by value before by influence, proved before possible."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.graph.paths import FREE, POSSIBLE_ANY, POSSIBLE_VALUE, PROVED_ANY, PROVED_VALUE, Arcs
from lineage_nb.graph.search import Allowed, Bools, Closure, Searcher

__all__ = ["SEARCHES", "Claims", "Reacher"]

SEARCHES = (
    (PROVED_VALUE, True, True),
    (PROVED_ANY, False, True),
    (POSSIBLE_VALUE, True, False),
    (POSSIBLE_ANY, False, False),
)
"""The searches behind one answer, strongest first: (bit, by values, proved)."""


@dataclass(frozen=True)
class Claims:
    """What is reached, each node once, as arrays of equal length.

    Attributes
    ----------
    node, hops, via : numpy.ndarray
        Node numbers, hops from the start, and the node before (-1: none).
    value, proved : numpy.ndarray of bool
        Reached by values, not only by influence; along stated lineage alone.
    """

    node: Ints
    hops: Ints
    via: Ints
    value: Bools
    proved: Bools

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.node)

    def take(self, at: Ints) -> Claims:
        """The claims at the given places."""
        return Claims(*(getattr(self, name)[at] for name in ("node", "hops", "via", "value", "proved")))

    @staticmethod
    def of(parts: list[Claims]) -> Claims:
        """Several claims as one."""
        if len(parts) == 1:
            return parts[0]
        names = ("node", "hops", "via", "value", "proved")
        return Claims(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))

    def strongest(self) -> Claims:
        """One claim a node, by number: the strongest, then the nearest, then from the smallest node."""
        weakness = (~self.value).astype(np.int8) + 2 * (~self.proved).astype(np.int8)
        via = np.where(self.via < 0, np.iinfo(self.via.dtype).max, self.via)
        order = np.lexsort((via, self.hops, weakness, self.node))
        node = self.node[order]
        first = np.ones(len(node), dtype=bool)
        first[1:] = node[1:] != node[:-1]
        return self.take(order[first])


class Reacher:
    """Searches over the arcs of one level.

    Parameters
    ----------
    arcs : Arcs
        What may be searched.
    named : numpy.ndarray of bool, optional
        Shape (arcs.n,). Nodes that a path may name; by default all.
    """

    def __init__(self, arcs: Arcs, named: Bools | None = None) -> None:
        self.arcs = arcs
        free = partial(_carries, arcs.bits, FREE) if self._kinds & FREE else None
        self._searcher = Searcher(arcs.adjacency, free=free, named=named)

    @cached_property
    def _common(self) -> int:
        """Bits that all arcs carry."""
        return int(np.bitwise_and.reduce(self.arcs.bits, initial=255))

    @cached_property
    def _kinds(self) -> int:
        """Bits that some arc carries."""
        return int(np.bitwise_or.reduce(self.arcs.bits, initial=0))

    def reach(
        self,
        starts: Ints,
        *,
        upstream: bool = False,
        bit: int = POSSIBLE_ANY,
        max_hops: int | None = None,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Closure:
        """Search from node numbers along the arcs that carry `bit`.

        Parameters
        ----------
        starts : numpy.ndarray
            Node numbers.
        upstream : bool
            Against the arcs.
        bit : int
            Which arcs may be taken; by default all.
        max_hops : int, optional
            Stop after so many hops.
        allowed : numpy.ndarray of bool, optional
            Shape (arcs,), further limits the arcs.
        """
        keep: Allowed | None = allowed
        if not self._common & bit:
            carries = partial(_carries, self.arcs.bits, bit)
            keep = carries if allowed is None else (lambda at: carries(at) & allowed[at])
        return self._searcher.closure(starts, upstream=upstream, allowed=keep, max_hops=max_hops)

    def claims(self, starts: Ints, *, upstream: bool = False, max_hops: int | None = None, indirect: bool = True) -> Claims:
        """Run the searches of `SEARCHES` and keep the strongest claim about every node but the starts.

        Returns
        -------
        Claims
            Hubs are left out. Nearest first, then by number.
        """
        taken: Ints = np.sort(starts)
        parts: list[Claims] = []
        for bit, value, proved in SEARCHES:
            if not self._worth(value=value, proved=proved, indirect=indirect):
                continue
            found = self.reach(starts, upstream=upstream, bit=bit, max_hops=max_hops)
            new = (found.hops > 0) & (found.nodes < self.arcs.real)
            if parts or found.hops.size > taken.size:
                new &= ~_inside(found.nodes, taken)
            at = np.flatnonzero(new)
            node = found.nodes[at]
            parts.append(Claims(node, found.hops[at], found.via[at], np.full(len(at), value), np.full(len(at), proved)))
            taken = np.sort(np.concatenate([taken, node]))
        every = Claims.of(parts)
        return every.take(np.lexsort((every.node, every.hops)))

    def _worth(self, *, value: bool, proved: bool, indirect: bool) -> bool:
        """Whether a search may reach more than those before it."""
        if value and proved:
            return True
        if not value and not indirect:
            return False
        if proved:
            return not self._common & PROVED_VALUE
        return not self._common & PROVED_ANY


def _carries(bits: NDArray[np.uint8], bit: int, at: Ints) -> Bools:
    carried: Bools = (bits[at] & bit) > 0
    return carried


def _inside(values: Ints, ordered: Ints) -> Bools:
    """Which values are among `ordered`, an ascending array."""
    if not len(ordered):
        return np.zeros(len(values), dtype=bool)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    inside: Bools = ordered[at] == values
    return inside
