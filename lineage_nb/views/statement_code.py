"""SQL text with line numbers as HTML, its problems marked where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lineage_nb.sql.result import Problem
from lineage_nb.views.labels import clean

__all__ = ["code_html"]

_LINES, _AROUND, _MOST_MARKED, _CHARS = 200, 2, 40, 300
_TAB = 4


def code_html(sql: str, problems: Sequence[Problem] = ()) -> str:
    r"""Show a text line by line, each problem below the line that it is in.

    Parameters
    ----------
    sql : str
        Any text. Of long ones the first lines are shown and those around problems; long lines are cut. Empty lines
        before the first are counted but not shown.
    problems : sequence of Problem
        Those without a place in the text are left out.

    Returns
    -------
    str
        One ``<pre>`` element, escaped.

    Examples
    --------
    >>> code_html("SELECT a\nFROM t", [Problem("a: not found", 1, 8)]).count("<mark")
    1
    """
    lines = sql.rstrip().split("\n")
    return _pre([line.rstrip("\r") for line in lines], [p for p in problems if 1 <= p.line <= len(lines)])


def _pre(lines: list[str], problems: Sequence[Problem]) -> str:
    marked: dict[int, list[Problem]] = {}
    for problem in problems:
        marked.setdefault(problem.line, []).append(problem)
    shown = _shown(len(lines), sorted(marked))
    digits = len(f"{len(lines)}")
    parts, before = [], next((n for n, line in enumerate(lines) if line.strip()), 0)
    for number in (n for n in shown if n > before):
        parts += _gap(number - before - 1, digits)
        parts += _line(number, lines[number - 1], marked.get(number, []), digits)
        before = number
    parts += _gap(len(lines) - before, digits)
    return f'<pre class="sql">{"".join(parts)}</pre>'


def _shown(total: int, marked: Iterable[int]) -> list[int]:
    near = {n for m in list(marked)[:_MOST_MARKED] for n in range(m - _AROUND, m + _AROUND + 1)}
    return sorted(n for n in near | set(range(1, _LINES + 1)) if 1 <= n <= total)


def _gap(lines: int, digits: int) -> list[str]:
    if not lines:
        return []
    return [f"<i>{'⋮':>{digits}}  {lines:,} line{'' if lines == 1 else 's'} not shown</i>\n"]


def _line(number: int, line: str, problems: list[Problem], digits: int) -> list[str]:
    sign = "!" if problems else " "
    text = escape(_visible(line))
    if problems:
        text = f"<mark>{text or ' '}</mark>"
    parts = [f'<span class="no">{number:>{digits}}{sign}</span> {text}\n']
    for problem in problems[: _AROUND + 1]:
        indent = len(line[: max(min(problem.column, _CHARS) - 1, 0)].expandtabs(_TAB))
        parts.append(f"<b>{' ' * (digits + 2 + indent)}^ {escape(clean(problem.message))}</b>\n")
    if len(problems) > _AROUND + 1:
        parts.append(f"<b>{' ' * (digits + 2)}… {len(problems) - _AROUND - 1:,} more problems in this line</b>\n")
    return parts


def _visible(line: str) -> str:
    shown = line.expandtabs(_TAB)
    if len(shown) <= _CHARS:
        return clean(shown)
    return f"{clean(shown[:_CHARS])} … {len(shown) - _CHARS:,} more characters"
