"""The tokens of a script, and what client programs understand in it that is no SQL.

Client programs have commands of their own: `DELIMITER`, backslash commands, rows of data after COPY. They are blanked
out of the text, character for character, so that offsets stay what they were.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlglot import Dialect, Token, Tokenizer, TokenType
from sqlglot.errors import TokenError

from lineage_nb.sql.result import Problem

__all__ = [
    "SEVERAL",
    "STRINGS",
    "Fill",
    "Piece",
    "Rows",
    "Text",
    "breaks",
    "family",
    "lexer",
    "of_dialect",
    "problem_at",
    "read_tokens",
    "text_of",
]

STRINGS = frozenset(
    {
        TokenType.STRING,
        TokenType.NATIONAL_STRING,
        TokenType.RAW_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.UNICODE_STRING,
        TokenType.BYTE_STRING,
    }
)
_STATEMENT_END = re.compile(r";[ \t]*\r?$", re.MULTILINE)
_EFFORT = 30
_DOLLAR = re.compile(r"\$\w*\$")
_COPY_DATA = re.compile(r"\s*copy\b.*\bfrom\s+stdin\b.*;\s*", re.IGNORECASE)
_FAMILIES = {
    "TSQL": "tsql",
    "MySQL": "mysql",
    "Postgres": "postgres",
    "Oracle": "oracle",
    "BigQuery": "bigquery",
    "Hive": "hive",
    "Snowflake": "snowflake",
    "SQLite": "sqlite",
}


class Fill(NamedTuple):
    """Variables that take the values of a query or an expression.

    Attributes
    ----------
    names : tuple of str
        In lower case and without ``@``, by the position of the columns they take.
    adds : bool
        Whether they may keep what they held: in a branch, or where the value is added to it.
    rows : bool
        Whether it is a cursor or loop variable, which takes all columns of one row after the other.
    of : str
        The cursor or variable whose values they take instead.
    known : bool
        False for a declaration without a value, which forgets what was held.
    constant : bool
        Whether the value reads nothing, whatever it is: a counter, a parameter.
    """

    names: tuple[str, ...]
    adds: bool = False
    rows: bool = False
    of: str = ""
    known: bool = True
    constant: bool = False

    @property
    def words(self) -> list[str]:
        """The words of its names: one that no statement has need not be followed."""
        return [word for name in self.names for word in name.split(".")]


SEVERAL = "\n;\n"
"""Between the tables of `Rows`."""


class Rows(NamedTuple):
    """Names that stand for rows of a table, in lower case: NEW and OLD of a trigger; the table, or each, as written."""

    names: frozenset[str]
    table: str


class Piece(NamedTuple):
    """One statement cut out of a script.

    Attributes
    ----------
    tokens : list of Token
        Its tokens without the semicolon; offsets refer to `source`.
    source : str
        The script, or the content of the dynamic SQL string or quoted body that it stands in.
    line : int
        Where it starts in the whole script, from 1.
    line_shift : int
        Add it to a token's line to get the line in the whole script.
    role : str
        ``statement``; ``condition`` (an expression whose subqueries are read); ``query`` (of a cursor, a loop or a
        variable); ``assignment`` (an expression that only fills variables).
    routine : str
        The procedure or function it stands in, ``""`` outside.
    variables : frozenset of str
        Names declared so far, in lower case and without ``@``: they are not columns.
    fill : Fill or None
        Which variables take what it gives.
    rows : Rows or None
        Of a trigger: what NEW and OLD are.
    """

    tokens: list[Token]
    source: str
    line: int
    line_shift: int = 0
    role: str = "statement"
    routine: str = ""
    variables: frozenset[str] = frozenset()
    fill: Fill | None = None
    rows: Rows | None = None

    @property
    def text(self) -> str:
        """The piece as written, from its first token to its last."""
        return self.source[self.tokens[0].start : self.tokens[-1].end + 1]


class Text(NamedTuple):
    """A text and its tokens.

    `words` holds each token's text in upper case: ``"'"`` for a string, ``""`` for a quoted name. `shift` is what is
    to be added to a token's line to get the line in the whole script.
    """

    source: str
    tokens: list[Token]
    words: list[str]
    shift: int = 0


def text_of(source: str, tokens: list[Token], shift: int = 0) -> Text:
    """Give each token its word."""
    words = [
        "'" if t.token_type in STRINGS else "" if t.token_type == TokenType.IDENTIFIER else t.text.upper()
        for t in tokens
    ]
    return Text(source, tokens, words, shift)


def family(dialect: Dialect) -> str:
    """Name the dialect whose scripting language `dialect` shares, ``""`` where none is known.

    Examples
    --------
    >>> family(Dialect.get_or_raise("redshift")), family(Dialect.get_or_raise("fabric"))
    ('postgres', 'tsql')
    """
    return _family(type(dialect))


@cache
def _family(kind: type[Dialect]) -> str:
    return next((_FAMILIES[cls.__name__] for cls in kind.__mro__ if cls.__name__ in _FAMILIES), "")


@lru_cache(maxsize=64)
def _commandless(cls: type[Tokenizer]) -> type[Tokenizer]:
    return type("Commandless", (cls,), {"COMMANDS": set()})


_made = threading.local()
_MOST_MADE = 64


def lexer(dialect: Dialect) -> Tokenizer:
    """A tokenizer of the dialect that never swallows a statement whole as an unread command; one for each thread."""
    made: Tokenizer = of_dialect(
        _made, dialect, lambda: _commandless(dialect.tokenizer_class)(dialect=dialect)
    )
    return made


def of_dialect(local: threading.local, dialect: Dialect, make: Callable[[], Any]) -> Any:
    """What a thread has made for a dialect; by identity, since a dialect's hash takes longer than the look-up."""
    made: dict[int, tuple[Dialect, Any]] = local.__dict__.setdefault("made", {})
    found = made.get(id(dialect))
    if found is None:
        if len(made) > _MOST_MADE:
            made.clear()
        found = made[id(dialect)] = (dialect, make())
    return found[1]


