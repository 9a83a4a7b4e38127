"""SET search_path, SET SCHEMA, ALTER SESSION SET CURRENT_SCHEMA: the schema of names behind it that name none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import Token, TokenType, exp

from lineage_nb.sql.catalog import Names
from lineage_nb.sql.tokens import STRINGS

__all__ = ["SEARCH_PATH", "schema_set"]

SEARCH_PATH: Final = "SEARCH_PATH"
"""Kind of `Statement.uses`, whose parts are schemas."""

_SETTINGS: Final = frozenset(("SEARCH_PATH", "SCHEMA", "CURRENT_SCHEMA"))
_BETWEEN: Final = frozenset(("=", "TO"))
_NONE: Final = frozenset(("$", "user", "$user", "default", "pg_catalog", ""))


def schema_set(tokens: Sequence[Token], names: Names) -> tuple[str, ...]:
    """The schemas that a statement puts in front of names without one, in their order; none for any other statement.

    None either where the first is `public`: other texts name its tables without it.
    """
    words = [t.text.upper() for t in tokens[:8]]
    head = words[:1] == ["SET"] or words[:3] == ["ALTER", "SESSION", "SET"]
    at = next((i for i, w in enumerate(words[:5]) if w in _SETTINGS), None)
    if not head or at is None:
        return ()
    found = []
    for token in tokens[at + 1 :]:
        if token.text.upper() in _BETWEEN or token.token_type == TokenType.COMMA:
            continue
        parts = token.text.split(",") if token.token_type in STRINGS else [token.text]
        for part in (p.strip().strip('"') for p in parts):
            if part.lower() not in _NONE:
                quoted = token.token_type == TokenType.IDENTIFIER
                found.append(names.part(exp.to_identifier(part, quoted=quoted)))
    return tuple(found) if found and found[0].lower() != "public" else ()
