"""A scene as one self-contained SVG: no script, no font, no request, light and dark, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from lineage_nb.views.drawing import badge_width, drawing, number
from lineage_nb.views.labels import clean, text_width
from lineage_nb.views.marks import HEAD_HEIGHT, Scene, row_middle
from lineage_nb.views.overlay import Overlay
from lineage_nb.views.palette import STYLE, look_of

__all__ = ["STYLE", "drawing", "look_of", "svg"]

_PAD = 16.0


def svg(
    scene: Scene, *, title: str = "Data lineage", overlay: Overlay | None = None, max_marks: int = 400, max_width: int = 1_200
) -> str:
    """Print a scene as SVG.

    Parameters
    ----------
    scene : Scene
        Any scene.
    title : str
        Accessible name.
    overlay : Overlay, optional
        What is told of boxes and edges besides.
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
    values = drawing(scene, overlay)
    marks = values["marks"][:max_marks]
    links = [k for k in values["links"][: 4 * max_marks] if max(k["s"], k["t"]) < len(marks)]
    left_out = len(values["marks"]) - len(marks)
    words = values["summary"] + (f" {left_out:,} of these are left out of this picture." if left_out else "")
    width = max(scene.width, 420.0) + 2 * _PAD
    legend, legend_height = _legend_svg(values["legend"], values["glyphs"], scene.height + 2 * _PAD + 12, width)
    height = scene.height + 2 * _PAD + 12 + legend_height + 18
    body = [
        f'<svg class="ln-svg" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(clean(title), quote=True)}"'
        f' viewBox="0 0 {number(width)} {number(height)}" width="{number(min(width, max_width))}"'
        f' style="max-width:100%;height:auto;background:var(--ln-bg)">',
        f"<title>{escape(clean(title))}</title><desc>{escape(words)}</desc><style>{STYLE}</style>",
        f'<g transform="translate({number(_PAD)} {number(_PAD + 12)})">',
        *(_link_svg(k) for k in links),
        *(_mark_svg(m, values["glyphs"]) for m in marks),
        "</g>",
        *legend,
        f'<text class="ln-legend" x="{number(_PAD)}" y="{number(height - 12)}">{escape(words)}</text></svg>',
    ]
    return "".join(body)


def _link_svg(link: dict[str, Any]) -> str:
    words = [*link["style"].split(), *([f"c{link['level']}"] if "level" in link else []), *(["faded"] if "faded" in link else [])]
    style = " ".join(f"ln-{word}" for word in words)
    wide = f' style="stroke-width:{number(link["wide"])}"' if "wide" in link else ""
    title = f"<title>{escape(link['name'])}</title>" if "name" in link else ""
    tip = f'<path class="ln-tip {style}" d="{link["tip"]}"/>' if link["tip"] else ""
    return f'<path class="ln-link {style}" d="{link["d"]}"{wide}>{title}</path>{tip}' if title else f'<path class="ln-link {style}" d="{link["d"]}"{wide}/>{tip}'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="ln-{kind}" x="{number(x)}" y="{number(y)}">{escape(text)}</text>'


