"""What a statement that cannot be read writes and reads, as far as its words tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import Token, TokenType

from lineage_nb.sql.catalog import Names
from lineage_nb.sql.commands import table_named
from lineage_nb.sql.rewording import name_at

__all__ = ["sources", "written"]

_INTO: Final = frozenset(("INTO", "TABLE", "OVERWRITE", "INSERT INTO", "INSERT OVERWRITE"))
_MODIFIERS: Final = frozenset(
    (
        *("OR", "REPLACE", "IGNORE", "ROLLBACK", "ABORT", "FAIL", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "ONLY"),
        *("TEMPORARY", "TEMP", "TRANSIENT", "GLOBAL", "LOCAL", "VOLATILE", "UNLOGGED", "EXTERNAL", "DYNAMIC", "ICEBERG"),
        *("HYBRID", "MATERIALIZED", "SECURE", "RECURSIVE", "FORCE", "EDITIONABLE", "LIVE", "STREAMING", "MULTISET", "SET"),
        *("IF", "NOT", "EXISTS"),
    )
)
_NO_TABLES: Final = frozenset(("STATISTICS", "DIRECTORY", "FUNCTION"))
_FILLED: Final = frozenset(("TABLE", "VIEW"))
_READ: Final = frozenset(("FROM", "JOIN", "USING", "PIVOT", "UNPIVOT", "STRAIGHT_JOIN"))
_OF_ARGUMENTS: Final = frozenset(("EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "POSITION", "SUBSTR"))
"""Functions with a FROM between their arguments."""
_NAMED: Final = frozenset((TokenType.VAR, TokenType.IDENTIFIER))


def written(tokens: Sequence[Token], names: Names) -> tuple[str, ...]:
    """Tables that a statement puts data into, as far as its words tell.

    Parameters
    ----------
    tokens : sequence of Token
        Of the statement.
    names : Names
        Completes names that leave out catalog or schema.
    """
    words = [t.text.upper() for t in tokens]
    at = _verb(words)
    if at is None:
        return ()
    if words[at] == "INSERT" and words[at + 1 : at + 2] in (["ALL"], ["FIRST"]):
        places: list[int | None] = [i + 1 for i in range(at, len(words)) if words[i] == "INTO"]
    else:
        places = [_place(words, at)]
    found = (p for p in places if p is not None and p < len(tokens) and words[p] not in _NO_TABLES and _is_name(tokens, p))
    return tuple(dict.fromkeys(table_named(tokens, p, names) for p in found))


def _verb(words: Sequence[str]) -> int | None:
    """Where the word stands that says what is done: at the start, or behind common table expressions."""
    if not words:
        return None
    if words[0] not in ("WITH", "FROM", "SELECT"):
        return 0
    verbs = ("INSERT", "MERGE", "UPDATE") if words[0] != "SELECT" else ("INTO",)
    depth = 0
    for i, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in verbs:
            return i
    return None


def _place(words: Sequence[str], at: int) -> int | None:
    """Where the name of what is written stands, behind the word at `at`."""
    verb, i = words[at], at + 1
    if verb == "CREATE":
        while i < len(words) and words[i] in _MODIFIERS:
            i += 1
        if i >= len(words) or words[i] not in _FILLED or not _is_filled(words[i:]):
            return None
        i += 1
    elif verb == "COPY":
        if words[i : i + 1] != ["INTO"] and "FROM" not in words[i:]:
            return None
    elif verb == "LOAD":
        i = next((j for j in range(i, len(words)) if words[j] == "INTO"), len(words))
    elif verb not in ("INSERT", "REPLACE", "MERGE", "UPDATE", "INTO", "UPSERT"):
        return None
    while i < len(words) and (words[i] in _INTO or words[i] in _MODIFIERS):
        i += 1
    return i


def _is_filled(words: Sequence[str]) -> bool:
    """Whether a query, or another table, gives a table its rows: not where it is only declared."""
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in ("AS", "SELECT", "CLONE"):
            return True
    return False


def _is_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name of a table may stand at a token; a keyword may be one where a dot follows it."""
    token = tokens[at]
    dotted = at + 1 < len(tokens) and tokens[at + 1].token_type == TokenType.DOT
    return token.token_type in _NAMED or (dotted and token.text[:1].isalpha())


def sources(tokens: Sequence[Token], names: Names) -> tuple[str, ...]:
    """Tables that a statement names behind FROM, JOIN and USING, each once; common table expressions left out."""
    words = [t.text.upper() for t in tokens]
    own = {words[i] for i in range(len(words) - 2) if words[i + 1] == "AS" and words[i + 2] == "("}
    functions: list[str] = []
    found: dict[str, None] = {}
    for i, word in enumerate(words):
        if word == "(":
            functions.append(words[i - 1] if i else "")
        elif word == ")" and functions:
            functions.pop()
        elif word in _READ and not (word == "FROM" and _between_values(words, i, functions)):
            place: int | None = i + 1
            while place is not None:
                place = _source(tokens, words, place, own, names, found)
    return tuple(found)


def _between_values(words: Sequence[str], at: int, functions: Sequence[str]) -> bool:
    """Whether a FROM stands between values: in EXTRACT(… FROM …), IS DISTINCT FROM, DELETE FROM."""
    before = words[at - 1] if at else ""
    return before in ("DISTINCT", "DELETE") or bool(functions and functions[-1] in _OF_ARGUMENTS)


def _source(
    tokens: Sequence[Token], words: Sequence[str], place: int, own: set[str], names: Names, found: dict[str, None]
) -> int | None:
    """Take one table of a list down; gives where the next of the list stands."""
    while place < len(words) and words[place] in ("ONLY", "LATERAL"):
        place += 1
    if place >= len(tokens) or not _is_name(tokens, place):
        return None
    end = name_at(tokens, place)[1]
    if end < len(words) and words[end] == "(":
        return None
    if words[place] not in own or end > place + 1:
        found[table_named(tokens, place, names)] = None
    if end < len(words) and words[end] == "AS":
        end += 1
    if end < len(words) and tokens[end].token_type in _NAMED:
        end += 1
    return end + 1 if end < len(words) and words[end] == "," else None
