"""A scene as a Mermaid flowchart, for READMEs, wikis and pull requests."""

from __future__ import annotations

import re
from dataclasses import replace

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Scene
from lineage_nb.views.overlay import Badge, Overlay
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

__all__ = ["mermaid"]

_MOST_EDGES, _MOST_TEXT = 500, 50_000
# What Mermaid, HTML or Markdown may read as more than text; the last three are Mermaid's own marks for "#", "&" and ";".
_TELLING = re.compile(r"[!-*:-@\[-^`{-~ﬂ°¶]")
_LONG_WORD = re.compile(r"\S{40,}")
_SHAPES = {"report": ("([", "])"), "job": ("[[", "]]"), "bundle": ("(", ")"), "topic": ("[(", ")]"), "file": ("[/", "/]")}
_LEGEND = {
    "value": "solid line: carries values",
    "influence": "dotted line, 'influence': influences only",
    "possible": "dashed line, 'possible': possible, not proved",
    "back": "purple line: closes a cycle",
    "bundle": "thin line to a rounded box: so many more nodes, not drawn",
}
_DASHES = {"influence": "stroke-dasharray:2 3", "possible": "stroke-dasharray:7 4"}
_NAMES = ("grey", "blue", "green", "yellow", "orange", "pink", "violet")
_CLASSES = {
    "focus": "stroke:#c75300,stroke-width:3px",
    "pii": "stroke:#d55e00",
    "deleted": "stroke-dasharray:5 3,color:#767676",
    "bundle": "stroke-dasharray:2 3,color:#5c646e",
}


def mermaid(scene: Scene, *, title: str = "Data lineage", overlay: Overlay | None = None) -> str:
    """Write a scene as a Mermaid flowchart.

    Names are generated (``n0``, ``n1`` …) and every character of a label that could mean something to Mermaid, HTML
    or Markdown is written as its number, so that no label can end its box, style, link or run anything.

    Parameters
    ----------
    scene : Scene
        Any scene; its order of boxes is kept, Mermaid finds their places itself.
    title : str
        Title for screen readers, plain text.
    overlay : Overlay, optional
        What is told of boxes and lines besides, in words and colours.

    Returns
    -------
    str
        Text of a ``mermaid`` block. The legend is in its comments.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.views.scene import scene_of
    >>> print(mermaid(scene_of(ln.from_edges([("raw", "mart")]).graph())))
    flowchart LR
    accTitle: Data lineage
    %% 2 of 2 nodes drawn
    %% solid line: carries values
    n0["mart"]
    n1["raw"]
    n1 --> n0
    <BLANKLINE>
    """
    links = sorted(scene.links, key=lambda k: (k.source, k.target, k.source_row, k.target_row, line_meaning(k), k.back))
    told = told_of(replace(scene, links=tuple(links)), overlay)
    there = meanings(replace(scene, links=tuple(links)), told.lines)
    head = ["flowchart LR", f"accTitle: {_comment(title)}", f"%% {_comment(drawn_of(scene))}"]
    head += [f"%% {text}" for word, text in _LEGEND.items() if word in there]
    head += [f"%% {_NAMES[level]}: {_comment(text)}" for level, text in told.present()]
    boxes = [_box(place, mark, told) for place, mark in enumerate(scene.marks)]
    lines = [_line(link, columns_of(link, scene), told, at) for at, link in enumerate(links)]
    styles = [f"linkStyle {at} {style}" for at, link in enumerate(links) if (style := _style(link, told, at))]
    classes = []
    for name, style in _CLASSES.items():
        mine = [f"n{i}" for i, m in enumerate(scene.marks) if name in m.flags or name == m.kind]
        classes += [f"classDef {name} {style}", f"class {','.join(mine)} {name}"] if mine else []
    for level, _ in told.present():
        mine = [f"n{i}" for i, badge in enumerate(told.boxes) if badge is not None and badge.level == level]
        fill = box_colour(Badge("", level))
        classes += [f"classDef {_NAMES[level]} fill:{fill},color:#101316", f"class {','.join(mine)} {_NAMES[level]}"] if mine else []
    limits = []
    if len(links) > _MOST_EDGES:
        limits.append(f"%% {len(links):,} lines: Mermaid draws more than {_MOST_EDGES} only with a higher maxEdges")
    body = [*boxes, *lines, *styles, *classes]
    if sum(len(text) + 1 for text in [*head, *body]) > _MOST_TEXT:
        limits.append(f"%% more than {_MOST_TEXT:,} characters: Mermaid draws it only with a higher maxTextSize")
    return "\n".join([*head, *limits, *body, ""])


def _escaped(text: str) -> str:
    """Write whatever is no letter, digit, space or harmless mark as Mermaid's ``#number;``."""
    return _TELLING.sub(lambda found: f"#{ord(found[0])};", text)


def _comment(text: str) -> str:
    return _TELLING.sub(lambda found: found[0] if found[0] in "()" else " ", clean(text, 200)).strip() or "Data lineage"


def _box(place: int, mark: Mark, told: Told) -> str:
    before, after = _SHAPES.get(mark.kind) or _SHAPES.get(what(mark)) or ("[", "]")
    # A box is as wide as its longest word.
    lines = [_LONG_WORD.sub(lambda w: w[0][:38] + "…", line) for line in box_lines(mark, told.boxes[place], told.rows[place])]
    return f'n{place}{before}"{"<br/>".join(map(_escaped, lines))}"{after}'


def _line(link: Link, columns: str, told: Told, at: int) -> str:
    stroke = told.lines[at]
    special = line_meaning(link, stroke)
    arrow = "---" if link.certainty == "bundle" else "-.->" if special else "-->"
    said = _escaped(", ".join(part for part in (columns, clean(stroke.text, 120) if stroke else "", special) if part))
    label = f'|"{said}"|' if said else ""
    return f"n{link.source} {arrow}{label} n{link.target}"


def _style(link: Link, told: Told, at: int) -> str:
    stroke = told.lines[at]
    if link.certainty == "bundle":
        return "stroke-width:1px"
    dashes = _DASHES["possible"] if is_possible(link, stroke) else "" if link.value else _DASHES["influence"]
    chosen = line_colour(stroke, lined=told.lined, back=link.back)
    colour = f"stroke:{chosen}" if chosen else ""
    wide = f"stroke-width:{max(1, round(stroke.width))}px" if stroke else ""
    return ",".join(part for part in (dashes, colour, wide) if part)
