"""A scene in words: what a box says, what a line means, how much is not drawn."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_nb.views.labels import clean
from lineage_nb.views.marks import Link, Mark, Row, Scene
from lineage_nb.views.overlay import Badge, Stroke

__all__ = ["box_lines", "columns_of", "drawn_of", "is_possible", "line_meaning", "meanings", "what"]

_LABEL, _PLACE = 120, 160


def what(mark: Mark) -> str:
    """Say what a box is: ``table``, ``job``, ``report`` … or ``bundle``.

    Examples
    --------
    >>> what(Mark("t", "t", "", "dataset", "view", 0, 0, 1, 1, 0)), what(Mark("r", "r", "", "report", "", 0, 0, 1, 1, 0))
    ('view', 'report')
    """
    return clean(mark.kind if mark.kind in ("bundle", "job") or not mark.type else mark.type, 40)


def box_lines(mark: Mark, told: Badge | None = None, rows: Sequence[Badge | None] = ()) -> list[str]:
    """Write a box as lines of plain text, bounded and without control characters: name, place, what is to be known.

    Examples
    --------
    >>> box_lines(Mark("s.t", "t", "s", "dataset", "", 0, 0, 1, 1, 0, frozenset({"pii"}), 0, 3))
    ['t', 's', 'PII', '3 downstream not drawn']
    """
    lines = [clean(mark.label, _LABEL)]
    if mark.kind == "bundle":
        return lines
    if mark.sub:
        lines.append(clean(mark.sub, _PLACE))
    marked = [word for flag, word in (("pii", "PII"), ("deleted", "deleted")) if flag in mark.flags]
    more = [f"{n:,} {side}" for n, side in ((mark.more_up, "upstream"), (mark.more_down, "downstream")) if n]
    lines += [clean(told.text, _PLACE)] if told else []
    lines += [", ".join(marked)] if marked else []
    lines += [f"{', '.join(more)} not drawn"] if more else []
    badges = rows or [None] * len(mark.rows)
    lines += [clean(_row_line(row, badge), _PLACE) for row, badge in zip(mark.rows, badges, strict=True)]
    return [*lines, f"{len(mark.rows):,} of {mark.columns:,} columns"] if mark.rows and mark.columns > len(mark.rows) else lines


def _row_line(row: Row, told: Badge | None) -> str:
    return f"· {row.label} ({told.text})" if told else f"· {row.label}{' (PII)' if 'pii' in row.flags else ''}"


def columns_of(link: Link, scene: Scene) -> str:
    """Write the columns that a line joins, ``email → mail``; empty for a line between whole boxes."""
    ends = ((scene.marks[link.source], link.source_row), (scene.marks[link.target], link.target_row))
    if all(row < 0 for _, row in ends):
        return ""
    return " → ".join(clean(mark.rows[row].label if row >= 0 else mark.label, _LABEL) for mark, row in ends)


def line_meaning(link: Link, told: Stroke | None = None) -> str:
    """Say what is special about a line; empty where values are known to flow.

    Examples
    --------
    >>> line_meaning(Link(0, 1)), line_meaning(Link(0, 1, value=False, certainty="possible"))
    ('', 'influence, possible')
    """
    if link.certainty == "bundle":
        return ""
    return ", ".join(w for w, is_so in (("influence", not link.value), ("possible", is_possible(link, told))) if is_so)


def is_possible(link: Link, told: Stroke | None = None) -> bool:
    """Tell whether a line is only possible, by the lineage or by what an overlay tells of it."""
    return link.certainty == "possible" or (told is not None and told.possible)


def meanings(scene: Scene, told: Sequence[Stroke | None] = ()) -> set[str]:
    """Which kinds of line are there: ``value``, ``influence``, ``possible``, ``back``, ``bundle``."""
    found = set()
    for link, stroke in zip(scene.links, told or [None] * len(scene.links), strict=True):
        if link.certainty == "bundle":
            found.add("bundle")
            continue
        found.add("value" if link.value else "influence")
        found |= {word for word, is_so in (("possible", is_possible(link, stroke)), ("back", link.back)) if is_so}
    return found


def drawn_of(scene: Scene) -> str:
    """Tell how much of what is within reach is drawn.

    Examples
    --------
    >>> drawn_of(Scene(drawn=3, total=5, hidden={"folded": 2}))
    '3 of 5 nodes drawn (2 folded)'
    """
    why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(scene.hidden.items()))
    said = f"{clean(scene.note.strip())} " if scene.note else ""
    return f"{said}{scene.drawn:,} of {scene.total:,} nodes drawn" + (f" ({why})" if why else "")
