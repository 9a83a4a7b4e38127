"""Treemaps: keys as boxes, as large as what comes to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.result import Answer, plural
from lineage_nb.views.figures import BLUE, DARK, brief, names_of, plain, sentence
from lineage_nb.views.labels import text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_treemap", "squarified"]

_BOXES = 40
_LEAST = 0.004
"""Share of the whole below which a box is not drawn on its own."""
_WIDTH, _HEIGHT = 860.0, 340.0
_SIZE, _ROOM = 11.8, 34.0
Box = tuple[float, float, float, float]


def squarified(values: Sequence[float], width: float, height: float) -> list[Box]:
    """Cut a rectangle into boxes of given areas, as square as may be.

    Parameters
    ----------
    values : sequence of float
        Above zero, the largest first.
    width, height : float
        Of the rectangle.

    Returns
    -------
    list of (x, y, width, height)
        A box for each value, its area the value's share of the whole. Boxes touch, and cover the rectangle.

    References
    ----------
    Bruls, Huizing, van Wijk, "Squarified treemaps" (2000).

    Examples
    --------
    >>> squarified([2, 1, 1], 4.0, 2.0)
    [(0.0, 0.0, 2.0, 2.0), (2.0, 0.0, 2.0, 1.0), (2.0, 1.0, 2.0, 1.0)]
    """
    total = float(sum(values))
    areas = [v / total * width * height for v in values]
    boxes: list[Box] = []
    x, y, w, h = 0.0, 0.0, float(width), float(height)
    while areas:
        side = min(w, h)
        count = 1
        while count < len(areas) and _worst(areas[: count + 1], side) <= _worst(areas[:count], side):
            count += 1
        row, areas = areas[:count], areas[count:]
        wide = w >= h
        depth = (sum(row) / side if areas else (w if wide else h)) if side else 0.0
        at = y if wide else x
        for area in row:
            length = side * area / sum(row)
            boxes.append((x, at, depth, length) if wide else (at, y, length, depth))
            at += length
        x, y, w, h = (x + depth, y, max(0.0, w - depth), h) if wide else (x, y + depth, w, max(0.0, h - depth))
    return boxes


def _worst(row: list[float], side: float) -> float:
    """The worst ratio of a box's sides in a row along `side`."""
    total = sum(row)
    square = side * side
    return max(square * row[0] / (total * total), total * total / (square * row[-1])) if square else float("inf")


def draw_treemap(answer: Answer, axes: Axes) -> None:
    """Draw the keys of a cost as boxes; credits, which have no area, are told below."""
    from matplotlib.patches import Rectangle

    column, name = ("billed", "node") if answer.analysis == "loaded_cost" else ("amount", "key")
    frame = answer.frame.filter(pl.col(column) > 0).sort(column, name, descending=[True, False])
    credit = answer.frame.filter(pl.col(column) < 0)
    if frame.is_empty():
        return sentence(axes, "Nothing was billed." if credit.is_empty() else "Credits alone were billed: there is nothing to draw.")
    currency, total = str(answer.summary["currency"]), int(frame[column].sum())
    shown = frame.filter(pl.col(column) >= _LEAST * total).head(_BOXES)
    rest = frame.slice(shown.height)
    lines = shown["line"].to_list() if "line" in shown.columns else ["consumer"] * shown.height
    boxes = list(zip(names_of(answer.lineage, shown[name]), shown[column].to_list(), lines, strict=True))
    if rest.height:
        boxes.append((f"{rest.height:,} more", int(rest[column].sum()), "rest"))
        boxes.sort(key=lambda b: -b[1])
    for (x, y, w, h), (label, amount, line) in zip(squarified([b[1] for b in boxes], _WIDTH, _HEIGHT), boxes, strict=True):
        own = line == "consumer"
        style: dict[str, Any] = {"facecolor": BLUE, "hatch": ""} if own else {"facecolor": "#dddddd", "hatch": "//" if line != "rest" else ".."}
        patch = axes.add_patch(Rectangle((x, y), w, h, edgecolor="white", linewidth=2, **style))
        _write(axes, patch, (x, y, w, h), label, f"{brief(amount, currency)}, {amount / total:.1%}", white=own)
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(_HEIGHT, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    note = f"{brief(total, currency)} in all; hatched: no consumer" if any(b[2] not in ("consumer", "rest") for b in boxes) else f"{brief(total, currency)} in all"
    if credit.height:
        note += f"; not drawn: credits of {plural(credit.height, 'key')}, {brief(int(credit[column].sum()), currency)}"
    axes.set_xlabel(plain(note), fontsize=8, loc="left")
    return None


def _write(axes: Axes, patch: Any, box: Box, name: str, amount: str, *, white: bool) -> None:
    """Write a name and an amount into a box, upright if it is narrow, where they have room."""
    x, y, w, h = box
    turned = w < 48 and h > 2 * w
    across, along = (h, w) if turned else (w, h)
    if along < 15 or across < 30:
        return
    room = across - 12
    if text_width(name, _SIZE) > room and room < _ROOM:
        return
    lines = [plain(name, room, _SIZE)]
    fitting = next((a for a in (amount, amount.partition(",")[0], amount.partition(" ")[0]) if text_width(a, _SIZE) <= room), "")
    if along > 32 and fitting:
        lines.append(plain(fitting))
    pad = None if white else {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.2}
    place = (x + w / 2, y + h / 2, "center", "center", 90) if turned else (x + 6, y + 6, "left", "top", 0)
    text = axes.text(
        place[0], place[1], "\n".join(lines), ha=place[2], va=place[3], rotation=place[4],
        fontsize=8, color="white" if white else DARK, bbox=pad, clip_on=True, linespacing=1.25,
    )
    text.set_clip_path(patch)


