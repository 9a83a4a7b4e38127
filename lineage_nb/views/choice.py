"""Which nodes to draw of a graph that is too large to be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import Csr, Ints
from lineage_nb.graph.lineage_graph import LineageGraph

__all__ = ["DOWN", "UP", "Bools", "Pick", "Side", "reach"]

Bools = NDArray[np.bool_]
Side = str
UP, DOWN = "up", "down"


_LEAST = 6


def reach(csr: Csr, starts: Ints, hops: int, allowed: Bools) -> NDArray[np.int32]:
    """Count the hops from `starts` (0) to every node; -1 where it takes more than `hops`, or is not allowed."""
    depth = np.full(csr.n, -1, dtype=np.int32)
    depth[starts] = 0
    level: Ints = starts
    for hop in range(1, hops + 1):
        found = csr.expand(level)[1]
        level = np.unique(found[allowed[found] & (depth[found] < 0)]).astype(np.int64)
        if not level.size:
            break
        depth[level] = hop
    return depth


class Pick:
    """Chooses the nodes to draw, breadth first on both sides, within a budget that depths share."""

    def __init__(
        self, graph: LineageGraph, allowed: Bools, max_marks: int, fold: int, expand: dict[tuple[str, Side], int]
    ) -> None:
        self.graph, self.allowed, self.fold, self.expand = graph, allowed, fold, expand
        self.max_marks = max_marks
        self.room = max_marks - max_marks // 8
        self.drawn: dict[int, int] = {}
        self.starts: Ints = np.empty(0, dtype=np.int64)
        self.spread_from: set[tuple[int, Side]] = set()

    def rows(self, side: Side) -> Csr:
        """Neighbours on one side."""
        return self.graph.backward if side == UP else self.graph.forward

    def roots(self, start: int) -> None:
        """Draw the focus; of a dataset at the column level its columns."""
        roots = np.array(self.graph.starts(self.graph.ids[start]), dtype=np.int64)
        degree = np.diff(self.graph.forward.indptr)[roots] + np.diff(self.graph.backward.indptr)[roots]
        if len(roots) > 1 and degree[0] == 0:
            roots, degree = roots[1:], degree[1:]
        self.starts = roots
        self.allowed = self.allowed.copy()
        self.allowed[roots] = True
        shown = roots[np.lexsort((roots, -degree))][: max(1, min(2 * self.fold, self.room))]
        self.drawn = dict.fromkeys(sorted(shown.tolist()), 0)

    def spread(self, sides: Sequence[Side], hops: int) -> None:
        """Draw neighbours, nearest first, sharing the room between the sides and depths that are left."""
        reached = [reach(self.rows(side), self.starts, hops, self.allowed) for side in sides]
        deep = max((int(depths.max()) for depths in reached), default=0)
        edge = {side: list(self.drawn) for side in sides}
        for depth in range(1, deep + 1):
            for place, side in enumerate(sides):
                steps = (deep - depth) * len(sides) + len(sides) - place
                room = max(0, self.room - len(self.drawn))
                edge[side] = self._step(edge[side], side, depth, max(2 * room // (steps + 1), min(room, _LEAST)))
        for name, side in self.expand:
            node = self.graph.index(name)
            if node in self.drawn and (node, side) not in self.spread_from and self.expand[name, side]:
                self._step([node], side, self.drawn[node] + 1, self.room - len(self.drawn))

    def keep(self, names: Iterable[str]) -> None:
        """Draw these too, as far as they are there and there is room."""
        for name in sorted(names):
            node = self.graph.naming.number(name)
            if node is not None and self.allowed[node] and len(self.drawn) < self.max_marks:
                self.drawn.setdefault(node, 0)

    def fresh(self, node: int, side: Side) -> Ints:
        """Neighbours that may be drawn and are not, best first: what leads on, then by id."""
        found = self.rows(side).row(node)
        drawn = np.fromiter(self.drawn, dtype=np.int64, count=len(self.drawn))
        found = found[self.allowed[found] & ~np.isin(found, drawn)]
        onward = np.diff(self.rows(side).indptr)[found]
        return found[np.lexsort((found, -onward))]

    def _step(self, nodes: list[int], side: Side, depth: int, budget: int) -> list[int]:
        choice = {node: self.fresh(node, side) for node in nodes}
        self.spread_from.update((node, side) for node in nodes)
        usual = max(3, self.fold // depth)
        wishes = {}
        for node, found in choice.items():
            asked = self.expand.get((self.graph.ids[node], side))
            limit = max(usual, asked or 0)
            wishes[node] = 0 if asked == 0 else len(found) if len(found) <= limit + 1 else limit
        level = _water_level(list(wishes.values()), budget)
        new: list[int] = []
        for node, found in choice.items():
            asked = self.expand.get((self.graph.ids[node], side), 0)
            for other in found[: max(min(wishes[node], level), min(asked, wishes[node]))].tolist():
                if other not in self.drawn and len(self.drawn) < self.room:
                    self.drawn[other] = depth
                    new.append(other)
        return new

    def undrawn(self) -> dict[Side, dict[int, int]]:
        """Count for every drawn node and side the neighbours that could be drawn and are not."""
        drawn = np.fromiter(self.drawn, dtype=np.int64, count=len(self.drawn))
        shown = np.zeros(len(self.graph), dtype=bool)
        shown[drawn] = True
        counts = {}
        for side in (UP, DOWN):
            place, found, _ = self.rows(side).expand(drawn)
            missing = np.bincount(place[~shown[found] & self.allowed[found]], minlength=len(drawn))
            counts[side] = dict(zip(drawn.tolist(), missing.tolist(), strict=True))
        return counts


def _water_level(wishes: list[int], budget: int) -> int:
    """Find the largest limit under which all wishes together stay within the budget."""
    level, left = 0, sorted(wishes)
    for place, wish in enumerate(left):
        share = budget // (len(left) - place)
        if wish > share:
            return share
        budget -= wish
        level = wish
    return level