def breaks(text: str) -> int:
    """Count line breaks as the tokenizer does."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def problem_at(message: str, token: Token, shift: int = 0) -> Problem:
    """A problem that stands at a token."""
    return Problem(message, token.line + shift, max(token.col - (token.end - token.start), 1))


def _blank(text: str) -> str:
    return "".join(c if c in "\r\n" else " " for c in text)


def read_tokens(
    sql: str, dialect: Dialect, kind: str, tokens: list[Token] | None
) -> tuple[list[Token], list[Problem]]:
    """Tokens of a script, whatever can be read of it.

    Parameters
    ----------
    sql : str
        The script.
    dialect : Dialect
        Its dialect.
    kind : str
        The dialect's `family`.
    tokens : list of Token or None
        Its tokens if they are known already.

    Returns
    -------
    tuple
        Tokens whose offsets refer to `sql`, and what could not be read. Broken statements are left out, the others
        stay.
    """
    problems: list[Problem] = []
    tokenizer = lexer(dialect)
    text = sql
    tokens = _try(tokenizer, text) if tokens is None else tokens
    if kind == "mysql" and tokens and any(t.text.upper() == "DELIMITER" for t in tokens):
        text = _without_delimiters(text, tokens)
        tokens = _try(tokenizer, text)
    elif kind == "postgres" and "\\" in text:
        cleaned = _without_client_lines(text, tokens, problems)
        if cleaned != text:
            text, tokens = cleaned, _try(tokenizer, cleaned)
    if tokens is None:
        text = _without_broken(text, tokenizer, problems)
        tokens = _try(tokenizer, text)
    if tokens is None:
        problems.append(Problem("the text cannot be cut into words", 1, 1))
    return tokens or [], problems


def _try(tokenizer: Tokenizer, text: str) -> list[Token] | None:
    try:
        return tokenizer.tokenize(text)
    except TokenError:
        return None


def _without_delimiters(sql: str, tokens: list[Token]) -> str:
    """Put semicolons where MySQL's client sees the end of a statement."""
    parts: list[str] = []
    done, line, delimiter = 0, 0, ";"
    for token in tokens:
        if token.start < done or token.token_type in STRINGS or token.token_type == TokenType.IDENTIFIER:
            line = token.line
            continue
        if token.text.upper() == "DELIMITER" and token.line > line:
            end = sql.find("\n", token.start)
            end = len(sql) if end < 0 else end
            delimiter = sql[token.end + 1 : end].strip() or ";"
            parts += (sql[done : token.start], _blank(sql[token.start : end]))
            done = end
        elif delimiter != ";":
            found = sql.find(delimiter, token.start, max(token.end + 1, token.start + len(delimiter)))
            if found >= 0:
                parts += (sql[done:found], ";".ljust(len(delimiter)))
                done = found + len(delimiter)
        line = token.line
    parts.append(sql[done:])
    return "".join(parts)


