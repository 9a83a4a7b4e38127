"""A scene as PNG, drawn by matplotlib: no browser, no network, no native library beyond those installed anyway."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lineage_nb.errors import LineageError
from lineage_nb.views.drawing import badge_text
from lineage_nb.views.labels import clean, clip, text_width
from lineage_nb.views.marks import LABEL_SIZE, SUB_SIZE, Link, Mark, Scene, row_middle
from lineage_nb.views.overlay import Badge, Overlay, Stroke
from lineage_nb.views.palette import LEVEL_COLOURS, LINE_COLOURS
from lineage_nb.views.scene_text import drawn_of, is_possible, meanings, what
from lineage_nb.views.seen import Told, line_colour, told_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["png"]

_PAD, _HEAD, _LEAST, _ROW = 18.0, 34.0, 480.0, 18.0
_MOST_SIDE, _MOST_PIXELS = 12_000, 24_000_000
_LINE, _BACK, _TEXT, _DIM, _FOCUS = "#7d8793", "#a8507f", "#1c1f23", "#5c646e", "#c75300"
_KINDS = {
    "job": ("#767676", "▶"), "report": ("#d55e00", "▲"), "column": ("#5b7fa6", "▮"), "view": ("#3a9bd0", "◎"),
    "topic": ("#009e73", "≈"), "file": ("#b07d00", "▤"), "model": ("#c0589b", "■"), "feature": ("#c0589b", "◆"),
    "table": ("#0072b2", "▦"), "dataset": ("#0072b2", "●"),
}  # fmt: skip
_OTHER = ("#767676", "○")
_LINES = {
    "value": "carries values",
    "influence": "influences only",
    "possible": "possible, not proved",
    "back": "closes a cycle",
    "bundle": "to nodes not drawn",
}
_DASHES: dict[str, Any] = {"influence": (0, (1.2, 2.6)), "possible": (0, (6, 3.5)), "bundle": (0, (1.5, 2.5))}
Points = list[tuple[float, float]]


def png(scene: Scene, *, title: str = "Data lineage", scale: float = 2.0, overlay: Overlay | None = None) -> bytes:
    """Draw a scene as PNG, on white, lines as in the explorer and the SVG.

    Parameters
    ----------
    scene : Scene
        Any scene.
    title : str
        Text above the picture, plain text.
    scale : float
        Pixels of the file to a pixel of the scene, up to 4; less where the picture would be more than 24 million
        pixels or 12,000 wide or high.
    overlay : Overlay, optional
        What is told of boxes and lines besides, in words and colours.

    Returns
    -------
    bytes
        The file. The same scene gives the same picture with the same matplotlib.

    Raises
    ------
    LineageError
        For a scale that is not above 0 and at most 4.

    Examples
    --------
    >>> png(Scene())[1:4]
    b'PNG'
    """
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale <= 4:
        raise LineageError(f"scale is {scale!r}; give a number above 0, at most 4")
    from matplotlib.figure import Figure

    width = max(scene.width + 2 * _PAD, _LEAST)
    told = told_of(scene, overlay)
    legend = _legend(scene, told, width - 2 * _PAD)
    height = scene.height + 2 * _PAD + _HEAD + (max((row for _, row, _ in legend), default=-1) + 3) * _ROW
    fitting = min(scale, _MOST_SIDE / max(width, height), (_MOST_PIXELS / (width * height)) ** 0.5)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100 * fitting, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-_PAD, width - _PAD)
    axes.set_ylim(height - _HEAD - _PAD, -_HEAD - _PAD)
    for link, stroke in zip(scene.links, told.lines, strict=True):
        _draw_link(axes, link, scene.marks, stroke, lined=told.lined)
    for mark, badge, rows in zip(scene.marks, told.boxes, told.rows, strict=True):
        _draw_mark(axes, mark, rows)
        if badge is not None:
            _draw_badge(axes, mark.x + 30, mark.y - 2, badge, mark.width - 50)
    _write(axes, 0, -_PAD, clip(clean(title), width - 2 * _PAD, 15, bold=True), 15, bold=True)
    _draw_legend(axes, scene, legend)
    file = BytesIO()
    with warnings.catch_warnings():
        # A character that the font lacks is drawn as an empty box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(file, format="png")
    return file.getvalue()


def _write(axes: Axes, x: float, y: float, text: str, size: float, *, colour: str = _TEXT, bold: bool = False, at: str = "left") -> None:
    weight = "bold" if bold else "normal"
    axes.text(x, y, text, fontsize=size * 0.72 * 0.93, color=colour, weight=weight, ha=at, va="center", parse_math=False, zorder=4)


def _draw_mark(axes: Axes, mark: Mark, badges: Sequence[Badge | None]) -> None:
    from matplotlib.patches import FancyBboxPatch

    bundle, deleted = mark.kind == "bundle", "deleted" in mark.flags
    colour, sign = _KINDS.get(mark.kind if mark.kind in ("job", "report", "column") else what(mark).lower(), _OTHER)
    if mark.kind == "dataset" and sign == _OTHER[1]:
        colour, sign = _KINDS["dataset"]
    edge = _FOCUS if "focus" in mark.flags else _DIM if bundle else "#b6bdc6"
    box = FancyBboxPatch(
        (mark.x, mark.y), mark.width, mark.height, boxstyle=f"round,pad=0,rounding_size={mark.height / 2 if bundle else 6}",
        facecolor="white", edgecolor=edge, linewidth=1.7 if "focus" in mark.flags else 0.8,
        linestyle=(0, (3, 2)) if bundle or deleted else "solid", zorder=2,
    )  # fmt: skip
    axes.add_patch(box)
    middle = _level(mark, -1)
    if bundle:
        _write(axes, mark.x + mark.width / 2, middle, clip(mark.label, mark.width - 12, LABEL_SIZE), LABEL_SIZE, colour=_DIM, at="center")
        return
    axes.plot([mark.x + 2.5] * 2, [mark.y + 5, mark.y + mark.height - 5], color=colour, linewidth=2.6, solid_capstyle="round", zorder=3)
    _write(axes, mark.x + 19, middle, sign, 13, colour=colour, at="center")
    _draw_rows(axes, mark, badges)
    room, tag = mark.width - 42, [t for t, f in (("PII", "pii"), ("deleted", "deleted")) if f in mark.flags]
    upper, lower = (middle - 7.5, middle + 8) if mark.sub or tag else (middle, middle)
    label_colour = _DIM if deleted else _TEXT
    _write(axes, mark.x + 34, upper, clip(clean(mark.label), room, LABEL_SIZE, bold=True), LABEL_SIZE, bold=True, colour=label_colour)
    below = clip(clean(mark.sub), room - 28 * len(tag), SUB_SIZE, keep="end") if mark.sub else ""
    _write(axes, mark.x + 34, lower, below, SUB_SIZE, colour=_DIM)
    _write(axes, mark.x + mark.width - 6, lower, " ".join(tag), 9, colour=_FOCUS, bold=True, at="right")
    for count, x, at in ((mark.more_up, mark.x + 8, "left"), (mark.more_down, mark.x + mark.width - 8, "right")):
        if count:
            pill = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "#b6bdc6", "linewidth": 0.6}
            axes.text(x, mark.y + mark.height, f"+{count:,}", fontsize=6.2, weight="bold", color=_DIM, ha=at, va="center", bbox=pill, zorder=5)


def _draw_badge(axes: Axes, x: float, y: float, badge: Badge, room: float, *, right: bool = False) -> None:
    text = badge_text(badge.text, room)
    left = x - text_width(text, 10, bold=True) - 4 if right else x + 5
    fill = {"boxstyle": "round,pad=0.3", "facecolor": LEVEL_COLOURS[badge.level], "edgecolor": LINE_COLOURS[badge.level], "linewidth": 0.5}
    axes.text(left, y, text, fontsize=6.6, weight="bold", color="#101316", ha="left", va="center", parse_math=False, bbox=fill, zorder=5)


def _draw_rows(axes: Axes, mark: Mark, badges: Sequence[Badge | None]) -> None:
    for place, (row, badge) in enumerate(zip(mark.rows, badges, strict=True)):
        y = mark.y + row_middle(place)
        kind = clip(clean(row.sub), mark.width * 0.3, 9) if row.sub else ""
        _write(axes, mark.x + 14, y, clip(clean(row.label), mark.width * 0.66 - 20, SUB_SIZE), SUB_SIZE)
        if badge is not None:
            _draw_badge(axes, mark.x + mark.width - 6, y, badge, mark.width * 0.45, right=True)
            continue
        _write(axes, mark.x + mark.width - 6, y, "PII" if "pii" in row.flags else kind, 9, colour=_FOCUS if "pii" in row.flags else _DIM, at="right")
    if mark.rows and mark.columns > len(mark.rows):
        _write(axes, mark.x + 14, mark.y + mark.height - 10, f"{len(mark.rows):,} of {mark.columns:,} columns", 9, colour=_DIM)


def _level(mark: Mark, row: int) -> float:
    """Height at which a line meets a box: its middle, the name of an open one, or a column."""
    return mark.y + (row_middle(row) if mark.rows else mark.height / 2)


def _route(link: Link, marks: tuple[Mark, ...]) -> tuple[Points, float]:
    """Points that a line goes through, and which way its head points (1: right, -1: left)."""
    a, b = marks[link.source], marks[link.target]
    ay, by = _level(a, link.source_row), _level(b, link.target_row)
    bends = [(float(x), float(y)) for x, y in link.bends]
    if link.back and a.layer == b.layer:
        right = max(a.x + a.width, b.x + b.width) + 26
        return [(a.x + a.width, ay), (right, (ay + by) / 2), (b.x + b.width, by)], -1.0
    if link.back:
        return [(a.x, ay - 12), *bends, (b.x + b.width, by - 12)], -1.0
    return [(a.x + a.width, ay), *bends, (b.x, by)], 1.0


def _draw_link(axes: Axes, link: Link, marks: tuple[Mark, ...], stroke: Stroke | None, *, lined: bool) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    bundle = link.certainty == "bundle"
    style = "bundle" if bundle else "possible" if is_possible(link, stroke) else "" if link.value else "influence"
    colour = _LINE if bundle else line_colour(stroke, lined=lined, back=link.back) or _LINE
    wide = 0.7 if bundle else stroke.width * 0.72 if stroke else 1.1
    if link.source == link.target:
        box = marks[link.source]
        x, y, way = box.x + box.width - 6, box.y, 0.0
        corners = [(x - 20, y), (x - 24, y - 24), (x + 4, y - 24), (x, y - 6)]
    else:
        points, way = _route(link, marks)
        x, y = points[-1]
        corners = [points[0]]
        for (x0, y0), (x1, y1) in pairwise([*points[:-1], (x if bundle else x - 6 * way, y)]):
            # Level through each layer, and as an S between layers.
            corners += [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1), (x1, y1)]
    path = Path(corners, [Path.MOVETO, *[Path.CURVE4] * (len(corners) - 1)])
    line = {"edgecolor": colour, "linewidth": wide, "linestyle": _DASHES.get(style, "solid")}
    axes.add_patch(PathPatch(path, facecolor="none", zorder=1, **line))
    if not bundle:
        legs = [(x, y), (x - 8 * way, y - 4), (x - 8 * way, y + 4)] if way else [(x, y), (x - 4, y - 8), (x + 4, y - 8)]
        axes.add_patch(Polygon(legs, closed=True, facecolor=colour, edgecolor="none", zorder=1))


def _legend(scene: Scene, told: Told, room: float) -> list[tuple[float, int, str]]:
    """Place what is present, lines before kinds, then classes of an overlay: x, row, word."""
    there = meanings(scene, told.lines)
    classes = [f"{level}{text}" for level, text in told.present()]
    seen = {what(m).lower() if m.kind == "dataset" else m.kind for m in scene.marks}
    placed, x, row = [], 0.0, 0
    for word in [*(w for w in _LINES if w in there), *(k for k in _KINDS if k in seen), *classes]:
        wide = 46 + 6.4 * len(_LINES[word]) if word in _LINES else 34 + text_width(word, 11)
        if x and x + wide > room:
            x, row = 0.0, row + 1
        placed.append((x, row, word))
        x += wide
    return placed


def _draw_legend(axes: Axes, scene: Scene, legend: list[tuple[float, int, str]]) -> None:
    top = scene.height + _PAD + 4
    for x, row, word in legend:
        y = top + row * _ROW
        if word in _LINES:
            colour = _BACK if word == "back" else _LINE
            axes.plot([x, x + 24], [y, y], color=colour, linewidth=1.1, linestyle=_DASHES.get(word, "solid"))
            _write(axes, x + 30, y, _LINES[word], 11, colour=_DIM)
        elif word not in _KINDS:
            axes.plot([x + 3, x + 15], [y, y], color=LINE_COLOURS[int(word[0])], linewidth=7, solid_capstyle="round")
            axes.plot([x + 3, x + 15], [y, y], color=LEVEL_COLOURS[int(word[0])], linewidth=5, solid_capstyle="round")
            _write(axes, x + 24, y, word[1:], 11, colour=_DIM)
        else:
            colour, sign = _KINDS[word]
            _write(axes, x, y, sign, 11, colour=colour)
            _write(axes, x + 15, y, word, 11, colour=_DIM)
    below = max((row for _, row, _ in legend), default=-1) + 1
    _write(axes, 0, top + below * _ROW, drawn_of(scene), 11, colour=_DIM)
