"""Oracle's MODEL clause: a query whose rows become the cells of a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlglot import Token, TokenType
from sqlglot.dialects.dialect import Dialect

__all__ = ["has_model", "without_model"]

_OPTIONS = frozenset(
    (
        *(
            "RULES",
            "UPDATE",
            "UPSERT",
            "ALL",
            "AUTOMATIC",
            "SEQUENTIAL",
            "ORDER",
            "ITERATE",
            "UNTIL",
            "IGNORE",
        ),
        *("KEEP", "NAV", "UNIQUE", "DIMENSION", "SINGLE", "REFERENCE"),
    )
)


def has_model(tokens: Sequence[Token]) -> bool:
    """Whether a statement has a MODEL clause."""
    words = [t.text.upper() for t in tokens]
    if "MODEL" not in words:
        return False
    after = words[words.index("MODEL") :]
    measured = any(pair == ("MEASURES", "(") for pair in pairwise(after))
    return measured and any(pair == ("DIMENSION", "BY") for pair in pairwise(after))


def without_model(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """``SELECT … FROM t MODEL PARTITION BY (p) DIMENSION BY (d) MEASURES (m x) RULES (…)`` without its rules.

    What the clause lists is a query of its own: ``SELECT … FROM (SELECT p, d, m x FROM t)``.

    Returns
    -------
    list of Token or None
        None where the clause is not of this form.
    """
    words = [t.text.upper() for t in tokens]
    at = words.index("MODEL")
    source = _same_depth(tokens, at)
    listed: list[list[Token]] = []
    end = at + 1
    while end < len(words) and "MEASURES" not in words[at + 1 : end]:
        if words[end] == "(" and (words[end - 1] in ("PARTITION BY", "MEASURES") or words[end - 1] == "BY"):
            close = _close(tokens, end)
            listed.append(list(tokens[end + 1 : close]))
            end = close
        end += 1
    if source is None or "MEASURES" not in words[at:end]:
        return None
    close = _close(tokens, end)
    listed.append(list(tokens[end + 1 : close]))
    end = _behind_rules(tokens, words, close + 1)
    comma = dialect.tokenize(",")
    inner = dialect.tokenize("( SELECT")
    for position, items in enumerate(listed):
        inner += (comma if position else []) + items
    outer = dialect.tokenize(")")
    return [*tokens[: source + 1], *inner, *tokens[source:at], *outer, *tokens[end:]]


def _same_depth(tokens: Sequence[Token], at: int) -> int | None:
    """The FROM of the query that the token at `at` belongs to."""
    depth = 0
    for i in range(at - 1, -1, -1):
        kind = tokens[i].token_type
        depth += (kind == TokenType.R_PAREN) - (kind == TokenType.L_PAREN)
        if depth < 0:
            return None
        if depth == 0 and kind == TokenType.FROM:
            return i
    return None


def _behind_rules(tokens: Sequence[Token], words: Sequence[str], start: int) -> int:
    """The token after the rules, the first parentheses that no option takes."""
    i = start
    while i < len(words) and (words[i] in _OPTIONS or words[i] in ("SEQUENTIAL ORDER", "AUTOMATIC ORDER")):
        if words[i] in ("ITERATE", "UNTIL") and words[i + 1 : i + 2] == ["("]:
            i = _close(tokens, i + 1)
        i += 1
    return _close(tokens, i) + 1 if words[i : i + 1] == ["("] else i


def _close(tokens: Sequence[Token], start: int) -> int:
    """The parenthesis that closes the one at `start`."""
    depth = 0
    for i in range(start, len(tokens)):
        depth += (tokens[i].token_type == TokenType.L_PAREN) - (tokens[i].token_type == TokenType.R_PAREN)
        if depth == 0:
            return i
    return len(tokens) - 1
