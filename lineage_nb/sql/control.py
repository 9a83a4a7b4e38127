"""Blocks, branches and loops: their heads peeled off, their conditions and queries kept."""

from __future__ import annotations

from sqlglot import TokenType

from lineage_nb.sql.cutter import Cutter, close_of, find, split
from lineage_nb.sql.execution import run_execute
from lineage_nb.sql.extents import end_of_tsql

__all__ = [
    "begin",
    "branch",
    "case",
    "close",
    "else_",
    "for_loop",
    "forall",
    "label",
    "loop",
    "skip",
    "transaction",
    "until",
    "when",
    "while_",
]

_TRANSACTION = frozenset(
    {
        *(
            "TRAN",
            "TRANSACTION",
            "WORK",
            "ISOLATION",
            "READ",
            "DEFERRED",
            "IMMEDIATE",
            "EXCLUSIVE",
            "CONCURRENT",
        ),
        *("DISTRIBUTED", "NAME"),
    }
)
_THEN = frozenset({"THEN"})
_DO = frozenset({"DO", "LOOP"})
_FORALL = frozenset({";", "INSERT", "UPDATE", "DELETE", "MERGE", "EXECUTE"})
_KINDS_OF_END = frozenset(
    {"IF", "LOOP", "WHILE", "REPEAT", "FOR", "CASE", "TRY", "CATCH", "TRANSACTION", "WORK"}
)


def skip(cutter: Cutter) -> None:
    """Step over a statement that moves no data, but for its queries."""
    start = cutter.i
    cutter.i = cutter.end(start)
    cutter.subqueries(start, cutter.i)


def transaction(cutter: Cutter) -> None:
    """BEGIN, COMMIT or ROLLBACK of a transaction."""
    start = cutter.i
    cutter.i = cutter.end(start)
    cutter.statement(start, cutter.i)


def begin(cutter: Cutter) -> None:
    """BEGIN of a block or of a transaction."""
    i = cutter.i
    after = cutter.word(i + 1)
    ends = i + 1 == cutter.size or after == ";"
    if after in _TRANSACTION or (ends and not cutter.frames and cutter.kind not in ("tsql", "oracle")):
        transaction(cutter)
        return
    cutter.push("block", branch=cutter.conditional)
    cutter.i += 2 if after in ("TRY", "CATCH", "ATOMIC", "NOT") else 1
    if after == "NOT" and cutter.word(cutter.i) == "ATOMIC":
        cutter.i += 1
    if after == "ATOMIC" and cutter.word(cutter.i) == "WITH" and cutter.word(cutter.i + 1) == "(":
        cutter.i = close_of(cutter.text.words, cutter.i + 1, cutter.size) + 1


def close(cutter: Cutter) -> None:
    """END, with what it ends and the label."""
    i = cutter.i + 1
    if cutter.kind == "tsql":
        i += cutter.word(i) in ("TRY", "CATCH")
    else:
        i += cutter.word(i) in _KINDS_OF_END
        named = i < cutter.size and cutter.word(i) not in (";", "/", "(", "$$", "'")
        if named and cutter.word(i + 1) in (";", "", "/", "$$"):
            i += 1
    cutter.i = i
    if cutter.kind != "tsql" or cutter.frames:
        cutter.pop()


def branch(cutter: Cutter) -> None:
    """IF, ELSEIF and ELSIF with their conditions."""
    start = cutter.i
    then = -1 if cutter.kind == "tsql" else cutter.find_head(start + 1, _THEN)
    if then < 0:
        _bare_condition(cutter)
        return
    cutter.condition(start + 1, then)
    if cutter.word(start) == "IF":
        cutter.push("block", branch=True)
    cutter.i = then + 1


def _bare_condition(cutter: Cutter) -> None:
    """The condition of a T-SQL IF or WHILE, which the statement follows at once."""
    start = cutter.i
    cutter.i = max(end_of_tsql(cutter.text, start), start + 1)
    cutter.condition(start + 1, cutter.i)
    cutter.pending = True


