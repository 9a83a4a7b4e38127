"""What a picture shows, as plain values: boxes, links, and exact counts of what is not drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import polars as pl

from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.choice import DOWN, UP, Bools, Pick, Side, reach
from lineage_nb.views.labels import caption, clean, text_width
from lineage_nb.views.layout import layered, lined_up

__all__ = ["Link", "Mark", "Scene", "neighbourhood", "opening", "scene_of"]

LABEL_SIZE, SUB_SIZE = 12.5, 10.5
_HEIGHT, _BUNDLE_HEIGHT = 44.0, 26.0
_MIN_WIDTH, _MAX_WIDTH, _AROUND_TEXT = 124.0, 230.0, 48.0
_MOST_HOPS = 99
_SHOWN = ("id", "kind", "type", "namespace", "name", "parent", "tags", "deleted_at")


@dataclass(frozen=True, slots=True)
class Mark:
    """A box: a node, or a counted bundle of nodes that are not drawn.

    Attributes
    ----------
    id : str
        Full id; of a bundle, the id of the node it hangs on.
    label, sub : str
        Short name, and where it lives.
    kind, type : str
        As in `nodes`; a bundle has kind ``bundle``.
    x, y, width, height : float
        Left, top and size in pixels.
    layer : int
        0 is leftmost.
    flags : frozenset of str
        Any of focus, report, deleted, pii.
    more_up, more_down : int
        Direct neighbours on either side that are not drawn, exact. Of a bundle: how many it holds, on the
        side it stands for.
    """

    id: str
    label: str
    sub: str
    kind: str
    type: str
    x: float
    y: float
    width: float
    height: float
    layer: int
    flags: frozenset[str] = frozenset()
    more_up: int = 0
    more_down: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A drawn edge.

    Attributes
    ----------
    source, target : int
        Places in `Scene.marks`.
    value : bool
        Carries values; else it only influences.
    certainty : str
        ``proved``, ``possible``, or ``bundle`` for the link to a bundle.
    back : bool
        Closes a cycle.
    bends : tuple of (x, y)
        Points between the two boxes.
    """

    source: int
    target: int
    value: bool = True
    certainty: str = "proved"
    back: bool = False
    bends: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture before it is drawn.

    Attributes
    ----------
    marks, links : tuple
        What is drawn.
    width, height : float
        Extent in pixels.
    focus : str or None
        Id of the node in the middle of attention.
    level : str
        Level of the graph.
    drawn, total : int
        Nodes drawn, of the nodes within reach; exact.
    hidden : Mapping of str to int
        Why the others are not drawn: ``folded`` into bundles, ``filtered`` by kind.
    """

    marks: tuple[Mark, ...] = ()
    links: tuple[Link, ...] = ()
    width: float = 0.0
    height: float = 0.0
    focus: str | None = None
    level: str = "dataset"
    drawn: int = 0
    total: int = 0
    hidden: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ids(self) -> list[str]:
        """Ids of the nodes drawn, sorted; bundles are left out."""
        return sorted(m.id for m in self.marks if m.kind != "bundle")

    def drawn_beside(self, node: str, side: Side) -> int:
        """Count the drawn neighbours of a node on one side."""
        ends = [(self.marks[k.source].id, self.marks[k.target].id) for k in self.links if k.certainty != "bundle"]
        return sum(a != b and (b if side == UP else a) == node for a, b in ends)


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
        Nodes that show more of their neighbours: how many.

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
    pick = Pick(graph, _allowed(graph, kinds), max_marks, fold, dict(expand or {}))
    pick.roots(start)
    sides = [s for s, wanted in ((UP, upstream), (DOWN, downstream)) if wanted]
    pick.spread(sides, hops)
    return _compose(pick, graph.ids[start], sides, hops)


def scene_of(
    graph: LineageGraph,
    nodes: Iterable[str] | None = None,
    *,
    kinds: Collection[str] | None = None,
    max_marks: int = 120,
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

    Returns
    -------
    Scene
        `total` counts all that were asked for.
    """
    _check("max_marks", max_marks, 1, 2_000)
    pick = Pick(graph, _allowed(graph, kinds), max_marks, max_marks, {})
    if nodes is None:
        wanted = np.arange(len(graph))
    else:
        wanted = np.unique(np.array([graph.index(n) for n in nodes], dtype=np.int64))
    degree = np.diff(graph.forward.indptr) + np.diff(graph.backward.indptr)
    filtered = int((~pick.allowed[wanted]).sum())
    total, wanted = len(wanted), wanted[pick.allowed[wanted]]
    best = wanted[np.lexsort((wanted, -degree[wanted]))][:max_marks]
    pick.drawn = dict.fromkeys(sorted(best.tolist()), 0)
    return _compose(pick, None, [], 0, total=total, filtered=filtered)


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


def _allowed(graph: LineageGraph, kinds: Collection[str] | None) -> Bools:
    if kinds is None:
        return np.ones(len(graph), dtype=bool)
    if isinstance(kinds, str):
        kinds = [kinds]
    return graph.nodes["kind"].is_in(list(kinds)).to_numpy()


