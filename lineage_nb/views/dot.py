"""A scene in the DOT language of Graphviz."""

from __future__ import annotations

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Scene
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.scene_text import (
    box_lines,
    columns_of,
    drawn_of,
    is_possible,
    line_meaning,
    meanings,
    what,
)
from lineage_nb.views.seen import Told, box_colour, line_colour, told_of

__all__ = ["dot"]

_POINTS = 72.0
_NAMES = ("grey", "blue", "green", "yellow", "orange", "pink", "violet")
_MOST = 1_000
_SHAPES = {"report": "note", "job": "cds", "topic": "cylinder", "file": "folder"}
_LEGEND = {
    "value": "solid: carries values",
    "influence": "dotted: influences only",
    "possible": "dashed: possible, not proved",
    "back": "purple: closes a cycle",
    "bundle": "no arrow: to a counted bundle of nodes that are not drawn",
}


def dot(scene: Scene, *, title: str = "Data lineage", overlay: Overlay | None = None) -> str:
    r"""Write a scene in the DOT language.

    Every text is a quoted string in which quotes and backslashes are escaped: none is read as HTML, as an escape of
    Graphviz, or as another attribute.

    Parameters
    ----------
    scene : Scene
        Any scene. ``dot`` lays it out anew, ``neato -n`` keeps the places of the boxes.
    title : str
        Text above the picture.
    overlay : Overlay, optional
        What is told of boxes and lines besides, in words and colours.

    Returns
    -------
    str
        A directed graph with nodes ``n0``, ``n1`` … whose tooltips are the full ids.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.views.scene import scene_of
    >>> text = dot(scene_of(ln.from_edges([('a"b', "c")]).graph()))
    >>> r'n0 [label="a\"b"' in text, "n0 -> n1" in text
    (True, True)
    """
    told = told_of(scene, overlay)
    there = meanings(scene, told.lines)
    legend = [text for word, text in _LEGEND.items() if word in there]
    legend += [f"{_NAMES[level]}: {text}" for level, text in told.present()]
    legend += ["pale: nothing told"] if told.lined and None in told.lines else []
    under = "; ".join([drawn_of(scene), *legend])
    lines = [
        "digraph lineage {",
        f"  graph [rankdir=LR, labelloc=t, label={_quoted(clean(title), under)}, tooltip={_quoted(clean(title))}];",
        '  node [shape=box, style="rounded", fontname="Helvetica", fontsize=11, color="#7d8793"];',
        '  edge [color="#7d8793", fontname="Helvetica", fontsize=9];',
        *(f"  n{place} [{_attributes(_node(mark, scene.height, told, place))}];" for place, mark in enumerate(scene.marks)),
        *(f"  n{k.source} -> n{k.target} [{_attributes(_edge(k, columns_of(k, scene), told, at))}];" for at, k in enumerate(scene.links)),
        "}",
        "",
    ]
    return "\n".join(lines)


def _quoted(*lines: str) -> str:
    r"""Quote lines of text; ``\n`` between them is Graphviz's own."""
    told = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(told) + '"'


def _attributes(values: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _node(mark: Mark, height: float, told: Told, place: int) -> dict[str, str]:
    badge = told.boxes[place]
    values = {
        "label": _quoted(*box_lines(mark, badge, told.rows[place])),
        "tooltip": _quoted(clean(mark.id, _MOST), *([f"{clean(told.title)}: {badge.text}"] if badge else [])),
        # Graphviz counts from below, to the middle of a box, in points; sizes are in inches.
        "pos": f'"{mark.x + mark.width / 2:.1f},{height - mark.y - mark.height / 2:.1f}"',
        "width": f"{mark.width / _POINTS:.2f}",
        "height": f"{mark.height / _POINTS:.2f}",
    }
    shape = _SHAPES.get(mark.kind) or _SHAPES.get(what(mark))
    if shape:
        values["shape"] = shape
    if mark.kind == "bundle" or "deleted" in mark.flags:
        values["style"] = '"rounded,dashed"'
    if badge is not None:
        # Shapes with corners of their own are filled too.
        values |= {"fillcolor": f'"{box_colour(badge)}"', "style": '"rounded,filled,dashed"' if "deleted" in mark.flags else '"rounded,filled"'}
        values |= {"class": f'"level{badge.level}"', "overlay": _quoted(badge.text)}
    if "focus" in mark.flags:
        values |= {"color": '"#c75300"', "penwidth": "2.5"}
    return values


def _edge(link: Link, columns: str, told: Told, at: int) -> dict[str, str]:
    stroke = told.lines[at]
    if link.certainty == "bundle":
        return {"dir": "none", "penwidth": "0.7"}
    said = line_meaning(link, stroke)
    values = {"style": "dashed" if is_possible(link, stroke) else "dotted"} if said else {}
    words = [*([clean(stroke.text, _MOST)] if stroke else []), *([said] if said else [])]
    if words:
        values["tooltip"] = _quoted(*words)
    label = [*([columns] if columns else []), *([told.word(stroke)] if stroke else [])]
    if label:
        values["label"] = _quoted(*label)
    colour = line_colour(stroke, lined=told.lined, back=link.back)
    if stroke is not None:
        values |= {"penwidth": f"{stroke.width:.1f}", "class": f'"level{stroke.level}"', "overlay": _quoted(clean(stroke.text, _MOST))}
    return values | ({"color": f'"{colour}"'} if colour else {})
