"""Statements that the parser does not know, put into words that it knows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Token, TokenType
from sqlglot.dialects.dialect import Dialect

from lineage_nb.sql.model_clause import has_model, without_model

__all__ = ["after", "logged_rows", "logged_to", "name_at", "reworded"]


def reworded(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """Tokens of a statement that says the same in words the parser knows; None if there is none.

    ``REPLACE INTO t SELECT …`` is an INSERT; ``CREATE TASK … AS INSERT …`` writes what its statement writes;
    ``CREATE LIVE TABLE`` is a table; ``LOAD DATA INFILE`` is a COPY.
    """
    words = [t.text.upper() for t in tokens[:12]]
    if words[:2] == ["REPLACE", "INTO"]:
        return _keyworded("INSERT OVERWRITE TABLE", dialect)[:1] + list(tokens[1:])
    if words[:2] == ["BULK", "INSERT"] and "FROM" in words[:9]:
        at = words.index("FROM")
        return [*_keyworded("COPY INTO", dialect), *tokens[2 : at + 2]]
    if words[1:2] == ["TOP"] and words[0] in ("UPDATE", "DELETE", "INSERT", "MERGE"):
        return [tokens[0], *tokens[_closed(tokens, 2) if words[2:3] == ["("] else 3 :]]
    titled = _without_titles(tokens)
    if len(titled) < len(tokens):
        return titled
    if has_model(tokens):
        return without_model(tokens, dialect)
    logged = after(tokens, "LOG", "ERRORS")
    if logged is not None:  # Oracle's table of rejected rows
        return list(tokens[: logged - 2])
    if words[:1] == ["CREATE"] and {"TASK", "PIPE"} & set(words[:5]):
        start = next((i for i, t in enumerate(tokens) if t.text.upper() == "AS"), None)
        return list(tokens[start + 1 :]) if start is not None else None
    if words[:1] == ["CREATE"] and {"LIVE", "REFRESH"} & set(words[:6]):
        dropped = {"LIVE", "REFRESH", "STREAMING", "PRIVATE"}
        head = [t for t in tokens[:7] if t.text.upper() not in dropped]
        if [t.text.upper() for t in head[1:3]] == ["OR", "TABLE"] or head[1].text.upper() == "OR":
            head = [head[0], *head[2:]]
        return [*head, *tokens[7:]]
    if words[:1] == ["CREATE"] and "SNAPSHOT" in words[:4]:
        end = next((i for i, t in enumerate(tokens) if t.text.upper() == "FOR"), len(tokens))
        return [t for t in tokens[:end] if t.text.upper() != "SNAPSHOT"]
    if words[:1] == ["CREATE"] and ("DEEP" in words or "SHALLOW" in words):
        end = next(
            (i for i, t in enumerate(tokens) if t.text.upper() in ("VERSION", "TIMESTAMP")), len(tokens)
        )
        return [t for t in tokens[:end] if t.text.upper() not in ("DEEP", "SHALLOW")]
    if words[:2] == ["INSERT", "OVERWRITE"] and "DIRECTORY" in words[:4]:
        return _into_directory(tokens)
    if words[:1] == ["CREATE"]:
        return _plain_columns(tokens) or _plain_computed(tokens) or _bare_create(tokens)
    if words[:2] == ["ALTER", "TABLE"] and ("UPDATE" in words or "DELETE" in words):
        return _mutation(tokens, dialect)
    evolving = after(tokens, "WITH", "SCHEMA", "EVOLUTION")
    if evolving is not None:
        return [*tokens[: evolving - 3], *tokens[evolving:]]
    if words[:3] == ["EXECUTE", "STATEMENT", "SET"]:
        return list(tokens[3 + (words[3:4] == ["BEGIN"]) :])
    if "DESCRIPTOR" in words_of(tokens):
        return _windowed(tokens, dialect)
    if "OUTFILE" in words_of(tokens) and words[:1] in (["SELECT"], ["WITH"]):
        return _outfile(tokens, dialect)
    if words[:1] == ["MERGE"] and "OUTPUT" not in words_of(tokens):
        return _merge_delete(tokens, dialect)
    if words[:1] == ["INSERT"] and words_of(tokens) & {"EXEC", "EXECUTE"}:
        return _from_procedure(tokens, dialect)
    if "OUTPUT" in words_of(tokens) and words[:1] in (["DELETE"], ["UPDATE"], ["INSERT"], ["MERGE"]):
        return _without_output(tokens)
    if words[:2] == ["LOAD", "DATA"] and "INFILE" in words:
        return _load_infile(tokens, dialect)
    return None


def _into_directory(tokens: Sequence[Token]) -> list[Token] | None:
    """``INSERT OVERWRITE DIRECTORY '/x' USING csv OPTIONS (…) SELECT …`` without its format."""
    words = [t.text.upper() for t in tokens]
    path = next((t for t in tokens if t.token_type == TokenType.STRING), None)
    query = next((i for i, w in enumerate(words) if w in ("SELECT", "WITH", "FROM")), None)
    if path is None or query is None:
        return None
    start = words.index("DIRECTORY") + 1
    return [*tokens[:start], path, *tokens[query:]]


def _outfile(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """``SELECT … INTO OUTFILE 'path' options FROM …`` as a COPY of the query."""
    words = [t.text.upper() for t in tokens]
    start = words.index("OUTFILE")
    end = next((i for i in range(start, len(words)) if words[i] in ("FROM", "WHERE", "ORDER")), len(words))
    query = [*tokens[: start - 1], *tokens[end:]]
    before, after = _keyworded("COPY (", dialect), _keyworded("(1) TO", dialect)[-2:]
    return [*before, *query, *after, tokens[start + 1]]


def words_of(tokens: Sequence[Token]) -> set[str]:
    """Words of a statement, in upper case."""
    return {t.text.upper() for t in tokens}


def _from_procedure(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """T-SQL's ``INSERT INTO t (a, b) EXEC p``: the table and its columns, without what the procedure gives."""
    at = next(i for i, t in enumerate(tokens) if t.text.upper() in ("EXEC", "EXECUTE"))
    names = [t for t in tokens[:at] if t.token_type == TokenType.COMMA]
    nothing = _keyworded("SELECT " + ", ".join(["NULL"] * (len(names) + 1)), dialect)
    return [*tokens[:at], *nothing] if at > 1 else None


