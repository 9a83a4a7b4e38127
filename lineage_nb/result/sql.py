"""The lineage of a statement, as users hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_nb.sql import result as sql_result

if TYPE_CHECKING:
    from lineage_nb.sql.catalog import Catalog

__all__ = ["SqlLineage", "sql_lineage"]

AnyPath = str | PathLike[str]


class SqlLineage(sql_result.SqlLineage):
    """The lineage of a statement or of a whole script, ready to be read, drawn and taken along.

    Made by `sql_lineage`; immutable. In a cell it shows the text with its lineage drawn below it.
    """

    def to_html(self, path: AnyPath) -> Path:
        """Write a page that stands alone and works offline: the text, the picture and the columns."""
        from lineage_nb.views.statement import statement_page

        target = Path(path)
        target.write_text(statement_page(self), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        """Show the columns and what each is made of, as text."""
        from lineage_nb.views.statement import statement_text

        return statement_text(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.statement import statement_bundle

        return statement_bundle(self)


def sql_lineage(
    sql: str,
    *,
    dialect: str | None = None,
    schema: Mapping[str, Sequence[str] | Mapping[str, str | None]] | Catalog | None = None,
    default_catalog: str | None = None,
    default_schema: str | None = None,
    functions: Mapping[str, str] | None = None,
    this: str | None = None,
) -> SqlLineage:
    """Read the typed column lineage of a statement or a whole script.

    Parameters
    ----------
    sql : str
        Any text: one statement, a script with temporary tables and control flow, a dbt model with its templates.
        It is read, never run.
    dialect : str, optional
        ``bigquery``, ``snowflake``, ``databricks``, ``redshift``, ``postgres``, ``duckdb``, ``trino``, ``clickhouse``,
        ``tsql``, ``oracle``, ``mysql``, ``hive`` …; None reads what most of them share.
    schema : mapping, optional
        Dotted table name → its columns, or column → type. May be partial.
    default_catalog, default_schema : str, optional
        Complete table names that leave them out.
    functions : mapping, optional
        Your own functions → what they do to a value: ``plain``, ``pseudonymised``, ``derived``, ``aggregated`` or
        ``redacted``.
    this : str, optional
        Dotted name of what the text makes, for a template that says ``{{ this }}``.

    Returns
    -------
    SqlLineage
        ``edges`` (a frame), ``inputs``, ``outputs``, ``columns``, ``statements`` and ``problems``; shown in a cell, the
        statement with its lineage drawn. Text that cannot be read is a problem, never an error.

    Raises
    ------
    LineageError
        For an unknown dialect or verdict.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.sql_lineage("INSERT INTO mart.users SELECT md5(email) AS mail FROM raw.users").edges.select(
    ...     "output_column", "input_column", "verdict"
    ... ).rows()
    [('mail', 'email', 'pseudonymised')]
    """
    from lineage_nb.sql.lineage import sql_lineage as read

    found = read(
        sql,
        dialect=dialect,
        schema=schema,
        default_catalog=default_catalog,
        default_schema=default_schema,
        functions=functions,
        this=this,
    )
    return SqlLineage(**{f.name: getattr(found, f.name) for f in fields(found)})
