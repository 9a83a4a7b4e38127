"""From the nodes and bundles that were chosen to a scene: boxes, links, columns of open boxes, places."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from lineage_nb.graph.lineage_graph import LineageGraph
from lineage_nb.views.columns import MOST_FLOWS, Columns, Flow
from lineage_nb.views.labels import caption, clean, text_width
from lineage_nb.views.layout import layered, lined_up
from lineage_nb.views.marks import FOOT_HEIGHT, HEAD_HEIGHT, LABEL_SIZE, ROW_HEIGHT, Link, Mark, Row, Scene

__all__ = ["OPEN_ROWS", "Dress", "Fold", "compose"]

OPEN_ROWS = 12
"""Columns that a box lists when it is opened."""
_BUNDLE_HEIGHT = 26.0
_MIN_WIDTH, _MAX_WIDTH, _AROUND_TEXT, _BESIDE = 124.0, 230.0, 62.0, 112.0
_SHOWN = ("id", "kind", "type", "namespace", "name", "parent", "tags", "deleted_at")


@dataclass(frozen=True)
class Fold:
    """A counted bundle and what it hangs between: nodes by number, in `after` also other folds, as ``-1 - place``."""

    id: str
    type: str
    count: int
    label: str
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Dress:
    """What is done to boxes whatever part of the graph is shown.

    Attributes
    ----------
    columns : Columns, optional
        Where to look columns up; without it no box can be opened.
    opened : Mapping of str to int
        Tables whose columns are listed → how many of them.
    pinned : collection of str
        Nodes that stay drawn.
    chosen : str, optional
        A column that is listed first.
    """

    columns: Columns | None = None
    opened: Mapping[str, int] = field(default_factory=dict)
    pinned: Collection[str] = ()
    chosen: str | None = None


def compose(
    graph: LineageGraph,
    numbers: Sequence[int],
    folds: Sequence[Fold],
    scene: Scene,
    *,
    roots: Collection[str | None] = (),
    more: Mapping[int, tuple[int, int]] | None = None,
    dress: Dress | None = None,
    outer: tuple[Collection[int], Collection[int]] = ((), ()),
) -> Scene:
    """Lay chosen nodes out.

    Parameters
    ----------
    graph : LineageGraph
        Any level.
    numbers : sequence of int
        The nodes to draw, ascending.
    folds : sequence of Fold
        Bundles to draw.
    scene : Scene
        Everything but marks, links and extent.
    roots : collection of str
        Ids of the focus.
    more : mapping of int to (int, int), optional
        Node → neighbours upstream and downstream that are not drawn.
    dress : Dress, optional
        What is open and pinned.
    outer : pair of collections of int
        Nodes to draw in the first, and in the last layer.
    """
    dress = dress or Dress()
    place = {node: at for at, node in enumerate(numbers)}
    rows = graph.nodes.select([c for c in _SHOWN if c in graph.nodes.columns])[list(numbers)]
    marks = [_mark(row, roots, dress.pinned) for row in rows.iter_rows(named=True)]
    for node, (up, down) in (more or {}).items():
        marks[place[node]] = replace(marks[place[node]], more_up=up, more_down=down)
    for side, name in zip(outer, ("source", "end"), strict=True):
        for node in side:
            marks[place[node]] = replace(marks[place[node]], flags=marks[place[node]].flags | {name})
    links = _links(graph, list(numbers), place)
    marks += [_bundle(fold) for fold in folds]

    def at(end: int) -> int:
        return place[end] if end >= 0 else len(numbers) - 1 - end

    for i, fold in enumerate(folds):
        here = len(numbers) + i
        links += [Link(at(end), here, certainty="bundle") for end in fold.before]
        links += [Link(here, at(end), certainty="bundle") for end in fold.after]
    if dress.columns is not None and graph.level == "dataset":
        marks, links, scene = _opened(marks, links, scene, dress, dress.columns)
    first = [place[n] for n in outer[0]] + [len(numbers) + i for i, f in enumerate(folds) if f.type == "sources"]
    last = [place[n] for n in outer[1]] + [len(numbers) + i for i, f in enumerate(folds) if f.type == "ends"]
    return _laid_out(marks, links, scene, first, last)


def _links(graph: LineageGraph, numbers: list[int], place: Mapping[int, int]) -> list[Link]:
    drawn = np.array(numbers, dtype=np.int64)
    shown = np.zeros(len(graph), dtype=bool)
    shown[drawn] = True
    at, found, edge = graph.forward.expand(drawn)
    keep = shown[found]
    value, proved = graph.table.value[edge[keep]].tolist(), graph.table.proved[edge[keep]].tolist()
    ends = zip(at[keep].tolist(), found[keep].tolist(), value, proved, strict=True)
    return [Link(a, place[b], v, "proved" if p else "possible") for a, b, v, p in ends]


def _mark(row: Mapping[str, object], roots: Collection[str | None], pinned: Collection[str]) -> Mark:
    label, sub = (clean(part) for part in caption(row))
    kind = str(row.get("kind") or "dataset")
    tags = row.get("tags")
    flags = {
        "focus": row["id"] in roots,
        "report": kind == "report",
        "deleted": row.get("deleted_at") is not None,
        "pii": isinstance(tags, list | pl.Series) and any(str(t).startswith("pii:") for t in tags),
        "pinned": row["id"] in pinned,
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
        height=HEAD_HEIGHT,
        layer=0,
        flags=frozenset(name for name, is_so in flags.items() if is_so),
    )


def _bundle(fold: Fold) -> Mark:
    up, down = (fold.count, 0) if fold.type == "up" else (0, fold.count)
    width = text_width(fold.label, LABEL_SIZE) + 26
    return Mark(fold.id, fold.label, "", "bundle", fold.type, 0.0, 0.0, width, _BUNDLE_HEIGHT, 0, more_up=up, more_down=down)


# -- columns -------------------------------------------------------------------------------------------------


def _opened(
    marks: list[Mark], links: list[Link], scene: Scene, dress: Dress, columns: Columns
) -> tuple[list[Mark], list[Link], Scene]:
    """List the columns of open boxes, and draw their edges in place of those between their boxes."""
    boxes = {m.id: i for i, m in enumerate(marks) if m.kind != "bundle"}
    counts = columns.counts(boxes)
    marks = [replace(m, columns=counts.get(m.id, 0)) if m.kind != "bundle" else m for m in marks]
    open_boxes = [t for t in boxes if t in dress.opened and counts.get(t)]
    if not open_boxes:
        return marks, links, scene
    flows = columns.flows(open_boxes)
    linked = {c for f in flows for c in (f.source, f.target) if c is not None}
    listed: dict[str, int] = {}
    for table in open_boxes:
        rows = columns.rows(table, max(1, dress.opened[table]), linked, dress.chosen)
        listed |= {row.id: at for at, row in enumerate(rows)}
        marks[boxes[table]] = _open(marks[boxes[table]], rows)
    drawable = [f for f in flows if f.source in listed and (f.target is None or f.target in listed)]
    shown = drawable[:MOST_FLOWS]
    between = {(boxes[f.source_box], boxes[f.target_box]) for f in shown if f.value}
    kept = [k for k in links if k.certainty == "bundle" or (k.source, k.target) not in between]
    more = f" {len(shown):,} of {len(flows):,} edges between open columns drawn." if len(shown) < len(flows) else ""
    return marks, [*kept, *(_flow(f, boxes, listed) for f in shown)], replace(scene, note=scene.note + more)


def _flow(flow: Flow, boxes: Mapping[str, int], listed: Mapping[str, int]) -> Link:
    ends = (listed[flow.source or ""], -1 if flow.target is None else listed[flow.target])
    certainty = "proved" if flow.proved else "possible"
    return Link(boxes[flow.source_box], boxes[flow.target_box], flow.value, certainty, source_row=ends[0], target_row=ends[1])


def _open(mark: Mark, rows: tuple[Row, ...]) -> Mark:
    foot = FOOT_HEIGHT if len(rows) < mark.columns else 9.0
    width = max((text_width(r.label, 11, bold=True) for r in rows), default=0.0) + _BESIDE
    return replace(
        mark,
        rows=rows,
        flags=mark.flags | {"open"},
        height=HEAD_HEIGHT + ROW_HEIGHT * len(rows) + foot,
        width=min(max(mark.width, width), _MAX_WIDTH + 40),
    )


# -- places --------------------------------------------------------------------------------------------------


def _laid_out(marks: list[Mark], links: list[Link], scene: Scene, first: list[int], last: list[int]) -> Scene:
    """Give marks their places; boxes of one layer become equally wide."""
    wide, high = np.array([m.width for m in marks]), np.array([m.height for m in marks])
    source, target = [k.source for k in links], [k.target for k in links]
    layout = layered(len(marks), source, target, wide, high)
    roots = [i for i, mark in enumerate(marks) if "focus" in mark.flags]
    if len(roots) > 1:
        pinned = layout.layer + lined_up(layout.layer, source, target, roots)
        layout = layered(len(marks), source, target, wide, high, pinned_layers=pinned, aspect=0.001)
    elif first or last:
        pinned = np.full(len(marks), -1, dtype=np.int64)
        pinned[first] = 0
        pinned[last] = layout.layer.max()
        layout = layered(len(marks), source, target, wide, high, pinned_layers=pinned)
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
