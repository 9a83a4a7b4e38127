"""Where the body of a procedure, function, trigger, package, task or event starts, and in which language it is."""

from __future__ import annotations

from lineage_nb.sql.cutter import MAX_DEPTH, Cutter, Value, close_of, find, split
from lineage_nb.sql.extents import STARTERS
from lineage_nb.sql.triggers import fired_on, row_of, rule

__all__ = ["ROUTINES", "routine", "routine_word"]

ROUTINES = frozenset({"PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "PACKAGE", "TASK", "EVENT", "RULE"})

_MODIFIERS = frozenset(
    {
        *(
            "OR",
            "REPLACE",
            "ALTER",
            "TEMP",
            "TEMPORARY",
            "SECURE",
            "EDITIONABLE",
            "NONEDITIONABLE",
            "DEFINER",
            "=",
        ),
        *("@", "AGGREGATE", "CONSTRAINT", "PRIVATE", "TRANSIENT", "'", "", "EXTERNAL", "(", ")", "%", "LIVE"),
    }
)
_LANGUAGES = frozenset({"SQL", "PLPGSQL", "PLSQL", "PL/SQL", "PLPGSQL_CHECK", "NZPLSQL", "TSQL"})
_BODY_START = frozenset({"BEGIN", "AS", "IS", "DECLARE", ";"})
_STATEMENTS = (STARTERS - {"EXECUTE", "WITH"}) | {
    "CALL",
    "REPLACE",
    "LOOP",
    "REPEAT",
    "CASE",
    "SIGNAL",
    "LEAVE",
}
_TYPE_WORDS = frozenset({"WITH", "WITHOUT", "PRECISION", "VARYING", "(", "[", "DEFAULT", "=", "%", "."})
_MODES = frozenset({"IN", "OUT", "INOUT", "VARIADIC"})
_COMMA = frozenset({","})


def routine_word(cutter: Cutter, i: int) -> int:
    """Find the word PROCEDURE, FUNCTION … of the CREATE, ALTER or REPLACE at `i`; -1 where it makes another thing."""
    for j in range(i + 1, min(i + 16, cutter.size)):
        word = cutter.word(j)
        if word in ROUTINES:
            kept = word in ("TASK", "EVENT") and cutter.word(i) == "ALTER"
            return -1 if kept or (word == "FUNCTION" and cutter.word(j - 1) == "TABLE") else j
        if word == "TYPE" and cutter.word(j + 1) == "BODY":
            return j
        if word not in _MODIFIERS and cutter.word(j - 1) not in ("@", "=", "DEFINER") and "@" not in word:
            return -1
    return -1


def routine(cutter: Cutter, start: int, at: int) -> bool:
    """Go to the body of a routine.

    Parameters
    ----------
    cutter : Cutter
        Stands at the first token of the statement; afterwards at the first of the body, or behind the statement.
    start : int
        First token of the statement.
    at : int
        The word PROCEDURE, FUNCTION, TRIGGER …

    Returns
    -------
    bool
        False if it has no body of statements and is to be read as a whole.
    """
    if cutter.word(at) == "RULE":
        return rule(cutter, start, at)
    what = "PACKAGE" if cutter.word(at) == "TYPE" else cutter.word(at)
    if cutter.word(at + 1) == "BODY":
        at += 1
    name, j = _name(cutter, at + 1)
    header = _Header(cutter, what, name, start)
    if cutter.word(j) == "(":
        close = close_of(cutter.text.words, j, cutter.size)
        header.parameters += _parameters(cutter, j + 1, close)
        j = close + 1
    return _body(header, j)


class _Header:
    """What the head of a routine tells."""

    __slots__ = ("cutter", "language", "name", "parameters", "start", "what")

    def __init__(self, cutter: Cutter, what: str, name: str, start: int) -> None:
        self.cutter = cutter
        self.what = what
        self.name = name
        self.start = start
        self.language = ""
        self.parameters: list[str] = ["new", "old"] if what == "TRIGGER" else []

    def enter(self, i: int, kind: str) -> bool:
        """Go on at the first token of the body."""
        cutter = self.cutter
        cutter.i = i
        cutter.known.clear()
        if cutter.kind == "tsql":
            cutter.forget()
        else:
            cutter.push(kind)
        if kind != "package":
            cutter.routine = self.name
        rows = row_of(cutter, self.start, i) if self.what == "TRIGGER" else None
        if rows is not None:
            cutter.rows[self.name] = rows
            self.parameters += sorted(rows.names.difference(self.parameters)) if cutter.kind != "tsql" else []
        for parameter in self.parameters:
            cutter.declare(parameter)
        self.give(cutter.routine)
        return True

    def give(self, routine: str) -> None:
        """Say that the parameters hold values from outside the script."""
        cutter = self.cutter
        if self.parameters and self.what != "TRIGGER":
            fill = cutter.fills(self.parameters)._replace(adds=False, constant=True)
            outside, cutter.routine = cutter.routine, routine
            cutter.emit(cutter.text.tokens[self.start : self.start + 1], "assignment", fill)
            cutter.routine = outside


def _name(cutter: Cutter, j: int) -> tuple[str, int]:
    """The dotted name at `j`, and the token after it."""
    while cutter.word(j) in ("IF", "NOT", "EXISTS"):
        j += 1
    parts = []
    while j < cutter.size:
        parts.append(cutter.text.tokens[j].text)
        if cutter.word(j + 1) != ".":
            break
        j += 2
    return ".".join(parts), j + 1


def _parameters(cutter: Cutter, start: int, end: int) -> list[str]:
    """Names in a list of parameters; types that stand without a name are none."""
    names = []
    for a, b in split(cutter.text.words, start, end, _COMMA):
        while a < b and (cutter.word(a) in _MODES or cutter.word(a) == "@"):
            a += 1
        at = cutter.word(a - 1) == "@"
        if a < b and (at or (a + 1 < b and cutter.word(a + 1) not in _TYPE_WORDS)):
            names.append(cutter.text.tokens[a].text)
    return names


def _body(header: _Header, j: int) -> bool:
    """Find where the body starts, from the token after the parameters."""
    cutter = header.cutter
    depth = 0
    while j < cutter.size:
        word, before = cutter.word(j), cutter.word(j - 1)
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        elif word == ";":
            return _bodyless(header, j)
        elif depth > 0:
            pass
        elif word == "LANGUAGE":
            header.language = (
                cutter.word(j + 1) if cutter.word(j + 1) != "'" else cutter.text.tokens[j + 1].text.upper()
            )
        elif cutter.kind == "tsql":
            if word in ("CREATE", "GO"):
                return False
            if _is_tsql_body(header, j):
                return _enter_tsql(header, j + 1)
        elif word in ("AS", "IS") and header.what != "TRIGGER" and before not in ("EXECUTE", "EXEC"):
            return _after_as(header, j, "package" if header.what == "PACKAGE" else "routine")
        elif _is_body(header, word, before):
            skip = 1 if header.what == "EVENT" and word == "DO" else 0
            return header.enter(j + skip, "routine" if word in ("DECLARE", "BEGIN") else "single")
        j += 1
    return False


def _is_body(header: _Header, word: str, before: str) -> bool:
    """Whether a word of the head is the first of the body."""
    if header.what == "EVENT":
        return word == "DO"
    if header.what == "TASK":
        return False
    if word == "BEGIN":
        return True
    if header.what == "TRIGGER":
        each = before in ("ROW", "STATEMENT", ")") or header.cutter.kind != "mysql"
        return word == "DECLARE" or (header.cutter.kind == "mysql" and each and word in _STATEMENTS)
    if header.cutter.kind != "mysql" or header.what != "PROCEDURE":
        return False
    return word in _STATEMENTS and before not in ("READS", "MODIFIES", "CONTAINS")


def _is_tsql_body(header: _Header, j: int) -> bool:
    """Whether an AS is the one before the body; names of parameters on the way are noted."""
    cutter = header.cutter
    if cutter.word(j) == "@":
        header.parameters.append(cutter.text.tokens[j + 1].text if j + 1 < cutter.size else "")
        return False
    return (
        cutter.word(j) == "AS" and cutter.word(j - 1) not in ("EXECUTE", "EXEC") and cutter.word(j - 2) != "@"
    )


def _enter_tsql(header: _Header, j: int) -> bool:
    return header.cutter.word(j) != "EXTERNAL" and header.enter(j, "routine")


def _bodyless(header: _Header, end: int) -> bool:
    """A declaration of a routine that stands elsewhere ends at `end`."""
    cutter = header.cutter
    if cutter.word(header.start) in ("PROCEDURE", "FUNCTION"):
        cutter.i = end
        return True
    if header.language and header.language not in _LANGUAGES:
        _foreign(header, end)
        return True
    return False


def _foreign(header: _Header, end: int) -> None:
    message = (
        f"{header.what.lower()} {header.name} is written in {header.language.lower()}, which is not read"
    )
    header.cutter.problem(message, header.start)
    header.cutter.i = end


def _after_as(header: _Header, j: int, kind: str) -> bool:
    """Decide by what follows AS: a quoted body, a bare one, or an expression."""
    cutter = header.cutter
    after = cutter.word(j + 1)
    if after == "'":
        return _quoted_body(header, j + 1)
    if header.language and header.language not in _LANGUAGES:
        end = find(cutter.text.words, j, cutter.size, frozenset({";"}))
        _foreign(header, end)
        return True
    if (header.what == "FUNCTION" and after in ("(", "SELECT", "WITH")) or after in (
        "RETURN",
        "LANGUAGE",
        "EXTERNAL",
    ):
        return False
    if header.what == "TASK":
        return header.enter(j + 1, "single")
    return header.enter(j + 1 + (after == "$$"), kind)


def _quoted_body(header: _Header, j: int) -> bool:
    """Cut the body that is a string, once the clauses after it told its language."""
    cutter = header.cutter
    end = j + 1
    while end < cutter.size and cutter.word(end) != ";":
        if cutter.word(end) == "LANGUAGE" and end + 1 < cutter.size:
            header.language = cutter.text.tokens[end + 1].text.upper()
        end += 1
    if header.language and header.language not in _LANGUAGES:
        _foreign(header, end)
        return True
    token = cutter.text.tokens[j]
    value = Value(token.text, (), cutter.line_of(j))
    if cutter.level >= MAX_DEPTH or len(token.text) > cutter.budget.characters:
        cutter.problem("bodies are nested too deep or too long", j)
        cutter.i = end
        return True
    names = cutter.names
    if "TRIGGER" in cutter.text.words[header.start : j]:  # RETURNS TRIGGER
        header.parameters += ["new", "old"]
        rows = fired_on(cutter, header.name)
        if rows is not None:
            cutter.rows[header.name] = rows
    cutter.names = [*names, *(p.lower() for p in header.parameters)]
    pieces = cutter.nested(cutter, value, header.name, header.what == "FUNCTION")
    cutter.names = names
    if pieces:
        header.give(header.name)
    cutter.pieces += pieces
    cutter.i = end
    return bool(pieces) or header.what != "FUNCTION"
