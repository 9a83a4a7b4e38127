"""One text of SQL → its lineage, whatever the text is; a bare query → a statement that makes its table."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lineage_nb.errors import LineageError
from lineage_nb.sources.registry import Entry, open_bytes
from lineage_nb.sql.placeholders import PREFIX
from lineage_nb.sql.result import Event, Problem, SqlLineage, Statement

if TYPE_CHECKING:
    from lineage_nb.sql.catalog import Catalog
    from lineage_nb.sql.jinja import Rendered

__all__ = ["UNREADABLE", "is_open", "making", "not_read", "read_sql", "read_template", "read_text"]

LARGEST: Final = 5_000_000
"""Bytes of a file; what is larger is data rather than code."""
UNREADABLE: Final = (OSError, EOFError, zlib.error, ValueError)
_BY_POSITION: Final = ("INSERT", "MERGE", "COPY", "LOAD")
_STAR: Final = "*"


def read_text(entry: Entry) -> str:
    """Read a text file of at most `LARGEST` bytes; UTF-8, or UTF-16 with its mark, else every byte is a character.

    Raises
    ------
    OSError, EOFError, zlib.error, ValueError
        When it cannot be read or is too large; see `UNREADABLE`.
    """
    with open_bytes(entry.path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"is larger than {LARGEST:,} bytes")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_sql(
    text: str,
    *,
    dialect: str | None,
    catalog: Catalog | None = None,
    default_catalog: str | None = None,
    default_schema: str | None = None,
) -> SqlLineage:
    """Read the lineage of a text; what cannot be read at all is one statement ``UNPARSED``.

    Examples
    --------
    >>> read_sql("SELECT a FROM t", dialect=None).inputs
    ('t',)
    """
    from lineage_nb.sql.lineage import sql_lineage

    try:
        return sql_lineage(
            text,
            dialect=dialect,
            schema=catalog,
            default_catalog=default_catalog,
            default_schema=default_schema,
        )
    except (LineageError, RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        problem = Problem(f"cannot be read: {type(error).__name__}")
        statement = Statement("UNPARSED", problems=(problem,))
        return SqlLineage(text, (statement,), (), (), {}, ((0, ()),), (problem,))


def read_template(
    texts: Sequence[str],
    told: Rendered | None,
    *,
    dialect: str | None,
    catalog: Catalog | None,
    default_catalog: str | None,
    default_schema: str | None,
) -> SqlLineage:
    """Read all texts that a template may stand for as one; see `read_sql`.

    Parameters
    ----------
    texts : sequence of str
        At least one.
    told : Rendered, optional
        What the template says; None for a text that is none.
    """
    from lineage_nb.sql.catalog import dialect_of, names_of
    from lineage_nb.sql.variants import reading, united

    home = {"default_catalog": default_catalog, "default_schema": default_schema}
    found = [read_sql(text, dialect=dialect, catalog=catalog, **home) for text in texts]
    if told is None:
        return found[0]
    whole = united(found, complete=told.complete)
    return reading(whole, told.passed if told.complete else told.tables, names_of(dialect_of(dialect), *home.values()))


def not_read(found: SqlLineage, table: str, *, dialect: str | None, model: bool = False) -> SqlLineage | None:
    """What a text makes that should be one query and cannot be read: a table of which no column is known.

    Parameters
    ----------
    found : SqlLineage
        Of the text.
    table : str
        What the query makes.
    dialect : str, optional
        In which it is written.
    model : bool
        Whether nothing but a query is expected there; else it has to begin as one.

    Returns
    -------
    SqlLineage or None
        None where something else was read.

    Examples
    --------
    >>> made = not_read(read_sql("SELECT a FROM t WHERE )", dialect=None), "m", dialect=None)
    >>> made.inputs, made.columns
    (('t',), {'m': ('*',)})
    """
    from sqlglot.errors import TokenError

    from lineage_nb.sql.catalog import dialect_of, names_of
    from lineage_nb.sql.heads import sources
    from lineage_nb.sql.tokens import lexer

    faulty = [n for n, s in enumerate(found.statements) if s.kind == "UNPARSED"]
    if found.outputs or "" in found.columns or len(faulty) != 1:
        return None
    statement = found.statements[faulty[0]]
    if not model and not statement.text.lstrip(" \t\r\n(")[:6].upper().startswith(("SELECT", "WITH", "FROM")):
        return None
    speaking = dialect_of(dialect)
    try:
        read = sources(lexer(speaking).tokenize(statement.text), names_of(speaking, None, None))
    except TokenError:
        read = ()
    inputs = tuple(dict.fromkeys((*found.inputs, *(t for t in read if PREFIX not in t))))
    made = replace(statement, inputs=inputs, outputs=(table,), columns={table: (_STAR,)})
    statements = (*found.statements[: faulty[0]], made, *found.statements[faulty[0] + 1 :])
    return replace(found, statements=statements, inputs=inputs, outputs=(table,), columns={table: (_STAR,)})


def making(
    found: SqlLineage, table: str, kind: str | None, spelled: Callable[[str], str], *, more: bool = False
) -> Statement:
    """Let a bare query be the statement that makes a table.

    Parameters
    ----------
    found : SqlLineage
        Of a text whose `columns` hold ``""``.
    table : str
        What it makes.
    kind : str, optional
        ``TABLE``, ``VIEW`` … where it creates it; by default it fills a table that exists.
    spelled : callable
        Column of the query → column of the table.
    more : bool
        Whether the table has columns that the query does not tell.

    Examples
    --------
    >>> made = making(read_sql("SELECT a AS B FROM t", dialect=None), "m", "VIEW", str.upper)
    >>> made.kind, made.columns, made.edges[0][:4]
    ('CREATE VIEW', {'m': ('B',)}, ('m', 'B', 't', 'a'))
    """
    names = [spelled(c) if c != _STAR else c for c in found.columns[""]]
    if more and _STAR not in names:
        names.append(_STAR)
    edges = []
    for edge in (e for _, some in found.flows for e in some if not e.output_table):
        column = edge.output_column
        into = column if column is None or column == _STAR else spelled(column)
        edges.append(edge._replace(output_table=table, output_column=into))
    return Statement(
        f"CREATE {kind}" if kind else "INSERT",
        inputs=found.inputs,
        outputs=(table,),
        columns={table: tuple(names)},
        edges=tuple(edges),
        problems=found.problems,
        events=(Event("create", table),) if kind else (),
        references=tuple(dict.fromkeys(r for s in found.statements for r in s.references if r[0] not in found.trail)),
    )


def is_open(found: SqlLineage) -> bool:
    """Whether a text left something open that the columns of more tables might tell."""
    for statement in found.statements:
        if statement.problems or statement.kind in _BY_POSITION or any("/" in t for t in statement.inputs):
            return True
        if any(_STAR in names for names in statement.columns.values()):
            return True
        if any(e.input_column == _STAR or not e.input_table for e in statement.edges):
            return True
    return False
