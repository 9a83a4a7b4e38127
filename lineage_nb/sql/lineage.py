"""Column lineage of SQL text: the one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlglot.dialects.dialect import Dialect

from lineage_nb.errors import LineageError
from lineage_nb.sql import functions as function_tables
from lineage_nb.sql.alterations import after as altered
from lineage_nb.sql.called_functions import CALL
from lineage_nb.sql.catalog import Catalog, dialect_of, is_dynamic_overwrite, names_of
from lineage_nb.sql.contract import contracted
from lineage_nb.sql.defaults import SEARCH_PATH
from lineage_nb.sql.defined_functions import Body
from lineage_nb.sql.defined_functions import bodies as function_bodies
from lineage_nb.sql.functions import FunctionTable
from lineage_nb.sql.jinja import is_template, render
from lineage_nb.sql.placeholders import PREFIX, shown
from lineage_nb.sql.result import Problem, SqlLineage, Statement
from lineage_nb.sql.script import pieces
from lineage_nb.sql.statements import Reader
from lineage_nb.sql.tokens import Piece, family
from lineage_nb.sql.variables import Variables
from lineage_nb.sql.variants import opened, reading, says_more, united

__all__ = ["sql_lineage"]

Schema = Mapping[str, Sequence[str] | Mapping[str, str | None]]


def sql_lineage(
    sql: str,
    *,
    dialect: str | None = None,
    schema: Schema | Catalog | None = None,
    default_catalog: str | None = None,
    default_schema: str | None = None,
    functions: Mapping[str, str] | None = None,
    this: str | None = None,
    results: bool = True,
) -> SqlLineage:
    """Read the typed column lineage of a statement or a whole script.

    Parameters
    ----------
    sql : str
        Any text: one statement, a script with temporary tables and control flow, a dbt model with its templates.
    dialect : str, optional
        ``bigquery``, ``snowflake``, ``databricks``, ``redshift``, ``postgres``, ``duckdb``, ``trino``, ``clickhouse``,
        ``tsql``, ``oracle``, ``mysql``, ``hive`` …; None reads what most of them share.
    schema : mapping or Catalog, optional
        Dotted table name → its columns, or column → type. May be partial. A `Catalog` is prepared once for many calls.
    default_catalog, default_schema : str, optional
        Complete table names that leave them out.
    functions : mapping, optional
        Your own functions → what they do to a value: ``plain``, ``pseudonymised``, ``derived``, ``aggregated`` or
        ``redacted``.
    this : str, optional
        Of a dbt model: the table that it makes, ``{{ this }}`` in its text.
    results : bool
        Whether edges of a query whose result nothing takes hold their expressions as well; without, it is read faster.

    Returns
    -------
    SqlLineage
        Inputs, outputs, columns, edges and problems. Text that cannot be read is a problem, never an error.

    Raises
    ------
    LineageError
        For an unknown dialect or verdict, or where an argument is of another type.

    Examples
    --------
    >>> found = sql_lineage("INSERT INTO mart.users SELECT id, md5(email) AS email_hash FROM raw.users WHERE active")
    >>> found.edges.select("output_column", "input_column", "subtype", "verdict").rows()  # doctest: +NORMALIZE_WHITESPACE
    [('id', 'id', 'IDENTITY', 'plain'), ('email_hash', 'email', 'TRANSFORMATION', 'pseudonymised'),
     (None, 'active', 'FILTER', None)]
    """
    if not isinstance(sql, str):
        raise LineageError(
            f"sql must be text, not {type(sql).__name__}; a file is read with read(path, format='sql')"
        )
    _check(default_catalog=default_catalog, default_schema=default_schema, this=this)
    speaking = dialect_of(dialect)
    problems: list[Problem] = []
    text = sql if sql.isascii() else _clean(sql, problems)
    known = schema if isinstance(schema, Catalog) else Catalog(schema)
    table = function_tables.table_beside(type(speaking).__name__.lower(), functions, (*known.functions, *function_bodies(sql)))
    read = partial(_read, sql, dialect=speaking, known=known, functions=table, defaults=(default_catalog, default_schema), results=results)
    if not is_template(sql):
        return read(text, problems)
    rendered = render(text, this=this)
    problems += rendered.problems
    found = united([read(t, problems) for t in (rendered.text, *rendered.variants)], complete=rendered.complete)
    hidden = rendered.passed if rendered.complete else rendered.tables
    return reading(found, hidden, names_of(speaking, default_catalog, default_schema))


def _read(
    sql: str,
    text: str,
    problems: Sequence[Problem],
    *,
    dialect: Dialect,
    known: Catalog,
    functions: FunctionTable,
    defaults: tuple[str | None, str | None],
    results: bool,
) -> SqlLineage:
    """Read one text, which `sql` stands for."""
    found, faults = pieces(text, dialect)
    if len(found) == 1 and found[0].fill is None and not found[0].routine:
        statements = [Reader(dialect, known, functions, *defaults, results=results).read(found[0])]
    else:
        statements = _script(text, found, dialect, known, functions, defaults)
    if PREFIX in text:
        more = any(says_more(piece.tokens) for piece in found)
        statements = [shown(opened(s) if more else s) for s in statements]
    met = [*problems, *faults, *(p for s in statements for p in s.problems)]
    return contracted(sql, tuple(statements), tuple(met), type(dialect).__name__.lower())


def _check(**options: object) -> None:
    for option, given in options.items():
        if given is not None and not isinstance(given, str):
            raise LineageError(f"{option} is {given!r}; give a text")


def _clean(sql: str, problems: list[Problem]) -> str:
    text = sql.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if text != sql:
        problems.append(Problem("characters that are no text were replaced"))
    return text


def _script(
    text: str,
    found: Sequence[Piece],
    dialect: Dialect,
    known: Catalog,
    functions: FunctionTable,
    defaults: tuple[str | None, str | None],
) -> list[Statement]:
    """Read the statements of a script one after the other: each knows what those before it made and assigned."""
    catalog = known.layer()
    variables = Variables(isolated=family(dialect) == "tsql")
    reader = Reader(dialect, catalog, functions, *defaults, variables)
    statements: list[Statement] = []
    bodies = function_bodies(text) if any(piece.routine for piece in found) else {}
    inside: Body | None = None
    named = {token.text.lower() for piece in found for token in piece.tokens}
    for piece in found:
        body = bodies.get(piece.routine)
        if inside is not None and inside is not body:
            _conclude(inside, reader, catalog, statements)
        inside = body
        if piece.role == "assignment":
            if body is not None and piece.fill is not None and not piece.fill.constant:
                body.add(None, piece.tokens, reader.names, fills=True)
            if piece.fill is not None and not named.isdisjoint(piece.fill.words):
                reader.assign(piece)
            continue
        statement = reader.read(piece)
        _learn(catalog, statement)
        if body is not None:
            body.add(statement, piece.tokens, reader.names, fills=piece.fill is not None)
        if statement.uses is not None:
            defaults = _used(*statement.uses, *defaults, dialect)
            reader = Reader(dialect, catalog, functions, *defaults, variables)
        statements.append(_numbered(statement, len(statements)))
    if inside is not None:
        _conclude(inside, reader, catalog, statements)
    return statements


def _conclude(body: Body, reader: Reader, catalog: Catalog, statements: list[Statement]) -> None:
    """Note what a function gives, once its body was read."""
    made = body.statement(reader.names)
    if made is not None:
        catalog.learn(made.outputs[0], made.columns[made.outputs[0]])
        statements.append(_numbered(made, len(statements)))


_FLAT = ("mysql", "hive", "spark", "spark2", "databricks", "clickhouse")
"""Dialects whose plain USE names a schema; elsewhere it names a database."""


def _used(
    kind: str, parts: tuple[str, ...], catalog: str | None, schema: str | None, dialect: Dialect
) -> tuple[str | None, str | None]:
    """Default catalog and schema behind a USE."""
    if kind == SEARCH_PATH:
        return catalog, parts[0]
    if kind in ("WAREHOUSE", "ROLE", "SECONDARY ROLES", "SECONDARY") or not parts:
        return catalog, schema
    if len(parts) > 1:
        return parts[-2], parts[-1]
    name = type(dialect).__name__.lower()
    if kind == "SCHEMA" or (kind in ("", "DATABASE") and name in _FLAT) or (not kind and name == "trino"):
        return catalog, parts[0]
    return parts[0], None if name != "tsql" else schema


def _numbered(statement: Statement, index: int) -> Statement:
    if not index or not statement.problems:
        return statement
    return replace(statement, problems=tuple(p._replace(statement=index) for p in statement.problems))


def _learn(catalog: Catalog, statement: Statement) -> None:
    """Keep the columns of tables that a statement creates, or changes, for those after it."""
    if statement.kind == "SET" and is_dynamic_overwrite(statement.text):
        catalog.dynamic_partitions = True
    if statement.uses is not None:
        catalog.search_path = statement.uses[1] if statement.uses[0] == SEARCH_PATH else ()
    for path, names in statement.files.items():
        catalog.learn(path, names)
    for table in dict.fromkeys(a.table for a in statement.alterations):
        columns = catalog.columns(table)
        if columns is not None:
            known = {c: catalog.types(table).get(c) for c in columns}
            catalog.learn(table, altered(known, [a for a in statement.alterations if a.table == table]))
    for event in statement.events:
        what, table, other = event
        if what in ("clone", "like") or statement.defines(event):
            declared = statement.types.get(table)
            columns = statement.columns.get(table, ())
            if declared:
                catalog.learn(table, declared)
            elif columns and ("*" not in columns or table.endswith(CALL)):
                catalog.learn(table, columns)
            elif other is not None and (copied := catalog.columns(other)) is not None:
                catalog.learn(table, copied)
            elif statement.kind.startswith("CREATE") and columns:
                catalog.forget(table)
        elif what == "synonym" and other is not None:
            meant = catalog.columns(other)
            if meant is not None:
                catalog.learn(table, meant)
        elif what == "drop":
            catalog.forget(table)
        elif what == "rename" and other is not None:
            moved = catalog.columns(table)
            if moved is not None:
                catalog.learn(other, moved)
            catalog.forget(table)
