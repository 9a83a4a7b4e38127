"""Which tables, columns and links of a statement's lineage are drawn: the most telling ones, the rest counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage_nb.sql.words import VERDICTS
from lineage_nb.views.labels import caption, clean, clip, text_width
from lineage_nb.views.statement_outline import UNRESOLVED, Outline, Output, Part, Used, short_names

__all__ = ["SMALL", "Box", "Flow", "Row", "StatementScene", "statement_scene"]

MOST_COLUMNS, MOST_TABLES, MOST_FLOWS = 60, 12, 120
SMALL = 10.0
_NOTE_WIDTH, _WORD_WIDTH, _NOTE_LINES = 280.0, 220.0, 3
_RESULT = "result"
_ALL = 1e9


@dataclass(frozen=True)
class Row:
    """A column in a box: its verdicts as `tags`, or a `note`; `title` says all of it in words."""

    label: str
    title: str
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Box:
    """A table: rows by the column they show, lines below them, and how many columns are left out."""

    table: str
    label: str
    place: str
    rows: Mapping[Used | str, Row]
    notes: tuple[str, ...] = ()
    hidden: int = 0


@dataclass(frozen=True)
class Flow:
    """A link from an input column to a column of an output table; without a verdict it only influences."""

    used: Used
    output: str
    column: str
    verdict: str | None


@dataclass(frozen=True)
class StatementScene:
    """What is drawn, and in words how much of all there is."""

    left: tuple[Box, ...]
    right: tuple[Box, ...]
    flows: tuple[Flow, ...]
    summary: str


def statement_scene(told: Outline) -> StatementScene:
    """Choose what of a lineage is drawn.

    Parameters
    ----------
    told : Outline
        Any.

    Returns
    -------
    StatementScene
        At most 12 tables and 60 columns a side and 120 links; the counts are exact.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> from lineage_nb.views.statement_outline import outline
    >>> statement_scene(outline(sql_lineage("SELECT a, b FROM t"))).summary
    'All 2 output columns, 2 input columns and 2 links are drawn.'
    """
    outputs = told.outputs[:MOST_TABLES]
    columns = {o.table: _share(o, outputs) for o in outputs}
    flows = [
        Flow(used, o.table, column, part.verdict)
        for o in outputs
        for column in columns[o.table]
        for used, part in o.columns[column].items()
    ]
    every = _used_by_table(told)
    left, shown = _inputs(told, every, flows)
    names = short_names([*told.inputs, *(o.table for o in told.outputs)])
    right = tuple(_output_box(o, columns[o.table], names) for o in outputs)
    drawn = sorted((f for f in flows if f.used in shown), key=lambda f: f.verdict is None)[:MOST_FLOWS]
    return StatementScene(left, right, tuple(drawn), _summary(told, every, left, right, len(drawn)))


def _share(output: Output, outputs: Sequence[Output]) -> list[str]:
    """The columns of an output that find room: those made of something first, in the order of the table."""
    others = sum(len(o.columns) for o in outputs) - len(output.columns)
    room = max(MOST_COLUMNS // len(outputs), MOST_COLUMNS - others)
    best = set(sorted(output.columns, key=lambda c: not output.columns[c])[:room])
    return [c for c in output.columns if c in best]


def _used_by_table(told: Outline) -> dict[str, dict[Used, None]]:
    every: dict[str, dict[Used, None]] = {t: {} for t in told.inputs}
    used = [u for o in told.outputs for parts in o.columns.values() for u in parts]
    for one in (*used, *told.whole):
        every[one.table][one] = None
    return every


def _inputs(
    told: Outline, every: Mapping[str, Iterable[Used]], flows: Sequence[Flow]
) -> tuple[tuple[Box, ...], set[Used]]:
    """Boxes of the input tables, each beside what it feeds; and the input columns drawn."""
    ends: dict[Used, list[int]] = {used: [] for used in told.whole}
    for at, flow in enumerate(flows):
        ends.setdefault(flow.used, []).append(at)
    middle = {used: _middle(ats) for used, ats in ends.items()}
    best = sorted(ends, key=lambda u: (-len(ends[u]), u.table, u.label))[:MOST_COLUMNS]
    mine: dict[str, list[Used]] = {t: [] for t in told.inputs}
    for used in sorted(best, key=lambda u: (middle[u], u.label)):
        mine[used.table].append(used)
    fullest = sorted(mine, key=lambda t: -len(mine[t]))[:MOST_TABLES]
    places = {t: _middle([middle[u] for u in mine[t] if ends[u]]) for t in fullest}
    boxes = []
    for table in sorted(fullest, key=lambda t: (places[t], told.inputs.index(t))):
        label, place = _titles(table, UNRESOLVED)
        rows: dict[Used | str, Row] = {u: _input_row(u, label, told.whole.get(u, ())) for u in mine[table]}
        boxes.append(Box(table, label, place, rows, (), len(list(every[table])) - len(rows)))
    return tuple(boxes), {u for t in fullest for u in mine[t]}


def _middle(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else _ALL


def _titles(table: str, nameless: str) -> tuple[str, str]:
    label, place = caption({"id": table}) if table else (nameless, "")
    return clean(label), clean(place)


def _input_row(used: Used, table: str, whole: tuple[str, ...]) -> Row:
    influence = f", influences all rows: {', '.join(whole)}" if whole else ""
    return Row(used.label, f"{clean(used.table) or table}: {used.label}{influence}", note=" · ".join(whole))


def _output_box(output: Output, columns: Sequence[str], names: Mapping[str, str]) -> Box:
    label, place = _titles(output.table, _RESULT)
    rows: dict[Used | str, Row] = {}
    for column in columns:
        rows[column] = _output_row(clean(output.table) or label, clean(column), output.columns[column])
    notes: list[str] = []
    for subtype, used in output.rows.items():
        notes += _wrapped(subtype, [_spoken(u, names) for u in used])
    return Box(output.table, label, place, rows, tuple(notes), len(output.columns) - len(rows))


def _output_row(table: str, column: str, parts: Mapping[Used, Part]) -> Row:
    verdicts = {p.verdict for p in parts.values()}
    tags = tuple(v for v in VERDICTS if v in verdicts)
    note = "" if tags else "influence only" if parts else "no input column"
    return Row(column, f"{table}: {column}, {', '.join(tags) or note}", tags, note)


def _spoken(used: Used, names: Mapping[str, str]) -> str:
    whole = f"{names[used.table]}.{used.label}"
    return whole if text_width(whole, SMALL) <= _WORD_WIDTH else clip(used.label, _WORD_WIDTH, SMALL)


def _wrapped(subtype: str, words: Sequence[str]) -> list[str]:
    """Break a list of names into few lines; those that find no room are counted."""
    lines, line = [], f"{subtype}: "
    for at, word in enumerate(words):
        piece = word + (", " if at + 1 < len(words) else "")
        if at and text_width(line + piece, SMALL) > _NOTE_WIDTH:
            lines.append(line)
            line = "\u2003"
            if len(lines) == _NOTE_LINES:
                return [*lines[:-1], f"{lines[-1].rstrip(', ')} and {len(words) - at:,} more"]
        line += piece
    return [*lines, line]


def _summary(
    told: Outline, every: Mapping[str, Iterable[Used]], left: Sequence[Box], right: Sequence[Box], flows: int
) -> str:
    """Tell exactly how much of all there is is drawn."""
    counts = {
        "output column": (sum(len(b.rows) for b in right), sum(len(o.columns) for o in told.outputs)),
        "input column": (sum(len(b.rows) for b in left), sum(len(list(u)) for u in every.values())),
        "link": (flows, sum(len(parts) for o in told.outputs for parts in o.columns.values())),
        "table": (len(left) + len(right), len(told.inputs) + len(told.outputs)),
    }
    if all(drawn == total for drawn, total in counts.values()):
        *first, last = [f"{n:,} {word}{'' if n == 1 else 's'}" for word, (_, n) in list(counts.items())[:3]]
        return f"All {', '.join(first)} and {last} are drawn."
    return "Drawn: " + ", ".join(f"{drawn:,} of {total:,} {word}s" for word, (drawn, total) in counts.items()) + "."
