"""Statements that the parser does not know: recognised by their words, or put into words that it knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect

from lineage_nb.sql.draft import Draft
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.scope import Scope

__all__ = ["command", "reworded"]

Parse = Callable[[list[Token]], Any]

_HARMLESS = frozenset(
    ["EXPLAIN", "USE", "SET", "UNSET", "RESET", "SHOW", "DESCRIBE", "DESC", "LIST", "LS", "PUT", "GET", "REMOVE", "RM", "GRANT", "REVOKE", "COMMENT", "CALL", "ANALYZE", "VACUUM", "OPTIMIZE", "REFRESH", "MSCK", "ADD", "DELETE", "KILL", "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "LOCK", "UNLOCK", "UNCACHE", "CLEAR", "DECLARE", "FETCH", "OPEN", "CLOSE", "DEALLOCATE", "PRINT", "RAISE", "RAISERROR", "THROW", "RETURN", "EXIT", "QUIT", "CHECKPOINT", "INSTALL", "LOAD", "FORCE", "DISCARD", "REINDEX", "CLUSTER", "NOTIFY", "LISTEN", "UNLISTEN", "UNDROP", "SUSPEND", "RESUME", "ABORT", "END", "ALTER", "DROP", "CREATE", "FLUSH", "RESTORE", "RESTART", "SYSTEM", "EXCHANGE", "ENABLE", "DISABLE", "WAITFOR", "BACKUP", "GO", "HELP", "EXECUTE", "EXEC", "PRAGMA", "EXPORT", "IMPORT", "DENY"]
)


def reworded(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """Tokens of a statement that says the same in words the parser knows; None if there is none.

    ``REPLACE INTO t SELECT …`` is an INSERT; ``CREATE TASK … AS INSERT …`` writes what its statement writes;
    ``CREATE LIVE TABLE`` is a table; ``LOAD DATA INFILE`` is a COPY.
    """
    words = [t.text.upper() for t in tokens[:12]]
    if words[:2] == ["REPLACE", "INTO"]:
        return _keyworded("INSERT OVERWRITE TABLE", dialect)[:1] + list(tokens[1:])
    if words[:1] == ["CREATE"] and {"TASK", "PIPE"} & set(words[:5]):
        start = next((i for i, t in enumerate(tokens) if t.text.upper() == "AS"), None)
        return list(tokens[start + 1 :]) if start is not None else None
    if words[:1] == ["CREATE"] and {"LIVE", "REFRESH"} & set(words[:6]):
        dropped = {"LIVE", "REFRESH", "STREAMING", "PRIVATE"}
        head = [t for t in tokens[:7] if t.text.upper() not in dropped]
        if [t.text.upper() for t in head[1:3]] == ["OR", "TABLE"] or head[1].text.upper() == "OR":
            head = [head[0], *head[2:]]
        return [*head, *tokens[7:]]
    if words[:1] == ["CREATE"] and "SNAPSHOT" in words[:4]:
        return [t for t in tokens if t.text.upper() != "SNAPSHOT"]
    if words[:1] == ["CREATE"] and ("DEEP" in words or "SHALLOW" in words):
        return [t for t in tokens if t.text.upper() not in ("DEEP", "SHALLOW")]
    if words[:2] == ["LOAD", "DATA"] and "INFILE" in words:
        return _load_infile(tokens, dialect)
    return None


def _keyworded(text: str, dialect: Dialect) -> list[Token]:
    return list(dialect.tokenize(text))


def _load_infile(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    path = next((t for t in tokens if t.token_type == TokenType.STRING), None)
    table = next((i for i, t in enumerate(tokens) if t.text.upper() == "TABLE"), None)
    if path is None or table is None:
        return None
    name = _name(tokens, table + 1)[0]
    return [*_keyworded("COPY", dialect), *name, *_keyworded("FROM", dialect), path]


def _name(tokens: Sequence[Token], start: int) -> tuple[list[Token], int]:
    """A dotted name from `start` on, and where it ends."""
    end = start + 1
    while end + 1 < len(tokens) and tokens[end].token_type == TokenType.DOT:
        end += 2
    return list(tokens[start:end]), end


def _table(tokens: Sequence[Token], start: int, scope: Scope) -> str:
    names = scope.context.names
    parts = [t.text for t in _name(tokens, start)[0] if t.token_type != TokenType.DOT]
    quoted = {t.text for t in tokens if t.token_type == TokenType.IDENTIFIER}
    ids = [exp.to_identifier(p, quoted=p in quoted) for p in parts[-3:]]
    padded: list[Any] = [None] * (3 - len(ids)) + ids
    return names.table(exp.Table(this=padded[2], db=padded[1], catalog=padded[0]))


def _after(tokens: Sequence[Token], *words: str) -> int | None:
    texts = [t.text.upper() for t in tokens]
    for i in range(len(texts) - len(words)):
        if texts[i : i + len(words)] == list(words):
            return i + len(words)
    return None


def command(tokens: Sequence[Token], scope: Scope, draft: Draft, parse: Parse) -> bool:
    """Take down a statement by its words; False where its words say nothing known."""
    if not tokens:
        return True
    words = [t.text.upper() for t in tokens]
    draft.kind = words[0]
    if words[0] == "UNLOAD":
        return _unload(tokens, scope, draft, parse)
    if words[:2] == ["ALTER", "TABLE"]:
        return _altered(tokens, scope, draft)
    if words[:2] == ["RENAME", "TABLE"]:
        to = _after(tokens, "TO")
        if to is not None:
            draft.event("rename", _table(tokens, 2, scope), _table(tokens, to, scope))
        return True
    if words[:1] == ["CREATE"] and "STREAM" in words[:4]:
        name, on = _after(tokens, "STREAM"), _after(tokens, "ON", "TABLE")
        if name is not None and on is not None:
            _all_columns(_table(tokens, on, scope), _table(tokens, name, scope), scope, draft)
        return True
    return words[0] in _HARMLESS


def _unload(tokens: Sequence[Token], scope: Scope, draft: Draft, parse: Parse) -> bool:
    """``UNLOAD ('SELECT …') TO 'path'``, and with the query itself in the parentheses."""
    to = max((i for i, t in enumerate(tokens) if t.text.upper() == "TO"), default=0)
    if to < 3 or to + 1 >= len(tokens):
        return False
    inside = list(tokens[2 : to - 1])
    if len(inside) == 1 and inside[0].token_type == TokenType.STRING:
        inside = list(scope.context.names.dialect.tokenize(inside[0].text))
    relation = evaluate(parse(inside), scope)
    draft.write(tokens[to + 1].text, relation, relation.names)
    return True


def _altered(tokens: Sequence[Token], scope: Scope, draft: Draft) -> bool:
    draft.kind = "ALTER TABLE"
    start = 4 if [t.text.upper() for t in tokens[2:4]] == ["IF", "EXISTS"] else 2
    table = _table(tokens, start, scope)
    moved = _after(tokens, "WITH", "TABLE") or _after(tokens, "APPEND", "FROM") or _after(tokens, "REPLACE", "PARTITION")
    words = {t.text.upper() for t in tokens}
    if "SWITCH" in words:
        to = _after(tokens, "TO")
        if to is not None:
            _all_columns(table, _table(tokens, to, scope), scope, draft)
        return True
    if moved is not None and words & {"EXCHANGE", "APPEND"}:
        other = _table(tokens, moved, scope)
        draft.event("exchange", table, other)
        _all_columns(other, table, scope, draft)
    return True


def _all_columns(source: str, target: str, scope: Scope, draft: Draft) -> None:
    relation = scope.context.stored(source)
    draft.write(target, relation, relation.names)


