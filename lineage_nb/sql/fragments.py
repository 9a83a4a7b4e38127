"""The text of what a statement puts into a column, without its literals and comments: what may be stored of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect

from lineage_nb.sql.redact import DOUBTFUL, TEXTS
from lineage_nb.sql.text import positions

__all__ = ["MOST", "Fragments"]

MOST: Final = 300
"""Characters of a fragment; what is longer ends in …"""

_OPENING: Final = frozenset((TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE))
_CLOSING: Final = frozenset((TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END))
_ENDING: Final = frozenset(
    kind
    for name in ["FROM", "INTO", "WHERE", "UNION", "INTERSECT", "ORDER_BY", "GROUP_BY", "HAVING", "QUALIFY", "LIMIT", "FETCH", "WHEN", "RETURNING", "SEMICOLON"]
    if (kind := getattr(TokenType, name, None)) is not None
)
_LISTS: Final = frozenset((TokenType.SET, TokenType.VALUES))
_TURNING: Final = _OPENING | _CLOSING | _ENDING | _LISTS | {TokenType.SELECT, TokenType.COMMA}
_QUOTES: Final = "\"`["
Span = tuple[int, int, bool]
"""Number of an item's first token, of its last one (-1: not read yet), and whether it is the first behind SELECT."""
_VALUED: Final = re.compile(r"['=<>@]|^[\W\d]*$")
_PLAIN: Final = re.compile(r"\w+")
_LOOSE: Final = ("Dialect", "SQLite", "TSQL", "Fabric")
"""Dialects in which ``"…"`` may be a string, though it is read as a name."""


class Fragments:
    """Finds what was written for the projections, assignments and inserted values of one statement.

    Parameters
    ----------
    tokens, source
        Of the statement; offsets of the tokens refer to `source`.
    dialect
        Tells strings from names.
    """

    def __init__(self, tokens: Sequence[Token], source: str, dialect: Dialect) -> None:
        self._tokens = tokens
        self._source = source
        self._dialect = dialect
        self._lists: _Lists | None = None
        self._places: dict[int, int] = {}
        self._read = 0

    def of(self, item: exp.Expression) -> str | None:
        """Text of an item: literals as ``'?'`` and ``0``, white space as one space, at most `MOST` characters.

        None where it cannot be told which part of the statement it is, or what of it is a literal.
        """
        if type(item) is exp.Star and not any(item.args.values()):
            return "*"
        place = next(positions(item), None)
        span = self._span(place) if place is not None else None
        return None if span is None else self._text(*span)

    def _span(self, place: int) -> Span | None:
        """The innermost item around the token that begins at a place; reads on until its end."""
        if self._lists is None:
            self._lists = _Lists()
            if type(self._dialect) is Dialect:
                first, last = self._tokens[0].start, self._tokens[-1].end
                if DOUBTFUL.search(self._source[first : last + 1]):
                    self._read = len(self._tokens)
        spans, places, read = self._lists.spans, self._places, self._lists.take
        while True:
            item = places.get(place)
            if item is not None and (item < 0 or spans[item][1] >= 0):
                return spans[item] if item >= 0 else None
            if self._read >= len(self._tokens):
                self._lists.end(self._read)
                return spans[item] if item is not None else None
            token = self._tokens[self._read]
            item = read(self._read, token.token_type)
            start = token.start
            places[start] = -1 if start in places else item
            self._read += 1

    def _text(self, first: int, last: int, chosen: bool) -> str | None:
        if chosen:
            first = self._behind_words(first, last)
        parts: list[str] = []
        length, end = 0, self._tokens[first].start if first <= last else 0
        for token in self._tokens[first : last + 1]:
            if token.start < end and parts:
                continue  # 10L is three tokens in one place
            if token.token_type is TokenType.HINT:
                continue
            told = self._told(token)
            if told is None:
                return None
            gap = " " if parts and token.start > end else ""
            length += len(gap) + len(told)
            if length > MOST - 1:
                return "".join(parts)[: MOST - 1].rstrip() + "…"
            parts += (gap, told)
            end = token.end + 1
        return "".join(parts) or None

    def _told(self, token: Token) -> str | None:
        """What is kept of a token; None where its place does not hold its text."""
        kind, raw, text = token.token_type, self._source[token.start : token.end + 1], token.text
        if kind in TEXTS:
            return "'?'"
        if raw == text and raw.isidentifier():
            return raw
        if kind is TokenType.NUMBER or raw[:1].isdigit():
            return "0"
        if kind is TokenType.IDENTIFIER and raw[:1] and raw[0] in _QUOTES:
            loose = raw[0] == '"' and type(self._dialect).__name__ in _LOOSE
            if _VALUED.search(text) or (loose and not _PLAIN.fullmatch(text)):
                return '"?"'
            return " ".join(raw.split())
        if "'" in raw or '"' in raw:
            return None
        said = " ".join(raw.split())
        return said if said.upper() == " ".join(text.split()).upper() else None

    def _behind_words(self, first: int, last: int) -> int:
        """Where the first projection begins behind DISTINCT ON (…), TOP (n), AS STRUCT and hints."""
        tokens = self._tokens
        while first < last:
            word, after = tokens[first].text.upper(), tokens[first + 1]
            if word == "AS" and after.text.upper() in ("STRUCT", "VALUE"):
                first += 2
            elif word == "TOP" and (after.token_type in (TokenType.NUMBER, TokenType.L_PAREN)):
                first = self._behind_group(first + 1, last)
            elif word in ("DISTINCT", "ALL") or tokens[first].token_type is TokenType.HINT:
                first += 1
                if word == "DISTINCT" and after.text.upper() == "ON" and first < last:
                    first = self._behind_group(first + 1, last)
            else:
                break
        return first

    def _behind_group(self, first: int, last: int) -> int:
        """Behind one token, or what is in parentheses."""
        depth = 0
        for i in range(first, last + 1):
            kind = self._tokens[i].token_type
            depth += (kind in _OPENING) - (kind in _CLOSING)
            if depth <= 0:
                return i + 1
        return last


