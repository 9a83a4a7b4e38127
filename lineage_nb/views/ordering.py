"""The two hard steps of a layered drawing: the order within each layer, and the height of everything."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lineage_nb.graph.csr import build_csr

__all__ = ["GAP", "WAY", "Order", "Ways", "place", "starts_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_Number = TypeVar("_Number", np.int64, np.float64)

GAP = 14.0
"""Vertical space between two boxes of a layer."""
WAY = 10.0
"""Vertical space around an edge that passes a layer."""
_SWEEPS, _PATIENCE, _PLACES = 24, 5, 8
_STARTS, _STARTS_LIMIT, _SWITCH_LIMIT = 4, 600, 1_200


def starts_of(counts: NDArray[_Number]) -> NDArray[_Number]:
    """Tell where groups of the given sizes begin."""
    sums: NDArray[_Number] = np.cumsum(counts) - counts
    return sums


# -- ways of long edges -------------------------------------------------------------------------------------


class Ways:
    """Edges cut into segments between neighbouring layers; what passes a layer is a node without size.

    Nodes 0 … n-1 are boxes, n … are passages; `owner` is the box a passage belongs to. `chain[e]` lists the
    passages of edge e from left to right. `weight` counts the edges that share a segment.
    """

    def __init__(self, n: int, s: Ints, t: Ints, layer: Ints) -> None:
        self.n, self.s, self.t = n, s, t
        self.flip = layer[t] < layer[s]
        low, high = np.where(self.flip, t, s), np.where(self.flip, s, t)
        span = layer[high] - layer[low]
        long = np.flatnonzero(span > 1)
        edge = np.repeat(long, span[long] - 1)
        step = np.arange(len(edge)) - np.repeat(starts_of(span[long] - 1), span[long] - 1)
        at = layer[low[edge]] + 1 + step
        depth = int(layer.max(initial=0)) + 2
        keys, passage = np.unique((low[edge] * 2 + self.flip[edge]) * depth + at, return_inverse=True)
        self.owner = keys // depth // 2
        self.layer: Ints = np.concatenate([layer, keys % depth])
        self.total = len(self.layer)
        self.chain: list[list[int]] = [[] for _ in range(len(s))]
        for e, p in zip(edge.tolist(), (passage + n).tolist(), strict=True):
            self.chain[e].append(p)
        self.left, self.right, self.weight = self._segments(low, high, span)

    def _segments(self, low: Ints, high: Ints, span: Ints) -> tuple[Ints, Ints, Ints]:
        short = np.flatnonzero(span == 1)
        left, right = [low[short]], [high[short]]
        tails: list[tuple[int, int]] = []
        for e, chain in enumerate(self.chain):
            if chain:
                stops = [int(low[e]), *chain, int(high[e])]
                tails.extend(pairwise(stops))
        if tails:
            more = np.array(tails, dtype=np.int64)
            left.append(more[:, 0])
            right.append(more[:, 1])
        keys, weight = np.unique(np.concatenate(left) * self.total + np.concatenate(right), return_counts=True)
        return keys // self.total, keys % self.total, weight


# -- order within layers ------------------------------------------------------------------------------------


class Order:
    """The order of every layer, improved by sweeps."""

    def __init__(self, ways: Ways, island: Ints) -> None:
        self.ways, self.island = ways, island
        self.depth = int(ways.layer.max(initial=0)) + 1
        by_layer = np.argsort(ways.layer[ways.right], kind="stable")
        self.left, self.right, self.weight = ways.left[by_layer], ways.right[by_layer], ways.weight[by_layer]
        self.cut = np.searchsorted(ways.layer[self.right], np.arange(self.depth + 1))
        self.place = np.zeros(ways.total)
        self.local = np.zeros(ways.total, dtype=np.int64)
        self.rows: list[Ints] = []
        self._begin(_visits(ways, island, ways.layer))

    def _begin(self, rank: Ints) -> None:
        """Order every layer by a rank."""
        order = np.lexsort((rank, self.island, self.ways.layer))
        cuts = np.searchsorted(self.ways.layer[order], np.arange(1, self.depth))
        self.rows = [np.asarray(r) for r in np.split(order, cuts)]
        for row in self.rows:
            self._settle(row)

    def _settle(self, row: Ints) -> None:
        """Note the places of a layer: centred around 0 within each island."""
        island = self.island[row]
        first = np.searchsorted(island, island)
        last = np.searchsorted(island, island, side="right")
        at = np.arange(len(row))
        self.local[row] = at
        self.place[row] = at - (first + last - 1) / 2

    def _sweep(self, depth: int, *, rightwards: bool) -> None:
        row = self.rows[depth]
        cut = self.cut[depth : depth + 2] if rightwards else self.cut[depth + 1 : depth + 3]
        if len(cut) < 2 or cut[0] == cut[1] or len(row) < 2:
            return
        own, other = (self.right, self.left) if rightwards else (self.left, self.right)
        own, other = own[cut[0] : cut[1]], other[cut[0] : cut[1]]
        count = np.bincount(self.local[own], minlength=len(row))
        total = np.bincount(self.local[own], weights=self.place[other], minlength=len(row))
        wish = np.where(count > 0, total / np.maximum(count, 1), self.place[row])
        self.rows[depth] = row = row[np.lexsort((self.local[row], wish, self.island[row]))]
        self._settle(row)

    def crossings(self) -> int:
        """Count crossings of edges between neighbouring layers."""
        rank = np.empty(self.ways.total, dtype=np.int64)
        rank[np.concatenate(self.rows)] = np.arange(self.ways.total)
        order = np.lexsort((rank[self.right], rank[self.left]))
        return _inversions(rank[self.right][order], self.weight[order])

    def improve(self) -> int:
        """Sweep from several first orders until it no longer helps; keep the best order met."""
        best, rows = self._improved(0)
        for start in range(1, min(_STARTS, _STARTS_LIMIT // max(1, len(self.left)))):
            if not best:
                break
            first = self.ways.layer if start == 2 else -self.ways.layer
            self._begin(_visits(self.ways, self.island, first, backwards=start > 1))
            best, rows = min((best, rows), self._improved(start), key=lambda found: found[0])
        self.rows = rows
        for row in rows:
            self._settle(row)
        return best

    def _improved(self, start: int) -> tuple[int, list[Ints]]:
        """Sweep right and left from an order; give the fewest crossings met, and how."""
        best, rows, idle = self.crossings(), list(self.rows), 0
        for sweep in range(_SWEEPS):
            if not best or idle == _PATIENCE:
                break
            rightwards = (sweep + start) % 2 == 0
            for depth in range(1, self.depth) if rightwards else range(self.depth - 2, -1, -1):
                self._sweep(depth, rightwards=rightwards)
            if sweep > 1 and len(self.left) <= _SWITCH_LIMIT:
                self._switch()
            found = self.crossings()
            idle += 1
            if found < best:
                best, rows, idle = found, list(self.rows), 0
        return best, rows

    def _switch(self) -> None:
        """Exchange neighbours in a layer where that saves crossings on both of its sides."""
        before: list[list[tuple[int, int]]] = [[] for _ in range(self.ways.total)]
        after: list[list[tuple[int, int]]] = [[] for _ in range(self.ways.total)]
        for a, b, edges in zip(self.left.tolist(), self.right.tolist(), self.weight.tolist(), strict=True):
            after[a].append((b, edges))
            before[b].append((a, edges))
        place = self.local.tolist()
        for depth, array in enumerate(self.rows):
            row, better = array.tolist(), True
            ends = {v: [_ends(sorted((place[w], edges) for w, edges in side[v])) for side in (before, after)] for v in row}
            while better:
                better = False
                for i in range(len(row) - 1):
                    u, v = row[i], row[i + 1]
                    if self.island[u] == self.island[v] and _gain(ends[u], ends[v]) > 0:
                        row[i], row[i + 1], better = v, u, True
            for i, v in enumerate(row):
                place[v] = i
            self.rows[depth] = np.array(row, dtype=np.int64)
            self._settle(self.rows[depth])


_Ends = tuple[list[int], list[int] | None]


def _ends(found: list[tuple[int, int]]) -> _Ends:
    """Split places from how many edges lead to each; None: one."""
    places = [place for place, _ in found]
    return places, None if all(edges == 1 for _, edges in found) else [edges for _, edges in found]


def _gain(upper: list[_Ends], lower: list[_Ends]) -> int:
    """Crossings saved when two neighbours of a layer change places; of each the places it leads to, before and after."""
    saved = 0
    for (a, m), (b, n) in zip(upper, lower, strict=True):
        if not a or not b:
            continue
        if m is None and n is None:
            saved += sum((x > y) - (x < y) for x in a for y in b) if a[-1] > b[0] else -sum(x < y for x in a for y in b)
        else:
            pairs = product(zip(a, m or [1] * len(a), strict=True), zip(b, n or [1] * len(b), strict=True))
            saved += sum(i * j * ((x > y) - (x < y)) for (x, i), (y, j) in pairs)
    return saved


def _visits(ways: Ways, island: Ints, first: Ints, *, backwards: bool = False) -> Ints:
    """Give nodes numbers in the order of a depth-first walk that ignores direction: relatives stay together.

    It begins where `first` is least, and takes neighbours in their order, or `backwards`.
    """
    near = build_csr(
        ways.total, np.concatenate([ways.left, ways.right]), np.concatenate([ways.right, ways.left])
    )
    cut, others = near.indptr.tolist(), near.indices.tolist()
    visit = [-1] * ways.total
    count = 0
    for root in np.lexsort((np.arange(ways.total), first, island)).tolist():
        stack = [root] if visit[root] < 0 else []
        while stack:
            node = stack.pop()
            if visit[node] < 0:
                visit[node] = count
                count += 1
                beside = others[cut[node] : cut[node + 1]]
                stack.extend(w for w in (beside if backwards else reversed(beside)) if visit[w] < 0)
    return np.array(visit, dtype=np.int64)


def _inversions(values: Ints, weight: Ints) -> int:
    """Add up the products of the weights of all pairs that are out of order, bit by bit from the top."""
    total, group = 0, np.zeros(len(values), dtype=np.int64)
    for bit in range(int(values.max(initial=0)).bit_length() - 1, -1, -1):
        ones = (values >> bit) & 1
        before = np.cumsum(ones * weight) - ones * weight
        before -= before[np.searchsorted(group, group)]
        total += int((before * weight)[ones == 0].sum())
        group = group * 2 + ones
        order = np.argsort(group, kind="stable")
        values, weight, group = values[order], weight[order], group[order]
    return total


# -- places -------------------------------------------------------------------------------------------------


def place(ways: Ways, order: Order, height: Floats, island: Ints) -> Floats:
    """Give every node its vertical middle; islands lie in bands far apart."""
    way = np.arange(ways.total) >= ways.n
    band = 4.0 * (height.sum() + (GAP + WAY) * ways.total + 1_000.0)
    y = np.zeros(ways.total)
    offsets = []
    for row in order.rows:
        space = np.where(way[row[:-1]] & way[row[1:]], WAY, GAP)
        below = np.concatenate([[0.0], np.cumsum((height[row[:-1]] + height[row[1:]]) / 2 + space)])
        offsets.append(below)
        first = np.searchsorted(island[row], island[row])
        last = np.searchsorted(island[row], island[row], side="right") - 1
        y[row] = island[row] * band + below - (below[first] + below[last]) / 2
    pull = np.where(way[order.left] & way[order.right], 8.0, np.where(way[order.left] | way[order.right], 2.0, 1.0))
    for turn in range(_PLACES):
        sides = (True, False) if turn >= 2 else (turn == 0,)
        depths = range(order.depth) if turn % 2 == 0 else range(order.depth - 1, -1, -1)
        for depth in depths:
            wish, weight = _wish(order, depth, y, pull, sides if turn >= 2 else (turn % 2 == 0,))
            _settle_row(order.rows[depth], offsets[depth], wish, weight, y)
    _straighten(ways, order, offsets, y)
    return y


def _wish(order: Order, depth: int, y: Floats, pull: Floats, sides: tuple[bool, ...]) -> tuple[Floats, Floats]:
    """Find where the neighbours of a layer pull its nodes, and how strongly."""
    row = order.rows[depth]
    total, weight = y[row] * 0.02, np.full(len(row), 0.02)
    for rightwards in sides:
        at = depth if rightwards else depth + 1
        if at + 1 >= len(order.cut):
            continue
        part = slice(order.cut[at], order.cut[at + 1])
        own, other = (order.right, order.left) if rightwards else (order.left, order.right)
        local = order.local[own[part]]
        weight = weight + np.bincount(local, weights=pull[part], minlength=len(row))
        total = total + np.bincount(local, weights=pull[part] * y[other[part]], minlength=len(row))
    return total / weight, weight


def _settle_row(row: Ints, offset: Floats, wish: Floats, weight: Floats, y: Floats) -> None:
    """Least squares towards the wishes under the distances of `offset`: pool adjacent violators."""
    blocks: list[list[float]] = []
    for z, w in zip((wish - offset).tolist(), weight.tolist(), strict=True):
        value, mass, size = z, w, 1.0
        while blocks and blocks[-1][0] > value:
            other, other_mass, other_size = blocks.pop()
            value = (value * mass + other * other_mass) / (mass + other_mass)
            mass, size = mass + other_mass, size + other_size
        blocks.append([value, mass, size])
    values = np.array([b[0] for b in blocks])
    y[row] = np.repeat(values, np.array([b[2] for b in blocks], dtype=np.int64)) + offset


def _straighten(ways: Ways, order: Order, offsets: list[Floats], y: Floats) -> None:
    """Give all passages of a trunk one height where their neighbours allow it."""
    if ways.total == ways.n:
        return
    trunk = np.concatenate([np.zeros(ways.n, dtype=np.int64), ways.owner + 1])
    mean = np.bincount(trunk, weights=y) / np.maximum(np.bincount(trunk), 1)
    way = np.arange(ways.total) >= ways.n
    wish = np.where(way, mean[trunk], y)
    weight = np.where(way, 50.0, 1.0)
    for row, offset in zip(order.rows, offsets, strict=True):
        _settle_row(row, offset, wish[row], weight[row], y)
