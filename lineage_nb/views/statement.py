"""A statement or script with its lineage drawn, as HTML: static, escaped, capped in size."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import islice

from lineage_nb.sql.result import SqlLineage, Statement
from lineage_nb.views.html import STYLE
from lineage_nb.views.labels import clean
from lineage_nb.views.statement_code import code_html
from lineage_nb.views.statement_outline import Outline, headline, outline
from lineage_nb.views.statement_picture import statement_picture
from lineage_nb.views.statement_text import (
    contracted_line,
    part_words,
    problem_line,
    statement_line,
    statement_text,
    used_name,
)

__all__ = ["statement_bundle", "statement_html", "statement_page", "statement_text"]

_STATEMENTS, _PROBLEMS, _TEMPORARY, _ROWS, _INPUTS = 40, 20, 20, 60, 8
_STYLE = """<style>
.lnq pre.sql{font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin:.4em 0 .8em;padding:8px 10px;
max-height:26em;overflow:auto;white-space:pre;color:inherit;background:rgba(128,128,128,.09);border-radius:6px;tab-size:4}
.lnq pre.sql .no{opacity:.55;user-select:none;-webkit-user-select:none}
.lnq pre.sql mark{background:rgba(213,94,0,.2);color:inherit;box-shadow:-3px 0 0 #d55e00}
.lnq pre.sql b{font-weight:600;color:#c75300}.lnq pre.sql i{opacity:.65}
.lnq h4,.lnq li,.lnq table td{overflow-wrap:anywhere}.lnq table td{white-space:normal}.lnq table td:last-child{overflow-wrap:normal}
.lnq details{margin:.4em 0}.lnq summary{cursor:pointer}
@media (prefers-color-scheme:dark){.lnq pre.sql b{color:#f08a4b}}
[data-jp-theme-light="false"] .lnq pre.sql b,.vscode-dark .lnq pre.sql b{color:#f08a4b}
</style>"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def statement_bundle(found: SqlLineage) -> dict[str, str]:
    """The mime bundle of a lineage: text and HTML."""
    return {"text/plain": statement_text(found), "text/html": statement_html(found)}


def statement_html(found: SqlLineage, rows: int = _ROWS, *, unfolded: bool = False) -> str:
    """Show the text, the picture, the statements of a script, problems and what each column is made of.

    Parameters
    ----------
    found : SqlLineage
        Any.
    rows : int
        Rows of the table of columns, at most; the rest is counted.
    unfolded : bool
        Show that table at once.
    """
    told = outline(found)
    title = headline(found)
    folded = " open" if unfolded else ""
    table = _columns(told, rows)
    return (
        f'{STYLE}{_STYLE}<div class="lnb lnq"><h4>{escape(title)}</h4>{code_html(found.sql, found.problems)}'
        f'<div class="wide">{statement_picture(told, title)}</div>{_statements(found.statements)}{_notes(found)}'
        + (f"<details{folded}><summary>Columns and their inputs</summary>{table}</details>" if table else "")
        + "</div>"
    )


def statement_page(found: SqlLineage) -> str:
    """A page that stands alone and asks no server for anything."""
    title = escape(headline(found))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>:root{{color-scheme:light dark}}body{{margin:16px}}.lnq{{margin:auto}}</style></head>"
        f"<body>{statement_html(found, 1_000, unfolded=True)}</body></html>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], more: str = "") -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>{more}'


def _more(total: int, shown: int, what: str) -> str:
    return f'<p class="more">… {total - shown:,} more {what}</p>' if total > shown else ""


def _statements(statements: Sequence[Statement]) -> str:
    """The statements of a script, one line each."""
    if len(statements) < 2:
        return ""
    rows = []
    for statement in statements[:_STATEMENTS]:
        where, _, what = statement_line(statement).partition(": ")
        kind, _, does = what.replace(": ", ", ", 1).partition(", ")
        rows.append((where.removeprefix("line "), kind, does))
    return _table(("line", "statement", "reads → writes"), rows, _more(len(statements), len(rows), "statements"))


def _notes(found: SqlLineage) -> str:
    """Problems and tables contracted away, as a list."""
    notes = [f"Problem, {problem_line(p)}" for p in found.problems[:_PROBLEMS]]
    if len(found.problems) > _PROBLEMS:
        notes.append(f"… {len(found.problems) - _PROBLEMS:,} more problems in .problems")
    notes += [f"Contracted away: {contracted_line(t, made)}" for t, made in islice(found.trail.items(), _TEMPORARY)]
    if len(found.trail) > _TEMPORARY:
        notes.append(f"… {len(found.trail) - _TEMPORARY:,} more tables contracted away, in .trail")
    return f'<ul class="trust">{"".join(f"<li>{escape(n)}</li>" for n in notes)}</ul>' if notes else ""


def _columns(told: Outline, most: int) -> str:
    """What each output column is made of, a row an input."""
    rows: list[tuple[str, str, str]] = []
    for output in told.outputs:
        name = clean(output.table, 160) or "result"
        for column, parts in output.columns.items():
            place = f"{name}.{clean(column)}"
            rows += [(place, used_name(used), part_words(part)) for used, part in parts.items()]
            rows += [(place, "no input column", "")] * (not parts)
        for subtype, inputs in output.rows.items():
            more = f" and {len(inputs) - _INPUTS:,} more" if len(inputs) > _INPUTS else ""
            rows.append((f"all rows of {name}", ", ".join(map(used_name, inputs[:_INPUTS])) + more, subtype))
    return _table(("output", "input", "how"), rows[:most], _more(len(rows), most, "rows in .edges"))
