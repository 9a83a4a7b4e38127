"""Statements that the parser does not know, recognised by their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import Token, TokenType, exp

from lineage_nb.sql.catalog import Known, Names
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.relations import BaseTable
from lineage_nb.sql.rewording import after, name_at
from lineage_nb.sql.scope import Scope

__all__ = ["HARMLESS", "command", "table_at", "table_named"]

Parse = Callable[[list[Token]], Any]

HARMLESS = frozenset(
    [
        "EXPLAIN",
        "USE",
        "SET",
        "UNSET",
        "RESET",
        "SHOW",
        "DESCRIBE",
        "DESC",
        "LIST",
        "LS",
        "PUT",
        "GET",
        "REMOVE",
        "RM",
        "GRANT",
        "REVOKE",
        "COMMENT",
        "CALL",
        "ANALYZE",
        "VACUUM",
        "OPTIMIZE",
        "REFRESH",
        "MSCK",
        "ADD",
        "DELETE",
        "KILL",
        "BEGIN",
        "START",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE",
        "LOCK",
        "UNLOCK",
        "UNCACHE",
        "CLEAR",
        "DECLARE",
        "FETCH",
        "OPEN",
        "CLOSE",
        "DEALLOCATE",
        "PRINT",
        "RAISE",
        "RAISERROR",
        "THROW",
        "RETURN",
        "EXIT",
        "QUIT",
        "CHECKPOINT",
        "INSTALL",
        "LOAD",
        "FORCE",
        "DISCARD",
        "REINDEX",
        "CLUSTER",
        "NOTIFY",
        "LISTEN",
        "UNLISTEN",
        "UNDROP",
        "SUSPEND",
        "RESUME",
        "ABORT",
        "END",
        "ALTER",
        "DROP",
        "CREATE",
        "FLUSH",
        "RESTORE",
        "RESTART",
        "SYSTEM",
        "EXCHANGE",
        "ENABLE",
        "DISABLE",
        "WAITFOR",
        "BACKUP",
        "GO",
        "HELP",
        "EXECUTE",
        "EXEC",
        "PRAGMA",
        "EXPORT",
        "IMPORT",
        "DENY",
    ]
)


def command(tokens: Sequence[Token], scope: Scope, draft: Draft, parse: Parse) -> bool:
    """Take down a statement by its words; False where its words say nothing known."""
    if not tokens:
        return True
    words = [t.text.upper() for t in tokens]
    draft.kind = words[0]
    if words[0] == "UNLOAD":
        return _unload(tokens, scope, draft, parse)
    if words[0] == "CALL":
        scope.context.problem("what the procedure reads and writes is not known")
        return True
    if words[:2] == ["ALTER", "TABLE"]:
        return _altered(tokens, scope, draft)
    if words[0] == "UNDROP" and {"TABLE", "VIEW"} & set(words[1:4]):
        place = max(i for i, word in enumerate(words[:4]) if word in ("TABLE", "VIEW"))
        draft.event("undrop", table_at(tokens, place + 1, scope))
        return True
    if words[:2] == ["RENAME", "TABLE"]:
        for i in (i for i, word in enumerate(words) if word == "TO"):
            before = max((j for j in range(i) if words[j] in (",", "TABLE")), default=1)
            draft.event("rename", table_at(tokens, before + 1, scope), table_at(tokens, i + 1, scope))
        return True
    if words[:2] == ["EXCHANGE", "TABLES"] and "AND" in words:
        draft.event("swap", table_at(tokens, 2, scope), table_at(tokens, words.index("AND") + 1, scope))
        return True
    if words[0] == "CREATE" and "SYNONYM" in words[:6]:
        name, meant = after(tokens, "SYNONYM"), after(tokens, "FOR")
        if name is not None and meant is not None:
            name += 3 * (words[name : name + 3] == ["IF", "NOT", "EXISTS"])
            draft.event("synonym", table_at(tokens, name, scope), table_at(tokens, meant, scope))
        return True
    if words[:1] == ["CREATE"] and "STREAM" in words[:4]:
        name, on = after(tokens, "STREAM"), after(tokens, "ON", "TABLE")
        if name is not None and on is not None:
            _all_columns(table_at(tokens, on, scope), table_at(tokens, name, scope), scope, draft)
        return True
    return words[0].split()[0] in HARMLESS and not (words[0] == "CREATE" and "SELECT" in words)


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
    table = table_at(tokens, start, scope)
    moved = (
        after(tokens, "WITH", "TABLE")
        or after(tokens, "APPEND", "FROM")
        or after(tokens, "REPLACE", "PARTITION")
    )
    words = {t.text.upper() for t in tokens}
    if words & {"ATTACH", "INHERIT", "MOVE"} and _parts(tokens, table, scope, draft):
        return True
    if "SWITCH" in words:
        to = after(tokens, "TO")
        if to is not None:
            _all_columns(table, table_at(tokens, to, scope), scope, draft)
        return True
    if moved is not None and words & {"EXCHANGE", "APPEND"}:
        other = table_at(tokens, moved, scope)
        draft.event("exchange", table, other)
        _all_columns(other, table, scope, draft)
    return True


def _parts(tokens: Sequence[Token], table: str, scope: Scope, draft: Draft) -> bool:
    """Partitions that a table takes over or gives away, and tables whose rows another one shows."""
    source, target = after(tokens, "FROM"), after(tokens, "TO", "TABLE")
    part, parent = after(tokens, "ATTACH", "PARTITION"), after(tokens, "INHERIT")
    if scope.context.dialect == "clickhouse":
        if source is not None and part is not None:
            _all_columns(table_at(tokens, source, scope), table, scope, draft)
        elif target is not None:
            _all_columns(table, table_at(tokens, target, scope), scope, draft)
        return source is not None or target is not None
    if part is not None:
        other = table_at(tokens, part, scope)
        both = (scope.context.stored(other), scope.context.stored(table))
        names = next((t.names for t in both if t.known), None)
        for giving, taking in ((other, table), (table, other)):
            shared = BaseTable(giving, Known(names) if names else None)
            draft.write(taking, shared, shared.names)
    elif parent is not None and after(tokens, "NO", "INHERIT") is None:
        over = scope.context.stored(table_at(tokens, parent, scope))
        own = BaseTable(table, Known(over.names) if over.known else None)
        draft.write(over.table, own, own.names)
    return part is not None or parent is not None


def _all_columns(source: str, target: str, scope: Scope, draft: Draft) -> None:
    relation = scope.context.stored(source)
    draft.write(target, relation, relation.names)


def table_at(tokens: Sequence[Token], start: int, scope: Scope) -> str:
    """The table that is named at a token."""
    return table_named(tokens, start, scope.context.names)


def table_named(tokens: Sequence[Token], start: int, names: Names) -> str:
    """The table that is named at a token, as `names` completes it."""
    parts = [t.text for t in name_at(tokens, start)[0] if t.token_type != TokenType.DOT]
    quoted = {t.text for t in tokens if t.token_type == TokenType.IDENTIFIER}
    ids = [exp.to_identifier(p, quoted=p in quoted) for p in parts[-3:]]
    padded: list[Any] = [None] * (3 - len(ids)) + ids
    return names.table(exp.Table(this=padded[2], db=padded[1], catalog=padded[0]))
