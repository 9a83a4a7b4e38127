"""Where a statement ends: at its semicolon, and in T-SQL also where the next one starts."""

from __future__ import annotations

from sqlglot import Token

from lineage_nb.sql.tokens import Text

__all__ = ["STARTERS", "alone_on_line", "end_of_statement", "end_of_tsql"]

STARTERS = frozenset(
    {
        *("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "TRUNCATE", "CREATE", "ALTER", "DROP"),
        *(
            "DECLARE",
            "SET",
            "EXEC",
            "EXECUTE",
            "IF",
            "WHILE",
            "BEGIN",
            "RETURN",
            "PRINT",
            "RAISERROR",
            "THROW",
        ),
        *("BREAK", "CONTINUE", "GOTO", "USE", "COMMIT", "ROLLBACK", "SAVE", "OPEN", "CLOSE", "FETCH"),
        *(
            "DEALLOCATE",
            "GRANT",
            "REVOKE",
            "DENY",
            "WAITFOR",
            "BULK",
            "DBCC",
            "REVERT",
            "COPY",
            "RENAME",
            "GO",
        ),
        "UPDATE STATISTICS",
    }
)
"""Words that start a T-SQL statement."""

_EXPECTING = frozenset(
    {
        *(
            ",",
            ".",
            "=",
            "+",
            "-",
            "/",
            "%",
            "<",
            ">",
            "<=",
            ">=",
            "<>",
            "!=",
            "||",
            "&",
            "|",
            "^",
            "(",
            "::",
        ),
        *("SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "ON", "JOIN", "AS", "IN", "LIKE", "BETWEEN", "INTO"),
        *("HAVING", "BY", "GROUP BY", "ORDER BY", "PARTITION BY", "THEN", "WHEN", "UNION", "ALL", "EXCEPT"),
        *("INTERSECT", "FOR", "USING", "WITH", "DISTINCT", "TOP", "APPLY", "CASE", "IS", "EXISTS"),
        *("INSERT", "UPDATE", "MERGE", "GRANT", "REVOKE", "DENY", "CREATE", "ALTER", "DROP", "BULK", "OF"),
        *("TABLE", "VIEW", "TRIGGER", "INSTEAD", "AFTER", "INNER", "LEFT", "RIGHT", "OUTER"),
        *("FULL", "CROSS", "EXEC", "EXECUTE"),
    }
)
"""Words after which a T-SQL statement cannot be complete: what follows is part of it."""

_PARTS = frozenset({"COLUMN", "CONSTRAINT", "PERIOD", "INDEX", "IF", "PARTITION", "DATABASE", "SERVER"})
_CLOSERS = frozenset({";", "", "IF", "LOOP", "WHILE", "REPEAT", "FOR", "CASE", "$$", "/"})
_MARKS = frozenset({";", "CASE", "END", "/"})
_MARKS_TSQL = STARTERS | {"(", ")", ";", "CASE", "END", "ELSE", "VALUES", "TO", "FROM"}
_LOOSE = frozenset(
    {",", ".", "AS", "SELECT", "(", "=", "+", "-", "*", "||", "BY", "AND", "OR", "ON", "WHERE", "BETWEEN"}
)


def alone_on_line(tokens: list[Token], i: int) -> bool:
    """Tell whether a token stands on a line of its own."""
    line = tokens[i].line
    return (i == 0 or tokens[i - 1].line < line) and (i + 1 == len(tokens) or tokens[i + 1].line > line)


def end_of_statement(text: Text, start: int, *, block: bool, slash: bool) -> int:
    """Find the end of a statement where semicolons are required.

    Parameters
    ----------
    text : Text
        The text.
    start : int
        Its first token.
    block : bool
        Whether it stands in a block, whose END ends it even if the semicolon was forgotten.
    slash : bool
        Whether a slash on a line of its own ends it, as in SQL*Plus.

    Returns
    -------
    int
        The token after its last one.
    """
    words = text.words
    cases = 0
    size = len(words)
    for j in range(start, size):
        word = words[j]
        if word not in _MARKS:
            continue
        if word == ";":
            return j
        if word == "/":
            if slash and alone_on_line(text.tokens, j):
                return j
        elif j > start and words[j - 1] in _LOOSE and (word == "END" or words[j - 1] in (".", "AS")):
            continue
        elif word == "CASE":
            cases += 1
        elif cases:
            cases -= 1
        elif block and j > start and (words[j + 1] if j + 1 < size else "") in _CLOSERS:
            return j
    return size


def end_of_tsql(text: Text, start: int) -> int:
    """Find the end of a T-SQL statement, or of the condition of an IF or WHILE.

    Parameters
    ----------
    text : Text
        The text.
    start : int
        Its first token.

    Returns
    -------
    int
        The token after its last one.
    """
    words = text.words
    scan = _Scan(words[start])
    size = len(words)
    for j in range(start + 1, size):
        word = words[j]
        if word not in _MARKS_TSQL:
            continue
        if word == ";":
            return j
        if word == "(":
            scan.depth += 1
            if scan.depth == 1 and scan.body_missing and j + 1 < size and words[j + 1] in ("SELECT", "WITH"):
                scan.body_missing = False
        elif word == ")":
            scan.depth -= 1
        elif word == "GO":
            if _is_batch_end(text.tokens, j):
                return j
        elif scan.depth <= 0 and scan.ends_at(words, j):
            return j
    return size


def _is_batch_end(tokens: list[Token], j: int) -> bool:
    line = tokens[j].line
    after = j + 1
    if after < len(tokens) and tokens[after].line == line and tokens[after].text.isdigit():
        after += 1
    return tokens[j - 1].line < line and (after >= len(tokens) or tokens[after].line > line)


class _Scan:
    """What is still open in a T-SQL statement.

    `kind` is its first word, after a WITH that of its main statement; `body_missing` holds while an INSERT waits for
    its rows, `set_missing` while an UPDATE or ALTER waits for its SET.
    """

    __slots__ = ("body_missing", "cases", "depth", "kind", "set_missing")

    def __init__(self, kind: str) -> None:
        self.depth = self.cases = 0
        self.become(kind)

    def become(self, kind: str) -> None:
        self.kind = kind
        self.body_missing = kind == "INSERT"
        self.set_missing = kind in ("UPDATE", "ALTER")

    def ends_at(self, words: list[str], j: int) -> bool:
        """Whether the statement is over before token `j`, a mark outside parentheses."""
        word, before = words[j], words[j - 1]
        after = words[j + 1] if j + 1 < len(words) else ""
        if word == "CASE":
            self.cases += before != "."
            return False
        if word in ("END", "ELSE"):
            if before in (".", "AS"):
                return False
            if self.cases:
                self.cases -= word == "END"
                return False
            return True
        if word == "VALUES":
            self.body_missing = False
            return False
        if word in ("TO", "FROM"):
            if self.kind in ("GRANT", "REVOKE", "DENY"):
                self.kind = "GRANTED"
            return False
        return not self.cases and not self.continues(words, j, word, before, after)

    def continues(self, words: list[str], j: int, word: str, before: str, after: str) -> bool:
        """Whether a starting word is part of the statement."""
        if self.kind in ("GRANT", "REVOKE", "DENY"):
            return True
        if before in _EXPECTING and not (before == "ON" and self.kind in ("SET", "ALTER") and after != "SET"):
            if before == "AS" and word in ("SELECT", "WITH"):
                self.become(word)
            return True
        if self.kind == "WITH" and word in ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"):
            self.become(word)
            return True
        if word in ("SELECT", "EXEC", "EXECUTE"):
            if self.body_missing:
                self.body_missing = False
                return True
            return word == "SELECT" and before == "RETURN"
        if word == "SET":
            missing, self.set_missing = self.set_missing, False
            return missing or (before == "DELETE" and words[j - 2] == "ON")
        return _is_clause(self.kind, word, before, after, words, j)


def _is_clause(kind: str, word: str, before: str, after: str, words: list[str], j: int) -> bool:
    """Whether a word that may start a statement is a clause of one of this kind, by its neighbours."""
    if word == "WITH":
        cte = words[j + 2 : j + 4] == ["AS", "("]
        return before == "RETURN" or not cte
    if word == "IF":
        k = j + 1 + (after == "NOT")
        exists = k + 1 < len(words) and words[k] == "EXISTS" and words[k + 1] != "("
        return exists and kind in ("DROP", "ALTER", "CREATE")
    if word == "FETCH":
        return before in ("ROW", "ROWS")
    if word in ("ALTER", "DROP"):
        return kind == "ALTER" and after in _PARTS
    if word == "UPDATE":
        return after == "(" and kind == "IF"
    if word == "MERGE":
        return after == "JOIN"
    if word == "TRUNCATE":
        return after != "TABLE"
    return word in ("COPY", "RENAME", "BULK", "GO", "THROW") and (
        before == "." or after in ("", ",", ")", "=", ".")
    )
