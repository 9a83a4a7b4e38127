"""The lineage of a statement as plain text: readable in a terminal and on any host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lineage_nb.sql.result import Problem, SqlLineage, Statement
from lineage_nb.views.labels import clean
from lineage_nb.views.statement_outline import (
    UNRESOLVED,
    Outline,
    Output,
    Part,
    Used,
    headline,
    outline,
    table_names,
)

__all__ = ["contracted_line", "made_of", "part_words", "problem_line", "statement_line", "statement_text", "used_name"]

_COLUMNS, _INPUTS, _STATEMENTS, _PROBLEMS, _TEMPORARY = 60, 6, 40, 20, 20
_NAME_WIDTH = 36


def used_name(used: Used) -> str:
    """An input column with its table, one line."""
    return f"{clean(used.table, 160)}.{used.label}" if used.table else f"{used.label} ({UNRESOLVED})"


def part_words(part: Part) -> str:
    """How an input has its part: subtypes, verdict, masking.

    Examples
    --------
    >>> part_words(Part(("TRANSFORMATION",), ("CONDITIONAL",), "pseudonymised", True))
    'TRANSFORMATION, CONDITIONAL; pseudonymised, masking'
    >>> part_words(Part((), ("WINDOW",), None, False))
    'WINDOW; influence only'
    """
    verdict = part.verdict or "influence only"
    return f"{', '.join((*part.value, *part.influence))}; {verdict}{', masking' if part.masking else ''}"


def made_of(parts: Mapping[Used, Part], most: int = _INPUTS) -> list[str]:
    """The inputs of a column, one line each, the rest counted."""
    if not parts:
        return ["no input column"]
    lines = [f"{used_name(used)}  [{part_words(part)}]" for used, part in islice(parts.items(), most)]
    return lines + ([f"… {len(parts) - most:,} more inputs"] if len(parts) > most else [])


def statement_line(statement: Statement) -> str:
    """A statement of a script in one line: where, what, from, to.

    Examples
    --------
    >>> statement_line(Statement("INSERT", line=4, inputs=("raw.a", "raw.b"), outputs=("mart.c",)))
    'line 4: INSERT, raw.a and raw.b → mart.c'
    """
    words = f"line {statement.line:,}: {clean(statement.kind, 40)}"
    temporary = " (temporary)" if statement.outputs and statement.temporary.issuperset(statement.outputs) else ""
    if statement.outputs:
        targets = f"{table_names(statement.outputs, '')}{temporary}"
        return f"{words}, {table_names(statement.inputs, '')} → {targets}" if statement.inputs else f"{words}, writes {targets}"
    if statement.inputs:
        return f"{words}, reads {table_names(statement.inputs, '')}"
    events = [f"{e.what} {clean(e.table, 120)}" + (f", {clean(e.other, 120)}" if e.other else "") for e in statement.events[:3]]
    return ": ".join((words, "; ".join(events))) if events else words


def problem_line(problem: Problem) -> str:
    """A problem in one line, with line and column as far as they are known.

    Examples
    --------
    >>> problem_line(Problem("x: may come from a or b", 3, 7)), problem_line(Problem("no name", 3))
    ('line 3, column 7: x: may come from a or b', 'line 3: no name')
    """
    column = f", column {problem.column:,}" if problem.column else ""
    where = f"line {problem.line:,}{column}: " if problem.line else ""
    return f"{where}{clean(problem.message)}"


def contracted_line(table: str, made_from: Iterable[str]) -> str:
    """A table that was contracted away, and what it was made from."""
    return f"{clean(table, 160)} ← {table_names(made_from, 'no table', 6)}"


def statement_text(found: SqlLineage) -> str:
    """Headline, every output column with its inputs, statements, problems and contracted tables.

    Parameters
    ----------
    found : SqlLineage
        Any; long ones are cut, with exact counts of the rest.

    Examples
    --------
    >>> from lineage_nb.sql.lineage import sql_lineage
    >>> print(statement_text(sql_lineage("SELECT md5(mail) AS m, 1 AS one FROM users WHERE active")))
    SELECT gives 2 columns from users.
    <BLANKLINE>
    result
      m    ← users.mail  [TRANSFORMATION; pseudonymised, masking]
      one  ← no input column
      all rows  ← FILTER: users.active
    """
    lines = [headline(found), *_outputs(outline(found))]
    if len(found.statements) > 1:
        told = [statement_line(s) for s in found.statements[:_STATEMENTS]]
        lines += _section("statements", told, len(found.statements))
    lines += _section("problems", [problem_line(p) for p in found.problems[:_PROBLEMS]], len(found.problems))
    told = [contracted_line(t, made) for t, made in islice(found.trail.items(), _TEMPORARY)]
    lines += _section("contracted (temporary tables)", told, len(found.trail))
    return "\n".join(lines)


def _section(name: str, lines: list[str], total: int) -> list[str]:
    if not lines:
        return []
    more = [f"  … {total - len(lines):,} more"] if total > len(lines) else []
    return ["", name, *(f"  {line}" for line in lines), *more]


def _outputs(told: Outline) -> Iterator[str]:
    left = _COLUMNS
    for at, output in enumerate(told.outputs):
        if not left:
            yield f"… {len(told.outputs) - at:,} more outputs in .edges"
            return
        yield ""
        yield clean(output.table, 200) if output.table else "result"
        yield from _columns(output, left)
        left -= min(left, max(len(output.columns), 1))


def _columns(output: Output, most: int) -> Iterator[str]:
    if not output.columns and not output.rows:
        yield "  no column is known"
    shown = dict(islice(output.columns.items(), most))
    width = min(max((len(clean(c)) for c in shown), default=0), _NAME_WIDTH)
    for column, parts in shown.items():
        for at, line in enumerate(made_of(parts)):
            yield f"  {'' if at else clean(column):<{width}}  {' ' if at else '←'} {line}"
    if len(output.columns) > most:
        yield f"  … {len(output.columns) - most:,} more columns in .edges"
    for subtype, used in output.rows.items():
        more = f" and {len(used) - _INPUTS:,} more" if len(used) > _INPUTS else ""
        yield f"  all rows  ← {subtype}: {', '.join(map(used_name, used[:_INPUTS]))}{more}"
