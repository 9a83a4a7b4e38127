"""A scene as plain JSON values: what is drawn where. The live explorer and the still picture draw the same."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from lineage_nb.views.labels import clean, clip, text_width
from lineage_nb.views.marks import LABEL_SIZE, SUB_SIZE, Link, Mark, Row, Scene, row_middle
from lineage_nb.views.overlay import Badge, Overlay, Stroke
from lineage_nb.views.palette import GLYPHS, look_of

__all__ = ["HIDDEN", "badge_text", "badge_width", "drawing", "number", "summary"]

HIDDEN = "hidden by the legend"
"""Why a node is not drawn that the legend hides (see `Scene.hidden`)."""
_TITLE_LIMIT = 240


def drawing(scene: Scene, overlay: Overlay | None = None) -> dict[str, Any]:
    """Say what is drawn where.

    Parameters
    ----------
    scene : Scene
        Any scene.
    overlay : Overlay, optional
        What is told of boxes and edges besides.

    Returns
    -------
    dict
        JSON values: width, height, focus, level, drawn, total, marks, links, legend. Texts are plain text
        that fits its box; whoever prints them must escape them.
    """
    ids = [i for m in scene.marks if m.kind != "bundle" for i in (m.id, *(r.id for r in m.rows))]
    badges = overlay.badges(ids) if overlay else {}
    strokes = overlay.strokes(ids) if overlay else {}
    marks = [_mark_values(m, badges) for m in scene.marks]
    links = [_link_values(k, scene.marks) for k in scene.links]
    if overlay is not None and overlay.edges is not None:
        links = [_stroked(values, k, scene.marks, strokes) for values, k in zip(links, scene.links, strict=True)]
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
        "legend": [*_legend(marks, links), *_overlay_legend(marks, links, overlay)],
        "glyphs": {m["look"]: list(GLYPHS[m["look"]]) for m in marks if m["look"]},
    }


def summary(scene: Scene) -> str:
    """Tell in words how much of what is within reach is drawn."""
    said = f"{scene.note.strip()} " if scene.note else ""
    return said + _counted(scene)


def _counted(scene: Scene) -> str:
    if not scene.drawn and not scene.hidden.get(HIDDEN):
        return f"There is nothing to draw at the level of {scene.level}s."
    reach = "within reach" if scene.level != "column" else "joined by stated column edges"
    if scene.drawn == scene.total:
        return f"All {scene.total:,} nodes {reach} are drawn." if scene.total > 1 else f"One node, nothing {reach}."
    why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(scene.hidden.items()))
    return f"{scene.drawn:,} of {scene.total:,} nodes drawn" + (f" ({why})." if why else ".")


def _mark_values(mark: Mark, badges: dict[str, Badge]) -> dict[str, Any]:
    bundle = mark.kind == "bundle"
    look = "" if bundle else look_of(mark.kind, mark.type)
    room = mark.width - (16 if bundle else 58 if mark.columns else 42)
    tagged = 0 if "pii" not in mark.flags else 22
    badge = None if bundle else badges.get(mark.id)
    values: dict[str, Any] = {
        "id": mark.id,
        "x": mark.x,
        "y": mark.y,
        "w": mark.width,
        "h": mark.height,
        "layer": mark.layer,
        "look": look,
        "label": clip(mark.label, room, LABEL_SIZE, bold=not bundle),
        "sub": clip(mark.sub, mark.width - 42 - tagged, SUB_SIZE, keep="end"),
        "flags": sorted(mark.flags),
        "up": mark.more_up,
        "down": mark.more_down,
        "name": clean(_spoken(mark, badge), _TITLE_LIMIT),
    }
    if bundle:
        values["side"] = mark.type
    if mark.columns:
        values["cols"] = mark.columns
    if mark.rows:
        values["rows"] = [_row_values(row, mark, badges) for row in mark.rows]
    if badge is not None:
        values["badge"] = _badge_values(badge, mark.width - 50)
    return values


def _row_values(row: Row, mark: Mark, badges: dict[str, Badge]) -> dict[str, Any]:
    badge = badges.get(row.id)
    beside = min(badge_width(badge.text), 90.0) if badge else 22.0 if "pii" in row.flags else min(text_width(row.sub, 9), 86.0)
    values: dict[str, Any] = {
        "id": row.id,
        "label": clip(row.label, mark.width - 22 - beside, 11, bold="linked" in row.flags),
        "sub": clip(row.sub, 86, 9),
        "flags": sorted(row.flags),
        "name": clean(", ".join([row.id, "column", *([row.sub] if row.sub else []), *sorted(row.flags), *([badge.text] if badge else [])]), _TITLE_LIMIT),
    }
    if badge is not None:
        values["badge"] = _badge_values(badge, 78)
    return values


def _badge_values(badge: Badge, room: float) -> dict[str, Any]:
    return {"text": badge_text(badge.text, room), "level": badge.level}


def badge_text(text: str, room: float, size: float = 10) -> str:
    """Shorten the words of a badge; of ``a, b, c: verdict`` the verdict stays whole as long as it can.

    Examples
    --------
    >>> badge_text("date_of_birth, email, name: plain", 140)
    'date_of_birth +2: plain'
    """
    head, colon, verdict = text.rpartition(": ")
    if not colon or text_width(text, size, bold=True) <= room:
        return clip(text, room, size, bold=True)
    first, *more = head.split(", ")
    end = f"{f' +{len(more):,}' if more else ''}: {verdict}"
    left = room - text_width(end, size, bold=True)
    if left >= 3 * size or text_width(first, size, bold=True) <= left:
        return clip(first, left, size, bold=True) + end
    return clip(verdict, room, size, bold=True)


def badge_width(text: str) -> float:
    """Width of a badge in pixels."""
    return text_width(text, 10, bold=True) * 1.03 + 11


def _spoken(mark: Mark, badge: Badge | None = None) -> str:
    """Name a mark in full, for titles and screen readers."""
    if mark.kind == "bundle" and mark.type in ("up", "down"):
        where = "upstream" if mark.type == "up" else "downstream"
        return f"{mark.more_up + mark.more_down:,} more directly {where} of {mark.id}, not drawn"
    if mark.kind == "bundle":
        return f"{mark.label}, not drawn"
    what = mark.type or mark.kind
    words = [mark.id, what if mark.kind in ("dataset", what) else f"{what} {mark.kind}"]
    words += [word for word in ("pii", "deleted", "pinned", "focus") if word in mark.flags]
    words += [badge.text] if badge else []
    words += [f"{mark.columns:,} column{'' if mark.columns == 1 else 's'}{' listed' if 'open' in mark.flags else ''}"] if mark.columns else []
    words += [f"{n:,} {side} not drawn" for n, side in ((mark.more_up, "upstream"), (mark.more_down, "downstream")) if n]
    return ", ".join(words)


def number(value: float) -> str:
    """Write a coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _curve(points: list[tuple[float, float]]) -> str:
    """Draw level through each layer, and as an S between layers."""
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(y0 - y1) < 0.75:
            parts.append(f"L{number(x1)} {number(y1)}")
        else:
            half = (x0 + x1) / 2
            parts.append(f"C{number(half)} {number(y0)} {number(half)} {number(y1)} {number(x1)} {number(y1)}")
    return "".join(parts)


