"""A layered drawing, left to right, as arrays: where every box and every bend goes.

The steps are those of K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical
system structures" (IEEE SMC, 1981): break cycles (P. Eades, X. Lin, W. F. Smyth, "A fast and effective
heuristic for the feedback arc set problem", 1993), give each node a layer (longest path), send long edges
through every layer between their ends, order each layer to avoid crossings (barycentres), and place each
layer by isotonic regression, which keeps boxes apart while pulling edges straight.

Edges of one node that pass the same layer share their way, so a hub grows one trunk and not a hundred lines.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lineage_nb.graph.csr import build_csr
from lineage_nb.graph.order import condense
from lineage_nb.views.ordering import GAP, Order, Ways, place, starts_of

__all__ = ["Layout", "layered", "lined_up"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MIN_STEP, _MAX_STEP = 48.0, 140.0


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions of boxes and edges.

    Attributes
    ----------
    x, y : numpy.ndarray
        Shape (n,). Left and top of every box, from 0.
    layer : numpy.ndarray of int
        Shape (n,). 0 is leftmost.
    back : numpy.ndarray of bool
        Shape (m,). Edges that do not lead to a higher layer: they close a cycle.
    bends : tuple of numpy.ndarray
        m arrays of shape (k, 2): the points an edge passes between its ends, from source to target. Between
        two points of one layer it runs level, between layers it may curve.
    width, height : float
        Extent of the whole; there is room to make the boxes of a layer equally wide.
    crossings : int
        Crossings of edges between neighbouring layers.
    """

    x: Floats
    y: Floats
    layer: Ints
    back: Bools
    bends: tuple[Floats, ...]
    width: float
    height: float
    crossings: int


_NOTHING = Layout(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, bool), (), 0.0, 0.0, 0)


def layered(
    n: int,
    source: ArrayLike,
    target: ArrayLike,
    width: ArrayLike,
    height: ArrayLike,
    *,
    pinned_layers: ArrayLike | None = None,
    aspect: float = 1.8,
) -> Layout:
    """Lay a directed graph out from left to right.

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : array_like of int
        Shape (m,), values in [0, n). Cycles, self-loops and repeated edges are welcome.
    width, height : array_like of float
        Shape (n,) or a scalar. Sizes of the boxes.
    pinned_layers : array_like of int, optional
        Shape (n,). The layer a node must have; -1 leaves it free.
    aspect : float
        Width to height to aim for when islands are packed side by side.

    Returns
    -------
    Layout
        Boxes never overlap; every edge leads to a higher layer unless it is flagged in `back`. The same
        for any order of the edges.

    Examples
    --------
    >>> drawn = layered(3, [0, 0, 1], [1, 2, 2], 100, 40)
    >>> drawn.layer.tolist(), drawn.back.any().item()
    ([0, 1, 2], False)
    """
    sources, targets = np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
    wide, high = (np.broadcast_to(np.asarray(size, dtype=np.float64), (n,)) for size in (width, height))
    if n == 0:
        return _NOTHING
    pairs, inverse = np.unique(sources * n + targets, return_inverse=True)
    s, t = pairs // n, pairs % n
    layer = _layers(n, s, t, None if pinned_layers is None else np.asarray(pinned_layers, dtype=np.int64))
    back = layer[t] <= layer[s]
    ways = Ways(n, s, t, layer)
    island = _islands(n, s, t)
    full_island = np.concatenate([island, island[ways.owner]])
    order = Order(ways, full_island)
    crossings = order.improve()
    full_height = np.concatenate([high, np.zeros(len(ways.owner))])
    middle = place(ways, order, full_height, full_island)
    x, y, bends, size = _coordinates(ways, wide, full_height, middle, full_island, aspect)
    return Layout(x[:n], y[:n] - high / 2, layer, back[inverse], tuple(bends[e] for e in inverse), *size, crossings)