def _without_client_lines(sql: str, tokens: list[Token] | None, problems: list[Problem]) -> str:
    """Blank psql's backslash commands and the rows that follow COPY … FROM STDIN."""
    known = None if tokens is None else {t.start for t in tokens if t.token_type == TokenType.BACKSLASH}
    parts: list[str] = []
    data, offset = False, 0
    for number, line in enumerate(sql.splitlines(keepends=True), 1):
        if data:
            data = line.rstrip() != "\\."
            parts.append(_blank(line))
        elif line.startswith("\\") and (known is None or offset in known):
            if line.rstrip() != "\\.":
                problems.append(Problem(f"client command {line.split()[0]} is not read", number, 1))
            parts.append(_blank(line))
        else:
            data = _COPY_DATA.fullmatch(line) is not None
            parts.append(line)
        offset += len(line)
    return "".join(parts)


def _chunks(sql: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _STATEMENT_END.finditer(sql):
        yield start, match.start() + 1
        start = match.start() + 1
    yield start, len(sql)


def _without_broken(sql: str, tokenizer: Tokenizer, problems: list[Problem]) -> str:
    """Blank the statements that hold an unterminated string or comment.

    The text is cut at semicolons that end a line. A string may hold such a semicolon, so a chunk that cannot be read
    alone is tried together with a few that follow, a quoted body with all up to its end.
    """
    rescue = _Rescue(sql, tokenizer)
    chunks = rescue.chunks
    parts: list[str] = []
    i, line = 0, 1
    while i < len(chunks):
        step = rescue.readable(i)
        start, end = chunks[i][0], chunks[i + max(step, 1) - 1][1]
        chunk = sql[start:end]
        if step:
            parts.append(chunk)
        else:
            lead = chunk[: len(chunk) - len(chunk.lstrip())]
            column = len(lead) - max(lead.rfind("\n"), lead.rfind("\r"))
            problems.append(
                Problem("unterminated string, quoted name or comment", line + breaks(lead), column)
            )
            keep = ";" if chunk.endswith(";") else ""
            parts += (_blank(chunk[: len(chunk) - len(keep)]), keep)
        line += breaks(chunk)
        i += max(step, 1)
    return "".join(parts)


class _Rescue:
    """Finds readable parts of a text that cannot be read as a whole, with bounded effort."""

    def __init__(self, sql: str, tokenizer: Tokenizer) -> None:
        self.sql = sql
        self.tokenizer = tokenizer
        self.chunks = list(_chunks(sql))
        self.effort = _EFFORT * len(sql)
        self.tags: dict[str, list[int]] = {}
        for match in _DOLLAR.finditer(sql):
            self.tags.setdefault(match.group(), []).append(match.start())

    def readable(self, i: int) -> int:
        """How many chunks from `i` on make a readable text, 0 for none."""
        start = self.chunks[i][0]
        for step in self._steps(i):
            if i + step > len(self.chunks):
                continue
            text = self.sql[start : self.chunks[i + step - 1][1]]
            self.effort -= len(text)
            if _try(self.tokenizer, text) is not None:
                return step
            if self.effort < 0:
                break
        return 0

    def _steps(self, i: int) -> list[int]:
        start, end = self.chunks[i]
        steps = [1, 2, 4, 8]
        tags = _DOLLAR.findall(self.sql, start, end)
        if tags and tags.count(tags[-1]) % 2:
            offsets = self.tags.get(tags[-1], [])
            k = bisect_left(offsets, end)
            if k < len(offsets):
                steps.append(bisect_right(self.chunks, offsets[k], key=lambda chunk: chunk[1]) - i + 1)
        return steps
