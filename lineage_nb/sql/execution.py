"""EXECUTE, PREPARE, OPEN … FOR, RETURN, PERFORM and DO: statements that run a query or the text of one."""

from __future__ import annotations

from sqlglot import Token, TokenType

from lineage_nb.sql.cutter import Cutter, close_of, find, split
from lineage_nb.sql.dynamic import run
from lineage_nb.sql.extents import STARTERS

__all__ = ["do_block", "execute", "open_cursor", "perform", "prepare", "return_", "run_execute"]

_AFTER_EXECUTE = frozenset({"INTO", "USING", "BULK COLLECT INTO", "RETURNING", "BULK"})


def perform(cutter: Cutter) -> None:
    """PERFORM of PL/pgSQL: a query whose result is dropped."""
    start = cutter.i
    end = cutter.i = cutter.end(start)
    tokens = cutter.text.tokens[start:end]
    if find(cutter.text.words, start, end, frozenset({"FROM"})) < end:
        t = tokens[0]
        cutter.emit([Token(TokenType.SELECT, t.text, t.line, t.col, t.start, t.end), *tokens[1:]], "query")
    else:
        cutter.subqueries(start, end)


def do_block(cutter: Cutter) -> None:
    """DO with a quoted body, of PostgreSQL."""
    i = cutter.i
    body = find(cutter.text.words, i, min(i + 5, cutter.size), frozenset({"'", ";"}))
    if cutter.word(body) != "'" or cutter.kind == "mysql":
        # Elsewhere it is the DO of a loop whose head was not understood.
        cutter.i = cutter.end(cutter.i) if cutter.kind == "mysql" and not cutter.frames else i + 1
        return
    cutter.i = cutter.end(i)
    run(cutter, body, body + 1, i)


def execute(cutter: Cutter) -> None:
    """EXECUTE or EXEC as a statement."""
    i = cutter.i
    end = cutter.i = cutter.end(i)
    run_execute(cutter, i, end)


def run_execute(cutter: Cutter, i: int, end: int) -> None:
    """EXECUTE in its many forms, from the word itself."""
    words = cutter.text.words
    after = cutter.word(i + 1)
    if after == "IMMEDIATE":
        stop = find(words, i + 2, end, _AFTER_EXECUTE)
        _run_into(cutter, i + 2, stop, end)
    elif cutter.kind == "tsql":
        _run_tsql(cutter, i, end)
    elif cutter.text.tokens[min(i + 1, cutter.size - 1)].text.lower() in cutter.prepared or after in (
        "TASK",
        "ALERT",
    ):
        cutter.subqueries(i, end)
    elif (cutter.kind == "postgres" and (cutter.frames or cutter.routine or cutter.level)) or after in (
        "'",
        "(",
    ):
        _run_into(cutter, i + 1, find(words, i + 1, end, _AFTER_EXECUTE), end)
    else:
        cutter.statement(i, end)


def _run_into(cutter: Cutter, start: int, stop: int, end: int) -> None:
    """Run the text between `start` and `stop`; variables behind INTO take what its query gives."""
    words, tokens = cutter.text.words, cutter.text.tokens
    before = len(cutter.pieces)
    run(cutter, start, stop, start - 1)
    into = find(words, stop, end, frozenset({"INTO", "BULK COLLECT INTO"}))
    if into >= end:
        return
    last = find(words, into + 1, end, frozenset({"USING", "RETURNING"}))
    names = [tokens[b - 1].text for a, b in split(words, into + 1, last, frozenset({","})) if a < b]
    fill = cutter.fills(names)
    found = cutter.pieces[before:]
    if len(found) == 1 and found[0].tokens[0].token_type in (TokenType.SELECT, TokenType.WITH):
        cutter.pieces[before] = found[0]._replace(role="query", fill=fill)
    else:
        cutter.emit(tokens[into : into + 1], "assignment", fill._replace(known=False))


def _run_tsql(cutter: Cutter, i: int, end: int) -> None:
    words = cutter.text.words
    if cutter.word(i + 1) == "(":
        close = close_of(words, i + 1, end)
        run(cutter, i + 2, find(words, i + 2, close, frozenset({","})), i)
        return
    name = next((j for j in range(i + 1, min(i + 9, end)) if words[j] == "SP_EXECUTESQL"), -1)
    if name < 0 and end < i + 9:
        name = next(
            (j for j in range(i + 1, end) if cutter.text.tokens[j].text.lower() == "sp_executesql"), -1
        )
    for j in range(i + 1, end):
        if words[j] in ("OUTPUT", "OUT") and words[j - 2] == "@":
            forgotten = cutter.fills((cutter.text.tokens[j - 1].text,))._replace(known=False)
            cutter.emit(cutter.text.tokens[j - 1 : j], "assignment", forgotten)
    if name < 0:
        if cutter.word(i + 1) != "AS":
            cutter.statement(i, end)
        return
    start = name + 1
    if cutter.word(start) == "@" and cutter.word(start + 2) == "=":
        start += 3
    run(cutter, start, find(words, start, end, frozenset({","})), i)


def prepare(cutter: Cutter) -> None:
    """PREPARE name FROM text, FROM statement or AS statement."""
    i = cutter.i
    end = cutter.i = cutter.end(i)
    at = find(cutter.text.words, i, end, frozenset({"FROM", "AS"}))
    if at + 1 >= end:
        return
    cutter.prepared.add(cutter.text.tokens[i + 1].text.lower())
    if cutter.word(at) == "AS" or cutter.word(at + 1) in STARTERS:
        cutter.statement(at + 1, end)
    else:
        run(cutter, at + 1, end, i)


def return_(cutter: Cutter) -> None:
    """RETURN with a query, or with the text of one."""
    i = cutter.i
    end = cutter.i = cutter.end(i)
    start = i + 1 + (cutter.word(i + 1) == "QUERY")
    if cutter.word(start) == "EXECUTE":
        run_execute(cutter, start, end)
    elif not cutter.query(start, end):
        cutter.subqueries(start, end)


def open_cursor(cutter: Cutter) -> None:
    """OPEN cursor FOR a query, or for the text of one."""
    i = cutter.i
    end = cutter.i = cutter.end(i)
    start = find(cutter.text.words, i, end, frozenset({"FOR"})) + 1
    if start >= end or cutter.query(start, end, cutter.fills((cutter.text.tokens[i + 1].text,), rows=True)):
        return
    if cutter.word(start) == "EXECUTE":
        run_execute(cutter, start, end)
    else:
        run(cutter, start, find(cutter.text.words, start, end, _AFTER_EXECUTE), start)