def else_(cutter: Cutter) -> None:
    """ELSE, whose statement or branch follows."""
    cutter.i += 1
    cutter.pending = cutter.kind == "tsql"


def when(cutter: Cutter) -> None:
    """A branch of a CASE statement or an exception handler."""
    start = cutter.i
    then = cutter.find_head(start + 1, _THEN)
    if then < 0:
        skip(cutter)
        return
    cutter.condition(start + 1, then)
    cutter.i = then + 1


def case(cutter: Cutter) -> None:
    """CASE as a statement."""
    start = cutter.i
    when = cutter.find_head(start + 1, frozenset({"WHEN"}))
    if when < 0:
        skip(cutter)
        return
    cutter.condition(start + 1, when)
    cutter.push("block", branch=True)
    cutter.i = when


def while_(cutter: Cutter) -> None:
    """WHILE with its condition."""
    start = cutter.i
    do = -1 if cutter.kind == "tsql" else cutter.find_head(start + 1, _DO)
    if do < 0:
        _bare_condition(cutter)
        return
    cutter.condition(start + 1, do)
    cutter.push("block", branch=True)
    cutter.i = do + 1


def loop(cutter: Cutter) -> None:
    """LOOP or REPEAT, whose statements follow at once."""
    if cutter.word(cutter.i + 1) == "(":
        return
    cutter.push("block", branch=True)
    cutter.i += 1


def until(cutter: Cutter) -> None:
    """UNTIL with its condition, before END REPEAT."""
    start = cutter.i
    end = cutter.find_head(start + 1, frozenset({"END"}))
    if end < 0:
        skip(cutter)
        return
    cutter.condition(start + 1, end)
    cutter.i = end


def for_loop(cutter: Cutter) -> None:
    """FOR name IN query LOOP, FOR name AS query DO, FOREACH."""
    start = cutter.i
    body = cutter.find_head(start + 1, _DO)
    if body < 0 or body < start + 3:
        return
    cutter.i = body + 1
    cutter.push("block", branch=True)
    words, tokens = cutter.text.words, cutter.text.tokens
    source = find(words, start + 2, body, frozenset({"IN", "AS"})) + 1
    names = [tokens[a].text for a, _ in split(words, start + 1, max(source - 1, start + 2), frozenset({","}))]
    for name in names:
        cutter.declare(name)
    if cutter.word(source + 1) == "CURSOR":
        source = find(words, source, body, frozenset({"FOR"})) + 1
    source += cutter.word(source) == "REVERSE"
    if cutter.word(source) == "EXECUTE":
        run_execute(cutter, source, body)
    elif not cutter.query(source, body, cutter.fills(names, rows=True)):
        cutter.subqueries(source, body)
        _counted(cutter, names, source, body)


def _counted(cutter: Cutter, names: list[str], start: int, end: int) -> None:
    """The variable of a loop over a cursor that has a name, or over numbers."""
    tokens = cutter.text.tokens[start:end]
    named = len(tokens) == 1 or cutter.word(start + 1) == "("
    if named and tokens and tokens[0].token_type != TokenType.NUMBER:
        fill = cutter.fills(names, rows=True, of=tokens[0].text)
    else:
        fill = cutter.fills(names)._replace(adds=False, constant=True)
    cutter.emit(tokens, "assignment", fill)


def forall(cutter: Cutter) -> None:
    """FORALL of PL/SQL, which one statement follows."""
    start = cutter.i
    cutter.declare(cutter.text.tokens[min(start + 1, cutter.size - 1)].text)
    cutter.i = find(cutter.text.words, start + 1, cutter.size, _FORALL)


def label(cutter: Cutter) -> None:
    """Step over `<<label>>` and `label:`."""
    while True:
        i = cutter.i
        if cutter.word(i) == "<" and cutter.word(i + 1) == "<" and cutter.word(i + 3) == ">":
            cutter.i += 5
        elif cutter.word(i) == "<<" and cutter.word(i + 2) == ">>":
            cutter.i += 3
        elif cutter.word(i + 1) == ":" and (cutter.word(i).isidentifier() or cutter.word(i) == ""):
            cutter.i += 2
        else:
            return
