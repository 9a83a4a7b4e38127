"""A scene in the DOT language of Graphviz."""

from __future__ import annotations

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Scene
from lineage_nb.views.scene_text import box_lines, columns_of, drawn_of, line_meaning, meanings, what

__all__ = ["dot"]

_POINTS = 72.0
_MOST = 1_000
_SHAPES = {"report": "note", "job": "cds", "topic": "cylinder", "file": "folder"}
_LEGEND = {
    "value": "solid: carries values",
    "influence": "dotted: influences only",
    "possible": "dashed: possible, not proved",
    "back": "purple: closes a cycle",
    "bundle": "no arrow: to a counted bundle of nodes that are not drawn",
}


def dot(scene: Scene, *, title: str = "Data lineage") -> str:
    r"""Write a scene in the DOT language.

    Every text is a quoted string in which quotes and backslashes are escaped: none is read as HTML, as an escape of
    Graphviz, or as another attribute.

    Parameters
    ----------
    scene : Scene
        Any scene. ``dot`` lays it out anew, ``neato -n`` keeps the places of the boxes.
    title : str
        Text above the picture.

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
    there = meanings(scene)
    legend = [text for word, text in _LEGEND.items() if word in there]
    under = "; ".join([drawn_of(scene), *legend])
    lines = [
        "digraph lineage {",
        f"  graph [rankdir=LR, labelloc=t, label={_quoted(clean(title), under)}, tooltip={_quoted(clean(title))}];",
        '  node [shape=box, style="rounded", fontname="Helvetica", fontsize=11, color="#7d8793"];',
        '  edge [color="#7d8793", fontname="Helvetica", fontsize=9];',
        *(f"  n{place} [{_attributes(_node(mark, scene.height))}];" for place, mark in enumerate(scene.marks)),
        *(f"  n{k.source} -> n{k.target} [{_attributes(_edge(k, columns_of(k, scene)))}];" for k in scene.links),
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


def _node(mark: Mark, height: float) -> dict[str, str]:
    values = {
        "label": _quoted(*box_lines(mark)),
        "tooltip": _quoted(clean(mark.id, _MOST)),
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
    if "focus" in mark.flags:
        values |= {"color": '"#c75300"', "penwidth": "2.5"}
    return values


def _edge(link: Link, columns: str) -> dict[str, str]:
    if link.certainty == "bundle":
        return {"dir": "none", "penwidth": "0.7"}
    said = line_meaning(link)
    values = {"style": "dashed" if link.certainty == "possible" else "dotted"} if said else {}
    if said:
        values["tooltip"] = _quoted(said)
    if columns:
        values["label"] = _quoted(columns)
    return values | ({"color": '"#a8507f"'} if link.back else {})