def lined_up(layer: Ints, source: list[int], target: list[int], roots: list[int]) -> Ints:
    """Find how far to move each island right, so that the roots of all stand in one layer.

    Parameters
    ----------
    layer : numpy.ndarray of int
        Shape (n,). As `Layout.layer`.
    source, target : list of int
        Edges.
    roots : list of int
        At least one node; of several in one island the leftmost counts.

    Returns
    -------
    numpy.ndarray of int
        Shape (n,). What to add to `layer`, to be pinned.

    Examples
    --------
    >>> lined_up(np.array([0, 1, 0]), [0], [1], [1, 2]).tolist()
    [0, 0, 1]
    """
    island = list(range(len(layer)))

    def top(i: int) -> int:
        while island[i] != i:
            island[i] = island[island[i]]
            i = island[i]
        return i

    for a, b in zip(source, target, strict=True):
        island[top(a)] = top(b)
    first: dict[int, int] = {}
    for root in roots:
        first[top(root)] = min(int(layer[root]), first.get(top(root), int(layer[root])))
    furthest = max(first.values())
    return np.array([furthest - first.get(top(i), furthest) for i in range(len(layer))], dtype=np.int64)


# -- layers -------------------------------------------------------------------------------------------------


def _layers(n: int, s: Ints, t: Ints, pinned: Ints | None) -> Ints:
    """Longest path from the sources once cycles are broken; sources then move next to what they feed."""
    keep = s != t
    whole = condense(n, s, t)
    inside = keep & (whole.component[s] == whole.component[t])
    if inside.any():
        rank = _cycle_order(n, s[inside], t[inside])
        keep &= ~inside | (rank[s] < rank[t])
    s, t = s[keep], t[keep]
    levels = condense(n, s, t)
    layer = np.asarray(levels.level, dtype=np.int64)[levels.component]
    if pinned is not None:
        return _pin(n, s, t, layer, pinned)
    out, into = np.bincount(s, minlength=n), np.bincount(t, minlength=n)
    after = build_csr(n, s, t)
    for depth in range(int(layer.max(initial=0)) - 1, -1, -1):
        free = np.flatnonzero((layer == depth) & (out > into))
        if free.size:
            layer[free] = np.minimum.reduceat(layer[after.expand(free)[1]], starts_of(out[free])) - 1
    return layer


def _pin(n: int, s: Ints, t: Ints, layer: Ints, pinned: Ints) -> Ints:
    """Longest paths again, with some layers given."""
    by_level = np.argsort(layer, kind="stable")
    into = build_csr(n, t, s)
    fixed = np.where(pinned >= 0, pinned, 0)
    for node in by_level.tolist():
        before = into.row(node)
        if pinned[node] < 0 and len(before):
            fixed[node] = int(fixed[before].max()) + 1
    return fixed


def _cycle_order(n: int, s: Ints, t: Ints) -> Ints:
    """Rank the nodes of cycles so that few edges lead back (greedy feedback arc set)."""
    out: dict[int, list[int]] = {}
    into: dict[int, list[int]] = {}
    for a, b in zip(s.tolist(), t.tolist(), strict=True):
        out.setdefault(a, []).append(b)
        into.setdefault(b, []).append(a)
        out.setdefault(b, [])
        into.setdefault(a, [])
    outs, ins = {v: len(w) for v, w in out.items()}, {v: len(w) for v, w in into.items()}

    def urgency(v: int) -> tuple[int, int, int]:
        if not outs[v]:
            return (0, 0, v)
        return (1, 0, v) if not ins[v] else (2, ins[v] - outs[v], v)

    heap = [urgency(v) for v in sorted(out)]
    heapq.heapify(heap)
    left: list[int] = []
    right: list[int] = []
    gone: set[int] = set()
    while heap:
        key = heapq.heappop(heap)
        v = key[2]
        if v in gone or key != urgency(v):
            continue
        gone.add(v)
        (right if key[0] == 0 else left).append(v)
        for others, count in ((out[v], ins), (into[v], outs)):
            for w in others:
                if w not in gone:
                    count[w] -= 1
                    heapq.heappush(heap, urgency(w))
    rank = np.zeros(n, dtype=np.int64)
    rank[left + right[::-1]] = np.arange(len(left) + len(right))
    return rank


