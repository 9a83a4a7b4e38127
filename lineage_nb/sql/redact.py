"""SQL without its values: what may be stored where the statement itself may not."""

from __future__ import annotations

import re

import polars as pl
from sqlglot import Dialect, TokenType
from sqlglot.errors import SqlglotError

__all__ = ["DOUBTFUL", "TEXTS", "redact", "redact_series"]

_TEXT = "'?'"
_TEXT_NAMES = (
    "BIT_STRING",
    "BYTE_STRING",
    "HEREDOC_STRING",
    "HEX_STRING",
    "NATIONAL_RAW_STRING",
    "NATIONAL_STRING",
    "RAW_STRING",
    "STRING",
    "UNICODE_STRING",
)
TEXTS = frozenset(
    token_type for name in _TEXT_NAMES if (token_type := getattr(TokenType, name, None)) is not None
)
_OPENS_TEXT = re.compile(r"['\"`#]|--|/\*|//|\{#|\$\w*\$")
_LITERAL = re.compile(r"\w{0,3}&?['\"$]|0[xXbB]")
_DIGITS = re.compile(r"\d+")
DOUBTFUL = re.compile(r"\\['\"`]|(?:^|\s)#")  # strings and comments of some dialects, not of others


def _find(dialect: str | None) -> Dialect:
    try:
        return Dialect.get_or_raise((dialect or "").lower())
    except ValueError:
        return Dialect()


def _redact_blindly(text: str) -> str:
    """Keep what stands before the first quote or comment, without its digits: from there on, nothing is certain."""
    opening = _OPENS_TEXT.search(text)
    code = text[: opening.start()] if opening else text
    return _DIGITS.sub("0", code) + (_TEXT if opening else "")


def _blank(gap: str) -> str:
    """What is left of the text between two tokens, which may hold comments: its line breaks, else a space."""
    if not gap or gap.isspace():
        return gap
    return "\n" * gap.count("\n") or " "


def redact(sql: str, dialect: str | None = None) -> str:
    r"""Replace every literal and drop every comment, so that no value is left.

    Strings of every notation become ``'?'`` and numbers ``0``: what parsed before, parses after. Names stay, quoted
    ones too.

    Parameters
    ----------
    sql : str
        One or more statements.
    dialect : str, optional
        sqlglot's name of the dialect. Without it, text that dialects read differently is cut off.

    Returns
    -------
    str
        The text without values. A text that is no SQL is kept up to its first quote or comment, digits as ``0``.

    Examples
    --------
    >>> redact('SELECT "Name 1" FROM t2 WHERE age > 42 AND mail = \'jo@example.org\' -- Jo', "postgres")
    'SELECT "Name 1" FROM t2 WHERE age > 0 AND mail = \'?\' '
    >>> redact("SELECT 'unfinished business")
    "SELECT '?'"
    """
    found = _find(dialect)
    if type(found) is Dialect and DOUBTFUL.search(sql):
        return _redact_blindly(sql)
    try:
        tokens = found.tokenize(sql)
    except SqlglotError:
        return _redact_blindly(sql)
    parts: list[str] = []
    end = 0
    for token in tokens:
        if token.start < end:
            continue  # 10L is three tokens in one place
        gap, raw = sql[end : token.start], sql[token.start : token.end + 1]
        if token.token_type in TEXTS and not _LITERAL.match(raw):
            # After SHOW, CALL … the rest of the statement is one string, whose start is not where it says.
            parts.append(_redact_blindly(gap + raw))
        elif token.token_type in TEXTS:
            parts += [_blank(gap), _TEXT]
        elif token.token_type is TokenType.NUMBER and sql[token.start - 1 : token.start] != "$":
            parts += [_blank(gap), "0." if raw.endswith(".") else "0"]
        else:
            parts += [_blank(gap), raw]
        end = token.end + 1
    parts.append(_blank(sql[end:]))
    return "".join(parts)


def redact_series(statements: pl.Series, dialect: str | None = None) -> pl.Series:
    """Redact each statement of a column, equal ones once.

    Parameters
    ----------
    statements : polars.Series of String
        SQL texts; null stays null.
    dialect : str, optional
        sqlglot's name of the dialect.

    Returns
    -------
    polars.Series of String
        The texts without values.

    Examples
    --------
    >>> redact_series(pl.Series(["SELECT 12", None])).to_list()
    ['SELECT 0', None]
    """
    texts = statements.cast(pl.String).drop_nulls().unique()
    redacted = pl.Series([redact(text, dialect) for text in texts], dtype=pl.String)
    known = pl.DataFrame({"statement": texts, "redacted": redacted})
    frame = pl.DataFrame({"statement": statements.cast(pl.String)})
    return frame.join(known, on="statement", how="left", maintain_order="left")["redacted"].alias(
        statements.name
    )
