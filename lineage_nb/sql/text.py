"""The text of an expression, as it was written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel

__all__ = ["StatementText", "positions"]

_OPENING = frozenset((TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE))
_CLOSING = frozenset((TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE))
_ENDING = frozenset((TokenType.FROM, TokenType.INTO, TokenType.WHERE, TokenType.UNION, TokenType.ORDER_BY))
_LEADING = frozenset((TokenType.DISTINCT, TokenType.ALL))


class StatementText:
    """Finds what was written for a projection that has no name."""

    def __init__(self, tokens: Sequence[Token], source: str, dialect: Dialect) -> None:
        self._tokens = tokens
        self._source = source
        self._dialect = dialect
        self._starts: list[int] | None = None

    def of(self, node: exp.Expression) -> str:
        """Text of a projection; what the generator makes of it where it names no column."""
        if type(node) is exp.Literal and not node.args["is_string"]:
            return str(node.args["this"])
        counted = type(node) is exp.Count and type(node.args["this"]) is exp.Star
        if counted and self._dialect.NORMALIZE_FUNCTIONS == "upper":
            return "COUNT(*)"  # as the generator writes it, which takes longer than all else
        place = next(positions(node), None)
        text = self._projection(place) if place is not None else None
        if text is None:
            text = node.sql(dialect=self._dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)
        return " ".join(text.split())

    def _projection(self, place: int) -> str | None:
        if self._starts is None:
            self._starts = [t.start for t in self._tokens]
        index = bisect_right(self._starts, place) - 1
        select = self._select(index)
        if select is None:
            return None
        first = last = select + 1
        depth = 0
        for i in range(select + 1, len(self._tokens)):
            kind = self._tokens[i].token_type
            if depth == 0 and (kind == TokenType.COMMA or kind in _CLOSING or kind in _ENDING):
                if i > index:
                    break
                first = i + 1
            elif kind in _OPENING:
                depth += 1
            elif kind in _CLOSING:
                depth -= 1
            elif kind in _LEADING and i == first:
                first = i + 1
            last = i
        return self._source[self._tokens[first].start : self._tokens[last].end + 1] if first <= last else None

    def _select(self, index: int) -> int | None:
        """The SELECT whose projections the token at `index` stands in."""
        depth = 0
        for i in range(index, -1, -1):
            kind = self._tokens[i].token_type
            if kind in _CLOSING:
                depth += 1
            elif kind in _OPENING:
                depth = max(0, depth - 1)
            elif kind == TokenType.SELECT and depth == 0:
                return i
        return None


def positions(node: Any) -> Iterator[int]:
    """Where identifiers of the expression itself stand, queries inside it aside."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Identifier):
            start = node.meta.get("start")
            if start is not None:
                yield start
        elif not isinstance(node, exp.Query):
            stack.extend(node.iter_expressions())
