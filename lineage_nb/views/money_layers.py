"""Money flowing along the layers of the data, as ribbons between boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_nb.analyses.cost.layers import Box, Layers, layers
from lineage_nb.analyses.result import Answer
from lineage_nb.views.figures import COLORS, DARK, GREY, brief, names_of, plain, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Drawn", "arranged", "draw_layers"]

_GAP = 0.045
_THICK = 0.012
_PIXELS = 800.0
_SIZE = 9.5
Pair = tuple[Box, Box]


@dataclass(frozen=True)
class Drawn:
    """Where boxes and ribbons lie in a square of side 1; y downwards.

    Attributes
    ----------
    boxes : dict of Box to (x, top, height)
        `x` of the left side.
    ribbons : dict of (Box, Box) to (from, to, height)
        Tops of both ends.
    scale : float
        Height of a micro-unit.
    """

    boxes: dict[Box, tuple[float, float, float]]
    ribbons: dict[Pair, tuple[float, float, float]]
    scale: float


def arranged(found: Layers) -> Drawn:
    """Place the boxes of each column below each other, and the ribbons that leave and enter them.

    Parameters
    ----------
    found : Layers
        With flows above zero.
    """
    into: dict[Box, float] = {b: max(v, 0.0) for b, v in found.spent.items()}
    out: dict[Box, float] = {}
    for (a, b), amount in found.flows.items():
        out[a] = out.get(a, 0.0) + amount
        into[b] = into.get(b, 0.0) + amount
    size = {b: max(into.get(b, 0.0), out.get(b, 0.0)) for column in found.columns for b in column}
    columns = [[b for b in column if size[b] > 0] for column in found.columns]
    columns = [c for c in columns if c]
    scale = min(((1.0 - _GAP * len(c)) / sum(size[b] for b in c) for c in columns), default=0.0)
    boxes: dict[Box, tuple[float, float, float]] = {}
    step = (1.0 - _THICK) / max(1, len(columns) - 1)
    for nth, column in enumerate(columns):
        ordered = _ordered(column, found.flows, boxes)
        free = 1.0 - sum(size[b] for b in ordered) * scale
        gap = min(free / len(ordered), 2 * _GAP)
        y = (free - gap * (len(ordered) - 1)) / 2
        for box in ordered:
            boxes[box] = (nth * step, y, size[box] * scale)
            y += size[box] * scale + gap
    return Drawn(boxes, _ribbons(found.flows, boxes, scale), scale)


def _ordered(column: list[Box], flows: dict[Pair, float], placed: dict[Box, tuple[float, float, float]]) -> list[Box]:
    """The boxes of a column by the middle of what they come from; lines last; as given in the first column."""

    def middle(box: Box) -> float:
        before = [(placed[a], amount) for (a, b), amount in flows.items() if b == box and a in placed]
        total = sum(amount for _, amount in before)
        return sum((y + h / 2) * amount for (_, y, h), amount in before) / total if total else 0.5

    return sorted(column, key=lambda b: (b.what == "line", round(middle(b), 6))) if placed else column


def _ribbons(
    flows: dict[Pair, float], boxes: dict[Box, tuple[float, float, float]], scale: float
) -> dict[Pair, tuple[float, float, float]]:
    left = {box: y for box, (_, y, _) in boxes.items()}
    right = dict(left)
    start = dict.fromkeys(flows, 0.0)
    for pair in sorted(flows, key=lambda p: (boxes[p[0]], boxes[p[1]][1])):
        start[pair] = right[pair[0]]
        right[pair[0]] += flows[pair] * scale
    found = {}
    for pair in sorted(flows, key=lambda p: (boxes[p[1]], boxes[p[0]][1])):
        found[pair] = (start[pair], left[pair[1]], flows[pair] * scale)
        left[pair[1]] += flows[pair] * scale
    return found


def draw_layers(answer: Answer, axes: Axes) -> None:
    """Draw money from where it is spent, through the schemas it passes, to who consumes it."""
    found = layers(answer)
    positive = Layers(found.columns, {p: a for p, a in found.flows.items() if a > 0}, found.spent, found.left_out)
    if not positive.flows:
        return sentence(axes, "No money flows: nothing of the bill lies on data.")
    drawn = arranged(positive)
    order = {box: i for i, box in enumerate(drawn.boxes)}
    color = {b: GREY if b.what in ("line", "rest") else COLORS[i % (len(COLORS) - 1)] for b, i in order.items()}
    for pair in sorted(drawn.ribbons, key=lambda p: -drawn.ribbons[p][2]):
        _ribbon(axes, drawn, pair, color[pair[0]])
    _write_boxes(answer, axes, drawn, positive, color)
    columns = len({x for x, _, _ in drawn.boxes.values()})
    axes.set_xlim(-0.002, 1.002 + max(0.19, 1 / max(1, columns)) * 1.05)
    axes.set_ylim(1.0, 0.0)
    axes.axis("off")
    currency = str(answer.summary["currency"])
    notes = [f"{name} {brief(amount, currency)}" for name, amount in found.left_out.items()]
    credit = sum(a for a in found.spent.values() if a < 0)
    if credit:
        notes.append(f"credits {brief(credit, currency)}")
    text = f"amounts in {currency or 'currency units'}" + (f"; not drawn: {', '.join(notes)}" if notes else "")
    axes.text(0, 1.0, plain(text), fontsize=8, color=DARK, va="top")
    return None


def _ribbon(axes: Axes, drawn: Drawn, pair: Pair, color: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    a, b = pair
    top, end, height = drawn.ribbons[pair]
    x0, x1 = drawn.boxes[a][0] + _THICK, drawn.boxes[b][0]
    mid = (x0 + x1) / 2
    points = [(x0, top), (mid, top), (mid, end), (x1, end), (x1, end + height), (mid, end + height), (mid, top + height), (x0, top + height), (x0, top)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=color, edgecolor=color, linewidth=0.3, alpha=0.38))


def _write_boxes(answer: Answer, axes: Axes, drawn: Drawn, found: Layers, color: dict[Box, str]) -> None:
    from matplotlib.patches import Rectangle

    boxes = list(drawn.boxes)
    keys = [b for b in boxes if b.what == "key"]
    names = {b: b.name for b in boxes} | dict(zip(keys, names_of(answer.lineage, [b.name for b in keys]), strict=True))
    width = _PIXELS / (max(1, len({x for x, _, _ in drawn.boxes.values()}) - 1) + 1) - 16
    last = max(x for x, _, _ in drawn.boxes.values())
    for box, (x, y, h) in drawn.boxes.items():
        hatch = "///" if box.what == "line" else "..." if box.what == "rest" else ""
        axes.add_patch(Rectangle((x, y), _THICK, max(h, 0.002), facecolor=color[box], edgecolor="white" if hatch else "none", hatch=hatch, linewidth=0))
        amount = brief(h / drawn.scale)
        ends = x == last and x > 0
        text = f"{plain(names[box], min(max(width, 130.0 if ends else 60.0), 220.0) - 5.5 * len(amount), _SIZE)}  {amount}"
        own = found.spent.get(box, 0.0)
        if x > 0 and own > 0 and not ends and own / max(h / drawn.scale, 1e-9) < 0.995:
            text += f"\n+{brief(own)} spent here" if h > 0.06 else ""
        axes.text(
            x + _THICK + 0.004, y + h / 2, text, ha="left", va="center", fontsize=7.2,
            color=DARK, linespacing=1.1, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.6},
        )
