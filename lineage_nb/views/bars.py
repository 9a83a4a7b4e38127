"""A small horizontal bar chart as SVG, for cells and pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["bars"]

_ROW, _BAR, _NUMBER = 20, 360, 130
_LEAST_LABEL, _MOST_LABEL, _CHAR = 26, 42, 7


def bars(
    labels: Sequence[str], values: Sequence[float], title: str, shown: Sequence[str] | None = None, limit: int = 8
) -> str:
    """Draw values as bars.

    Parameters
    ----------
    labels, values : sequences of equal length
        Drawn in their order, negative ones hollow; what lies beyond `limit` is counted in a last line.
    title : str
        Read out by screen readers.
    shown : sequence of str, optional
        How to write each value; with thousands separators by default.

    Returns
    -------
    str
        An SVG element in the colour of its text; empty without values.

    Examples
    --------
    >>> bars(["a", "b"], [2, 1], "counts").startswith("<svg")
    True
    """
    if not labels:
        return ""
    words = shown or [f"{v:,}" for v in values]
    most = max((abs(v) for v in values), default=0) or 1
    chars = min(_MOST_LABEL, max(_LEAST_LABEL, *(len(label) for label in labels[:limit])))
    at, rows = chars * _CHAR + 8, []
    for i, (label, value, text) in enumerate(zip(labels[:limit], values[:limit], words[:limit], strict=True)):
        y = i * _ROW
        width = max(1.5, _BAR * abs(value) / most)
        fill = 'fill="#3b7dbd"' if value >= 0 else 'fill="none" stroke="#d55e00" stroke-dasharray="3 2"'
        name = label if len(label) <= chars else "…" + label[1 - chars :]
        rows.append(
            f'<g><title>{escape(label)}: {escape(text)}</title>'
            f'<text x="{at - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{at}" y="{y + 4}" width="{width:.1f}" height="12" rx="2" {fill}/>'
            f'<text x="{at + width + 6:.1f}" y="{y + 14}">{escape(text)}</text></g>'
        )
    more = len(labels) - limit
    if more > 0:
        rows.append(f'<text x="{at}" y="{limit * _ROW + 14}" opacity=".7">and {more:,} more</text>')
    height = (min(len(labels), limit) + (more > 0)) * _ROW + 4
    width_all = at + _BAR + _NUMBER
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" width="{width_all}" height="{height}" '
        f'viewBox="0 0 {width_all} {height}" font-family="system-ui,sans-serif" font-size="12" fill="currentColor">'
        f"{''.join(rows)}</svg>"
    )
