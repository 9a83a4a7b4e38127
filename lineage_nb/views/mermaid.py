"""A scene as a Mermaid flowchart, for READMEs, wikis and pull requests."""

from __future__ import annotations

import re

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Scene
from lineage_nb.views.scene_text import box_lines, columns_of, drawn_of, line_meaning, meanings, what

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
_CLASSES = {
    "focus": "stroke:#c75300,stroke-width:3px",
    "pii": "stroke:#d55e00",
    "deleted": "stroke-dasharray:5 3,color:#767676",
    "bundle": "stroke-dasharray:2 3,color:#5c646e",
}


def mermaid(scene: Scene, *, title: str = "Data lineage") -> str:
    """Write a scene as a Mermaid flowchart.

    Names are generated (``n0``, ``n1`` …) and every character of a label that could mean something to Mermaid, HTML
    or Markdown is written as its number, so that no label can end its box, style, link or run anything.

    Parameters
    ----------
    scene : Scene
        Any scene; its order of boxes is kept, Mermaid finds their places itself.
    title : str
        Title for screen readers, plain text.

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
    there = meanings(scene)
    head = ["flowchart LR", f"accTitle: {_comment(title)}", f"%% {_comment(drawn_of(scene))}"]
    head += [f"%% {text}" for word, text in _LEGEND.items() if word in there]
    boxes = [_box(place, mark) for place, mark in enumerate(scene.marks)]
    lines = [_line(link, columns_of(link, scene)) for link in links]
    styles = [f"linkStyle {at} {style}" for at, link in enumerate(links) if (style := _style(link))]
    classes = []
    for name, style in _CLASSES.items():
        mine = [f"n{i}" for i, m in enumerate(scene.marks) if name in m.flags or name == m.kind]
        classes += [f"classDef {name} {style}", f"class {','.join(mine)} {name}"] if mine else []
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


def _box(place: int, mark: Mark) -> str:
    before, after = _SHAPES.get(mark.kind) or _SHAPES.get(what(mark)) or ("[", "]")
    # A box is as wide as its longest word.
    lines = [_LONG_WORD.sub(lambda w: w[0][:38] + "…", line) for line in box_lines(mark)]
    return f'n{place}{before}"{"<br/>".join(map(_escaped, lines))}"{after}'


def _line(link: Link, columns: str) -> str:
    special = line_meaning(link)
    arrow = "---" if link.certainty == "bundle" else "-.->" if special else "-->"
    said = _escaped(", ".join(part for part in (columns, special) if part))
    label = f'|"{said}"|' if said else ""
    return f"n{link.source} {arrow}{label} n{link.target}"


def _style(link: Link) -> str:
    if link.certainty == "bundle":
        return "stroke-width:1px"
    dashes = _DASHES["possible"] if link.certainty == "possible" else "" if link.value else _DASHES["influence"]
    colour = "stroke:#a8507f" if link.back else ""
    return ",".join(part for part in (dashes, colour) if part)