def _islands(n: int, s: Ints, t: Ints) -> Ints:
    """Give the weakly connected parts numbers, largest first, ties by their smallest node."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    matrix = csr_array((np.ones(len(s), dtype=np.int8), (s, t)), shape=(n, n))
    count, part = connected_components(matrix, directed=False)
    first = np.full(count, n)
    np.minimum.at(first, part, np.arange(n))
    rank = np.empty(count, dtype=np.int64)
    rank[np.lexsort((first, -np.bincount(part, minlength=count)))] = np.arange(count)
    return np.asarray(rank[part])


# -- coordinates -------------------------------------------------------------------------------------------


def _coordinates(
    ways: Ways, wide: Floats, height: Floats, middle: Floats, island: Ints, aspect: float
) -> tuple[Floats, Floats, list[Floats], tuple[float, float]]:
    """Turn layers and middles into coordinates, islands packed in columns."""
    depth = int(ways.layer.max(initial=0)) + 1
    breadth = np.zeros(depth)
    np.maximum.at(breadth, ways.layer[: ways.n], wide)
    rise = np.zeros(depth)
    np.maximum.at(rise, ways.layer[ways.left], np.abs(middle[ways.left] - middle[ways.right]))
    step = np.clip(_MIN_STEP + rise * 0.12, _MIN_STEP, _MAX_STEP)
    left = np.concatenate([[0.0], np.cumsum((breadth + step)[:-1])])
    x = left[ways.layer]
    end = x + breadth[ways.layer]
    dx, dy, size = _pack(x, end, middle - height / 2, middle + height / 2, island, aspect)
    x, end, y = x + dx, end + dx, middle + dy
    bends = []
    for e, chain in enumerate(ways.chain):
        points = [p for v in chain for p in ((x[v], y[v]), (end[v], y[v]))]
        bends.append(np.array(points[::-1] if ways.flip[e] else points, dtype=np.float64).reshape(-1, 2))
    return x, y, bends, size


def _pack(
    x0: Floats, x1: Floats, y0: Floats, y1: Floats, island: Ints, aspect: float
) -> tuple[Floats, Floats, tuple[float, float]]:
    """Shift islands into columns, filled from the top; within one, layers stay aligned.

    Returns the shifts of every node, and the size of all.
    """
    count = int(island.max(initial=0)) + 1
    box = np.stack([np.full(count, np.inf), np.full(count, -np.inf), np.full(count, np.inf), np.full(count, -np.inf)])
    for side, values in zip(box, (x0, x1, y0, y1), strict=True):
        (np.minimum if side[0] > 0 else np.maximum).at(side, island, values)
    wide, high = box[1] - box[0], box[3] - box[2]
    between = 2 * GAP
    area = float(((wide + 4 * between) * (high + between)).sum())
    limit = max(float(high.max()), (area / aspect) ** 0.5)
    column = np.zeros(count, dtype=np.int64)
    dy = np.zeros(count)
    top = tallest = 0.0
    for part in range(count):
        column[part] = column[part - 1] if part else 0
        if top and top + high[part] > limit:
            column[part], top = column[part] + 1, 0.0
        dy[part] = top - box[2, part]
        top += float(high[part]) + between
        tallest = max(tallest, top - between)
    first, last = np.full(int(column.max()) + 1, np.inf), np.full(int(column.max()) + 1, -np.inf)
    np.minimum.at(first, column, box[0])
    np.maximum.at(last, column, box[1])
    left = starts_of(last - first + 4 * between)
    dx = (left - first)[column]
    return dx[island], dy[island], (float(left[-1] + last[-1] - first[-1]), tallest)
