"""The state of cutting one text: where it stands, which blocks are open, which names are declared, what was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlglot import Dialect, Token, TokenType

from lineage_nb.sql.extents import end_of_statement, end_of_tsql
from lineage_nb.sql.result import Problem
from lineage_nb.sql.tokens import Fill, Piece, Rows, Text, breaks, problem_at

__all__ = ["MAX_DEPTH", "QUERY", "Budget", "Cutter", "Frame", "Value", "close_of", "find", "queries", "split"]

MAX_DEPTH = 4
"""How deep SQL texts may stand in SQL texts."""

QUERY = frozenset({"SELECT", "WITH"})
_VAIN = 4


class Value(NamedTuple):
    """A text that is known but for `holes`: offsets where a ``?`` stands for what is not known."""

    text: str
    holes: tuple[int, ...] = ()
    line: int = 1


class Frame(NamedTuple):
    """An open block.

    `kind` is ``block``; ``declare``, ``routine`` or ``package`` for declarations that a BEGIN follows; ``single``
    where one statement is the whole body. The others are what to go back to at its end.
    """

    kind: str
    routine: str
    names: int
    branch: bool


@dataclass(slots=True)
class Budget:
    """How many more characters of dynamic SQL are read in this script, and names put into sets."""

    characters: int
    names: int = 500_000


@dataclass(slots=True)
class Cutter:
    """Cuts one text; `i` is the token it stands at.

    `known` holds the values a text variable may have; `pending` tells that the next statement is run on a condition.
    `nested` cuts another text, which stands within this one.
    """

    text: Text
    dialect: Dialect
    kind: str
    budget: Budget
    nested: Callable[[Cutter, Value, str, bool], list[Piece]]
    routine: str = ""
    names: list[str] = field(default_factory=list)
    level: int = 0
    i: int = 0
    frames: list[Frame] = field(default_factory=list)
    branches: int = 0
    pending: bool = False
    conditional: bool = False
    known: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    prepared: set[str] = field(default_factory=set)
    pieces: list[Piece] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    vain: int = 0
    filled: set[str] = field(default_factory=set)
    rows: dict[str, Rows] = field(default_factory=dict)
    _variables: frozenset[str] = frozenset()
    _stale: bool = True

    @property
    def size(self) -> int:
        """Number of tokens."""
        return len(self.text.tokens)

    def word(self, i: int) -> str:
        """Word of a token, ``""`` past the end."""
        words = self.text.words
        return words[i] if 0 <= i < len(words) else ""

    def end(self, start: int) -> int:
        """The token after the last of the statement that starts at `start`."""
        if self.kind == "tsql":
            end = end_of_tsql(self.text, start)
        else:
            end = end_of_statement(self.text, start, block=bool(self.frames), slash=self.kind == "oracle")
        return max(end, start + 1)

    def find_head(self, start: int, wanted: frozenset[str]) -> int:
        """Find the word that ends a condition (THEN, DO, LOOP …) before the next semicolon; -1 if there is none.

        The steps of vain searches are counted, so that a hostile text cannot make many long ones.
        """
        words = self.text.words
        if self.vain > _VAIN * len(words):
            return -1
        cases = depth = 0
        j = start
        for j in range(start, len(words)):
            word = words[j]
            if word == ";":
                break
            if word in wanted and not cases and depth <= 0:
                return j
            if word == "(":
                depth += 1
            elif word == ")":
                depth -= 1
            elif word == "CASE":
                cases += 1
            elif word == "END" and cases:
                cases -= 1
        self.vain += j - start
        return -1

    def declare(self, name: str) -> None:
        """Note the name of a variable, parameter or cursor."""
        self.names.append(name.lower())
        self._stale = True

    def forget(self, count: int = 0) -> None:
        """Drop all names but the first `count`."""
        if count < len(self.names):
            del self.names[count:]
            self._stale = True

    @property
    def variables(self) -> frozenset[str]:
        """The names declared so far."""
        # A set for each of very many declarations would take quadratic room: then the newest may be missing.
        if self._stale and (self.budget.names > 0 or len(self.names) > 2 * len(self._variables)):
            self.budget.names -= len(self.names)
            self._variables = frozenset(self.names)
            self._stale = False
        return self._variables

    def push(self, kind: str, *, branch: bool = False) -> None:
        """Open a block; declarations that wait for their BEGIN become it."""
        top = self.frames[-1] if self.frames else None
        if kind == "block" and top and top.kind != "block":
            self.frames[-1] = top._replace(kind="block")
            return
        self.frames.append(Frame(kind, self.routine, len(self.names), branch))
        self.branches += branch

    def pop(self) -> None:
        """Close a block."""
        if not self.frames:
            return
        frame = self.frames.pop()
        self.branches -= frame.branch
        self.routine = frame.routine
        if self.kind != "tsql":
            self.forget(frame.names)

    def problem(self, message: str, i: int) -> None:
        """Note a problem at a token."""
        self.problems.append(problem_at(message, self.text.tokens[i], self.text.shift))

    def line_of(self, i: int) -> int:
        """Line in the whole script where a token starts."""
        token = self.text.tokens[i]
        line = token.line + self.text.shift
        return line - breaks(self.text.source[token.start : token.end + 1]) if self.word(i) == "'" else line

    def emit(self, tokens: list[Token], role: str = "statement", fill: Fill | None = None) -> None:
        """Add a piece."""
        if not tokens:
            return
        source, shift = self.text.source, self.text.shift
        line = tokens[0].line + shift
        rows = self.rows.get(self.routine) if self.routine else None
        if rows is not None and self.kind == "oracle":  # :new.a is new.a
            behind = [t.text.lower() for t in tokens[1:]] + [""]
            tokens = [t for t, after in zip(tokens, behind, strict=True) if t.text != ":" or after not in rows.names]
        variables = self.variables if role != "assignment" else frozenset()
        self.pieces.append(Piece(tokens, source, line, shift, role, self.routine, variables, fill, rows))

    def fills(self, names: Iterable[str], *, append: bool = False, rows: bool = False, of: str = "") -> Fill:
        """How variables are filled at this place."""
        lower = tuple(name.lower() for name in names)
        self.filled.update(lower)
        adds = append or bool((self.branches or self.conditional) and not rows)
        return Fill(lower, adds, rows, of.lower())

    def statement(self, start: int, end: int) -> None:
        """Add the tokens as a statement, in the form that the parser expects of commands."""
        tokens = self.text.tokens[start:end]
        if not tokens:
            return
        commands = self.dialect.tokenizer_class.COMMANDS
        first = tokens[0]
        if first.token_type == TokenType.REPLACE and first.token_type in commands:
            tokens[0] = _retyped(first, TokenType.INSERT)
        elif first.token_type in commands and len(tokens) > 1:
            rest = self.text.source[first.end + 1 : tokens[-1].end + 1].strip()
            last = tokens[-1]
            tokens = [first, Token(TokenType.STRING, rest, last.line, last.col, tokens[1].start, last.end)]
        self.emit(tokens)

    def query(self, start: int, end: int, fill: Fill | None = None) -> bool:
        """Add a query that may stand in parentheses; tell whether there is one."""
        words = self.text.words
        start, end = _stripped(words, start, end)
        if start < end and (words[start] in QUERY or words[start] == "("):
            if words[start] == "(" and not any(w in QUERY for w in words[start:end]):
                return False
            self.emit(self.text.tokens[start:end], "query", fill)
            return True
        return False

    def condition(self, start: int, end: int) -> None:
        """Add an expression if it reads tables."""
        if not QUERY.isdisjoint(self.text.words[start:end]):
            self.emit(self.text.tokens[start:end], "condition")

    def subqueries(self, start: int, end: int) -> None:
        """Add each query in parentheses."""
        for a, b in queries(self.text.words, start, end):
            self.query(a, b)


def _retyped(token: Token, kind: TokenType) -> Token:
    return Token(kind, token.text, token.line, token.col, token.start, token.end, token.comments)


def _stripped(words: list[str], start: int, end: int) -> tuple[int, int]:
    """A span without the parentheses around all of it."""
    first, last = start, end
    while first < end and words[first] == "(":
        first += 1
    while last > first and words[last - 1] == ")":
        last -= 1
    depth = lowest = first - start
    for j in range(first, last):
        if words[j] == "(":
            depth += 1
        elif words[j] == ")":
            depth -= 1
            lowest = min(lowest, depth)
    layers = max(min(first - start, end - last, lowest), 0)
    return start + layers, end - layers


def close_of(words: list[str], start: int, end: int) -> int:
    """Index of the parenthesis that closes the one at `start`, `end` if none does."""
    depth = 0
    for j in range(start, end):
        if words[j] == "(":
            depth += 1
        elif words[j] == ")":
            depth -= 1
            if not depth:
                return j
    return end


def queries(words: list[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of the outermost queries in parentheses, without those."""
    if QUERY.isdisjoint(words[start:end]):
        return
    j = start
    while j < end:
        if words[j] == "(" and j + 1 < end and words[j + 1] in QUERY:
            close = close_of(words, j, end)
            yield j + 1, close
            j = close
        j += 1


def find(words: list[str], start: int, end: int, wanted: frozenset[str]) -> int:
    """First of the `wanted` words outside parentheses and CASE expressions, `end` if there is none."""
    depth = cases = 0
    for j in range(start, end):
        word = words[j]
        if word in wanted and depth <= 0 and not cases:
            return j
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        elif word == "CASE":
            cases += 1
        elif word == "END" and cases:
            cases -= 1
    return end


def split(words: list[str], start: int, end: int, separators: frozenset[str]) -> list[tuple[int, int]]:
    """Cut a span at separators outside parentheses and CASE expressions."""
    spans = []
    while True:
        j = find(words, start, end, separators)
        spans.append((start, j))
        if j >= end:
            return spans
        start = j + 1
