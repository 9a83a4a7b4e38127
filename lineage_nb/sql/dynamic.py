"""SQL that a script puts together as text and then runs, as far as the text itself tells what it is.

Literals, their concatenation and variables that hold such are followed; nothing else is evaluated. What stays unknown
becomes a ``?``, and a statement is kept only if each ``?`` stands where a value stands.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import product

from sqlglot import Token, TokenType

from lineage_nb.sql.cutter import MAX_DEPTH, Cutter, Value, close_of, find, split
from lineage_nb.sql.tokens import STRINGS, Piece

__all__ = ["UNKNOWN", "assign", "run", "values_of"]

UNKNOWN = "dynamic SQL cannot be known from the text"

_MAX_TEXT = 1_000_000
_MAX_TOKENS = 2_000
_MAX_NESTING = 20
_MAX_VALUES = 8
_CONCATENATION = frozenset({"||", "+"})
_COMMA = frozenset({","})
_FORMAT = re.compile(r"%(?:(\d+)\$)?[-+ #0',]*\d*(?:\.\d+)?([a-zA-Z%])")
_SAME = frozenset(
    {"TRIM", "LTRIM", "RTRIM", "TO_CHAR", "STR", "STRING", "TO_VARCHAR", "QUOTE_IDENT", "COALESCE"}
)
_SPACE = Value(" ")
_OPERATORS = frozenset(
    {"=", "<", ">", "<=", ">=", "<>", "!=", "+", "-", "*", "/", "||", "LIKE", "BETWEEN", "LIMIT", "TOP"}
)
_NO_FUNCTION = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "USING", ",", ".", "VIEW"})


def values_of(cutter: Cutter, start: int, end: int, depth: int = 0) -> tuple[Value, ...]:
    """The texts an expression may give; several where a variable was set on a condition.

    Parameters
    ----------
    cutter : Cutter
        Knows the tokens and the values of variables.
    start, end : int
        The expression's tokens.
    depth : int, default 0
        How deep it stands in parentheses.

    Returns
    -------
    tuple of Value
        At least one; a single hole where nothing is known.
    """
    hole = (Value("?", (0,), cutter.line_of(start) if start < cutter.size else 1),)
    if start >= end or end - start > _MAX_TOKENS or depth > _MAX_NESTING:
        return hole
    parts = []
    for a, b in split(cutter.text.words, start, end, _CONCATENATION):
        parts.append(_term(cutter, a, b, depth) or hole)
    return _concatenated(parts) or hole


def _concatenated(parts: list[tuple[Value, ...]]) -> tuple[Value, ...]:
    size = 1
    for part in parts:
        size *= len(part)
        if size > _MAX_VALUES:
            return ()
    joined = dict.fromkeys(_join(combination) for combination in product(*parts))
    return () if any(len(v.text) > _MAX_TEXT for v in joined) else tuple(joined)


def _join(values: tuple[Value, ...]) -> Value:
    if len(values) == 1:
        return values[0]
    offset, holes = 0, []
    for value in values:
        holes += [offset + hole for hole in value.holes]
        offset += len(value.text)
    if offset > _MAX_TEXT:
        return Value("?", (0,), values[0].line)
    return Value("".join(v.text for v in values), tuple(holes), values[0].line)


def _term(cutter: Cutter, start: int, end: int, depth: int) -> tuple[Value, ...]:
    """Values of an operand, none where it is unknown."""
    words, tokens = cutter.text.words, cutter.text.tokens
    if start >= end:
        return ()
    token = tokens[start]
    if end - start == 1:
        if token.token_type in STRINGS:
            return (Value(token.text, (), cutter.line_of(start)),)
        if token.token_type == TokenType.NUMBER:
            return (Value(token.text, (), cutter.line_of(start)),)
        return cutter.known.get(token.text.lower(), ())
    if end - start == 2:
        return cutter.known.get(tokens[end - 1].text.lower(), ()) if words[start] in ("@", ":", "$") else ()
    if words[start] == "(" and close_of(words, start, end) == end - 1:
        return values_of(cutter, start + 1, end - 1, depth + 1)
    if words[start + 1] == "(" and close_of(words, start + 1, end) == end - 1:
        return _call(cutter, words[start], start + 2, end - 1, depth + 1)
    return ()


def _call(cutter: Cutter, name: str, start: int, end: int, depth: int) -> tuple[Value, ...]:
    """Values of a call of a function that makes texts."""
    spans = split(cutter.text.words, start, end, _COMMA)
    first = spans[0]
    if name == "CONCAT":
        return _concatenated([values_of(cutter, a, b, depth) for a, b in spans[:_MAX_TOKENS]])
    if name == "FORMAT":
        return _formatted(cutter, spans, depth)
    if name in ("CAST", "TRY_CAST"):
        return values_of(cutter, start, find(cutter.text.words, start, end, frozenset({"AS"})), depth)
    if name in ("CONVERT", "TRY_CONVERT") and len(spans) > 1:
        return values_of(cutter, *spans[1], depth)
    if name in ("CHAR", "CHR", "NCHAR"):
        return (_SPACE,) if cutter.word(start) in ("9", "10", "13", "32") else ()
    if name == "QUOTENAME":
        return _concatenated([(Value("["),), values_of(cutter, *first, depth), (Value("]"),)])
    if name in ("QUOTE_LITERAL", "QUOTE_NULLABLE"):
        return tuple(_quoted(v) for v in values_of(cutter, *first, depth))
    return values_of(cutter, *first, depth) if name in _SAME else ()


def _quoted(value: Value) -> Value:
    return value if value.holes else Value("'" + value.text.replace("'", "''") + "'", (), value.line)


def _formatted(cutter: Cutter, spans: list[tuple[int, int]], depth: int) -> tuple[Value, ...]:
    """Values of format('… %s …', a, b), of PostgreSQL and BigQuery alike."""
    pattern = values_of(cutter, *spans[0], depth)[0]
    if pattern.holes:
        return ()
    parts: list[tuple[Value, ...]] = []
    done, following = 0, 1
    for match in _FORMAT.finditer(pattern.text):
        parts.append((Value(pattern.text[done : match.start()], (), pattern.line),))
        done = match.end()
        letter = match.group(2)
        if letter == "%":
            parts.append((Value("%"),))
            continue
        position = int(match.group(1)[:6]) if match.group(1) else following
        following = position + 1
        found = (
            values_of(cutter, *spans[position], depth) if 0 < position < len(spans) else (Value("?", (0,)),)
        )
        parts.append(tuple(_quoted(v) for v in found) if letter in "LT" else found)
    parts.append((Value(pattern.text[done:], (), pattern.line),))
    return _concatenated(parts)


def assign(cutter: Cutter, name: str, start: int, end: int, *, append: bool = False) -> None:
    """Note what a variable may hold after an assignment.

    Parameters
    ----------
    cutter : Cutter
        Takes the note.
    name : str
        The variable, without ``@``.
    start, end : int
        The tokens of the expression.
    append : bool, default False
        Whether the value is added to what the variable holds (``+=``).
    """
    name = name.lower()
    values = values_of(cutter, start, end)
    before = cutter.known.get(name, ())
    if append:
        values = _concatenated([before or (Value("?", (0,)),), values]) or (Value("?", (0,)),)
    if (cutter.branches or cutter.conditional) and before:
        values = tuple(dict.fromkeys(before + values))
    if len(values) > _MAX_VALUES:
        values = (Value("?", (0,)),)
    cutter.known[name] = values


def run(cutter: Cutter, start: int, end: int, at: int) -> None:
    """Cut the SQL that an expression gives, in the place where it is run.

    Parameters
    ----------
    cutter : Cutter
        Takes the pieces and problems.
    start, end : int
        The tokens of the expression.
    at : int
        The token where a problem is said to be.
    """
    for value in values_of(cutter, start, end):
        if value.text == "?" and value.holes:
            cutter.problem(UNKNOWN, at)
            continue
        if cutter.level >= MAX_DEPTH or len(value.text) > cutter.budget.characters:
            cutter.problem("dynamic SQL is nested too deep or too long", at)
            continue
        pieces = cutter.nested(cutter, value, cutter.routine, False)
        kept = [p for p in pieces if _holds(p, value)]
        cutter.pieces += kept
        if len(kept) < len(pieces) or (value.holes and not pieces):
            cutter.problem(UNKNOWN, at)


def _holds(piece: Piece, value: Value) -> bool:
    """Whether a piece has nothing unknown but values."""
    if not value.holes or piece.source is not value.text or piece.role == "assignment":
        return True
    tokens = piece.tokens
    ends = [t.end for t in tokens]
    first = bisect_left(value.holes, tokens[0].start)
    for hole in value.holes[first:]:
        if hole > tokens[-1].end:
            break
        k = bisect_left(ends, hole)
        token = tokens[k]
        if token.start > hole or token.token_type in STRINGS:
            continue
        if token.token_type != TokenType.PLACEHOLDER or not _is_value(value.text, tokens, k):
            return False
    return True


def _is_value(text: str, tokens: list[Token], k: int) -> bool:
    """Whether the placeholder at token `k` stands where only a value can stand."""
    token = tokens[k]
    after = text[token.end + 1 : token.end + 2]
    before = text[token.start - 1 : token.start] if token.start else ""
    if not k or _glued(before) or _glued(after) or after == "(":
        return False
    word = tokens[k - 1].text.upper()
    if word in _OPERATORS:
        return True
    if word == "AND":
        return any(t.text.upper() == "BETWEEN" for t in tokens[max(k - 6, 0) : k])
    return word in ("(", ",") and _in_arguments(tokens, k)


def _glued(char: str) -> bool:
    return char.isalnum() or (char in ("_", "$", "#", "@", ".", "?", "]", "[") and char != "")


def _in_arguments(tokens: list[Token], k: int) -> bool:
    """Whether a token stands in the parentheses of a function, IN or VALUES."""
    depth = 0
    for j in range(k - 1, max(k - 200, 0), -1):
        kind = tokens[j].token_type
        if kind == TokenType.R_PAREN:
            depth += 1
        elif kind == TokenType.L_PAREN:
            if depth == 0:
                name = tokens[j - 1].text.upper()
                if name in ("IN", "VALUES"):
                    return tokens[j + 1].text.upper() not in ("SELECT", "WITH")
                before = tokens[j - 2].text.upper() if j > 1 else ""
                return tokens[j - 1].token_type == TokenType.VAR and before not in _NO_FUNCTION
            depth -= 1
    return False
