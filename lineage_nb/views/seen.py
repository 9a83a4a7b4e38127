"""What is left of a scene when the legend hides classes, and what an overlay tells of the rest, place by place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from lineage_nb.views.drawing import HIDDEN, drawing
from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Scene
from lineage_nb.views.overlay import Badge, Overlay, Stroke
from lineage_nb.views.palette import LEVEL_COLOURS, LINE_COLOURS

__all__ = ["FADED", "Told", "box_colour", "line_colour", "seen", "told_of"]

FADED = "#c3c9d0"
"""Colour of a line that the overlay says nothing about."""
_SIDES = ("up", "down")
_MOST = 200


def seen(scene: Scene, overlay: Overlay | None = None, off: Collection[str] = ()) -> Scene:
    """Leave out what the legend hides, exactly as the live picture does.

    Parameters
    ----------
    scene : Scene
        What is composed.
    overlay : Overlay, optional
        What is told of boxes and lines.
    off : collection of str
        Classes of the legend that are not shown: ``look:table``, ``line:influence``, ``level:2``.

    Returns
    -------
    Scene
        The places stay as they are. Hidden nodes are counted in `hidden`, hidden lines in `note`.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.views.scene import scene_of
    >>> nodes = [{"id": "t", "type": "table"}, {"id": "v", "type": "view"}]
    >>> left = seen(scene_of(ln.from_frames(nodes=nodes, edges=[{"source": "t", "target": "v"}]).graph()), off=["look:view"])
    >>> left.ids, len(left.links), dict(left.hidden)
    (['t'], 0, {'hidden by the legend': 1})
    """
    gone = set(off)
    if not gone:
        return scene
    values = drawing(scene, overlay)
    out = [f"look:{m['look']}" in gone or ("badge" in m and f"level:{m['badge']['level']}" in gone) for m in values["marks"]]
    homes = {m.id for m, is_out in zip(scene.marks, out, strict=True) if is_out}
    out = [is_out or (m.kind == "bundle" and m.type in _SIDES and m.id in homes) for m, is_out in zip(scene.marks, out, strict=True)]
    lines = [_hides(k, gone) for k in values["links"]]
    both = [not out[k.source] and not out[k.target] for k in scene.links]
    places = {old: new for new, old in enumerate(i for i, is_out in enumerate(out) if not is_out)}
    links = [
        replace(k, source=places[k.source], target=places[k.target])
        for k, whole, is_out in zip(scene.links, both, lines, strict=True)
        if whole and not is_out
    ]
    nodes = sum(is_out and m.kind != "bundle" for m, is_out in zip(scene.marks, out, strict=True))
    count = sum(whole and is_out for whole, is_out in zip(both, lines, strict=True))
    note = f"{scene.note.strip()} The legend hides {count:,} line{'' if count == 1 else 's'}.".strip() if count else scene.note
    return replace(
        scene,
        marks=tuple(m for m, is_out in zip(scene.marks, out, strict=True) if not is_out),
        links=tuple(links),
        drawn=scene.drawn - nodes,
        hidden=MappingProxyType({**scene.hidden, HIDDEN: nodes}) if nodes else scene.hidden,
        note=note,
    )


def _hides(link: dict[str, Any], gone: set[str]) -> bool:
    return any(f"line:{word}" in gone for word in link["style"].split()) or ("level" in link and f"level:{link['level']}" in gone)


@dataclass(frozen=True, slots=True)
class Told:
    """What an overlay tells of a scene.

    Attributes
    ----------
    title : str
        What the overlay is called; empty without one.
    boxes : tuple of Badge or None
        One a mark.
    rows : tuple of tuple of Badge or None
        One a column that is listed.
    lines : tuple of Stroke or None
        One a link.
    lined : bool
        Whether lines are told of at all: those of which nothing is told then step back.
    levels : tuple of str
        What each class means.
    """

    title: str
    boxes: tuple[Badge | None, ...]
    rows: tuple[tuple[Badge | None, ...], ...]
    lines: tuple[Stroke | None, ...]
    lined: bool = False
    levels: tuple[str, ...] = ()

    def word(self, told: Badge | Stroke) -> str:
        """Say what the class of a badge or a stroke means."""
        return clean(self.levels[told.level], 80)

    def present(self) -> list[tuple[int, str]]:
        """List the classes that occur, with what a legend says of them."""
        every = [*self.boxes, *self.lines, *(b for badges in self.rows for b in badges)]
        there = {told.level for told in every if told is not None}
        return [(at, f"{clean(self.title, 80)}: {clean(text, 80)}") for at, text in enumerate(self.levels) if at in there]


def told_of(scene: Scene, overlay: Overlay | None) -> Told:
    """Find what an overlay tells of each box, listed column and line of a scene.

    Examples
    --------
    >>> told_of(Scene(), None).present()
    []
    """
    if overlay is None:
        return Told("", (None,) * len(scene.marks), tuple((None,) * len(m.rows) for m in scene.marks), (None,) * len(scene.links))
    ids = [i for m in scene.marks if m.kind != "bundle" for i in (m.id, *(r.id for r in m.rows))]
    badges, strokes = overlay.badges(ids), overlay.strokes(ids)
    return Told(
        overlay.title,
        tuple(None if m.kind == "bundle" else _short(badges.get(m.id)) for m in scene.marks),
        tuple(tuple(_short(badges.get(row.id)) for row in m.rows) for m in scene.marks),
        tuple(None if k.certainty == "bundle" else strokes.get(_ends(k, scene.marks)) for k in scene.links),
        overlay.edges is not None,
        overlay.levels,
    )


def _short(badge: Badge | None) -> Badge | None:
    return None if badge is None else replace(badge, text=clean(badge.text, _MOST))


def _ends(link: Link, marks: tuple[Mark, ...]) -> tuple[str, str]:
    a, b = marks[link.source], marks[link.target]
    return a.rows[link.source_row].id if link.source_row >= 0 else a.id, b.rows[link.target_row].id if link.target_row >= 0 else b.id


def line_colour(told: Stroke | None, *, lined: bool, back: bool) -> str | None:
    """Choose the colour of a line; None: the usual one."""
    if told is not None:
        return LINE_COLOURS[told.level]
    return FADED if lined else "#a8507f" if back else None


def box_colour(told: Badge | None) -> str | None:
    """Choose what a box is filled with; None: nothing."""
    return None if told is None else LEVEL_COLOURS[told.level]
