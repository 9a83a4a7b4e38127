"""What a picture shows, as plain values: boxes, links, and exact counts of what is not drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.choice import DOWN, UP, Bools, Pick, Side, reach
from lineage_nb.views.compose import Dress, Fold, compose
from lineage_nb.views.marks import LABEL_SIZE, SUB_SIZE, Link, Mark, Row, Scene

__all__ = ["LABEL_SIZE", "SUB_SIZE", "Link", "Mark", "Row", "Scene", "neighbourhood", "opening", "scene_of", "within_reach"]

_MOST_HOPS = 99


def neighbourhood(
    graph: LineageGraph,
    focus: str,
    *,
    upstream: bool = True,
    downstream: bool = True,
    hops: int = 2,
    kinds: Collection[str] | None = None,
    max_marks: int = 120,
    fold: int = 10,
    expand: Mapping[tuple[str, Side], int] | None = None,
    allowed: Bools | None = None,
    dress: Dress | None = None,
) -> Scene:
    """Show what surrounds one node, hubs folded into counted bundles.

    Parameters
    ----------
    graph : LineageGraph
        Any level. At the column level a dataset stands for its columns.
    focus : str
        An id or a unique suffix of one.
    upstream, downstream : bool
        Which sides to show.
    hops : int
        How far.
    kinds : collection of str, optional
        Kinds to show; others are neither drawn nor passed through. The focus is always shown.
    max_marks : int
        At most so many boxes, bundles included.
    fold : int
        Neighbours of one node on one side that are drawn; half as many two hops away, and so on.
    expand : mapping of (id, "up" or "down") to int, optional
        Nodes that show more of their neighbours, or fewer: how many; 0 folds them all.
    allowed : numpy.ndarray of bool, optional
        Shape (n,). Nodes to show, besides `kinds`.
    dress : Dress, optional
        What is open and pinned.

    Returns
    -------
    Scene
        All edges between the nodes drawn are drawn. Counts are exact.

    Raises
    ------
    LineageError
        For a name that fits no or several nodes, and for numbers out of range.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> graph = ln.from_edges([("raw", "staging"), ("staging", "mart")]).graph()
    >>> neighbourhood(graph, "staging").ids
    ['mart', 'raw', 'staging']
    """
    _check("hops", hops, 0, _MOST_HOPS)
    _check("max_marks", max_marks, 1, 2_000)
    _check("fold", fold, 1, 2_000)
    start = graph.index(focus)
    pick = Pick(graph, _allowed(graph, kinds, allowed), max_marks, fold, dict(expand or {}))
    pick.roots(start)
    sides = [s for s, wanted in ((UP, upstream), (DOWN, downstream)) if wanted]
    pick.spread(sides, hops)
    pick.keep(dress.pinned if dress else ())
    return _scene(pick, graph.ids[start], sides, hops, dress)


def within_reach(
    graph: LineageGraph, focus: str, *, upstream: bool = True, downstream: bool = True, hops: int = 2, allowed: Bools | None = None
) -> int:
    """Count the nodes of a neighbourhood, the focus included; parameters as `neighbourhood`.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> within_reach(ln.from_edges([("raw", "staging"), ("staging", "mart")]).graph(), "raw", hops=1)
    2
    """
    pick = Pick(graph, _allowed(graph, None, allowed), 1, 1, {})
    pick.roots(graph.index(focus))
    sides = [s for s, wanted in ((UP, upstream), (DOWN, downstream)) if wanted]
    return int(_within(pick, sides, hops, pick.allowed).sum())


def scene_of(
    graph: LineageGraph,
    nodes: Iterable[str] | None = None,
    *,
    kinds: Collection[str] | None = None,
    max_marks: int = 120,
    allowed: Bools | None = None,
    dress: Dress | None = None,
) -> Scene:
    """Show the given nodes, or all, and the edges between them.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    nodes : iterable of str, optional
        Ids or unique suffixes; by default all.
    kinds : collection of str, optional
        Kinds to show.
    max_marks : int
        At most so many boxes; the best connected are kept.
    allowed, dress
        As `neighbourhood`.

    Returns
    -------
    Scene
        `total` counts all that were asked for.
    """
    _check("max_marks", max_marks, 1, 2_000)
    pick = Pick(graph, _allowed(graph, kinds, allowed), max_marks, max_marks, {})
    if nodes is None:
        wanted = np.arange(len(graph))
    else:
        wanted = np.unique(np.array([graph.index(n) for n in nodes], dtype=np.int64))
    degree = np.diff(graph.forward.indptr) + np.diff(graph.backward.indptr)
    filtered = int((~pick.allowed[wanted]).sum())
    total, wanted = len(wanted), wanted[pick.allowed[wanted]]
    best = wanted[np.lexsort((wanted, -degree[wanted]))][:max_marks]
    pick.drawn = dict.fromkeys(sorted(best.tolist()), 0)
    return _scene(pick, None, [], 0, dress, total=total, filtered=filtered)


def opening(graph: LineageGraph, *, max_marks: int = 120) -> str | None:
    """Choose where to begin: None for the whole graph if it is small, else the node that feeds most.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> opening(ln.from_edges([("raw", "staging")]).graph()) is None
    True
    """
    n = len(graph)
    if n <= max_marks:
        return None
    out = np.diff(graph.forward.indptr)
    candidates = np.lexsort((np.arange(n), -out))[: 16 if graph.forward.m < 200_000 else 3]
    allowed = np.ones(n, dtype=bool)
    sizes = [int((reach(graph.forward, np.array([c]), _MOST_HOPS, allowed) >= 0).sum()) for c in candidates]
    return graph.ids[int(candidates[int(np.argmax(sizes))])]


def _check(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise LineageError(f"{name} is {value!r}; give a whole number from {low} to {high}")


def _allowed(graph: LineageGraph, kinds: Collection[str] | None, allowed: Bools | None) -> Bools:
    mask = np.ones(len(graph), dtype=bool) if allowed is None else allowed
    if kinds is None:
        return mask
    return mask & graph.naming.of_kind(*([kinds] if isinstance(kinds, str) else kinds))


def _scene(
    pick: Pick, focus: str | None, sides: Sequence[Side], hops: int, dress: Dress | None, *, total: int | None = None, filtered: int = 0
) -> Scene:
    """Lay the chosen nodes out and count the rest."""
    graph, numbers = pick.graph, sorted(pick.drawn)
    undrawn = pick.undrawn()
    bundles = [
        (undrawn[side][node], node, side)
        for node, side in sorted(pick.spread_from)
        if undrawn[side][node] > 1
    ]
    bundles = sorted(bundles, key=lambda b: (-b[0], b[1], b[2]))[: pick.max_marks - len(numbers)]
    folds = [_bundle(graph.ids[node], node, side, count) for count, node, side in bundles]
    folded = {(node, side) for _, node, side in bundles}
    more = {
        node: (0 if (node, UP) in folded else undrawn[UP][node], 0 if (node, DOWN) in folded else undrawn[DOWN][node])
        for node in numbers
    }
    hidden = {"filtered": filtered}
    if total is None:
        everything = np.ones(len(graph), dtype=bool)
        inside = int(_within(pick, sides, hops, pick.allowed).sum())
        total = max(int(_within(pick, sides, hops, everything).sum()), len(numbers))
        hidden["filtered"] = max(0, total - max(inside, len(numbers)))
    hidden["folded"] = total - hidden["filtered"] - len(numbers)
    kept = MappingProxyType({k: v for k, v in hidden.items() if v})
    roots: set[str | None] = {graph.ids[i] for i in pick.starts.tolist()} if len(pick.starts) > 1 else {focus}
    scene = Scene(focus=focus, level=graph.level, drawn=len(numbers), total=total, hidden=kept)
    return compose(graph, numbers, folds, scene, roots=roots, more=more, dress=dress)


def _bundle(name: str, node: int, side: Side, count: int) -> Fold:
    ends = ((), (node,)) if side == UP else ((node,), ())
    return Fold(name, side, count, f"+{count:,} more", *ends)


def _within(pick: Pick, sides: Sequence[Side], hops: int, allowed: Bools) -> Bools:
    seen = np.zeros(len(pick.graph), dtype=bool)
    seen[pick.starts] = True
    for side in sides:
        seen |= reach(pick.rows(side), pick.starts, hops, allowed) >= 0
    return seen
