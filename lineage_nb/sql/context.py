"""What all scopes of a statement share, and what its dialect does with names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lineage_nb.sql.catalog import Catalog, Names
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.functions import FunctionTable
from lineage_nb.sql.relations import BaseTable, Relation
from lineage_nb.sql.result import Problem

if TYPE_CHECKING:
    from lineage_nb.sql.scope import Scope

__all__ = ["Context"]

LATERAL_ALIASES = frozenset(
    ("snowflake", "redshift", "databricks", "spark", "spark2", "duckdb", "clickhouse", "teradata")
)

SCALAR_FUNCTIONS = frozenset(("postgres", "redshift", "duckdb", "materialize", "risingwave", "dialect"))
"""Dialects in which a function in FROM that gives one column names it as its alias."""


_PSEUDO = {
    "oracle": frozenset(
        [
            "level",
            "rownum",
            "rowid",
            "connect_by_isleaf",
            "connect_by_iscycle",
            "connect_by_root",
            "user",
            "uid",
            "sysdate",
            "systimestamp",
        ]
    ),
    "snowflake": frozenset(("level", "connect_by_root")),
}
"""Names that look like columns and are none, by dialect."""

_ROWS_AS_VALUES = frozenset(("postgres", "bigquery", "duckdb", "redshift"))
"""Dialects in which the alias of a source is a value: its whole row."""

_NO_LATE_ALIASES = frozenset(("tsql", "oracle"))
"""Dialects in which GROUP BY and HAVING do not see the aliases of SELECT."""

_ALIASES_IN_WHERE = frozenset(("snowflake", "duckdb", "clickhouse"))


class Context:
    """What all scopes of a statement share."""

    def __init__(
        self,
        names: Names,
        catalog: Catalog,
        functions: FunctionTable,
        variables: frozenset[str] = frozenset(),
    ) -> None:
        self.names = names
        self.catalog = catalog
        self.functions = functions
        self.variables = variables
        self.problems: list[Problem] = []
        self.inputs: dict[str, None] = {}
        speaking = type(names.dialect).__name__.lower()
        self.lateral_aliases = speaking in LATERAL_ALIASES
        self.dialect = speaking
        self.scalar_functions = speaking in SCALAR_FUNCTIONS
        self.pseudo = _PSEUDO.get(speaking, frozenset())
        self.rows_as_values = speaking in _ROWS_AS_VALUES
        self.late_aliases = speaking not in _NO_LATE_ALIASES
        self.columns_function = speaking in ("duckdb", "clickhouse")
        self.aliases_in_where = speaking in _ALIASES_IN_WHERE
        self.evaluate: Callable[[Any, Scope], Relation]
        self.cell: Callable[[Scope, Any], Cell]
        self.walk: Callable[..., None]
        self.write: Callable[[Any, Scope], Relation]
        self.text: Callable[[exp.Expression], str]

    def table(self, node: exp.Table, *, read: bool = True) -> BaseTable:
        """The stored table that `node` names."""
        return self.stored(self.names.table(node), read=read)

    def stored(self, name: str, *, read: bool = True) -> BaseTable:
        """A stored table, or a path or stage."""
        if read:
            self.inputs[name] = None
        return BaseTable(name, self.catalog.known(name))

    def problem(self, message: str, node: Any = None) -> None:
        """Record what could not be resolved, once for each place."""
        meta = getattr(node, "meta", None) or {}
        column = meta.get("col", 0) - (meta.get("end", 0) - meta.get("start", 0))
        problem = Problem(message, meta.get("line", 0), column)
        if problem not in self.problems:
            self.problems.append(problem)
