"""The lineage of a statement drawn: input columns left, output columns right, as one self-contained SVG.

Like every picture of the package it has no script and asks for nothing, follows light and dark, and says in words
what its colours say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lineage_nb.views.labels import clean, clip, text_width
from lineage_nb.views.statement_outline import Outline, Used
from lineage_nb.views.statement_scene import SMALL, Box, Flow, Row, StatementScene, statement_scene
from lineage_nb.views.svg import STYLE

__all__ = ["statement_picture"]

_ROW, _HEAD, _NOTE, _GAP, _PAD = 21.0, 40.0, 15.0, 16.0, 14.0
_LABEL, _TITLE, _TAG = 12.0, 12.5, 9.5
_BETWEEN = 150.0
_WIDEST, _NARROWEST, _LEAST = 340.0, 150.0, 70.0
_INPUT, _OUTPUT = "#0072b2", "#d55e00"
_COLOURS = {
    "plain": "#6f8296",
    "unknown": "#b8860b",
    "pseudonymised": "#c0589b",
    "derived": "#3a86c8",
    "aggregated": "#0b9b78",
    "redacted": "#d0602a",
}
"""Mid-tones with a contrast of 3:1 on white and on the dark ground."""
_MEANING = {
    "plain": "the value itself shows",
    "unknown": "unknown function",
    "pseudonymised": "hashed or encrypted",
    "derived": "computed from it",
    "aggregated": "of many rows",
    "redacted": "hidden",
}
_STYLE = "".join(
    [
        STYLE,
        ".ln-name{font-size:12px;fill:var(--ln-fg)}.ln-note{font-size:10px;fill:var(--ln-dim)}",
        ".ln-verdict{font-size:9.5px;font-weight:600;fill:var(--ln-fg);text-anchor:middle}",
        ".ln-aside{font-size:10px;fill:var(--ln-dim);text-anchor:end}.ln-rule{stroke:var(--ln-line);opacity:.55}",
        ".ln-flow{fill:none;stroke-width:1.6}.ln-flow.ln-none{stroke:var(--ln-link);stroke-dasharray:6 4;stroke-width:1.2}",
        ".ln-head.ln-none{fill:var(--ln-link)}.ln-mild{fill:none;stroke-width:1.2}",
        *(f".ln-flow.ln-{v},.ln-mild.ln-{v}{{stroke:{c}}}.ln-head.ln-{v}{{fill:{c}}}" for v, c in _COLOURS.items()),
    ]
)

Places = dict[tuple[str, Used | str], float]


def statement_picture(told: Outline, title: str = "Column lineage") -> str:
    """Draw the lineage of a statement.

    Parameters
    ----------
    told : Outline
        Any; of large ones a part is drawn, with exact counts below.
    title : str
        Accessible name.

    Returns
    -------
    str
        One ``<svg>`` element; empty where there is no table.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> from lineage_nb.views.statement_outline import outline
    >>> statement_picture(outline(sql_lineage("SELECT a FROM t"))).startswith("<svg ")
    True
    """
    scene = statement_scene(told)
    if not scene.left and not scene.right:
        return ""
    wide_left, wide_right = _breadth(scene.left), _breadth(scene.right)
    x_right = wide_left + _BETWEEN if scene.left else 0.0
    high = max(_stack(scene.left), _stack(scene.right))
    starts, left = _column_of(scene.left, 0.0, high, wide_left, _INPUT)
    ends, right = _column_of(scene.right, x_right, high, wide_right, _OUTPUT)
    flows = [_flow(f, wide_left, starts[f.used.table, f.used], x_right, ends[f.output, f.column]) for f in scene.flows]
    width = x_right + (wide_right if scene.right else 0.0) + 2 * _PAD
    width = max(width, 430.0, text_width(scene.summary, 11) + 2 * _PAD)
    legend, below = _legend(scene, high + 2 * _PAD, width)
    height = high + 2 * _PAD + below + 24
    return "".join(
        [
            f'<svg class="ln-svg" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(clean(title), quote=True)}"',
            f' viewBox="0 0 {_number(width)} {_number(height)}" width="{_number(width)}"',
            ' style="max-width:100%;height:auto;background:var(--ln-bg)">',
            f"<title>{escape(clean(title))}</title><desc>{escape(scene.summary)}</desc><style>{_STYLE}</style>",
            f'<g transform="translate({_number(_PAD)} {_number(_PAD)})">',
            *flows,
            *left,
            *right,
            "</g>",
            *legend,
            _text("legend", _PAD, height - 10, scene.summary),
            "</svg>",
        ]
    )


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="ln-{kind}" x="{_number(x)}" y="{_number(y)}">{escape(text)}</text>'


def _height(box: Box) -> float:
    lines = len(box.notes) + bool(box.hidden)
    return _HEAD + _ROW * len(box.rows) + (_NOTE * lines + 9 if lines else 3)


def _stack(boxes: Sequence[Box]) -> float:
    return sum(map(_height, boxes)) + _GAP * max(len(boxes) - 1, 0)


def _breadth(boxes: Iterable[Box]) -> float:
    """How wide boxes must be for what stands in them."""
    wide = _NARROWEST
    for box in boxes:
        inside = [text_width(box.label, _TITLE, bold=True) + 48, text_width(box.place, SMALL) + 48]
        inside += [text_width(note, SMALL) + 22 for note in box.notes]
        inside += [text_width(row.label, _LABEL) + _aside(row) + 34 for row in box.rows.values()]
        wide = max(wide, *inside)
    return min(wide, _WIDEST)


def _aside(row: Row) -> float:
    if row.tags:
        return sum(_pill_width(t) + 4 for t in row.tags)
    return text_width(row.note, SMALL) + 8 if row.note else 0.0


def _pill_width(text: str) -> float:
    return text_width(text, _TAG, bold=True) + 14


def _column_of(boxes: Sequence[Box], x: float, high: float, wide: float, colour: str) -> tuple[Places, list[str]]:
    """Draw boxes below each other; and tell at which height each row is."""
    y = (high - _stack(boxes)) / 2
    places: Places = {}
    parts = []
    for box in boxes:
        for at, key in enumerate(box.rows):
            places[box.table, key] = y + _HEAD + _ROW * (at + 0.5)
        parts.append(_box(box, x, y, wide, colour))
        y += _height(box) + _GAP
    return places, parts


def _box(box: Box, x: float, y: float, wide: float, colour: str) -> str:
    high = _height(box)
    parts = [
        f'<g transform="translate({_number(x)} {_number(y)})"><g class="ln-mark">',
        f"<title>{escape(clean(box.table) or box.label)}</title>",
        f'<rect class="ln-box" width="{_number(wide)}" height="{_number(high)}" rx="7"/>',
        f'<path d="M5 .6H7A6.4 6.4 0 0 0 .6 7V{_number(high - 7)}A6.4 6.4 0 0 0 7 {_number(high - 0.6)}H5z" fill="{colour}" stroke="{colour}" stroke-width="1.2"/>',
        f'<path class="ln-glyph" transform="translate(12 10)" stroke="{colour}" d="M2 3h12v10H2zM2 6.5h12M6 6.5V13"/>',
        _text("label", 34, 17 if box.place else 23, clip(box.label, wide - 44, _TITLE, bold=True)),
        _text("sub", 34, 31, clip(box.place, wide - 44, 10.5, keep="end")) if box.place else "",
        "</g>",
    ]
    parts += [_row(row, _HEAD + _ROW * at, wide) for at, row in enumerate(box.rows.values())]
    below = _HEAD + _ROW * len(box.rows)
    lines = [f"… {box.hidden:,} more column{'' if box.hidden == 1 else 's'}"] * bool(box.hidden) + list(box.notes)
    if lines:
        parts.append(f'<path class="ln-rule" d="M10 {_number(below + 2)}H{_number(wide - 10)}"/>')
    parts += [_text("note", 14, below + 2 + _NOTE * (at + 1) - 2, line) for at, line in enumerate(lines)]
    return "".join([*parts, "</g>"])


def _row(row: Row, y: float, wide: float) -> str:
    base = y + _ROW / 2 + 4
    pills = [(tag, tag) for tag in row.tags]
    room = wide - 30 - _aside(row)
    if len(pills) > 1 and room < min(text_width(row.label, _LABEL), _LEAST):
        pills = [(row.tags[0], f"{row.tags[0]} +{len(pills) - 1}")]
        room = wide - 34 - _pill_width(pills[0][1])
    parts = [f"<g><title>{escape(row.title)}</title>", _text("name", 14, base, clip(row.label, room, _LABEL))]
    if row.note:
        parts.append(_text("aside", wide - 12, base, row.note))
    x = wide - 10
    for verdict, label in reversed(pills):
        breadth = _pill_width(label)
        x -= breadth
        shape = f'x="{_number(x)}" y="{_number(y + 3)}" width="{_number(breadth)}" height="15" rx="7.5"'
        parts += [f'<rect class="ln-mild ln-{verdict}" {shape}/>', _text("verdict", x + breadth / 2, y + 14, label)]
        x -= 4
    return "".join([*parts, "</g>"])


def _flow(flow: Flow, x0: float, y0: float, x1: float, y1: float) -> str:
    kind = flow.verdict or "none"
    half = (x0 + x1) / 2
    ends = f"{_number(half)} {_number(y0)} {_number(half)} {_number(y1)} {_number(x1 - 6)} {_number(y1)}"
    head = f'<path class="ln-head ln-{kind}" d="M{_number(x1)} {_number(y1)}l-8 -3.5v7z"/>'
    return f'<path class="ln-flow ln-{kind}" d="M{_number(x0)} {_number(y0)}C{ends}"/>{head}'


def _legend(scene: StatementScene, top: float, width: float) -> tuple[list[str], float]:
    """Say what the lines mean, those that are there."""
    present = {f.verdict for f in scene.flows}
    entries = [(v, f"{v}: {_MEANING[v]}") for v in _COLOURS if v in present]
    entries += [("none", "influences only")] * (None in present)
    x, y, parts = _PAD, top + 10, []
    for kind, words in entries:
        wide = 28 + text_width(words, 11) + 16
        if x + wide > width and x > _PAD:
            x, y = _PAD, y + 18
        parts.append(f'<path class="ln-flow ln-{kind}" d="M{_number(x)} {_number(y - 4)}h22"/>')
        parts.append(_text("legend", x + 28, y, words))
        x += wide
    return parts, (y - top + 6) if entries else 0.0