def _link_values(link: Link, marks: tuple[Mark, ...]) -> dict[str, Any]:
    a, b = marks[link.source], marks[link.target]
    values: dict[str, Any] = {"s": link.source, "t": link.target, "style": _style(link)}
    if link.source_row >= 0:
        values |= {"sr": link.source_row, "tr": link.target_row}
    ay, by = a.y + _port(a, link.source_row), b.y + _port(b, link.target_row)
    if link.source == link.target:
        x, y = a.x + a.width - 26, a.y
        d = f"M{number(x)} {number(y)}c-4 -20 26 -20 20 -4"
        return values | {"d": d, "tip": _tip(x + 20, y, "down")}
    if link.back and a.layer == b.layer:
        x = max(a.x + a.width, b.x + b.width)
        d = f"M{number(a.x + a.width)} {number(ay)}C{number(x + 34)} {number(ay)} {number(x + 34)} {number(by)} {number(b.x + b.width + 6)} {number(by)}"
        return values | {"d": d, "tip": _tip(b.x + b.width, by, "left")}
    if link.back:
        start, end = (a.x, ay - 12), (b.x + b.width, by - 12)
        return values | {"d": _curve([start, *link.bends, (end[0] + 6, end[1])]), "tip": _tip(*end, "left")}
    start, end = (a.x + a.width, ay), (b.x, by)
    if link.certainty == "bundle":
        return values | {"d": _curve([start, *link.bends, (end[0] - 6, end[1]), end]), "tip": ""}
    return values | {"d": _curve([start, *link.bends, (end[0] - 6, end[1])]), "tip": _tip(*end, "right")}


