"""A scene as one self-contained SVG: no script, no font, no request, light and dark, readable without colour.

`drawing` says what is drawn where, as plain JSON values; `svg` prints it. The live explorer draws the same
values, so that both look alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from lineage_nb.views.labels import clean, clip, text_width
from lineage_nb.views.scene import LABEL_SIZE, SUB_SIZE, Link, Mark, Scene

__all__ = ["STYLE", "drawing", "svg"]

_GLYPHS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dataset": ("#0072b2", "M2.5 4a5.5 2 0 0 1 11 0v8a5.5 2 0 0 1-11 0zM2.5 4a5.5 2 0 0 0 11 0M2.5 8a5.5 2 0 0 0 11 0"),
        "table": ("#0072b2", "M2 3h12v10H2zM2 6.5h12M6 6.5V13"),
        "view": ("#3a9bd0", "M1 8c3-5 11-5 14 0c-3 5-11 5-14 0zM8 6a2 2 0 1 0 .01 0z"),
        "topic": ("#009e73", "M1 5q3.5-4 7 0t7 0M1 8.5q3.5-4 7 0t7 0M1 12q3.5-4 7 0t7 0"),
        "file": ("#b07d00", "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3"),
        "report": ("#d55e00", "M2 14V1.5M2 14h12.5M5 12V8M8.5 12V4M12 12V6.5"),
        "model": ("#c0589b", "M8 1.5l5.6 3.2v6.6L8 14.5l-5.6-3.2V4.7zM8 8l5.6-3.3M8 8v6.5M8 8L2.4 4.7"),
        "feature": ("#c0589b", "M8 1.5L14.5 8L8 14.5L1.5 8z"),
        "column": ("#5b7fa6", "M5.5 2h5v12h-5zM5.5 6h5M5.5 10h5"),
        "job": ("#767676", "M4 2.5l9 5.5l-9 5.5z"),
        "seed": ("#b07d00", "M3 13c0-7 4-10 10-10c0 7-4 10-10 10zM3 13l6-6"),
        "query": ("#5b7fa6", "M6.8 2a4.8 4.8 0 1 0 .01 0zM10.4 10.2l4.1 4.1"),
        "other": ("#767676", "M8 2a6 6 0 1 0 .01 0z"),
    }
)
"""Line drawings on a 16 × 16 grid, with a colour of the Okabe-Ito palette darkened to 3:1 on white."""

_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "dashboard": "report", "notebook": "report", "exposure": "report", "application": "report",
        "materialized view": "view", "stream": "topic", "queue": "topic", "ml": "model", "analysis": "report",
        "incremental": "table", "snapshot": "table", "source": "table", "ephemeral": "view", "external": "table",
        "base table": "table", "task": "job", "feature_set": "feature", "path": "file",
    }
)

STYLE = """
.ln-svg,.ln-explorer{--ln-bg:var(--jp-layout-color0,var(--vscode-editor-background,var(--ln-d-bg)));
--ln-box:var(--jp-layout-color1,var(--vscode-editor-background,var(--ln-d-box)));
--ln-fg:var(--jp-content-font-color1,var(--vscode-editor-foreground,var(--ln-d-fg)));
--ln-dim:var(--jp-content-font-color2,var(--vscode-descriptionForeground,var(--ln-d-dim)));
--ln-line:var(--jp-border-color0,var(--vscode-panel-border,var(--ln-d-line)));
--ln-d-bg:#fff;--ln-d-box:#fff;--ln-d-fg:#1c1f23;--ln-d-dim:#5c646e;--ln-d-line:#b6bdc6;
--ln-link:#7d8793;--ln-focus:#c75300;--ln-back:#a8507f;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){.ln-svg,.ln-explorer{--ln-d-bg:#14171a;--ln-d-box:#1d2125;--ln-d-fg:#e8eaed;
--ln-d-dim:#a3abb5;--ln-d-line:#4a525c}}
.ln-box{fill:var(--ln-box);stroke:var(--ln-line);stroke-width:1}
.ln-label{font-size:12.5px;font-weight:600;fill:var(--ln-fg)}
.ln-sub{font-size:10.5px;fill:var(--ln-dim)}
.ln-glyph{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}
.ln-focus>.ln-box{stroke:var(--ln-focus);stroke-width:2.4}
.ln-deleted>.ln-box{stroke-dasharray:5 3}.ln-deleted>.ln-label{text-decoration:line-through;fill:var(--ln-dim)}
.ln-bundle>.ln-box{stroke-dasharray:2 3;stroke:var(--ln-dim)}.ln-bundle>.ln-label{font-weight:500}
.ln-link{fill:none;stroke:var(--ln-link);stroke-width:1.4}
.ln-tip{fill:var(--ln-link);stroke:none}
.ln-influence{stroke-dasharray:7 4}.ln-possible{stroke-dasharray:1.5 4;stroke-linecap:round;stroke-width:2}
.ln-fold{stroke-width:1;opacity:.7}.ln-back{stroke:var(--ln-back)}.ln-tip.ln-back{fill:var(--ln-back)}
.ln-count{font-size:10px;font-weight:600;fill:var(--ln-dim);text-anchor:middle}
.ln-pill{fill:var(--ln-box);stroke:var(--ln-line)}
.ln-tag{font-size:9px;font-weight:700;fill:var(--ln-focus);text-anchor:end}
.ln-legend{font-size:11px;fill:var(--ln-dim)}
"""

_PAD = 16.0
_TITLE_LIMIT = 240


def drawing(scene: Scene) -> dict[str, Any]:
    """Say what is drawn where.

    Parameters
    ----------
    scene : Scene
        Any scene.

    Returns
    -------
    dict
        JSON values: width, height, focus, level, drawn, total, marks, links, legend. Texts are plain text
        that fits its box; whoever prints them must escape them.
    """
    marks = [_mark_values(m) for m in scene.marks]
    links = [_link_values(k, scene.marks) for k in scene.links]
    return {
        "width": scene.width,
        "height": scene.height,
        "focus": scene.focus,
        "level": scene.level,
        "drawn": scene.drawn,
        "total": scene.total,
        "summary": summary(scene),
        "marks": marks,
        "links": links,
        "legend": _legend(marks, links),
        "glyphs": {m["look"]: list(_GLYPHS[m["look"]]) for m in marks if m["look"]},
    }


def summary(scene: Scene) -> str:
    """Tell in words how much of what is within reach is drawn."""
    if not scene.drawn:
        return f"There is nothing to draw at the level of {scene.level}s."
    reach = "within reach" if scene.level != "column" else "joined by stated column edges"
    if scene.drawn == scene.total:
        return f"All {scene.total:,} nodes {reach} are drawn." if scene.total > 1 else f"One node, nothing {reach}."
    why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(scene.hidden.items()))
    return f"{scene.drawn:,} of {scene.total:,} nodes drawn" + (f" ({why})." if why else ".")


def look_of(kind: str, kind_type: str) -> str:
    """Choose the glyph of a node by its type, else its kind."""
    for word in (kind_type.lower(), kind.lower()):
        name = _SYNONYMS.get(word, word)
        if name in _GLYPHS and not (kind == "job" and name == "table"):
            return name
    return "other"


def _mark_values(mark: Mark) -> dict[str, Any]:
    bundle = mark.kind == "bundle"
    look = "" if bundle else look_of(mark.kind, mark.type)
    room = mark.width - (16 if bundle else 42)
    tagged = 0 if "pii" not in mark.flags else 22
    values: dict[str, Any] = {
        "id": mark.id,
        "x": mark.x,
        "y": mark.y,
        "w": mark.width,
        "h": mark.height,
        "layer": mark.layer,
        "look": look,
        "label": clip(mark.label, room, LABEL_SIZE, bold=not bundle),
        "sub": clip(mark.sub, room - tagged, SUB_SIZE, keep="end"),
        "flags": sorted(mark.flags),
        "up": mark.more_up,
        "down": mark.more_down,
        "name": clean(_spoken(mark), _TITLE_LIMIT),
    }
    if bundle:
        values["side"] = mark.type
    return values


def _spoken(mark: Mark) -> str:
    """Name a mark in full, for titles and screen readers."""
    if mark.kind == "bundle":
        where = "upstream" if mark.type == "up" else "downstream"
        return f"{mark.more_up + mark.more_down:,} more directly {where} of {mark.id}, not drawn"
    what = mark.type or mark.kind
    words = [mark.id, what if mark.kind in ("dataset", what) else f"{what} {mark.kind}"]
    words += [word for word in ("pii", "deleted", "focus") if word in mark.flags]
    words += [f"{n:,} {side} not drawn" for n, side in ((mark.more_up, "upstream"), (mark.more_down, "downstream")) if n]
    return ", ".join(words)


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _curve(points: list[tuple[float, float]]) -> str:
    """Draw level through each layer, and as an S between layers."""
    parts = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(y0 - y1) < 0.75:
            parts.append(f"L{_number(x1)} {_number(y1)}")
        else:
            half = (x0 + x1) / 2
            parts.append(f"C{_number(half)} {_number(y0)} {_number(half)} {_number(y1)} {_number(x1)} {_number(y1)}")
    return "".join(parts)


def _link_values(link: Link, marks: tuple[Mark, ...]) -> dict[str, Any]:
    a, b = marks[link.source], marks[link.target]
    values: dict[str, Any] = {"s": link.source, "t": link.target, "style": _style(link)}
    ay, by = a.y + a.height / 2, b.y + b.height / 2
    if link.source == link.target:
        x, y = a.x + a.width - 26, a.y
        d = f"M{_number(x)} {_number(y)}c-4 -20 26 -20 20 -4"
        return values | {"d": d, "tip": _tip(x + 20, y, "down")}
    if link.back and a.layer == b.layer:
        x = max(a.x + a.width, b.x + b.width)
        d = f"M{_number(a.x + a.width)} {_number(ay)}C{_number(x + 34)} {_number(ay)} {_number(x + 34)} {_number(by)} {_number(b.x + b.width + 6)} {_number(by)}"
        return values | {"d": d, "tip": _tip(b.x + b.width, by, "left")}
    if link.back:
        start, end = (a.x, ay - 12), (b.x + b.width, by - 12)
        return values | {"d": _curve([start, *link.bends, (end[0] + 6, end[1])]), "tip": _tip(*end, "left")}
    start, end = (a.x + a.width, ay), (b.x, by)
    if link.certainty == "bundle":
        return values | {"d": _curve([start, *link.bends, end]), "tip": ""}
    return values | {"d": _curve([start, *link.bends, (end[0] - 6, end[1])]), "tip": _tip(*end, "right")}


def _style(link: Link) -> str:
    if link.certainty == "bundle":
        return "fold"
    words = ["back"] if link.back else []
    if not link.value:
        words.append("influence")
    if link.certainty == "possible":
        words.append("possible")
    return " ".join(words) or "value"


def _tip(x: float, y: float, way: str) -> str:
    """Draw an arrowhead that ends at (x, y)."""
    legs = {"right": "l-8 -4v8z", "left": "l8 -4v8z", "down": "l-4 -8h8z"}[way]
    return f"M{_number(x)} {_number(y)}{legs}"


_LINES = (
    ("value", "carries values"),
    ("influence", "influences only"),
    ("possible", "possible, not proved"),
    ("back", "closes a cycle"),
)


def _legend(marks: list[dict[str, Any]], links: list[dict[str, Any]]) -> list[dict[str, str]]:
    """List what is present: looks, then lines, then signs."""
    looks = {m["look"] for m in marks} - {""}
    entries = [{"look": look, "text": look if look != "other" else "other kinds"} for look in _GLYPHS if look in looks]
    styles = {word for link in links for word in link["style"].split()}
    entries += [{"line": style, "text": text} for style, text in _LINES if style in styles]
    if any(m["look"] and (m["up"] or m["down"]) for m in marks):
        entries.append({"sign": "+3", "text": "neighbours not drawn"})
    if any("pii" in m["flags"] for m in marks):
        entries.append({"sign": "PII", "text": "personal data"})
    if any("deleted" in m["flags"] for m in marks):
        entries.append({"sign": "dashed box", "text": "deleted"})
    return entries


def svg(scene: Scene, *, title: str = "Data lineage", max_marks: int = 400, max_width: int = 1_200) -> str:
    """Print a scene as SVG.

    Parameters
    ----------
    scene : Scene
        Any scene.
    title : str
        Accessible name.
    max_marks : int
        Further boxes are left out, and the text below the picture says so: the size is bounded.
    max_width : int
        Widest it is shown, pixels; it shrinks to its container.

    Returns
    -------
    str
        One ``<svg>`` element that can stand in HTML or, as it is, in a file.

    Examples
    --------
    >>> svg(Scene()).startswith("<svg ")
    True
    """
    values = drawing(scene)
    marks = values["marks"][:max_marks]
    links = [k for k in values["links"][: 4 * max_marks] if max(k["s"], k["t"]) < len(marks)]
    left_out = len(values["marks"]) - len(marks)
    words = values["summary"] + (f" {left_out:,} of these are left out of this picture." if left_out else "")
    width = max(scene.width, 420.0) + 2 * _PAD
    legend, legend_height = _legend_svg(values["legend"], values["glyphs"], scene.height + 2 * _PAD + 12, width)
    height = scene.height + 2 * _PAD + 12 + legend_height + 18
    body = [
        f'<svg class="ln-svg" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(clean(title), quote=True)}"'
        f' viewBox="0 0 {_number(width)} {_number(height)}" width="{_number(min(width, max_width))}"'
        f' style="max-width:100%;height:auto;background:var(--ln-bg)">',
        f"<title>{escape(clean(title))}</title><desc>{escape(words)}</desc><style>{STYLE}</style>",
        f'<g transform="translate({_number(_PAD)} {_number(_PAD + 12)})">',
        *(_link_svg(k) for k in links),
        *(_mark_svg(m, values["glyphs"]) for m in marks),
        "</g>",
        *legend,
        f'<text class="ln-legend" x="{_number(_PAD)}" y="{_number(height - 12)}">{escape(words)}</text></svg>',
    ]
    return "".join(body)


def _link_svg(link: dict[str, Any]) -> str:
    style = " ".join(f"ln-{word}" for word in link["style"].split())
    tip = f'<path class="ln-tip {style}" d="{link["tip"]}"/>' if link["tip"] else ""
    return f'<path class="ln-link {style}" d="{link["d"]}"/>{tip}'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="ln-{kind}" x="{_number(x)}" y="{_number(y)}">{escape(text)}</text>'


def _mark_svg(mark: dict[str, Any], glyphs: Mapping[str, list[str]]) -> str:
    w, h = mark["w"], mark["h"]
    kinds = " ".join(["ln-mark", *(f"ln-{f}" for f in mark["flags"]), *([] if mark["look"] else ["ln-bundle"])])
    parts = [
        f'<g class="{kinds}" transform="translate({_number(mark["x"])} {_number(mark["y"])})">',
        f"<title>{escape(mark['name'])}</title>",
        f'<rect class="ln-box" width="{_number(w)}" height="{_number(h)}" rx="{7 if mark["look"] else _number(h / 2)}"/>',
    ]
    if not mark["look"]:
        return "".join([*parts, _text("label", 13, h / 2 + 4.5, mark["label"]), "</g>"])
    colour, path = glyphs[mark["look"]]
    parts += [
        f'<path d="M5 .6H7A6.4 6.4 0 0 0 .6 7V{_number(h - 7)}A6.4 6.4 0 0 0 7 {_number(h - 0.6)}H5z" fill="{colour}" stroke="{colour}" stroke-width="1.2"/>',
        f'<path class="ln-glyph" transform="translate(12 {_number(h / 2 - 8)})" stroke="{colour}" d="{path}"/>',
        _text("label", 34, 18.5 if mark["sub"] else h / 2 + 4.5, mark["label"]),
        _text("sub", 34, 33.5, mark["sub"]) if mark["sub"] else "",
    ]
    if "pii" in mark["flags"]:
        parts.append(_text("tag", w - 6, 34, "PII"))
    for count, right in ((mark["up"], False), (mark["down"], True)):
        if count:
            text = f"+{count:,}"
            wide = text_width(text, 10, bold=True) + 10
            x = w - wide - 8 if right else 8.0
            parts.append(f'<rect class="ln-pill" x="{_number(x)}" y="{_number(h - 7)}" width="{_number(wide)}" height="14" rx="7"/>')
            parts.append(_text("count", x + wide / 2, h + 3.5, text))
    return "".join([*parts, "</g>"])


def _legend_svg(
    entries: list[dict[str, str]], glyphs: Mapping[str, list[str]], top: float, width: float
) -> tuple[list[str], float]:
    x, y, parts = _PAD, top + 14, []
    for entry in entries:
        wide = 30 + text_width(entry["text"], 11) + 16
        if "sign" in entry:
            wide += text_width(entry["sign"], 11) - 18
        if x + wide > width and x > _PAD:
            x, y = _PAD, y + 20
        at = f"{_number(x)} {_number(y)}"
        if "look" in entry:
            colour, path = glyphs[entry["look"]]
            parts.append(f'<path class="ln-glyph" transform="translate({_number(x + 4)} {_number(y - 12)})" stroke="{colour}" d="{path}"/>')
        elif "line" in entry:
            parts.append(f'<path class="ln-link ln-{entry["line"]}" d="M{at}m0 -4h22"/>')
        else:
            parts.append(_text("count", x + text_width(entry["sign"], 11) / 2, y, entry["sign"]))
        parts.append(_text("legend", x + (wide - 16 - text_width(entry["text"], 11)), y, entry["text"]))
        x += wide
    return parts, (y - top + 10) if entries else 0.0