def _mark_svg(mark: dict[str, Any], glyphs: Mapping[str, list[str]]) -> str:
    w, h = mark["w"], mark["h"]
    kinds = " ".join(["ln-mark", *(f"ln-{f}" for f in mark["flags"]), *([] if mark["look"] else ["ln-bundle"])])
    parts = [
        f'<g class="{kinds}" transform="translate({number(mark["x"])} {number(mark["y"])})">',
        f"<title>{escape(mark['name'])}</title>",
        f'<rect class="ln-box" width="{number(w)}" height="{number(h)}" rx="{7 if mark["look"] else number(h / 2)}"/>',
    ]
    if not mark["look"]:
        return "".join([*parts, _text("label", 13, h / 2 + 4.5, mark["label"]), "</g>"])
    colour, path = glyphs[mark["look"]]
    parts += [
        f'<path d="M5 .6H7A6.4 6.4 0 0 0 .6 7V{number(h - 7)}A6.4 6.4 0 0 0 7 {number(h - 0.6)}H5z" fill="{colour}" stroke="{colour}" stroke-width="1.2"/>',
        f'<path class="ln-glyph" transform="translate(12 14)" stroke="{colour}" d="{path}"/>',
        _text("label", 34, 18.5 if mark["sub"] else 26.5, mark["label"]),
        _text("sub", 34, 33.5, mark["sub"]) if mark["sub"] else "",
    ]
    if "pii" in mark["flags"]:
        parts.append(_text("tag", w - 6, 34, "PII"))
    if "badge" in mark:
        parts.append(_badge_svg(mark["badge"], 30, -9))
    if "open" in mark["flags"]:
        parts += _rows_svg(mark)
    for count, right in ((mark["up"], False), (mark["down"], True)):
        if count:
            text = f"+{count:,}"
            wide = text_width(text, 10, bold=True) + 10
            x = w - wide - 8 if right else 8.0
            parts.append(f'<rect class="ln-pill" x="{number(x)}" y="{number(h - 7)}" width="{number(wide)}" height="14" rx="7"/>')
            parts.append(_text("count", x + wide / 2, h + 3.5, text))
    return "".join([*parts, "</g>"])


def _badge_svg(badge: dict[str, Any], x: float, y: float) -> str:
    wide = badge_width(badge["text"])
    box = f'<rect class="ln-badge ln-c{badge["level"]}" x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="14" rx="7"/>'
    return box + _text("said", x + 5, y + 10.5, badge["text"])


def _rows_svg(mark: dict[str, Any]) -> list[str]:
    rows = mark.get("rows", [])
    parts = [f'<path class="ln-rule" d="M1 {number(HEAD_HEIGHT)}h{number(mark["w"] - 2)}"/>']
    for at, row in enumerate(rows):
        y = row_middle(at) + 4
        linked = " ln-linked" if "linked" in row["flags"] else ""
        parts.append(f'<g><title>{escape(row["name"])}</title>{_text("row" + linked, 14, y, row["label"])}</g>')
        if "badge" in row:
            parts.append(_badge_svg(row["badge"], mark["w"] - 6 - badge_width(row["badge"]["text"]), y - 11))
        elif "pii" in row["flags"]:
            parts.append(_text("tag", mark["w"] - 8, y, "PII"))
        elif row["sub"]:
            parts.append(_text("type", mark["w"] - 8, y, row["sub"]))
    if len(rows) < mark["cols"]:
        parts.append(_text("row", 14, mark["h"] - 6, f"{len(rows):,} of {mark['cols']:,} columns"))
    return parts


def _legend_svg(
    entries: list[dict[str, Any]], glyphs: Mapping[str, list[str]], top: float, width: float
) -> tuple[list[str], float]:
    x, y, parts = _PAD, top + 14, []
    for entry in entries:
        wide = 30 + text_width(entry["text"], 11) + 16
        if "sign" in entry:
            wide += text_width(entry["sign"], 11) - 18
        if x + wide > width and x > _PAD:
            x, y = _PAD, y + 20
        at = f"{number(x)} {number(y)}"
        if "look" in entry:
            colour, path = glyphs[entry["look"]]
            parts.append(f'<path class="ln-glyph" transform="translate({number(x + 4)} {number(y - 12)})" stroke="{colour}" d="{path}"/>')
        elif "level" in entry:
            parts.append(f'<rect class="ln-badge ln-c{entry["level"]}" x="{number(x + 4)}" y="{number(y - 11)}" width="18" height="13" rx="6"/>')
        elif "line" in entry:
            parts.append(f'<path class="ln-link ln-{entry["line"]}" d="M{at}m0 -4h22"/>')
        else:
            parts.append(_text("count", x + text_width(entry["sign"], 11) / 2, y, entry["sign"]))
        parts.append(_text("legend", x + (wide - 16 - text_width(entry["text"], 11)), y, entry["text"]))
        x += wide
    return parts, (y - top + 10) if entries else 0.0
