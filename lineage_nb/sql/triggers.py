"""Triggers and rules: which table the rows NEW and OLD, or inserted and deleted, are of."""

from __future__ import annotations

from typing import Final

from sqlglot import Token

from lineage_nb.sql.cutter import Cutter, close_of, find, split
from lineage_nb.sql.rewording import name_at
from lineage_nb.sql.tokens import SEVERAL, Rows, lexer

__all__ = ["assigned", "fired_on", "row_of", "rule"]

_NAMES: Final = frozenset(("new", "old", "inserted", "deleted"))
_SEMICOLON: Final = frozenset((";",))


def row_of(cutter: Cutter, start: int, end: int, word: str = "ON") -> Rows | None:
    """What the head of a trigger, from `start` to `end`, says of its rows; the table stands behind `word`."""
    words, tokens = cutter.text.words, cutter.text.tokens
    on = next((i for i in range(end - 2, start, -1) if words[i] == word), None)
    if on is None:
        return None
    last = name_at(tokens, on + 1)[1]
    names = set(_NAMES)
    for i in range(last, end - 2):  # REFERENCING NEW TABLE AS added
        if words[i] in ("NEW", "OLD") and words[i + 1] in ("AS", "TABLE", "ROW"):
            at = next((j for j in range(i + 1, min(i + 4, end)) if words[j] not in ("AS", "TABLE", "ROW")), end)
            names.update(t.text.lower() for t in tokens[at : at + 1])
    table = cutter.text.source[tokens[on + 1].start : tokens[min(last, len(tokens)) - 1].end + 1]
    return Rows(frozenset(names), table)


def fired_on(cutter: Cutter, function: str) -> Rows | None:
    """The tables of the triggers that run a function, where the same text makes them."""
    words, tokens = cutter.text.words, cutter.text.tokens
    found: dict[str, Rows] = {}
    for i in (i for i, w in enumerate(words) if w == "TRIGGER" and "CREATE" in words[max(i - 4, 0) : i]):
        end = find(words, i, len(words), _SEMICOLON)
        run = next((j for j in range(i, end) if words[j] in ("FUNCTION", "PROCEDURE")), None)
        if run is None:
            continue
        name = ".".join(t.text for t in name_at(tokens, run + 1)[0][::2]).lower()
        rows = row_of(cutter, i, run) if name.rpartition(".")[2] == function.lower().rpartition(".")[2] else None
        if rows is not None:
            found[rows.table.lower()] = rows
    if not found:
        return None
    names = frozenset[str]().union(*(r.names for r in found.values()))
    return Rows(names, SEVERAL.join(r.table for r in found.values()))


def rule(cutter: Cutter, start: int, at: int) -> bool:
    """PostgreSQL's ``CREATE RULE r AS ON INSERT TO t DO ALSO statement``, from its first token; RULE stands at `at`."""
    words = cutter.text.words
    end = find(words, start, cutter.size, _SEMICOLON)
    do = next((i for i in range(at, end) if words[i] == "DO"), None)
    rows = row_of(cutter, at, do, "TO") if do is not None else None
    if do is None or rows is None:
        return False
    first = do + 1 + (cutter.word(do + 1) in ("ALSO", "INSTEAD"))
    last = end
    if cutter.word(first) == "(":
        last = close_of(words, first, cutter.size)
        first, end = first + 1, max(end, last + 1)
    outside, cutter.routine = cutter.routine, f"rule {cutter.text.tokens[at + 1].text}"
    cutter.rows[cutter.routine] = rows
    for name in sorted(rows.names):
        cutter.declare(name)
    for a, b in split(words, first, last, _SEMICOLON):
        if a < b and words[a] != "NOTHING":
            cutter.statement(a, b)
    cutter.forget(len(cutter.names) - len(rows.names))
    cutter.routine = outside
    cutter.i = end
    return True


def assigned(cutter: Cutter, name: str, start: int, end: int) -> None:
    """``NEW.a = value`` in a trigger: the value goes into the table's column."""
    rows = cutter.rows.get(cutter.routine)
    row, _, column = name.partition(".")
    if rows is None or SEVERAL in rows.table or not column or row.lower() not in rows.names or start >= end:
        return
    place = cutter.text.tokens[start]
    before = lexer(cutter.dialect).tokenize(" ".join(["UPDATE", rows.table, "SET", column, "="]))
    update = [Token(t.token_type, t.text, place.line, place.col, place.start, place.start) for t in before]
    cutter.emit([*update, *cutter.text.tokens[start:end]])
