"""A script cut into the statements it holds, control flow peeled off, so that one bad statement never hides the others."""

from __future__ import annotations

from sqlglot import Dialect, Token, TokenType
from sqlglot.errors import TokenError

from lineage_nb.sql.cutter import Budget, Cutter, Value
from lineage_nb.sql.extents import STARTERS
from lineage_nb.sql.procedural import cut
from lineage_nb.sql.result import Problem
from lineage_nb.sql.routines import ROUTINES
from lineage_nb.sql.tokens import Piece, family, lexer, read_tokens, text_of

__all__ = ["Piece", "pieces"]

_LEAST_BUDGET = 1_000_000
_PLAIN = frozenset(
    {
        *(
            TokenType.SELECT,
            TokenType.WITH,
            TokenType.INSERT,
            TokenType.UPDATE,
            TokenType.DELETE,
            TokenType.MERGE,
        ),
        *(TokenType.L_PAREN, TokenType.TRUNCATE, TokenType.DROP, TokenType.CREATE),
    }
)
_HEAD = 16
_BODIES = frozenset({"BEGIN", "DECLARE", "RETURN", *STARTERS})


def pieces(sql: str, dialect: Dialect) -> tuple[list[Piece], list[Problem]]:
    """Cut a script into its statements.

    Parameters
    ----------
    sql : str
        One statement, a script, or the definition of routines.
    dialect : Dialect
        The dialect it is written in.

    Returns
    -------
    tuple of list of Piece and list of Problem
        The statements in their order, those in routines and in dynamic SQL where they stand; and what could not be
        read, with line and column.

    Examples
    --------
    >>> found, _ = pieces("IF x > 1 THEN INSERT INTO t SELECT 1; END IF; SELECT 2", Dialect.get_or_raise("mysql"))
    >>> [piece.text for piece in found]
    ['INSERT INTO t SELECT 1', 'SELECT 2']
    """
    kind = family(dialect)
    try:
        tokens = lexer(dialect).tokenize(sql)
    except TokenError:
        tokens = None
    if tokens is not None and kind != "tsql":
        size = _one_statement(sql, tokens, kind)
        if size >= 0:
            return ([Piece(tokens[:size], sql, tokens[0].line)] if size else []), []
    tokens, problems = read_tokens(sql, dialect, kind, tokens)
    budget = Budget(max(_LEAST_BUDGET, 4 * len(sql)))
    cutter = Cutter(text_of(sql, tokens), dialect, kind, budget, _nested, problems=problems)
    cut(cutter)
    return cutter.pieces, cutter.problems


def _one_statement(sql: str, tokens: list[Token], kind: str) -> int:
    """Number of tokens of a text that is one plain statement; -1 where it may be more than that."""
    size = len(tokens)
    while size and tokens[size - 1].token_type == TokenType.SEMICOLON:
        size -= 1
    if not size:
        return 0
    first = tokens[0].token_type
    if first not in _PLAIN or (kind == "mysql" and "@" in sql) or (kind == "oracle" and "/" in sql):
        return -1
    if sql.count(";") > len(tokens) - size and any(
        t.token_type == TokenType.SEMICOLON for t in tokens[:size]
    ):
        return -1
    if first == TokenType.CREATE:
        head = {t.text.upper() for t in tokens[:_HEAD]}
        return -1 if "TYPE" in head or not ROUTINES.isdisjoint(head) else size
    return size


def _nested(outer: Cutter, value: Value, routine: str, function: bool) -> list[Piece]:
    """Cut a text that stands in another; of a function's body only if it is of statements."""
    outer.budget.characters -= len(value.text)
    tokens, problems = read_tokens(value.text, outer.dialect, outer.kind, None)
    shift = value.line - 1
    outer.problems += [p._replace(line=p.line + shift) for p in problems]
    text = text_of(value.text, tokens, shift)
    if function and (not text.words or text.words[text.words[0] == "("] not in _BODIES):
        return []
    inner = Cutter(
        text, outer.dialect, outer.kind, outer.budget, _nested, routine, list(outer.names), outer.level + 1
    )
    inner.rows = outer.rows
    cut(inner)
    outer.problems += inner.problems
    return inner.pieces