def _compose(pick: Pick, focus: str | None, sides: Sequence[Side], hops: int, *, total: int | None = None, filtered: int = 0) -> Scene:
    """Lay the chosen nodes out and count the rest."""
    graph, numbers = pick.graph, sorted(pick.drawn)
    place = {node: at for at, node in enumerate(numbers)}
    undrawn = pick.undrawn()
    bundles = [
        (undrawn[side][node], node, side)
        for node, side in sorted(pick.spread_from)
        if undrawn[side][node] > 1
    ]
    bundles = sorted(bundles, key=lambda b: (-b[0], b[1], b[2]))[: pick.max_marks - len(numbers)]
    roots: set[str | None] = {graph.ids[i] for i in pick.starts.tolist()} if len(pick.starts) > 1 else {focus}
    marks = [_mark(row, roots) for row in graph.nodes.select(_columns(graph))[numbers].iter_rows(named=True)]
    folded = {(node, side) for _, node, side in bundles}
    ends = _ends(graph, numbers, place)
    for count, node, side in bundles:
        marks.append(_bundle(graph.ids[node], side, count))
        here, there = place[node], len(marks) - 1
        ends.append(Link(there, here, certainty="bundle") if side == UP else Link(here, there, certainty="bundle"))
    for node, at in place.items():
        more = [0 if (node, side) in folded else undrawn[side][node] for side in (UP, DOWN)]
        marks[at] = replace(marks[at], more_up=more[0], more_down=more[1])
    hidden = {"filtered": filtered}
    if total is None:
        everything = np.ones(len(graph), dtype=bool)
        within = _within(pick, sides, hops, pick.allowed)
        total = int(_within(pick, sides, hops, everything).sum())
        total = max(total, len(numbers))
        hidden["filtered"] = max(0, total - max(int(within.sum()), len(numbers)))
    hidden["folded"] = total - hidden["filtered"] - len(numbers)
    kept = MappingProxyType({k: v for k, v in hidden.items() if v})
    return _laid_out(marks, ends, Scene(focus=focus, level=graph.level, drawn=len(numbers), total=total, hidden=kept))


def _within(pick: Pick, sides: Sequence[Side], hops: int, allowed: Bools) -> Bools:
    seen = np.zeros(len(pick.graph), dtype=bool)
    seen[pick.starts] = True
    for side in sides:
        seen |= reach(pick.rows(side), pick.starts, hops, allowed) >= 0
    return seen


def _columns(graph: LineageGraph) -> list[str]:
    return [c for c in _SHOWN if c in graph.nodes.columns]


def _ends(graph: LineageGraph, numbers: list[int], place: dict[int, int]) -> list[Link]:
    drawn = np.array(numbers, dtype=np.int64)
    shown = np.zeros(len(graph), dtype=bool)
    shown[drawn] = True
    at, found, edge = graph.forward.expand(drawn)
    keep = shown[found]
    facts = graph.edges.select("value", "certainty")[edge[keep].tolist()]
    return [
        Link(a, place[b], bool(value), str(certainty))
        for a, b, value, certainty in zip(
            at[keep].tolist(), found[keep].tolist(), facts["value"], facts["certainty"], strict=True
        )
    ]


def _mark(row: Mapping[str, object], roots: set[str | None]) -> Mark:
    label, sub = (clean(part) for part in caption(row))
    kind = str(row.get("kind") or "dataset")
    tags = row.get("tags")
    flags = {
        "focus": row["id"] in roots,
        "report": kind == "report",
        "deleted": row.get("deleted_at") is not None,
        "pii": isinstance(tags, list | pl.Series) and any(str(t).startswith("pii:") for t in tags),
    }
    width = text_width(label, LABEL_SIZE, bold=True) + _AROUND_TEXT
    return Mark(
        id=str(row["id"]),
        label=label,
        sub=sub,
        kind=kind,
        type=str(row.get("type") or ""),
        x=0.0,
        y=0.0,
        width=min(max(width, _MIN_WIDTH), _MAX_WIDTH),
        height=_HEIGHT,
        layer=0,
        flags=frozenset(name for name, is_so in flags.items() if is_so),
    )


def _bundle(node: str, side: Side, count: int) -> Mark:
    up, down = (count, 0) if side == UP else (0, count)
    label = f"+{count:,} more"
    width = text_width(label, LABEL_SIZE) + 26
    return Mark(node, label, "", "bundle", side, 0.0, 0.0, width, _BUNDLE_HEIGHT, 0, more_up=up, more_down=down)


def _laid_out(marks: list[Mark], links: list[Link], scene: Scene) -> Scene:
    """Give marks their places; boxes of one layer become equally wide."""
    wide, high = np.array([m.width for m in marks]), np.array([m.height for m in marks])
    source, target = [k.source for k in links], [k.target for k in links]
    layout = layered(len(marks), source, target, wide, high)
    roots = [i for i, mark in enumerate(marks) if "focus" in mark.flags]
    if len(roots) > 1:
        pinned = layout.layer + lined_up(layout.layer, source, target, roots)
        layout = layered(len(marks), source, target, wide, high, pinned_layers=pinned, aspect=0.001)
    breadth = np.zeros(int(layout.layer.max(initial=0)) + 1)
    np.maximum.at(breadth, layout.layer, wide)
    placed = [
        replace(
            mark,
            x=round(float(layout.x[i]), 1),
            y=round(float(layout.y[i]), 1),
            layer=int(layout.layer[i]),
            width=round(float(breadth[layout.layer[i]]), 1),
        )
        for i, mark in enumerate(marks)
    ]
    bent = [
        replace(link, back=bool(layout.back[i]), bends=tuple((round(x, 1), round(y, 1)) for x, y in layout.bends[i].tolist()))
        for i, link in enumerate(links)
    ]
    return replace(
        scene, marks=tuple(placed), links=tuple(bent), width=round(layout.width, 1), height=round(layout.height, 1)
    )
