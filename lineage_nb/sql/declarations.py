"""Variables and cursors: their names, the queries that fill them and the texts they hold."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_nb.sql.cutter import QUERY, Cutter, find, split
from lineage_nb.sql.dynamic import assign, run
from lineage_nb.sql.routines import routine
from lineage_nb.sql.triggers import assigned

__all__ = ["declaration", "declare", "for_query", "let", "set_variables"]

_NO_SECTION = frozenset({"bigquery", "mysql", "tsql", "hive", "sqlite"})
"""Families whose DECLARE is one statement; in the others it opens declarations that end at BEGIN."""

_COMMA = frozenset({","})
_VALUE = frozenset({":=", "DEFAULT", "="})
_SIGNS = frozenset({":=", "="})
_CURSOR_QUERY = frozenset({"FOR", "IS"})
_SESSION = frozenset({"SPARK", "SEARCH_PATH", "SCHEMA", "CATALOG", "CURRENT_SCHEMA", "CURRENT"})
_NOT_NAMES = frozenset({"TYPE", "SUBTYPE", "PRAGMA", "EXCEPTION"})


def declare(cutter: Cutter, start: int, end: int) -> None:
    """DECLARE, from the word itself.

    Parameters
    ----------
    cutter : Cutter
        Takes names and pieces.
    start, end : int
        The tokens of the statement.
    """
    if cutter.kind == "tsql":
        _declare_tsql(cutter, start, end)
        return
    if cutter.kind not in _NO_SECTION and (not cutter.frames or cutter.frames[-1].kind == "block"):
        cutter.push("declare")
    declaration(cutter, start + 1, end)


def _declare_tsql(cutter: Cutter, start: int, end: int) -> None:
    words, tokens = cutter.text.words, cutter.text.tokens
    if words[start + 1 : start + 2] != ["@"]:
        declaration(cutter, start + 1, end)
        return
    tables = False
    for a, b in split(words, start + 1, end, _COMMA):
        if b - a < 2 or words[a] != "@":
            continue
        name = tokens[a + 1].text
        cutter.declare(name)
        tables = tables or "TABLE" in words[a + 2 : a + 4]
        sign = find(words, a + 2, b, frozenset({"="}))
        if sign < b:
            for_query(cutter, (name,), sign + 1, b)
        elif name.lower() in cutter.filled:
            cutter.emit(tokens[a : a + 2], "assignment", cutter.fills((name,))._replace(known=False))
    if tables:
        cutter.statement(start, end)


def declaration(cutter: Cutter, start: int, end: int) -> None:
    """One declaration of a variable, cursor, type or routine.

    Parameters
    ----------
    cutter : Cutter
        Takes names and pieces.
    start, end : int
        Its tokens.
    """
    words, tokens = cutter.text.words, cutter.text.tokens
    first = cutter.word(start)
    if start >= end or first in _NOT_NAMES:
        return
    if first in ("PROCEDURE", "FUNCTION"):
        cutter.i = start
        if not routine(cutter, start, start):
            cutter.i = end
        return
    if first == "CURSOR" and start + 1 < end:
        cutter.declare(tokens[start + 1].text)
        _cursor(cutter, tokens[start + 1].text, start + 2, end)
        return
    j = start + (first in ("VAR", "VARIABLE") or (first == "OR" and 3))
    names = [tokens[min(j, end - 1)].text]
    while cutter.word(j + 1) == "," and j + 2 < end:
        j += 2
        names.append(tokens[j].text)
    for name in names:
        cutter.declare(name)
    if "CURSOR" in words[j + 1 : min(j + 5, end)]:
        _cursor(cutter, names[0], j + 1, end)
        return
    value = find(words, j + 1, end, _VALUE)
    if value < end:
        for_query(cutter, names[-1:], value + 1, end)
        for name in names[:-1]:
            cutter.emit(tokens[j : j + 1], "assignment", cutter.fills((name,), of=names[-1]))


def _cursor(cutter: Cutter, name: str, start: int, end: int) -> None:
    query = find(cutter.text.words, start, end, _CURSOR_QUERY) + 1
    if query < end:
        cutter.query(query, end, cutter.fills((name,), rows=True))


def for_query(cutter: Cutter, names: Sequence[str], start: int, end: int, *, append: bool = False) -> None:
    """The value given to variables: its queries, or the text that it is.

    Parameters
    ----------
    cutter : Cutter
        Takes the pieces and notes the text.
    names : sequence of str
        The variables, by the position of the values; a field of a row with its dot.
    start, end : int
        The tokens of the value.
    append : bool, default False
        Whether the value is added to what the variable holds.
    """
    if start >= end:
        return
    words = cutter.text.words
    if words[start] == "CURSOR":
        _cursor(cutter, names[0], start, end)
        return
    if words[start] == "(" and words[start + 1 : start + 3] == ["EXECUTE", "IMMEDIATE"]:
        run(cutter, start + 3, find(words, start + 3, end, frozenset({"USING", ")"})), start)
        return
    if len(names) == 1 and "." in names[0]:
        assigned(cutter, names[0], start, end)
    fill = cutter.fills(names, append=append)
    text = names[0].rpartition(".")[2].lower()
    if QUERY.isdisjoint(words[start:end]):
        assign(cutter, text, start, end, append=append)
        cutter.emit(cutter.text.tokens[start:end], "assignment", fill)
        return
    cutter.known.pop(text, None)
    if not cutter.query(start, end, fill):
        cutter.subqueries(start, end)
        cutter.emit(cutter.text.tokens[start:end], "assignment", fill)


def let(cutter: Cutter, start: int, end: int) -> None:
    """LET, of Snowflake: a declaration in the midst of a block, or an assignment."""
    declaration(cutter, start + 1, end)


def set_variables(cutter: Cutter, start: int, end: int) -> None:
    """SET, from the word itself: the queries of its values; settings that move names are statements.

    Parameters
    ----------
    cutter : Cutter
        Takes the pieces and notes texts.
    start, end : int
        The tokens of the statement.
    """
    words, tokens = cutter.text.words, cutter.text.tokens
    first = start + 1 + (cutter.word(start + 1) in ("LOCAL", "SESSION"))
    if cutter.word(first) in _SESSION:
        cutter.statement(start, end)
        return
    for a, b in split(words, start + 1, end, _COMMA):
        sign = find(words, a, b, _SIGNS)
        if a < sign < b:
            append = words[sign - 1] == "+"
            names = [tokens[sign - 1 - append].text]
            if not append and sign - a >= 3 and words[sign - 2] == ".":  # SET NEW.a = …
                names = [f"{tokens[sign - 3].text}.{names[0]}"]
            if names == [")"]:  # SET (a, b) = …
                names = [t.text for t in tokens[a + 1 : sign - 1] if t.text not in (",", "@", "(")]
            for_query(cutter, names or [""], sign + 1, b, append=append)