class _Lists:
    """Lists of items that are open at a token: of SELECT, SET and VALUES, the innermost last."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.item = -1
        self._depth = 0
        self._rows: int | None = None  # depth at which VALUES stands
        self._before: Any = None
        self._open: list[tuple[int, int]] = []  # depth, number of its item

    def take(self, i: int, kind: Any) -> int:
        """Take in the next token; gives the number of the innermost item that it belongs to, or -1."""
        if kind in _TURNING and not (kind is TokenType.FROM and self._before is TokenType.DISTINCT):
            self._turn(i, kind)
        elif self._rows == self._depth:
            self._rows = None
        self._before = kind
        return self.item

    def _begin(self, i: int, chosen: bool) -> None:
        self.item = len(self.spans)
        self.spans.append((i + 1, -1, chosen))
        self._open.append((self._depth, self.item))

    def _finish(self, i: int) -> None:
        _, item = self._open.pop()
        first, _, chosen = self.spans[item]
        self.spans[item] = (first, i - 1, chosen)
        self.item = self._open[-1][1] if self._open else -1

    def _turn(self, i: int, kind: Any) -> None:
        """Take in a token that may begin or end an item."""
        inside = bool(self._open) and self._open[-1][0] == self._depth
        if kind in _OPENING:
            self._depth += 1
            if self._rows is not None and self._depth == self._rows + 1:
                self._begin(i, False)
        elif kind in _CLOSING:
            self._depth -= 1
            while self._open and self._open[-1][0] > self._depth:
                self._finish(i)
        elif kind is TokenType.COMMA:
            if inside:
                self._finish(i)
                self._begin(i, False)
        elif kind is TokenType.SELECT:
            if inside:
                self._finish(i)
            self._begin(i, True)
        elif kind in _LISTS:
            if kind is TokenType.VALUES and not self._open:
                self._rows = self._depth
            elif not self._open:
                self._begin(i, False)
        elif inside:
            self._finish(i)

    def end(self, count: int) -> None:
        """Close what is open behind the last token."""
        while self._open:
            self._finish(count)