def _port(mark: Mark, row: int) -> float:
    """Where on a side of a box an edge ends, below its top."""
    return row_middle(row) if row >= 0 or "open" in mark.flags else mark.height / 2


def _stroked(
    values: dict[str, Any], link: Link, marks: tuple[Mark, ...], strokes: dict[tuple[str, str], Stroke]
) -> dict[str, Any]:
    """Draw an edge as the overlay says; others step back."""
    if link.certainty == "bundle":
        return values
    a, b = marks[link.source], marks[link.target]
    ends = (a.rows[link.source_row].id if link.source_row >= 0 else a.id, b.rows[link.target_row].id if link.target_row >= 0 else b.id)
    stroke = strokes.get(ends)
    if stroke is None:
        return values | {"faded": 1}
    words = [w for w in values["style"].split() if w != "value"] + (["possible"] if stroke.possible else [])
    style = " ".join(dict.fromkeys(words)) or "value"
    return values | {"style": style, "level": stroke.level, "wide": round(stroke.width, 1), "name": clean(stroke.text, _TITLE_LIMIT)}


def _style(link: Link) -> str:
    if link.certainty == "bundle":
        return "fold"
    words = ["back"] if link.back else []
    if not link.value:
        words.append("influence")
    if link.certainty == "possible":
        words.append("possible")
    if link.source_row >= 0:
        words.append("fine" if words else "value fine")
    return " ".join(words) or "value"


def _tip(x: float, y: float, way: str) -> str:
    """Draw an arrowhead that ends at (x, y)."""
    legs = {"right": "l-8 -4v8z", "left": "l8 -4v8z", "down": "l-4 -8h8z"}[way]
    return f"M{number(x)} {number(y)}{legs}"


_LINES = (
    ("value", "carries values"),
    ("influence", "influences only"),
    ("possible", "possible, not proved"),
    ("back", "closes a cycle"),
)


def _legend(marks: list[dict[str, Any]], links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List what is present: looks, then lines, then signs."""
    looks = {m["look"] for m in marks} - {""}
    entries: list[dict[str, Any]] = [{"look": look, "text": look if look != "other" else "other kinds"} for look in GLYPHS if look in looks]
    styles = {word for link in links for word in link["style"].split()}
    entries += [{"line": style, "text": text} for style, text in _LINES if style in styles]
    if any(m["look"] and (m["up"] or m["down"]) for m in marks):
        entries.append({"sign": "+3", "text": "neighbours not drawn"})
    if any("pii" in m["flags"] for m in marks):
        entries.append({"sign": "PII", "text": "personal data"})
    if any("pinned" in m["flags"] for m in marks):
        entries.append({"sign": "●", "text": "pinned"})
    if any("deleted" in m["flags"] for m in marks):
        entries.append({"sign": "dashed box", "text": "deleted"})
    return entries




def _overlay_legend(
    marks: list[dict[str, Any]], links: list[dict[str, Any]], overlay: Overlay | None
) -> list[dict[str, Any]]:
    """List the classes of the overlay that are present."""
    if overlay is None:
        return []
    badges = [m["badge"]["level"] for m in marks if "badge" in m]
    badges += [r["badge"]["level"] for m in marks for r in m.get("rows", ()) if "badge" in r]
    present = {*badges, *(k["level"] for k in links if "level" in k)}
    return [{"level": at, "text": f"{overlay.title}: {text}"} for at, text in enumerate(overlay.levels) if at in present]
