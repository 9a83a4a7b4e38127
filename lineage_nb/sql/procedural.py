"""Control flow peeled off: blocks, branches, loops, declarations and assignments of the scripting languages.

One pass from statement to statement; open blocks are a list, so depth costs no stack.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import Token, TokenType

from lineage_nb.sql import control, execution
from lineage_nb.sql.cutter import Cutter, close_of, find, split
from lineage_nb.sql.declarations import declaration, declare, for_query, let, set_variables
from lineage_nb.sql.dynamic import assign
from lineage_nb.sql.extents import STARTERS, alone_on_line
from lineage_nb.sql.routines import routine, routine_word

__all__ = ["cut"]

_MEMBERS = ("MEMBER", "STATIC", "CONSTRUCTOR", "MAP", "ORDER", "OVERRIDING", "FINAL", "INSTANTIABLE")
_SKIPPED = (
    *(
        "CLOSE",
        "LEAVE",
        "ITERATE",
        "BREAK",
        "CONTINUE",
        "EXIT",
        "GOTO",
        "RAISE",
        "RAISERROR",
        "THROW",
    ),
    *(
        "PRINT",
        "SIGNAL",
        "RESIGNAL",
        "NULL",
        "DEALLOCATE",
        "SAVE",
        "SAVEPOINT",
        "RELEASE",
        "REVERT",
        "WAITFOR",
        "ASSERT",
    ),
    *("DEALLOCATE PREPARE", "LANGUAGE"),
)

_CLIENT = frozenset(
    {"PROMPT", "SPOOL", "WHENEVER", "REM", "REMARK", "ACCEPT", "PAUSE", "QUIT", "CLEAR", "TTITLE"}
)
_AFTER_HANDLER = STARTERS | {";", "CALL", "SIGNAL", "RESIGNAL", "LEAVE", "CASE", "REPLACE"}
_NOT_CLIENT = frozenset({"ROLE", "TRANSACTION", "CONSTRAINT", "CONSTRAINTS"})
_AFTER_PROJECTIONS = frozenset(
    {"FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "OPTION", "UNION", "UNION ALL", "FOR"}
)
_COMPOUND = frozenset({"+", "-", "*", "/", "%", "&", "|", "^"})
_AFTER_TARGET = frozenset({"TEMP", "TEMPORARY", "TABLE", "UNLOGGED", "OUTFILE", "DUMPFILE"})


def cut(cutter: Cutter) -> None:
    """Cut the whole text into pieces.

    Parameters
    ----------
    cutter : Cutter
        Takes the pieces and the problems.
    """
    while cutter.i < cutter.size:
        top = cutter.frames[-1] if cutter.frames else None
        single = top if top and top.kind == "single" else None
        cutter.conditional, cutter.pending = cutter.pending, False
        control.label(cutter)
        start = cutter.i
        if start >= cutter.size:
            break
        handler = _HANDLERS.get(cutter.word(start))
        if handler:
            handler(cutter)
        if cutter.i <= start:
            _other(cutter)
        cutter.i = max(cutter.i, start + 1)
        if single is not None and cutter.frames and cutter.frames[-1] is single:
            cutter.pop()


def _other(cutter: Cutter) -> None:
    """A declaration, an assignment without a keyword, or a statement."""
    i = cutter.i
    word = cutter.word(i)
    end = cutter.end(cutter.i)
    if (
        cutter.frames
        and cutter.frames[-1].kind in ("declare", "routine", "package")
        and _declares(cutter, i, end)
    ):
        cutter.i = end
        declaration(cutter, i, end)
        return
    if cutter.kind == "oracle" and word in _CLIENT:
        _client_line(cutter)
        return
    sign = (
        find(cutter.text.words, i + 1, min(i + 10, end), frozenset({":="})) if cutter.kind != "tsql" else end
    )
    if sign < min(i + 10, end):
        cutter.i = end
        _assigned(cutter, sign, end)
        return
    if cutter.frames and cutter.frames[-1].kind != "block":
        _leave_declarations(cutter)
    if cutter.word(i + 1) == "=" and cutter.text.tokens[i].token_type == TokenType.VAR:
        cutter.i = end
        _assigned(cutter, i + 1, end)
        return
    cutter.i = end
    _emit(cutter, i, end)


def _leave_declarations(cutter: Cutter) -> None:
    while cutter.frames and cutter.frames[-1].kind == "declare":
        cutter.pop()


def _declares(cutter: Cutter, i: int, end: int) -> bool:
    word = cutter.word(i)
    return end > i + 1 and word not in STARTERS and word not in ("CALL", "(", "REPLACE", "VALUES", "FROM") and cutter.word(i + 1) != "."


def _assigned(cutter: Cutter, sign: int, end: int) -> None:
    tokens, at = cutter.text.tokens, sign - 1
    name = tokens[at].text
    while at >= 2 and tokens[at - 1].text == ".":
        at -= 2
        name = f"{tokens[at].text}.{name}"
    for_query(cutter, (name,), sign + 1, end)


def _emit(cutter: Cutter, start: int, end: int) -> None:
    """Add a statement; in a block RETURNING … INTO names variables."""
    if cutter.frames and "RETURNING" in cutter.text.words[start:end]:
        tokens = cutter.text.tokens
        at = find(cutter.text.words, start, end, frozenset({"RETURNING"}))
        into = find(cutter.text.words, at, end, frozenset({"INTO", "BULK COLLECT INTO"}))
        if into < end:
            after = _targets_end(cutter, into, end)
            cutter.emit(tokens[start:into] + tokens[after:end])
            return
    cutter.statement(start, end)


def _skip_word(cutter: Cutter) -> None:
    cutter.i += 1


def _client_line(cutter: Cutter) -> None:
    line = cutter.text.tokens[cutter.i].line
    while cutter.i < cutter.size and cutter.text.tokens[cutter.i].line == line:
        cutter.i += 1


def _slash(cutter: Cutter) -> None:
    if alone_on_line(cutter.text.tokens, cutter.i):
        cutter.i += 1


def _go(cutter: Cutter) -> None:
    if cutter.kind != "tsql":
        return
    line = cutter.text.tokens[cutter.i].line
    cutter.i += 1
    if (
        cutter.i < cutter.size
        and cutter.text.tokens[cutter.i].line == line
        and cutter.word(cutter.i).isdigit()
    ):
        cutter.i += 1
    while cutter.frames:
        cutter.pop()
    cutter.routine = ""
    cutter.forget()
    cutter.known.clear()


def _create(cutter: Cutter) -> None:
    start = cutter.i
    at = routine_word(cutter, start)
    if at >= 0:
        _leave_declarations(cutter)
        if routine(cutter, start, at):
            return
        cutter.i = start


def _local_routine(cutter: Cutter) -> None:
    """A procedure or function declared in a block or package."""
    start = cutter.i
    if not routine(cutter, start, start):
        cutter.i = start
        control.skip(cutter)


def _member(cutter: Cutter) -> None:
    if cutter.frames and cutter.frames[-1].kind == "package":
        cutter.i += 1


def _select(cutter: Cutter) -> None:
    """A query; INTO in a block names variables."""
    start = cutter.i
    end = cutter.i = cutter.end(start)
    _leave_declarations(cutter)
    words, tokens = cutter.text.words, cutter.text.tokens
    if cutter.kind == "tsql":
        _note_assignments(cutter, start, end)
        names, kept = _tsql_targets(cutter, start, end)
        if names:
            cutter.emit(kept, "query", cutter.fills(names))
        else:
            cutter.statement(start, end)
        return
    if cutter.kind == "mysql" and ":=" in words[start:end]:
        names, kept = _mysql_targets(cutter, start, end)
        if any(names):
            cutter.emit(kept, "statement", cutter.fills(names))
            return
    into = find(words, start, end, frozenset({"INTO", "BULK COLLECT INTO"}))
    target = cutter.word(into + 1)
    if into >= end or target in _AFTER_TARGET or not (_in_block(cutter) or target[:1] in ("@", ":")):
        cutter.statement(start, end)
        return
    after = _targets_end(cutter, into, end)
    fill = cutter.fills(_targets(cutter, into, after))
    into -= words[into - 2 : into] == ["BULK", "COLLECT"] and 2
    cutter.emit(tokens[start:into] + tokens[after:end], "query", fill)


def _in_block(cutter: Cutter) -> bool:
    return bool(cutter.frames) or bool(cutter.routine)


def _targets_end(cutter: Cutter, into: int, end: int) -> int:
    """The token after the variables that follow INTO."""
    words = cutter.text.words
    j = into + 1 + (cutter.word(into + 1) == "STRICT")
    while j < end:
        while j < end and words[j] in (":", "@", "$"):
            j += 1
        j += 1
        while j < end and words[j] in (".", "("):
            j = j + 2 if words[j] == "." else close_of(words, j, end) + 1
        if j >= end or words[j] != ",":
            return min(j, end)
        j += 1
    return end


def _targets(cutter: Cutter, into: int, end: int) -> list[str]:
    """Names of the variables between INTO and `end`, a field of a row with its dot."""
    words, tokens = cutter.text.words, cutter.text.tokens
    names = []
    for a, b in split(words, into + 1 + (cutter.word(into + 1) == "STRICT"), end, frozenset({","})):
        parts = []
        for j in range(a, b):
            if words[j] == "(":
                break
            if words[j] not in (":", "@", "$", "."):
                parts.append(tokens[j].text)
        names.append(".".join(parts))
    return names


def _fetch(cutter: Cutter) -> None:
    """FETCH: variables take the next row of a cursor."""
    start = cutter.i
    end = cutter.i = cutter.end(start)
    words, tokens = cutter.text.words, cutter.text.tokens
    into = find(words, start, end, frozenset({"INTO", "BULK COLLECT INTO"}))
    if into + 1 >= end:
        return
    cursor = into - 1 - 2 * (words[into - 2 : into] == ["BULK", "COLLECT"])
    fill = cutter.fills(_targets(cutter, into, _targets_end(cutter, into, end)), of=tokens[cursor].text)
    cutter.emit(tokens[start:end], "assignment", fill)


def _tsql_targets(cutter: Cutter, start: int, end: int) -> tuple[list[str], list[Token]]:
    """Variables that a T-SQL SELECT assigns, and its tokens without them; no names where it gives rows."""
    words, tokens = cutter.text.words, cutter.text.tokens
    first = start + 1
    while words[first : first + 1] in (["DISTINCT"], ["ALL"]):
        first += 1
    if cutter.word(first) == "TOP":
        first += 1
        first = close_of(words, first, end) + 1 if cutter.word(first) == "(" else first + 1
    names: list[str] = []
    kept = tokens[start:first]
    stop = find(words, first, end, _AFTER_PROJECTIONS)
    for a, b in split(words, first, stop, frozenset({","})):
        sign = a + 2 + (cutter.word(a + 2) in _COMPOUND)
        if cutter.word(a) != "@" or cutter.word(sign) != "=" or sign >= b:
            return [], []
        names.append(tokens[a + 1].text)
        kept += tokens[a - 1 : a] if len(names) > 1 else []
        kept += tokens[a:sign] if sign > a + 2 else []  # @v += x is @v + x
        kept += tokens[sign + 1 : b]
    return names, kept + tokens[stop:end]


def _mysql_targets(cutter: Cutter, start: int, end: int) -> tuple[list[str], list[Token]]:
    """``SELECT @a := x, y``: variables by position, "" where a value goes into none, and the tokens without them."""
    words, tokens = cutter.text.words, cutter.text.tokens
    stop = find(words, start + 1, end, _AFTER_PROJECTIONS)
    names: list[str] = []
    kept = tokens[start : start + 1]
    for a, b in split(words, start + 1, stop, frozenset({","})):
        kept += tokens[a - 1 : a] if names else []
        filled = words[a : a + 1] == ["@"] and words[a + 2 : a + 3] == [":="]
        names.append(tokens[a + 1].text if filled else "")
        kept += tokens[a + 3 * filled : b]
    return names, kept + tokens[stop:end]


def _note_assignments(cutter: Cutter, start: int, end: int) -> None:
    """SELECT @v = text, of T-SQL."""
    words = cutter.text.words
    if cutter.word(start + 1) != "@" or find(words, start, end, frozenset({"FROM"})) < end:
        return
    for a, b in split(words, start + 1, end, frozenset({","})):
        if words[a] == "@" and cutter.word(a + 2) == "=":
            assign(cutter, cutter.text.tokens[a + 1].text, a + 3, b)


def _declare(cutter: Cutter) -> None:
    i = cutter.i
    if "HANDLER" in cutter.text.words[i + 1 : i + 4]:
        cutter.i = next(
            (j for j in range(i + 4, cutter.size) if cutter.word(j) in _AFTER_HANDLER), cutter.size
        )
        return
    cutter.i = cutter.end(i)
    declare(cutter, i, cutter.i)


def _set(cutter: Cutter) -> None:
    i = cutter.i
    _leave_declarations(cutter)
    if cutter.kind == "oracle" and not cutter.frames and cutter.word(i + 1) not in _NOT_CLIENT:
        _client_line(cutter)
        return
    cutter.i = cutter.end(i)
    set_variables(cutter, i, cutter.i)


def _let(cutter: Cutter) -> None:
    i = cutter.i
    cutter.i = cutter.end(i)
    let(cutter, i, cutter.i)


_HANDLERS: dict[str, Callable[[Cutter], None]] = {
    **dict.fromkeys(_SKIPPED, control.skip),
    **dict.fromkeys(_MEMBERS, _member),
    **dict.fromkeys((";", "EXCEPTION", "THEN", "$$"), _skip_word),
    **dict.fromkeys(("IF", "ELSEIF", "ELSIF"), control.branch),
    **dict.fromkeys(("LOOP", "REPEAT"), control.loop),
    **dict.fromkeys(("FOR", "FOREACH"), control.for_loop),
    **dict.fromkeys(("EXECUTE", "EXEC"), execution.execute),
    **dict.fromkeys(("CREATE", "ALTER", "REPLACE"), _create),
    **dict.fromkeys(("PROCEDURE", "FUNCTION"), _local_routine),
    **dict.fromkeys(("SELECT", "WITH"), _select),
    **dict.fromkeys(("COMMIT", "ROLLBACK"), control.transaction),
    "/": _slash,
    "GO": _go,
    "BEGIN": control.begin,
    "END": control.close,
    "ELSE": control.else_,
    "WHEN": control.when,
    "CASE": control.case,
    "WHILE": control.while_,
    "UNTIL": control.until,
    "FORALL": control.forall,
    "RETURN": execution.return_,
    "OPEN": execution.open_cursor,
    "FETCH": _fetch,
    "PERFORM": execution.perform,
    "DO": execution.do_block,
    "PREPARE": execution.prepare,
    "DECLARE": _declare,
    "SET": _set,
    "LET": _let,
}