def _merge_delete(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """Oracle's ``UPDATE SET … DELETE WHERE condition`` is one more branch that deletes."""
    words = [t.text.upper() for t in tokens]
    start = next((i for i, w in enumerate(words[:-1]) if w == "DELETE" and words[i + 1] == "WHERE"), None)
    if start is None:
        return None
    end = next((i for i in range(start, len(words)) if words[i] == "WHEN"), len(words))
    before, after = _keyworded("WHEN MATCHED AND", dialect), _keyworded("THEN DELETE", dialect)
    return [*tokens[:start], *before, *tokens[start + 2 : end], *after, *tokens[end:]]


def logged_rows(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """T-SQL's ``DELETE FROM t OUTPUT deleted.a INTO log (b) WHERE …``: what the log gets, as an INSERT."""
    words = [t.text.upper() for t in tokens]
    if words[:1] != ["DELETE"] or "OUTPUT" not in words or "INTO" not in words:
        return None
    start, into = words.index("OUTPUT"), words.index("INTO")
    ends = [i for i, w in enumerate(words) if i > into and w in ("WHERE", "FROM")]
    end = ends[0] if ends else len(words)
    target = list(tokens[2:start] if words[1] == "FROM" else tokens[1:start])
    insert, select = _keyworded("INSERT INTO", dialect), _keyworded("SELECT", dialect)
    source = [*_keyworded("FROM", dialect), *target, *_keyworded("AS deleted", dialect)]
    return [*insert, *tokens[into + 1 : end], *select, *tokens[start + 1 : into], *source, *tokens[end:]]


def _without_titles(tokens: Sequence[Token]) -> list[Token]:
    """Teradata's ``column (TITLE 'text')`` without the title."""
    kept: list[Token] = []
    skip = 0
    for i, token in enumerate(tokens):
        if skip:
            skip -= 1
        elif token.token_type == TokenType.L_PAREN and [t.text.upper() for t in tokens[i + 1 : i + 2]] == [
            "TITLE"
        ]:
            skip = _closed(tokens, i) - i - 1
        else:
            kept.append(token)
    return kept


def logged_to(tokens: Sequence[Token]) -> int | None:
    """Where T-SQL's OUTPUT … INTO names its table; None if the statement has none."""
    words = [t.text.upper() for t in tokens]
    if "OUTPUT" not in words:
        return None
    start = words.index("OUTPUT")
    ends = ("WHERE", "FROM", "VALUES", "SELECT")
    for i in range(start, len(words) - 1):
        if words[i] == "INTO":
            return i + 1
        if words[i] in ends:
            return None
    return None


def _without_output(tokens: Sequence[Token]) -> list[Token]:
    """T-SQL's OUTPUT clause cut out: what it gives goes to the client, or aside."""
    words = [t.text.upper() for t in tokens]
    start = words.index("OUTPUT")
    ends = ("WHERE", "FROM", "VALUES", "SELECT", "WITH") if words[0] != "MERGE" else ()
    end = next((i for i in range(start, len(words)) if words[i] in ends), len(words))
    return [*tokens[:start], *tokens[end:]]


def _mutation(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """ClickHouse's ``ALTER TABLE t UPDATE a = b WHERE c`` and ``ALTER TABLE t DELETE WHERE c``."""
    name, end = name_at(tokens, 2)
    word = tokens[end].text.upper() if end < len(tokens) else ""
    if word == "UPDATE":
        return [tokens[end], *name, *_keyworded("SET", dialect), *tokens[end + 1 :]]
    if word == "DELETE":
        return [tokens[end], *_keyworded("FROM", dialect), *name, *tokens[end + 1 :]]
    return None


def _windowed(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    """Flink's ``TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), …))``: the table's columns and those of the window."""
    words = [t.text.upper() for t in tokens]
    at = words.index("DESCRIPTOR")
    start = next((i for i in range(at, -1, -1) if words[i] in ("TUMBLE", "HOP", "CUMULATE", "SESSION")), None)
    table = next((i for i in range(at, -1, -1) if words[i] == "TABLE"), None)
    if start is None or table is None or start < 2 or words[start - 2] != "TABLE":
        return None
    column = tokens[at + 2]
    made = _keyworded("(SELECT *, ", dialect)
    for name in ("window_start", "window_end", "window_time"):
        made += [*_keyworded("CAST(", dialect), column, *_keyworded(f"AS TIMESTAMP) AS {name},", dialect)]
    end = _closed(tokens, start - 1)
    source = name_at(tokens, table + 1)[0]
    return [*tokens[: start - 2], *made[:-1], *_keyworded("FROM", dialect), *source, *tokens[end - 1 :]]


def _plain_columns(tokens: Sequence[Token]) -> list[Token] | None:
    """A table's columns without what only some engines declare there: watermarks, metadata, expectations."""
    words = [t.text.upper() for t in tokens]
    kind = next((i for i, w in enumerate(words[:8]) if w == "TABLE"), None)
    if kind is None or not set(words) & {"WATERMARK", "METADATA", "EXPECT"}:
        return None
    start = next((i for i in range(kind, len(words)) if words[i] == "("), len(words))
    end = _closed(tokens, start)
    items: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[start + 1 : end - 1]:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0 and token.token_type == TokenType.COMMA:
            items.append([])
        else:
            items[-1].append(token)
    kept: list[Token] = []
    for item in items:
        texts = [t.text.upper() for t in item]
        if not item or texts[0] in ("WATERMARK", "CONSTRAINT"):
            continue
        cut = texts.index("METADATA") if "METADATA" in texts[2:] else len(item)
        separator = [t for t in tokens[start:end] if t.token_type == TokenType.COMMA][:1] if kept else []
        kept += [*separator, *item[:cut]]
    return [*tokens[: start + 1], *kept, *tokens[end - 1 :]] if kept else [*tokens[:start], *tokens[end:]]


def _plain_computed(tokens: Sequence[Token]) -> list[Token] | None:
    """``GENERATED ALWAYS AS (…) VIRTUAL`` without the last word, which not all dialects' parsers know."""
    words = [t.text.upper() for t in tokens]
    if "GENERATED" not in words:
        return None
    kept = [t for i, t in enumerate(tokens) if not (words[i] in ("VIRTUAL", "STORED") and words[i - 1] == ")")]
    return kept if len(kept) < len(tokens) else None


def _bare_create(tokens: Sequence[Token]) -> list[Token] | None:
    """``CREATE … TABLE t (a, b) AS query`` without the options that may stand around its AS and behind the query."""
    words = [t.text.upper() for t in tokens]
    if words[1:3] == ["OR", "ALTER"]:
        tokens, words = [tokens[0], *tokens[3:]], [words[0], *words[3:]]
    kind = next((i for i, w in enumerate(words[:8]) if w in ("TABLE", "VIEW")), None)
    if kind is None:
        return None
    start = kind + 1
    while words[start : start + 1] and words[start] in ("IF", "NOT", "EXISTS"):
        start += 1
    end = name_at(tokens, start)[1]
    if end < len(tokens) and tokens[end].token_type == TokenType.L_PAREN:
        end = _closed(tokens, end)
    depth = 0
    for i in range(end, len(tokens)):
        depth += (tokens[i].token_type == TokenType.L_PAREN) - (tokens[i].token_type == TokenType.R_PAREN)
        if depth == 0 and words[i] == "AS":
            query = list(tokens[i:])
            if words[-3:] == ["WITH", "CHECK", "OPTION"]:
                query = query[:-3]
            tail = [w for w in words[-3:] if w in ("WITH", "NO", "DATA")]
            if words[-1] == "DATA" and "WITH" in tail:
                query = query[: -len(tail)]
            bare = [*tokens[:end], *query]
            return bare if len(bare) < len(tokens) else None
    return None


def _closed(tokens: Sequence[Token], start: int) -> int:
    """Where the parenthesis that opens at `start` has closed."""
    depth = 0
    for i in range(start, len(tokens)):
        depth += (tokens[i].token_type == TokenType.L_PAREN) - (tokens[i].token_type == TokenType.R_PAREN)
        if depth == 0:
            return i + 1
    return len(tokens)


def _keyworded(text: str, dialect: Dialect) -> list[Token]:
    return list(dialect.tokenize(text))


def _load_infile(tokens: Sequence[Token], dialect: Dialect) -> list[Token] | None:
    path = next((t for t in tokens if t.token_type == TokenType.STRING), None)
    table = next((i for i, t in enumerate(tokens) if t.text.upper() == "TABLE"), None)
    if path is None or table is None:
        return None
    name = name_at(tokens, table + 1)[0]
    columns: list[Token] = []
    if tokens[-1].token_type == TokenType.R_PAREN:
        opening = max(i for i, t in enumerate(tokens) if t.token_type == TokenType.L_PAREN)
        columns = list(tokens[opening:])
    return [*_keyworded("COPY", dialect), *name, *columns, *_keyworded("FROM", dialect), path]


def name_at(tokens: Sequence[Token], start: int) -> tuple[list[Token], int]:
    """A dotted name from `start` on, and where it ends."""
    end = start + 1
    while end + 1 < len(tokens) and tokens[end].token_type == TokenType.DOT:
        end += 2
    return list(tokens[start:end]), end


def after(tokens: Sequence[Token], *words: str) -> int | None:
    """Where a statement goes on behind these words; None if it does not have them."""
    texts = [t.text.upper() for t in tokens]
    for i in range(len(texts) - len(words)):
        if texts[i : i + len(words)] == list(words):
            return i + len(words)
    return None
