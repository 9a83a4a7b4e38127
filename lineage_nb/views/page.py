"""A scene as one HTML file to pass on: drag, zoom, click; no server, no network.

pyvis writes the page. It trusts its input, so nothing but escaped text and numbers reaches it: no titles (it
runs them as HTML), no heading, no menus, no options given as text; its two Bootstrap tags, which would ask a
server, are cut, and a content security policy forbids every request.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from lineage_nb.views.drawing import badge_text
from lineage_nb.views.labels import clean, clip
from lineage_nb.views.marks import Mark
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.palette import LEVEL_COLOURS, LINE_COLOURS
from lineage_nb.views.scene import Scene
from lineage_nb.views.scene_text import box_lines, columns_of, line_meaning
from lineage_nb.views.seen import Told, box_colour, line_colour, told_of
from lineage_nb.views.svg import drawing

__all__ = ["standalone_html"]

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
_SHAPE = {"shape": "box", "margin": 8, "borderWidth": 1.5, "shapeProperties": {"borderRadius": 6}}
_OUTSIDE = re.compile(r"<(?:link|script)\b[^>]*\b(?:href|src)\s*=\s*[\"'](?:https?:)?//[^>]*>(?:\s*</script>)?", re.I)
_HEADINGS = re.compile(r"<center>.*?</center>", re.S)
_DASHES: dict[str, list[int] | bool] = {"influence": [2, 4], "possible": [7, 5], "fold": [2, 3]}
_SIGNS = {
    "dataset": "●", "table": "▦", "view": "◎", "topic": "≈", "file": "▤", "report": "▲",
    "model": "■", "feature": "◆", "column": "▮", "job": "▶", "seed": "✿", "query": "⌕", "other": "○",
}  # fmt: skip
"""Kinds told apart without colour, in characters that every font stack has."""
_PAGE_STYLE = """
html,body{margin:0;height:100%;font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:#fff;color:#1c1f23}
body{display:flex;flex-direction:column}
header,footer{padding:10px 16px}header{border-bottom:1px solid #dfe3e8}
footer{border-top:1px solid #dfe3e8;font-size:12px;color:#4c545e}
h1{margin:0;font-size:17px}header p{margin:2px 0 0;color:#4c545e;font-size:12px}
.card{flex:1;min-height:0;border:0!important;width:100%}
#mynetwork{width:100%!important;height:100%!important;border:0!important;float:none!important}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;margin-bottom:4px}.key span{display:inline-flex;align-items:center;gap:6px}
.swatch{width:18px;height:10px;border:2px solid;border-radius:5px}
#chosen{min-height:1.4em;overflow-wrap:anywhere}
"""
_PAGE_SCRIPT = """
(function () {
  var said = document.getElementById("chosen"), about = %s, lines = %s;
  network.on("click", function (event) {
    said.textContent = event.nodes.length ? about[event.nodes[0]]
      : event.edges.length ? lines[Number(event.edges[0].slice(1))] : "Click a box or a line to see what it is.";
  });
  network.once("afterDrawing", function () { network.fit({ animation: false }); });
})();
"""


def standalone_html(
    scene: Scene, *, title: str = "Data lineage", note: str = "", before: str = "", after: str = "", overlay: Overlay | None = None
) -> str:
    """Write a scene as a page that stands alone.

    Parameters
    ----------
    scene : Scene
        What to show; the positions are kept.
    title, note : str
        Heading and a line below it, plain text.
    before, after : str
        HTML to put above and below the picture, trusted: the caller has escaped it.
    overlay : Overlay, optional
        What is told of boxes and lines besides, in words and colours.

    Returns
    -------
    str
        A whole HTML document that asks no server for anything.

    Examples
    --------
    >>> "<h1>A &amp; B</h1>" in standalone_html(Scene(), title="A & B")
    True
    """
    from pyvis.network import Network

    values, told = drawing(scene, overlay), told_of(scene, overlay)
    network = Network(height="100%", width="100%", directed=True, cdn_resources="in_line", notebook=False)
    network.toggle_physics(False)
    for place, mark in enumerate(values["marks"]):
        network.add_node(place, **_node(mark, values["glyphs"], scene.marks[place], told, place))
    ends: dict[tuple[int, int], list[int]] = {}
    for at, link in enumerate(scene.links):
        ends.setdefault((link.source, link.target), []).append(at)
    for number, ((source, target), places) in enumerate(ends.items()):
        network.add_edge(source, target, id=f"e{number}", **_line(values["links"], told, places))
    values["lines"] = [_said(scene, told, pair, places) for pair, places in ends.items()]
    network.options.interaction.__dict__.update(hover=True, navigationButtons=False)
    network.options.edges.smooth.enabled = True
    network.options.edges.smooth.type = "cubicBezier"
    network.options.edges.smooth.__dict__.update(forceDirection="horizontal", roundness=0.5)
    return _dressed(network.generate_html(notebook=False), values, title, note, before, after)


def _node(mark: dict[str, Any], glyphs: dict[str, list[str]], drawn: Mark, told: Told, place: int) -> dict[str, Any]:
    colour = glyphs[mark["look"]][0] if mark["look"] else "#5c646e"
    ring = "#c75300" if "focus" in mark["flags"] else colour
    name = f"{_SIGNS[mark['look']]} {mark['label']}" if mark["look"] else mark["label"]
    badge, rows = told.boxes[place], told.rows[place]
    words = [name, mark["sub"]] if mark["sub"] else [name]
    words += [badge_text(badge.text, mark["w"] - 36, 13)] if badge else []
    words += [clip(line, mark["w"] - 44, 13) for line in box_lines(drawn, None, rows) if drawn.rows and line.startswith(("· ", f"{len(drawn.rows):,} of "))]
    fill = box_colour(badge) or "#ffffff"
    return {
        "label": "\n".join(words),
        "x": round(mark["x"] + mark["w"] / 2, 1),
        "y": round(mark["y"] + mark["h"] / 2, 1),
        "physics": False,
        "color": {"background": fill, "border": ring, "highlight": {"background": fill if badge else "#eef5fc", "border": "#1976d2"}},
        "font": {"size": 13, "color": "#1c1f23", "multi": False, **({"align": "left"} if drawn.rows else {})},
        "widthConstraint": {"minimum": round(mark["w"] - 18), "maximum": round(mark["w"] - 10)},
        **_SHAPE,
        "borderWidth": 3 if "focus" in mark["flags"] else 1.5,
        "shapeProperties": {"borderRadius": 6, "borderDashes": [4, 3] if not mark["look"] or "deleted" in mark["flags"] else False},
    }


def _edge(style: str) -> dict[str, Any]:
    words = style.split()
    dashes = next((_DASHES[word] for word in words if word in _DASHES), False)
    colour = "#a8507f" if "back" in words else "#7d8793"
    tip = {"to": {"enabled": "fold" not in words, "scaleFactor": 0.6}}
    return {"dashes": dashes, "color": {"color": colour, "highlight": "#1976d2"}, "width": 1.4, "arrows": tip}


def _line(links: list[dict[str, Any]], told: Told, places: list[int]) -> dict[str, Any]:
    """Lines between columns of the same two tables are one here, drawn as the strongest."""
    first = min(places, key=lambda at: (told.lines[at] is None, "possible" in links[at]["style"], "influence" in links[at]["style"], at))
    stroke, style = told.lines[first], links[first]["style"]
    edge = _edge(style)
    colour = None if "fold" in style else line_colour(stroke, lined=told.lined, back="back" in style)
    if colour:
        edge["color"] = {"color": colour, "highlight": "#1976d2"}
    return edge | ({"width": round(max(s.width for at in places if (s := told.lines[at])), 1)} if stroke else {})


def _said(scene: Scene, told: Told, ends: tuple[int, int], places: list[int]) -> str:
    """Say what a line is, for those who click it."""
    source, target = (scene.marks[place] for place in ends)
    said = [f"{clean(source.id, 120)} → {clean(target.id, 120)}"]
    for at in places:
        link, stroke = scene.links[at], told.lines[at]
        kind = "not drawn one by one" if link.certainty == "bundle" else line_meaning(link, stroke) or "carries values"
        words = [columns_of(link, scene), kind, "closes a cycle" if link.back else "", clean(stroke.text) if stroke else ""]
        said.append(", ".join(word for word in words if word))
    return clean(": ".join([said[0], "; ".join(dict.fromkeys(said[1:]))]), 1_000)


def _dressed(html: str, values: dict[str, Any], title: str, note: str, before: str, after: str) -> str:
    """Cut what would ask a server, and put heading and legend around the picture."""
    html = _HEADINGS.sub("", _OUTSIDE.sub("", html))
    name = escape(clean(title))
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{name}</title>'
    )
    script = _PAGE_SCRIPT % (_texts([mark["name"] for mark in values["marks"]]), _texts(values["lines"]))
    words = clean(note) if note else values["summary"]
    top = f"<header><h1>{name}</h1><p>{escape(words)}</p></header>{before}"
    bottom = (
        f'<footer><div class="key">{_key(values)}</div><div id="chosen" role="status">Click a box or a line to see what it is.</div>'
        f"</footer>{after}<script>{script}</script>"
    )
    html = html.replace("<html>", '<!DOCTYPE html><html lang="en">', 1).replace("<head>", f"<head>{head}", 1)
    html = html.replace("</head>", f"<style>{_PAGE_STYLE}</style></head>", 1)
    html = html.replace("<body>", f"<body>{top}", 1)
    start, _, end = html.rpartition("</body>")
    return f"{start}{bottom}</body>{end}"


def _texts(texts: list[str]) -> str:
    """Write texts as a JavaScript list that cannot end the script it stands in."""
    written = json.dumps(texts)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def _key(values: dict[str, Any]) -> str:
    items = []
    for entry in values["legend"]:
        if "look" in entry:
            colour = values["glyphs"][entry["look"]][0]
            sign = f'<b style="color:{colour}" aria-hidden="true">{_SIGNS[entry["look"]]}</b>'
        elif "line" in entry:
            edge = _edge(entry["line"])
            dashes = " ".join(map(str, edge["dashes"])) if edge["dashes"] else "none"
            stroke = f'stroke="{edge["color"]["color"]}" stroke-width="2" stroke-dasharray="{dashes}"'
            sign = f'<svg width="24" height="12" aria-hidden="true"><path d="M0 6h24" {stroke}/></svg>'
        elif "level" in entry:
            sign = f'<i class="swatch" style="background:{LEVEL_COLOURS[entry["level"]]};border-color:{LINE_COLOURS[entry["level"]]}" aria-hidden="true"></i>'
        else:
            continue
        items.append(f"<span>{sign}{escape(entry['text'])}</span>")
    return "".join(items)
